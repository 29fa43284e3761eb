"""Inside: starts the command, with a pipe or a terminal for each stream, as outside."""

from __future__ import annotations

import _signal  # `signal` without its enums, which take longer than all the rest
import os
import termios
from fcntl import ioctl
from struct import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..frames import Start

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # a shell's exit statuses


class Refusal(Exception):
    """The command can't be started. The arguments are a message, a hint and the exit status."""


class Command:
    """The running command. `stdin` is the descriptor of its input; `sources` those of its output, by stream.

    Streams that are the terminal share one pty, which is in `sources` only once. We keep the
    other side of the pty open, so that it reports no hang-up while the command runs.
    """

    def __init__(self, start: Start) -> None:
        self.pty = -1
        self.stdin = -1
        self.sources: dict[int, int] = {}
        terminal = self._open_terminal(start) if any(start.terminals) else ""
        ends: dict[int, int] = {}
        for stream in (0, 1, 2):
            if start.terminals[stream]:
                continue
            if stream == 2 and start.merged:
                ends[2] = ends[1]
                continue
            reading, writing = os.pipe()
            ours, ends[stream] = (writing, reading) if stream == 0 else (reading, writing)
            os.set_blocking(ours, False)
            if stream == 0:
                self.stdin = ours
            else:
                self.sources[stream] = ours
        self.process = _spawn(start, ends, terminal)
        for end in set(ends.values()):
            os.close(end)

    def _open_terminal(self, start: Start) -> str:
        """Open a pty with the settings of the outside's terminal; return the name of its other side."""
        self.pty, self._other_side = os.openpty()
        if start.attributes:
            termios.tcsetattr(self._other_side, termios.TCSANOW, start.attributes)
        self.resize(*start.window)
        os.set_blocking(self.pty, False)
        if start.terminals[0]:
            self.stdin = self.pty
        if start.terminals[1] or start.terminals[2]:
            self.sources[1 if start.terminals[1] else 2] = self.pty
        return os.ttyname(self._other_side)

    def resize(self, rows: int, columns: int) -> None:
        """Set the terminal's size; the kernel informs the command."""
        if self.pty >= 0:
            ioctl(self.pty, termios.TIOCSWINSZ, pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Send SIGHUP to the command, and close the terminal, so that a process without SIGHUP reads its end."""
        self.kill(_signal.SIGHUP)
        if self.pty >= 0:
            os.close(self.pty)
            self.pty = -1

    def kill(self, number: int) -> None:
        """Send a signal to the command's process group and, on a terminal, to the foreground processes."""
        groups = {self.process}
        if self.pty >= 0 and (foreground := os.tcgetpgrp(self.pty)) > 0:
            groups = {foreground} if number in (_signal.SIGINT, _signal.SIGQUIT) else {self.process, foreground}
        for group in groups:
            try:
                os.killpg(group, number)
            except ProcessLookupError:
                pass  # it has ended, which `Session` will notice


def _spawn(start: Start, ends: dict[int, int], terminal: str) -> int:
    """Start the command in a session of its own; return its process id. Raises Refusal.

    The first terminal that a session's leader opens becomes its controlling terminal, so the new
    process opens the pty itself rather than inherits it.
    """
    try:
        os.chdir(start.folder)
    except OSError as error:
        folder = os.fsdecode(start.folder)
        raise Refusal(f"{folder}: {error.strerror} in the sandbox", "go to another folder", 2) from None
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_DUP2, ends[stream], stream)
        if stream in ends
        else (os.POSIX_SPAWN_OPEN, stream, terminal, os.O_RDWR, 0)
        for stream in (0, 1, 2)
    ]
    os.environb.clear()
    os.environb.update(start.environment)
    os.umask(start.mask)
    name = os.fsdecode(start.arguments[0])
    try:
        return os.posix_spawnp(
            name,
            list(start.arguments),
            os.environb,
            file_actions=actions,
            setsid=True,
            setsigdef=(_signal.SIGPIPE, _signal.SIGXFSZ),  # which Python ignores
        )
    except (FileNotFoundError, NotADirectoryError):
        raise Refusal(f"{name}: command not found", "the command comes after `--`", NOT_FOUND) from None
    except OSError as error:
        raise Refusal(f"{name}: {error.strerror}", "", NOT_EXECUTABLE) from None
