"""Where clients go: what is predicted, against the entries that the kernel makes for their packets."""

from __future__ import annotations

import socket
import time
from collections import Counter
from random import Random

import pytest

from pyipvsadm.model import FLAG_1, FLAG_2, MASQUERADE, ONE_PACKET, PERSISTENT, TUNNEL, Command, Server, Service
from pyipvsadm.prediction.choices import CONNECTION, PERSISTENCE, Chooser
from pyipvsadm.prediction.clients import Client, entries_of
from pyipvsadm.prediction.impact import shares
from pyipvsadm.prediction.memory import Expiry
from pyipvsadm.prediction.pools import Pool, after, members

from .packets import SCTP, TCP, UDP, clients, sender

VIP, VIP6 = bytes((10, 8, 0, 1)), socket.inet_pton(socket.AF_INET6, "2001:db8:8::1")
PORT = 53
MANY, SEED = 1000, 19
ESTIMATE = 2.2  # seconds after which the kernel has refreshed its counters
BOTH = FLAG_1 | FLAG_2  # with a fallback, and by the port as well


def service(scheduler: str, flags: int = 0, six: bool = False, protocol: int = UDP, **settings: object) -> Service:
    """A service to try: with an address, or with a mark if one is among its `settings`."""
    if "fwmark" not in settings:
        settings.update(protocol=protocol, address=VIP6 if six else VIP, port=PORT)
    af = socket.AF_INET6 if six else socket.AF_INET
    return Service(af=af, scheduler=scheduler, flags=flags, **settings)


def servers(*weights: int, six: bool = False, seed: int = SEED, **settings: int) -> list[Server]:
    """Servers of these weights, in no order."""
    head = socket.inet_pton(socket.AF_INET6, "2001:db8:2::")[:15] if six else bytes((10, 2, 0))
    found = [
        Server(address=head + bytes((number,)), port=5300 + number, weight=weight, forwarding=MASQUERADE, **settings)
        for number, weight in enumerate(weights, 2)
    ]
    Random(seed).shuffle(found)
    return found


def carry_out(kernel, *commands):
    assert list(kernel.submit(commands)) == []


def fill(kernel, one, its):
    """Have a service with servers, added in that order; the pool that this is."""
    added = [Command(verb="add-server", service=one, server=server) for server in its]
    carry_out(kernel, Command(verb="add-service", service=one), *added)
    return after(Pool(service=one), added)


def pool_of(kernel, one):
    return Pool(service=one, members=members(kernel.servers(one)))


def end(choice):
    return choice.server and choice.server[:2]


def wrong(some, choices, chosen):
    """Where the kernel chose otherwise than it was said with certainty."""
    return [
        (client, choice, got)
        for client, choice in zip(some, choices, strict=True)
        if choice.certain and end(choice) != (got := chosen.get((client.address, client.port)))
    ]


PLAIN = {  # a service, its servers, and how many of the clients get no server at all
    "sh": (service("sh"), servers(1, 2, 1, 5)),
    "sh-port": (service("sh", FLAG_2), servers(1, 2, 1, 5)),
    "sh-port tcp": (service("sh", FLAG_2, protocol=TCP), servers(1, 2, 1, 5)),
    "sh-port sctp": (service("sh", FLAG_2, protocol=SCTP), servers(1, 2, 1, 5)),
    "sh weight 0": (service("sh"), servers(1, 0, 1)),
    "sh-fallback": (service("sh", FLAG_1), servers(3, 0, 2, 0)),
    "sh-fallback sh-port": (service("sh", BOTH), servers(3, 0, 2, 0)),
    "sh above 256": (service("sh"), servers(100, 200, 300)),
    "sh one server": (service("sh"), servers(7)),
    "sh the largest weight": (service("sh"), servers(2**31 - 1, 5, 1)),
    "sh-fallback ipv6": (service("sh", BOTH, six=True), servers(3, 0, 2, 0, six=True)),
    "dh ipv6": (service("dh", six=True), servers(1, 2, 1, six=True)),
    "mh one server": (service("mh"), servers(7)),
    "mh the largest weight": (service("mh"), servers(2**31 - 1, 5, 2**30)),
    "mh weight 0": (service("mh"), servers(6, 0, 9)),
    "mh-fallback": (service("mh", FLAG_1), servers(3, 0, 2, 0)),
    "mh-fallback mark": (service("mh", BOTH, fwmark=7), servers(3, 0, 2, 0)),
    "mh-fallback sctp": (service("mh", BOTH, protocol=SCTP), servers(3, 0, 2, 0)),
    "sh ipv6": (service("sh", six=True), servers(1, 2, 1, 5, six=True)),
    "sh mark": (service("sh", fwmark=7), servers(1, 2, 1, 5)),
    "sh mark ipv6": (service("sh", six=True, fwmark=7), servers(1, 2, 1, 5, six=True)),
    "dh": (service("dh"), servers(1, 2, 1, 5)),
    "mh": (service("mh"), servers(1, 2, 1, 5)),
    "mh-port": (service("mh", FLAG_2), servers(1, 2, 1, 5)),
    "mh-port tcp": (service("mh", FLAG_2, protocol=TCP), servers(1, 2, 1, 5)),
    "mh-port sctp": (service("mh", FLAG_2, protocol=SCTP), servers(1, 2, 1, 5)),
    "mh large weights": (service("mh"), servers(1000, 7, 65535, 40)),
    "mh a common factor": (service("mh"), servers(100, 200, 300, 10)),
    "mh ipv6": (service("mh", six=True), servers(1, 2, 1, 5, six=True)),
    "mh-port ipv6": (service("mh", FLAG_2, six=True), servers(1, 2, 1, 5, six=True)),
    "mh mark": (service("mh", FLAG_2, fwmark=7), servers(1, 2, 1, 5)),
    "mh many": (service("mh"), servers(*range(1, 118))),
    "sh many": (service("sh"), servers(*range(1, 118))),
    "sh tunnels to ipv4": (service("sh", six=True), [one.replace(forwarding=TUNNEL) for one in servers(1, 2, 3)]),
    "mh tunnels to ipv4": (service("mh", six=True), [one.replace(forwarding=TUNNEL) for one in servers(1, 2, 3)]),
}


