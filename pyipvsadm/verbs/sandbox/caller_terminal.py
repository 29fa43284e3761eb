"""The caller's terminal: the streams connected to it, its size, and its raw mode while the command runs."""

from __future__ import annotations

import os
import termios
from typing import Any, Self

IFLAG, OFLAG, CFLAG, LFLAG, CC = 0, 1, 2, 3, 6  # of what tcgetattr returns


class Terminal:
    """The terminal among stdin, stdout and stderr, if one is.

    It goes raw, all its keys to the command, where the command is at both ends of it; not in
    `sandbox -- COMMAND | less`, where `less` is. A shell (`interactive`) always has the keys.
    `attributes` are for the terminal inside: ours, as long as we're raw. Else ours stays in charge
    of echo and line ends, and that inside does neither.
    """

    def __init__(self, *, interactive: bool) -> None:
        self.streams = (os.isatty(0), os.isatty(1), os.isatty(2))
        self._descriptor = next((n for n in (0, 1, 2) if self.streams[n]), -1)
        self._before: list[Any] | None = None
        self._raw: list[Any] | None = None
        self.attributes: list[Any] | None = None
        if self._descriptor < 0:
            return
        self._before = termios.tcgetattr(self._descriptor)
        self.attributes = termios.tcgetattr(self._descriptor)
        if self.streams[0] and (self.streams[1] or (interactive and self.streams[2])):
            self._raw = raw(self._before)
        else:
            self.attributes[OFLAG] &= ~termios.OPOST
            self.attributes[LFLAG] &= ~termios.ECHO

    def window(self) -> tuple[int, int]:
        """Rows and columns."""
        try:
            columns, rows = os.get_terminal_size(self._descriptor)
        except OSError:
            return 24, 80
        return rows, columns

    def __enter__(self) -> Self:
        if self._raw:
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._raw)
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def restore(self) -> None:
        """Make it what it was, unless someone else has changed it since: a shell that took it back."""
        if self._raw and self._before:
            try:
                if termios.tcgetattr(self._descriptor)[:4] == self._raw[:4]:
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)
            except termios.error:
                pass  # it has gone


def raw(before: list[Any]) -> list[Any]:
    """These attributes, but such that bytes pass as they are (cfmakeraw in termios(3))."""
    after = [*before[:CC], list(before[CC])]
    after[IFLAG] &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP
        | termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON
    )  # fmt: skip
    after[OFLAG] &= ~termios.OPOST
    after[LFLAG] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    after[CFLAG] = after[CFLAG] & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    after[CC][termios.VMIN], after[CC][termios.VTIME] = 1, 0
    return after
