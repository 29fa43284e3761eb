"""Where packets for many addresses go: asked in batches, since a question by itself takes longer than its answer.

Source: rtnetlink(7), linux/rtnetlink.h.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from itertools import islice
from os import strerror
from struct import Struct

from .facts import ROUTE_TYPES, Route

BATCH = 64  # questions of one write, whose answers fit into the socket's buffer
RECEIVE_BYTES = 1 << 16
NLMSG_ERROR, RTM_GETROUTE, NLM_F_REQUEST = 2, 26, 1
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_METRICS, RTA_MARK, RTA_VIA, RTAX_MTU = 1, 4, 5, 7, 8, 16, 18, 2
HEADER, MESSAGE, ATTRIBUTE = Struct("=IHHII"), Struct("=BBBBBBBBI"), Struct("=HH")
NUMBER = Struct("=I")
ERROR = Struct("=i")

Question = tuple[str, int]  # an address, and a firewall mark or 0


def routes_to(questions: Iterable[Question], names: dict[int, str]) -> Iterator[Route]:
    """The route of each question, in their order; one of type "none" says why as its source. Raises OSError.

    `names` are those of devices by their indices.
    """
    asked = iter(questions)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as made:
        made.bind((0, 0))
        while batch := list(islice(asked, BATCH)):
            made.send(b"".join(_question(number, *one) for number, one in enumerate(batch)))
            found: dict[int, Route] = {}
            while len(found) < len(batch):
                found.update(_answers(made.recv(RECEIVE_BYTES), names))
            yield from (found[number] for number in range(len(batch)))


def _question(number: int, address: str, mark: int) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    attributes = _attribute(RTA_DST, packed) + (_attribute(RTA_MARK, NUMBER.pack(mark)) if mark else b"")
    body = MESSAGE.pack(family, 8 * len(packed), 0, 0, 0, 0, 0, 0, 0) + attributes
    return HEADER.pack(HEADER.size + len(body), RTM_GETROUTE, NLM_F_REQUEST, number, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value


def _answers(data: bytes, names: dict[int, str]) -> Iterator[tuple[int, Route]]:
    """The number of each question that is answered in `data`, with its route."""
    start = 0
    while start + HEADER.size <= len(data):
        length, kind, _, number, _ = HEADER.unpack_from(data, start)
        body = data[start + HEADER.size : start + length]
        if kind == NLMSG_ERROR:
            yield number, Route("none", source=strerror(-ERROR.unpack_from(body)[0]))
        else:
            yield number, _route(body, names)
        start += max(length + 3 & ~3, HEADER.size)


def _route(body: bytes, names: dict[int, str]) -> Route:
    family, *_, kind, _ = MESSAGE.unpack_from(body)
    found = dict(_attributes(body[MESSAGE.size :]))
    device = NUMBER.unpack(found[RTA_OIF])[0] if RTA_OIF in found else 0
    via = found.get(RTA_VIA, b"")  # the next machine is of the other family
    gateway = _text(family, found[RTA_GATEWAY]) if RTA_GATEWAY in found else _text(via[0], via[2:]) if via else ""
    metrics = dict(_attributes(found.get(RTA_METRICS, b"")))
    return Route(
        type=ROUTE_TYPES.get(kind, "unknown"),
        device=names.get(device, str(device)) if device else "",
        gateway=gateway,
        source=_text(family, found[RTA_PREFSRC]) if RTA_PREFSRC in found else "",
        mtu=NUMBER.unpack(metrics[RTAX_MTU])[0] if RTAX_MTU in metrics else 0,
    )


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, start)
        if length < ATTRIBUTE.size:
            return
        yield kind, data[start + ATTRIBUTE.size : start + length]
        start += length + 3 & ~3


def _text(family: int, packed: bytes) -> str:
    return socket.inet_ntop(family, packed)
