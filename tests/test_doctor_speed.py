"""Collecting and judging take time in proportion to services, servers and rules: calls are counted, at n and 4 n."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from socket import AF_INET, AF_INET6

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyipvsadm import model
from pyipvsadm.grammar.shell import command, quoted
from pyipvsadm.network.facts import Address
from pyipvsadm.network.routes import Route
from pyipvsadm.verbs.doctor.collection.live_services import row, services_of
from pyipvsadm.verbs.doctor.snapshot_values import Arrival, Connection, Counters, Listener, Server, Service
from pyipvsadm.verbs.doctor.verdict import judge

from .test_doctor_checks import CLIENT, DROPPING, FILTER, HEALTHY, MARK, rules

OWN = "-A INPUT -d 198.18.{0}.{1}/32 -p tcp -m tcp --dport 80 -j ACCEPT\n"
CHAINS = {  # kinds of firewalls, each of n rules
    "none": lambda n: "",
    "single clients": lambda n: FILTER + "".join(
        f"-A {chain} {end} 203.0.{one >> 8}.{one & 255}/32 -j DROP\n"
        for one in range(n) for chain, end in (("INPUT", "-s"), ("FORWARD", "-d"))),
    "services": lambda n: DROPPING + "".join(OWN.format(one >> 8, one & 255) for one in range(n))
        + "-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n",
    "servers": lambda n: DROPPING + "-A INPUT -p tcp -j ACCEPT\n" + "".join(
        f"-A FORWARD -s 10.{server}.{one >> 8}.{one & 255}/32 -j ACCEPT\n" for one in range(n) for server in range(4)),
    "ports": lambda n: DROPPING + "-A FORWARD -j ACCEPT\n" + "".join(
        f"-A INPUT -p tcp -m tcp --dport {one + 1} -j ACCEPT\n" for one in range(n)),
    "translations": lambda n: "*nat\n:POSTROUTING ACCEPT [0:0]\n" + "".join(
        f"-A POSTROUTING -d 10.0.{one >> 8}.{one & 255}/32 -j MASQUERADE\n" for one in range(n)),
    "marks": lambda n: MARK * n,
}  # fmt: skip


def director(n, chains):
    """A director of n services with four servers each, n rules, and clients."""
    busy = Counters(9, 90, 90, 900, 900)
    services = tuple(
        Service(
            f"198.18.{one >> 8}.{one & 255}:80/tcp",
            "rr",
            counters=busy,
            servers=tuple(
                Server(f"10.{server}.{one >> 8}.{one & 255}", 8080, "masquerade", counters=busy) for server in range(4)
            ),
        )
        for one in range(n)
    )
    clients = [f"203.0.{one >> 8}.{one & 255}" for one in range(n)]
    routes = {service.address: Route("local", "lo") for service in services}
    routes |= {one.address: Route("unicast", "eth1", source="10.0.0.1") for of in services for one in of.servers}
    routes |= {client: Route("unicast", "eth0", "192.0.2.254") for client in clients[:64]}
    text = CHAINS[chains](n)
    return replace(
        HEALTHY,
        services=services,
        routes=routes | {CLIENT: HEALTHY.routes[CLIENT]},
        addresses=(*HEALTHY.addresses[:2], *(Address(one.address, 32, "kube-ipvs0") for one in services)),
        listeners=tuple(Listener("tcp", "0.0.0.0", 10_000 + one) for one in range(20)),
        connections=tuple(
            Connection("tcp", client, of.address, 80, of.servers[0].address, 8080, "ESTABLISHED")
            for client, of in zip(clients, services, strict=True)
        ),
        arrivals=tuple(Arrival("eth0", client, of.service, 3) for client, of in zip(clients, services, strict=True)),
        firewall=rules(text) if text else HEALTHY.firewall,
    )


def unbound(n):
    """A director of whose addresses none is bound."""
    whole = director(n, "none")
    missing = {service.address: Route("unicast", "eth0", "192.0.2.254") for service in whole.services}
    return replace(whole, routes=whole.routes | missing, addresses=whole.addresses[:2])


def cost(work, of):
    """How many functions are called, those of C among them, and lines run: each element of a comprehension is one."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    def step(frame, event, argument):
        nonlocal calls
        calls += event == "line"
        return step

    traced = sys.gettrace()
    sys.setprofile(count)
    sys.settrace(step)
    try:
        work(of)
    finally:
        sys.settrace(traced)
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("chains", CHAINS)
def test_four_times_as_much_costs_four_times_as_much(chains):
    small, large = cost(judge, director(150, chains)), cost(judge, director(600, chains))
    assert large < 4.6 * small


