"""Translates a cluster into the virtual services that kube-proxy creates on a node, and the addresses it binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...grammar.values import scheduler_flags
from ...model import MASQUERADE, PERSISTENT, PROTOCOLS, Server, Service
from ...table.notation import spelled
from ..owners import Owner
from .choice import choice, merged
from .cluster import family_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...table.assembly import Assembly
    from ..owners import ServerKey, ServiceKey
    from .cluster import Endpoint, KubeService, Port
    from .fields import Path
    from .inventory import Gathering
    from .proxy import Proxy

    Servers = list[tuple[Server, Path]]

MOST = 2_000_000  # services and servers; a text can ask for many more of them than it has objects
FLAGS = {"mh": "mh-port"}  # of schedulers
CLUSTER, EXTERNAL, INGRESS, NODE_PORT = "cluster IP", "external IP", "load balancer", "node port"


class TooLargeError(Exception):
    """The text makes more services and servers than MOST."""


class Made(NamedTuple):
    """A virtual service, its servers with their places, its owner, and its place."""

    service: Service
    servers: Servers
    owner: Owner
    place: Path


class Opened:
    """A port of a Service in one address family, and its endpoints."""

    def __init__(
        self, service: KubeService, port: Port, family: int, endpoints: dict[ServerKey, Endpoint], proxy: Proxy
    ) -> None:
        self.service = service
        self.port = port
        self.family = family
        self.outer = tuple(_of(family, (*service.external, *service.ingress)))
        self._pods = {where: endpoint.pod for where, endpoint in endpoints.items()}
        self._choice = choice(service, bool(self.outer or port.node_port), endpoints, proxy)
        self._servers: dict[bool, Servers] = {}

    def servers(self, is_local: bool) -> Servers:
        """The servers of an address with the policy Local or Cluster, with their places."""
        if is_local not in self._servers:
            self._servers[is_local] = [
                (Server(address=address, port=number, forwarding=MASQUERADE), endpoint.place)
                for (address, number), endpoint in self._choice.servers(is_local)
            ]
        return self._servers[is_local]

    @property
    def outer_servers(self) -> Servers:
        """The servers of all addresses except the cluster's."""
        return self.servers(self.service.external_local)

    def owner(self, what: str) -> Owner:
        """The owner of an address; `what` is its role in the Service."""
        service, port = self.service, self.port
        name = port.name or f"{port.number}/{PROTOCOLS[port.protocol]}"
        return Owner.make((service.namespace, service.name, name, service.type, what, self._pods))

    def is_elsewhere(self) -> bool:
        """Whether one of its addresses has the policy Local, and all endpoints are on other nodes."""
        service = self.service
        is_local = service.internal_local or (service.external_local and bool(self.outer or self.port.node_port))
        return is_local and bool(self._pods) and not self._choice.local


class Translation:
    """Makes the table from the objects that were read."""

    def __init__(self, found: Gathering, proxy: Proxy) -> None:
        self.made: dict[ServiceKey, Made] = {}
        self.bound: dict[bytes, Path] = {}
        self._found = found
        self._proxy = proxy
        self._flags = scheduler_flags(FLAGS.get(proxy.scheduler, ""), proxy.scheduler)
        self._spent = 0

    def make(self) -> None:
        """Make all services. Raises TooLargeError."""
        opened = [one for family in self._proxy.families for one in self._opened(family)]
        for one in opened:
            self._at_own_addresses(one)
            if one.is_elsewhere():
                self._tell_elsewhere(one)
        addresses = {family: self._proxy.node_port_addresses(family, self.bound) for family in self._proxy.families}
        outside = [one for one in opened if one.port.node_port]
        self._spend(sum(len(addresses[one.family]) * (1 + len(one.outer_servers)) for one in outside))
        for one in outside:
            for address in addresses[one.family]:
                self._put(one, address, one.port.node_port, NODE_PORT, one.outer_servers)

    def give(self, assembly: Assembly) -> None:
        """Add all services and servers to `assembly`."""
        for one in self.made.values():
            entry = assembly.service(one.service, one.place)
            for server, place in one.servers:
                assembly.server(entry, server, place)
        assembly.all_addresses()
        for address, place in self.bound.items():
            assembly.address(address, place)

    def _opened(self, family: int) -> Iterator[Opened]:
        """The ports of all Services that have a cluster address of `family`."""
        for name, service in self._found.services.items():
            if family not in service.cluster:
                if any(_of(family, (*service.external, *service.ingress))):
                    message = f"{service.title}: an address of a family of which it has no cluster IP serves nothing"
                    self._found.note("other family", service.place, message)
                continue
            slices = [one for one in self._found.slices.get(name, ()) if one.family == family]
            for port in {(one.name, one.protocol): one for one in service.ports}.values():
                key = port.name, port.protocol
                self._spend(sum(len(one.endpoints) * len(one.ports.get(key, ())) for one in slices))
                endpoints = merged(slices, port, self._proxy.node)
                one = Opened(service, port, family, endpoints, self._proxy)
                self._spend((1 + len(one.outer)) * (1 + len(endpoints)))
                yield one

    def _tell_elsewhere(self, one: Opened) -> None:
        """Add a note that the policy is Local and no endpoint is on this node."""
        elsewhere = "those elsewhere serve" if one.servers(False) else "its cluster IP has no server"
        message = f"{one.service.title} has the policy Local, and no endpoint on {self._proxy.node}: {elsewhere}"
        self._found.note("local policy", one.port.place, message)

    def _at_own_addresses(self, one: Opened) -> None:
        """Make the services at a Service's own addresses, and bind these, except external ones that the node has."""
        service, family, number = one.service, one.family, one.port.number
        self._put(one, service.cluster[family], number, CLUSTER, one.servers(service.internal_local))
        self.bound[service.cluster[family]] = one.port.place
        for what, addresses in ((EXTERNAL, service.external), (INGRESS, service.ingress)):
            for address in _of(family, addresses):
                self._put(one, address, number, what, one.outer_servers)
                if address not in self._proxy.usable:
                    self.bound[address] = one.port.place

    def _put(self, one: Opened, address: bytes, number: int, what: str, servers: Servers) -> None:
        """Make the service at `address`, which replaces an earlier one there: in kube-proxy, the last one stays."""
        affinity = one.service.affinity
        flags = self._flags | (PERSISTENT if affinity is not None else 0)
        service = Service(
            af=one.family,
            protocol=one.port.protocol,
            address=address,
            port=number,
            scheduler=self._proxy.scheduler,
            flags=flags,
            timeout=affinity or 0,
        )
        owner = one.owner(what)
        before = self.made.get(service[:5])
        if before is not None and before.owner[:2] != owner[:2]:
            message = f"{before.owner.title} and {owner.title} both claim {spelled(service)}: either may win"
            self._found.note("same address", one.port.place, message)
        self.made[service[:5]] = Made(service, servers, owner, one.port.place)

    def _spend(self, number: int) -> None:
        """Count `number` more services and servers. Raises TooLargeError."""
        self._spent += number
        if self._spent > MOST:
            raise TooLargeError


def _of(family: int, addresses: Iterable[bytes]) -> Iterator[bytes]:
    """The `addresses` of `family`, each once."""
    return (address for address in dict.fromkeys(addresses) if family_of(address) == family)
