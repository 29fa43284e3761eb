"""The fast reader and the fast packer of messages, compared with the tolerant ones and with struct."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.kernel import wire
from pyipvsadm.kernel.wire import answers, codec, schema
from pyipvsadm.kernel.wire.templates import LAYOUTS, Layout, Reader
from pyipvsadm.model import Command, Server, Service, Stats
from pyipvsadm.shapes import Shape

from . import netlink, random_tables
from .properties import examples

COUNTERS = (
    "connections", "packets_in", "packets_out", "bytes_in", "bytes_out",
    "connection_rate", "packet_rate_in", "packet_rate_out", "byte_rate_in", "byte_rate_out",
)  # fmt: skip
SERVER = {  # number: field and format, from linux/ip_vs.h, IPVS_DEST_ATTR_*
    1: ("address", "16s"), 2: ("port", "H"), 3: ("forwarding", "I"), 4: ("weight", "I"), 5: ("upper_threshold", "I"),
    6: ("lower_threshold", "I"), 7: ("active", "I"), 8: ("inactive", "I"), 9: ("persistent", "I"), 11: ("af", "H"),
    13: ("tunnel_type", "B"), 14: ("tunnel_port", "H"), 15: ("tunnel_flags", "H"),
}  # fmt: skip
SERVICE = {  # IPVS_SVC_ATTR_*; texts are as long as they are
    1: ("af", "H"), 2: ("protocol", "H"), 3: ("address", "16s"), 4: ("port", "H"), 5: ("fwmark", "I"),
    6: ("scheduler", ""), 7: ("flags", "8s"), 8: ("timeout", "I"), 9: ("netmask", "I"), 11: ("engine", ""),
}  # fmt: skip
TEXTS = ("scheduler", "engine")  # of which what stands behind the first NUL is no part
STATS = {n + 1: (f"stats.{name}", "Q" if n in (3, 4) else "I") for n, name in enumerate(COUNTERS)}
STATS64 = {n + 1: (f"stats.{name}", "Q") for n, name in enumerate(COUNTERS)}
UNKNOWN = st.sampled_from([0, 16, 17, 40, 0x3FFF])


@st.composite
def attributes(draw, table, nests=()):
    """Some attributes of `table` in any order, with others between; and what they say, by field."""
    said, raw = {}, b""
    numbers = draw(
        st.one_of(
            st.just(list(table)),
            st.lists(st.sampled_from(list(table)), max_size=len(table)),
            st.permutations(list(table)),
        )
    )
    inner = draw(st.lists(st.sampled_from(nests), unique_by=lambda nest: nest[0], max_size=2)) if nests else []
    for number in [*numbers, *inner]:
        if draw(st.integers(0, 5)) == 0:
            raw += netlink.nla(draw(UNKNOWN), draw(st.binary(max_size=9)))
        if isinstance(number, tuple):
            payload, told = draw(attributes(number[1]))
            number = number[0] | draw(st.sampled_from([0, 0x8000]))
        else:
            field, form = table[number]
            size = struct.calcsize("=" + form)
            payload = draw(st.binary(min_size=size, max_size=size) if form else st.binary(max_size=16))
            told = {field: struct.unpack("=" + form, payload)[0] if form else payload}
            if form and draw(st.integers(0, 9)) == 0:
                payload += draw(st.binary(max_size=5))  # a kernel may say more than it did
        said |= told
        raw += netlink.nla(number, payload)
    return raw, said


@st.composite
def drawn_answers(draw, number, table):
    """A message that holds such attributes in that of `number`, and what it says."""
    raw, said = draw(attributes(table, [(10, STATS), (12, STATS64)]))
    return netlink.message(draw(st.integers(0, 3)), 1, netlink.nla(number, raw)), said


def tolerant(rows, message):
    """What the tolerant reader says, as struct unpacks it."""
    kinds = {}

    def learn(rows, prefix=""):
        for _, kind, field in rows:
            if kind.rows:
                learn(kind.rows, f"{prefix}{field}." if field else prefix)
            else:
                kinds.setdefault(prefix + field, kind)

    learn(rows)
    found = {}
    for field, value in codec.decode(rows, message).items():
        kind = kinds[field]
        found[field] = kind.to(value) if kind.to and field != "flags" else value
    return found


CASES = [
    (2, SERVER, schema.DEST_ANSWER, answers.server_reader),
    (1, SERVICE, schema.SERVICE_ANSWER, answers.service_reader),
]


@pytest.mark.parametrize(("number", "table", "rows", "reader"), CASES, ids=["server", "service"])
@examples(20)
@given(data=st.data())
def test_the_fast_reader_reads_what_was_written_and_what_the_tolerant_one_reads(number, table, rows, reader, data):
    found = reader(True)
    wanted = list(found._wanted)
    seen = data.draw(st.lists(drawn_answers(number, table), min_size=1, max_size=4))
    for message, said in [*seen, *seen]:  # the second time, each has a layout that is known
        values = dict(zip(wanted, found.one(message), strict=True))
        slow = tolerant(rows, message)
        for field, value in values.items():
            if field in TEXTS and field in said:
                assert value.partition(b"\0")[0] == said[field].partition(b"\0")[0], field
            elif field in said:
                assert value == said[field], field
            else:
                assert value == found._wanted[field], field
            if field in slow and isinstance(slow[field], int) and field != "flags":
                assert value == slow[field], field
        assert slow.keys() == said.keys()


@pytest.mark.parametrize(("number", "table", "rows", "reader"), CASES, ids=["server", "service"])
@examples(15)
@given(data=st.data())
def test_a_message_cut_short_never_raises(number, table, rows, reader, data):
    found = reader(True)
    message, _ = data.draw(drawn_answers(number, table))
    for end in sorted({*data.draw(st.lists(st.integers(0, len(message)), max_size=8)), 4, 16, 20, 21, 24}):
        cut = struct.pack("=I", min(end, len(message))) + message[4:end]
        if len(cut) < 16:
            assert codec.messages(cut) == []
            continue
        values = found.one(cut)
        assert len(values) == len(found._wanted)
        codec.decode(rows, cut)
        if number == 2:
            (server,) = answers.servers([values])
            assert isinstance(server.port, int)
            assert isinstance(server.weight, int)
        else:
            assert isinstance(answers.services([values])[0].scheduler, str)


ip4, ip6 = st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16)
u16, u32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
names = st.sampled_from(["rr", "wrr", "lblcr", "none"])
counters = st.one_of(st.just((0,) * 10), st.lists(st.integers(0, 2**64 - 1), min_size=10, max_size=10).map(tuple))
engines = st.sampled_from([b"", netlink.nla(11, b"sip\0"), netlink.nla(11, b"a-long-engine\0")])
service_answers = st.builds(
    netlink.service, st.one_of(ip4, ip6), u16, names, st.sampled_from([6, 17, 132]), st.sampled_from([2, 3, 58]), u32,
    fwmark=st.sampled_from([0, 0, 1, 2**32 - 1]), counters=counters, extra=engines,
)  # fmt: skip
alike_answers = st.builds(  # of one layout: names of up to three letters, no marks and no engines
    netlink.service, st.one_of(ip4, ip6), u16, st.sampled_from(["rr", "wrr", "mh"]), st.sampled_from([6, 17, 132]),
    st.sampled_from([2, 3, 58]), u32, counters=counters,
)  # fmt: skip
server_answers = st.builds(
    netlink.server, st.one_of(ip4, ip6), u16, st.integers(0, 3), u32, u32, u32, u32, u32, u32, counters
)


@pytest.mark.parametrize("stats", [False, True])
@pytest.mark.parametrize(("written", "reader"), [
    (service_answers, answers.service_reader), (server_answers, answers.server_reader),
])  # fmt: skip
@examples(25)
@given(data=st.data())
def test_a_block_is_what_its_messages_are(written, reader, stats, data):
    """Whatever differs between the services of one dump, or the servers, as a kernel writes them."""
    dump = [netlink.message(1, 1, raw) for raw in data.draw(st.lists(written, min_size=1, max_size=8))]
    expected = [reader(stats).one(message) for message in dump]  # each by a reader that has met no other
    fast = reader(stats)
    for message in data.draw(st.permutations(dump)):
        fast.one(message)
    assert fast.block(b"".join(dump)) in (None, expected)
    assert [fast.one(message) for message in dump] == expected
    for message, values in zip(dump, expected, strict=True):
        assert fast.block(message * 3) == [values] * 3


@pytest.mark.parametrize("stats", [False, True])
@examples(40)
@given(data=st.data())
def test_a_dump_of_services_is_what_its_messages_are(stats, data):
    dump = data.draw(st.lists(st.one_of(service_answers, alike_answers), min_size=1, max_size=8))
    pieces = [netlink.message(1, 1, raw) for raw in dump]
    expected = [answers.services([answers.service_reader(stats).one(message)])[0] for message in pieces]
    assert answers.services_in(pieces, stats) == expected
    assert answers.services_in([b"".join(pieces)], stats) == expected


@pytest.mark.parametrize("stats", [False, True])
@examples(40)
@given(dump=st.lists(alike_answers, min_size=2, max_size=9))
def test_services_of_one_layout_are_read_at_once(stats, dump):
    pieces = [netlink.message(1, 1, raw) for raw in dump]
    expected = [answers.services([answers.service_reader(stats).one(message)])[0] for message in pieces]
    assert answers._alike(b"".join(pieces), stats) == expected


def test_messages_that_look_alike_are_read_at_once():
    reader = answers.server_reader()
    received = [netlink.message(3, 5, netlink.server(bytes((10, 0, 0, n)), 80 + n, weight=n)) for n in range(1, 100)]
    assert reader.block(b"".join(received)) is None
    reader.one(received[0])
    found = answers.servers(reader.block(b"".join(received)))
    assert [(server.address, server.port, server.weight) for server in found] == [
        (bytes((10, 0, 0, n)), 80 + n, n) for n in range(1, 100)
    ]


@pytest.mark.parametrize("behind", [False, True])
def test_an_attribute_in_the_place_of_an_unknown_one_is_not_overlooked(behind):
    """Both messages are of one length; what is unknown in the first is the weight in the second."""
    reader = Reader(schema.DEST_ANSWER, {"port": 0, "weight": 1})
    port = netlink.nla(2, b"\0\x50")
    unknown, weight = (netlink.nla(number, struct.pack("=I", 9)) for number in (30, 4))
    first, second = (
        netlink.message(1, 5, netlink.nla(2, port + other if behind else other + port)) for other in (unknown, weight)
    )
    (eighty,) = struct.unpack("=H", b"\0\x50")
    assert reader.one(first) == (eighty, 1)
    assert reader.one(second) == (eighty, 9)
    assert reader.one(first) == (eighty, 1)


def test_an_attribute_that_is_too_short_is_none():
    raw = netlink.nla(2, b"\0\x50") + netlink.nla(4, b"\1\0") + netlink.nla(1, b"\n\0\0\1") + netlink.nla(5, b"")
    reader = answers.server_reader()
    for _ in range(2):
        (server,) = answers.servers([reader.one(netlink.message(1, 5, netlink.nla(2, raw)))])
        assert (server.port, server.weight, server.upper_threshold) == (80, 0, 0)


@pytest.mark.parametrize(("method", "forwarding"), [(3, 3), (0x0103, 3), (0xFFFFFFF8, 0), (0x20 | 2, 2), (7, 7)])
def test_the_method_is_in_the_low_three_bits(method, forwarding):
    reader = answers.server_reader()
    (server,) = answers.servers([reader.one(netlink.message(1, 5, netlink.server(b"\n\0\0\1", 80, method)))])
    assert server.forwarding == forwarding


def test_the_memory_of_layouts_has_an_end():
    reader = answers.server_reader()
    for n in range(LAYOUTS * 3):
        message = netlink.message(1, 5, netlink.server(b"\n\0\0\1", n, extra=netlink.nla(40, bytes(n))))
        assert answers.servers([reader.one(message)])[0].port == n
    assert sum(map(len, reader._layouts.values())) == LAYOUTS


COUNTS = tuple(2**33 + n for n in range(10))


def old(number, attribute, counters):
    """An answer of a kernel before 4.1, which tells counters of 32 bits alone."""
    kinds = "IIIQQIIIII"
    narrow = b"".join(netlink.nla(n + 1, struct.pack("=" + kinds[n], value)) for n, value in enumerate(counters))
    return netlink.message(1, 1, netlink.nla(number, attribute + netlink.nla(10, narrow)))


def test_counters_of_64_bits_win_and_those_of_32_do_where_there_are_no_others():
    wide = netlink.message(1, 5, netlink.server(b"\n\0\0\1", 80, counters=COUNTS))
    assert answers.servers([answers.server_reader().one(wide)])[0].stats == Stats.make(COUNTS)
    few = tuple(range(1, 11))
    narrow = old(2, netlink.nla(1, b"\n\0\0\1" + bytes(12)) + netlink.nla(11, struct.pack("=H", 2)), few)
    assert answers.servers([answers.server_reader().one(narrow)])[0].stats == Stats.make(few)
    narrow = old(1, netlink.nla(1, struct.pack("=H", 2)) + netlink.nla(5, struct.pack("=I", 7)), few)
    assert answers.services([answers.service_reader().one(narrow)])[0].stats == Stats.make(few)
    assert answers.services([answers.service_reader(stats=False).one(narrow)])[0].stats is None


def test_what_an_old_kernel_does_not_tell_of_a_server():
    """No family, no tunnels, no counters: it's of its service's family, and no tunnel."""
    raw = b"".join(
        (netlink.nla(1, bytes(range(16))), netlink.nla(2, b"\x1f\x90"), netlink.nla(3, struct.pack("=I", 3)))
    )
    values = [answers.server_reader().one(netlink.message(1, 5, netlink.nla(2, raw)))]
    assert answers.servers(values, 10)[0] == Server(address=bytes(range(16)), port=8080, weight=0, stats=Stats())
    assert answers.servers(values, 2)[0].address == bytes(range(4))


@pytest.mark.parametrize(("raw", "service"), [
    (netlink.service(b"\n\0\0\1", 80), Service(protocol=6, address=b"\n\0\0\1", port=80, scheduler="rr")),
    (netlink.service(bytes(range(16)), 443, "wlc", 17, 2 | 1 | 4, 300, struct.pack("=I", 64)),
     Service(af=10, protocol=17, address=bytes(range(16)), port=443, scheduler="wlc", flags=5, timeout=300,
             netmask=64)),
    (netlink.service(bytes(16), 1, netmask=struct.pack("=I", 128)),
     Service(af=10, protocol=6, address=bytes(16), port=1, scheduler="rr")),
    (netlink.service(b"\0\0\0\0", 0, "sh", fwmark=2**32 - 1, flags=2 | 56),
     Service(fwmark=2**32 - 1, scheduler="sh", flags=56)),
    (netlink.service(b"\n\0\0\1", 80, netmask=b"\xff\xff\xff\0"),
     Service(protocol=6, address=b"\n\0\0\1", port=80, scheduler="rr", netmask=0xFFFFFF00)),
    (netlink.service(b"\n\0\0\1", 80, netmask=b"\0\0\0\0"),
     Service(protocol=6, address=b"\n\0\0\1", port=80, scheduler="rr", netmask=0)),
    (netlink.service(b"\n\0\0\1", 80, extra=netlink.nla(11, b"sip\0") + netlink.nla(99, b"??")),
     Service(protocol=6, address=b"\n\0\0\1", port=80, scheduler="rr", engine="sip")),
])  # fmt: skip
def test_a_service_as_the_kernel_tells_it(raw, service):
    (found,) = answers.services([answers.service_reader().one(netlink.message(1, 1, raw))])
    assert found == service.replace(stats=Stats())


VIP = Service(protocol=6, address=b"\n\0\0\1", port=80)
addresses = st.one_of(ip4, ip6)


@examples(100)
@given(st.builds(
    Server, address=addresses, port=u16, forwarding=st.integers(0, 7), weight=u32, upper_threshold=u32,
    lower_threshold=u32, tunnel_type=st.integers(0, 255), tunnel_port=u16, tunnel_flags=u16,
))  # fmt: skip
def test_the_fast_packer_packs_as_the_headers_say_and_as_encode_does(server):
    """Of a shape that differs in all that may; twice by one encoder: the second time, it is known."""
    key = netlink.nla(0x8001, b"".join((
        netlink.nla(1, struct.pack("=H", 2)), netlink.nla(2, struct.pack("=H", 6)),
        netlink.nla(3, VIP.address + bytes(12)), netlink.nla(4, b"\0\x50"),
    )))  # fmt: skip
    who = b"".join((
        netlink.nla(11, struct.pack("=H", 2 if len(server.address) == 4 else 10)),
        netlink.nla(1, server.address.ljust(16, b"\0")), netlink.nla(2, struct.pack(">H", server.port)),
    ))  # fmt: skip
    settings = b"".join((
        netlink.nla(3, struct.pack("=I", server.forwarding)), netlink.nla(4, struct.pack("=I", server.weight)),
        netlink.nla(13, struct.pack("=B", server.tunnel_type)), netlink.nla(14, struct.pack(">H", server.tunnel_port)),
        netlink.nla(15, struct.pack("=H", server.tunnel_flags)),
        netlink.nla(5, struct.pack("=I", server.upper_threshold)),
        netlink.nla(6, struct.pack("=I", server.lower_threshold)),
    ))  # fmt: skip
    assert codec.encode(schema.DEST_KEY, server) == who
    for verb, number, rest in (
        ("add-server", 5, who + settings),
        ("edit-server", 6, who + settings),
        ("delete-server", 7, who),
    ):
        command = Command(verb=verb, service=VIP, server=server)
        expected = netlink.message(9, number, key + netlink.nla(0x8002, rest), flags=1)
        encoder = wire.Encoder(netlink.FAMILY)
        assert encoder.frames(9, [command]) == [expected]
        other = server.replace(address=bytes(len(server.address)), port=1, weight=1)
        shape = Shape(command.replace(service=VIP.replace(address=b"\1\2\3\4", port=9), server=other))
        alike = (shape, (VIP.address, VIP.port), server.address, server.port, server.weight)
        assert shape.full(alike) == command
        for _ in range(2):
            assert encoder.frames(9, [alike]) == [expected]


SERVICES = {
    "address": VIP.replace(scheduler="wrr", flags=1, timeout=300),
    "IPv6": Service(af=10, protocol=17, address=bytes(range(16)), port=53, scheduler="rr", netmask=64),
    "mark": Service(fwmark=2**31, scheduler="sh", flags=8),
}


def plain_frames(first, commands):
    """The requests of `commands`, each encoded by itself."""
    return [codec.frame(netlink.FAMILY, 1, n, *wire.request(command)) for n, command in enumerate(commands, first)]


VERBS = ["add-server", "edit-server", "delete-server", "add-service", "edit-service", "delete-service"]


@given(st.lists(random_tables.any_tables(beside=False), min_size=1, max_size=3), st.randoms(use_true_random=False))
@examples(60)
def test_commands_among_others_are_packed_as_each_by_itself(tables, chance):
    commands = [
        Command(verb=verb, service=service, server=server)
        for table in tables
        for service, servers in table.services
        for verb in VERBS
        for server in (servers if "server" in verb else [None])
        for _ in range(2)
    ]
    encoder = wire.Encoder(netlink.FAMILY)
    for first in (1, 1000, 2000):
        assert encoder.frames(first, commands) == plain_frames(first, commands)
        chance.shuffle(commands)


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("verb", ["add-service", "edit-service", "delete-service", "zero", "add-server"])
def test_the_fast_packer_packs_services_as_the_tolerant_one_does(service, verb):
    server = Server(address=b"\n\1\0\1", port=80) if verb == "add-server" else None
    commands, alikes = [], []
    shape = Shape(Command(verb=verb, service=service, server=server))
    for n in range(5):
        more = {} if service.address is None else {"address": bytes((n,)) * len(service.address), "port": 65535 - n}
        commands.append(shape.command.replace(service=service.replace(**more)))
        alikes.append((shape, commands[-1].service[2:4], b"\n\1\0\1", 80, 1))
        assert shape.full(alikes[-1]) == commands[-1]
    encoder = wire.Encoder(netlink.FAMILY)
    assert encoder.frames(7, alikes) == encoder.frames(7, commands) == plain_frames(7, commands)
    for n, command in enumerate(commands):
        (question,) = encoder.questions(8, 0x300, n, [command.service])
        assert question == codec.frame(netlink.FAMILY, 0x301, n, 8, wire.service_key(command.service))


def test_questions_about_services_of_all_kinds_are_in_their_order():
    services = [SERVICES[name] for name in (*SERVICES, *reversed(SERVICES), *SERVICES)]
    expected = [codec.frame(netlink.FAMILY, 0x301, 7, 8, wire.service_key(service)) for service in services]
    assert wire.Encoder(netlink.FAMILY).questions(8, 0x300, 7, services) == expected


def test_a_layout_refuses_what_differs_in_its_head():
    message = netlink.message(1, 5, netlink.server(b"\n\0\0\1", 80))
    layout = Layout(schema.DEST_ANSWER, {"port": 0}, message)
    assert layout.read(message) is not None
    assert layout.read(message[:-4]) is None
    assert layout.read(message + message[:8]) is None
    for changed in (
        netlink.message(1, 5, netlink.server(b"\n\0\0\1", 80), flags=2 | 0x10),
        netlink.message(1, 5, netlink.server(b"\n\0\0\1", 80), family=29),
    ):
        assert layout.read(changed) is None
    assert layout.read(netlink.message(2, 5, netlink.server(b"\n\0\0\2", 81))) is not None