@pytest.mark.parametrize("name", PLAIN)
def test_each_client_gets_the_server_that_its_hash_says(name):
    one, its = PLAIN[name]
    six = one.af == socket.AF_INET6
    some = clients(Random(name), MANY, six)
    with sender() as network:
        network.mark(one.fwmark or 0)
        pool = fill(network.kernel, one, its)
        assert pool.servers == tuple(network.kernel.servers(one))
        choices = list(Chooser(pool).choose(some))
        for client in some:
            network.send(client, one.address or (VIP6 if six else VIP), PORT, one.protocol or UDP)
        chosen = network.chosen()
    assert all(choice.certain for choice in choices)
    assert wrong(some, choices, chosen) == []
    assert len(chosen) >= MANY / 2
    if one.scheduler != "dh" and not one.flags & FLAG_1:
        fair(Counter(map(end, choices)), shares(pool))


def fair(counts, expected):
    """Each share is within 3 standard deviations; of some hundred shares, one in 300 may be beyond."""
    beyond = 0
    for one, share in expected.items():
        beyond += abs(counts[one] - MANY * share) > 3 * (MANY * share * (1 - share)) ** 0.5 + 0.5
    assert beyond <= len(expected) // 100


COUNTING = {
    "lc": service("lc"),
    "wlc": service("wlc"),
    "sed": service("sed"),
    "nq": service("nq"),
    "fo": service("fo"),
    "ovf": service("ovf"),
    "wlc tcp": service("wlc", protocol=TCP),
    "wlc ipv6": service("wlc", six=True),
    "lc mark": service("lc", fwmark=7),
}


@pytest.mark.parametrize("name", COUNTING)
def test_the_next_one_goes_where_counts_say(name):
    """A thousand clients, one after the other; all is asked anew before each of them."""
    one = COUNTING[name]
    six = one.af == socket.AF_INET6
    its = servers(3, 1, 0, 2, six=six)
    some = clients(Random(name), MANY, six)
    with sender() as network:
        network.mark(one.fwmark or 0)
        fill(network.kernel, one, its)
        choices = []
        for client in some:
            choices.append(Chooser(pool_of(network.kernel, one)).next())
            network.send(client, one.address or VIP, PORT, one.protocol or UDP)
        chosen = network.chosen()
    assert all(choice.certain for choice in choices)
    assert wrong(some, choices, chosen) == []
    assert len(chosen) == MANY


def edits(random, pool, limits):
    """One random edit, which may add a server, take one away, or set another weight or limit."""
    draw = random.random()
    now = pool.servers
    if draw < 0.25 or len(now) < 2:
        free = {one[:2] for one in servers(*range(20))} - {one[:2] for one in now}
        address, port = random.choice(sorted(free))
        new = Server(address=address, port=port, weight=random.randrange(4), forwarding=MASQUERADE)
        return Command(verb="add-server", service=pool.service, server=new)
    one = random.choice(now)
    if draw < 0.5:
        return Command(verb="delete-server", service=pool.service, server=one)
    upper = random.choice((0, 0, 3, 20)) if limits else 0
    one = one.replace(weight=random.choice((0, 1, 2, 3, 180)), upper_threshold=upper)
    return Command(verb="edit-server", service=pool.service, server=one)


HISTORIES = ("sh", "sh fallback port", "dh", "mh", "mh fallback port", "lc", "wlc", "sed", "nq", "fo", "ovf")


