"""A whole table in a file: read in any format of the registry, and written in those that have a writer.

A document comes in by one way: source -> format -> pieces -> table, or all that is wrong with it.
"""

from __future__ import annotations

import os
from operator import itemgetter
from typing import TYPE_CHECKING

from ..errors import IpvsadmError
from ..model import Table, printable
from ..record import Record
from ..table.assembly import KNOWN_ENGINES, KNOWN_SCHEDULERS, Assembly, spelled_path
from .formats import FORMATS, BrokenError
from .source import read_source

if TYPE_CHECKING:
    from ..world import World
    from .formats import Line
    from .source import Source

SCHEMA = "schema.json"
SHOWN = 100  # problems
MODULES = "/sys/module"


class DocumentError(IpvsadmError):
    """A file that isn't a table. The message holds all that is wrong with it, a line each."""


class Document(Record):
    """A table, and the places in its file: of each service, a place and those of its servers."""

    __slots__ = ()
    table: Table = Table()
    places: tuple[tuple[str, tuple[str, ...]], ...] = ()


def load(path: str, world: World) -> Table:
    """The table in the file `path`, or on stdin for `-`. Raises DocumentError, or IpvsadmError without a file."""
    _, assembly, _ = _assembled(path, world)
    return assembly.table()


def load_with_places(path: str, world: World) -> Document:
    """The table in the file `path`, and where in it each part stands, as `load` does."""
    file, assembly, line = _assembled(path, world)
    entries = [
        (f"{file.name}:{line(entry.place)}", tuple([f"{file.name}:{line(place)}" for place in entry.places]))
        for entry in assembly.entries
    ]
    return Document(table=assembly.table(), places=tuple(entries))


def dump(table: Table, format: str) -> str:
    """`table` in the format of that name. JSON tells counters and connections too, where services have them."""
    return "".join(FORMATS[format].pieces(table))


def schema() -> str:
    """The JSON Schema of documents, as it ships."""
    with open(os.path.join(os.path.dirname(__file__), SCHEMA), encoding="utf-8") as file:
        return file.read()


def _assembled(path: str, world: World) -> tuple[Source, Assembly, Line]:
    """What the file `path` holds, after all checks. Raises IpvsadmError."""
    file = read_source(path, world)
    assembly = _known()
    try:
        line = file.format.read(file.text, assembly, lambda: world.names)
    except BrokenError as error:
        raise DocumentError(
            f"{file.name}:{error.line}: {error}", hint="correct this first: nothing after it can be read"
        ) from None
    if assembly.problems:
        raise _error(file, line, assembly, path)
    return file, assembly, line


def _known() -> Assembly:
    """A table in the making that knows, beside the names of Linux, those of modules in this kernel."""
    try:
        modules = sorted(name.removeprefix("ip_vs_") for name in os.listdir(MODULES) if name.startswith("ip_vs_"))
    except OSError:
        modules = []
    engines = [name.removeprefix("pe_") for name in modules if name.startswith("pe_")]
    schedulers = [name for name in modules if not name.startswith("pe_") and name != "ftp"]
    return Assembly(
        schedulers=tuple(dict.fromkeys((*KNOWN_SCHEDULERS, *schedulers))),
        engines=tuple(dict.fromkeys((*KNOWN_ENGINES, *engines))),
    )


def _error(file: Source, line: Line, assembly: Assembly, path: str) -> DocumentError:
    """All problems, by their lines."""
    placed = sorted(((line(problem.place), problem) for problem in assembly.problems), key=itemgetter(0))
    lines = []
    for number, (place, message, other) in placed[:SHOWN]:
        where = f"{spelled_path(place)}: " if place and isinstance(place, tuple) else ""
        first = "" if other is None else f" (the first is at {file.name}:{line(other)})"
        lines.append(printable(f"{file.name}:{number}: {where}{message}{first}"))
    if len(placed) > SHOWN:
        lines.append(f"and {len(placed) - SHOWN} more")
    again = "" if path == "-" else f"; `pyipvsadm check {file.name}` checks the file again"
    return DocumentError("\n".join(lines), hint=f"nothing was changed: correct the file first{again}")
