"""Fast parsing of many lines that look alike, learned from lines that `parse` has taken.

The lines of a large restore differ in addresses, ports and weights alone. A Pattern is what such
lines have in common: the words that are the same, and the Command that the rest of them goes into.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton
from _operator import itemgetter

from ..model import DIRECT, TUNNEL, Command, Server, Service
from .options import Option
from .parse import parse, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..names import Names

    Endpoint = tuple[bytes, int]

SLOTS = ("service-address", "real-server", "weight")  # the roles whose values may differ
PATTERNS = 64  # how many are kept
ENDPOINTS = 4096  # how many services' addresses are kept: their servers come right behind them


def endpoint(text: str) -> Endpoint | None:
    """Address and port of `text`, if both are there, in digits, and in the form that `-Sn` writes."""
    host, _, port = text.rpartition(":")
    if not (port.isdecimal() and port.isascii() and len(port) < 6):
        return None
    try:
        if host[:1] == "[" and host[-1:] == "]":
            address = inet_pton(AF_INET6, host[1:-1])
        else:
            address = inet_pton(AF_INET, host)
    except (OSError, ValueError):
        return None
    number = int(port)
    return (address, number) if number < 65536 else None


class Pattern:
    """What lines like one that was parsed have in common. `places` are those of the SLOTS' values."""

    def __init__(self, words: Sequence[str], command: Command, places: dict[str, int]) -> None:
        self._service_at = places.get("service-address", 0)
        self._server_at = places.get("real-server", 0)
        self._weight_at = places.get("weight", 0)
        same = [index for index in range(len(words)) if index not in places.values()]
        self._same = itemgetter(0, *same)  # two at least, so that it gives a tuple
        self._words = self._same(words)
        self._command = command
        service = command.service or Service()
        self._family = len(service.address or b"")
        self._service_head = service[:2]  # Service.FIELDS are: af, protocol, address, port, and the rest
        self._service_tail = service[4:]
        server = command.server or Server()
        self._server_family = len(server.address)
        self._server_middle = server[2:3]  # Server.FIELDS are: address, port, forwarding, weight, and the rest
        self._weight = server.weight
        self._server_tail = server[4:]
        self._services: dict[str, Service] = {}
        self._port_is_services = command.verb != "delete-server" and server.forwarding in (DIRECT, TUNNEL)

    def command(self, words: Sequence[str]) -> Command | None:
        """The command of `words`, if they look like the model and hold no surprise."""
        if self._same(words) != self._words:
            return None
        service = self._command.service
        if self._service_at:
            text = words[self._service_at]
            service = self._services.get(text) or self._service(text)
        if service is None:
            return None
        if not self._server_at:
            return Command.make((self._command.verb, service, *self._command[2:]))
        found = endpoint(words[self._server_at])
        if found is None or len(found[0]) != self._server_family:
            return None
        if self._port_is_services and found[1] != service.port:
            return None
        weight: int | None = self._weight
        if self._weight_at:
            weight = _weight(words[self._weight_at])
            if weight is None:
                return None
        server = Server.make((*found, *self._server_middle, weight, *self._server_tail))
        return Command.make((self._command.verb, service, server, *self._command[3:]))

    def _service(self, text: str) -> Service | None:
        """The service at `text`, if that is an address of the model's family, and a port but 0."""
        found = endpoint(text)
        if found is None or len(found[0]) != self._family or not found[1]:
            return None
        if len(self._services) >= ENDPOINTS:
            self._services.clear()
        service = self._services[text] = Service.make((*self._service_head, *found, *self._service_tail))
        return service


def _weight(text: str) -> int | None:
    """The weight in `text`, if it is plain digits, too few to be out of range."""
    return int(text) if len(text) < 10 and text.isdecimal() and text.isascii() else None


class Parser:
    """`parse`, with a memory for the looks of lines."""

    def __init__(self, names: Names, program: str, posix: bool = False) -> None:
        self._names = names
        self._program = program
        self._posix = posix
        self._patterns: dict[tuple[int, str], list[Pattern]] = {}  # by how many words, and the first
        self._count = 0

    def parse(self, words: Sequence[str]) -> Command:
        """The command of `words`. Raises IpvsadmError, as `parse` does."""
        key = len(words), words[0]
        for pattern in self._patterns.get(key, ()):
            command = pattern.command(words)
            if command is not None:
                return command
        command = parse(words, self._names, self._program, self._posix)
        if self._count < PATTERNS and not command.notes:
            self._learn(key, words, command)
        return command

    def _learn(self, key: tuple[int, str], words: Sequence[str], command: Command) -> None:
        """Remember the looks of `words`, if by them they are read as `command`."""
        places = {
            row.role: at - 1
            for row, value, _, at in scan(words, [], self._posix)
            if isinstance(row, Option) and row.role in SLOTS and words[at - 1] == value
        }
        if command.service and command.service.fwmark:
            places.pop("service-address", None)  # a mark stays one of the words that are the same
        elif "service-address" not in places:
            return
        if (command.server is None) == ("real-server" not in places):
            pattern = Pattern(words, command, places)
            if pattern.command(words) == command:
                self._patterns.setdefault(key, []).append(pattern)
                self._count += 1
