"""Netlink's framing, and the kinds of attribute, against bytes made by struct alone."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.kernel.wire import codec
from pyipvsadm.kernel.wire.codec import ADDRESS, BE16, TEXT, U8, U16, U32, U64, Kind, nested

from . import netlink
from .properties import examples


@pytest.mark.parametrize(("kind", "value", "raw"), [
    (U8, 255, b"\xff"),
    (U16, 0x1234, struct.pack("=H", 0x1234)),
    (U32, 2**32 - 1, b"\xff" * 4),
    (U64, 2**63, struct.pack("=Q", 2**63)),
    (BE16, 8080, b"\x1f\x90"),  # network order, on every machine
    (ADDRESS, b"\n\0\0\1", b"\n\0\0\1" + bytes(12)),
    (ADDRESS, bytes(range(16)), bytes(range(16))),
    (TEXT, "rr", b"rr\0"),
    (TEXT, "", b"\0"),
    (TEXT, "\udcff\xe9", b"\xff\xc3\xa9\0"),
])  # fmt: skip
def test_a_value_and_its_bytes(kind, value, raw):
    assert kind.pack(value) == raw
    assert kind.unpack(raw) in (value, value + bytes(12) if isinstance(value, bytes) else value)


@pytest.mark.parametrize(("kind", "raw", "value"), [
    (U32, b"", 0), (U32, struct.pack("=I", 5) + b"more", 5), (U64, b"\0" * 3, 0), (BE16, b"\x1f\x90zzz", 8080),
    (TEXT, b"rr", "rr"), (TEXT, b"", ""), (TEXT, b"a\0b\0", "a"), (ADDRESS, b"\n", b"\n" + bytes(15)), (U8, b"", 0),
])  # fmt: skip
def test_what_is_too_short_or_too_long_is_read_all_the_same(kind, raw, value):
    assert kind.unpack(raw) == value


@pytest.mark.parametrize("length", range(9))
def test_an_attribute_is_padded_to_four_bytes(length):
    raw = codec.attribute(5, b"x" * length)
    assert raw == netlink.nla(5, b"x" * length)
    assert len(raw) == 4 + (length + 3) // 4 * 4


def test_a_frame_is_a_generic_netlink_message():
    raw = codec.frame(28, 5, 77, 3, b"abcd")
    assert raw == struct.pack("=IHHIIBBH", 24, 28, 5, 77, 0, 3, 1, 0) + b"abcd"
    assert codec.acknowledged(raw) == struct.pack("=IHHIIBBH", 24, 28, 5, 77, 0, 3, 1, 0) + b"abcd"
    assert codec.acknowledged(codec.frame(28, 1, 77, 3, b"abcd")) == raw


def test_the_heads_of_a_dump():
    among, end = codec.dump_heads(28, 77)
    assert struct.pack("=IHHII", 100, 28, 2, 77, 0)[codec.HEAD] == among
    assert struct.pack("=IHHIIi", 20, 3, 2, 77, 0, 0)[codec.HEAD] == end


ROWS = (
    (1, nested((1, U16, "af"), (3, TEXT, "name"), (10, nested((1, U64, "n")), "stats")), ""),
    (4, U32, "tcp"),
)


def read(payload):
    return codec.decode(ROWS, netlink.message(1, 1, payload))


@pytest.mark.parametrize(("payload", "fields"), [
    (b"", {}),
    (netlink.nla(4, struct.pack("=I", 900)), {"tcp": 900}),
    (netlink.nla(1, netlink.nla(1, struct.pack("=H", 2)) + netlink.nla(3, b"rr\0")), {"af": 2, "name": "rr"}),
    (netlink.nla(0x8001, netlink.nla(1, struct.pack("=H", 2))), {"af": 2}),  # a nested attribute may say that it is
    (netlink.nla(0x4004, struct.pack("=I", 9)), {"tcp": 9}),  # or that its bytes are in network order
    (netlink.nla(1, netlink.nla(10, netlink.nla(1, struct.pack("=Q", 2**60)))), {"stats.n": 2**60}),
    # What no row names is skipped, wherever it stands.
    (netlink.nla(99, b"what?") + netlink.nla(4, struct.pack("=I", 1)) + netlink.nla(100, b""), {"tcp": 1}),
    (netlink.nla(1, netlink.nla(77, b"odd") + netlink.nla(1, struct.pack("=H", 10))), {"af": 10}),
    (netlink.nla(1, netlink.nla(11, b"") * 3), {}),
    # The last of several counts.
    (netlink.nla(4, struct.pack("=I", 1)) + netlink.nla(4, struct.pack("=I", 2)), {"tcp": 2}),
    # What claims more than there is ends the reading.
    (netlink.nla(4, struct.pack("=I", 1)) + struct.pack("=HH", 400, 4) + b"abcd", {"tcp": 1}),
    (struct.pack("=HH", 3, 4) + netlink.nla(4, struct.pack("=I", 1)), {}),
    (struct.pack("=HH", 0, 4) * 3, {}),
    (netlink.nla(4, struct.pack("=I", 1)) + b"\x08", {"tcp": 1}),
    (netlink.nla(1, struct.pack("=HH", 200, 1) + b"ab") + netlink.nla(4, struct.pack("=I", 3)), {"tcp": 3}),
])  # fmt: skip
def test_reading_attributes(payload, fields):
    assert read(payload) == fields


@examples(100)
@given(st.binary(max_size=120))
def test_any_bytes_are_read_without_a_fuss(raw):
    codec.decode(ROWS, raw)
    for kind, flags, sequence, message in codec.messages(raw):
        assert 0 <= kind < 65536
        assert 0 <= flags < 65536
        assert sequence >= 0
        assert len(message) >= 16
        codec.decode(ROWS, message)
        codec.error_number(message)


def test_messages_are_told_apart():
    first, second = netlink.message(7, 1, b"abcd"), netlink.message(8, 2, b"ab", flags=0)
    found = codec.messages(first + second + b"\0\0" + netlink.done(9))
    assert found == [(28, 2, 7, first), (28, 0, 8, second), (3, 2, 9, netlink.done(9))]
    assert codec.messages(first + second[:10]) == [(28, 2, 7, first)]
    assert codec.messages(first + struct.pack("=IHHII", 15, 1, 1, 1, 1)) == [(28, 2, 7, first)]
    assert codec.messages(b"") == []


@pytest.mark.parametrize("errno", [0, 1, 17, 95, 2**31 - 1])
def test_the_errno_of_an_answer(errno):
    assert codec.error_number(netlink.error(1, errno)) == errno


def test_only_what_is_set_travels_in_the_order_of_the_rows():
    class Some:
        """A record, or anything with these attributes."""

        b, a, name = 7, None, "x"

    rows = ((2, U16, "b"), (1, U32, "a"), (3, TEXT, "name"))
    assert codec.encode(rows, Some) == netlink.nla(2, struct.pack("=H", 7)) + netlink.nla(3, b"x\0")


def test_a_kind_converts_both_ways():
    kind = Kind("B", to=lambda value: value + 1, back=lambda value: value - 1)
    assert kind.pack(4) == b"\5"
    assert kind.unpack(b"\5") == 4
