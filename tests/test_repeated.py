"""Reading a table again and again: the same as reading it anew, and what hasn't changed is the same object."""

from __future__ import annotations

import random
import struct

import pytest

from pyipvsadm.kernel import Kernel
from pyipvsadm.verbs.top import sample
from pyipvsadm.verbs.top.feed import Lines

from .netlink import FAMILY, CannedSocket, error, requests, server, service, small_kernel


def table(counts):
    """A table whose service number n, and its servers, have counted `counts[n]`; some are of IPv6, some of a mark."""
    found = []
    for number, count in counts.items():
        address = bytes((10, 0, 0, number)) if number % 3 else bytes((0x20, 1, *13 * [0], number))
        counters = (count,) * 5 + (0,) * 5
        name = {"fwmark": number} if number % 5 == 4 else {}
        its = [server(bytes((10, 1, number, one)), 80, counters=counters, weight=count) for one in range(number % 4)]
        found.append((service(address, 80, counters=counters, **name), its))
    return found


class Changing:
    """A kernel whose table changes; a list of `failures` answers requests first."""

    def __init__(self, counts):
        self.counts, self.failures = counts, []
        self.socket = CannedSocket(self.play)
        self.kernel = Kernel(self.socket, FAMILY)

    def play(self, data):
        if self.failures:
            ((_, sequence, _, _),) = requests(data)
            return [error(sequence, self.failures.pop())]
        return small_kernel(table(self.counts))(data)

    def plain(self):
        """The table as it is read once."""
        return list(self.kernel.with_servers(self.kernel.services(True), True))


@pytest.mark.parametrize("seed", range(20))
def test_it_is_what_a_single_reading_finds(seed):
    chance = random.Random(seed)
    changing = Changing(dict.fromkeys(range(1, 30), 1))
    repeated = changing.kernel.repeatedly()
    for _ in range(12):
        for _ in range(chance.choice((0, 0, 1, 3))):
            number = chance.randrange(1, 40)
            if not changing.counts.pop(number, 0) or chance.random() < 0.6:
                changing.counts[number] = chance.randrange(1, 9)
        if chance.random() < 0.2:
            changing.failures = [16] * chance.randrange(2)
            try:
                repeated.read()
            except OSError:
                pass
        found = repeated.read()
        assert found == changing.plain()
        some = [one for one, _ in found if chance.random() < 0.3]
        assert repeated.read(some) == [row for row in found if row[0] in some]


def test_what_has_not_changed_is_the_same_object():
    changing = Changing(dict.fromkeys(range(1, 20), 1))
    repeated = changing.kernel.repeatedly()
    before = repeated.read()
    changing.kernel.info(again=True)  # another request in between
    changing.counts[7] = 2
    now = repeated.read()
    assert [old[0] is new[0] and old[1] is new[1] for old, new in zip(before, now, strict=True)] == [
        number != 7 for number in range(1, 20)
    ]


@pytest.mark.parametrize("count", [10, 40])
def test_it_takes_the_system_calls_of_a_single_reading(count):
    changing = Changing(dict.fromkeys(range(1, count + 1), 1))
    repeated = changing.kernel.repeatedly()
    repeated.read()
    calls = changing.socket.calls
    repeated.read()
    taken = changing.socket.calls - calls
    changing.plain()
    assert taken == changing.socket.calls - calls - taken


def test_a_failure_gets_the_next_requests_another_number():
    changing = Changing({1: 1, 2: 1})
    repeated = changing.kernel.repeatedly()

    def numbers():
        sent = len(changing.socket.requests)
        repeated.read()
        return {sequence for _, sequence, _, _ in changing.socket.requests[sent:]}

    first = numbers()
    assert numbers() == first
    changing.failures = [16]
    with pytest.raises(OSError, match="refused"):
        repeated.read()
    assert not numbers() & first


