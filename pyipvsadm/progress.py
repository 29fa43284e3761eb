"""Progress on a terminal: one line, which disappears when the work is done."""

from __future__ import annotations

import os
from time import monotonic

from .model import printable

DELAY = 1.0  # seconds of work before anything is shown
PAUSE = 0.1  # minimum seconds between two updates of the line
START, CLEAR = "\r", "\x1b[K"  # move to the start of the line; clear from there to its end


def begin(stream: int) -> Progress | None:
    """The progress of work that starts now, if `stream` is a terminal that can show it."""
    return Progress(stream) if os.isatty(stream) and os.environ.get("TERM") != "dumb" else None


class Progress:
    """The progress line on the terminal `stream`. `clear` it before anything else is printed there."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._next = monotonic() + DELAY
        self._shown = False

    def tell(self, text: str) -> None:
        """Show `text`, if the line is due for an update."""
        now = monotonic()
        if now < self._next:
            return
        self._next = now + PAUSE
        self._shown = True
        self._write(f"{START}{printable(text)[: self._columns() - 1]}{CLEAR}")

    def clear(self) -> None:
        """Remove the line from the screen."""
        if self._shown:
            self._shown = False
            self._write(START + CLEAR)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        try:
            os.write(self._stream, text.encode())
        except OSError:
            pass  # the terminal is gone
