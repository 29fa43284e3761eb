"""Compact forms for thousands of similar commands, a shared shape and the values that differ, and of servers."""

from __future__ import annotations

from .model import Command, Server, Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    Endpoint = tuple[bytes, int]  # packed address, port
    Alike = tuple["Shape", Endpoint, bytes, int, int]
    Short = tuple[tuple[bytes, int, str], ...]  # the servers of a service: address, port, and a text about the rest


class Shape:
    """What commands share that differ only in addresses, ports and a weight: `command` is one of them.

    Each of the others is an Alike, a plain tuple, since a Record takes ten times as long to make: its shape; address
    and port of the service; address, port and weight of the server. Values that the shape has no field for are ignored.
    """

    __slots__ = ("_service", "_virtual", "command")

    def __init__(self, command: Command) -> None:
        self.command = command
        self._virtual: Endpoint | None = None  # the endpoint of the last service, and that service,
        self._service: Service | None = None  # which the servers that follow share

    def full(self, alike: Alike) -> Command:
        """The command that `alike`, which has this shape, stands for."""
        _, virtual, address, port, weight = alike
        verb, service, server, *rest = self.command
        if service and service.address:
            if virtual is not self._virtual:
                self._virtual, self._service = virtual, Service.make((*service[:2], *virtual, *service[4:]))
            service = self._service
        if server:
            server = Server.make((address, port, server.forwarding, weight, *server[4:]))
        return Command.make((verb, service, server, *rest))
