"""Finds the services that a kernel has in the very words of a document of rules: they needn't be read.

A text says what it is read as, so words that are met for the first time are read; then all lines that have them, but
for an address and a port, say what the kernel's text says.
"""

from __future__ import annotations

from ...listing import numeric, rules
from ...listing.order import short_in_order
from ...listing.service_lines import Settings as ServiceSettings
from ...model import Server
from ...record import KEPT
from ...shapes import SETTINGS
from ...table.assembly import DOUBTFUL
from ...table.comparison import BY_ORDER, service_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...kernel import Kernel
    from ...model import Service
    from ...shapes import Groups, Row, Settings, Short
    from ...table.assembly import Entry

FIELDS = Server.FIELDS[SETTINGS]


class Parts:
    """A document of rules, in parts that `start` begins. `read` reads one; it returns None where that isn't valid."""

    def __init__(self, text: str, start: str, read: Callable[[str], Entry | None]) -> None:
        self._head, *self._parts = f"\n{text}".removesuffix("\n").split(start)
        self._start = start
        self._read = read
        self._places = {part: place for place, part in enumerate(self._parts)}
        self._said: dict[int, Service] = {}  # by the places of the parts that say them
        self._known: set[object] = set()  # what the parts consist of that were read, and say what the kernel has
        self._settings = ServiceSettings(rules.service_settings)
        self._ends: dict[str, Settings] = {}  # of lines

    def others(self, kernel: Kernel) -> Groups:
        """The services of `kernel`, as they were at one moment, that no part says. Raises OSError."""

        def read(services: list[Service]) -> Groups:
            self._said, others = {}, []
            for service, (place, rows) in zip(services, kernel.shared(services, self._found), strict=True):
                if place is None:
                    others.append((service, rows))
                else:
                    self._said[place] = service
            return others

        return kernel.at_one_moment(read)

    def _found(self, services: list[Service], kernel: Kernel) -> Iterator[tuple[int | None, list[Row]]]:
        """For each of `services`, the place of the part that says it; if there is none, its servers."""
        for service, its in kernel.with_told_servers(services, FIELDS, self._end, steady=True):
            servers = its if isinstance(its, tuple) else tuple((one[0], one[1], self._end(one)) for one in its)
            place = self._said_at(service, servers)
            yield place, self._rows(servers) if place is None else []

    def _end(self, server: Server) -> str:
        """The end of the line of `server`: no other settings have it."""
        end, settings = f" {rules.server_settings(server)}", server[SETTINGS]
        while self._ends.get(end, settings) != settings:
            end += " "
        self._ends[end] = settings
        return end

    def _rows(self, servers: Short) -> list[Row]:
        return [(address, port, self._ends[end]) for address, port, end in servers]

    def _said_at(self, service: Service, servers: Short) -> int | None:
        """The place of the part that says a service with its servers, in an order that makes no difference."""
        added = servers[::-1]  # the kernel lists the last one first
        place = self._place_of(service, added)
        if place is not None or service.scheduler == BY_ORDER:
            return place
        ordered = short_in_order(servers)
        return None if ordered == added else self._place_of(service, ordered)

    def _place_of(self, service: Service, servers: Short) -> int | None:
        who = rules.service_option(service)
        text = f"\n-a {who} -r ".join((f"{who} {self._settings.of(service)}", *numeric.texts(servers)))
        place = self._places.get(text)
        if place is None:
            return None
        known, words = self._known, _words(service, servers)
        if not words <= known:
            entry = self._read(self._start[1:] + text)
            if not entry or service_changes(service, entry.service) or entry.rows != self._rows(servers):
                return None
            if len(known) > KEPT:
                known.clear()
            known |= words
        return place

    @property
    def said(self) -> list[Service]:
        """The services that parts say."""
        return list(self._said.values())

    @property
    def rest(self) -> str:
        """The text, with empty lines for the parts that say services of the kernel."""
        if len(self._said) == len(self._parts):
            return self._head[1:]
        lines = [self._head]
        for place, part in enumerate(self._parts):
            if place in self._said:  # a second part of the same words is wrong, and has another place
                lines.append("\n" * (part.count("\n") + 1))
            else:
                lines.append(self._start + part)
        return "".join(lines)[1:]


def _words(service: Service, servers: Short) -> set[object]:
    """What the reading of a service and its servers depends on; of marks, there is no protocol in `net`."""
    net, its = service[:2], service.port
    words: set[object] = {
        (net, end, port > 0, port == its, address if address[0] in DOUBTFUL else len(address))
        for address, port, end in servers
    }
    words.add((net, bool(its), service[5:10]))
    return words
