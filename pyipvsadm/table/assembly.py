"""Assembles a whole table from its pieces, and collects the problems in them."""

from __future__ import annotations

from _socket import AF_INET, IPPROTO_UDP

from ..grammar.schedulers import ENGINES, SCHEDULERS
from ..grammar.suggestions import did_you_mean
from ..model import ONE_PACKET, PERSISTENT, TUNNEL, Table, Timeouts
from ..record import Record
from ..shapes import server_of, servers_of
from .notation import spelled, spelled_address, spelled_server, unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ..model import Daemon, Server, Service
    from ..shapes import Endpoint, Groups, Row, Settings

    Place = int | tuple[str | int, ...]  # the number of a line, or the keys that lead to a value

NONE = "none"  # the scheduler's name for a service without one
KNOWN_SCHEDULERS = (*SCHEDULERS, NONE)
KNOWN_ENGINES = tuple(ENGINES)
PROBLEMS = 1000  # after which nothing more is read
SUGGESTIONS = 1000  # different words, of which more aren't looked at
ZERO, BROADCAST = 0x00, 0xFF
DOUBTFUL = frozenset((ZERO, *range(224, 240), 0xFE, BROADCAST))  # first bytes of addresses that may not be unicast


class EnoughError(Exception):
    """There are so many problems that more would not help."""


class Problem(Record):
    """What is wrong at a place, and, if two things exclude each other, the place of the other one.

    `message` is a text, or makes one by `str`, once it is shown.
    """

    __slots__ = ()
    place: Place = 0
    message: object = ""
    other: Place | None = None


