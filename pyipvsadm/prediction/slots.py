"""The tables that hashing schedulers look servers up in: of each slot, the index of its server in the pool.

Source: ip_vs_sh_reassign, ip_vs_dh_reassign, and ip_vs_mh_populate with ip_vs_mh_permutate and ip_vs_mh_gcd_weight.
"""

from __future__ import annotations

from itertools import cycle
from math import gcd

from .hashes import FIRST, SECOND, fold, siphashes
from .pools import MH_SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .pools import Member, Pool


def slots(pool: Pool) -> Sequence[int]:
    """The table of `pool`, empty where no server has a place in it."""
    make = TABLES.get(pool.service.scheduler or "")
    return make(pool) if make and pool.members else ()


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
    """Each server in turn takes the next slots of its own permutation that are free, as many as its weight says."""
    size = MH_SIZES[pool.mh_index]
    turns = _turns(pool)
    if not any(turns):
        return []
    found = [-1] * size
    places = _permutations(pool.members, size)
    left = size
    for index in cycle(range(len(pool.members))):
        place, step = places[index]
        for _ in range(min(turns[index], left)):
            while found[place] >= 0:
                place = (place + step) % size
            found[place] = index
            left -= 1
        places[index] = place, step
        if not left:
            return found
    return found


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
