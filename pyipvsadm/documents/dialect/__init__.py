"""Reads documents that are laid out as `show` writes them, line by line.

Most lines differ only in names, addresses and ports. The plain reader reads the rest of a line, once for all lines
with the same rest. If a document has another layout or a mistake, the plain reader reads all of it.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton

from ...errors import UsageError
from ...model import Service
from ...record import keep
from ...table.notation import service_of
from .. import pieces
from ..schema_reader import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ...shapes import Settings
    from ...table.assembly import Assembly, Entry
    from ..schema_reader import Plain

    Key = tuple[Any, ...]

NAMED = frozenset(("service", "servers", *pieces.PARTS))  # keys that the rest of a service must not have
OTHERS, LONG = 4096, 1 << 16  # the most lines beside services that `show` writes, and the most characters of one
KEY = 5  # fields of a Service that identify it
MODEL = {"service": "192.0.2.1:80/tcp", "scheduler": "rr"}  # the service that the plain reader gets around a server
ADDRESS = "192.0.2.2"  # and the address that it gets for the server


class OtherError(Exception):
    """The document is not in the dialect, or not valid."""


class Rows:
    """Adds the services and servers of a document to `assembly`. Its methods raise OtherError.

    A `rest` is the text without the name or address. Places are line numbers.
    """

    SERVICES = NO_SERVICES = ""  # the line before the services, and what says that there are none

    def __init__(self, assembly: Assembly, plain: Plain) -> None:
        self._assembly = assembly
        self._plain = plain
        self._ends: dict[str, tuple[int, int]] = {}  # by the end of a name: its protocol and port
        self.servers: dict[str, tuple[int, Settings]] = {}
        self._services: dict[tuple[str, int, int | None], tuple[Any, ...]] = {}

    def service(self, key: Key, name: str, rest: str, line: int) -> Entry:
        """Add the service of that name, which `key` has read."""
        looks = rest, *key[:2]
        settings = self._services.get(looks)
        if settings is None:
            data = self.service_data(rest)
            if not data.keys().isdisjoint(NAMED):
                raise OtherError
            settings = keep(self._services, looks, self._read({"service": name, **data}).service[len(key) : -1])
        return self._assembly.service(Service.make((*key, *settings, None)), line)

    def server(self, entry: Entry, host: str, rest: str, line: int) -> None:
        """Add the server at the address `host` to the service in `entry`."""
        port, settings = self.servers.get(rest) or keep(self.servers, rest, self.server_rest(rest))
        try:
            address = inet_pton(AF_INET6 if ":" in host else AF_INET, host)
        except (OSError, ValueError):
            raise OtherError from None
        self._assembly.row(entry, (address, port), settings, line)

    def server_rest(self, rest: str) -> tuple[int, Settings]:
        """The port and the settings in the rest of a server's line."""
        data = self.server_data(rest)
        if type(data.get("port")) is not int or "address" in data:
            raise OtherError  # without a port, it is that of the service
        _, port, settings = self._read({**MODEL, "servers": [{"address": ADDRESS, **data}]}).rows[0]
        return port, settings

    def others(self, data: dict[str, Any]) -> None:
        """Add the other parts of a document; `data` is the document without its services."""
        if data.get("services") != []:
            raise OtherError
        pieces.read(data, self._plain, self._assembly)

    def all(self, lines: Iterable[str]) -> None:
        """Add everything in `lines`."""
        others: list[str] = []
        numbered = enumerate(lines, 1)
        for _, line in numbered:
            if len(others) > OTHERS or len(line) > LONG:
                raise OtherError
            others.append(line if line != self.SERVICES else self.NO_SERVICES + self.services_in(numbered))
        self.others(self.data_of("\n".join(others)))

    def services_in(self, numbered: Iterator[tuple[int, str]]) -> str:
        """Add the services in the next lines; return the text that was read after them."""
        raise NotImplementedError

    @staticmethod
    def data_of(text: str) -> dict[str, Any]:
        """The mapping in `text`."""
        raise NotImplementedError

    def service_data(self, rest: str) -> dict[str, Any]:
        """The data of a service, without its name and servers."""
        raise NotImplementedError

    def server_data(self, rest: str) -> dict[str, Any]:
        """The data of a server, without its address."""
        raise NotImplementedError

    def key(self, name: str) -> Key:
        """The fields that identify the service of that name."""
        host, _, end = name.rpartition(":")
        known = self._ends.get(end)
        if known is None:
            service = _named(name)
            if service.address is None:
                return service[:KEY]
            known = keep(self._ends, end, (service.protocol or 0, service.port or 0))
        protocol, port = known
        try:
            if host[:1] == "[" and host[-1:] == "]":
                return AF_INET6, protocol, inet_pton(AF_INET6, host[1:-1]), port, None
            return AF_INET, protocol, inet_pton(AF_INET, host), port, None
        except (OSError, ValueError):
            return _named(name)[:KEY]

    def _read(self, service: dict[str, Any]) -> Entry:
        """What the plain reader makes of the data of one service."""
        assembly = self._assembly.another()
        pieces.read({"version": VERSION, "services": [service]}, self._plain, assembly)
        if assembly.problems:
            raise OtherError
        return assembly.entries[0]


def _named(name: str) -> Service:
    try:
        return service_of(name)
    except UsageError:
        raise OtherError from None
