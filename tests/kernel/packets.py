"""Packets from any client, made by one raw socket, and the servers that the kernel chose for them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from pyipvsadm.kernel import Kernel
from pyipvsadm.listing.connections import Connection, entries
from pyipvsadm.prediction.clients import Client

from .namespaces import Namespace
from .network import ip

VIPS, VIPS6 = "10.8.0.0/16", "2001:db8:8::/48"
IPV6_HDRINCL = 36  # linux/in6.h
UDP, TCP, SCTP = 17, 6, 132
BODIES = {  # a first packet of each protocol, behind its ports: an empty datagram, a SYN, an INIT
    UDP: struct.pack(">HH", 8, 0),
    TCP: struct.pack(">IIBBHHH", 1, 0, 5 << 4, 2, 1000, 0, 0),
    SCTP: struct.pack(">II", 0, 0) + struct.pack(">BBHIIHHI", 1, 0, 20, 1, 65536, 1, 1, 1),
}


class Sender:
    """A director without anybody else: packets of its own go to its virtual addresses, and behind them nowhere."""

    def __init__(self) -> None:
        self.namespace = Namespace()
        ip(
            self.namespace,
            *("link add out type dummy", "link set out up", "addr add 192.0.2.1/24 dev out"),
            *("addr add 2001:db8:ff::1/64 dev out nodad", "route add default dev out", "route add ::/0 dev out"),
            *(f"route add local {VIPS} dev lo", f"route add local {VIPS6} dev lo"),
        )
        with self.namespace.entered():
            self.kernel = Kernel.open()
            self._four = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._six.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)

    def mark(self, mark: int) -> None:
        """Have all packets from now on bear a firewall mark."""
        for one in (self._four, self._six):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)

    def send(self, client: Client, address: bytes, port: int, protocol: int = UDP, body: bytes = b"") -> bool:
        """Send a first packet, or what `body` is behind its ports; False if it is refused, as without a server."""
        body = struct.pack(">HH", client.port, port) + (body or BODIES[protocol])
        try:
            if len(address) == 4:
                head = struct.pack(
                    ">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0, client.address, address
                )
                self._four.sendto(head + body, (socket.inet_ntoa(address), 0))
            else:
                head = struct.pack(">IHBB16s16s", 6 << 28, len(body), protocol, 64, client.address, address)
                self._six.sendto(head + body, (socket.inet_ntop(socket.AF_INET6, address), 0))
        except PermissionError:
            return False
        return True

    def connections(self) -> list[Connection]:
        """The kernel's list of connections, read until it comes twice, without the seconds that are left.

        The kernel finds its place in it by a number, which goes astray while entries of other namespaces go away.
        """
        before: list[Connection] = []
        while (now := self._connections()) != before:
            before = now
        return now

    def _connections(self) -> list[Connection]:
        with self.namespace.entered(), open("/proc/net/ip_vs_conn") as lines:
            return [one.replace(seconds=0) for one in entries(line.removesuffix("\n") for line in lines)]

    def chosen(self, port: int = 0) -> dict[tuple[bytes, int], tuple[bytes, int]]:
        """By client and port, the servers of all connections that there are, or of those to one virtual port."""
        return {
            (one.client, one.client_port): (one.server, one.server_port)
            for one in self.connections()
            if port in (0, one.virtual_port)
        }

    def close(self) -> None:
        """Give it all up."""
        self._four.close()
        self._six.close()
        self.namespace.close()


@contextmanager
def sender() -> Iterator[Sender]:
    """A Sender, for a while."""
    made = Sender()
    try:
        yield made
    finally:
        made.close()


def clients(random, count: int, six: bool = False) -> list[Client]:
    """So many clients, no two of them alike, by `random`."""
    found: dict[bytes, Client] = {}
    while len(found) < count:
        address = (
            b"\x20\x01\x0d\xb8" + random.randbytes(12)
            if six
            else bytes((random.randrange(11, 120),)) + random.randbytes(3)
        )
        found[address] = Client(address=address, port=random.randrange(1024, 65536))
    return list(found.values())
