"""The tables in which hashing schedulers look servers up: for each slot, the index of its server in the pool.

Source: ip_vs_sh_reassign, ip_vs_dh_reassign, and ip_vs_mh_populate with ip_vs_mh_permutate and ip_vs_mh_gcd_weight.
"""

from __future__ import annotations

from _collections import deque
from itertools import cycle, islice
from math import gcd

from ..record import keep
from .hashes import FIRST, SECOND, fold, siphashes
from .pools import MH_SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .pools import Member, Pool

KEPT = 4  # tables: those of a service before and after a change, and both with `mh`
SORTED = 8  # when 1 / (SORTED * servers) of the slots is left, each server sorts the free slots into its own order

made: dict[Pool, Sequence[int]] = {}  # as a question about a pool needs its table more than once


def slots(pool: Pool) -> Sequence[int]:
    """The table of `pool`; empty if it has no servers in it."""
    if pool in made:
        return made[pool]
    make = TABLES.get(pool.service.scheduler or "")
    return keep(made, pool, make(pool) if make and pool.members else (), KEPT)


def _sh(pool: Pool) -> list[int]:
    """The table of `sh`: each server in turn gets as many adjacent slots as its weight, and one if that is 0."""
    size = 1 << pool.sh_bits
    found: list[int] = []
    for index in cycle(range(len(pool.members))):
        found += [index] * min(max(pool.members[index].server.weight, 1), size - len(found))
        if len(found) == size:
            return found
    return found


def _dh(pool: Pool) -> list[int]:
    """The table of `dh`: each server in turn gets one slot, whatever its weight."""
    return [slot % len(pool.members) for slot in range(1 << pool.sh_bits)]


def _mh(pool: Pool) -> list[int]:
    """The table of `mh`: each server in turn takes the next free slots of its permutation, as many as its weight.

    While most slots are free, a server steps over the taken ones. At the end, when that would take most of the time,
    each server sorts the free slots into the order of its permutation instead.
    """
    size = MH_SIZES[pool.mh_index]
    turns = _turns(pool)
    if not any(turns):
        return []
    found = [-1] * size
    permutations = _permutations(pool.members, size)
    order = cycle([index for index, count in enumerate(turns) for _ in range(count)])
    left = size // (SORTED * len(turns))
    _take(islice(order, size - left), [_probed(found, index, *each) for index, each in enumerate(permutations)])
    free = [slot for slot, index in enumerate(found) if index < 0]
    _take(islice(order, left), [_sorted(found, free, index, *each) for index, each in enumerate(permutations)])
    return found


def _take(order: Iterable[int], walks: Sequence[Iterator[None]]) -> None:
    """Advance the walks in `order`, which names their indices; each takes a slot."""
    deque(map(next, map(walks.__getitem__, order)), maxlen=0)


def _probed(found: list[int], index: int, start: int, step: int) -> Iterator[None]:
    """At each step, take the next free slot of the permutation with this `start` and `step` for the server `index`."""
    place, size = start, len(found)
    while True:
        while found[place] >= 0:
            place = (place + step) % size
        found[place] = index
        yield


def _sorted(found: list[int], free: Sequence[int], index: int, start: int, step: int) -> Iterator[None]:
    """At each step, take the next of the `free` slots in the order of the permutation, if it is still free."""
    size = len(found)
    steps = pow(step, -1, size)  # from a slot to the next one; exists, as sizes are prime
    for place in sorted(free, key=lambda slot: (slot - start) * steps % size):
        if found[place] < 0:
            found[place] = index
            yield


def _permutations(members: Sequence[Member], size: int) -> list[tuple[int, int]]:
    """For each server, the slot at which its permutation begins, and its step."""
    keys = [fold(member.server.address) + member.server.port for member in members]
    starts, steps = siphashes(keys, FIRST), siphashes(keys, SECOND)
    return [(start % size, step % (size - 1) + 1) for start, step in zip(starts, steps, strict=True)]


def _turns(pool: Pool) -> list[int]:
    """The number of slots that each server takes in a round: its weight, of which the kernel keeps the highest bits."""
    weights = [member.last for member in pool.members]
    unit = gcd(*weights)
    if not unit:
        return [0] * len(weights)
    shift = max(0, (max(weights) // unit).bit_length() - pool.mh_index // 2)
    return [max(weight // unit >> shift, 1) if weight else 0 for weight in weights]


TABLES: dict[str, Callable[[Pool], Sequence[int]]] = {"sh": _sh, "dh": _dh, "mh": _mh}
