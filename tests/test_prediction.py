"""Where clients go: by choices that kernels made, recorded with real packets, and by facts about them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from pyipvsadm.listing.connections import Connection
from pyipvsadm.model import FLAG_1, FLAG_2, ONE_PACKET, PERSISTENT, Command, Server, Service
from pyipvsadm.prediction import choices as choosing
from pyipvsadm.prediction.choices import Chooser
from pyipvsadm.prediction.clients import Client, entries_of, lines_about, masked
from pyipvsadm.prediction.counts import least
from pyipvsadm.prediction.hashes import FIRST, fold, multiplied, siphashes
from pyipvsadm.prediction.impact import impact, shares
from pyipvsadm.prediction.memory import Expiry
from pyipvsadm.prediction.pools import Member, Pool, after, members
from pyipvsadm.table.notation import NUMBERS, address_of, server_of

RECORDED = [json.loads(line) for line in Path(__file__).with_name("choices.jsonl").read_text().splitlines()]
VIP = bytes((192, 168, 2, 10))
FLAGS = {"fallback": FLAG_1, "port": FLAG_2}


def recorded_pool(row):
    address = address_of(row["address"]) if row["address"] else None
    service = Service(
        af=10 if len(address_of(row["clients"][0][0])) == 16 else 2,
        address=address,
        protocol=NUMBERS.get(row["protocol"]),
        fwmark=row["mark"],
        scheduler=row["scheduler"],
        flags=sum(FLAGS[word] for word in row["flags"]),
    )
    added = [server_of(name).replace(weight=weight) for name, weight in row["added"]]
    return add(Pool(service=service), *added), added


def add(pool, *servers):
    """`pool` with servers that are added in this order."""
    return after(pool, [Command(verb="add-server", server=server) for server in servers])


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row["name"])
def test_choices_of_a_kernel(row):
    pool, added = recorded_pool(row)
    clients = [Client(address=address_of(host), port=port) for host, port in row["clients"]]
    found = list(Chooser(pool).choose(clients))
    ends = [None if index is None else added[index] for index in row["chosen"]]
    assert [choice.server for choice in found] == ends
    assert all(choice.certain for choice in found)
    one_by_one = [choice for client in clients for choice in Chooser(pool).choose((client,))]
    assert one_by_one == found


def test_there_are_records_of_all_kinds():
    assert len(RECORDED) > 20
    assert {row["scheduler"] for row in RECORDED} == {"sh", "dh", "mh"}
    assert any(None in row["chosen"] for row in RECORDED)


@pytest.mark.parametrize(("client", "port", "bucket"), [
    ("10.0.0.1", 0, 39), ("203.0.113.9", 0, 64), ("203.0.113.9", 40000, 228), ("2001:db8::1", 0, 63),
])  # fmt: skip
def test_buckets_of_sh(client, port, bucket):
    assert list(multiplied([fold(address_of(client)) + port], 8)) == [bucket]


def test_many_hashes_are_those_of_each():
    values = [Random(1).randrange(2**34) for _ in range(1500)]
    assert list(siphashes(values, FIRST)) == [next(siphashes([value], FIRST)) for value in values]
    assert len(set(siphashes(range(3000), FIRST))) == 3000


def pool_of(scheduler, weights, flags=0, seed=None):
    """A service with servers of these weights, in no order."""
    servers = [Server(address=bytes((10, 2, 0, number)), port=80, weight=w) for number, w in enumerate(weights, 2)]
    Random(seed).shuffle(servers)
    service = Service(protocol=6, address=VIP, port=80, scheduler=scheduler, flags=flags)
    return add(Pool(service=service), *servers)


def edit(pool, last, weight):
    """`pool` with another weight of the server whose address ends with `last`."""
    (found,) = (one for one in pool.servers if one.address[3] == last)
    return after(pool, [Command(verb="edit-server", server=found.replace(weight=weight))])


def leave(pool, last):
    (found,) = (one for one in pool.servers if one.address[3] == last)
    return after(pool, [Command(verb="delete-server", server=found)])


def join(pool):
    return add(pool, Server(address=bytes((10, 2, 0, 99)), port=80))


TEN, TENS = (1,) * 10, (10,) * 10
MOVES = [  # percent of clients, measured with 1,000 of them on Linux 6.1; and the ideal
    ("sh", TEN, lambda pool: leave(pool, 5), 91.2, 10.0),
    ("sh", TEN, lambda pool: edit(pool, 5, 2), 87.7, 8.2),
    ("sh", TEN, join, 92.2, 9.1),
    ("mh", TEN, lambda pool: leave(pool, 5), 11.4, 10.0),
    ("mh", TEN, lambda pool: edit(pool, 5, 2), 8.1, 8.2),
    ("mh", TEN, join, 10.7, 9.1),
    ("mh", TENS, lambda pool: edit(pool, 5, 20), 9.1, 8.2),
    ("mh", TENS, lambda pool: edit(pool, 5, 11), 3.1, 0.9),
    ("mh", (1,) * 100, lambda pool: leave(pool, 5), 3.9, 1.0),
]


@pytest.mark.parametrize(("scheduler", "weights", "change", "moved", "ideal"), MOVES)
def test_who_moves(scheduler, weights, change, moved, ideal):
    found = []
    for seed in range(10):
        before = pool_of(scheduler, weights, seed=seed)
        found.append(impact(before, change(before)))
    average = sum(one.moved for one in found) / len(found)
    assert abs(average * 100 - moved) < 4 if scheduler == "sh" else abs(average * 100 - moved) < 1.5
    assert round(found[0].ideal * 100, 1) == ideal
    assert not any(one.dropped for one in found)
    assert all((one.other is None) == (scheduler == "mh") for one in found)


@pytest.mark.parametrize(("scheduler", "flags", "weight", "moved", "dropped"), [
    ("sh", 0, 1, 0, 10), ("sh", FLAG_1, 1, 10, 0), ("sh", 0, 10, 77, 1), ("mh", 0, 1, 0, 10), ("mh", FLAG_1, 1, 10, 0),
])  # fmt: skip
def test_what_weight_0_does(scheduler, flags, weight, moved, dropped):
    """A slot stays with its server, whose clients are dropped or fall back; sh makes it as small as can be."""
    before = pool_of(scheduler, (weight,) * 10, flags, seed=1)
    found = impact(before, edit(before, 5, 0))
    assert abs(100 * found.moved - moved) < 3
    assert abs(100 * found.dropped - dropped) < 1.5


def test_nobody_is_sent_on_where_no_server_takes_clients():
    """Of many clients, for each of whom the kernel would hash 4,093 times."""
    some = [Client(address=Random(number).randbytes(4), port=1) for number in range(20_000)]
    for scheduler in ("sh", "mh"):
        pool = edit(edit(pool_of(scheduler, (5, 3), FLAG_1), 2, 0), 3, 0)
        found = set(Chooser(pool).choose(some))
        assert {(choice.server, choice.certain, choice.detail) for choice in found} == {(None, True, choosing.NOBODY)}


def test_a_share_of_impact_is_what_clients_do():
    """By 20,000 clients, each of which is chosen for before and after: also where others take those of a server."""
    some = [Client(address=Random(number).randbytes(4), port=1) for number in range(20_000)]
    for scheduler, flags in (("sh", FLAG_1), ("mh", FLAG_1), ("mh", 0), ("sh", 0)):
        before = edit(pool_of(scheduler, (5, 3, 2, 4), flags, seed=2), 3, 0)
        for later in (edit(before, 5, 0), leave(before, 2), edit(before, 3, 6)):
            pairs = list(zip(Chooser(before).choose(some), Chooser(later).choose(some), strict=True))
            moved = sum(b.server is not None and (a.server is None or a.server[:2] != b.server[:2]) for a, b in pairs)
            dropped = sum(a.server is not None and b.server is None for a, b in pairs)
            found = impact(before, later)
            assert abs(found.moved - moved / len(some)) < 0.011
            assert abs(found.dropped - dropped / len(some)) < 0.011


def test_shares_add_up_to_all():
    for scheduler in ("sh", "mh", "dh"):
        for flags in (0, FLAG_1):
            found = shares(edit(pool_of(scheduler, (5, 3, 2), flags, seed=3), 3, 0))
            assert sum(found.values()) == pytest.approx(1)
            assert (None in found) == (not flags or scheduler == "dh") or scheduler == "dh"


def test_servers_are_added_at_the_head_and_edited_in_place():
    pool = pool_of("sh", (1, 1, 1), seed=4)
    a, b, c = pool.servers
    new = Server(address=bytes((10, 2, 0, 99)), port=80, weight=0)
    busy = pool.replace(members=tuple(one.replace(server=one.server.replace(active=3)) for one in pool.members))
    commands = [
        Command(verb="add-server", server=new),
        Command(verb="edit-server", server=a.replace(weight=0)),
        Command(verb="edit-server", server=c.replace(weight=7)),
        Command(verb="delete-server", server=b),
        Command(verb="edit-service", service=pool.service.replace(scheduler="mh")),
        Command(verb="set"),
    ]
    found = after(busy, commands)
    assert found.servers == (new, a.replace(weight=0, active=3), c.replace(weight=7, active=3))
    assert [(one.last, one.known) for one in found.members] == [(0, True), (1, True), (7, True)]
    assert found.service.scheduler == "mh"
    assert [(one.last, one.known) for one in members(found.servers)] == [(7, False), (7, False), (7, True)]


def counts(*rows):
    return [Server(address=bytes((10, 2, 0, n)), weight=w, active=a, inactive=i) for n, (w, a, i) in enumerate(rows, 2)]


@pytest.mark.parametrize(("scheduler", "rows", "expected"), [
    ("lc", ((1, 0, 300), (9, 1, 10), (1, 0, 255)), 2),
    ("lc", ((1, 0, 5), (1, 0, 5)), 0),
    ("wlc", ((1, 1, 0), (3, 2, 0)), 1),
    ("wlc", ((2, 2, 0), (3, 3, 0)), 0),
    ("sed", ((1, 0, 50), (3, 1, 0)), 1),
    ("nq", ((9, 1, 0), (1, 0, 99)), 1),
    ("nq", ((9, 1, 0), (1, 1, 0)), 0),
    ("fo", ((2, 0, 0), (3, 9, 9), (3, 0, 0)), 1),
    ("ovf", ((2, 0, 0), (3, 4, 0), (3, 3, 0)), 2),
    ("ovf", ((2, 3, 0), (3, 4, 0)), None),
])  # fmt: skip
def test_the_least_of_all(scheduler, rows, expected):
    assert least(scheduler, counts(*rows), range(len(rows))) == expected


def chosen(pool, client=None, entries=None, **expiry):
    (choice,) = Chooser(pool, entries, Expiry(**expiry)).choose((client or Client(address=bytes((203, 0, 113, 9))),))
    return choice


@pytest.mark.parametrize(("scheduler", "why", "certain"), [
    ("rr", "turn", False), ("wrr", "turn", False), ("wlc", "least", True), ("sh", "hash", True), ("mh", "hash", True),
    ("lblc", "unknown", False), ("twos", "unknown", False), ("new-one", "unknown", False), ("dh", "hash", True),
])  # fmt: skip
def test_what_is_known_of_each_scheduler(scheduler, why, certain):
    choice = chosen(pool_of(scheduler, (1, 2, 3)))
    assert (choice.why, choice.certain, choice.server is not None) == (why, certain, certain)
    assert chosen(pool_of(scheduler, ())).why == choosing.DROPPED
    assert chosen(pool_of(scheduler, (0, 0))).why == choosing.DROPPED


def test_what_the_kernel_keeps_to_itself_makes_a_choice_uncertain():
    assert not chosen(pool_of("mh", (1, 2, 3)).replace(members=members(counts((1, 0, 0), (0, 0, 0))))).certain
    full = counts((1, 5, 5))[0].replace(upper_threshold=10)
    for pool in (Pool(service=Service(scheduler=name), members=(Member(server=full),)) for name in ("sh", "wlc")):
        assert (chosen(pool).server, chosen(pool).certain) == (None, False)
    nearly = full.replace(upper_threshold=12)
    pool = Pool(service=Service(scheduler="sh"), members=(Member(server=nearly),))
    assert (chosen(pool).server, chosen(pool).certain) == (nearly, False)
    assert chosen(pool.replace(members=members((full.replace(upper_threshold=14),)))).certain
    assert chosen(pool_of("sh", (1, 2), FLAG_2)).why == choosing.UNKNOWN  # it takes the client's port
    assert chosen(pool_of("dh", (1, 2)).replace(service=Service(fwmark=3, scheduler="dh"))).why == choosing.UNKNOWN
    for scheduler in ("wlc", "sh"):
        pool = pool_of(scheduler, (1, 2))
        assert chosen(pool.replace(service=pool.service.replace(engine="sip"))).why == choosing.UNKNOWN


def entry(client, port, server, state="UDP", protocol="TCP", virtual=VIP, virtual_port=80):
    return Connection(
        protocol=protocol,
        client=bytes(client),
        client_port=port,
        virtual=virtual,
        virtual_port=virtual_port,
        server=server.address,
        server_port=server.port,
        state=state,
        seconds=212,
    )


def test_an_entry_wins():
    pool = pool_of("sh", (1, 1, 1), seed=5)
    pool = pool.replace(service=pool.service.replace(flags=PERSISTENT, netmask=0xFFFFFF00))
    here = Client(address=bytes((203, 0, 113, 9)), port=4000)
    other = next(one for one in pool.servers if one != chosen(pool, here).server)
    found = entries_of(pool.service, [entry((203, 0, 113, 0), 0, other, "NONE"), entry((1, 2, 3, 4), 9, other)])
    choice = chosen(pool, here, found)
    assert (choice.server, choice.why, choice.seconds, choice.certain) == (other, "persistence", 212, True)
    last = next(one for one in pool.servers if one not in (other, choice.server))
    found.update(entries_of(pool.service, [entry((203, 0, 113, 9), 4000, last, "ESTABLISHED")]))
    assert (chosen(pool, here, found).server, chosen(pool, here, found).why) == (last, "connection")
    assert chosen(pool, here.replace(port=4001), found).why == "persistence"
    assert chosen(pool, Client(address=bytes((203, 0, 114, 9))), found).why == "hash"


def test_an_entry_holds_through_weight_0_unless_the_kernel_is_told_otherwise_and_not_through_removal():
    pool = pool_of("rr", (1, 1, 1), seed=5)
    pool = pool.replace(service=pool.service.replace(flags=PERSISTENT))
    here = Client(address=bytes((203, 0, 113, 9)))
    gone = pool.servers[1]
    found = entries_of(pool.service, [entry(here.address, 0, gone, "NONE")])
    drained = edit(pool, gone.address[3], 0)
    assert chosen(drained, here, found).why == "persistence"
    assert chosen(drained, here, found, quiescent=True).why == "turn"
    assert chosen(leave(pool, gone.address[3]), here, found).why == "turn"


@pytest.mark.parametrize(("state", "protocol", "weight", "nodest", "certain"), [
    ("ESTABLISHED", "TCP", 1, False, True), ("ESTABLISHED", "TCP", 0, False, True),
    ("TIME_WAIT", "TCP", 1, False, False),
    ("CLOSE", "TCP", 1, False, False), ("FIN_WAIT", "TCP", 1, False, False), ("CLOSED", "SCTP", 1, False, False),
    ("ESTABLISHED", "TCP", 1, True, True), ("ESTABLISHED", "TCP", 0, True, False), ("UDP", "UDP", 0, True, True),
])  # fmt: skip
def test_a_connection_is_certain_unless_a_new_one_may_take_its_place(state, protocol, weight, nodest, certain):
    """Source: is_new_conn_expected and ip_vs_in_hook in ip_vs_core.c, and seen on Linux 6.1."""
    number = NUMBERS[protocol.lower()]
    pool = pool_of("sh", (1, 1))
    pool = edit(pool.replace(service=pool.service.replace(protocol=number)), 3, weight)
    here = Client(address=bytes((203, 0, 113, 9)), port=4000)
    server = next(one for one in pool.servers if one.address[3] == 3)
    found = entries_of(pool.service, [entry(here.address, 4000, server, state, protocol)])
    choice = chosen(pool, here, found, nodest=nodest)
    assert (choice.server, choice.why, choice.certain) == (server, "connection", certain)


def test_an_engine_looks_for_entries_of_its_own():
    pool = pool_of("rr", (1, 1))
    pool = pool.replace(service=pool.service.replace(flags=PERSISTENT, engine="sip"))
    here = Client(address=bytes((203, 0, 113, 9)), port=4000)
    found = entries_of(pool.service, [entry(here.address, 0, pool.servers[0], "NONE")])
    for each in (pool, edit(edit(pool, 2, 0), 3, 0)):
        choice = chosen(each, here, found)
        assert (choice.server, choice.why, choice.certain) == (None, "unknown", False)


@pytest.mark.parametrize(("service", "address", "expected"), [
    (Service(netmask=0xFFFF0000), bytes((10, 1, 2, 3)), bytes((10, 1, 0, 0))),
    (Service(), bytes((10, 1, 2, 3)), bytes((10, 1, 2, 3))),
    (Service(af=10, netmask=64), bytes(range(16)), bytes(range(8)) + bytes(8)),
    (Service(af=10, netmask=127), b"\xff" * 16, b"\xff" * 15 + b"\xfe"),
])  # fmt: skip
def test_masks(service, address, expected):
    assert masked(address, service) == expected


LINES = {  # of the kernel's list, each about a service and a client
    "TCP CB007109 9C40 C0A8020A 0050 0A020002 1F90 ESTABLISHED 899": (
        Service(protocol=6, address=VIP, port=80),
        "203.0.113.9",
    ),
    "UDP 2001:0db8:0000:0000:0000:0000:0000:0001 9C40 2001:0db8:0000:0000:0000:0000:0000:000a 0050 x 0 UDP 9": (
        Service(af=10, protocol=17, address=address_of("2001:db8::a"), port=80),
        "2001:db8::1",
    ),
    "IP  CB007100 0000 00000007 0000 0A020002 0000 NONE 299": (Service(fwmark=7, netmask=0xFFFFFF00), "203.0.113.9"),
}


@pytest.mark.parametrize("line", LINES)
def test_lines_about_a_client_are_found_by_their_digits(line):
    service, host = LINES[line]
    here = Client(address=address_of(host))
    if service.fwmark is None:
        assert list(lines_about(service, [here], LINES)) == [line]
    else:  # whose connections may have any virtual address
        assert list(lines_about(service, [here], LINES)) == [next(iter(LINES)), line]
    assert list(lines_about(service, [Client(address=here.address[:-2] + b"\1\1")], LINES)) == []


def test_connections_of_a_mark_and_of_all_ports_have_the_ends_that_packets_went_to():
    here, other = Client(address=bytes((203, 0, 113, 9)), port=4000), bytes((192, 168, 2, 99))
    pool = pool_of("rr", (1, 1, 1))
    server = pool.servers[1]
    at = {
        port: entry(here.address, 4000, server, "ESTABLISHED", virtual=address, virtual_port=port)
        for address, port in ((VIP, 81), (VIP, 82), (other, 83))
    }
    named = Service(protocol=6, address=VIP, port=81)
    services = {
        "port 0": (pool.service.replace(port=0), {82}),
        "mark": (Service(fwmark=7, scheduler="rr"), {82, 83}),
        "port 81": (named.replace(scheduler="rr"), {81}),
    }
    for name, (service, ports) in services.items():
        found = entries_of(service, at.values(), lambda: [named])
        assert {one.virtual_port for ones in found.values() for one in ones} == ports, name
        choice = chosen(pool.replace(service=service), here, found)
        assert (choice.server, choice.why, choice.certain) == (server, "connection", bool(service.port)), name
    gone = entries_of(services["mark"][0], [at[82].replace(server=other)], tuple)
    assert chosen(pool.replace(service=services["mark"][0]), here, gone).why == "turn"  # of another mark
    two = entries_of(services["mark"][0], [at[82], at[83].replace(server=pool.servers[0].address)], tuple)
    assert not chosen(pool.replace(service=services["mark"][0]), here, two).certain
    any_port = server.replace(port=0)
    pool = add(Pool(service=services["mark"][0]), any_port)
    assert chosen(pool, here, entries_of(pool.service, [at[82].replace(server_port=82)])).server == any_port


ROUNDS = [  # weights in the order of adding, what is done then, and the weight of the server whose turn is first
    ("rr", (1, 2, 3), (), 3, True),
    ("rr", (1, 2, 0), (), 2, True),
    ("wrr", (4, 2, 1), (), 1, True),  # measured: such a service begins with a turn for each
    ("wrr", (4, 2, 1), ("lc", "wrr"), 4, True),  # and this one with the heaviest
    ("wrr", (4, 8, 6), ("rr", "wrr"), 8, True),
    ("rr", (4, 2, 1), ("wrr", "rr"), 1, True),
]


@pytest.mark.parametrize(("scheduler", "weights", "edits", "weight", "certain"), ROUNDS)
def test_the_first_turn(scheduler, weights, edits, weight, certain):
    servers = [Server(address=bytes((10, 2, 0, n)), port=80, weight=one) for n, one in enumerate(weights, 2)]
    service = Service(protocol=6, address=VIP, port=80, scheduler=scheduler)
    pool = add(after(Pool(), [Command(verb="add-service", service=service)]), *servers)
    pool = after(pool, [Command(verb="edit-service", service=service.replace(scheduler=name)) for name in edits])
    first, later, *_ = Chooser(pool).choose([Client(address=VIP)] * 3)
    assert (first.server.weight, first.certain, first.why) == (weight, certain, "turn")
    assert (later.server, later.certain, later.detail) == (None, False, choosing.LATER)
    seen = pool.replace(begins="either")  # what a kernel shows of it, and what it doesn't
    assert Chooser(seen).next().certain == (scheduler == "rr" or weights[-1] == max(weights))
    assert Chooser(pool.replace(begins="")).next().server is None


def test_one_packet_scheduling_is_told_of():
    assert chosen(pool_of("wlc", (1, 2), ONE_PACKET)).detail == choosing.UNCOUNTED
    assert chosen(pool_of("rr", (1, 2), ONE_PACKET)).detail.startswith(choosing.EACH)


def test_only_the_next_one_is_known_where_connections_count():
    some = [Client(address=bytes((10, 0, 0, number))) for number in range(3)]
    for scheduler, known in (
        ("wlc", [True, False, False]),
        ("fo", [True] * 3),
        ("sh", [True] * 3),
        ("rr", [False] * 3),
    ):
        found = list(Chooser(pool_of(scheduler, (1, 2))).choose(some))
        assert [choice.certain for choice in found] == [choice.server is not None for choice in found] == known
    assert all(choice.certain for choice in Chooser(pool_of("wlc", (1, 2), ONE_PACKET)).choose(some))
    assert list(Chooser(pool_of("wlc", (1, 2))).choose([])) == []


def test_turns_have_shares():
    assert sorted(shares(pool_of("wrr", (4, 2, 0, 2))).values()) == [0.25, 0.25, 0.5]
    assert sorted(shares(pool_of("rr", (4, 0, 2))).values()) == [0.5, 0.5]
    for scheduler in ("sh", "mh", "dh", "rr"):
        assert list(shares(pool_of(scheduler, (7,))).values()) == [1.0]
    assert shares(pool_of("wlc", (1, 2))) == {}
