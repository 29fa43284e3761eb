"""The table of document formats. A new format is a new row.

A row names its reader and writer as `module.function` in this package, so that only the ones in use are loaded.
"""

from __future__ import annotations

from ..model import Table
from ..names import Names
from ..record import Record
from .owners import NOBODY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..kernel import Kernel
    from ..table.assembly import Assembly
    from ..table.settings import Settings
    from .owners import Owners
    from .remarks import Findings
    from .same_services.same_items import Items

    Reader = Callable[[str, Assembly, "Inputs"], Findings]
    Writer = Callable[..., Iterator[str]]


LIMIT = 64 << 20  # bytes of a document


class Inputs(Record):
    """A reader's inputs besides a text: the function that makes the resolver, its own options, and the text's file.

    If `kernel` is given, the reader may leave out what is the same in the kernel, and say so in its findings.
    If `is_shared`, a second process may read a part of the text.
    """

    __slots__ = ()
    names: Callable[[], Names] = Names
    options: Record | None = None
    path: str = ""
    kernel: Callable[[], Kernel] | None = None
    is_shared: bool = False


class Format(Record):
    """A format of documents, which can be read if it has a `reader`, and written if it has a `writer`.

    The format of a file is the first row whose pattern `holds` matches its first LETTERS (the pattern is tried only if
    one of `words` occurs there), or else the row with its extension, or else the first row whose pattern `begins`
    matches its first line. A format that takes any text has a function `foreign`, which says whether a text that has
    its extension is surely another's. `limit` bounds its size in bytes; the default allows some 900,000 rules. The
    reader adds the pieces of a text to an Assembly, and returns its other findings; it raises BrokenError if the syntax
    is broken. The reader `by_lines` reads what is laid out as `show` writes it, and leaves all else to the other one.
    The writer yields a table's text in pieces. `counts` says whether the text includes counters and owners. A kernel's
    table is read by the class `texts`; `item` puts the texts of a service together, and `layout` these items, some of
    which are joined already by the text `between` two of them.
    """

    __slots__ = ()
    name: str = ""
    extensions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    holds: str = ""
    begins: str = ""
    starts: tuple[str, ...] = ()
    foreign: str = ""
    limit: int = LIMIT
    reader: str = ""
    by_lines: str = ""
    items: str = ""
    writer: str = ""
    counts: bool = False
    texts: str = ""
    item: str = ""
    between: str = ""
    layout: str = ""

    def is_read(self, lines: Iterator[str], assembly: Assembly) -> bool:
        """Whether a document was read by its lines, which takes less time and memory; otherwise nothing is added."""
        return bool(self.by_lines and _function(self.by_lines)(lines, assembly))

    def same(self, blocks: Iterable[str], assembly: Assembly) -> Items | None:
        """What finds the services of a kernel in a document, if it has a list of them in the layout of `show`."""
        try:
            found: Items = _function(self.items)(blocks, assembly)
        except UnicodeDecodeError:
            return None
        return found if found.fits else None

    def is_foreign(self, text: str) -> bool:
        """Whether the beginning `text` of a file with the extension of this format is surely of another one."""
        return bool(self.foreign and _function(self.foreign)(text))

    def read(self, text: str, assembly: Assembly, inputs: Inputs) -> Findings:
        """Add the pieces in `text` to `assembly`. Raises BrokenError."""
        reader: Reader = _function(self.reader)
        return reader(text, assembly, inputs)

    def pieces(self, table: Table, owners: Owners | None = None, live: Settings | None = None) -> Iterator[str]:
        """`table` as pieces of text; with the owners of its services and servers, and what `live_data` says of a live
        table, if the format includes them.
        """
        writer: Writer = _function(self.writer)
        return writer(table, owners or NOBODY, live) if self.counts else writer(table)

    def live(self, kernel: Kernel, live: Settings) -> Iterator[str]:
        """The whole table of `kernel`, with what `live_data` says of it, as pieces of text.

        Raises OSError, before the first piece.
        """
        items = _function(self.texts)().read(kernel, _function(self.item), self.between)
        rest = Table(timeouts=kernel.timeouts(), daemons=tuple(kernel.daemons()))
        pieces: Iterator[str] = _function(self.layout)(*((live,) if self.counts else ()), items, rest)
        return pieces


class BrokenError(Exception):
    """The syntax is broken at the line `line`, and reading ends there."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


# fmt: off
FORMATS = {row.name: row for row in (
    Format(name="json", extensions=(".json",), begins=r"\{", starts=("{",),
           reader="json_yaml.read_json", by_lines="json_yaml.json_lines_read",
           items="same_services.same_items.JsonItems", writer="writers.json_pieces", counts=True,
           texts="dialect.live_json.JsonTexts", item="dialect.json_layout.item", between=",\n",
           layout="dialect.json_layout.document"),
    Format(name="yaml", extensions=(".yaml", ".yml"), begins=r"""---|%YAML|- |["']?[\w-]+["']?\s*:(\s|$)""",
           reader="json_yaml.read_yaml", by_lines="json_yaml.yaml_lines_read",
           items="same_services.same_yaml.YamlItems", writer="writers.yaml_pieces",
           texts="dialect.live_yaml.YamlTexts", item="dialect.yaml_layout.item", layout="dialect.yaml_layout.document"),
    Format(name="ndjson", writer="writers.ndjson_pieces", counts=True,
           texts="dialect.live_json.JsonTexts", item="dialect.json_layout.line", between="\0",
           layout="dialect.json_layout.lines"),
    Format(name="kubernetes", words=("apiVersion",), holds=r'"apiVersion"\s*:|(^|\n)[\s-]*apiVersion\s*:',
           limit=512 << 20, reader="kubernetes.read"),
    Format(name="keepalived", extensions=(".conf",), words=("global_defs", "vrrp_instance", "virtual_server"),
           holds=r"(^|\n)[ \t]*(global_defs|vrrp_instance\s+\S+|virtual_server(_group)?\s[^\n{:=]*)\s*\{",
           foreign="keepalived.keywords.foreign", reader="keepalived.read"),
    Format(name="ldirectord", extensions=(".cf",), words=("virtual",), holds=r"(^|\n)virtual6?\s*=",
           reader="ldirectord.read"),
    Format(name="rules", extensions=(".rules",), begins=r"(ipvsadm\s+)?-(-?[A-Za-z])|$", starts=("-A -",),
           reader="rules_format.read", writer="rules_format.pieces"),
)}
# fmt: on
READ = tuple(name for name, row in FORMATS.items() if row.reader)
WRITTEN = tuple(name for name, row in FORMATS.items() if row.writer)
LETTERS = 4096  # characters of a text that are searched


def by_content(text: str) -> Format | None:
    """The format of a text, by its beginning."""
    head = text[:LETTERS]
    likely = [row for row in FORMATS.values() if any(word in head for word in row.words)]
    if not likely:
        return None  # avoids `re`, which takes longer to load than reading rules takes
    import re

    return next((row for row in likely if re.search(row.holds, head)), None)


def by_extension(extension: str) -> Format | None:
    """The format of files with this extension, in any case."""
    return next((row for row in FORMATS.values() if extension.lower() in row.extensions), None)


def by_first_line(line: str) -> Format | None:
    """The format of a text by its first line with content, which is empty if there is none."""
    for row in FORMATS.values():
        if line.startswith(row.starts):
            return row
    import re

    return next((row for row in FORMATS.values() if row.begins and re.match(row.begins, line)), None)


def _function(name: str) -> Any:
    module, _, function = name.rpartition(".")
    return getattr(__import__(f"{__package__}.{module}", fromlist=[function]), function)
