"""Runs a look at the machine beside others: one that waits for programs costs no time where there is a processor."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class Concurrent(Thread, Generic[Seen]):
    """Calls `see` in a thread once it is started; the thread has the network namespace of the one that starts it."""

    def __init__(self, see: Callable[[], Seen]) -> None:
        super().__init__(daemon=True)  # an interrupted program doesn't wait for it
        self._see = see
        self._error: BaseException | None = None

    def run(self) -> None:
        """Keep what `see` returns or raises."""
        try:
            self._seen = self._see()
        except BaseException as error:  # for the one who waits
            self._error = error

    def result(self) -> Seen:
        """What `see` returned, once it has; called now if nobody started it. Raises what it raised."""
        if self.ident is None:
            self.run()
        else:
            self.join()
        if self._error is not None:
            raise self._error
        return self._seen
