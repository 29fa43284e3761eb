"""Rows and columns -> lines that fit. A line is a list of spans, each a text and its style's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from ..record import Record
from .numbers import PERCENT_WIDTH, bar, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .canvas import Canvas

    Span = tuple[str, str]
    Line = list[Span]
    Cell = str | tuple[int, int]  # a text, or a share: a part and its whole

WORDS, NUMBER, SHARE = "words", "number", "share"  # kinds of columns
LEAST_BAR = 6  # columns; below that, a percentage is clearer
HEAD_STYLE, RULE_STYLE, BAR_STYLE = "bold", "dim", "cyan"


class Column(Record):
    """A column after the first one. An `optional` one is left out if it is empty or has no room."""

    __slots__ = ()
    head: str = ""
    kind: str = NUMBER
    optional: bool = False


class Row(Record):
    """A row: its name, the rest after it, which may need lines of its own, and its cells.

    `style` applies to the whole row; the other two add the styles of the name and of the rest. A row without a
    name is an empty line.
    """

    __slots__ = ()
    name: str = ""
    rest: str = ""
    cells: tuple[Cell, ...] = ()
    indent: int = 0
    style: str = ""
    name_style: str = ""
    rest_style: str = ""


def lay_out(head: str, columns: Sequence[Column], rows: Sequence[Row], canvas: Canvas) -> Iterator[Line]:
    """`rows` under the heads of their columns, `head` for the names; stacked if they don't fit."""
    sheet = _Sheet(head, columns, rows, canvas)
    return sheet.stacked() if sheet.is_narrow else sheet.lines()


