"""A reading of one network namespace at one moment, and its values by name."""

from __future__ import annotations

from ...listing.health import DRAINED, FULL, state
from ...listing.rules import daemon_state
from ...listing.service_lines import scheduler_flags
from ...model import ONE_PACKET, PERSISTENT, Server, Service, Stats
from ...record import Record
from ...table import settings as told
from ...table.notation import spelled_address
from .series import ONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...kernel.hash_tables import HashTables
    from ...model import Daemon, Info, Timeouts

    Group = tuple[Service, Sequence[Server]]
    Keys = frozenset[tuple[tuple[object, ...], tuple[object, ...]]]
    Columns = dict[str, Sequence[int]]
    Rows = list[tuple[tuple[str, ...], int | float]]  # the values of labels, and a figure

KEY, SERVER_KEY = 5, 2  # how many of the first fields of Service and Server identify them
PROTOCOLS = {6: "TCP", 17: "UDP", 132: "SCTP"}
FAMILIES = {4: "ipv4", 16: "ipv6"}  # by the length of an address
MARK = "FWM"
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
    drained: Keys | None = None
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


def service_names(service: Service) -> tuple[str, ...]:
    """The values of SERVICE_LABELS, as node_exporter writes them: a mark is 8 hexadecimal digits."""
    if service.fwmark is not None:
        return "", "0", f"{service.fwmark:08X}", MARK, "ipv4" if service.af == 2 else "ipv6"
    protocol, address = service.protocol or 0, service.address or b""
    family = FAMILIES[len(address)]
    return spelled_address(address), str(service.port), "", PROTOCOLS.get(protocol, str(protocol)), family


def server_names(server: Server) -> tuple[str, ...]:
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


def service_settings(service: Service) -> tuple[str, ...]:
    """The labels of a service's `_info`: scheduler, flags and engine."""
    flags = ["ops"] if service.flags & ONE_PACKET else []
    flags += [scheduler_flags(service)] if scheduler_flags(service) else []
    return service.scheduler or "", ",".join(flags), service.engine or ""


def server_settings(server: Server, asked: bool) -> tuple[str, ...]:
    """The labels of a server's `_info`: the forwarding method, and the kind of tunnel if the kernel was `asked`."""
    settings = told.server_settings(server)
    tunnel = settings["tunnel"] if asked else None
    return str(settings["forwarding"]), told.word(tunnel) if tunnel else ""
