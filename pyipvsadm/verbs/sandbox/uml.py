"""The throw-away kernel seen from outside: its command line, its lines, and its last messages."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING, Self

from .frames import RING_BYTES
from .images import offer
from .keeper import Keeper
from .request import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .images import Image

LOG_LINES = 8
TRACES = (" [<", "  0", "  6", "  7", "  8", "  9")  # lines of stack traces, which don't help the caller
QUICK = (  # options that skip what a boot doesn't need: benchmarks for RAID and btrfs, 256 old-style ptys, ...
    "quiet",
    "initcall_blacklist=raid6_select_algo,init_zswap",
    "pty.legacy_count=0",
    "lpj=13000000",
)
CAUSES = (  # words in the log of a kernel that has ended, and the cause with what to do about it
    ("ut of memory", "it lacks memory: `--memory` gives it more"),
    ("deadlocked on memory", "it lacks memory: `--memory` gives it more"),
    ("version `GLIBC_", "this kernel is built for a newer C library than this machine's"),
    ("Exec format error", "this file is no kernel for this machine's processor"),
)


class Machine:
    """A kernel that boots, and our ends of its serial lines. Leaves no files behind.

    `control` holds the descriptors for reading and writing frames; `outlets` are the sources of
    stdout and stderr, by stream; `ring` is the memory for stdin, which the kernel sees as a disk.
    """

    def __init__(self, image: Image, memory: str, farewell: Callable[[], None]) -> None:
        self._image = image
        self._log = os.memfd_create("kernel-log")
        self.ring = os.memfd_create("stdin")
        os.truncate(self.ring, RING_BYTES)
        from_inside, control_out = os.pipe()
        control_in, to_inside = os.pipe()
        self.control = (from_inside, to_inside)
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        self.outlets = {1: ours[0], 2: ours[1]}
        words = [
            image.path,
            f"mem={memory}",
            *("rootfstype=hostfs", "rootflags=/", "ro", f"init={_quoted(sys.executable)}"),
            *("con=null", "con0=null,fd:1", "ssl=null", f"ssl0=fd:{control_in},fd:{control_out}"),
            *(f"ssl1=null,fd:{theirs[0]}", f"ssl2=null,fd:{theirs[1]}"),
            f"ubd0r=/proc/self/fd/{self.ring}",
            "uml_dir=/dev/null/",  # otherwise it makes a folder for a control socket, which nobody uses
            *QUICK,
            *("--", "-I", "-S", _quoted(os.path.join(os.path.dirname(__file__), "inside", "init.py"))),
        ]
        inherited = (control_in, control_out, *theirs, self.ring)
        self._keeper = Keeper(words, {"TMPDIR": _memory_folder(memory)}, inherited, self._log, farewell)
        for descriptor in (control_in, control_out, *theirs):
            os.close(descriptor)

    def close(self) -> None:
        """Stop the kernel at once."""
        self._keeper.close()
        for descriptor in (self._log, self.ring, *self.control, *self.outlets.values()):
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def last_words(self) -> str:
        """The last lines of the kernel's log, after it has been stopped."""
        self._keeper.close()
        size = os.fstat(self._log).st_size
        text = os.pread(self._log, 1 << 16, max(0, size - (1 << 16))).decode(errors="replace")
        lines = [line for line in text.splitlines() if not line.startswith(TRACES)]
        return "\n".join(lines[-LOG_LINES:])

    def death(self, when: str) -> SandboxError:
        """The error for a kernel that stopped; `when` completes the sentence. Contains the kernel's last messages."""
        words = self.last_words()
        said = f" Its last lines:\n{words}" if words else " It said nothing."
        hints = [hint for sign, hint in CAUSES if sign in words]
        return SandboxError(
            f"The sandbox's kernel {self._image.path} stopped {when}.{said}",
            hint=hints[0] if hints else offer(self._image.path),
        )


def _quoted(path: str) -> str:
    if '"' in path or not path.isprintable():
        raise SandboxError(f"The kernel can't be told the path {path!r}", hint="install pyipvsadm elsewhere")
    return f'"{path}"'


def _memory_folder(memory: str) -> str:
    """The folder for the file of the kernel's memory: one in memory, if there is room. Raises SandboxError."""
    wanted = int(memory[:-1]) << {"M": 20, "G": 30}[memory[-1]]
    for folder in ("/dev/shm", tempfile.gettempdir(), "/var/tmp"):
        if not os.access(folder, os.W_OK | os.X_OK):
            continue
        there = os.statvfs(folder)
        if not there.f_flag & os.ST_NOEXEC and there.f_bavail * there.f_frsize >= wanted:
            return folder
    raise SandboxError(f"No temporary folder has room for {memory} of memory", hint="ask for less with `--memory`")
