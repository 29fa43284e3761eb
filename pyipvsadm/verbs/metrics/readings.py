"""A reading of one network namespace at one moment, and its values by name."""

from __future__ import annotations

from _socket import AF_INET
from operator import itemgetter
from typing import TypeVar

from ...listing.health import DRAINED, FULL, state
from ...listing.rules import daemon_state
from ...listing.service_lines import scheduler_flags
from ...model import ONE_PACKET, PERSISTENT, TUNNEL, Server, Service, Stats
from ...record import Record
from ...table import settings as told
from ...table.notation import spelled_address
from .series import ONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...kernel.hash_tables import HashTables
    from ...model import Daemon, Info, Timeouts

    Group = tuple[Service, Sequence[Server]]
    Drained = frozenset[tuple[tuple[object, ...], tuple[object, ...]]]
    Keys = list[tuple[object, ...]]
    Values = tuple[str, ...]
    Columns = dict[str, Sequence[int]]
    Rows = list[tuple[Values, int | float]]  # the values of labels, and a figure

KEY, SERVER_KEY = 5, 2  # how many of the first fields of Service and Server identify them
_R = TypeVar("_R", bound=Record)
PROTOCOLS = {6: "TCP", 17: "UDP", 132: "SCTP"}
FAMILIES = {4: "ipv4", 16: "ipv6"}  # by the length of an address
MARK = "FWM"
LOOKS = tuple(map(Service.FIELDS.index, ("scheduler", "flags", "engine")))  # what `_info` tells of a service
SERVER_LOOKS = tuple(  # and of a server
    map(Server.FIELDS.index, ("forwarding", "tunnel_type", "tunnel_port", "tunnel_flags"))
)
SEEN = ("weight", "active", "inactive")  # the fields of a server that /proc shows
ASKED = (*SEEN, "persistent", "upper_threshold", "lower_threshold")  # and those that the kernel answers, too


class Reading(Record):
    """A table with its counters, and facts about it.

    `trouble` says why IPVS didn't answer, in which case there are no counters; it is empty otherwise. `drained` are the
    keys of the services and servers that `drain` has drained; None if they are unknown.
    """

    __slots__ = ()
    netns: str | None = None
    loaded: bool = False
    trouble: str = ""
    info: Info | None = None
    status: HashTables | None = None
    timeouts: Timeouts | None = None
    daemons: tuple[Daemon, ...] = ()
    groups: tuple[Group, ...] = ()
    drained: Drained | None = None
    totals: Stats | None = None
    seconds: float = 0.0


def about_director(reading: Reading) -> dict[str, Rows]:
    """The figures of the director itself, each with the values of its labels."""
    rows: dict[str, Rows] = {
        "up": [((), int(not reading.trouble))],
        "loaded": [((), int(reading.loaded))],
        "seconds": [((), reading.seconds)],
        "daemons": [((daemon_state(one), one.interface, str(one.syncid)), 1) for one in reading.daemons],
    }
    if info := reading.info:
        version = ".".join(str(info.version >> shift & 255) for shift in (16, 8, 0))
        rows |= {"version": [((version,), 1)], "size": [((), info.size)]}
    if tables := reading.status:
        rows |= {"buckets": [((), tables.rows)], "chain": [((), tables.longest)]}
        rows["connections"] = [((), tables.connections)]
    if reading.timeouts:
        rows["timeouts"] = [((kind,), value) for kind, value in reading.timeouts.asdict().items()]
    if reading.totals:
        rows |= {f"totals.{name}": [((), value)] for name, value in reading.totals.asdict().items()}
    return rows


def service_names(service: Service, servers: Sequence[Server], asked: bool) -> Values:
    """The values of SERVICE_LABELS, as node_exporter writes them: a mark is 8 hexadecimal digits.

    /proc doesn't show the family of a mark. Unless the kernel was `asked`, only the servers tell it: those of another
    family get packets by tunnels.
    """
    if service.fwmark is not None:
        known = asked or any(len(server.address) == 16 or server.forwarding != TUNNEL for server in servers)
        family = "ipv4" if service.af == AF_INET else "ipv6"
        return "", "0", f"{service.fwmark:08X}", MARK, family if known else ""
    protocol, address = service.protocol or 0, service.address or b""
    family = FAMILIES[len(address)]
    return spelled_address(address), str(service.port), "", PROTOCOLS.get(protocol, str(protocol)), family


