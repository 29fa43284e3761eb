"""The columns of the view, and the format of their figures. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .sample import Row, Totals

UNITS = "KMGTPEZY"  # as in lists: powers of 1000
UNKNOWN = "-"


class Column(NamedTuple):
    """A column of figures.

    Its title is below that of its `group`. Its figure is a `field` of a row or of the totals, or one of their rates,
    by the index `rate`. `metric` is its index in a history, and `label` its name there. `width` and `wide` are its
    widths on a narrow and on a wide screen; 0 hides it.
    """

    name: str
    group: str
    head: str
    width: int
    wide: int
    field: str = ""
    rate: int = 0
    metric: int | None = None
    label: str = ""

    def figure(self, row: Row | Totals, rates: tuple[float, ...] | None) -> float | None:
        """The figure of `row`, whose rates are `rates`; None if it isn't known yet."""
        if self.field:
            figure: int = getattr(row, self.field)
            return figure
        return rates[self.rate] if rates else None


NAME = Column("name", "", "Service / server", 0, 0)
COLUMNS = (
    Column("weight", "", "wt", 5, 6, field="weight"),
    Column("active", "Connections", "act", 5, 8, field="active", metric=0, label="act"),
    Column("inactive", "Connections", "inact", 5, 8, field="inactive"),
    Column("persistent", "Connections", "pers", 0, 6, field="persistent"),
    Column("new", "Connections", "new/s", 5, 7, rate=0, metric=1, label="new/s"),
    Column("packets_in", "Packets/s", "in", 4, 7, rate=1, metric=2, label="pkt in"),
    Column("packets_out", "Packets/s", "out", 4, 7, rate=2, metric=3, label="pkt out"),
    Column("bytes_in", "Bytes/s", "in", 4, 7, rate=3, metric=4, label="B in"),
    Column("bytes_out", "Bytes/s", "out", 4, 7, rate=4, metric=5, label="B out"),
)
BY_NAME = {column.name: column for column in (NAME, *COLUMNS)}


def figure(value: float | None, width: int) -> str:
    """`value` in at most `width` characters, which are 4 or more, as exactly as that allows; `K` means 1000.

    A small value that isn't an integer has one decimal.
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, float) and 0 < value < 9.95:
        return f"{value:.1f}" if value >= 0.095 else f"{value:.2f}".removeprefix("0")
    text, scaled = f"{value:.0f}", value
    for unit in UNITS:
        if len(text) <= width and (unit == UNITS[0] or scaled < 999.5):
            break
        scaled /= 1000
        text = f"{scaled:.1f}{unit}"
        if len(text) > width:
            text = f"{scaled:.0f}{unit}"
    return text


def cut(text: str, width: int) -> str:
    """`text` in at most `width` characters; cuts out the middle, since an address ends with its port."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return text[:head] + "~" + text[len(text) - (width - 1 - head) :] if width > 0 else ""
