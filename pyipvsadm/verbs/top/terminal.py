"""The terminal of the view: reads keys and signals, writes lines, and restores the terminal at the end."""

from __future__ import annotations

import os
import select
import signal
import termios
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from rich.color import ColorSystem
from rich.style import Style

from ...model import printable
from .keys import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .view import Line

# The alternate screen, no cursor, no wrapping; and back. Each is left alone by terminals that don't know it.
ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
LEAVE = b"\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # the output between them is shown at once
IFLAG, LFLAG, CC = 0, 3, 6  # indices in what tcgetattr returns
ESCAPE_SECONDS = 0.05  # after this time, an Esc isn't the beginning of another key
PATIENCE = 200  # milliseconds to wait for a terminal that accepts nothing
KEYS = 4096  # bytes read at once
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
WAKING = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)


class Ended(Exception):
    """A signal ends the view."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


class Terminal:
    """A terminal: keys come from the descriptor `source`, lines go to `sink`. A `with` block prepares and restores it.

    A signal of ENDING raises Ended at any point, even while a call blocks; the other handled signals wake up `wait`.
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}
        self._wakeup = (-1, -1)
        self._shown: list[str] = []
        self._rest = b""
        self._ended = False
        self._colours = not os.environ.get("NO_COLOR")
        self._styles: dict[str, Style] = {}

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._source)
        try:
            self._listen()
            self._take()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True  # from here on, signals that end us are ignored
        self._give_back()
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for end in self._wakeup:
            if end >= 0:
                os.close(end)

    def size(self) -> tuple[int, int]:
        """The size of the terminal, as (columns, lines)."""
        try:
            columns, lines = os.get_terminal_size(self._sink)
        except OSError:
            columns = lines = 0
        return columns or 80, lines or 24

    def draw(self, lines: Sequence[Line], width: int) -> None:
        """Show `lines`, a full screen of `width` columns; write only the lines that have changed, at once."""
        texts = [self._text(line, width) for line in lines]
        if len(texts) != len(self._shown):
            self._shown = [""] * len(texts)
            changed = ["\x1b[2J"]
        else:
            changed = []
        for number, (text, shown) in enumerate(zip(texts, self._shown, strict=True), 1):
            if text != shown:
                changed.append(f"\x1b[{number};1H{text}")
        if changed:
            self._write("".join((BEGIN, *changed, END)).encode("utf-8", "replace"))
            self._shown = texts

    def forget(self) -> None:
        """Make the next `draw` write all lines."""
        self._shown = []

    def wait(self, seconds: float) -> list[str]:
        """Wait at most `seconds` for keys, and return them; none if the size has changed. Raises Ended."""
        until = monotonic() + (ESCAPE_SECONDS if self._rest else max(0.0, seconds))
        ready, _, _ = select.select([self._source, self._wakeup[0]], [], [], max(0.0, until - monotonic()))
        if self._wakeup[0] in ready:
            self._heed(os.read(self._wakeup[0], KEYS))
        if self._source in ready:
            data = self._typed()
            keys, self._rest = decoded(self._rest + data)
            return keys
        if self._rest and not ready:  # it wasn't the beginning of a key
            keys, self._rest = ["escape", *decoded(self._rest[1:])[0]], b""
            return keys
        return []

    def _typed(self) -> bytes:
        """The bytes that were typed. Raises Ended if the terminal is gone."""
        try:
            if data := os.read(self._source, KEYS):
                return data
        except OSError:
            pass
        raise Ended(signal.SIGHUP)

    def _heed(self, numbers: bytes) -> None:
        """Handle the signals with these `numbers`."""
        if signal.SIGTSTP in numbers:
            self._suspend()
        elif signal.SIGCONT in numbers:
            self._take()
        if signal.SIGWINCH in numbers:
            self.forget()

    def _suspend(self) -> None:
        """Restore the terminal and stop, as Ctrl-Z does; prepare the terminal again when the shell continues us."""
        self._give_back()
        own = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, own)
        if select.select([self._wakeup[0]], [], [], 0)[0]:
            os.read(self._wakeup[0], KEYS)  # drops the signal that continued us
        self._take()

    def _listen(self) -> None:
        """Install handlers of signals, except for signals that our parent ignores."""
        self._wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        for number in (*ENDING, *WAKING):
            handler: Callable[..., object] = self._end if number in ENDING else _nothing
            before = signal.getsignal(number)
            if before is not signal.SIG_IGN:
                self._handlers[number] = before
                signal.signal(number, handler)

    def _end(self, number: int, _: object) -> None:
        if not self._ended:
            self._ended = True
            raise Ended(number)

    def _take(self) -> None:
        """Turn off line input and echo, and use the alternate screen. Ctrl-C and Ctrl-Z remain signals."""
        after = [*self._before[:CC], list(self._before[CC])]
        after[LFLAG] &= ~(termios.ICANON | termios.ECHO | termios.ECHONL)
        after[LFLAG] |= termios.ISIG
        after[IFLAG] &= ~termios.IXON  # Ctrl-S would stop us in the middle of a line
        after[CC][termios.VMIN], after[CC][termios.VTIME] = 1, 0
        termios.tcsetattr(self._source, termios.TCSANOW, after)
        self._write(ENTER)
        self.forget()

    def _give_back(self) -> None:
        """Restore the terminal, and drop unread keys, which aren't meant for a shell."""
        try:
            self._write(LEAVE)
            termios.tcflush(self._source, termios.TCIFLUSH)
            termios.tcsetattr(self._source, termios.TCSANOW, self._before)
        except (Ended, termios.error):
            pass  # the terminal is gone

    def _write(self, data: bytes) -> None:
        """Write `data`; if the terminal accepts nothing, everything is drawn again later."""
        poll = select.poll()
        poll.register(self._sink, select.POLLOUT)
        if not poll.poll(PATIENCE):
            return self.forget()
        try:
            while data:
                data = data[os.write(self._sink, data) :]
        except OSError:
            raise Ended(signal.SIGHUP) from None  # the terminal is gone
        return None

    def _text(self, line: Line, width: int) -> str:
        """The text that shows `line` and clears the rest; after a full line, that would erase a character."""
        full = sum(len(text) for text, _ in line) >= width
        return "".join([self._styled(printable(text), style) for text, style in line]) + ("" if full else "\x1b[K")

    def _styled(self, text: str, style: str) -> str:
        if not style or not text:
            return text
        made = self._styles.get(style)
        if made is None:
            made = Style.parse(style)
            self._styles[style] = made = made if self._colours else made.without_color
        return made.render(text, color_system=ColorSystem.STANDARD)


def _nothing(*_: object) -> None:
    """Do nothing: a handler for signals that the wakeup descriptor reports."""
