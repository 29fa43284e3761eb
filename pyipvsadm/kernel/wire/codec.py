"""Netlink's framing and the kinds of attribute. Knows nothing about IPVS.

Source: linux/netlink.h, linux/genetlink.h. Everything is in the machine's byte order unless a
kind says otherwise.
"""

from __future__ import annotations

from _socket import htons, ntohs
from _struct import Struct
from sys import byteorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Rows = tuple[tuple[int, "Kind", str], ...]

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
DUMP = NLM_F_REQUEST | NLM_F_DUMP  # the flags of a request for a dump
NLM_F_MULTI = 0x2
NLM_F_DUMP_INTR = 0x10  # in an answer: the table changed during the dump
NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3FFF

HEADER = Struct("=IHHII")  # length, type, flags, sequence number, port
GENERIC = Struct("=BBH")  # command, version, reserved
FRAME = Struct("=IHHIIBBH")  # both
FLAGS = Struct("=H")
ATTRIBUTE = Struct("=HH")  # length without padding, type
BEFORE_SEQUENCE, BEHIND_SEQUENCE = 8, 12  # offsets in a message
HEAD = slice(4, BEHIND_SEQUENCE)  # the bytes of type, flags and sequence number
DONE_LENGTH = 20  # bytes of the message that ends a dump; the last four are an errno
AMONG = Struct("=HH")  # type, flags
PAYLOAD = HEADER.size + GENERIC.size  # where the attributes of a generic message start


class Kind:
    """A kind of attribute: how its value is packed into bytes and unpacked from them.

    `format` is a struct format, for values of a fixed size. `to` converts a value into what struct
    packs, and `back` converts what it unpacks into a value; None where both are the same.
    """

    def __init__(
        self,
        format: str = "",
        to: Callable[[Any], Any] | None = None,
        back: Callable[[Any], Any] | None = None,
        rows: Rows = (),
    ) -> None:
        self.struct = Struct("=" + format)
        self.format = format
        self.to = to
        self.back = back
        self.rows = rows  # of a nested attribute

    def pack(self, value: Any) -> bytes:
        """The bytes of `value`."""
        return self.struct.pack(self.to(value) if self.to else value)

    def unpack(self, raw: bytes) -> Any:
        """The value in `raw`, of any length: missing bytes are zero, extra bytes are ignored."""
        (value,) = self.struct.unpack_from(raw.ljust(self.struct.size, b"\0"))
        return self.back(value) if self.back else value


class Text(Kind):
    """A name that ends in a NUL."""

    def pack(self, value: str) -> bytes:
        return value.encode("utf-8", "surrogateescape") + b"\0"

    def unpack(self, raw: bytes) -> str:
        return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def nested(*rows: tuple[int, Kind, str]) -> Kind:
    """The kind of an attribute that holds others."""
    return Kind(rows=rows)


U8, U16, U32, U64 = Kind("B"), Kind("H"), Kind("I"), Kind("Q")
BE16 = Kind("H", to=htons, back=ntohs)
ADDRESS = Kind("16s")  # IPv4 uses the first four bytes
TEXT = Text()
BYTES = Kind()  # without a known structure


def attribute(number: int, payload: bytes) -> bytes:
    """One attribute, padded to a multiple of four bytes."""
    return ATTRIBUTE.pack(len(payload) + 4, number) + payload + b"\0" * (-len(payload) % 4)


def encode(rows: Rows, record: object) -> bytes:
    """The fields of `record` that are set, as attributes in the order of `rows`."""
    return b"".join(
        attribute(number, kind.pack(value))
        for number, kind, field in rows
        if (value := getattr(record, field)) is not None
    )


def walk(rows: Rows, message: bytes, start: int, end: int, prefix: str = "") -> Iterator[tuple[str, Kind, int, int]]:
    """All attributes from `start` to `end`, as (field, kind, first byte, end).

    A field inside a named one has both names, joined by a dot. The name is "" for attributes without
    a row, since kernels grow; for those that hold others; and for one that claims more bytes than
    there are, which is the last one.
    """
    known = {number: (kind, field) for number, kind, field in rows}
    while start + 4 <= end:
        length, number = ATTRIBUTE.unpack_from(message, start)
        if length < 4 or start + length > end:
            yield "", BYTES, start + 4, end
            return
        kind, field = known.get(number & NLA_TYPE_MASK, (BYTES, ""))
        if kind.rows:
            yield "", BYTES, start + 4, start + length
            yield from walk(kind.rows, message, start + 4, start + length, f"{prefix}{field}." if field else prefix)
        else:
            yield prefix + field if field else "", kind, start + 4, start + length
        start += length + (-length & 3)


def decode(rows: Rows, message: bytes) -> dict[str, Any]:
    """The fields that the attributes of a generic netlink message carry, by name."""
    found = walk(rows, message, PAYLOAD, len(message))
    return {field: kind.unpack(message[start:end]) for field, kind, start, end in found if field}


def frame(kind: int, flags: int, sequence: int, command: int, attributes: bytes, version: int = 1) -> bytes:
    """A generic netlink message."""
    length = PAYLOAD + len(attributes)
    return FRAME.pack(length, kind, flags, sequence, 0, command, version, 0) + attributes


def acknowledged(message: bytes) -> bytes:
    """`message` with the flag that requests an ACK."""
    return message[:6] + FLAGS.pack(NLM_F_REQUEST | NLM_F_ACK) + message[BEFORE_SEQUENCE:]


def messages(received: bytes) -> list[tuple[int, int, int, bytes]]:
    """The messages in `received`, each as (type, flags, sequence number, all its bytes)."""
    found = []
    at, end = 0, len(received)
    while at + HEADER.size <= end:
        length, kind, flags, sequence, _ = HEADER.unpack_from(received, at)
        if length < HEADER.size or at + length > end:
            break
        found.append((kind, flags, sequence, received[at : at + length]))
        at += length + (-length & 3)
    return found


def dump_heads(family: int, sequence: int) -> tuple[bytes, bytes]:
    """The bytes at HEAD in the messages of a dump, and in its end if it succeeded."""
    number = sequence.to_bytes(4, byteorder)
    return AMONG.pack(family, NLM_F_MULTI) + number, AMONG.pack(NLMSG_DONE, NLM_F_MULTI) + number


def sequence_in(head: bytes) -> int:
    """The sequence number in the bytes at HEAD."""
    return int.from_bytes(head[-4:], byteorder)


def error_number(message: bytes) -> int:
    """The errno in an error message or in the end of a dump, 0 for none."""
    raw = message[HEADER.size : HEADER.size + 4]
    return -int.from_bytes(raw, byteorder, signed=True)
