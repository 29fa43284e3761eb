"""The live view: takes samples, keys and the clock, and draws screens."""

from __future__ import annotations

import gc
import os
from time import monotonic, strftime
from typing import TYPE_CHECKING

from ...documents.owners import NOBODY, Owners
from ...kernel import hash_tables
from ...support import managers
from .columns import NAME
from .keys import Shown, State, press, settle
from .sample import follow
from .screen_layout import foldable, layout, listed
from .terminal import Ended, Terminal
from .view import ASCII, Screen, Signs, frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from .feed import Reader
    from .keys import Change
    from .sample import Sample

    Work = Callable[[Change], str]  # returns what came of it, in a line


def live(source: int, sink: int, reader: Reader, interval: float, work: Work, owners: Owners = NOBODY) -> int:
    """Show samples until the user leaves, and return the status. Raises OSError if the table can't be read.

    `work` carries out the changes that keys request.
    """
    gc.freeze()  # objects of the start stay; collecting garbage among them would take a fifth of our time
    try:
        with Terminal(source, sink) as terminal:
            Live(terminal, reader, interval, work, owners).run()
            return 0
    except Ended as ended:
        return ended.status
    except KeyboardInterrupt:
        return 0  # Ctrl-C is a normal way to end, like `q`


class Live:
    """The state of the view: the last samples, the user's choices and the screen."""

    def __init__(
        self, terminal: Terminal, reader: Reader, interval: float, work: Work, owners: Owners = NOBODY
    ) -> None:
        self._terminal, self._reader, self._work, self._owners = terminal, reader, work, owners
        self._state = State(interval=interval)
        self._shown = Shown()
        self._sample: Sample | None = None
        self._seen: Sample | None = None  # which is an older one while the screen is paused
        self._clock = ""
        self._signs = signs()

    def run(self) -> None:
        """Show samples and handle keys until the user leaves."""
        due = monotonic()
        while not self._state.leaving:
            if monotonic() >= due:
                self.look()
                due = max(due + self._state.interval, monotonic())
            self.draw()
            interval = self._state.interval
            for key in self._terminal.wait(due - monotonic()):
                if key == "redraw":
                    self._terminal.forget()
                self._state = press(self._state, key, self._shown)
                if self._state.asked:
                    self._state = self._state.replace(warning=managers.warning())
                self._change()
            due += self._state.interval - interval

    def look(self) -> None:
        """Take a sample."""
        table = self._reader()
        if table is None:
            return
        if self._sample is None and sum(1 + len(servers) for _, servers in table) > self._screen().page:
            self._state = self._state.replace(folded=True)  # an overview first
        sample = follow(self._sample, table, monotonic(), self._owners.brief)
        self._sample = sample._replace(tables=hash_tables.now())

    def _change(self) -> None:
        """Carry out the change that was decided, if any, and take a new sample."""
        if change := self._state.decided:
            said = self._work(change)
            self._state = self._state.replace(decided=None, said=said)
            self.look()

    def _screen(self) -> Screen:
        return Screen(*self._terminal.size(), self._signs, self._clock)

    def draw(self) -> None:
        """Draw the last sample, or the one at which the view was paused."""
        if not self._state.paused or self._seen is None:
            self._seen, self._clock = self._sample, strftime("%H:%M:%S")
        sample, screen = self._seen, self._screen()
        if sample is None:
            return
        rows = listed(sample, self._state)
        columns = [NAME.name, *(column.name for column, _ in layout(screen.width, 0).columns)]
        self._shown = Shown([row.key for _, row in rows], screen.page, columns)
        self._state = settle(self._state, self._shown, foldable(sample))
        self._terminal.draw(frame(sample, rows, self._state, screen), screen.width)


def signs() -> Signs:
    """The characters that the terminal can show: only ASCII on a Linux console, or if the encoding isn't UTF-8."""
    name = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    encoding = name.partition(".")[2].partition("@")[0].replace("-", "").lower()
    return ASCII if os.environ.get("TERM") == "linux" or encoding not in ("", "utf8") else Signs()
