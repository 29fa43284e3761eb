"""Computes how fast counters grow, which the kernel updates every two seconds. Pure."""

from __future__ import annotations

from operator import sub
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ...model import Stats

    Counts = tuple[int, ...]  # connections, packets in and out, bytes in and out, as Stats has them
    Rates = tuple[float, ...]  # the same per second

REFRESH = 2.0  # seconds between two updates of the counters that the kernel reports (ip_vs_est.c)
SLACK = 0.95  # clocks differ, so this part of REFRESH counts as all of it
COUNTERS = 5  # the first fields of Stats; the others are the kernel's own estimates
NO_MORE: Counts = (0,) * COUNTERS
NOTHING: Rates = (0.0,) * COUNTERS


class Meter(NamedTuple):
    """Counters and their rates, which are None until they are known.

    `since` is the time of the last reading in which they had grown, or of the first reading.
    """

    counters: Counts
    rates: Rates | None
    since: float


def counts_in(stats: Stats | None) -> Counts | None:
    """The counters in `stats`."""
    return stats[:COUNTERS] if stats else None


def measured(before: Meter | None, counters: Counts | None, now: float, step: float) -> Meter:
    """How fast `counters` grow, which were read `now`, `step` seconds after those of `before`; None if they weren't.

    The kernel adds up what its processors counted every REFRESH seconds, for each service and server at
    another moment. Counters that are read more often stand still, then grow by what came in REFRESH; so a rate
    holds until the next growth is overdue.
    """
    if before is None or counters is None:
        return Meter(counters or NO_MORE, None, now)
    quiet = now - before.since
    patience = REFRESH * SLACK if before.rates is None else REFRESH + min(step, REFRESH) / 2
    if counters == before.counters:
        if quiet < patience or before.rates == NOTHING:
            return before
        return Meter(counters, NOTHING, before.since)
    more = gained(before.counters, counters)
    if more == NO_MORE:  # they were zeroed, and what comes next is all that came since they last grew
        return Meter(counters, before.rates, before.since)
    if step < REFRESH * SLACK:
        span = REFRESH
    else:  # what didn't show at the last reading shows now
        span = quiet if before.rates and quiet <= REFRESH + 1.5 * step and step < patience else step
    return Meter(counters, tuple([count / span for count in more]), now)


def gained(old: Counts, new: Counts) -> Counts:
    """What was counted between `old` and `new`, though counters were zeroed or went round meanwhile.

    Those of old kernels have 32 bits. All are zeroed together, so that none has grown beside one that has
    shrunk, except where the latter was near its end.
    """
    more = tuple(map(sub, new, old))
    if min(more) >= 0:
        return more
    ends = [1 << 32 if count < 1 << 32 else 1 << 64 for count in old]
    went_round = all(gain >= 0 or count > end // 2 for gain, count, end in zip(more, old, ends, strict=True))
    if went_round and max(more) > 0:
        return tuple(gain if gain >= 0 else gain + end for gain, end in zip(more, ends, strict=True))
    return new
