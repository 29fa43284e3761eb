"""Small lists for people: columns that are as wide as what they hold."""

from __future__ import annotations

from ..model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "


def aligned(rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """`rows`, the first of which is the heads, a line each; the columns `numbers` stand at the right."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"{GAP.join(padded).rstrip()}\n")
    return "".join(lines)
