"""What each scheduler does with two hundred requests, by its definition.

Server 0 has three times the weight of server 1, if the row doesn't say otherwise. `held` requests are TCP
connections that stay open; `sources` are datagrams of a hundred clients, each of which asks twice;
`destinations` go to a hundred addresses of the director, to each twice (which takes a service by mark).
"""

from __future__ import annotations

import select
from collections import Counter
from typing import NamedTuple

import pytest

from ..network import SERVERS, VIP, VIPS
from .traffic import MARK, PORT, SERVER_PORT, Requests, destination, mark_what_is_for, source

REQUESTS = 200


class Row(NamedTuple):
    """What a scheduler is given, and how many requests may come to server 0: the least and the most."""

    scheduler: str
    load: str
    least: int
    most: int
    why: str
    weights: tuple[int, int] = (3, 1)


ROWS = [
    Row("rr", "datagrams", 100, 100, "one after the other, whatever they weigh"),
    Row("wrr", "datagrams", 150, 150, "three to one"),
    Row("wrr", "datagrams", 100, 100, "one to one", (1, 1)),
    Row("wrr", "datagrams", 0, 0, "no weight, no requests", (0, 1)),
    Row("lc", "held", 100, 100, "the least connections, whatever they weigh"),
    Row("wlc", "held", 149, 151, "the least connections for their weight"),
    Row("sed", "held", 149, 151, "the least connections for their weight, with the one to come"),
    Row("nq", "held", 149, 151, "as sed, but an idle server before all"),
    Row("fo", "datagrams", 200, 200, "all to the heaviest"),
    Row("fo", "datagrams", 0, 0, "all to the heaviest", (1, 3)),
    Row("ovf", "held", 121, 121, "to the heaviest until it has more than its weight, then to the next", (120, 100)),
    Row("sh", "sources", 110, 190, "by the client, in proportion to the weights"),
    Row("mh", "sources", 110, 190, "by the client, in proportion to the weights"),
    Row("dh", "destinations", 60, 140, "by the address asked, whatever the servers weigh"),
    Row("lblc", "destinations", 146, 154, "by the address asked; a new one to the least loaded"),
    Row("lblcr", "destinations", 146, 154, "by the address asked; a new one to the least loaded"),
]


def datagrams(network, ipvs):
    """Which server got each of them."""
    requests = Requests(network)
    for _ in range(REQUESTS):
        requests.send()
    return requests.arrived(REQUESTS)


def held(network, ipvs):
    """Which server has each connection; all are open at the end."""
    listening = [network.listen(address, SERVER_PORT) for address in SERVERS]
    got = []
    for _ in range(REQUESTS):
        network.connect(VIP, PORT)
        (ready,), _, _ = select.select(listening, [], [], 3)
        network.hold(ready.accept()[0])
        got.append(listening.index(ready))
    return got


def twice(requests, ways):
    """Which server got each request of two rounds; the second has to go as the first.

    It goes backward, so that a scheduler that takes turns can't repeat itself by chance.
    """
    first = [requests.served(**way) for way in ways]
    second = [requests.served(**way) for way in reversed(ways)]
    assert first == second[::-1]
    return first + second


def sources(network, ipvs):
    """A hundred clients."""
    return twice(Requests(network), [{"by": source(number)} for number in range(257, 257 + REQUESTS // 2)])


def destinations(network, ipvs):
    """A hundred addresses, of one service."""
    mark_what_is_for(network.director, VIPS)
    ways = [{"to": destination(number), "port": SERVER_PORT} for number in range(257, 257 + REQUESTS // 2)]
    return twice(Requests(network), ways)


LOADS = {load.__name__: load for load in (datagrams, held, sources, destinations)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.scheduler}-{row.weights[0]}-{row.weights[1]}")
def test_two_hundred_requests(network, ipvs, row):
    option = {"held": f"-t {VIP}:{PORT}", "destinations": f"-f {MARK}"}.get(row.load, f"-u {VIP}:{PORT}")
    port = 0 if row.load == "destinations" else SERVER_PORT
    ipvs(f"-A {option} -s {row.scheduler}")
    for address, weight in zip(SERVERS, row.weights, strict=True):
        ipvs(f"-a {option} -r {address}:{port} -m -w {weight}")
    counted = Counter(LOADS[row.load](network, ipvs))
    assert counted.total() == REQUESTS
    assert row.least <= counted[0] <= row.most, row.why


def test_every_scheduler_of_ipvsadm_has_a_row():
    """Of those that the manual names (twos has come later, and this kernel may lack it)."""
    named = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"]
    assert {row.scheduler for row in ROWS} == set(named)
