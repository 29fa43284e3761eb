"""Terminal drawings of the table: values -> a drawing, made with rich. Each function returns text to print."""

from __future__ import annotations

from io import StringIO
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.segment import Segment

from ..errors import IpvsadmError
from ..listing import title
from ..model import Listing, printable
from ..table.notation import sizes
from . import others, service_rows, sum_rows
from .layout import Row, prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import ConsoleOptions, RenderResult

    from ..kernel.hash_tables import HashTables
    from ..listing.connections import Connection
    from ..model import Daemon, Info, Table, Timeouts
    from ..names import Names
    from .canvas import Canvas
    from .layout import Line
    from .service_rows import Group, Owner

DRAWN = 2000  # rows; longer lists are plain text, since a drawing that scrolls away isn't worth the wait
TOO_LONG = f"lists of more than {DRAWN} rows aren't drawn: this is plain text, as with `--plain`"
MOST_HEADS, SHORTEST_RULE = 6, 8  # lines, columns

T = TypeVar("T")


class Drawing:
    """Lines of spans, as rich prints them."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            while line and not line[-1][0].strip():
                line.pop()
            for text, style in line:
                yield Segment(printable(text), console.get_style(style) if style.strip() else None)
            yield Segment.line()


def rendered(drawing: Drawing, canvas: Canvas) -> str:
    """`drawing` as text, with escape sequences if `canvas` takes them."""
    console = Console(
        file=StringIO(),
        width=canvas.columns,
        force_terminal=canvas.ansi,
        color_system="standard" if canvas.ansi else None,  # the 16 colours, which themes adapt to their background
        no_color=not canvas.colour,
        highlight=False,
        markup=False,
    )
    with console.capture() as captured:
        console.print(drawing)
    return captured.get()


def heads_of(drawn: str, canvas: Canvas) -> int:
    """How many lines of a drawn list are its head, which ends with a rule; 0 for none."""
    lines = drawn.split("\n", MOST_HEADS)[:MOST_HEADS]
    return next((n for n, line in enumerate(lines, 1) if canvas.signs.line * SHORTEST_RULE in line), 0)


def rows_of(brief: bool) -> Callable[[Group], int]:
    """A function that counts the rows of a service, which has only one if the list is `brief`."""
    return (lambda group: 1) if brief else (lambda group: 1 + len(group[1]))


def few(found: Iterable[T], size: Callable[[T], int] = lambda one: 1) -> tuple[list[T] | None, Iterator[T]]:
    """The items of `found`, None if their sizes add up to more than DRAWN rows; and an iterator over all of them."""
    taken: list[T] = []
    rows, rest = 0, iter(found)
    for one in rest:
        taken.append(one)
        rows += size(one)
        if rows > DRAWN:
            return None, chain(taken, rest)
    return taken, iter(taken)


def listed(
    groups: Sequence[Group],
    info: Info | None,
    listing: Listing,
    names: Names | None,
    canvas: Canvas,
) -> str:
    """`-L`: services and their servers. `info` is None for a single service, `names` for numeric output."""
    lines: list[Line] = []
    if info:
        said = f"{title(info)} {canvas.signs.dot} {sizes(groups)}"
        lines += [*prose(Row(name=said, style="dim"), canvas.columns), []]
    if listing.brief:
        drawn = sum_rows.lines(groups, listing, names, canvas, service_rows.nobody)
    else:
        drawn = service_rows.lines(groups, listing, names, canvas)
    return rendered(Drawing(chain(lines, drawn)), canvas)


def shown(table: Table, canvas: Canvas, owner: Owner | None = None, rows: HashTables | None = None) -> str:
    """`show`: services with all settings, the timeouts, the daemons, and how the kernel's `rows` are filled.

    Each service has its `owner` in words.
    """
    lines = list(
        service_rows.lines(table.services, Listing(), None, canvas, service_rows.SHOW, owner or service_rows.nobody)
    )
    if table.timeouts:
        lines += [[], *others.timeouts(table.timeouts, canvas)]
    if table.daemons:
        lines += [[], *others.daemons(table.daemons, canvas)]
    if rows and rows.rows:
        lines.append([])
    for sentence in rows.sentences() if rows else ():
        lines += prose(Row(name=sentence, style="dim"), canvas.columns)
    return rendered(Drawing(lines), canvas)


def summed(table: Table, canvas: Canvas, owner: Owner | None) -> str:
    """`show --brief`: a line for each service."""
    return rendered(
        Drawing(sum_rows.lines(table.services, Listing(), None, canvas, owner or service_rows.nobody)), canvas
    )


def connections(found: Iterable[Connection], engines: bool, names: Names | None, canvas: Canvas) -> Iterator[str]:
    """`-Lc`: the connections, with their persistence engines if `engines` is set.

    Raises the IpvsadmError that ends the list after the connections before it, as plain lists do.
    """
    taken: list[Connection] = []
    problem = None
    try:
        taken.extend(found)
    except IpvsadmError as error:
        problem = error
    yield rendered(Drawing(others.connections(taken, engines, names, canvas)), canvas)
    if problem:
        raise problem


def timeouts(values: Timeouts, canvas: Canvas) -> str:
    """`-L --timeout`."""
    return rendered(Drawing(others.timeouts(values, canvas)), canvas)


def daemons(values: Sequence[Daemon], canvas: Canvas) -> str:
    """`-L --daemon`."""
    return rendered(Drawing(others.daemons(values, canvas)), canvas)
