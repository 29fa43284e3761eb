"""The kernel's whole table as it answers, byte by byte: a reader that shares nothing with pyipvsadm.wire."""

from __future__ import annotations

import socket
import struct
from functools import cache
from typing import NamedTuple

NETLINK_GENERIC, GENL_ID_CTRL = 16, 16
REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 2, 3
GET_SERVICE, GET_DEST, GET_DAEMON, GET_CONFIG = 4, 8, 11, 13
SERVICE, STATS, STATS64 = 1, 10, 12
SERVICE_KEY = (1, 2, 3, 4, 5)
FWMARK = 5


class Table(NamedTuple):
    """What the kernel says of one namespace. Services are sorted, since each namespace hashes in its own way."""

    services: tuple[tuple[bytes, tuple[bytes, ...]], ...]
    daemons: tuple[bytes, ...]
    timeouts: bytes


def lists(table: Table) -> list[list[tuple[int, ...]]]:
    """What a listing sorts, as 32-bit words, the first ones first: the services, and the servers of each."""
    services = [_attributes(service) for service, _ in table.services]
    heads = [tuple(int.from_bytes(service.get(n, b""), "little") for n in (FWMARK, 1, 2)) for service in services]
    addresses = [struct.unpack(">4I", service.get(3, bytes(16))) for service in services]
    servers = [[struct.unpack(">4I", _attributes(server)[1]) for server in found] for _, found in table.services]
    return [[head + address for head, address in zip(heads, addresses, strict=True)], *servers]


@cache
def family() -> int:
    """The number of IPVS's family, the same in all namespaces."""
    with _open() as sock:
        (answer,) = _ask(sock, GENL_ID_CTRL, 3, 0, _attribute(2, b"IPVS\0"))
    return int.from_bytes(_attributes(answer)[1], "little")


def _open() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)


def _attribute(number: int, payload: bytes) -> bytes:
    return struct.pack("=HH", len(payload) + 4, number) + payload + b"\0" * (-len(payload) % 4)


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        length, number = struct.unpack_from("=HH", data)
        found[number & 0x3FFF] = data[4:length]
        data = data[length + (-length & 3) :]
    return found


def _ask(sock: socket.socket, kind: int, command: int, flags: int, attributes: bytes = b"") -> list[bytes]:
    """The answers' attributes."""
    message = struct.pack("=BBH", command, 1, 0) + attributes
    sock.send(struct.pack("=IHHII", 16 + len(message), kind, REQUEST | flags, 1, 0) + message)
    answers: list[bytes] = []
    while True:
        data = sock.recv(1 << 16)
        while data:
            length, kind, *_ = struct.unpack_from("=IHHII", data)
            if kind == DONE:
                return answers
            if kind == ERROR:
                raise OSError(-struct.unpack_from("=i", data, 16)[0], "the kernel refused a question")
            answers.append(data[20:length])
            data = data[length + (-length & 3) :]
        if not flags & DUMP:
            return answers


def read(counters: bool = False) -> Table:
    """The table of the namespace that this process is in; without `counters`, those are left out."""
    with _open() as sock:
        services = []
        for answer in _ask(sock, family(), GET_SERVICE, DUMP):
            service = _attributes(_attributes(answer)[SERVICE])
            key = b"".join(_attribute(n, service[n]) for n in SERVICE_KEY if n in service)
            dests = _ask(sock, family(), GET_DEST, DUMP, _attribute(SERVICE, key))
            services.append((_settled(answer, counters), tuple(_settled(dest, counters) for dest in dests)))
        daemons = tuple(_ask(sock, family(), GET_DAEMON, DUMP))
        (timeouts,) = _ask(sock, family(), GET_CONFIG, 0)
    return Table(tuple(sorted(services)), daemons, timeouts)


def _settled(answer: bytes, counters: bool) -> bytes:
    """A service's or server's attributes, without what counts if that isn't wanted."""
    if counters:
        return answer
    ((_, inner),) = _attributes(answer).items()
    return b"".join(_attribute(n, raw) for n, raw in _attributes(inner).items() if n not in (STATS, STATS64))
