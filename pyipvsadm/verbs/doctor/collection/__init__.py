"""Collects a Snapshot, and changes nothing. What can't be read is left out, with the reason."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ....classic.commands import refused
from ....errors import IpvsadmError
from ....frozen import replaced
from ....listing.rules import daemon_state
from ....model import Daemon as OwnDaemon
from ....model import Server as Own
from ....model import Service as Key
from ....model import Stats, Table
from ....network.facts import Reading
from ....support.managers import WITH_FILES, managers
from ....table.notation import spelled, spelled_address
from ....table.settings import daemon_settings, server_settings, service_settings
from ..firewall.chains import Firewall, Rule
from ..firewall.packet_path import numbers
from ..firewall.programs import firewall
from ..queries import neighbour_of
from ..snapshot import Snapshot, UnseenError
from ..snapshot_values import Connections, Counters, Daemon, Server, Service, Timeouts, Tunnel, made
from ..suspects import Entries, suspects
from . import proc
from .concurrency import Concurrent
from .connection_attempts import tried
from .traffic import watch

if TYPE_CHECKING:
    from ....network.routes import Route
    from ....world import World

    Settings = tuple[Any, ...]

SETTLING = 2.2  # seconds after which the kernel has certainly counted the packets
LEAST_WATCH = 0.3  # seconds
DAMPED = ("dummy", "veth", "bridge", "tun")  # kinds of virtual devices
TUNNEL = ("type", "port", "checksum")
SETTINGS, CONNECTIONS = slice(2, 9), slice(9, 12)  # fields of a Server: its settings, its connections
SCHEDULING = slice(5, 10)  # fields of a Service: its settings, the netmask of which depends on the family
COUNTERS = 5  # the first fields of Stats
NO_CONNECTIONS, NO_COUNTERS = Connections(), Counters()  # shared by servers without any
CLIENTS = 64  # clients whose routes are asked for


def collect(world: World, seconds: float = 0, addresses: Iterable[str] = ()) -> Snapshot:
    """A snapshot of this machine, with counters watched for `seconds`, and the routes to `addresses`, too."""
    collected = Collection()
    standing = proc.standing()
    rules = Concurrent(lambda: firewall(standing.privileged))
    collected.look("listeners", proc.listeners)
    collected.found |= {
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "kernel": os.uname().release,
        "standing": standing,
        "modules": proc.modules(),
        "managers": managers(),
        "elsewhere": proc.elsewhere(),
    }
    collected.table(world, seconds, rules)
    collected.found |= {"status": proc.status(), "table_bits": proc.table_bits()}
    collected.found["sysctls"] = proc.sysctls()  # after IPVS was reached, which has sysctls, too
    collected.network([*addresses, *collected.addresses()])
    collected.look("firewall", rules.result)  # which was read meanwhile
    collected.look("marked_routes", collected.marked_routes)
    return Snapshot(**collected.found, unseen=collected.unseen)


class Collection:
    """Collects the fields of a Snapshot: `found`, and `unseen` with the reason."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.unseen: dict[str, str] = {}

    def look(self, field: str, see: Callable[[], Any]) -> None:
        """Set `field` to the result of `see`, or note why it is unseen."""
        try:
            self.found[field] = see()
        except (UnseenError, OSError) as error:
            self.unseen[field] = str(error)

    def table(self, world: World, seconds: float, rules: Concurrent[Firewall]) -> None:
        """Collect the table of IPVS, its counters and its connections.

        Looking at `rules` begins in between: two processes may read the table, which can't be split beside a thread.
        """
        try:
            kernel = world.reach(load=False)
            before = kernel.table(stats=True)
            rules.start()
            services = services_of(before)
            if seconds and services:
                self.look("arrivals", lambda: watch(services, max(LEAST_WATCH, seconds - SETTLING)))
                time.sleep(SETTLING)
                rules.join()
                services = _with_earlier(services_of(kernel.table(stats=True)), services)
                self.found["watched"] = seconds
            else:
                self.unseen["arrivals"] = "nothing was watched" if services else "there is no service to watch"
            self.found |= {
                "ipvs": True,
                "table_size": kernel.info().size,
                "services": services,
                "timeouts": before.timeouts and Timeouts(**before.timeouts.asdict()),
                "daemons": tuple(map(_daemon, before.daemons or ())),
            }
            if WITH_FILES & set(self.found.get("managers", ())):
                from .manager_files import manager_files  # and the formats, which the others don't need

                self.found["manager_files"] = manager_files(before, world.resolver)
        except (OSError, IpvsadmError) as error:
            found = error if isinstance(error, IpvsadmError) else refused("list", error.errno or 0)
            self.found["ipvs"] = proc.has_ipvs()
            why = str(found).partition("\n")[0]
            for field in ("services", "timeouts", "daemons", "table_size", "arrivals"):
                self.unseen[field] = why
        try:
            timeouts = self.found.get("timeouts")
            seen = proc.connections(timeouts.tcp, timeouts.tcpfin) if timeouts else proc.connections()
            self.found |= {"connection_count": seen.count, "connections": seen.first}
            self.found |= {"states": seen.states, "stuck": seen.stuck}
        except UnseenError as error:
            self.unseen |= dict.fromkeys(("connections", "connection_count"), str(error))
        entries = Entries(self.found.get("states", {}), self.found.get("stuck", {}))
        wanted = suspects(self.found.get("services") or (), entries)
        self.found["tried"] = tried((one.name, one.address, one.port) for one in wanted)

    def addresses(self) -> list[str]:
        """The addresses whose routes are collected: of services, servers and clients."""
        services: tuple[Service, ...] = self.found.get("services") or ()
        wanted = [service.address for service in services if service.address]
        wanted += [neighbour_of(address) for address in wanted if ":" in address]
        wanted += [server.address for service in services for server in service.servers]
        clients = [one.client for one in self.found.get("connections") or ()]
        clients += [one.client for one in self.found.get("arrivals") or ()]
        return list(dict.fromkeys([*wanted, *list(dict.fromkeys(clients))[:CLIENTS]]))

    def network(self, addresses: Iterable[str]) -> None:
        """Collect links, addresses, neighbours and routes."""
        try:
            with Reading() as opened:
                for field in ("links", "addresses", "neighbours", "next_hops"):
                    self.look(field, getattr(opened, field))
                wanted = list(addresses)
                routes = opened.routes_to((one, 0) for one in wanted)
                self.found["routes"] = dict(zip(wanted, routes, strict=True))
        except OSError as error:
            fields = ("links", "addresses", "neighbours", "routes")
            self.unseen |= dict.fromkeys(fields, f"rtnetlink: {error.strerror or error}")
        links = self.found.get("links") or ()
        hardware = [link.name for link in links if link.kind not in DAMPED and link.name != "lo"]
        self.look("large_receive", lambda: proc.large_receive(hardware))
        self.found["managed"] = proc.managed({link.name: link.index for link in links})

    def marked_routes(self) -> dict[str, Route]:
        """The routes to the networks whose packets get a service's mark, by mark and network. Raises OSError."""
        marked = list(self._marked())
        if not marked:
            return {}
        with Reading() as opened:
            routes = opened.routes_to((_first(network), mark) for mark, network in marked)
        return dict(zip((f"{mark} {network}" for mark, network in marked), routes, strict=True))

    def _marked(self) -> Iterator[tuple[int, str]]:
        """The marks of services, each with a network whose packets get it by a rule."""
        services: tuple[Service, ...] = self.found.get("services") or ()
        marks = {service.mark for service in services if service.mark}
        chains = self.found["firewall"].chains if marks and self.found.get("firewall") else ()
        for rule in (rule for chain in chains for rule in chain.rules if rule.action == "mark"):
            mark, _ = numbers(rule.target)
            if mark in marks:
                yield from ((mark, network) for network in _targets(rule))


