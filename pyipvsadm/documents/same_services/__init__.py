"""Finds the services that a kernel has in the very words of a document: they needn't be read.

A text says what it is read as, so words that are met for the first time are read; then all services that have them, but
for addresses and a port, say what the kernel's text says.
"""

from __future__ import annotations

from ...errors import IpvsadmError
from ...listing.order import short_in_order
from ...model import Server
from ...record import KEPT
from ...shapes import SETTINGS
from ...table.assembly import DOUBTFUL
from ...table.comparison import BY_ORDER, service_changes, service_key
from ..remarks import Compared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...kernel import Kernel
    from ...model import Service, Table
    from ...shapes import Groups, Row, Settings, Short
    from ...table.assembly import Assembly, Entry

FIELDS = Server.FIELDS[SETTINGS]


class Parts:
    """The `parts` of a document, one a service."""

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        self.places = {self.key(part): place for place, part in enumerate(parts)}
        self._said: dict[int, Service] = {}  # by the places of the parts that say them
        self._known: set[object] = set()  # what the parts consist of that were read, and say what the kernel has
        self._ends: dict[str, Settings] = {}  # by what is told of a server

    def text(self, service: Service, servers: Short) -> str:
        """The part that says a service with its servers, in the order to add them."""
        raise NotImplementedError

    def told(self, server: Server) -> str:
        """What a part tells of a server besides its address and port."""
        raise NotImplementedError

    def key(self, part: str) -> str:
        """What no two valid parts have in common."""
        return part

    def place(self, text: str) -> int | None:
        """The place of the part that says what `text` says."""
        return self.places.get(text)

    def read(self, part: str) -> Entry | None:
        """The service in `part`, with its servers; None if that isn't valid."""
        raise NotImplementedError

    def is_rest_read(self, assembly: Assembly) -> bool:
        """Whether everything but the said parts was added to `assembly`, and is valid."""
        raise NotImplementedError

    def compared(self, assembly: Assembly, kernel: Callable[[], Kernel], whole: Callable[[], Table]) -> Compared | None:
        """Add everything that isn't as in the kernel; None if all must be read, and then nothing is added.

        `whole` reads the whole document.
        """
        try:
            others = self.others(kernel())
        except (OSError, IpvsadmError):
            return None  # told where the table is compared, if the document is valid
        if self.is_rest_read(assembly):
            said = set(map(service_key, self._said.values())) if assembly.entries else ()
            if not any(service_key(entry.service) in said for entry in assembly.entries):
                return Compared(others=others, whole=whole)
        assembly.clear()
        return None

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
        """What is told of `server`: no other settings have it."""
        end, settings = self.told(server), server[SETTINGS]
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
        text = self.text(service, servers)
        place = self.place(text)
        if place is None:
            return None
        known, words = self._known, _words(service, servers)
        if not words <= known:
            entry = self.read(text)
            if not entry or service_changes(service, entry.service) or entry.rows != self._rows(servers):
                return None
            if len(known) > KEPT:
                known.clear()
            known |= words
        return place

    @property
    def unsaid(self) -> list[str]:
        """The parts that say no service of the kernel."""
        return [part for place, part in enumerate(self.parts) if not self.is_said(place)]

    def is_said(self, place: int) -> bool:
        """Whether the part at this place says a service of the kernel."""
        return place in self._said  # a second part of the same words is wrong, and has another place


def _words(service: Service, servers: Short) -> set[object]:
    """What the reading of a service and its servers depends on; of marks, there is no protocol in `net`."""
    net, its = service[:2], service.port
    words: set[object] = {
        (net, end, port > 0, port == its, address if address[0] in DOUBTFUL else len(address))
        for address, port, end in servers
    }
    words.add((net, bool(its), service[5:10]))
    return words
