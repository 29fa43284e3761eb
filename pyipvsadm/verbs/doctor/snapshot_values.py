"""The values in a snapshot: services, servers, connections, and what else was seen of the machine.

Addresses are text in digits; services and servers have the fields of `show -o json`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from ...frozen import frozen, new
from ...model import Service as Key
from ...table.notation import service_of, spelled_address

Kind = TypeVar("Kind")


def made(kind: type[Kind], fields: dict[str, Any]) -> Kind:
    """An instance of `kind` with all its fields. Faster than the constructor of a frozen class, for thousands."""
    one = object.__new__(kind)
    object.__setattr__(one, "__dict__", fields)
    return one


@frozen
class Counters:
    """The counters of a service or a server."""

    connections: int = 0
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@frozen
class Connections:
    """The numbers of a server's connections."""

    active: int = 0
    inactive: int = 0
    persistent: int = 0


@frozen
class Tunnel:
    """How a tunnel wraps its packets: `type` is "ipip", "gue" or "gre"."""

    type: str = "ipip"
    port: int = 0
    checksum: str = "none"


@frozen
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


@frozen
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

    @cached_property
    def port(self) -> int:
        """Its port; 0 for all, and for a firewall mark."""
        return self.key.port or 0

    @cached_property
    def protocol(self) -> int:
        """The number of its protocol; 0 for a firewall mark."""
        return self.key.protocol or 0

    @cached_property
    def mark(self) -> int:
        """Its firewall mark, or 0."""
        return self.key.fwmark or 0


@frozen
class Daemon:
    """A running synchronisation daemon; `state` is "master" or "backup"."""

    state: str
    interface: str
    syncid: int = 0
    maxlen: int | None = None


@frozen
class Timeouts:
    """The seconds after which the kernel forgets idle connections."""

    tcp: int = 0
    tcpfin: int = 0
    udp: int = 0


@frozen
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


@frozen
class Arrival:
    """Packets that arrived for a service while watching: the device, the client, and their number."""

    device: str
    client: str
    service: str
    packets: int


@frozen
class Listener:
    """A socket of this machine that accepts connections or datagrams; `address` may be 0.0.0.0 or ::."""

    protocol: str
    address: str
    port: int


@frozen
class Modules:
    """The names of modules: loaded, built in, and those of IPVS that could be loaded (None if that is unknown)."""

    loaded: tuple[str, ...] = ()
    loadable: tuple[str, ...] | None = None


@frozen
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
    chains: dict[int, int] = new(default_factory=dict)
    threads: int = 0
    estimators: int = 0


@frozen
class Standing:
    """The rights of this process: `privileged` if it has CAP_NET_ADMIN; `container` names the kind, if it is in one."""

    privileged: bool = False
    user_namespace: bool = False
    container: str = ""


@frozen
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
