"""Writes a kernel's services and servers as JSON without making records: what many of them share is written once.

The texts equal those of the plain writer, which is for tables with owners or without counters, and parts of tables.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_ntop

from ...listing.order import services_in_order
from ...model import Server, Stats
from ...record import keep
from ...table.notation import spelled
from ...table.settings import server_settings, service_settings
from .json_layout import dumps
from .json_lines import LIVE, parts_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...kernel import Kernel
    from ...model import Service

    Told = tuple[str, int, int, int]  # a server's text after its port, and its connections
    Rows = Sequence[tuple[bytes, int, Told]]

COUNTED = slice(9, 12)  # the connections in a Server
FIELDS = (*Server.FIELDS[2:12], *(f"stats.{field}" for field in Stats.FIELDS))
FAMILIES = {4: AF_INET, 16: AF_INET6}


class LiveTexts:
    """Reads the services of a kernel as texts."""

    def __init__(self) -> None:
        self._servers: dict[tuple[object, ...], str] = {}  # the texts of settings
        self._services: dict[tuple[object, ...], str] = {}

    def read(self, kernel: Kernel) -> Iterator[tuple[str, list[str]]]:
        """All services, as they were at one moment, each with its servers in the order to add them. Raises OSError.

        All are read now, but the texts, which take most memory, are made one after the other.
        """
        groups = kernel.at_one_moment(lambda services: self._rows(kernel, services), stats=True)
        return ((self._service(service, rows), list(map(_server, reversed(rows)))) for service, rows in groups)

    def _rows(self, kernel: Kernel, services: list[Service]) -> list[tuple[Service, Rows]]:
        found = kernel.with_told_servers(services_in_order(services), FIELDS, self._told, steady=True)
        return [
            (service, [(one[0], one[1], self._told(one)) for one in its] if isinstance(its, list) else its)
            for service, its in found
        ]

    def _told(self, server: Server) -> Told:
        settings = self._servers.get(server[2:9])
        if settings is None:
            settings = keep(self._servers, server[2:9], dumps(server_settings(server))[1:-1])
        connections = server[COUNTED]
        return (settings + LIVE % (*connections, *(server[-1] or ())), *connections)

    def _service(self, service: Service, rows: Rows) -> str:
        """The text of a service, without its last brace."""
        looks = service[0], service[5:10]
        settings = self._services.get(looks)
        if settings is None:
            settings = keep(self._services, looks, dumps(service_settings(service))[1:-1])
        sums = [sum(column) for column in list(zip(*[told for _, _, told in rows], strict=True))[1:]] or (0, 0, 0)
        live = LIVE % (*sums, *(service.stats or ()))
        return f'{{"service": "{spelled(service)}", {parts_text(*service[:5])}{settings}{live}'


def _server(row: tuple[bytes, int, Told]) -> str:
    address, port, told = row
    return f'{{"address": "{inet_ntop(FAMILIES[len(address)], address)}", "port": {port}, {told[0]}}}'
