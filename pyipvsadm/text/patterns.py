"""Fast parsing of many lines that look alike, learned from lines that `parse` has taken.

The lines of a large restore differ in addresses, ports and weights alone. A Pattern is what such
lines have in common: the words that are the same, and the Command that the rest of them goes into.
What it can't be sure of, it leaves to `parse`.
"""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET, AF_INET6, inet_pton

from ..model import DIRECT, TUNNEL, Command, Server, Service
from .options import Option
from .parse import parse, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..names import Names

SLOTS = ("service-address", "real-server", "weight")  # the roles whose values may differ
PATTERNS = 64  # how many are kept
KEPT = 4096  # how many services are kept, whose servers come right behind them, and weights

_new = tuple.__new__


class Ports(dict[str, int]):
    """The ports by their digits, as `-Sn` writes them, each read once."""

    def __missing__(self, digits: str) -> int:
        if not (digits.isdecimal() and digits.isascii() and len(digits) < 6 and int(digits) < 65536):
            raise ValueError
        port = self[digits] = int(digits)
        return port


class Weights(dict[str, int]):
    """Weights by their digits, too few to be out of range, each read once."""

    def __missing__(self, digits: str) -> int:
        if not (digits.isdecimal() and digits.isascii() and len(digits) < 10):
            raise ValueError
        if len(self) >= KEPT:
            self.clear()
        weight = self[digits] = int(digits)
        return weight


class Pattern:
    """What lines like one that was parsed have in common. `places` are those of the SLOTS' values."""

    def __init__(self, words: Sequence[str], command: Command, places: dict[str, int]) -> None:
        self._service_at = places.get("service-address", 0)
        self._server_at = places.get("real-server", 0)
        self._weight_at = places.get("weight", 0)
        same = [index for index in range(len(words)) if index not in places.values()]
        self._length = len(words)
        self._same = itemgetter(0, *same)  # two at least, so that it gives a tuple
        self._words = self._same(words)
        self._service = service = command.service or Service()
        self._family = service.af
        self._service_head, self._service_tail = service[:2], service[4:]  # less the address and the port
        server = command.server or Server()
        self._server_family = server.af
        self._forwarding, self._weight = server.forwarding, server.weight
        self._server_tail = tuple(server[4:])  # less the address, the port, and those two
        self._port_is_services = command.verb != "delete-server" and server.forwarding in (DIRECT, TUNNEL)
        self._verb = command.verb
        self._command_tail = tuple(command[2:]) if command.server is None else tuple(command[3:])
        self._services: dict[str, Service] = {}
        self._ports = Ports()
        self._weights = Weights()

    def command(self, words: Sequence[str]) -> Command | None:
        """The command of `words`, if they look like the model and hold no surprise."""
        if len(words) != self._length or self._same(words) != self._words:
            return None
        try:
            service = self._service
            if self._service_at:
                text = words[self._service_at]
                service = self._services.get(text) or self._service_of(text)
            if not self._server_at:
                return _new(Command, (self._verb, service, *self._command_tail))
            address, port = self._endpoint(words[self._server_at], self._server_family)
            if self._port_is_services and port != service.port:
                return None
            weight = self._weights[words[self._weight_at]] if self._weight_at else self._weight
        except (OSError, ValueError):
            return None
        server = _new(Server, (address, port, self._forwarding, weight) + self._server_tail)
        return _new(Command, (self._verb, service, server) + self._command_tail)

    def _endpoint(self, text: str, family: int) -> tuple[bytes, int]:
        """Address and port, both there, in digits, as `-Sn` writes them. Raises OSError or ValueError."""
        host, _, port = text.rpartition(":")
        if family == AF_INET:
            return inet_pton(AF_INET, host), self._ports[port]
        if host[:1] != "[" or host[-1:] != "]":
            raise ValueError
        return inet_pton(AF_INET6, host[1:-1]), self._ports[port]

    def _service_of(self, text: str) -> Service:
        """The service at `text`, if the port isn't 0. Raises OSError or ValueError."""
        address, port = self._endpoint(text, self._family)
        if not port:
            raise ValueError
        if len(self._services) >= KEPT:
            self._services.clear()
        service = self._services[text] = Service.make((*self._service_head, address, port, *self._service_tail))
        return service


class Parser:
    """`parse`, with a memory for the looks of lines."""

    def __init__(self, names: Names, program: str, posix: bool = False) -> None:
        self._names = names
        self._program = program
        self._posix = posix
        self._patterns: dict[str, list[Pattern]] = {}  # by their first word
        self._count = 0

    def parse(self, words: Sequence[str]) -> Command:
        """The command of `words`. Raises IpvsadmError, as `parse` does."""
        for pattern in self._patterns.get(words[0], ()):
            command = pattern.command(words)
            if command is not None:
                return command
        command = parse(words, self._names, self._program, self._posix)
        if self._count < PATTERNS and not command.notes:
            self._learn(words, command)
        return command

    def _learn(self, words: Sequence[str], command: Command) -> None:
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
                self._patterns.setdefault(words[0], []).append(pattern)
                self._count += 1
