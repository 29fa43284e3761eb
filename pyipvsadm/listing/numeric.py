"""Addresses and ports as digits, fast: in a large table, most addresses share all but their last byte with others."""

from __future__ import annotations

from _operator import getitem, itemgetter
from _socket import AF_INET6, inet_ntop
from itertools import chain, islice

from ..record import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..model import Server, Service
    from ..shapes import Cut, Servers, Short

_address_and_port = itemgetter(0, 1)  # the first fields of a server
_service_address_and_port, _fwmark = itemgetter(2, 3), itemgetter(4)
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


def endpoints(servers: Iterable[Server] | Short) -> list[str]:
    """The HOST:PORT of each server."""
    return _told(map(_address_and_port, servers))


def service_endpoints(services: list[Service]) -> list[str] | None:
    """The HOST:PORT of each service; None if one of them has a mark."""
    return None if any(map(_fwmark, services)) else _told(map(_service_address_and_port, services))


def _told(endpoints: Iterable[tuple[bytes, int]]) -> list[str]:
    begun = _networks.get
    return [
        f"{network}{LAST[address[-1]]}:{port}" if (network := begun(address[:-1])) else f"{host(address)}:{port}"
        for address, port in endpoints
    ]


def texts(servers: Short) -> list[str]:
    """The HOST:PORT of each server, and what is told of it."""
    begun = _networks.get
    return [
        f"{network}{LAST[address[-1]]}:{port}{told}"
        if (network := begun(address[:-1]))
        else f"{host(address)}:{port}{told}"
        for address, port, told in servers
    ]


class Memo(dict):  # type: ignore[type-arg]
    """Remembers what `make` makes of keys, up to KEPT of them."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __missing__(self, key: Any) -> Any:
        return keep(self, key, self._make(key))


class CutTexts:
    """The lines of servers that are cut: HOST:PORT in `width` columns, and what is told of them.

    Both parts of their addresses and ports are turned into text once, and what they repeat isn't.
    """

    def __init__(self, width: int = 0) -> None:
        self._width = width
        self._leads = Memo(_lead)
        self._rests = Memo(self._rests_behind)  # by lead, the texts of all rests
        self._alike: dict[tuple[bool, int], Memo] = {}  # by the family and width that they depend on

    def _rests_behind(self, lead: bytes) -> Memo:
        four, width = len(lead) < 16, self._width - len(self._leads[lead])
        make = (lambda rest: _four(rest).ljust(width)) if four else (lambda rest: _port(rest).ljust(width))
        return self._alike.setdefault((four, width), Memo(make))

    def lines(self, heads: Iterable[str], before: Iterable[str], servers: Servers) -> list[str] | None:
        """The lines of each service, without the end of the last one: its head, and one for each of its servers.

        The line of a server is what is `before` it, and its text. None unless the servers are cut.
        """
        if not servers or not isinstance(servers[0], tuple):
            return None
        told = self._texts(list(chain.from_iterable(servers)))
        return [
            f"\n{start}".join((head, *islice(told, len(its))))
            for head, start, its in zip(heads, before, servers, strict=False)
        ]

    def _texts(self, servers: list[Cut]) -> Iterator[str]:
        if not servers:
            return iter(())
        leads, rests, ends = zip(*servers, strict=True)
        hosts: Iterable[str] = map(self._leads.__getitem__, leads)
        places: Iterable[Any] = map(getitem, map(self._rests.__getitem__, leads), rests)
        return map("".join, zip(hosts, places, ends, strict=True))


def _lead(lead: bytes) -> str:
    return "%d.%d.%d." % tuple(lead) if len(lead) < 16 else f"[{inet_ntop(AF_INET6, lead)}]:"


def _four(rest: bytes) -> str:
    return f"{rest[0]}:{_port(rest)}"


def _port(rest: bytes) -> str:
    return str(int.from_bytes(rest[-2:], "big"))
