"""Runs `metrics`: reads the table, and exports it on stdout, to a file or by HTTP."""

from __future__ import annotations

from ...classic.commands import transport
from ...errors import UsageError
from ...grammar.options import NETNS
from ...grammar.suggestions import did_you_mean
from ...model import printable
from ...record import Record
from ...support.scope import scope_of
from . import textfile
from .exposition import ALL, Exposition
from .series import BACKEND, COMPATIBLE, COMPATIBLE_LABELS, LABELS, OWN
from .table_source import Source, recall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ...kernel import Kernel
    from ...world import World
    from .readings import Reading
    from .series import Series
    from .table_source import Recall


class Wishes(Record):
    """The options of the command line."""

    __slots__ = ()
    textfile: str | None = None
    listen: str | None = None
    netns: tuple[str, ...] = ()
    services_only: bool = False
    labels: str | None = None
    only: tuple[str, ...] = ()
    compatible: str | None = None
    rules: bool = False
    dashboard: bool = False


def run(world: World, wishes: Wishes) -> int:
    """Export what `wishes` ask for; return the exit status. Raises IpvsadmError."""
    _check(world, wishes)
    if wishes.rules or wishes.dashboard:
        from .alerts import rules
        from .dashboard import dashboard

        world.write(rules() if wishes.rules else dashboard())
        return 0
    series, keep, only = chosen(wishes), kept(wishes), scope_of(wishes.only)
    sources = _sources(world, wishes.netns)
    write = Exposition(series, keep)

    def read(recall: Recall = recall) -> list[Reading]:
        return [source.read(only, recall) for source in sources]

    if wishes.listen is not None:
        from . import http_server

        address = http_server.address_of(wishes.listen)
        with http_server.recaller([source.inode for source in sources], recall) as recalled:
            return http_server.serve(world, address, lambda: read(recalled), write)
    try:
        pieces = write(read())
    except OSError as error:
        raise transport("list", error) from error
    if wishes.textfile is not None:
        textfile.replace(wishes.textfile, map(str, pieces))
        return 0
    for piece in pieces:
        world.write(str(piece))
    return 0


def _check(world: World, wishes: Wishes) -> None:
    """Raise UsageError if options exclude each other."""
    ways = [f"`--{name}`" for name in ("textfile", "listen", "rules", "dashboard") if getattr(wishes, name)]
    if len(ways) > 1:
        raise UsageError(f"{ways[0]} and {ways[1]} exclude each other", hint="call `metrics` once for each")
    if wishes.textfile == "":
        raise UsageError("`--textfile` names no file", hint="name one whose name ends in .prom")
    if wishes.netns and world.netns:
        raise UsageError(f"`{NETNS}` is given before `metrics` and after it", hint="name all namespaces after it")
    if len(set(wishes.netns)) < len(wishes.netns):
        raise UsageError(f"`{NETNS}` names a network namespace twice", hint="name each once")
    if wishes.compatible and wishes.textfile is not None:
        raise UsageError(
            "`--compatible` does not go with `--textfile`: node_exporter has series with these names itself,"
            " and drops either its own or those of the file",
            hint="omit `--compatible`, which changes the names; or serve the series with `--listen`",
        )
    if wishes.compatible and wishes.netns:
        raise UsageError(
            f"`--compatible` exports one network namespace, and has no label for `{NETNS}`",
            hint=f"write it before the verb: `pyipvsadm {NETNS} X metrics --compatible {wishes.compatible}`",
        )


def chosen(wishes: Wishes) -> tuple[Series, ...]:
    """The series to export."""
    series = COMPATIBLE[wishes.compatible] if wishes.compatible else OWN
    return tuple(row for row in series if row.about != BACKEND or not wishes.services_only)


def kept(wishes: Wishes) -> Collection[str]:
    """The labels to export. Raises UsageError if one is unknown."""
    known = COMPATIBLE_LABELS if wishes.compatible else ALL
    if wishes.labels is None:
        return known
    names = [name.strip() for name in wishes.labels.split(",") if name.strip()]
    for name in names:
        if name not in known:
            order = [each for each in LABELS[BACKEND] if each in known]
            hint = did_you_mean(name, order, f"there are {', '.join(order)}")
            raise UsageError(f"`{printable(name)}` is no label that can be kept", hint=hint)
    return frozenset(names)


def _sources(world: World, names: Sequence[str]) -> list[Source]:
    """The sources of readings: the namespaces with these names, or the current one."""

    def reach() -> Kernel:
        return world.reach(load=False, again=True)

    return [Source(reach, name) for name in names] or [Source(reach)]
