"""Compact forms for thousands of similar commands, a shared shape and the values that differ, and of servers."""

from __future__ import annotations

from .model import Command, Server, Service
from .record import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Endpoint = tuple[bytes, int]  # packed address, port
    Alike = tuple["Shape", Endpoint, bytes, int, int]
    Short = tuple[tuple[bytes, int, Any], ...]  # the servers of a service: address, port, and what is told of the rest
    Cut = tuple[bytes, bytes, Any]  # a server: an IPv4 address without its last byte, or an IPv6 one; the bytes from
    # there to the port, which is the last two of them, as the kernel sends them; and what is told of the rest
    Servers = list[Any]  # those of each of several services: either all are tuples of Cut, or all are lists of Server
    Group = tuple[list[Service], Servers]
    Settings = tuple[int, ...]  # the fields of a server from its forwarding to its tunnel's flags
    Row = tuple[bytes, int, Settings]  # a server without counters; most rows share their settings
    Groups = Sequence[tuple[Service, Sequence[Row]]]  # services, each with its servers

SETTINGS = slice(2, 9)  # the place of Settings in a Server
UNCOUNTED = Server()[9:]
_new = tuple.__new__


def row_of(server: Server) -> Row:
    """The row of `server`."""
    return server[0], server[1], server[SETTINGS]


def server_of(row: Row) -> Server:
    """The server in `row`."""
    return servers_of((row,))[0]


def servers_of(rows: Iterable[Row]) -> tuple[Server, ...]:
    """The servers in `rows`."""
    return tuple([_new(Server, (address, port, *settings, *UNCOUNTED)) for address, port, settings in rows])


class Shape:
    """What commands share that differ only in addresses, ports and a weight: `command` is one of them.

    Each of the others is an Alike, a plain tuple, since a Record takes ten times as long to make: its shape; address
    and port of the service; address, port and weight of the server. Values that the shape has no field for are ignored.
    """

    __slots__ = ("_service", "_virtual", "command", "known")

    def __init__(self, command: Command) -> None:
        self.command = command
        self._virtual: Endpoint | None = None  # the endpoint of the last service, and that service,
        self._service: Service | None = None  # which the servers that follow share
        self.known: dict[int, Settings] = {}  # the settings of servers, by weight

    def full(self, alike: Alike) -> Command:
        """The command that `alike`, which has this shape, stands for."""
        _, virtual, address, port, weight = alike
        verb, _, server, *rest = self.command
        if server:
            server = server_of((address, port, self.settings(weight)))
        return Command.make((verb, self.service(virtual), server, *rest))

    def service(self, virtual: Endpoint) -> Service | None:
        """The service at `virtual` of a command of this shape."""
        service = self.command.service
        if service is None or not service.address:
            return service
        if virtual is not self._virtual:
            self._virtual, self._service = virtual, Service.make((*service[:2], *virtual, *service[4:]))
        return self._service

    def settings(self, weight: int) -> Settings:
        """The settings of the server of a command of this shape, with this weight."""
        found, server = self.known.get(weight), self.command.server
        if found is None and server:
            found = keep(self.known, weight, server.replace(weight=weight)[SETTINGS])
        return found or ()
