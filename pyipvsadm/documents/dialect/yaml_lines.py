"""YAML as `show -o yaml` and `convert -o yaml` lay it out: a line for each server, and one for each setting."""

from __future__ import annotations

from ..tree import written_yaml
from . import OtherError, Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from ...table.assembly import Entry

SERVICE, SETTING, SERVERS, SERVER = "  - service: ", "    ", "    servers:", "      - {address: "


class YamlRows(Rows):
    """Reads the lines of YAML."""

    SERVICES, NO_SERVICES = "services:", "services: []"

    @staticmethod
    def data_of(text: str) -> dict[str, Any]:
        """The mapping in the YAML `text`. Raises OtherError."""
        data = written_yaml.data_of(text)
        if data is None:
            raise OtherError
        return data

    def services_in(self, numbered: Iterator[tuple[int, str]]) -> str:
        """Add the services in the next lines; return the line after them, if there is one."""
        entry: Entry | None = None  # the service whose servers are listed
        settings: list[str] = []  # or else the lines of a service
        begun = 0  # the number of its first line
        for number, line in numbered:
            if entry and line.startswith(SERVER):
                host, _, rest = line[len(SERVER) :].partition(", ")
                self.server(entry, _word(host, ":"), rest, number)
            elif settings and line == SERVERS:
                entry, settings = self._service(settings, begun), []
            elif settings and line.startswith(SETTING):
                settings.append(line)
            else:
                self._end(entry, settings, begun)
                if not line.startswith(SERVICE):
                    return f"\n{line}" if begun else _refuse()
                entry, settings, begun = None, [line], number
        self._end(entry, settings, begun)
        return "" if begun else _refuse()

    def _end(self, entry: Entry | None, settings: list[str], line: int) -> None:
        """Add the last service unless that is done; check that a list of its servers isn't empty."""
        if settings:
            self._service(settings, line)
        if entry and not entry.rows:
            _refuse()  # this isn't an empty list

    def _service(self, lines: list[str], line: int) -> Entry:
        """Add the service in `lines`, the first of which has its name."""
        name = _word(lines[0][len(SERVICE) :], "[")
        return self.service(self.key(name), name, "\n".join(lines[1:]), line)

    def service_data(self, rest: str) -> dict[str, Any]:
        """The data of a service, without its name and servers."""
        data: dict[str, Any] = self.data_of(f"{self.SERVICES}\n{SERVICE}any\n{rest}")["services"][0]
        del data["service"]
        return data

    def server_data(self, rest: str) -> dict[str, Any]:
        """The data of a server, without its address."""
        data = self.data_of(f"server: {{{rest}")["server"]
        if type(data) is not dict:
            raise OtherError
        return data


def _word(text: str, special: str) -> str:
    """The word in `text`, which must be quoted if it contains the character `special`."""
    if text[:1] == text[-1:] == '"':
        return text[1:-1]
    return _refuse() if special in text else text


def _refuse() -> NoReturn:
    raise OtherError