def spelled_path(path: tuple[str | int, ...]) -> str:
    """A path in its usual notation: `services[0].servers[1].weight`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


class Entry:
    """A service that is being added to a table: its servers as rows, and the places of all of them."""

    __slots__ = ("length", "place", "rows", "seen", "service")

    def __init__(self, service: Service, place: Place) -> None:
        self.service = service
        self.length = 4 if service.af == AF_INET else 16  # of the address of a server, unless a tunnel leads to it
        self.place = place
        self.rows: list[Row] = []
        self.seen: dict[Endpoint, Place] = {}  # the place where each server is first

    @property
    def places(self) -> list[Place]:
        """The place of each server, if none is there twice."""
        return list(self.seen.values())


class Assembly:
    """Takes the pieces of a table, each with its place, and collects all problems in them.

    `schedulers` and `engines` are the known names.
    """

    def __init__(
        self, schedulers: Collection[str] = KNOWN_SCHEDULERS, engines: Collection[str] = KNOWN_ENGINES
    ) -> None:
        self._schedulers = schedulers
        self._engines = engines
        self.clear()

    def another(self) -> Assembly:
        """An empty Assembly that knows the same names."""
        return Assembly(self._schedulers, self._engines)

    def clear(self) -> None:
        """Forget everything that was added."""
        self.problems: list[Problem] = []
        self.entries: list[Entry] = []
        self._suggestions: dict[tuple[str, ...], str] = {}  # since one typo often repeats a thousand times
        self._by_key: dict[tuple[object, ...], Entry] = {}
        self._timeouts: Timeouts | None = None
        self._daemons: dict[int, tuple[Daemon, Place]] | None = None
        self._addresses: dict[bytes, Place] | None = None

    def wrong(self, place: Place, message: object, other: Place | None = None) -> None:
        """Take note of a problem. Raises EnoughError, which ends the reading, with the last of PROBLEMS."""
        self.problems.append(Problem(place=place, message=message, other=other))
        if len(self.problems) >= PROBLEMS:
            raise EnoughError

    def service(self, service: Service, place: Place) -> Entry:
        """Add a service, with its settings."""
        entry = self.claim(service, place)
        self.scheduler(service.scheduler or "", place)
        if service.engine is not None:
            self.engine(service.engine, place)
        if service.fwmark is None:
            if not service.port and not service.flags & PERSISTENT:
                self.wrong(place, f"port 0 of {spelled(service)} means all ports, which requires persistence")
            if service.flags & ONE_PACKET and service.protocol != IPPROTO_UDP:
                self.wrong(place, f"one-packet scheduling is for UDP, and {spelled(service)} isn't UDP")
        return entry

    def scheduler(self, name: str, place: Place) -> None:
        """Check the name of a scheduler."""
        if name not in self._schedulers:
            self.wrong(place, f"`{name}` is not a known scheduler{self.suggestion(name, self._schedulers)}")

    def engine(self, name: str, place: Place) -> None:
        """Check the name of a persistence engine."""
        if name not in self._engines:
            self.wrong(place, f"`{name}` is not a known persistence engine{self.suggestion(name, self._engines)}")

    def claim(self, service: Service, place: Place) -> Entry:
        """Add a service of which only the name is checked."""
        entry = Entry(service, place)
        first = self._by_key.setdefault(service[:5], entry)
        if first is not entry:
            self.wrong(place, f"the service {spelled(service)} is there twice; remove one of them", first.place)
        self.entries.append(entry)
        return entry

    def extend(self, entries: Iterable[Entry]) -> bool:
        """Add services that another Assembly, which knows the same names, has checked; whether all were new."""
        for entry in entries:
            if self._by_key.setdefault(entry.service[:5], entry) is not entry:
                return False
            self.entries.append(entry)
        return True

    def entry(self, service: Service | None) -> Entry | None:
        """The added service with the key of `service`."""
        return self._by_key.get(service[:5]) if service else None

    def server(self, entry: Entry, server: Server, place: Place) -> None:
        """Add a server of the service in `entry`."""
        self.row(entry, server[:2], server[2:9], place)

    def row(self, entry: Entry, endpoint: Endpoint, settings: Settings, place: Place) -> None:
        """Add a server of the service in `entry`, given as a row."""
        address, port = endpoint
        row = address, port, settings
        seen = entry.seen
        if endpoint in seen or settings[3] > settings[2] or address[0] in DOUBTFUL or len(address) != entry.length:
            self._judge(entry, server_of(row), place)
        seen.setdefault(endpoint, place)
        entry.rows.append(row)

    def _judge(self, entry: Entry, server: Server, place: Place) -> None:
        """Check a server that may be wrong."""
        if (first := entry.seen.get(server[:2])) is not None:
            self.wrong(place, f"the server {spelled_server(server)} is there twice in its service", first)
        if server.lower_threshold > server.upper_threshold:
            self.wrong(
                place,
                f"the lower threshold, {server.lower_threshold}, exceeds the upper one, {server.upper_threshold}",
            )
        if unfit(server.address):
            self.wrong(
                place,
                f"{spelled_address(server.address)} can't be the address of a server: it is not a unicast address",
            )
        if server.forwarding != TUNNEL and server.af != entry.service.af:
            self.wrong(
                place,
                f"{spelled_server(server)} isn't of the address family of its service {spelled(entry.service)},"
                " which only a tunnel allows",
            )

    def timeouts(self, timeouts: Timeouts) -> None:
        """Add timeouts; a timeout of 0 changes nothing."""
        before = self._timeouts or Timeouts()
        self._timeouts = Timeouts.make(new or old for new, old in zip(timeouts, before, strict=True))

    def all_daemons(self) -> None:
        """Record that the daemons are given, even if there are none."""
        self._daemons = self._daemons or {}

    def daemon(self, daemon: Daemon, place: Place) -> None:
        """Add a daemon."""
        daemons = self._daemons = self._daemons or {}
        if daemon.state in daemons:
            self.wrong(
                place, "there can be one daemon of each state, and this one is the second", daemons[daemon.state][1]
            )
        daemons[daemon.state] = daemon, place

    def all_addresses(self) -> None:
        """Record that the addresses to bind are given, even if there are none."""
        self._addresses = self._addresses or {}

    def address(self, address: bytes, place: Place) -> None:
        """Add an address to bind."""
        addresses = self._addresses = self._addresses or {}
        if unfit(address):
            self.wrong(place, f"{spelled_address(address)} can't be the address of one machine")
        if address in addresses:
            self.wrong(place, f"{spelled_address(address)} is there twice", addresses[address])
        addresses[address] = place

    def suggestion(self, word: str, known: Iterable[str]) -> str:
        """The end of a message: a suggestion for `word`, or all known names."""
        if len(self._suggestions) > SUGGESTIONS:
            return ""
        key = word, *known
        if key not in self._suggestions:
            self._suggestions[key] = _suggestion(*key)
        return self._suggestions[key]

    def table(self) -> Table:
        """Everything that was added, in order. It is valid only if there are no `problems`."""
        services = tuple((service, servers_of(rows)) for service, rows in self.rows())
        return self.rest().replace(services=services)

    def rows(self) -> Groups:
        """The services with their servers."""
        return [(entry.service, entry.rows) for entry in self.entries]

    def rest(self) -> Table:
        """The table without its services."""
        daemons = None if self._daemons is None else tuple(daemon for daemon, _ in self._daemons.values())
        addresses = None if self._addresses is None else tuple(self._addresses)
        return Table(timeouts=self._timeouts, daemons=daemons, addresses=addresses)


def _suggestion(word: str, *known: str) -> str:
    return f"; {did_you_mean(word, known, 'choose one of ' + ', '.join(known))}"
