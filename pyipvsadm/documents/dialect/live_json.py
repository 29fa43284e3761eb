"""What `show -o json` and `-o ndjson` tell of a kernel's services and servers."""

from __future__ import annotations

from _operator import itemgetter
from _socket import inet_ntop

from ...model import Server, Stats
from ...record import keep
from ...table.notation import spelled
from ...table.settings import server_settings, service_settings
from .json_layout import dumps
from .json_lines import LIVE, parts_text
from .live_texts import FAMILIES, LiveTexts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ...model import Service
    from .live_texts import Rows

    Told = tuple[str, int, int, int]  # a server's text after its port, and its connections

COUNTED = slice(9, 12)  # the connections in a Server
_told = itemgetter(2)


class JsonTexts(LiveTexts):
    """Reads the services of a kernel as JSON, with their counters."""

    FIELDS = (*Server.FIELDS[2:12], *(f"stats.{field}" for field in Stats.FIELDS))
    COUNTS = True

    def __init__(self) -> None:
        super().__init__()
        self._servers: dict[tuple[object, ...], str] = {}  # the texts of the settings of servers
        self._names: dict[tuple[object, ...], str] = {}  # what names services, with `%s` for their address
        self._live: dict[tuple[int, ...], str] = {}  # the texts of counts: most idle services share theirs

    def told(self, server: Server) -> Told:
        """Its settings and counters; and its connections, for the sums of its service."""
        settings = self._servers.get(server[2:9])
        if settings is None:
            settings = keep(self._servers, server[2:9], dumps(server_settings(server))[1:-1])
        connections = server[COUNTED]
        return (settings + LIVE % (*connections, *(server[-1] or ())), *connections)

    def settings(self, service: Service) -> str:
        """The text of a service's settings, without its braces."""
        return dumps(service_settings(service))[1:-1]

    def service(self, service: Service, rows: Rows) -> str:
        """The text of a service, without its last brace."""
        sums = [sum(column) for column in list(zip(*map(_told, rows), strict=True))[1:]] or (0, 0, 0)
        counts = *sums, *(service[10] or ())
        live = self._live.get(counts) or keep(self._live, counts, LIVE % counts)
        return self._named(service) + self.settings_of(service) + live

    def _named(self, service: Service) -> str:
        """The beginning of the text of a service: what names it."""
        af, protocol, address, port = service[:4]
        if address is None:
            return _name(service)
        host, others = inet_ntop(af, address), (af, protocol, port)
        name = self._names.get(others) or keep(self._names, others, _name(service).replace(host, "%s"))
        return name % (host, host)

    def servers(self, rows: Rows) -> list[str]:
        """The text of each server."""
        return _servers([(address, port, told[0]) for address, port, told in rows])


class JsonSettings(JsonTexts):
    """The same texts with `figures` in place of counters and connections."""

    FIELDS, COUNTS = LiveTexts.FIELDS, False

    def __init__(self, figures: str) -> None:
        super().__init__()
        self._figures = figures

    def told(self, server: Server) -> Any:
        """Its settings."""
        return dumps(server_settings(server))[1:-1] + self._figures

    def service(self, service: Service, rows: Rows) -> str:
        """The text of a service, without its last brace."""
        return self._named(service) + self.settings_of(service) + self._figures

    def servers(self, rows: Rows) -> list[str]:
        """The text of each server."""
        return _servers(rows)


def _servers(rows: Rows) -> list[str]:
    return [
        f'{{"address": "{inet_ntop(FAMILIES[len(address)], address)}", "port": {port}, {told}}}'
        for address, port, told in rows
    ]


def _name(service: Service) -> str:
    return f'{{"service": "{spelled(service)}", {parts_text(*service[:5])}'
