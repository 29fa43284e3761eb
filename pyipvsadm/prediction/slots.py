"""The tables that hashing schedulers look servers up in: of each slot, the index of its server in the pool.

Source: ip_vs_sh_reassign, ip_vs_dh_reassign, and ip_vs_mh_populate with ip_vs_mh_permutate and ip_vs_mh_gcd_weight.
"""

from __future__ import annotations

from _collections import deque
from itertools import cycle, islice
from math import gcd

from ..cache import keep
from .hashes import FIRST, SECOND, fold, siphashes
from .pools import MH_SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .pools import Member, Pool

KEPT = 4  # tables: a service's and the one that it becomes, each by `mh` as well
SORTED = 8  # the last slot of so many is sorted, divided by the servers, each of which has its own order of them

made: dict[Pool, Sequence[int]] = {}  # since what is asked of a pool takes its table more than once


def slots(pool: Pool) -> Sequence[int]:
    """The table of `pool`, empty where no server has a place in it."""
    if pool in made:
        return made[pool]
    make = TABLES.get(pool.service.scheduler or "")
    return keep(made, pool, make(pool) if make and pool.members else (), KEPT)


def _sh(pool: Pool) -> list[int]:
    """Each server in turn has as many slots in a row as its weight says, and one if that is 0."""
    size = 1 << pool.sh_bits
    found: list[int] = []
    for index in cycle(range(len(pool.members))):
        found += [index] * min(max(pool.members[index].server.weight, 1), size - len(found))
        if len(found) == size:
            return found
    return found


def _dh(pool: Pool) -> list[int]:
    """Each server in turn has one slot, whatever its weight."""
    return [slot % len(pool.members) for slot in range(1 << pool.sh_bits)]


def _mh(pool: Pool) -> list[int]:
    """Each server in turn takes the next slots of its own permutation that are free, as many as its weight says.

    At first most slots are free, and one that is taken is passed over. Most of these steps would come at the end, when
    few are free: so then each server has the free ones sorted as its permutation has them.
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
    """Have a slot taken by each of `walks` whose index `order` names."""
    deque(map(next, map(walks.__getitem__, order)), maxlen=0)


def _probed(found: list[int], index: int, start: int, step: int) -> Iterator[None]:
    """Take the next slot of a permutation that is free, over and over."""
    place, size = start, len(found)
    while True:
        while found[place] >= 0:
            place = (place + step) % size
        found[place] = index
        yield


def _sorted(found: list[int], free: Sequence[int], index: int, start: int, step: int) -> Iterator[None]:
    """Take those of `free` slots that are still free in the order of a permutation, one by one."""
    size = len(found)
    steps = pow(step, -1, size)  # to the slot behind the start: sizes are prime, so each slot is reached
    for place in sorted(free, key=lambda slot: (slot - start) * steps % size):
        if found[place] < 0:
            found[place] = index
            yield


def _permutations(members: Sequence[Member], size: int) -> list[tuple[int, int]]:
    """Where each server begins to look for free slots, and in which steps it goes on."""
    keys = [fold(member.server.address) + member.server.port for member in members]
    starts, steps = siphashes(keys, FIRST), siphashes(keys, SECOND)
    return [(start % size, step % (size - 1) + 1) for start, step in zip(starts, steps, strict=True)]


def _turns(pool: Pool) -> list[int]:
    """How many slots each server takes in a round: its weight, of which the kernel keeps the highest bits."""
    weights = [member.last for member in pool.members]
    unit = gcd(*weights)
    if not unit:
        return [0] * len(weights)
    shift = max(0, (max(weights) // unit).bit_length() - pool.mh_index // 2)
    return [max(weight // unit >> shift, 1) if weight else 0 for weight in weights]


TABLES: dict[str, Callable[[Pool], Sequence[int]]] = {"sh": _sh, "dh": _dh, "mh": _mh}
