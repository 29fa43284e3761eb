"""Reads JSON and YAML: text -> tree -> pieces of a table."""

from __future__ import annotations

from ..table.assembly import EnoughError
from . import pieces
from .dialect import OtherError, json_lines
from .remarks import Findings
from .schema_reader import Plain, schema
from .source import lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..table.assembly import Assembly
    from .dialect import Rows
    from .formats import Inputs
    from .tree import Tree


def read_json(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in the JSON `text` to `assembly`. Raises BrokenError."""
    plain = Plain(json_lines.data_of(schema()))
    if _is_read(json_lines.JsonRows(assembly, plain), text, assembly):
        return Findings()
    from . import tree

    return _read(tree.from_json(text), plain, assembly)


def read_yaml(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in the YAML `text` to `assembly`. Raises BrokenError."""
    from . import tree
    from .dialect.yaml_lines import YamlRows

    plain = Plain(json_lines.data_of(schema()))
    if _is_read(YamlRows(assembly, plain), text, assembly):
        return Findings()
    return _read(tree.from_yaml(text), plain, assembly)


def _is_read(rows: Rows, text: str, assembly: Assembly) -> bool:
    """Whether `text` was read by its lines; otherwise nothing is added."""
    try:
        rows.all(lines_of(text))
        if not assembly.problems:
            return True
    except (OtherError, EnoughError):
        pass
    assembly.clear()
    return False


def _read(found: Tree, plain: Plain, assembly: Assembly) -> Findings:
    try:
        for problem in found.problems:
            assembly.wrong(*problem)
        pieces.read(found.data, plain, assembly)
    except EnoughError:
        pass
    return Findings(line=found.line)
