"""A snapshot: everything that checks look at, as plain values.

A field that could not be seen is None, and `unseen` says why; methods that need it raise UnseenError, which makes
a check's outcome "unknown". Addresses are text in digits; services and servers have the fields of `show -o json`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from ...model import Service as Key
from ...network.facts import Address, Link, Neighbour
from ...network.routes import Route
from ...table.notation import service_of, spelled_address
from .firewall.chains import Firewall

VERSION = 1
NUMBER = re.compile("-?[0-9]{1,18}")


Kind = TypeVar("Kind")


def made(kind: type[Kind], **fields: Any) -> Kind:
    """An instance of `kind` with all its fields. Faster than the constructor of a frozen class, for thousands."""
    one = object.__new__(kind)
    one.__dict__.update(fields)
    return one


class UnseenError(Exception):
    """Something that a check needs couldn't be seen; the message says why."""


@dataclass(frozen=True)
class Counters:
    """The counters of a service or a server."""

    connections: int = 0
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True)
class Connections:
    """The numbers of a server's connections."""

    active: int = 0
    inactive: int = 0
    persistent: int = 0


@dataclass(frozen=True)
class Tunnel:
    """How a tunnel wraps its packets: `type` is "ipip", "gue" or "gre"."""

    type: str = "ipip"
    port: int = 0
    checksum: str = "none"


@dataclass(frozen=True)
class Server:
    """A real server of a service."""

    address: str
    port: int
    forwarding: str
    weight: int = 1
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel: Tunnel | None = None
    connections: Connections = Connections()
    counters: Counters = Counters()
    earlier: Counters | None = None  # the counters when watching began

    @property
    def name(self) -> str:
        """Its name, in the notation of verbs."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def kind(self) -> str:
        """The type of its tunnel; empty if it isn't reached through one."""
        return (self.tunnel.type if self.tunnel else "ipip") if self.forwarding == "tunnel" else ""


@dataclass(frozen=True)
class Service:
    """A virtual service with its servers; `service` is its name, in the notation of verbs."""

    service: str
    scheduler: str | None = None
    persistence: int | None = None
    engine: str | None = None
    one_packet: bool = False
    flags: tuple[str, ...] = ()
    netmask: str | int | None = None
    counters: Counters = Counters()
    servers: tuple[Server, ...] = ()
    earlier: Counters | None = None  # the counters when watching began

    @cached_property
    def key(self) -> Key:
        """The parts of its name."""
        return service_of(self.service)

    @cached_property
    def address(self) -> str:
        """Its address; empty for a firewall mark."""
        return spelled_address(self.key.address) if self.key.address else ""

    @property
    def port(self) -> int:
        """Its port; 0 for all, and for a firewall mark."""
        return self.key.port or 0

    @property
    def protocol(self) -> int:
        """The number of its protocol; 0 for a firewall mark."""
        return self.key.protocol or 0

    @property
    def mark(self) -> int:
        """Its firewall mark, or 0."""
        return self.key.fwmark or 0


@dataclass(frozen=True)
class Daemon:
    """A running synchronisation daemon; `state` is "master" or "backup"."""

    state: str
    interface: str
    syncid: int = 0
    maxlen: int | None = None


@dataclass(frozen=True)
class Timeouts:
    """The seconds after which the kernel forgets idle connections."""

    tcp: int = 0
    tcpfin: int = 0
    udp: int = 0


@dataclass(frozen=True)
class Connection:
    """One entry of the kernel's list of connections."""

    protocol: str
    client: str
    address: str
    port: int
    server: str
    server_port: int
    state: str
    expires: int | None = None  # in seconds, unless a packet arrives


@dataclass(frozen=True)
class Arrival:
    """Packets that arrived for a service while watching: the device, the client, and their number."""

    device: str
    client: str
    service: str
    packets: int


@dataclass(frozen=True)
class Listener:
    """A socket of this machine that accepts connections or datagrams; `address` may be 0.0.0.0 or ::."""

    protocol: str
    address: str
    port: int


@dataclass(frozen=True)
class Modules:
    """The names of modules: loaded, built in, and those of IPVS that could be loaded (None if that is unknown)."""

    loaded: tuple[str, ...] = ()
    loadable: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TableStatus:
    """The table of connections, as Linux reports it from 7.2 on.

    It has `rows`, 2 ** `bits`; `chains` counts rows by their number of connections, where 7 means 7 or more.
    `load_factor`, a power of two, says how early the table grows. Each of `threads` computes the rates of
    `estimators` services and servers.
    """

    connections: int = 0
    rows: int = 0
    bits: int = 0
    load_factor: int = 0
    chains: dict[int, int] = field(default_factory=dict)
    threads: int = 0
    estimators: int = 0


@dataclass(frozen=True)
class Standing:
    """The rights of this process: `privileged` if it has CAP_NET_ADMIN; `container` names the kind, if it is in one."""

    privileged: bool = False
    user_namespace: bool = False
    container: str = ""


