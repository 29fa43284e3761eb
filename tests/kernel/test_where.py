"""`where`, `diff --impact` and the rest from the command line, against what the kernel does with packets."""

from __future__ import annotations

import json
import time
from random import Random

import pytest

from pyipvsadm.model import FLAG_2, PERSISTENT, Command
from pyipvsadm.table.notation import spelled, spelled_address, spelled_server

from .directors import InProcess
from .packets import clients, sender
from .test_prediction import ESTIMATE, PORT, VIP, VIP6, carry_out, fill, servers, service

FEW = 300
SERVICES = {
    "sh": (service("sh"), False),
    "mh-port": (service("mh", FLAG_2), False),
    "mh-port ipv6": (service("mh", FLAG_2, six=True), True),
    "sh mark": (service("sh", fwmark=7), False),
    "rr port 0": (service("rr", PERSISTENT, timeout=300).replace(port=0), False),
    "rr persistent": (service("rr", PERSISTENT, timeout=300, netmask=0xFFFFFF00), False),
}


def words_of(some):
    """Clients as people write them."""
    hosts = [(spelled_address(one.address), one.port) for one in some]
    return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in hosts]


@pytest.mark.parametrize("name", SERVICES)
def test_what_where_tells_is_what_the_kernel_does(name):
    """Twice: before the packets by the scheduler, and behind them by the connections."""
    one, six = SERVICES[name]
    some = clients(Random(name), FEW, six)
    lines = "".join(f"{word} GET /\n" for word in words_of(some))
    with sender() as network:
        ours = InProcess(network.namespace)
        network.mark(one.fwmark or 0)
        fill(network.kernel, one, servers(1, 2, 1, 5, six=six))
        words = ["where", spelled(one), "--clients", "-", "-o", "json"]
        before = json.loads(ours(words, lines).stdout)
        for client in some:
            network.send(client, one.address or (VIP6 if six else VIP), PORT)
        chosen = network.chosen()
        found = ours(words, lines)
    ends = {server.address: spelled_server(server) for server in servers(1, 2, 1, 5, six=six)}
    went = [ends[chosen[client.address, client.port][0]] for client in some]  # where all ports are kept, so they are
    if one.scheduler == "rr":
        assert {row["why"] for row in before} == {"turn"}
        assert (before[0]["server"], before[0]["certain"]) == (went[0], True)
        assert not any(row["certain"] for row in before[1:])
    else:
        assert [(row["server"], row["certain"]) for row in before] == [(end, True) for end in went]
    behind = json.loads(found.stdout)
    assert [row["server"] for row in behind] == went
    assert {row["why"] for row in behind} == {"connection"}


PASTS = {  # what came before the question, and whether the first turn is certain: is it all in the counters?
    "nothing": ((), True),
    "connections, set to 0": (("send", "expire", "zero"), False),
    "connections, all set to 0": (("send", "expire", "zero all"), False),
    "a connection of before the last refresh, which has ended": (("send", "briefly"), False),
    "connections of another service": (("send other", "refresh"), True),
    "connections of another service, set to 0": (("send other", "refresh", "zero all"), False),
    "connections of another service that is gone": (("send other", "refresh", "delete other"), False),
    "made anew": (("send", "expire", "delete", "add"), False),
}


@pytest.mark.parametrize("scheduler", ["rr", "wrr"])
@pytest.mark.parametrize("name", PASTS)
def test_the_first_turn_is_certain_only_where_no_connection_can_have_come_before(name, scheduler):
    steps, certain = PASTS[name]
    one, other = service(scheduler), service("rr").replace(port=PORT + 1)
    its = servers(1, 1, 1)
    before, last = clients(Random(name), 2)
    with sender() as network:
        ours = InProcess(network.namespace)
        assert ours(["--set", "0", "0", "1"]).returncode == 0
        for each in (one, other):
            fill(network.kernel, each, its)
        doings = {
            "send": lambda: network.send(before, VIP, PORT),
            "send other": lambda: network.send(before, VIP, PORT + 1),
            "expire": lambda: gone(network),
            "briefly": lambda: gone(network, 0.1),
            "refresh": lambda: time.sleep(ESTIMATE),
            "zero": lambda: carry_out(network.kernel, Command(verb="zero", service=one)),
            "zero all": lambda: carry_out(network.kernel, Command(verb="zero")),
            "delete": lambda: carry_out(network.kernel, Command(verb="delete-service", service=one)),
            "delete other": lambda: carry_out(network.kernel, Command(verb="delete-service", service=other)),
            "add": lambda: fill(network.kernel, one, its),
        }
        for step in steps:
            doings[step]()
        (row,) = json.loads(ours(["where", spelled(one), *words_of([last]), "-o", "json"]).stdout)
        network.send(last, VIP, PORT)
        went = network.chosen()[last.address, last.port]
    assert row["certain"] == certain
    if certain or name == "made anew":
        assert row["server"] == spelled_server(next(one for one in its if one[:2] == went))


