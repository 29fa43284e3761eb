"""Pure: readings -> Prometheus's text format, version 0.0.4.

It doesn't use prometheus_client, which turns counters into floats that lose digits above 2**53, and is many times
slower. The lines of a series look alike for thousands of servers, so they are made from one template and the figures.
"""

from __future__ import annotations

from itertools import chain, islice
from operator import add
from typing import TYPE_CHECKING, TypeVar

from ...model import printable
from ...record import Record
from ...record import keep as remember
from .readings import (
    about_director,
    backend_columns,
    server_names,
    server_settings,
    service_columns,
    service_names,
    service_settings,
)
from .series import BACKEND, BACKEND_LABELS, DIRECTOR, LABELS, NETNS, SERVICE, SERVICE_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from .readings import Columns, Reading, Rows
    from .series import Series

    Values = tuple[str, ...]
    Looks = tuple[object, ...]

_R = TypeVar("_R", bound=Record)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ALL = frozenset(LABELS[BACKEND])
NAME = "\0"  # stands for the name of a series in a template
ROWS = 256  # lines that are made at once; they fit the processor's cache


class Block(Record):
    """The figures of all services, or of all servers: a row for each that its labels distinguish.

    `labels` are the texts between braces, with a comma after each label. `settings` are the values of the labels of
    `_info`. `single` says for each row whether it is one service or server rather than a sum; None if all are.
    """

    __slots__ = ()
    labels: Sequence[str] = ()
    columns: Columns = {}  # noqa: RUF012 - it never changes
    settings: Sequence[Values] = ()
    single: Sequence[bool] | None = None
    templates: Sequence[tuple[str, slice]] = ()  # each with its rows


def exposition(series: Iterable[Series], readings: Sequence[Reading], keep: Collection[str] = ALL) -> Iterator[str]:
    """The text in pieces; `keep` are the labels of services and servers to export."""
    director = [(_netns(reading), about_director(reading)) for reading in readings]
    series = tuple(series)
    blocks = {
        about: [make(reading, keep) for reading in readings]
        for about, make in BLOCKS.items()
        if any(row.about == about for row in series)
    }
    for row in series:
        if row.about == DIRECTOR:
            pieces = (_director_lines(row, netns, rows) for netns, rows in director)
        else:
            pieces = (piece for block in blocks[row.about] for piece in _lines(row, block))
        head = f"# HELP {row.name} {_help(row.help)}\n# TYPE {row.name} {row.kind}\n"
        for piece in filter(None, pieces):
            yield head + piece
            head = ""
    yield from chain.from_iterable(map(_comments, readings))


def _comments(reading: Reading) -> Iterator[str]:
    """Comments that say which series are missing, and why."""
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


def _lines(row: Series, block: Block) -> Iterator[str]:
    """The lines of a series about services or servers, many at a time; none if its figure isn't known."""
    column = block.columns.get(row.source)
    if not column:
        return
    single = None if row.adds else block.single
    if not (row.labels or row.sparse or single):
        for template, rows in block.templates:
            yield template.replace(NAME, row.name) % tuple(column[rows])
        return
    labels = _with_settings(row.labels, block) if row.labels else block.labels
    lines = (
        f"{row.name}{_braced(one)} {figure}\n"
        for one, figure, alone in zip(labels, column, single or column, strict=True)
        if (figure or not row.sparse) and (alone or not single)
    )
    while piece := "".join(islice(lines, ROWS)):
        yield piece


def _with_settings(names: Values, block: Block) -> Iterator[str]:
    told = {values: _pairs(names, values) for values in set(block.settings)}
    return map(add, block.labels, map(told.__getitem__, block.settings))


def _service_block(reading: Reading, keep: Collection[str]) -> Block:
    services = [service for service, _ in reading.groups]
    settings = _each_once(services, lambda one: (one.scheduler, one.flags, one.engine), service_settings)
    return _block(_service_labels(reading, keep), service_columns(reading), settings)


def _backend_block(reading: Reading, keep: Collection[str]) -> Block:
    servers = [server for _, group in reading.groups for server in group]
    services = zip(_service_labels(reading, keep), reading.groups, strict=True)
    owners = [labels for labels, (_, group) in services for _ in group]
    labels = _labels(BACKEND_LABELS, zip(*map(server_names, servers), strict=True), keep, owners)
    settings = _each_once(
        servers, lambda one: (one.forwarding, *one[6:9]), lambda one: server_settings(one, asked=not reading.trouble)
    )
    return _block(labels, backend_columns(reading), settings)


BLOCKS: dict[str, Callable[[Reading, Collection[str]], Block]] = {SERVICE: _service_block, BACKEND: _backend_block}


def _service_labels(reading: Reading, keep: Collection[str]) -> list[str]:
    """The labels that identify each service."""
    columns = zip(*[service_names(service) for service, _ in reading.groups], strict=True)
    return _labels(SERVICE_LABELS, columns, keep, [_netns(reading)] * len(reading.groups))


def _labels(names: Values, columns: Iterable[Values], keep: Collection[str], before: list[str]) -> list[str]:
    """The texts `before`, each followed by the labels `names` that are in `keep`; their values need no escapes."""
    chosen = [(name, column) for name, column in zip(names, columns, strict=False) if name in keep]
    template = "%s" + "".join([f'{name}="%s",' for name, _ in chosen])
    return list(map(template.__mod__, zip(before, *(column for _, column in chosen), strict=True)))


def _each_once(
    records: Iterable[_R], looks: Callable[[_R], tuple[object, ...]], tell: Callable[[_R], Values]
) -> list[Values]:
    """The result of `tell` for each of `records`, called once for all that have the same `looks`."""
    known: dict[tuple[object, ...], Values] = {}
    return [known.get(look := looks(one)) or remember(known, look, tell(one)) for one in records]


def _block(labels: list[str], columns: Columns, settings: Sequence[Values]) -> Block:
    """A row for each of `labels`; rows with the same labels are summed."""
    single = None
    if len(set(labels)) < len(labels):
        places: dict[str, list[int]] = {}
        for index, one in enumerate(labels):
            places.setdefault(one, []).append(index)
        groups = list(places.values())
        columns = {
            name: [sum([column[index] for index in rows]) for rows in groups] for name, column in columns.items()
        }
        labels, settings = list(places), [settings[rows[0]] for rows in groups]
        single = [len(rows) == 1 for rows in groups]
    templates = [_template(labels, slice(start, start + ROWS)) for start in range(0, len(labels), ROWS)]
    return Block(labels=labels, columns=columns, settings=settings, single=single, templates=templates)


def _template(labels: list[str], rows: slice) -> tuple[str, slice]:
    """A template for the lines of `rows`, without the name of the series and the figures."""
    return "".join([f"{NAME}{_braced(one).replace('%', '%%')} %d\n" for one in labels[rows]]), rows
