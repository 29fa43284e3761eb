"""Outside: boots the kernel, then relays the caller's streams, signals and window until the command ends."""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import time
from typing import TYPE_CHECKING, Any

from . import frames
from .frames import CHUNK_BYTES, RING_BYTES, Start
from .machine import Machine, search_path
from .settings import SandboxError
from .terminal import Terminal

if TYPE_CHECKING:
    from .settings import Settings

BOOT_SECONDS = 120  # it takes one; a machine under load, longer
GRACE_SECONDS = 2.0  # between a timeout's SIGTERM and the end
TIMED_OUT = 124  # timeout(1)'s
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ECONNRESET)  # nobody is at that stream's other end
KEPT = ("/", "/proc", "/sys", "/dev", "/run")  # the sandbox's own, which can't be let through


def run(settings: Settings) -> int:
    """Run one sandbox on our own streams; the command's exit status. Raises SandboxError."""
    terminal = Terminal(interactive=not settings.command)
    start = start_frame(settings, terminal)
    with Signals() as signals, Machine(settings.memory, terminal.restore) as machine:
        return Relay(machine, signals, terminal, settings).run(start)


def start_frame(settings: Settings, terminal: Terminal) -> Start:
    """What the inside needs to know of us."""
    arguments = settings.command or (os.environ.get("SHELL", "/bin/sh"),)
    folders = []
    for folder in map(os.path.realpath, settings.write):
        if not os.path.isdir(folder) or folder in KEPT:
            raise SandboxError(
                f"Writes to {folder} can't be let through", hint="name a folder that exists, below /"
            )
        folders.append(os.fsencode(folder))
    mask = os.umask(0)
    os.umask(mask)
    return Start(
        arguments=tuple(map(os.fsencode, arguments)),
        environment=tuple({**os.environb, b"PATH": os.fsencode(search_path())}.items()),
        folder=os.getcwdb(),
        mask=mask,
        folders=tuple(folders),
        module=settings.module,
        terminals=terminal.streams,
        attributes=terminal.attributes,
        window=terminal.window(),
        merged=_are_one(1, 2),
    )


def _are_one(one: int, other: int) -> bool:
    """Whether two descriptors are the same file, so that the order of what they carry matters."""
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False


class Signals:
    """The signals that the command should get, as numbers to be read from `descriptor`."""

    def __enter__(self) -> Signals:
        self.descriptor, self._writing = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._writing, False)
        self._woken_before = signal.set_wakeup_fd(self._writing)
        self._handlers = {
            number: signal.signal(number, lambda number, frame: None)
            for number in (*FORWARDED, signal.SIGWINCH)
            if signal.getsignal(number) != signal.SIG_IGN  # nohup
        }
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._woken_before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        os.close(self.descriptor)
        os.close(self._writing)

    def arrived(self) -> bytes:
        """The numbers of those that came since."""
        try:
            return os.read(self.descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return b""


class Outlet:
    """Writes what comes from inside to one of our streams. `total` are the bytes that came."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.total = 0
        self.closed = False  # nobody reads the sink
        self.held = b""
        try:
            seekable = stat.S_ISREG(os.fstat(sink).st_mode)
        except OSError:
            seekable, self.closed = False, True
        self._most = CHUNK_BYTES if seekable else select.PIPE_BUF  # such that no write blocks

    def turn(self, *, writable: bool) -> None:
        """Move on what there is. A descriptor that isn't ours may block, so ask first."""
        if not self.held:
            self.held = os.read(self.source, CHUNK_BYTES)
            self.total += len(self.held)
        elif writable and not self.closed:
            try:
                self.held = self.held[os.write(self.sink, self.held[: self._most]) :]
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in GONE:
                    raise SandboxError(f"Can't write the command's output: {error.strerror}") from None
                self.closed = True
        if self.closed:
            self.held = b""


class Relay:
    """One command's life, seen from outside."""

    def __init__(self, machine: Machine, signals: Signals, terminal: Terminal, settings: Settings) -> None:
        self._machine, self._signals, self._terminal = machine, signals, terminal
        self._settings = settings
        self._reader = frames.Reader()
        self._outlets = {stream: Outlet(source, stream) for stream, source in machine.outlets.items()}
        self._told_closed: set[int] = set()
        self._put = self._taken = 0  # bytes of stdin: into the ring, and out of it
        self._reading = True  # stdin has more, and the command wants it
        self._ended: tuple[int, tuple[int, int]] | None = None
        self._deadline: float | None = None
        self._timed_out = False

    def run(self, start: Start) -> int:
        """Boot, start the command, relay; its exit status."""
        status = self._boot(start)
        if status is not None:
            return status
        with self._terminal:
            if self._settings.timeout is not None:
                self._deadline = time.monotonic() + self._settings.timeout
            while not self._is_over():
                self._turn()
        if self._timed_out or self._ended is None:
            raise SandboxError(
                f"The command didn't end within {self._settings.timeout:g} seconds",
                hint="give it longer with `--timeout`",
                status=TIMED_OUT,
            )
        return self._ended[0]
