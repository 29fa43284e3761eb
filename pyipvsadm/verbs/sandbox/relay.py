"""Outside: relays the caller's streams, signals and window to the command inside, until it ends."""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import time
from typing import TYPE_CHECKING, Any

from ...progress import begin
from . import frames
from .frames import CHUNK_BYTES, RING_BYTES, Start
from .request import SandboxError, late

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...progress import Progress
    from .caller_terminal import Terminal
    from .request import Request
    from .uml import Machine

BOOT_SECONDS = 120  # the longest time to boot, which usually takes one second
BLINK_SECONDS = 0.5  # between two updates of the progress line
GRACE_SECONDS = 2.0  # between the SIGTERM of a timeout and the end of the sandbox
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ECONNRESET)  # the other end of the stream is closed


class Outlet:
    """Writes the output from inside to one of our streams. `total` counts the bytes received."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.total = 0
        self.ended = False  # the source has ended
        self.closed = False  # nobody reads the sink
        self.held = b""
        try:
            is_file = stat.S_ISREG(os.fstat(sink).st_mode)
        except OSError:
            is_file, self.closed = False, True
        self._most = CHUNK_BYTES if is_file else select.PIPE_BUF  # the bytes that a ready sink accepts without blocking

    def interest(self) -> tuple[int, int]:
        """What to wait for, as (descriptor, event)."""
        return (self.sink, select.POLLOUT) if self.held else (self.source, select.POLLIN)

    def turn(self) -> None:
        """Read or write once; call it when `interest` is ready. Raises SandboxError."""
        if self.held:
            self._write()
        else:
            self.held = os.read(self.source, CHUNK_BYTES)
            self.total += len(self.held)
            self.ended = not self.held
        if self.closed:
            self.held = b""

    def _write(self) -> None:
        try:
            self.held = self.held[os.write(self.sink, self.held[: self._most]) :]
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno not in GONE:
                raise SandboxError(f"Can't write the command's output: {error.strerror}") from None
            self.closed = True


class Relay:
    """Runs one command, seen from outside. `signals` is the descriptor from which the numbers of signals are read."""

    def __init__(self, machine: Machine, signals: int, terminal: Terminal, request: Request) -> None:
        self._machine, self._signals, self._terminal, self._request = machine, signals, terminal, request
        self._reader = frames.Reader()
        self._outlets = [Outlet(source, stream) for stream, source in machine.outlets.items()]
        self._told_closed: set[int] = set()
        self._put = self._taken = 0  # bytes of stdin that were put into the ring, and taken out of it
        self._reading = True  # stdin hasn't ended, and the command hasn't closed it
        self._status: int | None = None
        self._totals = [0, 0]
        self._alive = True
        self._timed_out = False

    def run(self, start: Start) -> int:
        """Boot, start the command and relay until it ends; return its exit status. Raises SandboxError."""
        interrupted = self._boot(start)
        if interrupted:
            return 128 + interrupted
        with self._terminal:
            self._relay()
        if self._timed_out:
            raise late(self._request.timeout)
        if self._status is None:
            raise self._machine.death("before the command ended")
        return self._status

    def _boot(self, start: Start) -> int:
        """Wait until the command runs. Return 0, or the number of a signal that came before. Raises SandboxError."""
        progress = begin(2)
        try:
            return self._booted(start, progress)
        finally:
            if progress:
                progress.clear()

    def _booted(self, start: Start, progress: Progress | None) -> int:
        began = time.monotonic()
        poller = select.poll()
        poller.register(self._machine.control[0], select.POLLIN)
        poller.register(self._signals, select.POLLIN)
        while True:
            passed = time.monotonic() - began
            if passed >= BOOT_SECONDS:
                raise self._machine.death(f"not ready after {BOOT_SECONDS} seconds")
            if progress:
                progress.tell(f"booting a kernel, {passed:.0f} s")
            wait = min(BOOT_SECONDS - passed, BLINK_SECONDS if progress else BOOT_SECONDS)
            ready = {descriptor for descriptor, _ in poller.poll(wait * 1000)}
            if self._signals in ready:
                for number in os.read(self._signals, CHUNK_BYTES):
                    if number in FORWARDED:
                        return number
            heard = self._heard() if self._machine.control[0] in ready else iter(())
            for name, *values in heard:
                if name == "ready":
                    self._tell("start", *start)
                elif name == "refused":
                    message, hint, status = values
                    raise SandboxError(message, hint=hint, status=status)
                elif name == "started":
                    self._heed(heard)  # a short command may have ended already
                    return 0
            if not self._alive:
                raise self._machine.death("while it booted")

    def _heard(self) -> Iterator[tuple[Any, ...]]:
        data = os.read(self._machine.control[0], CHUNK_BYTES)
        self._alive = bool(data)
        return self._reader.feed(data)

    def _tell(self, *frame: object) -> None:
        data = frames.pack(*frame)
        try:
            while data:
                data = data[os.write(self._machine.control[1], data) :]
        except BrokenPipeError:
            pass  # the kernel has ended, which the next read reports

    def _relay(self) -> None:
        """Relay until the command has ended and all its output is written, or the time is up."""
        seconds = self._request.timeout
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._is_through():
            left = None
            if deadline is not None and self._status is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    if self._timed_out:
                        return
                    self._timed_out = True
                    self._tell("signal", int(signal.SIGTERM))
                    deadline += GRACE_SECONDS
                    continue
            self._turn(left)

    def _is_through(self) -> bool:
        if self._status is None and self._alive:
            return False
        return not any(
            outlet.held or not (outlet.ended or (self._alive and outlet.total >= total))
            for outlet, total in zip(self._outlets, self._totals, strict=True)
        )

    def _turn(self, seconds: float | None) -> None:
        """Wait at most `seconds` until something can be read or written, and do so."""
        control, waiting = self._machine.control[0], [o for o in self._outlets if o.held or not o.ended]
        poller = select.poll()
        for descriptor, event in [outlet.interest() for outlet in waiting]:
            poller.register(descriptor, event)
        poller.register(self._signals, select.POLLIN)
        if self._alive:
            poller.register(control, select.POLLIN)
        if self._reading and self._put - self._taken < RING_BYTES:
            poller.register(0, select.POLLIN)
        found = poller.poll(None if seconds is None else seconds * 1000)
        ready = {descriptor for descriptor, _ in found}
        if self._signals in ready:
            self._pass_signals()
        if control in ready:
            self._heed(self._heard())
        for outlet in waiting:
            if outlet.interest()[0] in ready:
                outlet.turn()
                if outlet.closed and outlet.sink not in self._told_closed:
                    self._told_closed.add(outlet.sink)
                    self._tell("closed", outlet.sink)
        if 0 in ready and self._reading:
            self._read()

    def _heed(self, heard: Iterator[tuple[Any, ...]]) -> None:
        for name, *values in heard:
            if name == "took":
                self._taken += values[0]
            elif name == "closed":
                self._reading = False
            elif name == "ended":
                self._reading = False
                self._status, self._totals = values[0], list(values[1])

    def _read(self) -> None:
        """Read some of stdin into the ring."""
        at = self._put % RING_BYTES
        room = min(RING_BYTES - (self._put - self._taken), RING_BYTES - at, CHUNK_BYTES)
        try:
            data = os.read(0, room)
        except BlockingIOError:
            return
        except OSError:  # the terminal has hung up, or stdin is closed
            data = b""
        if not data:
            self._reading = False
            self._tell("eof")
            return
        os.pwrite(self._machine.ring, data, at)
        self._put += len(data)
        self._tell("stdin", len(data))

    def _pass_signals(self) -> None:
        for number in os.read(self._signals, CHUNK_BYTES):
            if number == signal.SIGWINCH:
                self._tell("window", *self._terminal.window())
            elif number in (signal.SIGTERM, signal.SIGHUP) and not self._request.command:
                self._tell("hangup")  # a shell ignores SIGTERM at a terminal, and may miss SIGHUP
            elif number in FORWARDED:
                self._tell("signal", number)
