"""Commands by the thousand that look alike, each told by what is its own."""

from __future__ import annotations

from .model import Command, Server, Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    Endpoint = tuple[bytes, int]  # packed address, port
    Alike = tuple["Shape", Endpoint, bytes, int, int]


class Shape:
    """What commands have in common that differ in addresses, ports and a weight alone: `command` is one of them.

    The others, an Alike each, are plain tuples, since a Record takes ten times as long to make: their shape; address
    and port of the service; address, port and weight of the server. What the shape lacks doesn't count.
    """

    __slots__ = ("_service", "_virtual", "command")

    def __init__(self, command: Command) -> None:
        self.command = command
        self._virtual: Endpoint | None = None  # what the last one's service was told by, and that service:
        self._service: Service | None = None  # the servers that follow share it

    def full(self, alike: Alike) -> Command:
        """The command that `alike`, which is of this shape, stands for."""
        _, virtual, address, port, weight = alike
        verb, service, server, *rest = self.command
        if service and service.address:
            if virtual is not self._virtual:
                self._virtual, self._service = virtual, Service.make((*service[:2], *virtual, *service[4:]))
            service = self._service
        if server:
            server = Server.make((address, port, server.forwarding, weight, *server[4:]))
        return Command.make((verb, service, server, *rest))
