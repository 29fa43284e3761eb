"""`show`: the table now, for people and for programs."""

from __future__ import annotations

from errno import ESRCH
from typing import TYPE_CHECKING

from ...classic.commands import refused
from ...documents.formats import FORMATS
from ...errors import LISTING, IpvsadmError
from ...listing.order import servers_in_order, services_in_order
from ...model import Table
from ...table.notation import service_of, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...kernel import Kernel
    from ...model import Service
    from ...world import World


def run(world: World, names: Sequence[str], output: str, plain: bool) -> int:
    """Print the table, or the services that `names` name, and return the status. Raises IpvsadmError."""
    wanted = [service_of(name) for name in dict.fromkeys(names)]
    format = FORMATS.get(output)
    try:
        table = _table(world.kernel, wanted, counts=format is not None and format.counts)
    except OSError as error:
        raise refused("list", error.errno or 0) from error
    if format is None:
        _tell(table, world, plain)
    else:
        for piece in format.pieces(table):
            world.write(piece)
    return 0


def _tell(table: Table, world: World, plain: bool) -> None:
    """Print the table for people: drawn, or as plain text, where that is wanted or the table is long."""
    canvas = world.canvas(plain)
    if canvas:
        from ... import drawing

        few, _ = drawing.few(table.services, lambda group: 1 + len(group[1]))
        if few is not None:
            world.write(drawing.shown(table, canvas))
            return
    from .plain import plain_text

    for piece in plain_text(table):
        world.write(piece)
    if canvas:
        world.note(drawing.TOO_LONG)


def _table(kernel: Kernel, wanted: Iterable[Service], counts: bool) -> Table:
    """The whole table, or of the services `wanted` alone, in the order of ipvsadm's lists. Raises OSError."""
    if not wanted:
        table = kernel.table(counts)
    else:
        services = [named(kernel, service) for service in wanted]
        table = Table(services=tuple((service, tuple(kernel.servers(service, counts))) for service in services))
    servers = dict(table.services)
    ordered = ((service, tuple(servers_in_order(list(servers[service])))) for service in services_in_order(servers))
    return table.replace(services=tuple(ordered))


def named(kernel: Kernel, service: Service) -> Service:
    """The service that is named so, with its settings and counters. Raises IpvsadmError if there is none."""
    try:
        return kernel.service(service)
    except OSError as error:
        if error.errno != ESRCH:
            raise
        raise IpvsadmError(
            f"No such service: {spelled(service)}",
            hint="`pyipvsadm show` lists the services",
            status=LISTING,
        ) from None
