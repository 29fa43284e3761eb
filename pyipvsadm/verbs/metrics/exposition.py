"""Pure: readings -> Prometheus's text format, version 0.0.4.

Written by hand: prometheus_client makes floats of counters, which lose digits above 2**53, and takes many times as
long. The lines of a series look alike for thousands of servers, so they are made by one template and its figures, and
who serves scrape after scrape finds out cheaply which lines are as they were.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ...model import printable
from ...record import Record
from .readings import (
    about_director,
    backend_columns,
    backend_keys,
    backend_settings,
    server_names,
    service_columns,
    service_keys,
    service_names,
    service_settings,
)
from .series import BACKEND, BACKEND_LABELS, DIRECTOR, LABELS, NETNS, SERVICE, SERVICE_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from .readings import Columns, Keys, Reading, Rows, Values
    from .series import Series

    Parts = tuple[  # the functions that make a block: of keys, labels, columns and settings
        Callable[[Reading], Keys],
        Callable[[Reading, Collection[str]], list[str]],
        Callable[[Reading], Columns],
        Callable[[Reading], list[Values]],
    ]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ALL = frozenset(LABELS[BACKEND])
NAME = "\0"  # where a template has the name of a series
ROWS = 256  # lines that are made at once: they stay in the processor's cache


class Piece(Record):
    """Some lines of a series, which `str` makes; of what it is made tells cheaply whether it is as it was."""

    __slots__ = ()
    head: str = ""
    template: str = ""
    name: str = ""
    figures: tuple[object, ...] = ()

    def __str__(self) -> str:
        return self.head + self.template.replace(NAME, self.name) % self.figures


class Frame(Record):
    """What the labels of services or servers give: a row for each that they distinguish.

    `labels` are as between braces, with a comma behind each. `merged` are the services or servers that each row sums;
    None if each row is one. `templates` are for ROWS rows each, without and with further labels, which `_info` has.
    """

    __slots__ = ()
    labels: Sequence[str] = ()
    merged: Sequence[Sequence[int]] | None = None
    templates: Sequence[tuple[str, str]] = ()


class Block(Record):
    """The figures of all services, or of all servers, in the rows of `frame`.

    `settings` are the values of the labels of `_info`.
    """

    __slots__ = ()
    frame: Frame = Frame()
    columns: Columns = {}  # noqa: RUF012 - it never changes
    settings: Sequence[Values] = ()


class Exposition:
    """Formats readings: `series`, with the labels `keep` of services and servers.

    Labels are made once for all readings in a row that have the same services and servers.
    """

    def __init__(self, series: Iterable[Series], keep: Collection[str] = ALL) -> None:
        self._series, self._keep = tuple(series), keep
        self._frames: dict[tuple[str, str | None], tuple[Keys, Frame]] = {}  # by what they are about, and namespace

    def __call__(self, readings: Sequence[Reading]) -> Iterator[str | Piece]:
        """The text, in pieces."""
        director = [(_netns(reading), about_director(reading)) for reading in readings]
        wanted = {row.about for row in self._series} - {DIRECTOR}
        blocks = {about: [self._block(about, reading) for reading in readings] for about in wanted}
        for row in self._series:
            head = f"# HELP {row.name} {_help(row.help)}\n# TYPE {row.name} {row.kind}\n"
            if row.about == DIRECTOR:
                if text := "".join([_director_lines(row, netns, rows) for netns, rows in director]):
                    yield head + text
                continue
            for block in blocks[row.about]:
                for piece in _pieces(row, block, head):
                    yield piece
                    head = ""
        yield from chain.from_iterable(map(_comments, readings))

    def _block(self, about: str, reading: Reading) -> Block:
        keys_of, labels_of, columns_of, settings_of = BLOCKS[about]
        keys = keys_of(reading)
        known, frame = self._frames.get((about, reading.netns), (None, Frame()))
        if known != keys or reading.trouble:  # without privilege, labels depend on more than keys
            frame = _frame(labels_of(reading, self._keep))
            self._frames[about, reading.netns] = [] if reading.trouble else keys, frame
        columns, settings = columns_of(reading), settings_of(reading)
        if frame.merged is None:
            return Block(frame=frame, columns=columns, settings=settings)
        columns = {
            name: [sum([column[index] for index in rows]) for rows in frame.merged] for name, column in columns.items()
        }
        return Block(frame=frame, columns=columns, settings=[settings[rows[0]] for rows in frame.merged])


def _comments(reading: Reading) -> Iterator[str]:
    """Which series are missing, and why."""
    where = f" in {printable(reading.netns)}" if reading.netns else ""
    if reading.trouble:
        yield f"# ipvs_up is 0{where}: {printable(reading.trouble)}\n"
    if reading.loaded and reading.drained is None:
        yield f"# ipvs_backend_drained is left out{where}: what drain remembers can't be read by this user\n"


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def label_value(text: str) -> str:
    """`text`, whatever bytes it contains, escaped for a label's value."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _pairs(names: Iterable[str], values: Iterable[str]) -> str:
    """Labels, each followed by a comma."""
    return "".join([f'{name}="{label_value(text)}",' for name, text in zip(names, values, strict=True)])


