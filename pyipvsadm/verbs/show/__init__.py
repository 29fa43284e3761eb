"""`show`: prints the current table, for people and for programs."""

from __future__ import annotations

from time import time

from ...classic.commands import refused
from ...documents.formats import FORMATS
from ...kernel import hash_tables
from ...listing.order import as_added, servers_in_order, services_in_order
from ...model import Table
from ...support.current_table import named
from ...table.notation import services_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...documents.owners import Owners
    from ...kernel import Kernel
    from ...kernel.hash_tables import HashTables
    from ...model import Server, Service
    from ...world import World


def run(world: World, names: Sequence[str], output: str, plain: bool, owners: Owners | None = None) -> int:
    """Print the table, or the services that `names` name, with their owners, if these are known; the exit status.

    Raises IpvsadmError.
    """
    format = FORMATS.get(output)
    order = as_added if format else servers_in_order
    whole = format is not None and not format.counts  # settings that are missing would be read as defaults
    try:
        kernel = world.kernel if whole else world.readable
        wanted = services_by(names, lambda: kernel.services())
        table = _table(kernel, wanted, format is not None and format.counts, order)
    except OSError as error:
        raise refused("list", error.errno or 0) from error
    if format is None:
        _tell(table, None if wanted else hash_tables.now(), world, plain, owners)
    else:
        for piece in format.pieces(table, owners, time()):
            world.write(piece)
    return 0


def _tell(table: Table, rows: HashTables | None, world: World, plain: bool, owners: Owners | None) -> None:
    """Print the table for people: drawn, or as plain text, where that is wanted or the table is long.

    `rows` is what the kernel tells of how it keeps it.
    """
    canvas = world.canvas(plain)
    if canvas:
        from ... import drawing

        few, _ = drawing.few(table.services, lambda group: 1 + len(group[1]))
        if few is not None:
            world.draw(drawing.shown(table, canvas, owners.told if owners else None, rows))
            return
    from .plain_text import plain_text

    for piece in plain_text(table, owners, rows):
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
