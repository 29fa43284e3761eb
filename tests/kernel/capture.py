"""What a program says to IPVS, byte by byte: the kernel's monitor device for netlink hears it."""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .namespaces import Namespace
from .rawtable import NETLINK_GENERIC, family

ETH_P_ALL = 3
NLM_F_REQUEST = 1
GET_INFO = 15


class Request(NamedTuple):
    """A message to IPVS: its flags, the command, and the attributes."""

    flags: int
    command: int
    attributes: bytes


@contextmanager
def monitor(namespace: Namespace) -> Iterator[Callable[[], list[Request]]]:
    """What tells all that was asked of IPVS in `namespace`, but for GET_INFO, since it was last called."""
    with namespace.entered():
        subprocess.run(["ip", "-batch", "-"], input=b"link add nlmon0 up type nlmon", check=True)
        listening = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with listening:
        listening.bind(("nlmon0", 0))
        listening.setblocking(False)
        yield lambda: [request for data in _packets(listening) for request in messages(data)]


def _packets(listening: socket.socket) -> Iterator[bytes]:
    """The packets of generic netlink that have been heard."""
    while True:
        try:
            data, (_, protocol, *_) = listening.recvfrom(1 << 16)
        except BlockingIOError:
            return
        if protocol == NETLINK_GENERIC:
            yield data


def messages(data: bytes) -> Iterator[Request]:
    """The requests to IPVS in one write; answers aren't."""
    while data:
        length, kind, flags, _, _, command = struct.unpack_from("=IHHIIB", data)
        if kind == family() and flags & NLM_F_REQUEST and command != GET_INFO:
            yield Request(flags, command, data[20:length])
        data = data[length + (-length & 3) :]
