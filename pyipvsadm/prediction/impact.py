"""The share of clients that a change of a service moves, computed over the whole table of a hashing scheduler.

A client's slot, and the slots that are tried after it, are practically random, so a share of slots is a share of
clients. Before and after the change, a client has the same slots if both tables hash alike.
"""

from __future__ import annotations

from _collections import _count_elements

from ..record import Record
from .pools import HASHING, TURNS, Pool
from .slots import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    from .pools import Member

    Key = TypeVar("Key")

    End = tuple[bytes, int] | None  # the address and port of a server, or None
    Shares = dict[End, float]
    Pairs = dict[tuple[End, End], float]  # the share of clients by (server before, server after)

BETTER = "mh"  # the hashing scheduler that moves the fewest clients


class Impact(Record):
    """Shares of a service's clients, from 0 to 1.

    `moved` get another server and `dropped` get none any more; at least `ideal` must move for each server to get the
    share of its weight. `other` is `moved` if the scheduler were `mh`.
    """

    __slots__ = ()
    scheduler: str = ""
    moved: float = 0.0
    dropped: float = 0.0
    ideal: float = 0.0
    other: float | None = None

    def line(self) -> str:
        """A line that describes the impact; empty if no client moves."""
        if not self.moved and not self.dropped:
            return ""
        ideal = f" (ideal {percent(self.ideal)})"
        told = [f"{percent(self.moved)} of clients move{ideal}"] if self.moved else []
        if self.dropped:
            told.append(f"{percent(self.dropped)} {'' if told else 'of clients '}get no server any more")
        if self.other is not None and self.other < self.moved:
            told.append(f"with {BETTER} it would be {percent(self.other)}")
        return f"{self.scheduler}: {'; '.join(told)}; connections and persistent clients stay"


def percent(share: float) -> str:
    """A share from 0 to 1 in percent, with one decimal if it is small."""
    found = share * 100
    return f"{found:.0f} %" if found >= 9.95 or found in (0, 1) else f"{found:.1f} %"


def impact(before: Pool, after: Pool) -> Impact | None:
    """The impact of the change from `before` to `after`; None if the scheduler doesn't hash clients."""
    scheduler = after.service.scheduler or ""
    if before.service.scheduler not in HASHING or scheduler not in HASHING:
        return None
    gone, dropped = moved(before, after)
    other = None
    if scheduler != BETTER and before.service.scheduler == scheduler:
        other, _ = moved(_hashed_by(before, BETTER), _hashed_by(after, BETTER))
    return Impact(scheduler=scheduler, moved=gone, dropped=dropped, ideal=ideal(before, after), other=other)


def shares(pool: Pool) -> Shares:
    """The share of clients of each server, and under None of those that get none; empty if that is unknown."""
    if pool.service.scheduler in TURNS:
        return _shares_of_turns(pool)
    found = _shares_of_slots(pool)
    lost = found.get(None, 0.0)
    if not (pool.falls_back and lost) or pool.service.scheduler == "sh" or lost == 1:
        return found
    del found[None]
    return {end: share / (1 - lost) for end, share in found.items()}


def _shares_of_turns(pool: Pool) -> Shares:
    """The shares for `rr` and `wrr`, by the connections that each server takes in a round."""
    able = [member.server for member in pool.members if member.takes]
    turns = {server[:2]: server.weight if pool.service.scheduler == "wrr" else 1 for server in able}
    whole = sum(turns.values())
    return {end: count / whole for end, count in turns.items()}


def _takers(pool: Pool) -> Sequence[int]:
    """The index of the server that has each slot, or that takes its clients by `sh`'s fallback."""
    table = slots(pool)
    if pool.service.scheduler != "sh" or not pool.falls_back:
        return table
    able = [member.takes for member in pool.members]
    return [_sh_fallback(table, able, slot) for slot in range(len(table))]


def _ends(pool: Pool) -> list[End]:
    """The server that clients of each member get. For `mh` with fallback, None means that it chooses at random."""
    return [member.server[:2] if member.takes else None for member in pool.members]


