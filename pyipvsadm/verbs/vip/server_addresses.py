"""The addresses of all servers: /proc lists them faster than netlink, which is asked for each service."""

from __future__ import annotations

from ...kernel import proc_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...kernel import Kernel
    from ...model import Service

TABLE = "/proc/thread-self/net/ip_vs"


def server_addresses(services: Sequence[Service], kernel: Kernel) -> set[bytes]:
    """The packed addresses of the servers of `services`, which are all services of this namespace. Raises OSError."""
    try:
        with open(TABLE, "rb", buffering=0) as file:
            count, addresses = proc_table.server_addresses(file.read().decode())
    except (OSError, ValueError):
        count, addresses = -1, set()
    if count == len(services):  # otherwise it changes just now, or can't be read
        return addresses
    return {address for found in kernel.shared(list(services), _of_some) for address in found}


def _of_some(services: Sequence[Service], kernel: Kernel) -> Iterator[list[bytes]]:
    """The packed addresses of the servers of `services`, of some services at a time."""
    for _, found in kernel.told_groups(services, ("weight",), bool, steady=True):
        yield [server[0] for servers in found for server in servers if server[0]]
