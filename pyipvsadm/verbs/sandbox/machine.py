"""The throw-away kernel, seen from outside: what it takes, how it is called, what it said at last."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Self

from .frames import MODULES, RING_BYTES
from .keeper import Keeper
from .settings import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

KERNEL = "linux.uml"
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")  # of root's programs, which an ordinary user's PATH may lack
LOG_LINES = 8
TRACES = (" [<", "  0", "  6", "  7", "  8", "  9")  # of addresses, which tell the caller nothing
QUICK = (  # what a boot needn't spend its time on: benchmarks for RAID and btrfs, 256 old-style ptys, ...
    "quiet",
    "initcall_blacklist=raid6_select_algo,init_zswap",
    "pty.legacy_count=0",
    "lpj=13000000",
)


class Machine:
    """A kernel that boots, and our ends of its lines. Leaves no file anywhere.

    `control` are the descriptors to read from and to write to; `outlets` bring stdout and
    stderr, by stream; `ring` is the memory that stdin goes through.
    """

    def __init__(self, memory: str, farewell: Callable[[], None]) -> None:
        kernel = _program(KERNEL, "user-mode-linux")
        _program("modprobe", "kmod")
        self._log = os.memfd_create("kernel-log")
        self.ring = os.memfd_create("stdin")
        os.truncate(self.ring, RING_BYTES)
        from_inside, control_out = os.pipe()
        control_in, to_inside = os.pipe()
        self.control = (from_inside, to_inside)
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        self.outlets = {1: ours[0], 2: ours[1]}
        words = [
            kernel,
            f"mem={memory}",
            *("rootfstype=hostfs", "rootflags=/", "ro", f"init={_quoted(sys.executable)}"),
            *("con=null", "con0=null,fd:1", "ssl=null", f"ssl0=fd:{control_in},fd:{control_out}"),
            *(f"ssl1=null,fd:{theirs[0]}", f"ssl2=null,fd:{theirs[1]}"),
            f"iomem=mmapper,/proc/self/fd/{self.ring}",
            "uml_dir=/dev/null/",  # else it makes a folder for a control socket that nobody uses
            *QUICK,
            *("--", "-I", "-S", _quoted(os.path.join(os.path.dirname(__file__), "init.py"))),
        ]
        inherited = (control_in, control_out, *theirs, self.ring)
        self._keeper = Keeper(words, {"TMPDIR": _memory_folder(memory)}, inherited, self._log, farewell)
        for descriptor in (control_in, control_out, *theirs):
            os.close(descriptor)

    def close(self) -> None:
        """Switch it off, whatever it's doing."""
        self._keeper.close()
        for descriptor in (self._log, self.ring, *self.control, *self.outlets.values()):
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def last_words(self) -> str:
        """The last lines of the kernel's log, once it has been switched off."""
        self._keeper.close()
        size = os.fstat(self._log).st_size
        text = os.pread(self._log, 1 << 16, max(0, size - (1 << 16))).decode(errors="replace")
        lines = [line for line in text.splitlines() if not line.startswith(TRACES)]
        return "\n".join(lines[-LOG_LINES:])


def search_path() -> str:
    """PATH, and behind it the folders of root's programs and of our own interpreter."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    more = (*SYSTEM_FOLDERS, os.path.dirname(sys.executable))
    return os.pathsep.join(folders + [folder for folder in more if folder not in folders])


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=search_path())
    if not found or (name == KERNEL and not os.path.isdir(MODULES)):
        raise SandboxError(
            f"The sandbox needs `{name}`, of Debian's package {package}",
            hint="install it with `apt-get install user-mode-linux kmod`",
        )
    return found


def _quoted(path: str) -> str:
    if '"' in path or not path.isprintable():
        raise SandboxError(f"The kernel can't be told the path {path!r}", hint="install pyipvsadm elsewhere")
    return f'"{path}"'


def _memory_folder(memory: str) -> str:
    """Where the kernel's memory may lie, in a file without a name: in memory, if there's room for it."""
    wanted = int(memory[:-1]) << {"M": 20, "G": 30}[memory[-1]]
    for folder in ("/dev/shm", tempfile.gettempdir(), "/var/tmp"):
        if not os.access(folder, os.W_OK | os.X_OK):
            continue
        there = os.statvfs(folder)
        if not there.f_flag & os.ST_NOEXEC and there.f_bavail * there.f_frsize >= wanted:
            return folder
    raise SandboxError(f"No temporary folder has room for {memory} of memory", hint="ask for less with `--memory`")
