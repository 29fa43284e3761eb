"""What `show -o yaml` tells of a kernel's services and servers."""

from __future__ import annotations

from _socket import inet_ntop

from ...record import keep
from ...table.notation import spelled
from ...table.settings import server_settings, service_settings
from .live_texts import FAMILIES, LiveTexts
from .yaml_layout import flow, lines, plain, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...model import Server, Service
    from .live_texts import Rows


class YamlTexts(LiveTexts):
    """Reads the services of a kernel as YAML."""

    def __init__(self) -> None:
        super().__init__()
        self._quotes: dict[object, str] = {}  # around addresses and names, by their kind

    def told(self, server: Server) -> str:
        """The settings of a server, with the last brace."""
        return flow(plain(server_settings(server)))[1:]

    def settings(self, service: Service) -> str:
        """The lines of a service's settings."""
        return lines(service_settings(service))

    def service(self, service: Service, rows: Rows) -> str:
        """The lines of a service."""
        return f"service: {self._quoted(spelled(service), service[:2])}\n    {self.settings_of(service)}"

    def servers(self, rows: Rows) -> list[str]:
        """The mapping of each server."""
        quoted = self._quoted
        return [
            f"{{address: {quoted(inet_ntop(FAMILIES[len(address)], address), len(address))}, port: {port}, {told}"
            for address, port, told in rows
        ]

    def _quoted(self, text: str, kind: object) -> str:
        """An address or a name, in quotes if others of its kind are."""
        quote = self._quotes.get(kind)
        if quote is None:
            quote = keep(self._quotes, kind, "" if scalar(text) == text else '"')
        return f"{quote}{text}{quote}"
