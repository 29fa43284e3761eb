"""`show`: the table now, for people and for programs."""

from __future__ import annotations

from errno import ESRCH
from typing import TYPE_CHECKING

from ..classic import refused
from ..errors import LISTING, IpvsadmError
from ..model import Table
from ..text.order import servers_in_order, services_in_order
from ..text.spelling import service_of, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..kernel import Kernel
    from ..model import Service
    from ..world import World

COUNTED = ("json", "ndjson")  # what tells counters and rates


def run(world: World, names: Sequence[str], output: str, plain: bool) -> int:
    """Print the table, or the services that `names` name, and return the status. Raises IpvsadmError."""
    wanted = [service_of(name) for name in dict.fromkeys(names)]
    try:
        table = _table(world.kernel, wanted, output in COUNTED)
    except OSError as error:
        raise refused("list", error.errno or 0) from error
    if output == "table":
        _tell(table, world, plain)
    else:
        from .document.writing import pieces

        for piece in pieces(table, output):
            world.write(piece)
    return 0


def _tell(table: Table, world: World, plain: bool) -> None:
    """Print the table for people: drawn, or as plain text, where that is wanted or the table is long."""
    canvas = world.canvas(plain)
    if canvas:
        from . import draw

        few, _ = draw.few(table.services, lambda group: 1 + len(group[1]))
        if few is not None:
            world.write(draw.shown(table, canvas))
            return
    from .plain import plain_text

    for piece in plain_text(table):
        world.write(piece)
    if canvas:
        world.note(draw.TOO_LONG)


def _table(kernel: Kernel, wanted: Iterable[Service], stats: bool) -> Table:
    """The whole table, or of the services `wanted` alone, in the order of ipvsadm's lists. Raises OSError."""
    if not wanted:
        table = kernel.table(stats)
    else:
        services = [named(kernel, service) for service in wanted]
        table = Table(services=tuple((service, tuple(kernel.servers(service, stats))) for service in services))
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
            hint="`pyipvsadm show` lists the services that there are",
            status=LISTING,
        ) from None
