"""Servers of long lists are read without records; the lists are the same, byte for byte, as with them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.classic import commands
from pyipvsadm.kernel.wire import codec, spans
from pyipvsadm.kernel.wire.spans import Spans
from pyipvsadm.listing.service_lines import server_end
from pyipvsadm.model import Listing, Server

from . import netlink
from .fakes import run
from .properties import examples

LISTS = ["-Ln", "-Ln --stats", "-Ln --rate", "-Ln --stats --exact", "-Ln --thresholds", "-Ln --persistent-conn",
         "-Ln --tun-info", "-Ln --nosort", "-Sn", "-Sn --nosort"]  # fmt: skip
ALWAYS, NEVER = 1, 10**9  # from how many services on spans are read
NEAR = b"\x0a\0\0\x01", b"\x0a\0\0\x02", b"\x0a\0\1\x01", b"\x7f\0\0\1"
FAR = b"\xc0\0\2\1", b"\xff\0\0\1"  # behind the middle of all addresses, where ipvsadm's order turns
IPV6 = b"\x20" + bytes(14) + b"\1", b"\x20" + bytes(14) + b"\2", b"\xfd" + bytes(14) + b"\1", bytes(15) + b"\1"
COUNTS = (0, 0, 1, 99_999_999, 100_000_000, 2**32 - 1)


def whole(**values):
    """A server as Linux 6.1 tells it."""
    return netlink.server(**values)


def newer(**values):
    """One that a later kernel tells more of."""
    return netlink.server(**values, extra=netlink.nla(40, b"more"))


def older(address, port, method, weight, **_):
    """One of a kernel that tells neither its family nor the counters of 64 bits."""
    rest = b"".join(netlink.nla(n, struct.pack("=I", value)) for n, value in ((3, method), (4, weight), (5, 1), (6, 0)))
    return netlink.nla(2, netlink.nla(1, address.ljust(16, b"\0")) + netlink.nla(2, struct.pack(">H", port)) + rest)


@st.composite
def tables(draw):
    """Services and their servers as a kernel writes them: of one layout, or of some, in both families or in one."""
    chance = draw(st.randoms(use_true_random=False))
    kinds = draw(
        st.sampled_from([(whole,), (whole,), (older,), (newer,), (whole, newer), (whole, whole, whole, older)])
    )
    pools = draw(st.sampled_from([(NEAR,), (NEAR + FAR,), (IPV6,), (NEAR, IPV6), (NEAR + FAR, IPV6)]))
    busy = draw(st.sampled_from([(0,), COUNTS]))

    def server(address, port):
        fields = ("method", "weight", "active", "inactive", "upper", "lower", "persistent")
        values = {field: chance.choice((0, 1, 3)) for field in fields}
        counters = tuple(chance.choice(busy) for _ in range(10))
        return chance.choice(kinds)(address=address, port=port, counters=counters, **values)

    def servers(pool):
        strange = pool if chance.random() < 0.9 else NEAR + IPV6  # a tunnel may lead to the other family
        keys = {(chance.choice(strange), chance.choice((80, 443, 65535))) for _ in range(chance.randint(0, 6))}
        return [server(*key) for key in sorted(keys, key=lambda _: chance.random())]

    found = []
    for number in range(draw(st.integers(1, 30))):
        pool = chance.choice(pools)
        mark = chance.choice((0, 0, 0, number + 1))
        found.append((netlink.service(pool[0], number + 1, fwmark=mark, counters=(number,) * 10), servers(pool)))
    return found


@pytest.mark.parametrize("line", LISTS)
@examples(40)
@given(table=tables(), kept=st.sampled_from([spans.KEPT, 3]))
def test_a_list_is_the_same_with_spans_and_with_records(line, table, kept):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spans, "KEPT", kept)
        patch.setattr(commands, "SOME", NEVER)
        plain = run(line.split(), netlink.small_kernel(table))
        patch.setattr(commands, "SOME", ALWAYS)
        quick = run(line.split(), netlink.small_kernel(table))
    assert (quick.status, quick.stdout, quick.stderr) == (plain.status, plain.stdout, plain.stderr)
    assert quick.socket.requests == plain.socket.requests


def piece(*servers):
    return b"".join(netlink.message(1, 5, one) for one in servers)


def some(kind=whole, address=NEAR[0], port=80, **values):
    return kind(**({"method": 0, "weight": 1} | values), address=address, port=port)


ALIKE = piece(some(), some(address=NEAR[1], port=443, weight=3, active=7))


@pytest.mark.parametrize(("pieces", "family", "read"), [
    ([ALIKE, piece(some(port=81))], 2, True),
    ([ALIKE, b"", piece(some(port=81))], 2, True),
    ([piece(some(address=IPV6[0])), piece(some(address=IPV6[1]))], 10, True),
    ([piece(some(newer)), piece(some(newer))], 2, True),
    ([b"", b""], 2, False),  # nothing is there to learn from
    ([ALIKE, piece(some(newer))], 2, False),  # two layouts
    ([ALIKE, piece(some(address=IPV6[0]))], 2, False),  # another family in one of the services,
    ([piece(some(address=IPV6[0]))], 2, False),  # or in all of them
    ([piece(some(older))], 2, False),  # no family is told
])  # fmt: skip
def test_what_is_alike_is_read_by_spans_and_nothing_else(pieces, family, read):
    found = Spans(*server_end(Listing())).each(pieces, family)
    assert (found is not None) == read
    if found is not None:
        assert [len(servers) for servers in found] == [len(codec.messages(one)) for one in pieces]


def test_what_is_told_is_asked_once_for_the_same_span():
    asked = []

    def tell(server: Server) -> str:
        asked.append(server)
        return f"{server.weight} {server.active}"

    reader = Spans(("weight", "active"), tell)
    found = reader.each([ALIKE, ALIKE], 2)
    assert reader.each([ALIKE], 2) == found[:1]
    assert found == [((NEAR[0], 80, "1 0"), (NEAR[1], 443, "3 7"))] * 2
    assert sorted((server.weight, server.active) for server in asked) == [(1, 0), (3, 7)]
