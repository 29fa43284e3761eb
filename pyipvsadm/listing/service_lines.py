"""The table as lines: all formats of `-L` except connections.

Scripts cut these lines by columns, so trailing blanks stay.
"""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET, AF_INET6, inet_ntop
from itertools import repeat

from ..model import (
    CHECKSUM,
    FLAG_1,
    FLAG_2,
    FLAG_3,
    GRE,
    GUE,
    IPIP,
    MASTER,
    ONE_PACKET,
    PERSISTENT,
    PROTOCOLS,
    REMOTE_CHECKSUM,
    TUNNEL,
    Server,
    Service,
    Stats,
)
from ..record import keep
from . import format_of, numeric

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ..model import Daemon, Listing, Timeouts
    from ..names import Names
    from ..shapes import Group

ENDPOINT_WIDTH = 59  # longer host names lose their ends and their ports
SERVICE_WIDTH, SERVER_WIDTH = 33, 28
METHODS = ("Masq", "Local", "Tunnel", "Route")
LABELS = {number: f"{name.upper():<4}" for number, name in PROTOCOLS.items()}
UNKNOWN = "(null)"  # what the C library prints for a null pointer in ipvsadm
FORWARDING = (*METHODS, *[UNKNOWN] * 4)


def table(groups: Iterable[Group], listing: Listing, names: Names | None) -> Iterator[str]:
    """A piece of text for each group of services with their servers.

    `names` is None for numeric output, else no server is cut. What is told of a cut server is its `server_end`.
    """
    write = exact if listing.exact else scaled
    shape = format_of(listing)
    values, tell = _VALUES.get(shape, _settings_and_connections), _tail(shape, write)
    tails: dict[tuple[int, ...], str] = {}
    settings, cut = Settings(service_settings), numeric.CutTexts(28)

    def lines(service: Service, servers: list[Server]) -> list[str]:
        return [
            f"\n  -> {name.ljust(28)}{tails.get(told := values(server)) or keep(tails, told, tell(told))}"
            for name, server in zip(server_names(service, servers, names), servers, strict=True)
        ]

    for services, servers in groups:
        heads = service_names(services, names)
        if shape in _VALUES:
            told = (counters(values(service), write) for service in services)
            heads = [f"{head:<33}{text}" for head, text in zip(heads, told, strict=True)]
        else:
            heads = [f"{head} {text}" for head, text in zip(heads, settings.each(services), strict=True)]
        found = cut.lines(heads, repeat("  -> "), servers)
        if found is None:
            found = ["".join((head, *lines(*one))) for head, *one in zip(heads, services, servers, strict=True)]
        yield "\n".join((*found, ""))


def server_end(listing: Listing) -> tuple[tuple[str, ...], Callable[[Server], str]]:
    """The text after a server's name: the fields that it depends on, and what makes it."""
    shape = format_of(listing)
    if shape in _TAILS:
        return _settings_and_connections(Server.FIELDS), _TAILS[shape]
    values, tell = _VALUES[shape], _tail(shape, exact if listing.exact else scaled)
    return values(_COUNTERS), lambda server: tell(values(server))


class Settings:
    """Caches what `tell` says about services, most of which share their settings."""

    def __init__(self, tell: Callable[[Service], str]) -> None:
        self._tell = tell
        self._known: dict[tuple[object, ...], str] = {}

    def each(self, services: Iterable[Service]) -> list[str]:
        """The text for each of `services`, which depends only on its family and its settings."""
        known, tell = self._known, self._tell
        return [
            known.get(looks := (service[0], service[5:10])) or keep(known, looks, tell(service)) for service in services
        ]

    def of(self, service: Service) -> str:
        """The text for `service`."""
        looks = service[0], service[5:10]
        return self._known.get(looks) or keep(self._known, looks, self._tell(service))


def server_names(service: Service, servers: list[Server], names: Names | None) -> list[str]:
    """The names of servers in the first columns of their lines."""
    if names is None:
        return numeric.endpoints(servers)
    told = [endpoint(server.address, server.port, service.protocol, names) for server in servers]
    return [
        name[:SERVER_WIDTH] if len(server.address) == 4 else name for name, server in zip(told, servers, strict=True)
    ]


def endpoint(address: bytes, port: int, protocol: int | None, names: Names | None) -> str:
    """ADDRESS:PORT, IPv6 in brackets, with names from `names`, if given, and no longer than ipvsadm's."""
    return whole_endpoint(address, port, protocol, names)[:ENDPOINT_WIDTH]


def whole_endpoint(address: bytes, port: int, protocol: int | None, names: Names | None) -> str:
    """The same, however long it is."""
    if not names:
        return f"{numeric.host(address)}:{port}"
    host, service = names.host(address), names.service(port, protocol)
    return f"{host}:{service}" if len(address) == 4 else f"[{host}]:{service}"


def service_names(services: list[Service], names: Names | None) -> list[str]:
    """The names of services in the first columns of their lines."""
    places = None if names else numeric.service_endpoints(services)
    if places is None:
        return [service_name(service, names) for service in services]
    return [f"{LABELS.get(service[1], '?   ')} {place}" for service, place in zip(services, places, strict=True)]


def service_name(service: Service, names: Names | None) -> str:
    """The name of a service in the first columns of its line."""
    if service.fwmark is not None:
        return f"FWM  {service.fwmark}{' IPv6' if service.af == AF_INET6 else ''}"
    protocol, address, port = service[1:4]
    label = LABELS.get(protocol, "?   ")
    if not names:
        return f"{label} {numeric.host(address)}:{port}"
    name = f"{label} {endpoint(address, port, protocol, names)}"
    return name[:SERVICE_WIDTH] if service.af == AF_INET else name


