"""The messages of the null client: a table as netlink bytes, ready to send.

On purpose apart from pyipvsadm's own wire: the null client mustn't change when that does. Source:
linux/netlink.h, linux/genetlink.h, linux/ip_vs.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from socket import AF_INET

from .tables import Service

BATCH = 256  # messages that share a write
REQUEST, ACK, DUMP = 0x1, 0x4, 0x300  # NLM_F_*
NEW_SERVICE, GET_SERVICE, NEW_DEST, GET_DEST, FLUSH = 1, 4, 5, 8, 17  # IPVS_CMD_*
PERSISTENT = 0x1  # IP_VS_SVC_F_PERSISTENT
CTRL, GET_FAMILY, FAMILY_ID, FAMILY_NAME = 0x10, 3, 1, 2  # GENL_ID_CTRL, CTRL_CMD_*, CTRL_ATTR_*
NESTED = 0x8000


def attribute(number: int, value: bytes) -> bytes:
    """One attribute: length, number, value, padding."""
    return struct.pack("<HH", len(value) + 4, number) + value + bytes(-len(value) % 4)


def u16(number: int, value: int) -> bytes:
    return attribute(number, struct.pack("<H", value))


def u32(number: int, value: int) -> bytes:
    return attribute(number, struct.pack("<I", value))


def message(family: int, flags: int, command: int, payload: bytes = b"", sequence: int = 0) -> bytes:
    """A generic netlink request; 1 is IPVS_GENL_VERSION, and the controller's too."""
    return struct.pack("<IHHIIBBH", 20 + len(payload), family, REQUEST | flags, sequence, 0, command, 1, 0) + payload


def key(service: Service) -> bytes:
    """The attributes that name a service."""
    return (
        u16(1, service.af)
        + u16(2, service.protocol)
        + attribute(3, service.address.ljust(16, b"\0"))
        + attribute(4, struct.pack(">H", service.port))
    )


def additions(services: Iterable[Service]) -> Iterator[tuple[int, bytes]]:
    """Each rule of `services` as a command and its payload."""
    for service in services:
        name = key(service)
        netmask = 0xFFFFFFFF if service.af == AF_INET else 128
        flags = PERSISTENT if service.persistence else 0
        yield (
            NEW_SERVICE,
            attribute(
                1 | NESTED,
                name
                + attribute(6, service.scheduler.encode() + b"\0")
                + attribute(7, struct.pack("<II", flags, 0xFFFFFFFF))
                + u32(8, service.persistence)
                + u32(9, netmask),
            ),
        )
        named = attribute(1 | NESTED, name)
        for server in service.servers:
            yield (
                NEW_DEST,
                named
                + attribute(
                    2 | NESTED,
                    u16(11, service.af)
                    + attribute(1, server.address.ljust(16, b"\0"))
                    + attribute(2, struct.pack(">H", server.port))
                    + u32(3, server.forwarding)
                    + u32(4, server.weight)
                    + u32(5, 0)
                    + u32(6, 0),
                ),
            )


def restore(services: Iterable[Service], family: int) -> Iterator[bytes]:
    """The writes that build `services`; the last message of each asks for an ACK."""
    rules = additions(services)
    while batch := list(islice(rules, BATCH)):
        last = len(batch) - 1
        yield b"".join(
            message(family, ACK if n == last else 0, command, payload, n) for n, (command, payload) in enumerate(batch)
        )


def listing(services: Iterable[Service], family: int) -> Iterator[bytes]:
    """The writes that dump the services, then the servers of each: the kernel runs one dump at a time."""
    yield message(family, DUMP, GET_SERVICE)
    for service in services:
        yield message(family, DUMP, GET_DEST, attribute(1 | NESTED, key(service)))


def clear(family: int) -> Iterator[bytes]:
    """The one write that empties the table."""
    yield message(family, ACK, FLUSH)


def framed(writes: Iterable[bytes]) -> bytes:
    """`writes` as the null client's file holds them: each behind its length."""
    return b"".join(struct.pack("<I", len(write)) + write for write in writes)


def family_request(name: str) -> bytes:
    """What asks the kernel for the number of the family `name`."""
    return message(CTRL, 0, GET_FAMILY, attribute(FAMILY_NAME, name.encode() + b"\0"))


def family_number(answer: bytes) -> int:
    """The number in the answer to `family_request`. Raises LookupError where it has none."""
    at = 20
    while at + 4 <= len(answer):
        length, number = struct.unpack_from("<HH", answer, at)
        if number == FAMILY_ID:
            return int.from_bytes(answer[at + 4 : at + 6], "little")
        at += max(4, (length + 3) & ~3)
    raise LookupError("the kernel knows no such generic netlink family")
