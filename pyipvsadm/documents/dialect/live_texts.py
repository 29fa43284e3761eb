"""Writes a kernel's services and servers without making records: what many of them share is written once.

The texts equal those of the plain writer, which is for tables with owners or without counters, and parts of tables.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6

from ...listing.order import services_in_order
from ...model import Server
from ...record import keep
from ...shapes import SETTINGS

FAMILIES = {4: AF_INET, 16: AF_INET6}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ...kernel import Kernel
    from ...model import Service

    Row = tuple[bytes, int, Any]  # a server: address, port, and what is told of it
    Rows = Sequence[Row]
    Item = Callable[[str, list[str]], str]


class LiveTexts:
    """Reads the services of a kernel as texts in some format, with what the format tells of a server's FIELDS."""

    FIELDS: tuple[str, ...] = Server.FIELDS[SETTINGS]
    COUNTS = False  # whether the counters of services are read

    def __init__(self) -> None:
        self._settings: dict[tuple[object, ...], str] = {}  # the texts of the settings of services

    def read(self, kernel: Kernel, item: Item, between: str) -> list[str]:
        """All services, as they were at one moment, each in the layout of `item`; some in each text, with the text
        `between` two of them. Raises OSError.

        `item` is given the text of a service, and those of its servers in the order to add them.
        """

        def items(services: list[Service], kernel: Kernel) -> Iterator[str]:
            for group, found in kernel.told_groups(services, self.FIELDS, self.told, steady=True):
                yield between.join([self._laid_out(*one, item) for one in zip(group, found, strict=True)])

        def read(services: list[Service]) -> list[str]:
            return list(kernel.shared(services_in_order(services), items))

        return kernel.at_one_moment(read, stats=self.COUNTS)

    def _laid_out(self, service: Service, servers: Sequence[Server] | Rows, item: Item) -> str:
        rows: Any = [(one[0], one[1], self.told(one)) for one in servers] if isinstance(servers, list) else servers
        return item(self.service(service, rows), self.servers(rows[::-1]))

    def settings_of(self, service: Service) -> str:
        """The text of a service's settings."""
        looks = service[0], service[5:10]
        found = self._settings.get(looks)
        return keep(self._settings, looks, self.settings(service)) if found is None else found

    def settings(self, service: Service) -> str:
        """The text of a service's settings, made anew."""
        raise NotImplementedError

    def told(self, server: Server) -> Any:
        """What is told of a server besides its address and port."""
        raise NotImplementedError

    def service(self, service: Service, rows: Rows) -> str:
        """The text of a service."""
        raise NotImplementedError

    def servers(self, rows: Rows) -> list[str]:
        """The text of each server."""
        raise NotImplementedError