class _Sheet:
    """The columns to show, and their widths."""

    def __init__(self, head: str, columns: Sequence[Column], rows: Sequence[Row], canvas: Canvas) -> None:
        self._canvas = canvas
        gap, room = canvas.gap, canvas.columns
        texts = [[row.cells[n] for row in rows if row.cells] for n in range(len(columns))]
        wide = [_width(column, cells) for column, cells in zip(columns, texts, strict=True)]
        shown = [n for n, column in enumerate(columns) if not column.optional]
        names = self._name_widths(head, rows, shown, wide)
        for n, column in enumerate(columns):
            needed = names[-1] + sum(gap + wide[k] for k in (*shown, n))
            if column.optional and any(texts[n]) and needed <= room:
                shown = sorted([*shown, n])
        self._shown, self._heads, self._rows = shown, [head, *(columns[n].head for n in shown)], rows
        self._kinds = [columns[n].kind for n in shown]
        self._widths = [wide[n] for n in shown]
        room -= sum(gap + width for width in self._widths)
        self._shares = any(isinstance(cell, tuple) for n in shown for cell in texts[n])
        self._name = _name_width(names, room, LEAST_BAR + 1 if self._shares else 0)
        self.is_narrow = self._name < cell_len(head.partition(" ")[0])
        self._bar = self._bar_width(room - self._name)

    def _name_widths(self, head: str, rows: Sequence[Row], shown: list[int], wide: list[int]) -> list[int]:
        """The widths of the names, in rising order, without what can extend over empty cells after them.
        The rest after a name counts only if a cell follows directly: it is a short word then.
        """
        found = [cell_len(head)]
        for row in rows:
            run = 0
            for n in shown:
                if not row.cells or row.cells[n]:
                    break
                run += self._canvas.gap + wide[n]
            if row.cells:
                rest = cell_len(row.rest) + 2 if row.rest and not run else 0
                found.append(row.indent + cell_len(row.name) + rest - run)
        return sorted(found)

    def _bar_width(self, left: int) -> int:
        """The width of a whole bar out of `left` columns, 0 for none; the column of shares widens by as much.

        Where no server is active, no bar is drawn.
        """
        if not self._shares:
            return 0
        width = min(left - 1, 12 + self._canvas.columns // 10)
        if width < LEAST_BAR:
            return 0
        self._widths[self._kinds.index(SHARE)] += width + 1
        return width

    def lines(self) -> Iterator[Line]:
        """The heads, a horizontal rule, and the rows."""
        heads = [
            _padded(head, width, kind)
            for head, width, kind in zip(self._heads, [self._name, *self._widths], [WORDS, *self._kinds], strict=True)
        ]
        yield [((" " * self._canvas.gap).join(heads).rstrip(), HEAD_STYLE)]
        total = self._name + sum(self._canvas.gap + width for width in self._widths)
        yield [(self._canvas.signs.line * total, RULE_STYLE)]
        for row in self._rows:
            yield from self._row(row) if row.cells else prose(row, self._canvas.columns)

    def _row(self, row: Row) -> Iterator[Line]:
        """A row with cells: on one line, or with its name or its rest on separate lines."""
        cells = [row.cells[n] for n in self._shown]
        run = next((n for n, cell in enumerate(cells) if cell), len(cells))
        room = self._name + sum(self._canvas.gap + width for width in self._widths[:run])
        alone, whole = self._named(row.replace(rest="")), self._named(row)
        below = row.replace(name=row.rest, rest="", name_style=row.rest_style, indent=row.indent + 2)
        line: Line = []
        if _length(whole) <= room:
            line, below = whole, Row()
        elif run and _length(alone) <= room:
            line = alone
        elif _length(whole) <= self._canvas.columns:
            below = Row()
            yield whole
        else:
            yield from prose(row.replace(rest=""), self._canvas.columns)
        if line or run < len(cells):
            yield [*line, (" " * (room - _length(line)), ""), *self._cells(cells, run, row.style)]
        yield from prose(below, self._canvas.columns) if below.name else ()

    def _cells(self, cells: Sequence[Cell], first: int, style: str) -> Iterator[Span]:
        """The cells from the `first` one on, each after a gap."""
        for n in range(first, len(cells)):
            yield " " * self._canvas.gap, ""
            yield from self._cell(cells[n], self._kinds[n], self._widths[n], style)

    @staticmethod
    def _named(row: Row) -> Line:
        """The name of a row and its rest, on one line."""
        rest = [("  ", ""), (row.rest, f"{row.style} {row.rest_style}")] if row.rest else []
        return [(" " * row.indent, ""), (row.name, f"{row.style} {row.name_style}"), *rest]

    def _cell(self, cell: Cell, kind: str, width: int, style: str) -> Line:
        if isinstance(cell, str):
            return [(_padded(cell, width, kind), style)]
        drawn = bar(*cell, self._bar, self._canvas.signs)
        share = percent(*cell).rjust(max(PERCENT_WIDTH, width - self._bar - 1))
        return [
            (f"{share} ", style),
            (drawn, f"{style} {BAR_STYLE}"),
            (" " * (width - len(share) - 1 - len(drawn)), ""),
        ]

    def stacked(self) -> Iterator[Line]:
        """Each row as words, for a canvas that is too narrow for columns."""
        for row in self._rows:
            width = self._canvas.columns
            yield from prose(row.replace(name=" ".join(filter(None, (row.name, row.rest))), rest=""), width)
            told = [
                f"{head} {text}"
                for head, n in zip(self._heads[1:], self._shown, strict=True)
                if row.cells and (text := _plain(row.cells[n]))
            ]
            if told:
                yield from prose(Row(name=", ".join(told), indent=row.indent + 2, style=row.style), width)


def prose(row: Row, columns: int) -> Iterator[Line]:
    """A row without cells as lines, broken between words, and inside words that are too long."""
    style = f"{row.style} {row.name_style}"
    indent = " " * (row.indent if row.indent * 4 <= columns else 0)
    width = max(1, columns - len(indent))
    line = ""
    for word in f"{row.name}  {row.rest}".split():
        if line and cell_len(line) + 1 + cell_len(word) > width:
            yield [(indent, ""), (line, style)]
            line = ""
        line = f"{line} {word}".lstrip()
        while len(line) > width:
            yield [(indent, ""), (line[:width], style)]
            line = line[width:]
    yield [(indent, ""), (line, style)]


def _name_width(names: Sequence[int], room: int, bar: int) -> int:
    """The width of the first column, which shares `room` with bars of width `bar`: that of the longest name that
    leaves room for bars. Longer names get lines of their own, unless more than half of all names would fit without
    bars and don't fit with them.
    """
    for most in (room - bar, room):
        short = [width for width in names if width <= most]
        lost = [width for width in names if most < width <= room]
        if short and len(lost) * 2 <= len(names):
            return short[-1]
    return min(names[-1], room)


def _length(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def _width(column: Column, cells: Sequence[Cell]) -> int:
    """The width of a column without its bars."""
    least = PERCENT_WIDTH if column.kind == SHARE else 0
    return max([cell_len(column.head), least, *(cell_len(cell) for cell in cells if isinstance(cell, str))])


def _padded(text: str, width: int, kind: str) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if kind == NUMBER else text + blanks


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else percent(*cell)
