"""The table as lines: `-L` in all its shapes but connections.

Scripts cut these lines by columns, so blanks at their ends stay.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_ntoa, inet_ntop

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
    Service,
    Stats,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..model import Daemon, Info, Listing, Server, Timeouts
    from ..names import Names

ENDPOINT_WIDTH = 59  # longer names of hosts lose their ends, and their ports
SERVICE_WIDTH, SERVER_WIDTH = 33, 28
METHODS = ("Masq", "Local", "Tunnel", "Route")
UNKNOWN = "(null)"  # what ipvsadm's C library prints of what it doesn't know
FORWARDING = (*METHODS, *[UNKNOWN] * 4)

_WIDE = "Prot LocalAddress:Port"
_REMOTE = "  -> RemoteAddress:Port"
HEADS = {  # by format: the two lines above a table
    "plain": (
        "Prot LocalAddress:Port Scheduler Flags",
        f"{_REMOTE}           Forward Weight ActiveConn InActConn",
    ),
    "tun-info": (
        "Prot LocalAddress:Port Scheduler Flags",
        f"{_REMOTE}           Forward TunnelInfo    Weight ActiveConn InActConn",
    ),
    "stats": (f"{_WIDE:<33}    Conns   InPkts  OutPkts  InBytes OutBytes", _REMOTE),
    "rate": (f"{_WIDE:<33}      CPS    InPPS   OutPPS    InBPS   OutBPS", _REMOTE),
    "thresholds": (f"{_WIDE:<33} Uthreshold Lthreshold ActiveConn InActConn ", _REMOTE),
    "persistent-conn": (f"{_WIDE:<33} Weight    PersistConn ActiveConn InActConn ", _REMOTE),
}


def format_of(listing: Listing) -> str:
    """Which columns are shown: the first that was asked for, in ipvsadm's order."""
    for name in ("stats", "rate", "thresholds", "persistent_conn", "tun_info"):
        if getattr(listing, name):
            return name.replace("_", "-")
    return "plain"


def header(info: Info | None, listing: Listing) -> str:
    """The lines above a table; of one service alone, for which `info` is None, without the version."""
    lines: tuple[str, ...] = HEADS[format_of(listing)]
    if info:
        lines = (title(info), *lines)
    return "\n".join((*lines, ""))


def title(info: Info) -> str:
    """The line that says which IPVS this is."""
    major, minor, patch = info.version >> 16 & 255, info.version >> 8 & 255, info.version & 255
    return f"IP Virtual Server version {major}.{minor}.{patch} (size={info.size})"


def table(services: Iterable[tuple[Service, list[Server]]], listing: Listing, names: Names | None) -> Iterator[str]:
    """A piece of text for each service and its servers. `names` is None where numbers are wanted."""
    shape = format_of(listing)
    write = exact if listing.exact else scaled
    rows = _ROWS[shape]
    for service, servers in services:
        name = service_name(service, names)
        if shape in ("stats", "rate"):
            stats = service.stats or _NOTHING
            name = f"{name:<33}{counters(stats[:5] if shape == 'stats' else stats[5:], write)}"
        else:
            name = f"{name} {service_settings(service)}"
        yield "\n".join([name, *rows(server_names(service, servers, names), servers, write), ""])


def server_names(service: Service, servers: list[Server], names: Names | None) -> list[str]:
    """What servers are called in the first columns of their lines."""
    if names is None:
        try:
            return [f"{inet_ntoa(server.address)}:{server.port}" for server in servers]
        except OSError:
            pass  # an address is of IPv6
    told = [endpoint(server.address, server.port, service.protocol, names) for server in servers]
    return [
        name[:SERVER_WIDTH] if len(server.address) == 4 else name for name, server in zip(told, servers, strict=True)
    ]


def endpoint(address: bytes, port: int, protocol: int | None, names: Names | None) -> str:
    """ADDRESS:PORT, IPv6 in brackets, by name if `names` are wanted, and no longer than ipvsadm's."""
    if not names and len(address) == 4:
        return f"{inet_ntop(AF_INET, address)}:{port}"
    return whole_endpoint(address, port, protocol, names)[:ENDPOINT_WIDTH]


