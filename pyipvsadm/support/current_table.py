"""The kernel's table as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..classic.commands import refused

if TYPE_CHECKING:
    from ..model import Table
    from ..world import World


def table_now(world: World) -> Table:
    """The kernel's table. Raises IpvsadmError."""
    try:
        return world.kernel.table()
    except OSError as error:
        raise refused("list", error.errno or 0) from error
