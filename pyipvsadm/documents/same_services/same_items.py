"""Finds the services that a kernel has in the very words of JSON or YAML, laid out as `show` writes them."""

from __future__ import annotations

from ..dialect import json_layout
from ..dialect.json_lines import IDLE, LIVE_START, SERVICE, JsonRows, idle
from ..dialect.live_json import JsonSettings
from ..json_yaml import are_read, plain
from ..schema_reader import VERSION
from ..source import lines_of
from . import Parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...model import Server, Service
    from ...shapes import Short
    from ...table.assembly import Assembly, Entry
    from ..dialect import Rows
    from ..dialect.live_texts import Item, LiveTexts


LONGEST = 1 << 20  # characters of an item


class Items(Parts):
    """A document whose services are a list, of which each item is a part, but for what begins it.

    The last item is always read, since the list may end there only. `assembly` knows the names that are valid.
    """

    HEAD = START = BETWEEN = END = ""  # a document's text before its list; what begins the list, and is between items
    LINES: type[Rows]
    item: Item
    cut = slice(None)  # of what `item` makes, the part

    def __init__(self, blocks: Iterable[str], assembly: Assembly) -> None:
        self._assembly, self._plain = assembly, plain()
        self._head, *parts = self._cut(iter(blocks))
        self.fits = bool(parts)
        super().__init__(parts[:-1])
        self._last = parts[-1:]
        self._texts = self.texts("".join(self._last))

    def _cut(self, blocks: Iterator[str]) -> list[str]:
        """The text before the list, and its items; nothing else if there is none, or one is too long."""
        head, start, text = next(blocks, "").partition(self.START)
        found = [head]
        for block in blocks if start else ():
            *whole, last = text.split(self.BETWEEN)
            found += whole
            text = f"{last}\n{block}"
            if len(last) > LONGEST:
                return [head]
        return found + text.split(self.BETWEEN) if start else found

    def texts(self, part: str) -> LiveTexts:
        """What makes the texts of a kernel's services, as they are in `part`."""
        raise NotImplementedError

    def text(self, service: Service, servers: Short) -> str:
        """The item of a service, without what begins it."""
        return self.item(self._texts.service(service, ()), self._texts.servers(servers))[self.cut]

    def told(self, server: Server) -> str:
        """What an item tells of a server."""
        told: str = self._texts.told(server)
        return told

    def read(self, part: str) -> Entry | None:
        """The service in `part`, with its servers."""
        alone = self._assembly.another()
        return alone.entries[0] if self._is_read([part], self.HEAD, self.END, alone) else None

    def is_rest_read(self, assembly: Assembly) -> bool:
        """Whether what isn't said was read, without a problem."""
        return self._is_read(self.unsaid + self._last, self._head, "", assembly)

    def _is_read(self, parts: list[str], head: str, end: str, assembly: Assembly) -> bool:
        """Whether `parts` were read, and each is a service: else something hides in one of them."""
        text = f"{head}{self.START}{self.BETWEEN.join(parts)}{end}"
        rows = self.LINES(assembly, self._plain)
        return are_read(rows, lines_of(text), assembly) and len(assembly.entries) == len(parts)


class JsonItems(Items):
    """A document of JSON, with live figures or without."""

    HEAD, START = f'{{\n  "version": {VERSION},', f"\n{JsonRows.SERVICES}\n{SERVICE}"
    BETWEEN, END = f",\n{SERVICE}", "\n  ]\n}"
    LINES = JsonRows
    item = staticmethod(json_layout.item)
    cut = slice(len(SERVICE), None)

    def texts(self, part: str) -> LiveTexts:
        """Texts with the figures of an idle table, if `part` has any."""
        return JsonSettings(LIVE_START + IDLE if LIVE_START in part else "")

    def key(self, part: str) -> str:
        """The name of the service: it is shorter to compare, and a text isn't in many parts."""
        return part[: part.find('"')]

    def place(self, text: str) -> int | None:
        """The place of the part that is `text`, but for figures."""
        place = self.places.get(self.key(text))
        if place is None:
            return None
        part = self.parts[place]
        return place if part == text or (LIVE_START in part and idle(part) == text) else None
