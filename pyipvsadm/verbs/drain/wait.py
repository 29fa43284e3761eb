"""Waits until a server is idle. The caller passes the source of counts, the clock and the report function."""

from __future__ import annotations

import time

from ...support.signals import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from .places import Place

    class Timer(Protocol):
        """A clock: the time in seconds, and a way to wait. `first` is the first signal that asks to end, or 0."""

        first: int

        def now(self) -> float: ...
        def rest(self, seconds: float) -> None: ...


INTERVAL = 1.0  # seconds between two readings
SETTLED = 1.0  # seconds without active connections; a connection that is being opened isn't active yet
SLICE = 0.1  # seconds until a signal is noticed
EMPTIED, DEADLINE, STOPPED = "emptied", "deadline", "stopped"


class Clock(Signals):
    """The real clock, with the signals that arrive."""

    now = staticmethod(time.monotonic)

    def rest(self, seconds: float) -> None:
        """Wait for `seconds`, or until a signal arrives."""
        until = time.monotonic() + seconds
        while not self.first and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, SLICE))


def wait(
    look: Callable[[], Sequence[Place]],
    busy: Callable[[Place], object],
    end: float,
    clock: Timer,
    tell: Callable[[Sequence[Place], float], None],
) -> str:
    """Wait until no place is `busy`, the time `end` or a signal; return which of these ended the wait.

    `tell` gets each reading, and the seconds that are left.
    """
    idle_since: float | None = None
    while True:
        places = look()
        now = clock.now()
        tell(places, max(0.0, end - now))
        if any(map(busy, places)):
            idle_since = None
        elif idle_since is None:
            idle_since = now
        if idle_since is not None and now - idle_since >= SETTLED:
            return EMPTIED
        if clock.first:
            return STOPPED
        if now >= end:
            return DEADLINE
        clock.rest(min(INTERVAL, end - now))
