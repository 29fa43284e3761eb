"""Fast parsing of many similar lines, learned from lines that `parse` has accepted.

The lines of a large restore differ only in addresses, ports and weights. A Pattern knows the words that such lines
share, and reads the others. Most lines name a server: their beginning, up to the option that names it, is known from
the line before, and their end, after the server, from an earlier line, so only an address and a port are left to
read. A line about a service alone is known by the words around that service. `parse` handles every line that these
can't be sure of.
"""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET, AF_INET6, inet_pton

from ..model import DIRECT, TUNNEL, Command
from ..record import keep
from ..shapes import Shape
from . import parse, scan
from .input_lines import words as words_of
from .options import Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..names import Names
    from ..shapes import Alike, Endpoint

    Looks = dict[tuple[int, ...], tuple[Callable[[Sequence[str]], Any], dict[Any, list["Pattern"]]]]
    Reader = Callable[[str], bytes]
    Ends = dict[str, tuple[Shape, int, bool, bool]]  # how lines end: shape, weight, whether IPv6, whether of one port

SLOTS = ("service-address", "real-server", "weight")  # the roles whose values may differ
PATTERNS = 64  # patterns that are kept
NOWHERE = b"", 0  # the address and the port of a mark
NO_LINE = "\n"  # never part of a line
NONE: Looks = {}


def _address(host: str) -> bytes:
    """An IPv4 address. Raises OSError."""
    return inet_pton(AF_INET, host)


def _in_brackets(host: str) -> bytes:
    """An IPv6 address in brackets, as before a port. Raises OSError or ValueError."""
    if host[:1] != "[" or host[-1:] != "]":
        raise ValueError
    return inet_pton(AF_INET6, host[1:-1])


READERS: dict[int, Reader] = {AF_INET: _address, AF_INET6: _in_brackets}


class Numbers:
    """Caches ports and weights by their digits, and the endpoints of services, which the lines of servers repeat."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self._weights: dict[str, int] = {}
        self._virtuals: dict[int, dict[str, Endpoint]] = {family: {} for family in READERS}

    def port(self, digits: str) -> int:
        """A port as `-Sn` writes it. Raises ValueError."""
        port = self.ports.get(digits)
        if port is None:
            if not (digits.isdecimal() and digits.isascii() and len(digits) < 6 and int(digits) < 65536):
                raise ValueError
            port = keep(self.ports, digits, int(digits))
        return port

    def weight(self, digits: str) -> int:
        """A weight with too few digits to be out of range. Raises ValueError."""
        weight = self._weights.get(digits)
        if weight is None:
            if not (digits.isdecimal() and digits.isascii() and len(digits) < 10):
                raise ValueError
            weight = keep(self._weights, digits, int(digits))
        return weight

    def virtual(self, family: int, text: str) -> Endpoint:
        """A service's address and port, which isn't 0, as `-Sn` writes them. Raises OSError or ValueError."""
        known = self._virtuals[family]
        virtual = known.get(text)
        if virtual is None:
            host, _, digits = text.rpartition(":")
            port = self.ports.get(digits) or self.port(digits)
            if not port:
                raise ValueError
            virtual = keep(known, text, (READERS[family](host), port))
        return virtual


class Pattern:
    """What lines share that look like the line of `command`. `places` are the indices of the SLOTS' values."""

    def __init__(self, command: Command, places: dict[str, int], numbers: Numbers) -> None:
        self.service_at, self.server_at, self._weight_at = (places.get(role, 0) for role in SLOTS)
        self._numbers = numbers
        self._shape = Shape(command)
        self._family = command.service.af if command.service else AF_INET
        self._server = server = command.server
        self._read = READERS[server.af if server else AF_INET]
        self.one_port = (  # the server's port is the service's
            server is not None and command.verb != "delete-server" and server.forwarding in (DIRECT, TUNNEL)
        )

    def alike(self, words: Sequence[str]) -> Alike | None:
        """What `words`, which look like the model, ask for; None if they aren't understood."""
        numbers, server = self._numbers, self._server
        try:
            virtual = numbers.virtual(self._family, words[self.service_at]) if self.service_at else NOWHERE
            if server is None:
                return self._shape, virtual, b"", 0, 0
            host, _, digits = words[self.server_at].rpartition(":")
            address, port = self._read(host), numbers.port(digits)
            weight = numbers.weight(words[self._weight_at]) if self._weight_at else server.weight
        except (OSError, ValueError):
            return None
        return None if self.one_port and port != virtual[1] else (self._shape, virtual, address, port, weight)


