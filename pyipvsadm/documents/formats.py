"""The registry of formats: THE table of what a document may be written in. Adding a format is a row here.

A row names its reader and its writer as `module.function`, in this package, so that nobody loads those of others.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Table
    from ..names import Names
    from ..table.assembly import Assembly, Place

    Line = Callable[[Place], int]  # the line of a place
    Reader = Callable[[str, Assembly, Callable[[], Names]], Line]
    Writer = Callable[[Table], Iterator[str]]


class Format(Record):
    """A format of documents.

    A file is of it whose name ends with one of `extensions`, or else whose first line matches `begins`. The reader
    gives the pieces of a text to an Assembly, and returns what tells the line of each place; it raises BrokenError
    where the writing itself ends. The writer yields a table's text by and by. `counts` tells whether that has
    counters, too.
    """

    __slots__ = ()
    name: str = ""
    extensions: tuple[str, ...] = ()
    begins: str = ""
    reader: str = ""
    writer: str = ""
    counts: bool = False

    def read(self, text: str, assembly: Assembly, names: Callable[[], Names]) -> Line:
        """Give what `text` says to `assembly`. Raises BrokenError."""
        reader: Reader = _function(self.reader)
        return reader(text, assembly, names)

    def pieces(self, table: Table) -> Iterator[str]:
        """`table` as text, by and by."""
        writer: Writer = _function(self.writer)
        return writer(table)


class BrokenError(Exception):
    """The writing ends here, for us: at the line `line`."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


# fmt: off
FORMATS = {row.name: row for row in (
    Format(name="json", extensions=(".json",), begins=r"\{",
           reader="data.read_json", writer="writers.json_pieces", counts=True),
    Format(name="yaml", extensions=(".yaml", ".yml"), begins=r"""---|%YAML|- |["']?[\w-]+["']?\s*:(\s|$)""",
           reader="data.read_yaml", writer="writers.yaml_pieces"),
    Format(name="ndjson", writer="writers.ndjson_pieces", counts=True),
    Format(name="rules", extensions=(".rules",), begins=r"(ipvsadm\s+)?-(-?[A-Za-z])|$",
           reader="rules.read", writer="rules.pieces"),
)}
# fmt: on
WRITTEN = tuple(name for name, row in FORMATS.items() if row.writer)


def by_extension(extension: str) -> Format | None:
    """The format of files whose names end so, case aside."""
    return next((row for row in FORMATS.values() if extension.lower() in row.extensions), None)


def by_first_line(line: str) -> Format | None:
    """The format of a text whose first line that says something is `line`, empty if there is none."""
    return next((row for row in FORMATS.values() if row.begins and re.match(row.begins, line)), None)


def _function(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(import_module(f".{module}", __package__), function)
