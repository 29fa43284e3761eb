"""Fast parsing of many lines that look alike, learned from lines that `parse` has taken.

The lines of a large restore differ in addresses, ports and weights alone. A pattern is a function that knows what
such lines have in common, the words that are the same, and reads the others. What it can't be sure of, it leaves
to `parse`.
"""

from __future__ import annotations

from _functools import partial
from _operator import itemgetter
from _socket import AF_INET, AF_INET6, inet_pton

from ..alike import Shape
from ..memo import Memo
from ..model import DIRECT, TUNNEL, Command
from .options import Option
from .parse import parse, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..alike import Alike, Endpoint
    from ..names import Names

    Pattern = Callable[[Sequence[str]], Alike | None]
    Looks = dict[tuple[int, ...], tuple[Callable[[Sequence[str]], Any], dict[Any, list[Pattern]]]]

SLOTS = ("service-address", "real-server", "weight")  # the roles whose values may differ
NOWHERE = b"", 0  # the address and the port of a mark
PATTERNS = 64  # how many are kept
NONE: Looks = {}


def _port(digits: str) -> int:
    """A port as `-Sn` writes it. Raises ValueError."""
    if not (digits.isdecimal() and digits.isascii() and len(digits) < 6 and int(digits) < 65536):
        raise ValueError
    return int(digits)


def _weight(digits: str) -> int:
    """A weight of too few digits to be out of range. Raises ValueError."""
    if not (digits.isdecimal() and digits.isascii() and len(digits) < 10):
        raise ValueError
    return int(digits)


def _in_brackets(host: str) -> bytes:
    """An address of IPv6 as it stands before a port. Raises OSError or ValueError."""
    if host[:1] != "[" or host[-1:] != "]":
        raise ValueError
    return inet_pton(AF_INET6, host[1:-1])


READERS: dict[int, Callable[[str], bytes]] = {AF_INET: partial(inet_pton, AF_INET), AF_INET6: _in_brackets}
PORTS, WEIGHTS = Memo(_port), Memo(_weight)


def _virtual(family: int, text: str) -> Endpoint:
    """A service's address and port, which isn't 0, as `-Sn` writes them. Raises OSError or ValueError."""
    host, _, digits = text.rpartition(":")
    if not PORTS[digits]:
        raise ValueError
    return READERS[family](host), PORTS[digits]


VIRTUALS = {family: Memo(partial(_virtual, family)) for family in READERS}  # whose servers come right behind them


def _pattern(command: Command, places: dict[str, int]) -> Pattern:
    """What reads lines that look like one that says `command`. `places` are those of the SLOTS' values."""
    service_at, server_at, weight_at = (places.get(role, 0) for role in SLOTS)
    shape, server = Shape(command), command.server
    virtuals = VIRTUALS[command.service.af if command.service else AF_INET]
    if server is None:

        def alone(words: Sequence[str]) -> Alike | None:
            try:
                return shape, virtuals[words[service_at]] if service_at else NOWHERE, b"", 0, 0
            except (OSError, ValueError):
                return None

        return alone
    read, weight_of_all = READERS[server.af], server.weight
    one_port = command.verb != "delete-server" and server.forwarding in (DIRECT, TUNNEL)  # service and server share it

    def with_server(words: Sequence[str]) -> Alike | None:
        try:
            virtual = virtuals[words[service_at]] if service_at else NOWHERE
            host, _, digits = words[server_at].rpartition(":")
            port = PORTS[digits]
            if one_port and service_at and port != virtual[1]:
                return None
            return shape, virtual, read(host), port, WEIGHTS[words[weight_at]] if weight_at else weight_of_all
        except (OSError, ValueError):
            return None

    return with_server


class Parser:
    """`parse`, with a memory for the looks of lines."""

    def __init__(self, names: Names, program: str, posix: bool = False) -> None:
        self._names = names
        self._program = program
        self._posix = posix
        self._looks: dict[int, Looks] = {}  # by the number of words, and by the places of those that are the same
        self._count = 0

    def parse(self, words: Sequence[str]) -> Command | Alike:
        """What `words` ask for. Raises IpvsadmError, as `parse` does."""
        for same, patterns in self._looks.get(len(words), NONE).values():
            for pattern in patterns.get(same(words), ()):
                alike = pattern(words)
                if alike is not None:
                    return alike
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
            pattern = _pattern(command, places)
            alike = pattern(words)
            if alike is not None and alike[0].full(alike) == command:
                constant = (0, *(index for index in range(len(words)) if index not in places.values()))
                looks = self._looks.setdefault(len(words), {})
                same, patterns = looks.setdefault(constant, (itemgetter(*constant), {}))  # of two at least: a tuple
                patterns.setdefault(same(words), []).append(pattern)  # one for each family
                self._count += 1
