"""Reads a document of rules by two processes: a child reads the second half while this one reads the first."""

from __future__ import annotations

from _operator import itemgetter

from ...kernel.parallel import OURS, begun
from ...model import Service, Table
from ...table.assembly import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ...shapes import Row
    from ...table.assembly import Assembly, Place

    Given = Callable[[str, Assembly, int], Assembly]

SERVICE, SERVER = "\n-A ", "\n-a "  # the beginnings of lines, where save has written them
_endpoint = itemgetter(0, 1)  # of a row


def is_read(text: str, assembly: Assembly, given: Given) -> bool:
    """Whether two processes added the rules in `text` to `assembly`. Otherwise nothing is added.

    `given` adds the rules in a text to an Assembly, which it returns; it takes the number of the first line, too.
    Only rules without a problem are read in this way.
    """
    middle = text.find(SERVICE, len(text) * OURS // 100) + 1
    end = text.find("\n", text.rfind(SERVER) + 1)  # the timeouts and daemons follow
    end = len(text) if end < 0 else end
    if not 0 < middle < end:
        return False
    number = 1 + text.count("\n", 0, middle)
    child = begun(lambda: _values(given(text[middle:end], assembly.another(), number)))
    if not child:
        return False
    try:
        given(text[:middle], assembly, 1)
        values: Any = None if assembly.problems else child.values()
    finally:
        child.end()
    if values is None or not assembly.extend(_entries(values)):
        assembly.clear()
        return False
    given(text[end + 1 :], assembly, number + text.count("\n", middle, end + 1))
    return True


def _values(assembly: Assembly) -> Iterator[tuple[object, ...]]:
    """The services in `assembly`, not as records, which `marshal` doesn't take. Raises ValueError if that isn't all."""
    if assembly.problems or assembly.rest() != Table():
        raise ValueError
    for entry in assembly.entries:
        yield tuple(entry.service), entry.place, entry.rows, entry.places


def _entries(values: Iterable[tuple[tuple[object, ...], Place, list[Row], list[Place]]]) -> Iterator[Entry]:
    for service, place, rows, places in values:
        entry = Entry(Service.make(service), place)
        entry.rows, entry.seen = rows, dict(zip(map(_endpoint, rows), places, strict=True))
        yield entry
