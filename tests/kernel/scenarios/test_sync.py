"""The sync daemon: a second director learns the connections of the first, to take over where it ends.

The first is the master and tells by multicast on a link between the two; the second is the backup and listens.
"""

from __future__ import annotations

import time

import pytest

from ..directors import InProcess, stop_daemons
from ..namespaces import Namespace
from ..network import SERVERS, VIP, ip, settle

SERVICE = f"-t {VIP}:80"
RULES = f"-A {SERVICE} -s rr \n-a {SERVICE} -r {SERVERS[0]}:8080 -m \n-a {SERVICE} -r {SERVERS[1]}:8080 -m\n"
PATIENCE = 15  # seconds; the master sends what it gathered every two
UNTOLD = 4  # seconds after which it would have


@pytest.fixture
def second(network):
    """Another director, linked with the first, and with the same table."""
    namespace = Namespace()
    ip(network.director, f"link add sync type veth peer name sync netns {namespace.path()}")
    for one, address in ((network.director, "10.5.0.1"), (namespace, "10.5.0.2")):
        ip(one, f"addr add {address}/24 dev sync", "link set sync up")
    settle(network.director, namespace)
    program = InProcess(namespace)
    assert program("-R", RULES) == (0, "", "")
    yield program
    stop_daemons(namespace)
    namespace.close()


def talk(network):
    """A connection from the client that goes on for some packets, as the kernel tells nobody of short ones."""
    listening = [network.listen(address, 8080) for address in SERVERS]
    connection = network.connect(VIP, 80)
    for one in listening:
        one.settimeout(0.5)
        try:
            accepted = one.accept()[0]
        except TimeoutError:
            continue
        network.hold(accepted)
        for _ in range(5):
            connection.sendall(b"question")
            assert accepted.recv(100) == b"question"
        return connection
    raise AssertionError("no server was called")


def known(program):
    """The connections that a director knows, without their times."""
    rows = [line.split() for line in program("-Lnc").stdout.splitlines()[2:]]
    return [(row[0], *row[2:]) for row in rows]


def test_the_backup_knows_the_connection(network, ipvs, second):
    ipvs(RULES + "--start-daemon master --mcast-interface sync --syncid 7")
    assert second("--start-daemon backup --mcast-interface sync --syncid 7") == (0, "", "")
    assert known(second) == []
    talk(network)
    there = known(InProcess(network.director))
    assert [row[:2] for row in there] == [("TCP", "ESTABLISHED")]
    until = time.monotonic() + PATIENCE
    while known(second) != there and time.monotonic() < until:
        time.sleep(0.2)
    assert known(second) == there


def test_a_backup_of_another_number_learns_nothing(network, ipvs, second):
    ipvs(RULES + "--start-daemon master --mcast-interface sync --syncid 7")
    assert second("--start-daemon backup --mcast-interface sync --syncid 8") == (0, "", "")
    talk(network)
    time.sleep(UNTOLD)
    assert known(InProcess(network.director)) != []
    assert known(second) == []