def server_names(server: Server) -> Values:
    """The values of BACKEND_LABELS."""
    return spelled_address(server.address), str(server.port)


def service_columns(reading: Reading) -> Columns:
    """Figures by name, each for all services in their order. Unknown figures have no column."""
    groups = reading.groups
    columns: Columns = {
        ONE: [1] * len(groups),
        "backends": [len(servers) for _, servers in groups],
    }
    if not reading.trouble:  # /proc shows neither seconds nor thresholds
        columns["persistence"] = [one.timeout if one.flags & PERSISTENT else 0 for one, _ in groups]
        columns["available"] = [sum(map(_is_available, servers)) for _, servers in groups]
    return columns | _counters([one.stats for one, _ in groups])


def backend_columns(reading: Reading) -> Columns:
    """The same for the servers of all services."""
    servers = [server for _, servers in reading.groups for server in servers]
    fields = dict(zip(Server.FIELDS, zip(*servers, strict=True), strict=True)) if servers else {}
    known = SEEN if reading.trouble else ASKED
    columns: Columns = {ONE: [1] * len(servers), **{name: fields[name] for name in known if fields}}
    if reading.drained is not None:
        columns["drained"] = _drained(reading)
    return columns | _counters(fields.get("stats", ()))


def _drained(reading: Reading) -> Sequence[int]:
    if not reading.drained:
        return [0] * sum(len(servers) for _, servers in reading.groups)
    return [
        int((service[:KEY], server[:SERVER_KEY]) in reading.drained and not server.weight)
        for service, servers in reading.groups
        for server in servers
    ]


def _is_available(server: Server) -> bool:
    return server.weight > 0 and (not server.upper_threshold or state(server) not in (DRAINED, FULL))


def _counters(stats: Iterable[Stats | None]) -> Columns:
    """The counters, by column; empty if they aren't known for every row."""
    rows = list(stats)
    if not rows or None in rows:
        return {}
    return {f"stats.{name}": column for name, column in zip(Stats.FIELDS[:5], zip(*rows, strict=True), strict=False)}


def service_keys(reading: Reading) -> Keys:
    """What tells each service from others."""
    return [service[:KEY] for service, _ in reading.groups]


def backend_keys(reading: Reading) -> Keys:
    """What tells each server from others, and what tells its service."""
    return [(service[:KEY], *[server[:SERVER_KEY] for server in servers]) for service, servers in reading.groups]


def service_settings(reading: Reading) -> list[Values]:
    """The labels of the `_info` of each service: scheduler, flags and engine."""
    services = [service for service, _ in reading.groups]
    return _each_once(services, map(itemgetter(*LOOKS), services), _scheduling)


def _scheduling(service: Service) -> Values:
    flags = ["ops"] if service.flags & ONE_PACKET else []
    flags += [scheduler_flags(service)] if scheduler_flags(service) else []
    return service.scheduler or "", ",".join(flags), service.engine or ""


def backend_settings(reading: Reading) -> list[Values]:
    """The labels of the `_info` of each server: how packets are forwarded, and the tunnel if the kernel was asked."""
    servers = [server for _, servers in reading.groups for server in servers]
    return _each_once(servers, map(itemgetter(*SERVER_LOOKS), servers), _asked if not reading.trouble else _seen)


def _asked(server: Server) -> Values:
    settings = told.server_settings(server)
    return str(settings["forwarding"]), told.word(settings["tunnel"]) if settings["tunnel"] else ""


def _seen(server: Server) -> Values:
    return _asked(server)[0], ""


def _each_once(records: Sequence[_R], looks: Iterable[object], tell: Callable[[_R], Values]) -> list[Values]:
    """The result of `tell` for each of `records`, called once for all that have the same of `looks`."""
    looks = list(looks)
    known = {look: tell(one) for look, one in dict(zip(looks, records, strict=True)).items()}
    return list(map(known.__getitem__, looks))
