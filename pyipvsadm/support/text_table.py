"""Small tables for people: columns as wide as their content."""

from __future__ import annotations

from ..model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "


def aligned(rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A line for each of `rows`; the first row holds the heads, and the columns `numbers` are right-aligned."""
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