@dataclass(frozen=True)
class ManagerFile:
    """The file of a running program, and the first of `count` differences between it and the table.

    `states` counts the servers whose state differs because of health checks; `unread` says why nothing was compared.
    """

    program: str
    path: str
    differences: tuple[str, ...] = ()
    count: int = 0
    states: int = 0
    unread: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment, or over some `watched` seconds."""

    version: int = VERSION
    taken: str = ""
    kernel: str = ""  # its release, such as 6.1.0-18-amd64
    watched: float = 0
    vips: tuple[str, ...] = ()  # the virtual addresses that a real server serves; empty for a director
    standing: Standing = Standing()
    sysctls: dict[str, str] = field(default_factory=dict)  # by path below /proc/sys
    modules: Modules = Modules()
    ipvs: bool | None = None  # whether the kernel has it now; None if that can't be seen
    table_size: int | None = None
    table_bits: int | None = None  # the module's conn_tab_bits
    status: TableStatus | None = None  # from Linux 7.2 on
    services: tuple[Service, ...] | None = None
    timeouts: Timeouts | None = None
    daemons: tuple[Daemon, ...] | None = None
    links: tuple[Link, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    neighbours: tuple[Neighbour, ...] | None = None
    routes: dict[str, Route] | None = None  # of virtual addresses, servers and clients
    marked_routes: dict[str, Route] = field(default_factory=dict)  # by "MARK ADDRESS"
    connections: tuple[Connection, ...] | None = None  # some of them, if there are many
    connection_count: int | None = None
    states: dict[str, dict[str, int]] = field(default_factory=dict)  # of connections, by "PROTOCOL SERVER"
    stuck: dict[str, int] = field(default_factory=dict)  # likewise: opened after the last answer
    tried: dict[str, str] = field(default_factory=dict)  # by server that seemed silent: open, refused or silent
    next_hops: tuple[str, ...] = ()  # the routers that routes lead to
    arrivals: tuple[Arrival, ...] | None = None
    listeners: tuple[Listener, ...] | None = None
    managers: tuple[str, ...] | None = None
    manager_files: tuple[ManagerFile, ...] = ()
    managed: dict[str, str] = field(default_factory=dict)  # by device: the network manager that has it
    large_receive: tuple[str, ...] = ()  # devices that merge received packets, which then can't be forwarded
    elsewhere: dict[str, int] = field(default_factory=dict)  # services of other namespaces, by a process there
    firewall: Firewall | None = None
    unseen: dict[str, str] = field(default_factory=dict)  # by name of a field here: why it is None

    @cached_property
    def forwarded(self) -> tuple[tuple[Service, Server], ...]:
        """Each server that is another machine, with its service. Raises UnseenError."""
        return tuple(
            (service, server)
            for service in self.services or ()
            for server in service.servers
            if server.forwarding != "local" and self.route(server.address).type != "local"
        )

    @cached_property
    def forwarded_by(self) -> dict[str, list[tuple[Service, Server]]]:
        """The same, by forwarding method. Raises UnseenError."""
        found: dict[str, list[tuple[Service, Server]]] = {}
        for pair in self.forwarded:
            found.setdefault(pair[1].forwarding, []).append(pair)
        return found

    @cached_property
    def devices_to_servers(self) -> frozenset[str]:
        """The devices that lead to servers. Raises UnseenError."""
        self.seen("services")
        return frozenset(self.route(server.address).device for _, server in self.forwarded)

    @cached_property
    def has_traffic(self) -> bool:
        """Whether packets or connections of clients were seen at any time."""
        servers = (server for service in self.services or () for server in service.servers)
        return bool(self.arrivals or self.connection_count or any(one.counters.packets_in for one in servers))

    def seen(self, name: str) -> Any:
        """The field `name`. Raises UnseenError if it is None."""
        value = getattr(self, name)
        if value is None:
            raise UnseenError(self.unseen.get(name) or f"the snapshot has no {name}")
        return value

    def sysctl(self, path: str) -> int:
        """The number in the sysctl `path`, below /proc/sys/net. Raises UnseenError."""
        value = self.sysctls.get(f"net/{path}", "")
        if not NUMBER.fullmatch(value):
            raise UnseenError(f"net.{path.replace('/', '.')} can't be read here")
        return int(value)

    def effective(self, device: str, name: str) -> int:
        """The effective rp_filter, arp_ignore or the like of a device: the greater of its own and that of `all`.

        Raises UnseenError.
        """
        return max(self.sysctl(f"ipv4/conf/{one}/{name}") for one in ("all", device))

    def route(self, address: str) -> Route:
        """The route of packets for `address`. Raises UnseenError."""
        found = (self.routes or {}).get(address)
        if found is None:
            self.seen("routes")
            raise UnseenError(f"no route to {address} was asked for")
        return found

    def release(self) -> tuple[int, int]:
        """The first two numbers of the kernel's release. Raises UnseenError."""
        major, _, rest = self.kernel.partition(".")
        minor = rest.partition(".")[0].partition("-")[0]
        if not (NUMBER.fullmatch(major) and NUMBER.fullmatch(minor)):
            raise UnseenError("the kernel's release can't be read")
        return int(major), int(minor)
