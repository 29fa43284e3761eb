"""`--brief`: a line for each service, with the sums of its servers."""

from __future__ import annotations

from itertools import chain

from ..model import Stats
from . import format_of, title
from .health import state
from .service_lines import SERVICE_WIDTH, exact, scaled, service_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..model import Info, Listing, Server, Service
    from ..names import Names
    from ..shapes import Group

    Sum = tuple[str, str, Callable[[Service, Sequence[Server]], int]]  # its head in text and in a drawing, its value

HEAD = f"{'Prot LocalAddress:Port':<{SERVICE_WIDTH}} Scheduler  Servers"
_NO_STATS = Stats()


def _counter(head: str, drawn: str, field: str) -> Sum:
    return head, drawn, lambda service, servers: getattr(service.stats or _NO_STATS, field)


def _sum(head: str, drawn: str, field: str) -> Sum:
    return head, drawn, lambda service, servers: sum(getattr(server, field) for server in servers)


_CONNECTIONS = (_sum("ActiveConn", "Active", "active"), _sum("InActConn", "Inactive", "inactive"))
_WEIGHT = _sum("Weight", "Weight", "weight")
SUMS: dict[str, tuple[Sum, ...]] = {  # by format: those that show settings of servers alone have the plain ones
    "plain": (_WEIGHT, *_CONNECTIONS),
    "stats": (
        *(_counter("Conns", "Conns", "connections"), _counter("InPkts", "Pkts in", "packets_in")),
        *(_counter("OutPkts", "Pkts out", "packets_out"), _counter("InBytes", "Bytes in", "bytes_in")),
        _counter("OutBytes", "Bytes out", "bytes_out"),
    ),
    "rate": (
        *(_counter("CPS", "Conn/s", "connection_rate"), _counter("InPPS", "In pkt/s", "packet_rate_in")),
        *(_counter("OutPPS", "Out pkt/s", "packet_rate_out"), _counter("InBPS", "In B/s", "byte_rate_in")),
        _counter("OutBPS", "Out B/s", "byte_rate_out"),
    ),
    "persistent-conn": (_WEIGHT, _sum("PersistConn", "Persistent", "persistent"), *_CONNECTIONS),
}


def sums_of(listing: Listing) -> tuple[Sum, ...]:
    """The sums that `listing` shows."""
    return SUMS.get(format_of(listing), SUMS["plain"])


def usable(servers: Sequence[Server]) -> str:
    """How many of `servers` get new connections, and how many there are."""
    return f"{sum(not state(server) for server in servers)}/{len(servers)}"


def header(info: Info | None, listing: Listing) -> str:
    """The lines above the services; without the version for a single service, where `info` is None."""
    heads = HEAD + "".join(f" {head:>11}" for head, _, _ in sums_of(listing))
    return "".join(f"{line}\n" for line in ([title(info)] if info else []) + [heads])


def table(groups: Iterable[Group], listing: Listing, names: Names | None) -> Iterator[str]:
    """A line for each service of `groups`. `names` is None for numeric output."""
    sums, write = sums_of(listing), exact if listing.exact else scaled
    for service, servers in chain.from_iterable(zip(*group, strict=True) for group in groups):
        name = f"{service_name(service, names):<{SERVICE_WIDTH}} {service.scheduler or '':<9} {usable(servers):>8}"
        values = (write(value(service, servers)).strip() for _, _, value in sums)
        yield name + "".join(f" {text:>11}" for text in values) + "\n"
