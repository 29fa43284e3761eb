"""A service by firewall mark: one rule of the firewall gathers many addresses and ports into one service.

The service has no address and no port of its own; what bears the mark is balanced, what doesn't isn't.
"""

from __future__ import annotations

from ..network import SERVERS, VIP, VIPS
from .traffic import MARK, Requests, destination, mark_what_is_for

RULES = f"-A -f {MARK} -s rr \n" + "".join(f"-a -f {MARK} -r {address}:0 -m \n" for address in SERVERS)


def test_what_bears_the_mark_is_balanced_as_one_service(network, ipvs):
    mark_what_is_for(network.director, VIPS)
    ipvs(RULES)
    requests, others = Requests(network, 5353), Requests(network, 5354)
    got = []
    for number in range(1, 6):  # the turns of rr go on over addresses and ports
        got.append(requests.served(to=destination(number), port=5353))
        got.append(others.served(to=destination(number), port=5354))
    assert got in ([0, 1] * 5, [1, 0] * 5)


def test_what_bears_none_is_not(network, ipvs):
    mark_what_is_for(network.director, VIPS)
    ipvs(RULES)
    requests = Requests(network, 5353)
    requests.send(to=VIP, port=5353)
    assert requests.arrived(1, patience=0.5) == []
    requests.served(to=destination(1), port=5353)


def test_without_the_rule_nothing_is(network, ipvs):
    ipvs(RULES)
    requests = Requests(network, 5353)
    requests.send(to=destination(1), port=5353)
    assert requests.arrived(1, patience=0.5) == []
