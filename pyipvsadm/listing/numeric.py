"""Addresses and ports in digits, fast: of a big table, most addresses share all but their last byte with another."""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET6, inet_ntop

from ..cache import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Server

_address_and_port = itemgetter(0, 1)  # the first of a server's fields
LAST = [str(byte) for byte in range(256)]
_networks: dict[bytes, str] = {}  # how addresses of IPv4 begin, by their first three bytes


def host(address: bytes) -> str:
    """`address`, IPv6 in brackets. Raises ValueError where it has neither 4 nor 16 bytes."""
    network = _networks.get(address[:-1])
    if network is None:
        if len(address) != 4:
            return f"[{inet_ntop(AF_INET6, address)}]"
        network = keep(_networks, address[:-1], "%d.%d.%d." % tuple(address[:-1]))
    return network + LAST[address[-1]]


def endpoints(servers: Iterable[Server]) -> list[str]:
    """Their HOST:PORT."""
    begun = _networks.get
    return [
        f"{network}{LAST[address[-1]]}:{port}" if (network := begun(address[:-1])) else f"{host(address)}:{port}"
        for address, port in map(_address_and_port, servers)
    ]
