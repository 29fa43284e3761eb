"""The registry of formats: THE table of what a document may be written in. Adding a format is a row here.

A row names its reader and its writer as `module.function`, in this package, so that nobody loads those of others.
"""

from __future__ import annotations

from importlib import import_module

from ..names import Names
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..model import Table
    from ..table.assembly import Assembly
    from .findings import Findings
    from .owners import Owners

    Reader = Callable[[str, Assembly, "Inputs"], Findings]
    Writer = Callable[..., Iterator[str]]


LIMIT = 64 << 20  # bytes of a document


class Inputs(Record):
    """What a reader is given beside a text: what makes the resolver, options of its own, and the text's file."""

    __slots__ = ()
    names: Callable[[], Names] = Names
    options: Record | None = None
    path: str = ""


class Format(Record):
    """A format of documents.

    A file is of it whose first letters hold a match of `holds`, and so one of `words`, or else whose name ends with
    one of `extensions`, or whose first line matches `begins`; `limit` is for its size, in bytes, which is some 900,000
    rules. The reader gives the pieces of a text to an Assembly, and returns what else it found; it raises BrokenError
    where the writing itself ends. The writer yields a table's text by and by. `counts` tells whether that has counters
    and owners, too.
    """

    __slots__ = ()
    name: str = ""
    extensions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    holds: str = ""
    begins: str = ""
    limit: int = LIMIT
    reader: str = ""
    writer: str = ""
    counts: bool = False

    def read(self, text: str, assembly: Assembly, inputs: Inputs) -> Findings:
        """Give what `text` says to `assembly`. Raises BrokenError."""
        reader: Reader = _function(self.reader)
        return reader(text, assembly, inputs)

    def pieces(self, table: Table, owners: Owners | None = None) -> Iterator[str]:
        """`table` as text, by and by, with the owners of its services and servers if this format has those."""
        writer: Writer = _function(self.writer)
        return writer(table, owners) if owners and self.counts else writer(table)


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
    Format(name="kubernetes", words=("apiVersion",), holds=r'"apiVersion"\s*:|(^|\n)[\s-]*apiVersion\s*:',
           limit=512 << 20, reader="kubernetes.read"),
    Format(name="keepalived", extensions=(".conf",), words=("global_defs", "vrrp_instance", "virtual_server"),
           holds=r"(^|\n)[ \t]*(global_defs|vrrp_instance\s+\S+|virtual_server(_group)?\s[^\n{:=]*)\s*\{",
           reader="keepalived.read"),
    Format(name="ldirectord", extensions=(".cf",), words=("virtual",), holds=r"(^|\n)virtual6?\s*=",
           reader="ldirectord.read"),
    Format(name="rules", extensions=(".rules",), begins=r"(ipvsadm\s+)?-(-?[A-Za-z])|$",
           reader="rules.read", writer="rules.pieces"),
)}
# fmt: on
READ = tuple(name for name, row in FORMATS.items() if row.reader)
WRITTEN = tuple(name for name, row in FORMATS.items() if row.writer)
LETTERS = 4096  # of a text that are looked at


def by_content(text: str) -> Format | None:
    """The format of a text that begins so."""
    head = text[:LETTERS]
    likely = [row for row in FORMATS.values() if any(word in head for word in row.words)]
    if not likely:
        return None  # without `re`, which takes longer to load than rules to read
    import re

    return next((row for row in likely if re.search(row.holds, head)), None)


def by_extension(extension: str) -> Format | None:
    """The format of files whose names end so, case aside."""
    return next((row for row in FORMATS.values() if extension.lower() in row.extensions), None)


def by_first_line(line: str) -> Format | None:
    """The format of a text whose first line that says something is `line`, empty if there is none."""
    import re

    return next((row for row in FORMATS.values() if row.begins and re.match(row.begins, line)), None)


def _function(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(import_module(f".{module}", __package__), function)