def gone(network, pause=0.5):
    """Wait until no connection is left."""
    while network.connections():
        time.sleep(pause)


def test_the_impact_that_diff_tells_is_the_one_that_apply_has():
    """A tenth of ten servers leaves, and a thousand clients are asked for before and after."""
    some = clients(Random("impact"), 1000)
    with sender() as network:
        ours = InProcess(network.namespace)
        for port, scheduler in enumerate(("sh", "mh"), PORT):
            fill(network.kernel, service(scheduler).replace(port=port), servers(*[1] * 10))
        saved = ours(["show", "-o", "rules"]).stdout
        wanted = "".join(line for line in saved.splitlines(True) if "10.2.0.5:" not in line)
        told = json.loads(ours(["diff", "-", "--impact", "-o", "json"], wanted).stdout)["impact"]
        went = []
        for shift in (0, 1):
            for client in some:
                moved = client.replace(port=client.port - shift)  # so that it is a new connection
                network.send(moved, VIP, PORT)
                network.send(moved, VIP, PORT + 1)
            entries = {(one.virtual_port, one.client, one.client_port): one.server for one in network.connections()}
            went.append(
                {port: [entries[port, one.address, one.port - shift] for one in some] for port in (PORT, PORT + 1)}
            )
            if not shift:
                assert ours(["apply", "--yes", "-"], wanted).returncode == 0
    told = [next(one for one in told if one["scheduler"] == scheduler) for scheduler in ("sh", "mh")]
    for port, impact in zip((PORT, PORT + 1), told, strict=True):
        count = sum(a != b for a, b in zip(went[0][port], went[1][port], strict=True))
        share = impact["moved"]
        assert abs(count - 1000 * share) <= 3 * (1000 * share * (1 - share)) ** 0.5 + 1
        assert impact["ideal"] == pytest.approx(0.1)
    assert told[0]["moved"] > 0.8
    assert told[1]["moved"] < 0.15
    assert told[0]["other"] == told[1]["moved"]


def test_a_server_that_a_clear_has_taken_is_told_of(director):
    ours = director("pyipvsadm")
    assert ours(["where", "10.8.0.1:53/udp"]).problem == "No such service: 10.8.0.1:53/udp"


def test_a_drained_server_of_mh(tmp_path):
    """It keeps its entries, by the weight that `drain` remembers; nobody else moves."""
    some = clients(Random("drained"), FEW)
    with sender() as network:
        ours = InProcess(network.namespace)
        one = service("mh")
        fill(network.kernel, one, servers(1, 2, 7))
        words = ["where", spelled(one), "--clients", "-", "-o", "json"]
        lines = "".join(f"{word}\n" for word in words_of(some))
        before = json.loads(ours(words, lines).stdout)
        assert ours(["drain", "10.2.0.4:5304"]).returncode == 0
        after = json.loads(ours(words, lines).stdout)
        for client in some:
            network.send(client, VIP, PORT)
        chosen = network.chosen()
        carry_out(network.kernel, Command(verb="clear"))
    went = [chosen.get((client.address, client.port)) for client in some]
    assert [row["server"] is None for row in after] == [end is None for end in went]
    assert all(a["server"] == b["server"] for a, b in zip(before, after, strict=True) if b["server"])
    assert not any(row["certain"] for row in after)
