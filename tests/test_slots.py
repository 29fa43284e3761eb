"""The table of `mh`: filled as the kernel does it, slot by slot, and in time where it is large."""

from __future__ import annotations

import time
from itertools import cycle
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.model import Command, Server, Service
from pyipvsadm.prediction.hashes import FIRST, SECOND, siphashes
from pyipvsadm.prediction.impact import impact, moved, shares
from pyipvsadm.prediction.pools import MH_SIZES, Pool, after
from pyipvsadm.prediction.slots import made, slots

from .properties import examples

IN_TIME = 0.2  # seconds of a processor for the impact of one service
SERVICE = Service(protocol=6, address=bytes((192, 168, 2, 10)), port=80, scheduler="mh")


def pool_of(weights, index, first=0):
    """Servers of these weights, the addresses of which are numbers from `first` on."""
    added = [
        Server(address=(0x0A000000 + number).to_bytes(4, "big"), port=8080, weight=weight)
        for number, weight in enumerate(weights, first)
    ]
    pool = Pool(service=SERVICE, mh_index=index)
    return after(pool, [Command(verb="add-server", server=server) for server in added])


def by_probing(pool):
    """The table, by looking at one slot after the other. Source: ip_vs_mh_populate in ip_vs_mh.c."""
    size = MH_SIZES[pool.mh_index]
    weights = [member.last for member in pool.members]
    unit = gcd(*weights)
    if not unit:
        return []
    shift = max(0, (max(weights) // unit).bit_length() - pool.mh_index // 2)
    found, places = [None] * size, []
    for server in pool.servers:
        key = int.from_bytes(server.address, "big") + server.port
        start, step = (next(siphashes([key], seed)) for seed in (FIRST, SECOND))
        places.append([start % size, step % (size - 1) + 1])
    left = size
    for index in cycle(range(len(weights))):
        turns = max(weights[index] // unit >> shift, 1) if weights[index] else 0
        for _ in range(min(turns, left)):
            place = places[index]
            while found[place[0]] is not None:
                place[0] = (place[0] + place[1]) % size
            found[place[0]] = index
            left -= 1
        if not left:
            return found
    return found


WEIGHTS = st.one_of(
    st.lists(st.integers(0, 5), min_size=1, max_size=60),
    st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=8),
    st.integers(1, 600).map(lambda count: [1] * count),
)


@examples(300)
@given(WEIGHTS, st.sampled_from([8, 9, 10, 12]), st.integers(0, 2**24 - 1000))
def test_a_table_is_filled_as_by_probing(weights, index, first):
    pool = pool_of(weights, index, first)
    assert list(slots(pool)) == by_probing(pool)


@pytest.mark.parametrize("weights", [(1,), (1, 1), (3, 0, 7, 100), range(100), (64, 1) * 150], ids=len)
def test_the_largest_table_is_filled_as_by_probing(weights):
    pool = pool_of(weights, 17)
    assert list(slots(pool)) == by_probing(pool)


@pytest.mark.clock
@pytest.mark.parametrize("scheduler", ["mh", "sh"])
@pytest.mark.parametrize("count", [2, 10, 100])
def test_impact_is_told_in_time_where_the_table_is_the_largest(count, scheduler):
    """The best of a few, since others may have the processor; of `sh`, too, as `mh` is told beside it."""
    before = pool_of([1 + number % 3 for number in range(count)], 17)
    before = before.replace(service=SERVICE.replace(scheduler=scheduler))
    later = after(before, [Command(verb="delete-server", server=before.servers[0])])
    taken = []
    for _ in range(5):
        made.clear()
        began = time.process_time()
        found = impact(before, later)
        taken.append(time.process_time() - began)
    assert 0 < found.ideal <= found.moved <= 1
    assert min(taken) < IN_TIME


def test_what_moves_is_counted_slot_by_slot():
    before = pool_of((1, 2, 3, 4), 12)
    later = after(before, [Command(verb="delete-server", server=before.servers[2])])
    ends = [[pool.servers[index][:2] for index in slots(pool)] for pool in (before, later)]
    pairs = list(zip(*ends, strict=True))
    assert moved(before, later) == (pytest.approx(sum(a != b for a, b in pairs) / len(pairs)), 0)
    assert shares(before) == {end: ends[0].count(end) / len(pairs) for end in set(ends[0])}
