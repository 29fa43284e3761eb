"""A seat at a terminal: a program in a job of its own, as a shell starts it, and what its screen shows.

The shell is this file, run as the leader of a session on a pseudo-terminal. When the job stops, it takes the
terminal back, tells whether that is as it was, and lets the job go on; when the job ends, it tells its status, too.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from fcntl import ioctl

PATIENCE = 20  # seconds; sandboxes are slow


class Seat:
    """A program at a terminal of so many columns and lines."""

    def __init__(self, words: list[str], columns: int = 80, lines: int = 24, **environment: str) -> None:
        import pyte  # not for the shell below

        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        given = {"TERM": "xterm", "LC_ALL": "C.UTF-8", **environment}
        self.shell, self._terminal = pty.fork()
        if not self.shell:
            for name in ("NO_COLOR", "TERM", "LC_ALL"):
                os.environ.pop(name, None)
            os.execve(sys.executable, [sys.executable, __file__, *words], {**os.environ, **given})
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal as large as this."""
        ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    def read(self, seconds: float = 0.1) -> bool:
        """Take in what comes; tell whether more may follow."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:
            return False
        self.output += data
        self._stream.feed(data)
        return bool(data)

    @property
    def lines(self) -> list[str]:
        """What the screen shows."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    def until(self, pattern: str, absent: bool = False) -> re.Match[str] | None:
        """Wait until the screen shows `pattern`, or no more. Raises AssertionError."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(pattern, self.text, re.MULTILINE)
            if bool(found) != absent:
                return found
            if not self.read():
                break
        raise AssertionError(f"{pattern!r} {'stays' if absent else 'never comes'}:\n{self.text}")

    def told(self, pattern: str) -> re.Match[bytes]:
        """Wait until the shell says something. Raises AssertionError."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern.encode(), self.output)):
            more = self.read() and time.monotonic() < end
            assert more, self.output[-2000:]
        return found

    def job(self) -> int:
        """The number of the program's process."""
        return int(self.told(r"<job (\d+)>")[1])

    def close(self) -> None:
        """Leave."""
        with contextlib.suppress(OSError):
            os.killpg(self.job(), signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.close(self._terminal)
            os.waitpid(self.shell, 0)


def shell(words: list[str]) -> None:
    """Run `words` as a job, and tell of it."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    before = termios.tcgetattr(0)
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        print(f"<job {os.getpid()}>", flush=True)  # before anything that it says itself
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(words[0], words)
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpid())
        same = termios.tcgetattr(0) == before
        if not os.WIFSTOPPED(status):
            print(f"<ended {os.waitstatus_to_exitcode(status)} {same}>", flush=True)
            return
        print(f"<stopped {same}>", flush=True)
        os.tcsetpgrp(0, child)
        os.kill(child, signal.SIGCONT)


if __name__ == "__main__":
    shell(sys.argv[1:])
