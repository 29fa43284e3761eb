"""The part of IPVS that a user without privilege can read: services, servers and connections, from /proc."""

from __future__ import annotations

from errno import EPERM, ESRCH

from ..errors import UnreachableError
from ..model import Info, Table
from . import Kernel, proc_table
from .repeated import Repeated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..model import Command, Daemon, Server, Service, Timeouts
    from ..shapes import Alike

SERVICES = "/proc/net/ip_vs"
LACKS = (  # what a user is told who reads a table from here
    "without privilege, this is what /proc shows: no counters, persistence, flags, thresholds, kinds of"
    " tunnels, timeouts or daemons, and the family of a mark is that of its servers; `sudo` shows all"
)
KEY, SERVER_KEY = 5, 2  # how many of the first fields of Service and Server identify them


def instead_of(error: UnreachableError) -> Unprivileged:
    """What can be read although `error` keeps us from the kernel. Raises `error` if that is nothing."""
    try:
        return Unprivileged()
    except (OSError, ValueError):
        raise error from None


class Readings(Repeated):
    """Readings of what an Unprivileged can read, each as if it were the first."""

    def __init__(self, kernel: Unprivileged) -> None:
        self._kernel = kernel

    def read(self, wanted: Iterable[Service] | None = None, steady: bool = False) -> list[tuple[Service, list[Server]]]:
        """All services, or those that are `wanted`, each with its servers, in the kernel's order. Raises OSError."""
        return list(self._kernel.with_servers(self._kernel.services() if wanted is None else wanted))


class Unprivileged(Kernel):
    """The IPVS of this network namespace as every user may read it; everything else raises OSError EPERM.

    Services and servers lack counters, persistence, flags, thresholds and kinds of tunnels.
    """

    source = proc_table.SOURCE

    def __init__(self) -> None:
        """Raises OSError if IPVS isn't loaded."""
        self._now()

    def _now(self) -> tuple[Info, dict[Service, tuple[Server, ...]]]:
        with open(SERVICES, encoding="ascii", errors="replace") as file:
            info, groups = proc_table.table(file.read())
        return info or Info(), dict(groups)

    def info(self, again: bool = False) -> Info:
        """The version of IPVS and the size of its connection table."""
        return self._now()[0]

    def services(self, stats: bool = False, steady: bool = False) -> list[Service]:
        """All services in the kernel's order, without counters."""
        return list(self._now()[1])

    def service(self, service: Service) -> Service:
        """The service with the key of `service`. Raises OSError ESRCH if there is none."""
        for found in self.services():
            if found[:KEY] == service[:KEY]:
                return found
        raise OSError(ESRCH, "no such service")

    def groups(
        self, services: Iterable[Service], stats: bool = False, steady: bool = False
    ) -> Iterator[tuple[list[Service], list[list[Server]]]]:
        """All of `services`, and the servers of each, in the kernel's order, without counters."""
        there = {service[:KEY]: servers for service, servers in self._now()[1].items()}
        group = list(services)
        servers = [{server[:SERVER_KEY]: server for server in there.get(service[:KEY], ())} for service in group]
        yield group, [list(its.values()) for its in servers]

    def repeatedly(self) -> Repeated:
        """What reads the services and their servers again and again, without counters."""
        return Readings(self)

    def table(self, stats: bool = False) -> Table:
        """The services and their servers, in the kernel's order, without counters."""
        return Table(services=tuple(self._now()[1].items()), source=self.source)

    def timeouts(self) -> Timeouts:
        """Raises OSError EPERM."""
        raise OSError(EPERM, "refused")

    def daemons(self) -> list[Daemon]:
        """Raises OSError EPERM."""
        raise OSError(EPERM, "refused")

    def exchange(self, batch: list[Command | Alike]) -> Callable[[], Iterator[tuple[int, int]]]:
        """Raises OSError EPERM."""
        raise OSError(EPERM, "refused")
