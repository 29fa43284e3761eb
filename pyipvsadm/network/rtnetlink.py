"""Requests to rtnetlink and its answers, as bytes: a small codec, since a complete one loads slowly.

Source: rtnetlink(7), linux/rtnetlink.h, linux/netlink.h.
"""

from __future__ import annotations

import os
from _socket import AF_NETLINK, SOCK_RAW, inet_ntop, socket
from _struct import Struct
from errno import EIO
from itertools import islice
from os import strerror

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Answer = tuple[int, int, int, bytes]  # kind, flags, number of the request, bytes after the header

NETLINK_ROUTE = 0  # linux/netlink.h
RECEIVE_BYTES = 1 << 16
BATCH = 64  # requests per write; their answers fit the socket's buffer
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR = 1, 4, 0x300, 0x10
PATIENCE = 20  # seconds; the kernel answers at once or never
ATTEMPTS = 3  # to list objects that keep changing
HEADER, ATTRIBUTE, NUMBER, ERROR = Struct("=IHHII"), Struct("=HH"), Struct("=I"), Struct("=i")
NESTED = 0x3FFF  # the bits of an attribute's number without the flags

Attributes = dict[int, bytes]


def connect() -> socket:
    """A socket in this process's namespace. Raises OSError."""
    made = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)
    made.settimeout(PATIENCE)
    made.bind((0, 0))
    return made


def question(kind: int, body: bytes, flags: int = 0, number: int = 0) -> bytes:
    """A request as bytes."""
    return HEADER.pack(HEADER.size + len(body), kind, NLM_F_REQUEST | flags, number, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute whose value needs no padding."""
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value


def answers(data: bytes) -> Iterator[Answer]:
    """The messages in the received `data`."""
    start, head = 0, HEADER.size
    last = len(data) - head
    while start <= last:
        length, kind, flags, number, _ = HEADER.unpack_from(data, start)
        yield kind, flags, number, data[start + head : start + length]
        start += max(length + 3 & ~3, head)


def failed(body: bytes) -> int:
    """The errno in an answer of kind NLMSG_ERROR."""
    return -int(ERROR.unpack_from(body)[0])


def exchanged(made: socket, requests: Iterable[tuple[int, int, bytes]]) -> Iterator[bytes | int]:
    """The answer to each request, which is its kind, its flags and its body; lazily, in order. Raises OSError.

    An answer is an object from its head on, the errno of a refusal, or 0 where there is neither. Requests are sent in
    batches, of which only the last asks for an ACK: the kernel works in order, and reports a refusal unasked.
    """
    asked = iter(requests)
    while batch := list(islice(asked, BATCH)):
        last = len(batch) - 1
        kind, flags, body = batch[last]
        batch[last] = kind, flags | NLM_F_ACK, body
        made.send(b"".join(question(kind, body, flags, number) for number, (kind, flags, body) in enumerate(batch)))
        found: dict[int, bytes | int] = {}
        through = False
        while not through:
            for kind, _, number, body in answers(made.recv(RECEIVE_BYTES)):
                error = failed(body) if kind == NLMSG_ERROR else None
                through |= error is not None and number == last
                if error != 0:
                    found[number] = body if error is None else error
        yield from (found.get(number, 0) for number in range(len(batch)))


def listed(made: socket, kind: int, head: Struct) -> list[bytes]:
    """All objects of a kind that the kernel lists, each from its head on. Raises OSError."""
    for _ in range(ATTEMPTS):
        made.send(question(kind, bytes(head.size), NLM_F_DUMP))
        found: list[bytes] = []
        if _collect(made, found):
            return found
    raise OSError(EIO, "the network changes faster than it can be read")


def _collect(made: socket, found: list[bytes]) -> bool:
    """Collect the listed objects in `found`; return whether the list is consistent. Raises OSError."""
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
    """The attributes in `data` from `start` on, by number."""
    found = {}
    head, unpack = ATTRIBUTE.size, ATTRIBUTE.unpack_from
    last = len(data) - head
    while start <= last:
        length, kind = unpack(data, start)
        if length < head:
            break
        found[kind & NESTED] = data[start + head : start + length]
        start += length + 3 & ~3
    return found


def attributes_of_each(bodies: Iterable[bytes], start: int) -> Iterator[Attributes]:
    """The attributes in each of `bodies` from `start` on: fast if those of the same length have the same layout."""
    layouts: dict[int, tuple[Struct, tuple[bytes, ...], tuple[int, ...]]] = {}  # by length
    for body in bodies:
        if len(body) in layouts:
            layout, heads, kinds = layouts[len(body)]
            parts = layout.unpack(body)
            if parts[::2] == heads:
                yield dict(zip(kinds, parts[1::2], strict=True))
                continue
        found = attributes(body, start)
        padded = "".join(f"{ATTRIBUTE.size}s{len(value)}s{-len(value) % 4}x" for value in found.values())
        layout = Struct(f"={start}x{padded}")
        if layout.size == len(body):  # no attribute comes twice
            layouts[len(body)] = layout, layout.unpack(body)[::2], tuple(found)
        yield found


def number_of(found: Attributes, kind: int) -> int | None:
    """The attribute `kind` as a 32-bit number, if it is present."""
    value = found.get(kind, b"")
    return int(NUMBER.unpack(value)[0]) if len(value) == NUMBER.size else None


def text_of(found: Attributes, kind: int) -> str:
    """The attribute `kind` as text; empty if it is absent."""
    return os.fsdecode(found.get(kind, b"").rstrip(b"\0"))


def address_of(family: int, packed: bytes) -> str:
    """An address in digits; empty if its length doesn't match its family."""
    try:
        return inet_ntop(family, packed)
    except (OSError, ValueError):
        return ""
