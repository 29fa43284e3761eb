"""Addresses and ports as digits, fast: in a large table, most addresses share all but their last byte with others."""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET6, inet_ntop

from ..record import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Server
    from ..shapes import Short

_address_and_port = itemgetter(0, 1)  # the first fields of a server
LAST = [str(byte) for byte in range(256)]
_networks: dict[bytes, str] = {}  # the beginnings of IPv4 addresses, by their first three bytes


def host(address: bytes) -> str:
    """`address` as digits, IPv6 in brackets. Raises ValueError unless it has 4 or 16 bytes."""
    network = _networks.get(address[:-1])
    if network is None:
        if len(address) != 4:
            return f"[{inet_ntop(AF_INET6, address)}]"
        network = keep(_networks, address[:-1], "%d.%d.%d." % tuple(address[:-1]))
    return network + LAST[address[-1]]


def endpoints(servers: Iterable[Server]) -> list[str]:
    """The HOST:PORT of each server."""
    begun = _networks.get
    return [
        f"{network}{LAST[address[-1]]}:{port}" if (network := begun(address[:-1])) else f"{host(address)}:{port}"
        for address, port in map(_address_and_port, servers)
    ]


def lines(before: str, servers: Short, width: int = 0) -> list[str]:
    """A line for each server: `before`, its HOST:PORT in `width` columns, and its text."""
    begun = _networks.get
    return [
        f"{before}{f'{network}{LAST[address[-1]]}:{port}'.ljust(width)}{end}"
        if (network := begun(address[:-1]))
        else f"{before}{f'{host(address)}:{port}'.ljust(width)}{end}"
        for address, port, end in servers
    ]
