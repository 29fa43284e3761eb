"""Inside: runs the command, and passes on its streams, signals and status until the outside closes the line."""

from __future__ import annotations

import _signal  # `signal` without its enums, which take longer than all the rest
import os
import sys
import termios
from _socket import sethostname
from select import POLLIN, POLLOUT, poll

from .. import frames
from ..frames import CHUNK_BYTES, RING_BYTES, Start
from . import guest
from .started_command import Command, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONTROL, LINES = "/dev/ttyS0", {1: "/dev/ttyS1", 2: "/dev/ttyS2"}
RING = "/dev/ubda"
LFLAG, CC = 3, 6  # indices in what tcgetattr returns
LEFT_OVER_BYTES = 1 << 20  # the most that is read after the command's end; more than a pipe holds, but not endless


def main() -> None:
    """Run as the kernel's first process. Never returns, as it stops the kernel at the end."""
    try:
        _attend()
    except BaseException:  # it goes to the console, whose last lines the outside shows
        sys.excepthook(*sys.exc_info())
    guest.power_off()


def _attend() -> None:
    control = open_raw(CONTROL, os.O_RDWR)
    sinks = {stream: open_raw(line, os.O_WRONLY) for stream, line in LINES.items()}
    ring = open_ring()
    os.write(control, frames.pack("ready"))
    reader = frames.Reader()
    arrived: list[tuple[Any, ...]] = []
    while not arrived:
        data = os.read(control, CHUNK_BYTES)
        if not data:
            return
        arrived += reader.feed(data)
    start = Start.make(arrived.pop(0)[1:])
    try:
        guest.lay_out_files(start.folders, start.modules)
        sethostname("sandbox")
        guest.bring_up_loopback()
        if start.module and not guest.load("ip_vs"):
            raise Refusal("The sandbox's kernel can't load ip_vs", "`--no-module` leaves it out", 2)
        command = Command(start)
    except (Refusal, OSError) as error:
        told = error.args if isinstance(error, Refusal) else (f"The sandbox can't be set up: {error}", "", 2)
        os.write(control, frames.pack("refused", *told))
        os.read(control, 1)  # until the outside closes the line
        return
    os.write(control, frames.pack("started"))
    Session(command, control, sinks, ring, reader).serve(flush=bool(start.folders))


def open_raw(path: str, mode: int) -> int:
    """Open a serial line so that bytes pass unchanged; return its descriptor."""
    line = os.open(path, mode | os.O_NOCTTY)
    attributes = termios.tcgetattr(line)
    attributes[:CC] = [0, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0, *attributes[LFLAG + 1 : CC]]
    attributes[CC][termios.VMIN], attributes[CC][termios.VTIME] = 1, 0
    termios.tcsetattr(line, termios.TCSANOW, attributes)
    if mode == os.O_WRONLY:
        os.set_blocking(line, False)
    return line


def open_ring() -> int:
    """Open the memory for stdin, which is a disk, without read-ahead; return its descriptor."""
    ring = os.open(RING, os.O_RDONLY)
    os.posix_fadvise(ring, 0, 0, os.POSIX_FADV_RANDOM)
    return ring


def read_ring(ring: int, size: int, at: int) -> bytes:
    """`size` bytes of the ring from `at` on, as they are now rather than in the kernel's cache."""
    os.posix_fadvise(ring, 0, 0, os.POSIX_FADV_DONTNEED)
    return os.pread(ring, size, at)


