"""Reads the kernel's current table."""

from __future__ import annotations

from errno import ESRCH

from ..errors import LISTING, IpvsadmError
from ..model import Table
from ..shapes import row_of, server_of
from ..table.differing_services import differing, differing_rows
from ..table.notation import spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..documents import Document
    from ..kernel import Kernel
    from ..model import Service
    from ..world import World


class AbsentError(IpvsadmError):
    """The kernel has no such service."""


def table_now(world: World) -> Table:
    """The kernel's table. Raises IpvsadmError."""
    try:
        return world.kernel.table()
    except OSError as error:
        raise _refused(error) from error


def differing_now(world: World, document: Document) -> tuple[Table, Table]:
    """The kernel's table and that of `document`, without the services that are alike in both. Raises IpvsadmError."""
    try:
        compared, rows = document.findings.compared, document.assembly.rows()
        now, wanted = differing(compared.others, rows) if compared else differing_rows(world.kernel, rows)
        counted = list(world.kernel.with_servers([service for service, _ in now], steady=True))
        rest = Table(timeouts=world.kernel.timeouts(), daemons=tuple(world.kernel.daemons()))
    except OSError as error:
        raise _refused(error) from error
    if [list(map(row_of, servers)) for _, servers in counted] != [list(rows) for _, rows in now]:
        return table_now(world), document.whole()  # it changes meanwhile
    before = tuple((service, tuple(servers)) for service, servers in counted)
    after = tuple((service, tuple(map(server_of, rows))) for service, rows in wanted)
    return rest.replace(services=before), document.assembly.rest().replace(services=after)


def _refused(error: OSError) -> IpvsadmError:
    from ..classic.commands import refused

    return refused("list", error.errno or 0)


def named(kernel: Kernel, service: Service) -> Service:
    """The kernel's service with the key of `service`, settings and counters. Raises IpvsadmError if there is none."""
    try:
        return kernel.service(service)
    except OSError as error:
        if error.errno != ESRCH:
            raise
        from ..explain.similar import near_services

        near = ", ".join(f"`{spelled(one)}`" for one in near_services(service, kernel.services()))
        raise AbsentError(
            f"No such service: {spelled(service)}",
            hint=f"{f'there is {near}; ' if near else ''}`pyipvsadm show` lists the services",
            status=LISTING,
        ) from None
