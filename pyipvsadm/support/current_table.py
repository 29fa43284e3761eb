"""Reads the kernel's current table."""

from __future__ import annotations

from errno import ESRCH

from ..classic.commands import refused
from ..errors import LISTING, IpvsadmError
from ..explain.similar import near_services
from ..table.notation import spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..kernel import Kernel
    from ..model import Service, Table
    from ..world import World


class AbsentError(IpvsadmError):
    """The kernel has no such service."""


def table_now(world: World) -> Table:
    """The kernel's table. Raises IpvsadmError."""
    try:
        return world.kernel.table()
    except OSError as error:
        raise refused("list", error.errno or 0) from error


def named(kernel: Kernel, service: Service) -> Service:
    """The kernel's service with the key of `service`, settings and counters. Raises IpvsadmError if there is none."""
    try:
        return kernel.service(service)
    except OSError as error:
        if error.errno != ESRCH:
            raise
        near = ", ".join(f"`{spelled(one)}`" for one in near_services(service, kernel.services()))
        raise AbsentError(
            f"No such service: {spelled(service)}",
            hint=f"{f'there is {near}; ' if near else ''}`pyipvsadm show` lists the services",
            status=LISTING,
        ) from None
