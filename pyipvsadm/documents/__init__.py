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
from .findings import Findings
from .formats import FORMATS, BrokenError, Inputs
from .source import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..table.assembly import Place
    from ..world import World
    from .source import Source

SCHEMA = "schema.json"
SHOWN = 100  # problems
MODULES = "/sys/module"


class DocumentError(IpvsadmError):
    """A file that isn't a table. The message holds all that is wrong with it, a line each."""


def _no_options(format: str) -> Record | None:
    return None


class Asked(Record):
    """What is asked of a document: to be of a `format`, which is found out if it's empty, with options for that.

    `notes` asks for all of them.
    """

    __slots__ = ()
    format: str = ""
    notes: bool = False
    options: Callable[[str], Record | None] = _no_options


AS_IT_IS = Asked()


class Document(Record):
    """What a file holds: its table, what else was found, its name for messages, and the name of its format.

    `places` tells where in it the parts of the table stand: of each service, a place and those of its servers.
    """

    __slots__ = ()
    table: Table = Table()
    findings: Findings = Findings()
    name: str = ""
    format: str = ""
    places: Callable[[], list[tuple[str, list[str]]]] = list


def load(path: str, world: World) -> Table:
    """The table in the file `path`, or on stdin for `-`. Raises DocumentError, or IpvsadmError without a file."""
    return read(path, world).table


def read(path: str, world: World, asked: Asked = AS_IT_IS) -> Document:
    """What the file `path` holds, or stdin for `-`. Raises DocumentError, or IpvsadmError without a file."""
    file, assembly, findings = _assembled(path, world, asked)

    def places() -> list[tuple[str, list[str]]]:
        def spelled(place: Place) -> str:
            return f"{file.name}:{findings.line(place)}"

        return [(spelled(entry.place), list(map(spelled, entry.places))) for entry in assembly.entries]

    return Document(table=assembly.table(), findings=findings, name=file.name, format=file.format.name, places=places)


def dump(table: Table, format: str) -> str:
    """`table` in the format of that name. JSON tells counters and connections too, where services have them."""
    return "".join(FORMATS[format].pieces(table))


def schema() -> str:
    """The JSON Schema of documents, as it ships."""
    with open(os.path.join(os.path.dirname(__file__), SCHEMA), encoding="utf-8") as file:
        return file.read()


def _assembled(path: str, world: World, asked: Asked) -> tuple[Source, Assembly, Findings]:
    """What the file `path` holds, after all checks. Raises IpvsadmError."""
    file = read_source(path, world, asked.format)
    assembly = _known()
    inputs = Inputs(names=lambda: world.names, options=asked.options(file.format.name))
    try:
        findings = file.format.read(file.text, assembly, inputs)
    except BrokenError as error:
        raise DocumentError(
            f"{file.name}:{error.line}: {error}", hint="mend that first: behind it nothing can be read"
        ) from None
    if assembly.problems:
        raise _error(file, findings, assembly)
    return file, assembly, findings


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


def _error(file: Source, findings: Findings, assembly: Assembly) -> DocumentError:
    """All problems, by their lines."""
    line = findings.line
    placed = sorted(((line(problem.place), problem) for problem in assembly.problems), key=itemgetter(0))
    lines = []
    for number, (place, message, other) in placed[:SHOWN]:
        where = f"{spelled_path(place)}: " if place and isinstance(place, tuple) else ""
        first = "" if other is None else f" (the first is at {file.name}:{line(other)})"
        lines.append(printable(f"{file.name}:{number}: {where}{message}{first}"))
    if len(placed) > SHOWN:
        lines.append(f"and {len(placed) - SHOWN} more")
    return DocumentError("\n".join(lines), hint="nothing was changed: mend the file first")
