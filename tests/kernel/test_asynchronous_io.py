"""Many requests by one system call: what comes back, and that a table read so is the one that is read plainly."""

from __future__ import annotations

import random
import socket
from contextlib import closing

import pytest

from pyipvsadm.kernel import Kernel
from pyipvsadm.kernel.asynchronous_io import Exchange
from pyipvsadm.kernel.transport import LEAST_ROOM, Transport

from .directors import ipvsadm
from .namespaces import Namespace

SERVICES, ROUNDS = 150, 12
SIZES = (0, 1, 4, 4, 4, 7, 9, 12, 40)  # servers of a service: none, those of one piece, and those of several


@pytest.fixture
def director():
    namespace = Namespace()
    yield namespace
    namespace.close()


@pytest.mark.parametrize(("waiting", "requests", "expected"), [
    ([b"one", b"end", b"two", b"end"], [b"first", b"second request"], [b"oneend", b"twoend"]),
    ([b"one"], [b"first"], [b"one"]),  # there may be no second answer
    ([b"one", b"longer than that", b"two", b"end"], [b"1", b"2"], [b"onelonger", b"twoend"]),
    ([b"one", b"end"], [b"first", b"second"], []),  # but there has to be a first one
    ([b"x" * LEAST_ROOM, b"end"], [b"first"], []),  # ... which was not cut
    ([], [b"x" * 300, b"x" * 300], []),  # more than there is room for
    ([b"one", b"end"] * 3, [b"1", b"2", b"3"], []),
    ([], [], []),
], ids=["two", "no end", "cut", "no answer", "no room", "too long", "too many", "none"])  # fmt: skip
def test_each_request_gets_what_is_received_behind_it(waiting, requests, expected):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(ours), closing(theirs):
        for one in waiting:
            theirs.send(one)
        for one in (ours, theirs):
            one.setblocking(False)
        assert Exchange(2, LEAST_ROOM, 6)(ours.fileno(), requests) == expected
        if expected:
            assert [theirs.recv(LEAST_ROOM) for _ in requests] == requests


def test_a_file_that_is_closed_answers_nothing_and_the_next_one_does():
    exchange = Exchange(2, LEAST_ROOM, 6)
    for _ in range(500):  # more than the kernel keeps results of
        assert exchange(-1, [b"first"]) == []
    test_each_request_gets_what_is_received_behind_it([b"one", b"end"], [b"first"], [b"oneend"])


def rules(sizes):
    for number, servers in sizes.items():
        service = f"-f {number}" if number % 3 == 0 else f"-{'ut'[number % 2]} 10.0.0.1:{number}"
        yield f"-A {service} -s rr\n"
        yield from (f"-a {service} -r 10.1.0.{server + 1}:0 -g -w {server * number}\n" for server in range(servers))


@pytest.mark.parametrize("held", [False, True], ids=["here", "another namespace"])
def test_a_table_read_again_and_again_is_the_table(director, monkeypatch, held):
    """Services come, go and grow past what a piece holds; most answers come by one call for many services."""
    at_once = []
    short_dumps = Transport.short_dumps

    def counted(*words):
        found = short_dumps(*words)
        at_once.append(len(found))
        return found

    monkeypatch.setattr(Transport, "short_dumps", counted)
    chance = random.Random(20)
    sizes = {number: chance.choice(SIZES) for number in range(1, SERVICES)}
    with director.entered():
        kernel = Kernel.open(held=socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) if held else None)
        repeated, plain = kernel.repeatedly(), Kernel.open()
    for _ in range(ROUNDS):
        assert ipvsadm(director)("-C") == (0, "", "")
        assert ipvsadm(director)("-R", "".join(rules(sizes))) == (0, "", "")
        with director.entered():
            for _ in range(2):
                found = repeated.read(steady=True)
                told = {service[:5]: (service, tuple(servers)) for service, servers in found}
                assert told == {row[0][:5]: row for row in plain.table(stats=True).services}
                assert {service[3] or service[4]: len(servers) for service, servers in found} == sizes
        for number in chance.sample(range(1, SERVICES + 20), 15):
            sizes[number] = chance.choice(SIZES)
        sizes.pop(chance.choice(list(sizes)))
    assert sum(at_once) > ROUNDS * SERVICES // 2
    assert 0 in at_once  # where one of them has grown
