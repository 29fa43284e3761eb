"""JSON as `show -o json` and `convert -o json` lay it out: a line for each service and each server."""

from __future__ import annotations

from _json import make_scanner
from _socket import AF_INET6, inet_ntop
from types import SimpleNamespace

from ...model import PROTOCOLS
from ...table.settings import CONNECTIONS, COUNTS
from . import OtherError, Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from re import Pattern
    from typing import Any, NoReturn

    from ...table.assembly import Assembly, Entry
    from ..schema_reader import Plain

SERVICE, SERVERS, NO_SERVERS, SERVERS_END = '    {"service": "', ', "servers": [', ', "servers": []}', "    ]}"
SERVER = '      {"address": "'
FIRST = len(SERVER)
END = "  ]"


def _numbers(names: tuple[str, ...]) -> str:
    return "{" + ", ".join(f'"{name}": %d' for name in names) + "}"


# The connections and counters of live services and servers, as a format of numbers. They aren't read, but must be JSON.
LIVE = f', "connections": {_numbers(CONNECTIONS)}, "counters": {_numbers(COUNTS)}, "rates": {_numbers(COUNTS)}'
LIVE_START = LIVE.partition("{")[0]
IDLE = LIVE.replace("%d", "0")[len(LIVE_START) :]


def _mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise OtherError  # a key is there twice
    return made


def _refuse(word: str) -> NoReturn:
    raise OtherError


_reading: Any = SimpleNamespace(  # as json.loads does; its modules take longer to load than most documents to read
    strict=True, object_hook=None, object_pairs_hook=_mapping, parse_int=int, parse_float=float, parse_constant=_refuse
)
_scan = make_scanner(_reading)


class JsonRows(Rows):
    """Reads the lines of JSON."""

    SERVICES = '  "services": ['  # each service is a line, and each of its servers is one
    NO_SERVICES = '  "services": []'

    def __init__(self, assembly: Assembly, plain: Plain) -> None:
        super().__init__(assembly, plain)
        self._live: Pattern[str] | None = None  # loaded if there are others than IDLE

    @staticmethod
    def data_of(text: str) -> dict[str, Any]:
        """The mapping in the JSON `text`. Raises OtherError."""
        try:
            made, end = _scan(text, 0)
        except (ValueError, StopIteration, RecursionError, SystemError):  # the last where json.decoder isn't loaded
            raise OtherError from None
        if text[end:].strip(" \t\r\n") or type(made) is not dict:
            raise OtherError
        return made

    def services_in(self, numbered: Iterator[tuple[int, str]]) -> str:
        """Add the services in the next lines, up to the end of their list; return the rest of the last line."""
        entry: Entry | None = None  # the service whose servers are listed
        more = True  # whether an item must follow
        for number, line in numbered:
            comma = line[-1:] == ","
            start, _, rest = line.partition('", ')
            if entry and more and start[:FIRST] == SERVER:
                end = "}," if comma else "}"
                if not rest.endswith(end):
                    break
                self.server(entry, start[FIRST:], self._settings(rest[: -len(end)]), number)
                more = comma
                continue
            item = line[:-1] if comma else line
            if entry and not more and item == SERVERS_END:
                entry, more = None, comma
            elif not entry and more and item.startswith(SERVICE):
                name, _, rest = item[len(SERVICE) :].partition('", ')
                made = self._service(name, rest, number)
                entry, more = (made, True) if rest.endswith(SERVERS) else (None, comma)
            elif not entry and not more and item == END:
                return line[len(END) :]
            else:
                break
        raise OtherError

    def _service(self, name: str, rest: str, line: int) -> Entry:
        """Add a service: its `rest` begins with the parts of its name, and ends where its servers begin."""
        end = SERVERS if rest.endswith(SERVERS) else NO_SERVERS
        key = self.key(name)
        parts = parts_text(*key)
        if not (rest.endswith(end) and rest.startswith(parts)):
            raise OtherError
        return self.service(key, name, self._settings(rest[len(parts) : -len(end)]), line)

    def _settings(self, rest: str) -> str:
        """`rest` without the live figures at its end, if they are as `show` writes them."""
        settings, _, live = rest.partition(LIVE_START)
        if not live or live == IDLE:
            return settings
        if self._live is None:
            self._live = _live_figures()
        return settings if self._live.fullmatch(live) else rest

    def service_data(self, rest: str) -> dict[str, Any]:
        """The data of a service without its name and servers, or of a server without its address."""
        return self.data_of(f"{{{rest}}}")

    server_data = service_data


def idle(text: str) -> str:
    """`text` with the figures of an idle table in place of others."""
    import re

    return re.sub(re.escape(LIVE_START) + _live_figures().pattern, LIVE_START + IDLE, text)


def _live_figures() -> Pattern[str]:
    """A pattern for IDLE with any numbers of 64 bits, as JSON writes them."""
    import re

    return re.compile(re.escape(IDLE).replace("0", "(?:0|[1-9][0-9]{0,19})"))


def parts_text(af: int, protocol: int, address: bytes, port: int, mark: int | None) -> str:
    """The parts of a service's name in JSON."""
    family = f'"family": "{"ipv6" if af == AF_INET6 else "ipv4"}", '
    if mark is not None:
        return f'{family}"fwmark": {mark}, '
    return f'{family}"protocol": "{PROTOCOLS.get(protocol)}", "address": "{inet_ntop(af, address)}", "port": {port}, '
