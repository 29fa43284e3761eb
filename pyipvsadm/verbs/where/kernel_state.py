"""Reads the service, its servers, and the connection entries of the clients in question."""

from __future__ import annotations

from errno import EPERM
from itertools import chain

from ...classic.commands import refused
from ...errors import LISTING, IpvsadmError, UnreachableError
from ...kernel.proc_table import ever_counted
from ...listing.connections import entries
from ...model import ONE_PACKET
from ...prediction.clients import entries_of, lines_about
from ...prediction.memory import Expiry
from ...prediction.pools import EITHER, HASHING, TURNS, UNSURE, Pool
from ...record import Record
from ...support.current_table import AbsentError, named
from ...support.scheduling.kernel_pools import Sizes, drained_weights, pool_of, sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...model import Server, Service
    from ...prediction.clients import Client, Entries
    from ...world import World

EXPIRY = "/proc/sys/net/ipv4/vs"  # the folder of the kernel settings that Expiry contains
PER_CPU = "/proc/thread-self/net/ip_vs_stats_percpu"


class Situation(Record):
    """A pool, and whether the size of `mh`'s table is assumed, because the kernel's can't be read.

    It is not `reachable` if this kernel has no IPVS: then only a table describes the service.
    """

    __slots__ = ()
    pool: Pool = Pool()
    assumed: bool = False
    reachable: bool = True


def situation(world: World, service: Service, others: Iterable[str | None], is_planned: bool) -> Situation:
    """The situation of `service`; `others` are schedulers that may be assumed for it. Raises IpvsadmError.

    If it `is_planned`, it need not exist, and then has no scheduler.
    """
    try:
        found = named(world.kernel, service)
        servers = world.kernel.servers(found)
    except OSError as error:
        raise refused("list", error.errno or 0) from error
    except AbsentError:
        if not is_planned:
            raise
        found, servers = service, []
    except UnreachableError as error:
        if not is_planned or error.errno == EPERM:
            raise
        return Situation(pool=Pool(service=service), assumed="mh" in others, reachable=False)
    hashes = {found.scheduler, *others}.intersection(HASHING)
    known = sizes() if hashes else Sizes()
    drained = drained_weights() if "mh" in hashes else {}
    assumed = "mh" in hashes and known.mh_index is None
    pool = pool_of(found, servers, known, drained)
    if not found.scheduler:
        return Situation(pool=pool.replace(service=found), assumed=assumed)
    begins = _begins(world, found, servers) if found.scheduler in TURNS else ""
    return Situation(pool=pool.replace(begins=begins), assumed=assumed)


def _begins(world: World, service: Service, servers: Iterable[Server]) -> str:
    """The weight at which the first round begins: `Pool.begins`.

    A counter of 0 may have been zeroed, or be two seconds old. It is certain that no client has got a server yet only
    if the services account for all connections that the processors ever counted.
    """
    there = any(one.active or one.inactive or one.persistent for one in servers)
    if there or service.stats is None or service.stats.connections:
        return ""
    try:
        shown = sum(one.stats.connections for one in world.kernel.services(True) if one.stats)
        with open(PER_CPU, encoding="ascii", errors="replace") as file:
            return EITHER if ever_counted(file.read()) == shown else UNSURE
    except OSError:
        return UNSURE


def remembered(world: World, service: Service, clients: Sequence[Client]) -> Entries:
    """The kernel's entries that may concern `clients`. Raises IpvsadmError."""
    if service.flags & ONE_PACKET:
        return {}
    try:
        lines = world.kernel.connections()
        header = next(lines, "")
        about = entries(chain((header,), lines_about(service, clients, lines)))
        return entries_of(service, about, world.kernel.services)
    except OSError as error:
        raise IpvsadmError(
            "cannot open file /proc/net/ip_vs_conn", hint=f"{error.strerror}; the list requires root", status=LISTING
        ) from error


def expiry() -> Expiry:
    """The settings that say when the kernel forgets connections and persistence."""
    return Expiry(quiescent=_is_set("expire_quiescent_template"), nodest=_is_set("expire_nodest_conn"))


def _is_set(name: str) -> bool:
    try:
        with open(f"{EXPIRY}/{name}", encoding="ascii") as file:
            return file.read().strip() != "0"
    except OSError:
        return False