def test_addresses_that_are_missing_cost_no_more():
    small, large = cost(judge, unbound(150)), cost(judge, unbound(600))
    assert large < 4.6 * small


STATS = model.Stats(), model.Stats.make(range(1, 11))


def kernels_server(number):
    four, six = bytes([10, number & 255, number >> 8, 9]), bytes([0x20, 1, *13 * [0], number % 9])
    return model.Server(
        address=four if number % 5 else six,
        port=number % 7,
        forwarding=number % 4,
        weight=number % 3,
        upper_threshold=number % 2,
        tunnel_type=number % 3,
        tunnel_port=number % 2,
        active=number % 2,
        stats=STATS[number % 2],
    )


def kernels_service(number):
    four = {"af": AF_INET, "address": bytes([198, 18, number >> 8, number & 255])}
    six = {"af": AF_INET6, "address": bytes([0x20, 1, *13 * [0], number % 250])}
    name = {**(six if number % 5 == 4 else four), "protocol": 6, "port": 80}
    name = name if number % 11 else {"fwmark": number + 1}
    return model.Service(**name, scheduler="rr", flags=number % 8, timeout=300, stats=STATS[number % 2])


def kernels_table(n):
    """n services with four servers each, as the kernel tells them: of both families, idle and busy, of all methods."""
    return [
        (kernels_service(one), [row(kernels_server(number)) for number in range(4 * one, 4 * one + 4)])
        for one in range(n)
    ]


def test_services_of_the_kernel_are_whole():
    found = services_of(kernels_table(40))
    servers = [server for service in found for server in service.servers]
    for one in (*found, *servers):
        assert {field.name for field in fields(one)} <= vars(one).keys()
        assert replace(one) == one
    for one in found:
        again = replace(one)  # by the constructor: it reads its name
        assert (one.address, one.port, one.protocol, one.mark) == (
            again.address, again.port, again.protocol, again.mark
        )  # fmt: skip
    assert (len(found), len(servers)) == (40, 160)
    assert {one.kind for one in servers} == {"", "ipip", "gue", "gre"}
    assert {one.counters for one in servers} == {Counters(), Counters(1, 2, 3, 4, 5)}
    assert {one.connections.active for one in servers} == {0, 1}


def test_services_of_the_kernel_cost_in_proportion():
    assert cost(services_of, kernels_table(400)) < 4.6 * cost(services_of, kernels_table(100))


WAYS = (
    Route("local", "lo"),
    Route("unicast", "eth0", "192.0.2.254"),
    Route("unicast", "eth1"),
    Route("none", source="no"),
)


@pytest.mark.parametrize("managers", [(), ("keepalived",)])
@given(ways=some.lists(some.tuples(some.sampled_from(WAYS), some.booleans()), min_size=1, max_size=12))
def test_addresses_are_judged_together_as_each_alone(managers, ways):
    whole = director(len(ways), "none")
    addresses = [service.address for service in whole.services]
    routes = {address: way for address, (way, _) in zip(addresses, ways, strict=True)}
    routers = tuple(address for address, (_, other) in zip(addresses, ways, strict=True) if other)
    whole = replace(whole, routes=whole.routes | routes, managers=managers, next_hops=routers)
    alone: dict[tuple[str, str, str], tuple[list[str], list[str]]] = {}
    for service in whole.services:
        for one in judge(replace(whole, services=(service,)), ["V1"]).findings:
            subjects, commands = alone.setdefault((one.severity, one.seen, one.why), ([], []))
            subjects += one.subjects
            commands += one.commands
    together = judge(whole, ["V1"]).findings
    assert {one[:1] + one[2:4]: (list(one.subjects), list(one.commands)) for one in together} == alone
    assert [one[:1] + one[2:4] for one in together] == list(alone)


@given(some.lists(some.text(alphabet="aZ9 .:/=-_'\"$%é\n\t", max_size=6), max_size=5))
def test_a_command_line_is_its_words_each_quoted(words):
    assert command(*words) == " ".join(map(quoted, words))
