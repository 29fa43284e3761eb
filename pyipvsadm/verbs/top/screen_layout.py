"""Pure: what is to be seen, in which order, and how wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .columns import BY_NAME, COLUMNS, NAME, Column
from .sample import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from .keys import State
    from .sample import Group, Row, Sample

    Item = TypeVar("Item")

WIDE = 120  # columns of a screen from which on there is room
PREFIX = 3  # a change's mark, the sign of a fold, a blank
LEAST_NAME, LEAST_HISTORY = 15, 7
SETTINGS = 11  # a scheduler, or how packets are forwarded


class Layout(NamedTuple):
    """How wide what is: the name, each column that there is, the settings, the history; 0: not there."""

    name: int
    columns: tuple[tuple[Column, int], ...]
    settings: int
    history: int


def layout(width: int, names: int) -> Layout:
    """The layout for `width` columns and names of up to `names` letters. What has no room is left out."""
    wide = width >= WIDE
    columns = [(column, letters) for column in COLUMNS if (letters := column.wide if wide else column.width)]
    settings = SETTINGS if wide else 0
    rest = width - PREFIX - (settings + 1 if settings else 0)
    while columns and rest - _room(columns) < LEAST_NAME:
        columns.pop()
    rest -= _room(columns)
    most = rest - LEAST_HISTORY - 1
    name = min(max(names, len(NAME.head)), most if most >= LEAST_NAME else rest)
    history = rest - name - 1
    return Layout(max(name, 1), tuple(columns), settings, history if history >= LEAST_HISTORY else 0)


def _room(columns: Sequence[tuple[Column, int]]) -> int:
    return sum(letters + 1 for _, letters in columns)


def longest_name(sample: Sample) -> int:
    """The letters of the longest name, with the blank before that of a server."""
    servers = (len(row.name) + 1 for group in sample.groups for row in group.servers)
    return max((*(len(group.row.name) for group in sample.groups), *servers), default=0)


def listed(sample: Sample, state: State) -> list[tuple[Group, Row]]:
    """The rows that are to be seen, in their order, each with its service's group."""
    column = BY_NAME[state.sort]
    wanted = state.filter.casefold()
    rows: list[tuple[Group, Row]] = []
    for group in _sorted(sample.groups, lambda group: group.row, column, state.reverse):
        servers: Sequence[Row] = group.servers
        if wanted and wanted not in group.row.name:
            servers = [row for row in servers if wanted in row.name]
            if not servers:
                continue
        rows.append((group, group.row))
        if servers and not state.is_folded(group.row.key):
            rows += [(group, row) for row in _sorted(servers, lambda row: row, column, state.reverse)]
    return rows


def _sorted(items: Sequence[Item], row: Callable[[Item], Row], column: Column, reverse: bool) -> Sequence[Item]:
    """`items` by what stands in a column of their rows: names as in lists, figures from the largest on."""
    if column is NAME:
        return items[::-1] if reverse else items
    return sorted(items, key=lambda item: _figure(row(item), column), reverse=not reverse)


def _figure(row: Row, column: Column) -> float:
    return column.figure(row, row.meter.rates or NOTHING) or 0