def whole_endpoint(address: bytes, port: int, protocol: int | None, names: Names | None) -> str:
    """The same, however long it is."""
    if names:
        host, service = names.host(address), names.service(port, protocol)
    else:
        host, service = inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address), str(port)
    return f"{host}:{service}" if len(address) == 4 else f"[{host}]:{service}"


def service_name(service: Service, names: Names | None) -> str:
    """What a service is called in the first columns of its line."""
    if service.fwmark is not None:
        return f"FWM  {service.fwmark}{' IPv6' if service.af == AF_INET6 else ''}"
    protocol = PROTOCOLS.get(service.protocol or 0, "?").upper()
    name = f"{protocol:<4} {endpoint(service.address or b'', service.port or 0, service.protocol, names)}"
    return name[:SERVICE_WIDTH] if service.af == AF_INET else name


def service_settings(service: Service) -> str:
    """The scheduler and the flags of a service, as they follow its name."""
    parts = [service.scheduler or ""]
    if service.flags & (FLAG_1 | FLAG_2 | FLAG_3):
        names = scheduler_flags(service)
        own = service.scheduler in ("sh", "mh")  # which have two flags: ipvsadm shows no third one
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
    """The names of the scheduler's flags that are set, parted by commas."""
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
    """How a tunnel wraps its packets."""
    checksum = {CHECKSUM: "+c", REMOTE_CHECKSUM: "r+c"}.get(server.tunnel_flags, "-c")
    if server.forwarding != TUNNEL:
        return "n/a"
    kinds = {IPIP: "ipip", GUE: f"gue:{server.tunnel_port}:{checksum}", GRE: f"gre:{checksum}"}
    return kinds.get(server.tunnel_type, "n/a")


def scaled(value: int) -> str:
    """A counter in nine columns, from 100 million on in larger units."""
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
    """`values` by `write`, of which both kinds leave alone what is less than 100 million."""
    return "%9d" * len(values) % values if max(values) < 10**8 else "".join(map(write, values))


_END = ("%-10d " * 2).rstrip()
_PLAIN = f"  -> %-28s %-7s %-6d {_END}"
_TUNNELS = f"  -> %-28s %-7s %-13s %-6d {_END}"
_THRESHOLDS = f"  -> %-28s %-10d %-10d {_END}"
_PERSISTENT = f"  -> %-28s %-9d %-11d {_END}"
_STATS = "  -> %-28s%s"
_RATE = "  -> %-28s %8d %8d %8d%s"  # ipvsadm scales none but the last two
_NOTHING = Stats()

_ROWS: dict[
    str, Callable[[list[str], list[Server], Callable[[int], str]], list[str]]
] = {  # the lines of servers with these names
    "plain": lambda names, servers, write: [
        _PLAIN % (name, FORWARDING[s.forwarding], s.weight, s.active, s.inactive)
        for name, s in zip(names, servers, strict=True)
    ],
    "tun-info": lambda names, servers, write: [
        _TUNNELS % (name, FORWARDING[s.forwarding], tunnel_info(s), s.weight, s.active, s.inactive)
        for name, s in zip(names, servers, strict=True)
    ],
    "thresholds": lambda names, servers, write: [
        _THRESHOLDS % (name, s.upper_threshold, s.lower_threshold, s.active, s.inactive)
        for name, s in zip(names, servers, strict=True)
    ],
    "persistent-conn": lambda names, servers, write: [
        _PERSISTENT % (name, s.weight, s.persistent, s.active, s.inactive)
        for name, s in zip(names, servers, strict=True)
    ],
    "stats": lambda names, servers, write: [
        _STATS % (name, counters((s.stats or _NOTHING)[:5], write)) for name, s in zip(names, servers, strict=True)
    ],
    "rate": lambda names, servers, write: [
        _RATE % (name, *(stats := s.stats or _NOTHING)[5:8], counters(stats[8:], write))
        for name, s in zip(names, servers, strict=True)
    ],
}


def timeouts(values: Timeouts) -> str:
    """The line of `-L --timeout`."""
    return f"Timeout (tcp tcpfin udp): {values.tcp} {values.tcpfin} {values.udp}\n"


def daemons(values: Iterable[Daemon]) -> str:
    """A line for each daemon, with what the kernel says of it."""
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
