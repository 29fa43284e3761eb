"""Collects a Snapshot, and changes nothing. What can't be read is left out, with the reason."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ....classic.commands import refused
from ....errors import IpvsadmError
from ....listing.rules import daemon_state
from ....model import Daemon as OwnDaemon
from ....model import Table
from ....network.facts import Reading
from ....support.managers import WITH_FILES, managers
from ....table.settings import daemon_settings
from ..firewall.chains import Firewall, Rule
from ..firewall.packet_path import numbers
from ..firewall.programs import firewall
from ..queries import neighbour_of
from ..snapshot import Snapshot, UnseenError
from ..snapshot_values import Daemon, Service, Timeouts
from ..suspects import Entries, suspects
from . import live_services, proc
from .concurrency import Concurrent
from .live_services import records, services_of, with_earlier

if TYPE_CHECKING:
    from ....network.routes import Route
    from ....world import World

SETTLING = 2.2  # seconds after which the kernel has certainly counted the packets
LEAST_WATCH = 0.3  # seconds
DAMPED = ("dummy", "veth", "bridge", "tun")  # kinds of virtual devices
CLIENTS = 64  # clients whose routes are asked for


def collect(world: World, seconds: float = 0, addresses: Iterable[str] = ()) -> Snapshot:
    """A snapshot of this machine, with counters watched for `seconds`, and the routes to `addresses`, too."""
    collected = Collection()
    standing = proc.standing()
    rules = Concurrent(lambda: firewall(standing.privileged))
    collected.look("listeners", proc.listeners)
    collected.found |= {
        "taken": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
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
            before = live_services.read(kernel)
            rules.start()
            services = services_of(before)
            if seconds and services:
                from .traffic import watch

                self.look("arrivals", lambda: watch(services, max(LEAST_WATCH, seconds - SETTLING)))
                time.sleep(SETTLING)
                rules.join()
                services = with_earlier(services_of(live_services.read(kernel)), services)
                self.found["watched"] = seconds
            else:
                self.unseen["arrivals"] = "nothing was watched" if services else "there is no service to watch"
            self.found |= {
                "ipvs": True,
                "table_size": kernel.info().size,
                "services": services,
                "timeouts": Timeouts(**kernel.timeouts().asdict()),
                "daemons": tuple(map(_daemon, kernel.daemons())),
            }
            if WITH_FILES & set(self.found.get("managers", ())):
                from .manager_files import manager_files  # and the formats, which the others don't need

                table = Table(services=tuple((service, records(rows)) for service, rows in before))
                self.found["manager_files"] = manager_files(table, world.resolver)
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
        if wanted := list(suspects(self.found.get("services") or (), entries)):
            from .connection_attempts import tried

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


def _daemon(daemon: OwnDaemon) -> Daemon:
    data = daemon_settings(daemon)
    return Daemon(daemon_state(daemon), **{field: data[field] for field in ("interface", "syncid", "maxlen")})
