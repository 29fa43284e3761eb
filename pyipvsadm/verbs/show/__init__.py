"""`show`: prints the current table, for people and for programs."""

from __future__ import annotations

from time import time

from ...classic.commands import refused
from ...documents.dialect.json_layout import live_data
from ...documents.formats import FORMATS
from ...errors import UsageError
from ...kernel import hash_tables
from ...listing.order import as_added, servers_in_order, services_in_order
from ...model import Table
from ...record import Record
from ...support.current_table import AbsentError, named
from ...table.notation import services_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...documents.owners import Owners
    from ...kernel import Kernel
    from ...kernel.hash_tables import HashTables
    from ...model import Server, Service
    from ...world import World


class Wishes(Record):
    """The options of `show`: `output` is a format or `table`; `plain`, `brief` and `pager` are only for `table`."""

    __slots__ = ()
    output: str = "table"
    plain: bool = False
    brief: bool = False
    pager: bool = True


def run(world: World, names: Sequence[str], wishes: Wishes, owners: Owners | None = None) -> int:
    """Print the table, or the services in `names`, with their owners if these are known; return the exit status.

    Raises IpvsadmError.
    """
    format = FORMATS.get(wishes.output)
    if format and wishes.brief:
        raise UsageError(
            f"`--brief` is for people, and `-o {wishes.output}` for programs", hint="leave one of them out"
        )
    order = as_added if format else servers_in_order
    whole = format is not None and not format.counts  # missing settings would be read as defaults
    try:
        kernel = world.kernel if whole else world.readable
        wanted = services_by(names, lambda: kernel.services())
        rows = None if wanted or wishes.brief else hash_tables.now()
        if format and format.layout and not (wanted or owners or kernel.source):
            return _print(format.live(kernel, live_data(time(), rows)), world, wishes)
        table = _table(kernel, wanted, format is not None and format.counts, order)
    except (UsageError, AbsentError) as error:
        error.hint = _is_server(names, kernel) or error.hint
        raise
    except OSError as error:
        raise refused("list", error.errno or 0) from error
    if format:
        return _print(format.pieces(table, owners, live_data(time(), rows)), world, wishes)
    with world.paged(wishes.pager):
        _tell(table, rows, world, wishes, owners)
    return 0


def _is_server(names: Iterable[str], kernel: Kernel) -> str:
    """A hint on how to show the service of a server among `names`; empty if none is a server."""
    from ...table.notation import servers_of, spelled

    for name in names:
        try:
            address, port = servers_of(name)
            groups = kernel.table().services
        except (UsageError, OSError):
            continue
        for service, servers in groups:
            if any(one.address == address and port in (None, one.port) for one in servers):
                return f"that is a server of {spelled(service)}: `show {spelled(service)}`"
    return ""


def _print(pieces: Iterable[str], world: World, wishes: Wishes) -> int:
    with world.paged(wishes.pager):
        for piece in pieces:
            world.write(piece)
    return 0


def _tell(table: Table, rows: HashTables | None, world: World, wishes: Wishes, owners: Owners | None) -> None:
    """Print the table for people: drawn, or as plain text, where that is wanted or the table is long.

    `rows` is the kernel's status of its hash tables.
    """
    canvas = world.canvas(wishes.plain)
    if canvas:
        from ... import drawing

        few, _ = drawing.few(table.services, drawing.rows_of(wishes.brief))
        if few is not None:
            told = owners.told if owners else None
            drawn = drawing.summed(table, canvas, told) if wishes.brief else drawing.shown(table, canvas, told, rows)
            world.head(drawing.heads_of(drawn, canvas))
            world.draw(drawn)
            return
    from .plain_text import brief_text, plain_text

    world.head(1)
    for piece in brief_text(table, owners) if wishes.brief else plain_text(table, owners, rows):
        world.write(piece)
    if canvas:
        world.note(drawing.TOO_LONG)


def _table(
    kernel: Kernel, wanted: Iterable[Service], counts: bool, order: Callable[[list[Server]], Iterable[Server]]
) -> Table:
    """The whole table, or of the services `wanted` alone, in the order of ipvsadm's lists, and their servers in the
    one that `order` makes of the kernel's. Raises OSError.
    """
    if not wanted:
        table = kernel.table(counts)
    else:
        services = [named(kernel, service) for service in wanted]
        table = Table(
            services=tuple((service, tuple(kernel.servers(service, counts, steady=True))) for service in services),
            source=kernel.source,
        )
    servers = dict(table.services)
    ordered = ((service, tuple(order(list(servers[service])))) for service in services_in_order(servers))
    return table.replace(services=tuple(ordered))