@pytest.mark.parametrize(("dumps", "asked"), [
    ([range(1, 40)], 1),  # a table that is as it was is read once
    ([range(1, 39), range(1, 40)], 3),  # the first misses one, so it is read until two are alike
    ([range(1, 39), range(2, 40), range(1, 40)], 4),
])  # fmt: skip
def test_a_steady_dump_misses_no_service(dumps, asked):
    """The dumps follow a whole one; the last of them stays."""
    whole, count = dict.fromkeys(range(1, 40), 1), 0
    changing = Changing(whole)
    repeated = changing.kernel.repeatedly()
    expected = repeated.read(steady=True)
    assert len(expected) == 39

    def play(data):
        nonlocal count
        if requests(data)[0][2] == 4:
            count += 1
            return small_kernel(table(dict.fromkeys(dumps[min(count, len(dumps)) - 1], 1)))(data)
        return small_kernel(table(whole))(data)

    changing.socket._play = play
    assert repeated.read(steady=True) == expected
    assert count == asked


def test_a_table_that_never_keeps_still_is_given_up():
    changing = Changing({})
    repeated, count = changing.kernel.repeatedly(), 40

    def play(data):
        nonlocal count
        count += 1
        return small_kernel(table(dict.fromkeys(range(1, count), 1)))(data)

    changing.socket._play = play
    with pytest.raises(OSError, match="changes faster"):
        repeated.read(steady=True)


def test_over_another_socket_what_has_not_changed_is_the_same_object_too():
    """The kernel names the socket that asked in each message; for a long dump, it is replaced."""
    changing, ports = Changing(dict.fromkeys(range(1, 20), 1)), iter(range(1, 1000))
    repeated = changing.kernel.repeatedly()
    play = changing.play

    def named(data):
        port = struct.pack("=I", next(ports))
        return [with_port(answer, port) for answer in play(data)]

    changing.socket._play = named
    before, now = repeated.read(), repeated.read()
    assert all(old[0] is new[0] and old[1] is new[1] for old, new in zip(before, now, strict=True))


def with_port(answer, port):
    """The messages in `answer`, to the socket with this port."""
    found, at = b"", 0
    while at < len(answer):
        (length,) = struct.unpack_from("=I", answer, at)
        found += answer[at : at + 12] + port + answer[at + 16 : at + length]
        at += length
    return found


@pytest.mark.parametrize("seed", range(10))
def test_samples_and_their_lines_are_those_of_records_that_are_all_new(seed, monkeypatch):
    """A table too large for histories, where what doesn't move is passed over."""
    monkeypatch.setattr(sample, "REMEMBERED", 3)
    chance = random.Random(seed)
    changing = Changing(dict.fromkeys(range(1, 12), 1))
    repeated, lines = changing.kernel.repeatedly(), Lines()
    ours = theirs = None
    passed = 0
    for moment in range(40):
        if chance.random() < 0.5:
            number = chance.randrange(1, 14)
            changing.counts[number] = changing.counts.get(number, 0) + chance.randrange(3)
        if chance.random() < 0.1:
            changing.counts.pop(chance.randrange(1, 14), None)
        before = ours
        ours = sample.follow(ours, repeated.read(), moment)
        theirs = sample.follow(theirs, changing.plain(), moment)
        assert without_readings(ours) == without_readings(theirs)
        assert "".join(lines.of(ours, moment)) == "".join(Lines().of(theirs, moment))
        passed += before is not None and any(old is new for old in before.groups for new in ours.groups)
    assert passed > 5


def without_readings(found):
    return found._replace(groups=tuple(group._replace(read=None) for group in found.groups))


@pytest.mark.parametrize(("then", "readings"), [
    ({}, 1),  # nothing changes
    ({3: 9}, 1),  # counters do
    ({31: 1}, 2), ({3: 0}, 2),  # a service comes, or goes
])  # fmt: skip
def test_a_table_is_read_until_its_services_are_the_same_before_and_after(then, readings):
    changing = Changing(dict.fromkeys(range(1, 30), 1))
    seen = []

    def read(found):
        seen.append(found)
        if len(seen) == 1:
            changing.counts.update(then)
            changing.counts = {number: count for number, count in changing.counts.items() if count}
        return found

    assert changing.kernel.at_one_moment(read) == seen[-1]
    assert len(seen) == readings
