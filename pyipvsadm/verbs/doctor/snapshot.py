"""A snapshot: everything that checks look at, as plain values.

A field that could not be seen is None, and `unseen` says why; methods that need it raise UnseenError, which makes
a check's outcome "unknown".
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from ...frozen import frozen, new
from ...network.facts import Address, Link, Neighbour
from ...network.routes import Route
from .firewall.chains import Firewall
from .snapshot_values import (
    Arrival,
    Connection,
    Daemon,
    Listener,
    ManagerFile,
    Modules,
    Server,
    Service,
    Standing,
    TableStatus,
    Timeouts,
)
from .suspects import Entries

VERSION = 1
Pair = tuple[Service, Server]  # a server, after its service
NUMBER = re.compile("-?[0-9]{1,18}")


class UnseenError(Exception):
    """Something that a check needs couldn't be seen; the message says why."""


@frozen
class Snapshot:
    """A machine at one moment, or over some `watched` seconds."""

    version: int = VERSION
    taken: str = ""
    kernel: str = ""  # its release, such as 6.1.0-18-amd64
    watched: float = 0
    vips: tuple[str, ...] = ()  # the virtual addresses that a real server serves; empty for a director
    standing: Standing = new(default_factory=Standing)
    sysctls: dict[str, str] = new(default_factory=dict)  # by path below /proc/sys
    modules: Modules = new(default_factory=Modules)
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
    marked_routes: dict[str, Route] = new(default_factory=dict)  # by "MARK ADDRESS"
    connections: tuple[Connection, ...] | None = None  # some of them, if there are many
    connection_count: int | None = None
    states: dict[str, dict[str, int]] = new(default_factory=dict)  # of connections, by "PROTOCOL SERVER"
    stuck: dict[str, int] = new(default_factory=dict)  # likewise: opened after the last answer
    tried: dict[str, str] = new(default_factory=dict)  # by server that seemed silent: open, refused or silent
    next_hops: tuple[str, ...] = ()  # the routers that routes lead to
    arrivals: tuple[Arrival, ...] | None = None
    listeners: tuple[Listener, ...] | None = None
    managers: tuple[str, ...] | None = None
    manager_files: tuple[ManagerFile, ...] = ()
    managed: dict[str, str] = new(default_factory=dict)  # by device: the network manager that has it
    large_receive: tuple[str, ...] = ()  # devices that merge received packets, which then can't be forwarded
    elsewhere: dict[str, int] = new(default_factory=dict)  # services of other namespaces, by a process there
    firewall: Firewall | None = None
    unseen: dict[str, str] = new(default_factory=dict)  # by name of a field here: why it is None

    @cached_property
    def _parted(self) -> tuple[list[Pair], list[Pair], dict[int, Route]]:
        """Servers that are other machines, those that aren't though they are forwarded to, and the routes to the first.

        Thousands share a route, which is there once, by its id. Raises UnseenError.
        """
        others: list[Pair] = []
        own: list[Pair] = []
        routes: dict[int, Route] = {}
        for service in self.services or ():
            for server in service.servers:
                if server.forwarding != "local":
                    route = self.route(server.address)
                    if route.type == "local":
                        own.append((service, server))
                    else:
                        others.append((service, server))
                        routes[id(route)] = route
        return others, own, routes

    @property
    def forwarded(self) -> list[Pair]:
        """Each server that is another machine, with its service. Raises UnseenError."""
        return self._parted[0]

    @property
    def returned(self) -> list[Pair]:
        """Each server that is this machine by its address, but isn't set up as local. Raises UnseenError."""
        return self._parted[1]

    def forwarded_by(self, *forwarding: str) -> list[Pair]:
        """Those of `forwarded` to which packets are forwarded by one of these methods. Raises UnseenError."""
        found = self._by_forwarding.get(forwarding)
        if found is None:
            those = [pair for pair in self.forwarded if pair[1].forwarding in forwarding]
            found = self._by_forwarding[forwarding] = those
        return found

    @cached_property
    def _by_forwarding(self) -> dict[tuple[str, ...], list[Pair]]:
        return {}

    @cached_property
    def devices_to_servers(self) -> frozenset[str]:
        """The devices that lead to servers. Raises UnseenError."""
        self.seen("services")
        return frozenset(route.device for route in self._parted[2].values())

    @cached_property
    def entries(self) -> Entries:
        """What the connections say of servers."""
        return Entries(self.states, self.stuck)

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
        try:
            return self.routes[address]  # type: ignore[index]  # the fastest way, asked for each of thousands of servers
        except (KeyError, TypeError):
            self.seen("routes")
            raise UnseenError(f"no route to {address} was asked for") from None

    def release(self) -> tuple[int, int]:
        """The first two numbers of the kernel's release. Raises UnseenError."""
        major, _, rest = self.kernel.partition(".")
        minor = rest.partition(".")[0].partition("-")[0]
        if not (NUMBER.fullmatch(major) and NUMBER.fullmatch(minor)):
            raise UnseenError("the kernel's release can't be read")
        return int(major), int(minor)
