"""How far work has come, on a terminal: one line, which is gone once the work is done."""

from __future__ import annotations

import os
from time import monotonic

from .model import printable

DELAY = 1.0  # seconds of work before anything is shown
PAUSE = 0.1  # seconds between two changes of the line, at least
START, CLEAR = "\r", "\x1b[K"  # to the start of the line; from there to its end


def begin(stream: int) -> Progress | None:
    """The progress of work that begins now, if `stream` is a terminal that can show it."""
    return Progress(stream) if os.isatty(stream) and os.environ.get("TERM") != "dumb" else None


class Progress:
    """The line on the terminal `stream`. Whatever else is to be printed there has to `clear` it first."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._next = monotonic() + DELAY
        self._shown = False

    def tell(self, text: str) -> None:
        """Show `text`, if it's time."""
        now = monotonic()
        if now < self._next:
            return
        self._next = now + PAUSE
        self._shown = True
        self._write(f"{START}{printable(text)[: self._columns() - 1]}{CLEAR}")

    def clear(self) -> None:
        """Leave nothing on the screen."""
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
            pass  # nobody looks any more