class Pump:
    """Passes the command's output on one stream to the outside. `total` counts the bytes written."""

    def __init__(self, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.total = 0
        self.ended = False
        self._quota = -1
        self._held = b""

    def interest(self) -> tuple[int, int]:
        """What to wait for, as (descriptor, event)."""
        return (self.sink, POLLOUT) if self._held else (self.source, POLLIN)

    def turn(self) -> None:
        """Read and write what is possible without waiting."""
        if not self._held:
            self._read()
        if self._held:
            try:
                written = os.write(self.sink, self._held)
            except BlockingIOError:
                return
            self.total += written
            self._held = self._held[written:]

    def _read(self) -> None:
        try:
            self._held = os.read(self.source, CHUNK_BYTES)
        except BlockingIOError:
            self.ended = self._quota >= 0
            return
        except OSError:  # a pty whose other side is closed
            self._held = b""
        if not self._held:
            self.ended = True
        if self._quota >= 0:
            self._quota -= len(self._held)
            self.ended = self.ended or self._quota < 0

    def finish(self) -> None:
        """Call this when the command has ended: only output that is there already is passed on, without waiting."""
        if self._quota < 0:
            self._quota = LEFT_OVER_BYTES

    @property
    def waits(self) -> bool:
        """Whether `turn` has nothing to do until `interest` is ready."""
        return self._quota < 0 or bool(self._held)

    @property
    def done(self) -> bool:
        """Whether all output has been passed on."""
        return self.ended and not self._held

    def close(self) -> None:
        """Call this when nobody reads the output any more: the command gets SIGPIPE at its next write."""
        if not self.ended:
            os.close(self.source)
        self.abandon()

    def abandon(self) -> None:
        """Drop the output that hasn't been passed on, and read no more."""
        self._held = b""
        self.ended = True


class Session:
    """Serves one command. `reader` may contain the beginning of a frame already."""

    def __init__(self, command: Command, control: int, sinks: dict[int, int], ring: int, reader: frames.Reader) -> None:
        self._command, self._control, self._ring, self._reader = command, control, ring, reader
        self._pumps = {stream: Pump(source, sinks[stream]) for stream, source in command.sources.items()}
        self._status: int | None = None
        self._put = self._taken = 0  # bytes of stdin that were put into the ring, and taken out of it
        self._at_end = False  # whether stdin has ended: no more is put into the ring
        self._feeding = True

    def serve(self, *, flush: bool) -> None:
        """Relay until the command ends, report its status, and return when the outside has closed the line."""
        children = watch_children()
        self._reap()
        while self._status is None or not all(pump.done for pump in self._pumps.values()):
            ready = self._wait(children)
            if children in ready:
                os.read(children, CHUNK_BYTES)
                self._reap()
            if self._control in ready and not self._listen():
                return
            for pump in self._pumps.values():
                if not pump.done and (not pump.waits or pump.interest()[0] in ready):
                    pump.turn()
            self._feed()
        if flush:
            os.sync()  # the outside is about to stop the kernel
        totals = tuple(self._pumps[stream].total if stream in self._pumps else 0 for stream in (1, 2))
        self._tell("ended", self._status, totals)
        while os.read(self._control, CHUNK_BYTES):
            pass

    def _tell(self, *frame: object) -> None:
        os.write(self._control, frames.pack(*frame))

    def _wait(self, children: int) -> set[int]:
        """The descriptors that are ready; waits until one is."""
        wanted = {self._control: POLLIN, children: POLLIN}
        interests = [pump.interest() for pump in self._pumps.values() if not pump.done]
        if self._feeding and self._put > self._taken:
            interests.append((self._command.stdin, POLLOUT))
        for descriptor, event in interests:
            wanted[descriptor] = wanted.get(descriptor, 0) | event
        poller = poll()
        for descriptor, events in wanted.items():
            poller.register(descriptor, events)
        busy = any(not pump.waits and not pump.done for pump in self._pumps.values())
        return {descriptor for descriptor, _ in poller.poll(0 if busy else None)}

    def _listen(self) -> bool:
        """Carry out frames from the outside; return whether it is still there."""
        data = os.read(self._control, CHUNK_BYTES)
        for name, *values in self._reader.feed(data):
            if name == "stdin":
                self._put += values[0]
            elif name == "eof":
                self._at_end = True
            elif name == "signal" and self._status is None:
                self._command.kill(values[0])
            elif name == "hangup" and self._status is None:
                self._hang_up()
            elif name == "window":
                self._command.resize(*values)
            elif name == "closed" and (pump := self._pumps.get(values[0])) and not self._is_pty(pump.source):
                pump.close()
        return bool(data)

    def _is_pty(self, descriptor: int) -> bool:
        return descriptor == self._command.pty

    def _feed(self) -> None:
        """Write as much from the ring to the command's stdin as it accepts; at the end, close it."""
        if not self._feeding:
            return
        sink, at = self._command.stdin, self._taken % RING_BYTES
        if size := min(self._put - self._taken, RING_BYTES - at, CHUNK_BYTES):
            try:
                written = os.write(sink, read_ring(self._ring, size, at))
            except BlockingIOError:
                return
            except OSError:  # the command has closed it
                self._feeding = False
                self._tell("closed", 0)
                return
            self._taken += written
            self._tell("took", written)
        if self._at_end and self._taken == self._put:
            self._feeding = False
            if not self._is_pty(sink):
                os.close(sink)
            elif termios.tcgetattr(sink)[LFLAG] & termios.ICANON:
                os.write(sink, termios.tcgetattr(sink)[CC][termios.VEOF])
            else:
                self._hang_up()  # in raw mode no key ends the input, so only a hang-up does

    def _hang_up(self) -> None:
        for pump in self._pumps.values():
            if self._is_pty(pump.source):
                pump.abandon()
        self._feeding &= not self._is_pty(self._command.stdin)
        self._command.hang_up()

    def _reap(self) -> None:
        """Collect the status of processes that have ended, orphans included; the command's end ends the session."""
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self._command.process:
                    code = os.waitstatus_to_exitcode(found[1])
                    self._status = code if code >= 0 else 128 - code
        except ChildProcessError:
            pass  # there are no more children
        if self._status is not None:
            for pump in self._pumps.values():
                pump.finish()


def watch_children() -> int:
    """A descriptor that becomes readable when a child ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    _signal.set_wakeup_fd(writing)
    _signal.signal(_signal.SIGCHLD, lambda number, frame: None)
    return reading
