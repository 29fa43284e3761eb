"""Persistence: a client stays on its server for a time, and so does all of its network if the service has a mask.

The first request of a client makes a template; as long as it lives, every further request follows it, whatever
the scheduler would say. The scheduler here is rr, so that without persistence the server changes each time.
"""

from __future__ import annotations

import time

from ..network import SERVERS, VIP
from .traffic import PATIENCE, Requests

SERVICE = f"-u {VIP}:53"
TIMES = 6


def rules(options):
    """A service on both servers."""
    return f"-A {SERVICE} -s rr {options} \n" + "".join(f"-a {SERVICE} -r {one}:5353 -m \n" for one in SERVERS)


def servers_of(requests, *clients):
    """The servers that these clients come to, who ask in turns."""
    return [[requests.served(by=client) for client in clients] for _ in range(TIMES)]


def test_without_it_the_server_changes_each_time(network, ipvs):
    ipvs(rules(""))
    requests = Requests(network)
    got = [requests.served(by="10.9.1.1") for _ in range(TIMES)]
    assert got in ([0, 1] * 3, [1, 0] * 3)


def test_each_client_stays_on_its_server(network, ipvs):
    ipvs(rules("-p 60"))
    got = servers_of(Requests(network), "10.9.1.1", "10.9.1.2", "10.9.2.1")
    assert got in ([[0, 1, 0]] * TIMES, [[1, 0, 1]] * TIMES)  # each by itself, and the next goes to the next server


def test_with_a_netmask_a_network_stays_together(network, ipvs):
    ipvs(rules("-p 60 -M 255.255.255.0"))
    got = servers_of(Requests(network), "10.9.1.1", "10.9.1.2", "10.9.1.254", "10.9.2.1", "10.9.2.9")
    assert got in ([[0, 0, 0, 1, 1]] * TIMES, [[1, 1, 1, 0, 0]] * TIMES)
    templates = {line.split()[3] for line in ipvs("-Lnc").splitlines() if ":0 " in line}
    assert templates == {"10.9.1.0:0", "10.9.2.0:0"}


def test_after_its_time_a_client_is_free(network, ipvs):
    """It's on the other server then, since rr goes on. A template outlives the connections that hang on it."""
    ipvs("--set 0 0 1 \n" + rules("-p 1"))
    requests = Requests(network)
    first = [requests.served(by="10.9.1.1") for _ in range(2)]
    assert first[0] == first[1]
    until = time.monotonic() + 5 * PATIENCE
    while "10.9.1.1" in ipvs("-Lnc") and time.monotonic() < until:
        time.sleep(0.2)
    assert "10.9.1.1" not in ipvs("-Lnc")
    assert requests.served(by="10.9.1.1") != first[0]
