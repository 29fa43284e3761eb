"""A whole table in three spellings, all of them read and written: rules, JSON, YAML.

`shape` says what a document looks like. Rules are read by `text.tables` alone, without any of the rest.
"""

from __future__ import annotations

import os
from operator import itemgetter
from typing import TYPE_CHECKING

from ...errors import IpvsadmError
from ...model import Table, printable
from ...record import Record
from ...text import tables
from .source import read_source

if TYPE_CHECKING:
    from ...text.tables import Assembly, Place, Problem
    from ...world import World
    from .source import Source
    from .tree import Tree

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
    file, assembly, tree = _assembled(path, world)
    entries = [
        (_place(file, tree, entry.place), tuple([_place(file, tree, place) for place in entry.places]))
        for entry in assembly.entries
    ]
    return Document(table=assembly.table(), places=tuple(entries))


def dump(table: Table, format: str) -> str:
    """`table` as "rules", "json" or "yaml". JSON tells counters and connections too, where services have them."""
    from .writing import pieces

    return "".join(pieces(table, format))


def schema() -> str:
    """The JSON Schema of documents, as it ships."""
    with open(os.path.join(os.path.dirname(__file__), SCHEMA), encoding="utf-8") as file:
        return file.read()


def _assembled(path: str, world: World) -> tuple[Source, Assembly, Tree | None]:
    """What the file `path` holds, after all checks. Raises IpvsadmError."""
    file = read_source(path, world)
    assembly = _known()
    tree = None
    if file.format == "rules":
        tables.read(file.text.encode(), lambda: world.names, assembly)
    else:
        tree = _read_tree(file, assembly)
    if assembly.problems:
        raise _error(file, tree, assembly.problems, path)
    return file, assembly, tree


def _read_tree(file: Source, assembly: Assembly) -> Tree:
    from . import reading
    from .tree import BrokenError, tree

    try:
        found = tree(file.text, file.format)
    except BrokenError as error:
        raise DocumentError(
            f"{file.name}:{error.line}: {error}", hint="mend that first: behind it nothing can be read"
        ) from None
    assembly.problems += found.problems
    reading.read(found.data, assembly)
    return found


def _known() -> Assembly:
    """A table in the making that knows, beside the names of Linux, those of modules in this kernel."""
    try:
        modules = sorted(name.removeprefix("ip_vs_") for name in os.listdir(MODULES) if name.startswith("ip_vs_"))
    except OSError:
        modules = []
    engines = [name.removeprefix("pe_") for name in modules if name.startswith("pe_")]
    schedulers = [name for name in modules if not name.startswith("pe_") and name != "ftp"]
    return tables.Assembly(
        schedulers=tuple(dict.fromkeys((*tables.KNOWN_SCHEDULERS, *schedulers))),
        engines=tuple(dict.fromkeys((*tables.KNOWN_ENGINES, *engines))),
    )


def _line(tree: Tree | None, place: Place) -> int:
    return place if isinstance(place, int) else tree.line(place) if tree else 1


def _place(file: Source, tree: Tree | None, place: Place) -> str:
    return f"{file.name}:{_line(tree, place)}"


def _error(file: Source, tree: Tree | None, problems: list[Problem], path: str) -> DocumentError:
    """All problems, by their lines."""
    placed = sorted(((_line(tree, problem.place), problem) for problem in problems), key=itemgetter(0))
    lines = []
    for line, (place, message, other) in placed[:SHOWN]:
        where = f"{tables.spelled_path(place)}: " if place and isinstance(place, tuple) else ""
        first = "" if other is None else f" (the first is at {_place(file, tree, other)})"
        lines.append(printable(f"{file.name}:{line}: {where}{message}{first}"))
    if len(placed) > SHOWN:
        lines.append(f"and {len(placed) - SHOWN} more")
    again = "" if path == "-" else f"; `pyipvsadm check {file.name}` tells whether it's right then"
    return DocumentError("\n".join(lines), hint=f"nothing was changed: mend the file first{again}")
