"""Commands by the thousand that look alike, each told by what is its own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .model import Command

    Endpoint = tuple[bytes, int]  # packed address, port
    Alike = tuple["Shape", Endpoint, bytes, int, int]


class Shape:
    """What commands have in common that differ in addresses, ports and a weight alone: `command` is one of them.

    The others, an Alike each, are plain tuples, since a Record takes ten times as long to make: their shape; address
    and port of the service; address, port and weight of the server. What the shape lacks doesn't count.
    """

    __slots__ = ("command",)

    def __init__(self, command: Command) -> None:
        self.command = command

    def full(self, alike: Alike) -> Command:
        """The command that `alike`, which is of this shape, stands for."""
        _, virtual, address, port, weight = alike
        command = self.command
        if command.service and command.service.address:
            command = command.replace(service=command.service.replace(address=virtual[0], port=virtual[1]))
        if command.server:
            changes = {"address": address, "port": port, "weight": weight}
            command = command.replace(server=command.server.replace(**changes))
        return command
