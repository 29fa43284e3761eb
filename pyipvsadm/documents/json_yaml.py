"""Reads JSON and YAML: text -> tree -> pieces of a table."""

from __future__ import annotations

import json

from ..table.assembly import EnoughError
from . import pieces, tree
from .remarks import Findings
from .schema_reader import Plain, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..table.assembly import Assembly
    from .formats import Inputs
    from .tree import Tree


def read_json(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in the JSON `text` to `assembly`. Raises BrokenError."""
    return _read(tree.from_json(text), assembly)


def read_yaml(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the pieces in the YAML `text` to `assembly`. Raises BrokenError."""
    return _read(tree.from_yaml(text), assembly)


def _read(found: Tree, assembly: Assembly) -> Findings:
    try:
        for problem in found.problems:
            assembly.wrong(*problem)
        pieces.read(found.data, Plain(json.loads(schema())), assembly)
    except EnoughError:
        pass
    return Findings(line=found.line)
