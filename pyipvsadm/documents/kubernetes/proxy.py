"""The settings of kube-proxy on a node: from its configuration, overridden by options."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING

from ...model import printable
from ...record import Record
from ...table.plan import Scope
from .cluster import Node, family_of, is_link_local, is_loopback
from .fields import network

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .fields import Part

    Network = tuple[bytes, int]

SCHEDULER = "rr"
BOTH = (AF_INET, AF_INET6)
PRIMARY = "primary"  # instead of networks: the node's own address of each family
MODE = "ipvs"


class Options(Record):
    """The options of the command line. None leaves the setting to kube-proxy's own configuration.

    `node_addresses` are those of all interfaces except kube-ipvs0; `host` is the node's name if nothing else gives it.
    """

    __slots__ = ()
    node: str | None = None
    host: str = ""
    node_addresses: tuple[bytes, ...] = ()
    scheduler: str | None = None
    node_port_addresses: tuple[str, ...] | None = None
    exclude_cidrs: tuple[str, ...] | None = None
    families: tuple[int, ...] = BOTH


class Config(Record):
    """The part of a KubeProxyConfiguration on which the table depends. An empty field isn't set."""

    __slots__ = ()
    node: str = ""
    mode: str = MODE
    scheduler: str = ""
    node_port_addresses: tuple[str, ...] = ()
    exclude_cidrs: tuple[str, ...] = ()
    bind: bytes | None = None


class Proxy(Record):
    """The settings with which kube-proxy runs. `own` are the node's addresses.

    Addresses in `networks` accept NodePorts; for a family without a network, all `usable` addresses do.
    """

    __slots__ = ()
    node: str = ""
    zone: str = ""
    scheduler: str = SCHEDULER
    families: tuple[int, ...] = BOTH
    own: tuple[bytes, ...] = ()
    networks: tuple[Network, ...] = ()
    excluded: Scope = Scope()

    @property
    def usable(self) -> frozenset[bytes]:
        """The node's addresses that other hosts can reach: they accept NodePorts by default, and are never bound."""
        return frozenset(one for one in self.own if not is_loopback(one) and not is_link_local(one))

    def node_port_addresses(self, family: int, bound: Iterable[bytes]) -> list[bytes]:
        """The addresses of `family` that accept NodePorts, from the node's own and those `bound` for services."""
        networks = [one for one in self.networks if family_of(one[0]) == family]
        if not networks or any(length == 0 for _, length in networks):
            return [one for one in dict.fromkeys(self.own) if family_of(one) == family and one in self.usable]
        there = (one for one in dict.fromkeys((*self.own, *bound)) if family_of(one) == family)
        return [one for one in there if not is_loopback(one) and any(_holds(net, one) for net in networks)]


def config(part: Part) -> Config:
    """The KubeProxyConfiguration in `part`."""
    ipvs = part.part("ipvs")
    bind = part.address("bindAddress")
    return Config(
        node=node_name(part.text("hostnameOverride")),
        mode=printable(part.text("mode")) or "iptables",
        scheduler=printable(ipvs.text("scheduler")),
        node_port_addresses=_networks(part, "nodePortAddresses"),
        exclude_cidrs=_networks(ipvs, "excludeCIDRs"),
        bind=bind if bind and any(bind) else None,
    )


def _networks(part: Part, key: str) -> tuple[str, ...]:
    """The CIDRs at `key`; wrong ones are reported."""
    found = part.texts(key)
    if [text for _, text in found] == [PRIMARY]:
        return (PRIMARY,)
    good = []
    for place, text in found:
        try:
            network(text)
            good.append(text)
        except ValueError as error:
            part.wrong(place, str(error))
    return tuple(good)


def node_name(text: str) -> str:
    """A node's name in the form that kube-proxy uses."""
    return printable(text.strip().lower())


def proxy(options: Options, config: Config, nodes: Mapping[str, Node]) -> Proxy:
    """The settings from `config`, overridden by `options`. Raises ValueError for a wrong option."""
    name = node_name(options.node or config.node or options.host)
    node = nodes.get(name, Node())
    said = config.node_port_addresses if options.node_port_addresses is None else options.node_port_addresses
    excluded = config.exclude_cidrs if options.exclude_cidrs is None else options.exclude_cidrs
    return Proxy(
        node=name,
        zone=node.zone,
        scheduler=options.scheduler or config.scheduler or SCHEDULER,
        families=options.families,
        own=options.node_addresses,
        networks=_primary(node, config.bind) if said == (PRIMARY,) else tuple(map(network, said)),
        excluded=Scope(networks=tuple(map(network, excluded))),
    )


def _primary(node: Node, bind: bytes | None) -> tuple[Network, ...]:
    """The node's own address of each family, as a network; the address that kube-proxy binds has precedence."""
    first: dict[int, bytes] = {}
    for address in ([bind] if bind else []) + list(node.addresses):
        first.setdefault(family_of(address), address)
    return tuple((address, 8 * len(address)) for address in first.values() if not is_loopback(address))


def _holds(network: Network, address: bytes) -> bool:
    """Whether `network` contains `address`, which is of the same family."""
    behind = 8 * len(address) - network[1]
    return int.from_bytes(address, "big") >> behind == int.from_bytes(network[0], "big") >> behind