def _first(network: str) -> str:
    """The first address of a network."""
    return network.partition("/")[0].partition("-")[0]


def _targets(rule: Rule) -> list[str]:
    """The target networks that a rule matches."""
    found = (match.values for match in rule.matches if match.field == "target" and not match.negated)
    return [network for values in found for network in values]


def services_of(table: Table) -> tuple[Service, ...]:
    """The services of the kernel's table."""
    known: dict[Settings, dict[str, Any]] = {}
    return tuple(_service(service, servers, known) for service, servers in table.services)


def _service(service: Key, servers: Iterable[Own], known: dict[Settings, dict[str, Any]]) -> Service:
    """A service; `known` caches settings of services and servers, since thousands share them."""
    wanted = service.af, *service[SCHEDULING]
    settings = known.get(wanted)
    if settings is None:
        data = service_settings(service)
        settings = known[wanted] = {**data, "flags": tuple(data["flags"]), "earlier": None}
    return made(
        Service,
        {
            **settings,
            "service": spelled(service),
            "counters": _counters(service.stats),
            "servers": tuple([_server(server, known) for server in servers]),
            "key": service,
            "address": spelled_address(service.address) if service.address else "",
        },
    )


def _server(server: Own, known: dict[Settings, dict[str, Any]]) -> Server:
    """A server; `known` caches settings, since thousands of servers share them."""
    wanted = server[SETTINGS]
    settings = known.get(wanted)
    if settings is None:
        settings = known[wanted] = _settings(server)
    connections = server[CONNECTIONS]
    return made(
        Server,
        {
            **settings,
            "address": spelled_address(server.address),
            "port": server.port,
            "connections": Connections(*connections) if any(connections) else NO_CONNECTIONS,
            "counters": _counters(server.stats),
        },
    )


def _settings(server: Own) -> dict[str, Any]:
    data = server_settings(server)
    if tunnel := data["tunnel"]:
        data["tunnel"] = Tunnel(**{field: tunnel[field] for field in TUNNEL if field in tunnel})
    return {**data, "earlier": None}


def _counters(stats: Stats | None) -> Counters:
    return Counters(*stats[:COUNTERS]) if stats and any(stats) else NO_COUNTERS


def _with_earlier(services: Iterable[Service], before: Iterable[Service]) -> tuple[Service, ...]:
    """`services` with the counters that each, and each of its servers, had `before`."""
    old = {service.service: service for service in before}
    found = []
    for service in services:
        was = old.get(service.service)
        if was:
            counters = {server.name: server.counters for server in was.servers}
            servers = tuple(replaced(one, earlier=counters.get(one.name)) for one in service.servers)
            service = replaced(service, earlier=was.counters, servers=servers)
        found.append(service)
    return tuple(found)


def _daemon(daemon: OwnDaemon) -> Daemon:
    data = daemon_settings(daemon)
    return Daemon(daemon_state(daemon), **{field: data[field] for field in ("interface", "syncid", "maxlen")})