def _counted(keys: Iterable[Key]) -> Iterable[tuple[Key, int]]:
    """How often each of `keys` occurs. collections.Counter does the same, but takes longer to import."""
    found: dict[Key, int] = {}
    _count_elements(found, keys)
    return found.items()


def _summed(counts: Iterable[tuple[Key, int]]) -> dict[Key, float]:
    """The share of each key. Adds up integers, as a sum of thousands of fractions isn't exactly 1."""
    found: dict[Key, int] = {}
    for key, count in counts:
        found[key] = found.get(key, 0) + count
    whole = sum(found.values())
    return {key: count / whole for key, count in found.items()}


def _shares_of_slots(pool: Pool) -> Shares:
    ends = _ends(pool)
    return _summed((ends[index], count) for index, count in _counted(_takers(pool)))


def ideal(before: Pool, after: Pool) -> float:
    """The share of clients that must move for each server to have the share of its weight."""
    old, new = fair(before.members), fair(after.members)
    return sum(max(0.0, share - new.get(end, 0.0)) for end, share in old.items())


def fair(members: Sequence[Member]) -> Shares:
    """The share of clients of each server by its weight."""
    whole = sum(member.server.weight for member in members)
    return {member.server[:2]: member.server.weight / whole for member in members} if whole else {}


def _hashed_by(pool: Pool, scheduler: str) -> Pool:
    return pool.replace(service=pool.service.replace(scheduler=scheduler))


def _sh_fallback(table: Sequence[int], able: Sequence[bool], slot: int) -> int:
    """The index of the server that takes the clients of `slot`: its own one, or the first usable one tried after it."""
    size = len(table)
    tried = (slot, *((2 * slot + step) % size for step in range(size)))
    return next((table[one] for one in tried if able[table[one]]), table[slot])


def moved(before: Pool, after: Pool) -> tuple[float, float]:
    """The share of clients that get another server, and the share that get none any more."""
    alike = _hash(before) == _hash(after)
    if not slots(before):
        return 0.0, 0.0
    if not slots(after):
        return 0.0, 1 - shares(before).get(None, 0.0)
    pairs = (_pairs_of_slots if alike else _pairs_by_chance)(before, after)
    return _followed(pairs, before, after)


def _hash(pool: Pool) -> tuple[object, ...]:
    """The properties that two pools share if they hash a client to the same slot."""
    scheduler = pool.service.scheduler
    size = pool.mh_index if scheduler == "mh" else pool.sh_bits
    return scheduler, pool.by_port, size


def _pairs_of_slots(before: Pool, after: Pool) -> Pairs:
    old, new = _ends(before), _ends(after)
    counts = _counted(zip(_takers(before), _takers(after), strict=True))
    return _summed(((old[a], new[b]), count) for (a, b), count in counts)


def _pairs_by_chance(before: Pool, after: Pool) -> Pairs:
    old, new = _shares_of_slots(before), _shares_of_slots(after)
    return {(a, b): share * other for a, share in old.items() for b, other in new.items()}


def _followed(pairs: Pairs, before: Pool, after: Pool) -> tuple[float, float]:
    """The shares of clients that move, and that get no server any more, with the choices of `mh`'s fallback."""
    old, new = shares(before), shares(after)
    old_on, new_on = _sends_on(before), _sends_on(after)
    moved = lost = both = 0.0
    for (a, b), share in pairs.items():
        if a is None and b is None and old_on and new_on:
            both += share  # clients whose slot has no server before and after move like all others
        elif b is None and new_on:
            moved += share * (1 - new.get(a, 0.0)) if a else share
        elif a is None and old_on:
            moved += share * (1 - old.get(b, 0.0)) if b else 0.0
            lost += 0.0 if b else share
        else:
            moved += share if b and a != b else 0.0
            lost += share if a and not b else 0.0
    rest = 1 - both
    return (moved / rest, lost / rest) if rest else (0.0, 0.0)


def _sends_on(pool: Pool) -> bool:
    return pool.service.scheduler == "mh" and pool.falls_back and any(member.takes for member in pool.members)
