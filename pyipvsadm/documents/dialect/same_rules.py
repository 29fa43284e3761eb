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
        self._said: dict[str, Service | None] = {}  # the service that a part says, None if the kernel doesn't have it
        self._known: set[object] = set()  # what the parts consist of that were read, and say what the kernel has
        self._settings = ServiceSettings(rules.service_settings)
        self._ends: dict[str, Settings] = {}  # of lines

    def others(self, kernel: Kernel) -> Groups:
        """The services of `kernel`, as they were at one moment, that no part says. Raises OSError."""
        return kernel.at_one_moment(lambda services: list(self._others(kernel, services)))

    def _others(self, kernel: Kernel, services: list[Service]) -> Iterator[tuple[Service, list[Row]]]:
        self._said = dict.fromkeys(self._parts)
        for service, its in kernel.with_told_servers(services, FIELDS, self._end, steady=True):
            servers = its if isinstance(its, tuple) else tuple((one[0], one[1], self._end(one)) for one in its)
            if not self._is_said(service, servers):
                yield service, self._rows(servers)

    def _end(self, server: Server) -> str:
        """The end of the line of `server`: no other settings have it."""
        end, settings = f" {rules.server_settings(server)}", server[SETTINGS]
        while self._ends.get(end, settings) != settings:
            end += " "
        self._ends[end] = settings
        return end

    def _rows(self, servers: Short) -> list[Row]:
        return [(address, port, self._ends[end]) for address, port, end in servers]

    def _is_said(self, service: Service, servers: Short) -> bool:
        """Whether a part says a service with its servers, in an order that makes no difference."""
        added = servers[::-1]  # the kernel lists the last one first
        if self._has(service, added):
            return True
        ordered = short_in_order(servers)
        return service.scheduler != BY_ORDER and ordered != added and self._has(service, ordered)

    def _has(self, service: Service, servers: Short) -> bool:
        who = rules.service_option(service)
        text = f"\n-a {who} -r ".join((f"{who} {self._settings.of(service)}", *numeric.texts(servers)))
        if text not in self._said:
            return False
        known, words = self._known, _words(service, servers)
        if not words <= known:
            entry = self._read(self._start[1:] + text)
            if not entry or service_changes(service, entry.service) or entry.rows != self._rows(servers):
                return False
            if len(known) > KEPT:
                known.clear()
            known |= words
        self._said[text] = service
        return True

    @property
    def said(self) -> list[Service]:
        """The services that parts say."""
        return [service for service in self._said.values() if service]

    @property
    def rest(self) -> str:
        """The text, with empty lines for the parts that say services of the kernel."""
        said = {part for part, service in self._said.items() if service}
        if len(said) == len(self._parts):
            return self._head[1:]
        lines = [self._head]
        for part in self._parts:
            if part in said:
                said.remove(part)  # a second part of the same words is wrong
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