@pytest.mark.parametrize("limits", [False, True], ids=["weights", "limits"])
@pytest.mark.parametrize("name", HISTORIES)
def test_edits_between(name, limits):
    """Fifty edits with twenty clients behind each, and everything is predicted from what was done."""
    random = Random(f"{name} {limits}")
    scheduler, _, more = name.partition(" ")
    some = clients(random, MANY)
    hashing = scheduler in ("sh", "dh", "mh")
    with sender() as network:
        pool = fill(network.kernel, service(scheduler, BOTH if more else 0), servers(1, 2, 3))
        choices = []
        for first in range(0, MANY, 20):
            command = edits(random, pool, limits)
            carry_out(network.kernel, command)
            pool = after(pool, (command,))
            for client in some[first : first + 20]:
                if limits or not hashing:
                    pool = counted(pool, network.kernel.servers(pool.service))
                choices += Chooser(pool).choose((client,))
                network.send(client, VIP, PORT)
        chosen = network.chosen()
    assert wrong(some, choices, chosen) == []
    assert sum(choice.certain for choice in choices) > MANY * (0.2 if limits else 0.99)


def counted(pool, now):
    """`pool` with the counts of its servers as they are now, in an order that has to be the kernel's."""
    assert [server[:2] for server in pool.servers] == [server[:2] for server in now]
    return pool.replace(
        members=tuple(member.replace(server=server) for member, server in zip(pool.members, now, strict=True))
    )


KEPT = {
    "sh /24": (service("sh", PERSISTENT, timeout=300, netmask=0xFFFFFF00), False),
    "rr /24": (service("rr", PERSISTENT, timeout=300, netmask=0xFFFFFF00), False),
    "mh-port": (service("mh", PERSISTENT | FLAG_2, timeout=300), False),
    "rr /16": (service("rr", PERSISTENT, timeout=300, netmask=0xFFFF0000), False),
    "sh ipv6 /64": (service("sh", PERSISTENT, six=True, timeout=300, netmask=64), False),
    "sh mark /24": (service("sh", PERSISTENT, timeout=300, netmask=0xFFFFFF00, fwmark=7), False),
    "rr mark ipv6 /64": (service("rr", PERSISTENT, six=True, timeout=300, netmask=64, fwmark=7), False),
    "port 0": (service("sh", PERSISTENT, timeout=300).replace(port=0), False),
    "ftp": (service("rr", PERSISTENT, protocol=TCP, timeout=300).replace(port=21), False),
    "rr /24 expire": (service("rr", PERSISTENT, timeout=300, netmask=0xFFFFFF00), True),
}