def _braced(labels: str) -> str:
    return f"{{{labels[:-1]}}}" if labels else ""


def _netns(reading: Reading) -> str:
    return "" if reading.netns is None else _pairs((NETNS,), (reading.netns,))


def _director_lines(row: Series, netns: str, rows: dict[str, Rows]) -> str:
    return "".join([
        f"{row.name}{_braced(netns + _pairs(row.labels, labels))} {_figure(figure)}\n"
        for labels, figure in rows.get(row.source, ())
    ])  # fmt: skip


def _figure(figure: float) -> str:
    return str(figure) if isinstance(figure, int) else f"{figure:.6f}"


def _pieces(row: Series, block: Block, head: str) -> Iterator[str | Piece]:
    """The lines of a series about services or servers, the first with `head`; none if its figure isn't known."""
    column = block.columns.get(row.source)
    if not column:
        return
    if row.sparse or (block.frame.merged and not row.adds):
        if lines := "".join(_chosen_lines(row, block, column)):
            yield head + lines
        return
    told = {values: _pairs(row.labels, values)[:-1] for values in set(block.settings)} if row.labels else {}
    figures: Sequence[object] = list(map(told.__getitem__, block.settings)) if row.labels else column
    for number, templates in enumerate(block.frame.templates):
        some = tuple(figures[number * ROWS : (number + 1) * ROWS])
        yield Piece(head=head, template=templates[bool(row.labels)], name=row.name, figures=some)
        head = ""


def _chosen_lines(row: Series, block: Block, column: Sequence[int]) -> Iterator[str]:
    """The lines of a series that not every row has."""
    if row.sparse and not any(column):
        return
    merged = block.frame.merged
    for index, (labels, figure) in enumerate(zip(block.frame.labels, column, strict=True)):
        if (figure or not row.sparse) and (row.adds or not merged or len(merged[index]) == 1):
            further = _pairs(row.labels, block.settings[index]) if row.labels else ""
            yield f"{row.name}{_braced(labels + further)} {figure}\n"


def _service_labels(reading: Reading, keep: Collection[str]) -> list[str]:
    """The labels that identify each service."""
    names = [service_names(service, servers, not reading.trouble) for service, servers in reading.groups]
    columns = zip(*names, strict=True)
    return _labels(SERVICE_LABELS, columns, keep, [_netns(reading)] * len(reading.groups))


def _backend_labels(reading: Reading, keep: Collection[str]) -> list[str]:
    """The labels that identify each server."""
    servers = [server for _, group in reading.groups for server in group]
    services = zip(_service_labels(reading, keep), reading.groups, strict=True)
    owners = [labels for labels, (_, group) in services for _ in group]
    return _labels(BACKEND_LABELS, zip(*map(server_names, servers), strict=True), keep, owners)


BLOCKS: dict[str, Parts] = {
    SERVICE: (service_keys, _service_labels, service_columns, service_settings),
    BACKEND: (backend_keys, _backend_labels, backend_columns, backend_settings),
}


def _labels(names: Values, columns: Iterable[Values], keep: Collection[str], before: list[str]) -> list[str]:
    """Behind each of `before`, those of the labels `names` that are to be kept; their values need no escapes."""
    chosen = [(name, column) for name, column in zip(names, columns, strict=False) if name in keep]
    template = "%s" + "".join([f'{name}="%s",' for name, _ in chosen])
    return list(map(template.__mod__, zip(before, *(column for _, column in chosen), strict=True)))


def _frame(labels: list[str]) -> Frame:
    """A row for each of `labels`; those with the same labels are one."""
    merged = None
    if len(set(labels)) < len(labels):
        places: dict[str, list[int]] = {}
        for index, one in enumerate(labels):
            places.setdefault(one, []).append(index)
        labels, merged = list(places), list(places.values())
    chunks = [labels[start : start + ROWS] for start in range(0, len(labels), ROWS)]
    return Frame(labels=labels, merged=merged, templates=[(_template(some), _template(some, True)) for some in chunks])


def _template(labels: list[str], further: bool = False) -> str:
    """A template for the lines of `labels`, without the name of the series and the figures."""
    if further:  # the labels instead of a figure, which is 1
        return "".join([f"{NAME}{{{one.replace('%', '%%')}%s}} 1\n" for one in labels])
    return "".join([f"{NAME}{_braced(one).replace('%', '%%')} %d\n" for one in labels])
