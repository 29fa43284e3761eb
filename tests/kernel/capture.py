"""What a program says to IPVS, byte by byte: the kernel's monitor device for netlink hears it."""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Iterator
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
def captured(namespace: Namespace) -> Iterator[list[Request]]:
    """A list that has, after the block, all that was asked of IPVS in `namespace`, but for GET_INFO."""
    requests: list[Request] = []
    with namespace.entered():
        subprocess.run(["ip", "link", "add", "nlmon0", "type", "nlmon"], check=True)
        subprocess.run(["ip", "link", "set", "nlmon0", "up"], check=True)
        listening = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    listening.bind(("nlmon0", 0))
    try:
        yield requests
        listening.setblocking(False)
        while True:
            try:
                data, (_, protocol, *_) = listening.recvfrom(1 << 16)
            except BlockingIOError:
                break
            if protocol == NETLINK_GENERIC:
                requests += messages(data)
    finally:
        listening.close()
        with namespace.entered():
            subprocess.run(["ip", "link", "del", "nlmon0"], check=True)


def messages(data: bytes) -> Iterator[Request]:
    """The requests to IPVS in one write; answers aren't."""
    while data:
        length, kind, flags, _, _, command = struct.unpack_from("=IHHIIB", data)
        if kind == family() and flags & NLM_F_REQUEST and command != GET_INFO:
            yield Request(flags, command, data[20:length])
        data = data[length + (-length & 3) :]
