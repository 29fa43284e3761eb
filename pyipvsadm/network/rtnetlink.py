"""Questions to rtnetlink and its answers, as bytes: what facts are read with, since a codec of everything loads slowly.

Source: rtnetlink(7), linux/rtnetlink.h, linux/netlink.h.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from errno import EIO
from os import strerror
from struct import Struct

RECEIVE_BYTES = 1 << 16
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR = 1, 4, 0x300, 0x10
PATIENCE = 20  # seconds: the kernel answers at once, or never
ATTEMPTS = 3  # to list what changes meanwhile
HEADER, ATTRIBUTE, NUMBER, ERROR = Struct("=IHHII"), Struct("=HH"), Struct("=I"), Struct("=i")
NESTED = 0x3FFF  # the bits of an attribute's number that aren't flags

Attributes = dict[int, bytes]
Answer = tuple[int, int, int, bytes]  # kind, flags, number of the question, what follows the header


def connect() -> socket.socket:
    """A socket of the namespace that this process is in. Raises OSError."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    made.settimeout(PATIENCE)
    made.bind((0, 0))
    return made


def question(kind: int, body: bytes, flags: int = 0, number: int = 0) -> bytes:
    """A message."""
    return HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | flags, number, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute whose value fills whole words."""
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value


def answers(data: bytes) -> Iterator[Answer]:
    """The messages in what was received."""
    start = 0
    while start + HEADER.size <= len(data):
        length, kind, flags, number, _ = HEADER.unpack_from(data, start)
        yield kind, flags, number, data[start + HEADER.size : start + length]
        start += max(length + 3 & ~3, HEADER.size)


def failed(body: bytes) -> int:
    """The error number that an answer of kind NLMSG_ERROR tells."""
    return -int(ERROR.unpack_from(body)[0])


def listed(made: socket.socket, kind: int, head: Struct) -> list[bytes]:
    """All that the kernel lists of a kind, each from its head on. Raises OSError."""
    for _ in range(ATTEMPTS):
        made.send(question(kind, bytes(head.size), NLM_F_DUMP))
        found: list[bytes] = []
        if _collect(made, found):
            return found
    raise OSError(EIO, "the network changes faster than it can be read")


def _collect(made: socket.socket, found: list[bytes]) -> bool:
    """Put what is listed into `found`; whether it is of one moment. Raises OSError."""
    whole = True
    while True:
        for kind, flags, _, body in answers(made.recv(RECEIVE_BYTES)):
            whole &= not flags & NLM_F_DUMP_INTR
            if kind == NLMSG_DONE:
                return whole
            if kind == NLMSG_ERROR:
                raise OSError(failed(body), strerror(failed(body)))
            found.append(body)


def attributes(data: bytes, start: int = 0) -> Attributes:
    """The attributes in `data`, from `start` on, by their numbers."""
    found = {}
    while start + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, start)
        if length < ATTRIBUTE.size:
            break
        found[kind & NESTED] = data[start + ATTRIBUTE.size : start + length]
        start += length + 3 & ~3
    return found


def number_of(found: Attributes, kind: int) -> int | None:
    """The attribute of this number, if it is there, as a number of 32 bits."""
    value = found.get(kind, b"")
    return int(NUMBER.unpack(value)[0]) if len(value) == NUMBER.size else None


def text_of(found: Attributes, kind: int) -> str:
    """The attribute of this number as text; empty if it isn't there."""
    return os.fsdecode(found.get(kind, b"").rstrip(b"\0"))


def address_of(family: int, packed: bytes) -> str:
    """An address in digits; empty for one of another length than its family has."""
    try:
        return socket.inet_ntop(family, packed)
    except (OSError, ValueError):
        return ""