class Parser:
    """`parse`, with a cache of line patterns."""

    def __init__(self, names: Callable[[], Names], program: str, posix: bool = False) -> None:
        self._names = names
        self._program = program
        self._posix = posix
        self._looks: dict[int, Looks] = {}  # by the number of words, and by the indices of the constant ones
        self._count = 0
        self._numbers = Numbers()
        self._mark = NO_LINE  # the text before a server, between the beginning and the end of a line
        # The beginnings of lines: the service that each names, and the ends of its lines.
        self._begun: dict[str, tuple[Endpoint, Ends]] = {}
        # The ends of lines, by their beginning without the service, and by the length of its address.
        self._ends: dict[tuple[str, int], Ends] = {}
        # Lines about a service alone: their shape, by the words around the service, and by its family.
        self._lone: dict[tuple[str, str, str, int], Shape] = {}

    def line(self, text: str) -> Command | Alike | None:
        """What a line asks for; None if it is empty, or a comment. Raises IpvsadmError, as `parse` does."""
        begin, mark, rest = text.partition(self._mark)
        if mark and (known := self._begun.get(begin) or self._begin(begin)):
            endpoint, _, end = rest.partition(" ")
            found = known[1].get(end)
            if found:
                shape, weight, six, one_port = found
                host, _, digits = endpoint.rpartition(":")
                try:
                    port = self._numbers.ports[digits]
                    if not one_port or port == known[0][1]:
                        return shape, known[0], _in_brackets(host) if six else inet_pton(AF_INET, host), port, weight
                except (KeyError, OSError, ValueError):
                    pass  # this port is new, or something is unusual
        elif self._lone and (alike := self._about_service(text)):
            return alike
        words = words_of(text)
        return self.parse(words, text) if words else None

    def _about_service(self, text: str) -> Alike | None:
        """What a line asks for that differs from an earlier one only in its service; None if it isn't such a line."""
        try:
            command, option, service, rest = text.split(" ", 3)
            family = AF_INET6 if service[0] == "[" else AF_INET
            shape = self._lone[command, option, rest, family]
            return shape, self._numbers.virtual(family, service), b"", 0, 0
        except (KeyError, IndexError, OSError, ValueError):
            return None

    def _begin(self, begin: str) -> tuple[Endpoint, Ends] | None:
        """The service of lines that begin with `begin`, and their ends; None if that isn't known."""
        kind, _, text = begin.rpartition(" ")
        family, length = (AF_INET6, 16) if text[:1] == "[" else (AF_INET, 4)
        ends = self._ends.get((kind, length))
        if ends is None:
            return None
        try:
            virtual = self._numbers.virtual(family, text)
        except (OSError, ValueError):
            return None
        return keep(self._begun, begin, (virtual, ends))

    def parse(self, words: Sequence[str], text: str = "") -> Command | Alike:
        """What `words`, those of the line `text`, ask for. Raises IpvsadmError, as `parse` does."""
        for same, patterns in self._looks.get(len(words), NONE).values():
            for pattern in patterns.get(same(words), ()):
                alike = pattern.alike(words)
                if alike is not None:
                    if pattern.server_at:
                        self._follow(text, words, pattern, alike)
                    elif pattern.service_at == 2 and len(words) > 3 and text == " ".join(words):
                        kind = words[0], words[1], " ".join(words[3:]), AF_INET6 if words[2][0] == "[" else AF_INET
                        keep(self._lone, kind, alike[0])
                    return alike
        command = parse(words, self._names, self._program, self._posix)
        if self._count < PATTERNS and not command.notes:
            self._learn(words, command)
        return command

    def _follow(self, text: str, words: Sequence[str], pattern: Pattern, alike: Alike) -> None:
        """Expect lines that differ from `text`, which has these `words`, only in service and server."""
        at = pattern.server_at
        begin, mark, end = " ".join(words[: at - 1]), f" {words[at - 1]} ", " ".join(words[at + 1 :])
        in_order = pattern.service_at in (0, at - 2) and mark not in begin
        if in_order and text == f"{begin}{mark}{words[at]}{f' {end}' if end else ''}":
            self._mark = mark
            shape, virtual, address, _, weight = alike
            kind = (begin.rpartition(" ")[0] if pattern.service_at else begin), len(virtual[0])
            ends = self._ends.get(kind)
            if ends is None:
                ends = keep(self._ends, kind, {})
            keep(self._begun, begin, (virtual, ends))
            keep(ends, end, (shape, weight, len(address) == 16, pattern.one_port))

    def _learn(self, words: Sequence[str], command: Command) -> None:
        """Remember the pattern of `words`, if the pattern reads them as `command`."""
        places = {
            row.role: at - 1
            for row, value, _, at in scan(words, [], self._posix)
            if isinstance(row, Option) and row.role in SLOTS and words[at - 1] == value
        }
        if command.service and command.service.fwmark:
            places.pop("service-address", None)  # a mark stays one of the constant words
        elif "service-address" not in places:
            return
        if (command.server is None) == ("real-server" not in places):
            pattern = Pattern(command, places, self._numbers)
            alike = pattern.alike(words)
            if alike is not None and alike[0].full(alike) == command:
                constant = (0, *(index for index in range(len(words)) if index not in places.values()))
                looks = self._looks.setdefault(len(words), {})
                same, patterns = looks.setdefault(constant, (itemgetter(*constant), {}))  # at least two words: a tuple
                patterns.setdefault(same(words), []).append(pattern)  # one for each family
                self._count += 1
