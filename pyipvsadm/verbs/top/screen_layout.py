"""Pure: decides which rows and columns are visible, their order and their width."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from ...table.notation import MARK, spelled_address
from .columns import BY_NAME, COLUMNS, NAME, Column
from .rates import NO_MORE, NOTHING, Meter
from .sample import NO_HISTORY, Group, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from .keys import State
    from .sample import Key, Sample

    Item = TypeVar("Item")

WIDE = 120  # columns of a screen that counts as wide
PREFIX = 3  # a change's mark, the sign of a fold, a blank
LEAST_NAME, LEAST_HISTORY = 15, 7
ADDRESS_KEY = 2  # the length of the key of a virtual address, which is shorter than a service's
FIGURES = 4  # the last fields of a Row, which are sums
SETTINGS = 11  # the width of a scheduler or a forwarding method


class Layout(NamedTuple):
    """The widths of the name, of each visible column, of the settings and of the history; 0 hides one."""

    name: int
    columns: tuple[tuple[Column, int], ...]
    settings: int
    history: int


def layout(width: int, names: int) -> Layout:
    """The layout for `width` columns and names of up to `names` characters. Columns without room are left out."""
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
    """The length of the longest name, including the blank before the name of a server."""
    servers = (len(row.name) + 1 for group in sample.groups for row in group.servers)
    return max((*(len(group.row.name) for group in sample.groups), *servers), default=0)


def listed(sample: Sample, state: State) -> list[tuple[Group, Row]]:
    """The visible rows in order, each with the group of its service."""
    if not state.by_address:
        return _services(sample.groups, state)
    rows: list[tuple[Group, Row]] = []
    column = BY_NAME[state.sort]
    below = _by_address(sample.groups)
    for above in _sorted([_address(key, its) for key, its in below.items()], _head, column, state.reverse):
        if inner := _services(below[above.row.key], state):
            rows.append((above, above.row))
            if not state.is_folded(above.row.key):
                rows += [(group, row._replace(name=f" {row.name}")) for group, row in inner]
    return rows


def foldable(sample: Sample) -> frozenset[Key]:
    """The keys of the rows that can be folded: those of services and addresses."""
    return frozenset((*(group.row.key for group in sample.groups), *_by_address(sample.groups)))


def is_address(row: Row) -> bool:
    """Whether it is the row of a virtual address."""
    return len(row.key) == ADDRESS_KEY


def history(group: Group, row: Row) -> array[float]:
    """The history of `row`; that of an address is the sum of its services'."""
    if not is_address(row):
        return row.history
    longest = max(len(one.history) for one in group.servers)
    found = [array("f", (0.0,)) * (longest - len(one.history)) + one.history for one in group.servers]
    return array("f", map(sum, zip(*found, strict=True)))


def _by_address(groups: Sequence[Group]) -> dict[Key, list[Group]]:
    """`groups` by the family and the address of their services; those of marks have no address."""
    found: dict[Key, list[Group]] = {}
    for group in groups:
        found.setdefault((group.row.service.af, group.row.service.address), []).append(group)
    return found


def _address(key: Key, groups: Sequence[Group]) -> Group:
    """The group of an address, with services in place of servers."""
    rows = tuple(group.row for group in groups)
    service = rows[0].service
    known = [row.meter.rates for row in rows if row.meter.rates]
    meter = Meter(NO_MORE, tuple(map(sum, zip(*known, strict=True))) if known else None, 0.0)
    name = spelled_address(service.address) if service.address else MARK.rstrip(":")
    sums = map(sum, zip(*(row[-FIGURES:] for row in rows), strict=True))
    return Group(Row(key, name, service, None, meter, None, NO_HISTORY, *sums), rows)


def _services(groups: Sequence[Group], state: State) -> list[tuple[Group, Row]]:
    """The visible rows of services and their servers, in order."""
    column = BY_NAME[state.sort]
    wanted = state.filter.casefold()
    rows: list[tuple[Group, Row]] = []
    for group in _sorted(groups, _head, column, state.reverse):
        servers: Sequence[Row] = group.servers
        if wanted and wanted not in group.row.name.casefold():
            servers = [row for row in servers if wanted in row.name.casefold()]
            if not servers:
                continue
        rows.append((group, group.row))
        if servers and not state.is_folded(group.row.key):
            rows += [(group, row) for row in _sorted(servers, lambda row: row, column, state.reverse)]
    return rows


def _head(group: Group) -> Row:
    return group.row


def _sorted(items: Sequence[Item], row: Callable[[Item], Row], column: Column, reverse: bool) -> Sequence[Item]:
    """`items`, sorted by a column of their rows: names in the order of lists, figures from the largest on."""
    if column is NAME:
        return items[::-1] if reverse else items
    return sorted(items, key=lambda item: _figure(row(item), column), reverse=not reverse)


def _figure(row: Row, column: Column) -> float:
    return column.figure(row, row.meter.rates or NOTHING) or 0
