"""Reads JSON and YAML: text -> tree -> pieces of a table."""

from __future__ import annotations

from ..table.assembly import EnoughError
from . import pieces
from .dialect import OtherError
from .dialect.json_lines import JsonRows
from .formats import BrokenError
from .remarks import Findings
from .schema_reader import Plain, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..table.assembly import Assembly
    from .dialect import Rows
    from .formats import Inputs
    from .tree import Tree


def json_lines_read(lines: Iterable[str], assembly: Assembly) -> bool:
    """Whether JSON was read by its lines."""
    return are_read(JsonRows(assembly, plain()), lines, assembly)


def yaml_lines_read(lines: Iterable[str], assembly: Assembly) -> bool:
    """Whether YAML was read by its lines."""
    from .dialect.yaml_lines import YamlRows

    return are_read(YamlRows(assembly, plain()), lines, assembly)


def are_read(rows: Rows, lines: Iterable[str], assembly: Assembly) -> bool:
    """Whether `rows` read all `lines`, without a problem; otherwise nothing is added. Raises IpvsadmError."""
    try:
        rows.all(lines)
        if not assembly.problems:
            return True
    except (OtherError, EnoughError, UnicodeDecodeError):
        pass
    assembly.clear()
    return False


def read_json(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in the JSON `text` to `assembly`. Raises BrokenError."""
    from .tree.json_tree import from_json

    if not text.strip():
        raise _empty("json")
    return read_tree(from_json(text), assembly)


def read_yaml(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in the YAML `text` to `assembly`. Raises BrokenError."""
    from .tree.yaml_tree import from_yaml

    found = from_yaml(text)
    if found.data is None and all(line.startswith(("#", "---")) for line in text.split("\n") if line.strip()):
        raise _empty("yaml")
    return read_tree(found, assembly)


def _empty(format: str) -> BrokenError:
    from .advice import EMPTY

    return BrokenError(1, EMPTY[format])


def plain() -> Plain:
    """What reads the parts that are plainly valid."""
    return Plain(JsonRows.data_of(schema()))


def read_tree(found: Tree, assembly: Assembly) -> Findings:
    """Add the pieces in `found` to `assembly`."""
    try:
        for problem in found.problems:
            assembly.wrong(*problem)
        pieces.read(found.data, plain(), assembly)
    except EnoughError:
        pass
    return Findings(line=found.line)
