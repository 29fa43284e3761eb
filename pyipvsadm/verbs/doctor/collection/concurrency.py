"""Runs a look at the machine beside others: one that waits for programs costs no time where there is a processor."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class Concurrent(Thread, Generic[Seen]):
    """Calls `see` in a thread, which has the network namespace of the one that starts it."""

    def __init__(self, see: Callable[[], Seen]) -> None:
        super().__init__(daemon=True)  # an interrupted program doesn't wait for it
        self._see = see
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Keep what `see` returns or raises."""
        try:
            self._seen = self._see()
        except BaseException as error:  # for the one who waits
            self._error = error

    def result(self) -> Seen:
        """What `see` returned, once it has. Raises what it raised."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._seen