@pytest.mark.parametrize("name", KEPT)
def test_persistence_keeps_clients_together(name):
    """Clients of few networks, of which half are predicted from the entries of the others; a server leaves between."""
    one, expire = KEPT[name]
    six = one.af == socket.AF_INET6
    random = Random(name)
    width = 256 if one.netmask else 2  # of addresses in a network
    heads = [client.address[:8] if six else client.address[:3] for client in clients(random, MANY // 10, six)]
    some = [
        Client(address=head + (random.randbytes(8) if six else bytes((random.randrange(width),))), port=port)
        for head in heads * 10
        for port in (random.randrange(1024, 65536),)
    ]
    its = servers(1, 2, 1, 5, six=six)
    with sender() as network:
        with network.namespace.entered(), open("/proc/sys/net/ipv4/vs/expire_quiescent_template", "w") as setting:
            setting.write(str(int(expire)))
        network.mark(one.fwmark or 0)
        pool = fill(network.kernel, one, its)
        choices = []
        for first in range(0, len(some), 100):
            if first in (300, 600):
                weights = [server.replace(weight=int(first == 600)) for server in its if server.weight == 1]
                commands = [Command(verb="edit-server", service=one, server=server) for server in weights]
                carry_out(network.kernel, *commands)
                pool = after(pool, commands)
            for client in some[first : first + 100]:
                if first in (0, 300, 600):  # when new entries are made
                    found = entries_of(one, network.connections())
                chooser = Chooser(pool, found, Expiry(quiescent=expire))
                choices += chooser.choose((client,))
                network.send(client, one.address or (VIP6 if six else VIP), one.port or PORT, one.protocol or UDP)
            found = entries_of(one, network.connections())
        chosen = network.chosen()
        if not one.port:  # all ports are kept together, and stay what they were
            ports = {server.address: server.port for server in its}
            assert {port for _, port in chosen.values()} == {PORT, 0}
            chosen = {client: (address, ports[address]) for client, (address, _) in chosen.items()}
        again = list(Chooser(pool, found, Expiry(quiescent=expire)).choose(some))
    assert wrong(some, choices, chosen) == []
    assert sum(choice.why == PERSISTENCE for choice in choices) > MANY / 4
    if one.port and one.fwmark is None:
        pairs = [
            (choice, chosen.get((client.address, client.port))) for client, choice in zip(some, again, strict=True)
        ]
        assert {choice.why for choice, got in pairs if got} <= {CONNECTION, PERSISTENCE}
        assert all(end(choice) == got for choice, got in pairs if got)


def test_one_packet_scheduling_leaves_no_connection():
    """What counts connections sends each datagram to the same server; what hashes does as ever."""
    its = servers(2, 9, 3)
    with sender() as network:
        expected = {}
        for port, scheduler in enumerate(("lc", "wlc", "nq", "sed", "sh", "mh"), PORT):
            one = service(scheduler, ONE_PACKET).replace(port=port)
            some = clients(Random(scheduler), 200)
            fill(network.kernel, one, its)
            choices = list(Chooser(pool_of(network.kernel, one)).choose(some))
            for client in some:
                network.send(client, VIP, port)
            assert all(choice.certain for choice in choices)
            expected[one] = Counter(map(end, choices))
        assert network.connections() == []
        time.sleep(ESTIMATE)
        for one, counts in expected.items():
            now = network.kernel.servers(one, True)
            assert Counter({server[:2]: server.stats.connections for server in now}) == counts, one.scheduler
        heads = {one.scheduler: network.kernel.servers(one)[0][:2] for one in expected}
    found = {one.scheduler: set(counts) for one, counts in expected.items()}
    assert [found[scheduler] for scheduler in ("lc", "nq")] == [{heads["lc"]}, {heads["nq"]}]
    assert found["sed"] == {server[:2] for server in its if server.weight == 9}


@pytest.mark.parametrize(
    ("scheduler", "weights", "cycle"), [("rr", (1, 1, 1), (1, 1, 1)), ("wrr", (4, 2, 1), (4, 2, 1))]
)
def test_turns_come_as_often_as_weights_say(scheduler, weights, cycle):
    one, its = service(scheduler), servers(*weights)
    some = clients(Random(scheduler), sum(cycle) * 100)
    with sender() as network:
        fill(network.kernel, one, its)
        pool = pool_of(network.kernel, one)
        assert not any(choice.certain for choice in Chooser(pool).choose(some))
        for client in some:
            network.send(client, VIP, PORT)
        found = Counter(network.chosen().values())
    for server in its:
        assert abs(found[server[:2]] - server.weight * 100) <= len(its)


@pytest.mark.parametrize("scheduler", ["rr", "wrr"])
def test_the_first_turn_is_known(scheduler):
    """After random histories without a packet: from what was done, and from what the kernel shows."""
    random = Random(scheduler)
    one = service(scheduler)
    client = clients(random, 1)[0]
    certain = 0
    with sender() as network:
        for port in range(1000, 1200):
            mine = one.replace(port=port)
            carry_out(network.kernel, Command(verb="add-service", service=mine))
            pool = after(Pool(), (Command(verb="add-service", service=mine),))
            for _ in range(random.randrange(1, 12)):
                command = edits(random, pool, limits=False)
                if random.random() < 0.1:
                    other = random.choice(("rr", "wrr", "lc"))
                    command = Command(verb="edit-service", service=pool.service.replace(scheduler=other))
                carry_out(network.kernel, command)
                pool = after(pool, (command,))
            command = Command(verb="edit-service", service=mine)
            carry_out(network.kernel, command)
            pool = after(pool, (command,))
            shown = pool_of(network.kernel, mine).replace(begins="either")
            assert shown.servers == tuple(network.kernel.servers(mine))
            told = [Chooser(each).next() for each in (pool, shown)]
            network.send(client, VIP, port)
            ends = {
                (x.client, x.client_port): (x.server, x.server_port)
                for x in network.connections()
                if x.virtual_port == port
            }
            assert wrong((client,) * 2, told, ends) == []
            certain += told[0].certain
    assert certain > (199 if scheduler == "rr" else 150)


def test_the_first_round_of_wrr_is_one_turn_each():
    """Made by adding servers one by one, it begins at the lowest weight; after another scheduler, at the highest."""
    one, its = service("wrr"), servers(4, 2, 1)
    some = clients(Random("wrr"), 14)
    with sender() as network:
        fill(network.kernel, one, its)
        order = [network.kernel.servers(one)[index].weight for index in range(3)]
        firsts = []
        for half in (some[:7], some[7:]):
            for client in half:
                network.send(client, VIP, PORT)
            chosen = network.chosen()
            weights = {server[:2]: server.weight for server in its}
            firsts.append([weights[chosen[client.address, client.port]] for client in half])
            carry_out(
                network.kernel,
                *(Command(verb="edit-service", service=one.replace(scheduler=name)) for name in ("rr", "wrr")),
            )
    assert firsts[0][:3] == order
    assert firsts[1][:2] == [4, 4]
