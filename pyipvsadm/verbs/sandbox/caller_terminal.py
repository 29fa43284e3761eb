"""The caller's terminal: the streams connected to it, its size, and its raw mode while the command runs."""

from __future__ import annotations

import os
import termios
from typing import Any, Self

IFLAG, OFLAG, CFLAG, LFLAG, CC = 0, 1, 2, 3, 6  # indices in what tcgetattr returns


class Terminal:
    """The terminal among stdin, stdout and stderr, if there is one; a `with` block sets and restores it.

    It becomes raw, so that the command gets all keys, if both the command's input and output are
    the terminal; not for `sandbox -- COMMAND | less`, where `less` gets the keys. A shell
    (`interactive`) always gets them. `attributes` are those of the terminal inside: ours while it is
    raw; otherwise without echo and processing of line ends, since our terminal does both.
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
        """The size of the terminal, as (rows, columns)."""
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
        """Restore the terminal's mode, unless another process, such as a shell, has changed it meanwhile."""
        if self._raw and self._before:
            try:
                if termios.tcgetattr(self._descriptor)[:4] == self._raw[:4]:
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)
            except termios.error:
                pass  # the terminal is gone


def raw(before: list[Any]) -> list[Any]:
    """The attributes `before`, changed so that bytes pass unchanged, as by cfmakeraw in termios(3)."""
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
