"""Reads the service, its servers, and the connection entries of the clients in question."""

from __future__ import annotations

from itertools import chain

from ...classic.commands import refused
from ...errors import LISTING, IpvsadmError
from ...listing.connections import entries
from ...model import ONE_PACKET
from ...prediction.clients import entries_of, lines_about
from ...prediction.pools import HASHING, Pool
from ...record import Record
from ...support.clients.kernel_pools import Sizes, drained_weights, pool_of, sizes
from ...support.current_table import named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model import Service
    from ...prediction.clients import Client, Entries
    from ...world import World

EXPIRE = "/proc/sys/net/ipv4/vs/expire_quiescent_template"


class Situation(Record):
    """A pool, and whether the size of `mh`'s table is only the usual one, since the kernel's can't be read."""

    __slots__ = ()
    pool: Pool = Pool()
    assumed: bool = False


def situation(world: World, service: Service, scheduler: str) -> Situation:
    """The service that `service` names, which may be thought of with another `scheduler`. Raises IpvsadmError."""
    try:
        found = named(world.kernel, service)
        servers = world.kernel.servers(found)
    except OSError as error:
        raise refused("list", error.errno or 0) from error
    hashes = [name for name in (found.scheduler, scheduler) if name in HASHING]
    known = sizes() if hashes else Sizes()
    drained = drained_weights() if "mh" in hashes else {}
    assumed = "mh" in hashes and known.mh_index is None
    return Situation(pool=pool_of(found, servers, known, drained), assumed=assumed)


def remembered(world: World, service: Service, clients: Sequence[Client]) -> Entries:
    """The kernel's entries that may be about `clients`. Raises IpvsadmError."""
    if service.flags & ONE_PACKET:
        return {}
    try:
        lines = world.kernel.connections()
        header = next(lines, "")
        return entries_of(service, entries(chain((header,), lines_about(service, clients, lines))))
    except OSError as error:
        raise IpvsadmError(
            "cannot open file /proc/net/ip_vs_conn", hint=f"{error.strerror}; the list takes root", status=LISTING
        ) from error


def expires() -> bool:
    """Whether persistence ends as a server gets weight 0."""
    try:
        with open(EXPIRE, encoding="ascii") as file:
            return file.read().strip() != "0"
    except OSError:
        return False