def service_settings(service: Service) -> str:
    """The scheduler and the flags of a service, as they follow its name."""
    parts = [service.scheduler or ""]
    if service.flags & (FLAG_1 | FLAG_2 | FLAG_3):
        names = scheduler_flags(service)
        own = service.scheduler in ("sh", "mh")  # these have two flags: ipvsadm shows no third one
        parts.append(f"({names.removesuffix('flag-3').removesuffix(',') if own else names})")
    if service.flags & PERSISTENT:
        parts.append(f"persistent {service.timeout}")
        if service.netmask is not None:
            parts.append(f"mask {netmask(service)}")
        if service.engine:
            parts.append(f"pe {service.engine}")
    if service.flags & ONE_PACKET:
        parts.append("ops")
    return " ".join(parts)


def scheduler_flags(service: Service) -> str:
    """The names of the scheduler's flags that are set, separated by commas."""
    own = service.scheduler in ("sh", "mh")
    names = (
        (FLAG_1, f"{service.scheduler}-fallback" if own else "flag-1"),
        (FLAG_2, f"{service.scheduler}-port" if own else "flag-2"),
        (FLAG_3, "flag-3"),
    )
    return ",".join(name for bit, name in names if service.flags & bit)


def netmask(service: Service) -> str:
    """The netmask of a service that has one: dotted for IPv4, a prefix length for IPv6."""
    mask = service.netmask or 0
    return inet_ntop(AF_INET, mask.to_bytes(4, "big")) if service.af == AF_INET else str(mask)


def tunnel_info(server: Server) -> str:
    """How a tunnel encapsulates its packets."""
    checksum = {CHECKSUM: "+c", REMOTE_CHECKSUM: "r+c"}.get(server.tunnel_flags, "-c")
    if server.forwarding != TUNNEL:
        return "n/a"
    kinds = {IPIP: "ipip", GUE: f"gue:{server.tunnel_port}:{checksum}", GRE: f"gre:{checksum}"}
    return kinds.get(server.tunnel_type, "n/a")


def scaled(value: int) -> str:
    """A counter in nine columns, in larger units from 100 million on."""
    if value < 100_000_000:
        return "%9d" % value
    if value < 10**9:
        return f"{value // 1000:8}K"
    if value < 10**11:
        return f"{value // 10**6:8}M"
    if value < 10**14:
        return f"{value // 10**9:8}G"
    return f"{value // 10**12:8}T"


def exact(value: int) -> str:
    """A counter in full."""
    return f"{value:9}" if value < 10**8 else f" {value}"


def counters(values: tuple[int, ...], write: Callable[[int], str]) -> str:
    """`values` as `write` formats them; both formatters leave numbers below 100 million unchanged."""
    return "%9d" * len(values) % values if max(values) < 10**8 else "".join(map(write, values))


_NOTHING = Stats()
_COUNTERS = Server(stats=Stats.make(f"stats.{field}" for field in Stats.FIELDS))
_settings_and_connections = itemgetter(slice(2, 12))  # the fields of a server from `forwarding` on
_VALUES: dict[str, Callable[[Service | Server], tuple[Any, ...]]] = {  # which counters are shown
    "stats": lambda counted: (counted.stats or _NOTHING)[:5],
    "rate": lambda counted: (counted.stats or _NOTHING)[5:],
}
_TAILS: dict[str, Callable[[Server], str]] = {  # the text after the name of a server
    "plain": lambda s: f" {FORWARDING[s.forwarding]:<7} {s.weight:<6} {_connections(s)}",
    "tun-info": lambda s: f" {FORWARDING[s.forwarding]:<7} {tunnel_info(s):<13} {s.weight:<6} {_connections(s)}",
    "thresholds": lambda s: f" {s.upper_threshold:<10} {s.lower_threshold:<10} {_connections(s)}",
    "persistent-conn": lambda s: f" {s.weight:<9} {s.persistent:<11} {_connections(s)}",
}


def _connections(server: Server) -> str:
    return f"{server.active:<10} {server.inactive:<10}"


def _tail(shape: str, write: Callable[[int], str]) -> Callable[[tuple[int, ...]], str]:
    """A function from a server's values to the text after its name."""
    if shape == "stats":
        return lambda values: counters(values, write)
    if shape == "rate":  # ipvsadm scales only the last two
        return lambda values: f" {values[0]:8} {values[1]:8} {values[2]:8}{counters(values[3:], write)}"
    tell = _TAILS[shape]
    return lambda values: tell(Server.make((b"", 0, *values, None)))


def timeouts(values: Timeouts) -> str:
    """The line of `-L --timeout`."""
    return f"Timeout (tcp tcpfin udp): {values.tcp} {values.tcpfin} {values.udp}\n"


def daemons(values: Iterable[Daemon]) -> str:
    """A line for each daemon, with the settings that the kernel reports."""
    lines = []
    for daemon in values:
        told = [f"mcast={daemon.interface}", f"syncid={daemon.syncid}"]
        if daemon.maxlen:
            told.append(f"maxlen={daemon.maxlen}")
        if daemon.group:
            told.append(f"group={inet_ntop(AF_INET if len(daemon.group) == 4 else AF_INET6, daemon.group)}")
        if daemon.port:
            told.append(f"port={daemon.port}")
        if daemon.ttl:
            told.append(f"ttl={daemon.ttl}")
        state = "master" if daemon.state == MASTER else "backup"
        lines.append(f"{state} sync daemon ({', '.join(told)})\n")
    return "".join(lines)
