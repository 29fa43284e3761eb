"""The objects that a table depends on, as values: Services, slices of endpoints, nodes."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP
from typing import TYPE_CHECKING

from ...model import IPPROTO_SCTP, printable
from ...record import Record
from ..owners import Pod
from .fields import Part, packed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .fields import Path

PROTOCOLS = {"TCP": IPPROTO_TCP, "UDP": IPPROTO_UDP, "SCTP": IPPROTO_SCTP}
FAMILIES = {"IPv4": AF_INET, "IPv6": AF_INET6}
LAST_PORT = 65535
AFFINITY, LONGEST_AFFINITY = 10800, 86400  # seconds
NAMESPACE = "default"
NOT_OURS = ("service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless")  # labels, with any value
SERVICE_NAME, ZONE = "kubernetes.io/service-name", "topology.kubernetes.io/zone"
LOCAL = "Local"
VIP_MODES = ("", "VIP")


class Port(Record):
    """A port of a Service. A `node_port` of 0 is none."""

    __slots__ = ()
    name: str = ""
    protocol: int = IPPROTO_TCP
    number: int = 0
    node_port: int = 0
    place: Path = ()


class KubeService(Record):
    """A Service. `cluster` is its cluster address by family; `affinity` is in seconds, or None."""

    __slots__ = ()
    namespace: str = ""
    name: str = ""
    type: str = ""
    cluster: Mapping[int, bytes] = {}
    external: tuple[bytes, ...] = ()
    ingress: tuple[bytes, ...] = ()
    ports: tuple[Port, ...] = ()
    internal_local: bool = False
    external_local: bool = False
    affinity: int | None = None
    place: Path = ()

    @property
    def title(self) -> str:
        """NAMESPACE/NAME."""
        return f"{self.namespace}/{self.name}"


class Endpoint(Record):
    """An endpoint of a slice, and its pod. `zones` and `nodes` are its hints."""

    __slots__ = ()
    address: bytes = b""
    pod: Pod = Pod()
    zones: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    place: Path = ()


class Slice(Record):
    """Endpoints of one family, and the port numbers of each (name, protocol)."""

    __slots__ = ()
    family: int = AF_INET
    endpoints: tuple[Endpoint, ...] = ()
    ports: Mapping[tuple[str, int], list[int]] = {}


class Node(Record):
    """A node: its zone, and its own addresses, the internal ones first."""

    __slots__ = ()
    zone: str = ""
    addresses: tuple[bytes, ...] = ()


def named(item: Part) -> tuple[str, str]:
    """The namespace and the name of an object, as printable text."""
    metadata = item.part("metadata")
    return printable(metadata.text("namespace")) or NAMESPACE, printable(metadata.text("name"))


def is_seen(labels: dict[str, str]) -> bool:
    """Whether kube-proxy reads an object with these labels."""
    return not any(label in labels for label in NOT_OURS)


def service(item: Part) -> KubeService | None:
    """The Service in `item`; None if kube-proxy ignores it."""
    namespace, name = named(item)
    spec = item.part("spec")
    type = printable(spec.text("type")) or "ClusterIP"
    if spec.text("clusterIP") in ("", "None") or type == "ExternalName":
        return None
    return KubeService(
        namespace=namespace,
        name=name,
        type=type,
        cluster=_cluster_addresses(spec),
        external=tuple(spec.addresses("externalIPs")),
        ingress=tuple(_ingress(item)),
        ports=tuple(filter(None, map(_port, spec.parts("ports")))),
        internal_local=spec.text("internalTrafficPolicy") == LOCAL,
        external_local=spec.text("externalTrafficPolicy") == LOCAL,
        affinity=_affinity(spec),
        place=item.path,
    )


def _cluster_addresses(spec: Part) -> dict[int, bytes]:
    """The cluster address of each family: from clusterIPs, in the order of ipFamilies, or without those, clusterIP."""
    families = spec.texts("ipFamilies")
    if not families:
        address = spec.address("clusterIP")
        return {} if address is None else {family_of(address): address}
    found: dict[int, bytes] = {}
    addresses = spec.texts("clusterIPs")
    for (place, family), (where, text) in zip(families, addresses, strict=False):
        if family not in FAMILIES:
            spec.wrong(place, f"should be IPv4 or IPv6, not {shown(family)}")
        elif (address := spec.packed(text, where)) is not None and FAMILIES[family] not in found:
            if family_of(address) != FAMILIES[family]:
                spec.wrong(where, f"should be an {family} address, as ipFamilies says, not {shown(text)}")
            found[FAMILIES[family]] = address
    return found


def _ingress(item: Part) -> Iterator[bytes]:
    """The load balancer's addresses, except those that it handles itself."""
    for one in item.part("status").part("loadBalancer").parts("ingress"):
        address = one.address("ip")
        if address is not None and one.text("ipMode") in VIP_MODES:
            yield address


def _port(port: Part) -> Port | None:
    number = port.number("port", 1, LAST_PORT)
    protocol = protocol_of(port)
    if number is None or protocol is None:
        if not port.has("port"):
            port.wrong(port.path, "should have a `port`, a number from 1 to 65535")
        return None
    node_port = port.number("nodePort", 0, LAST_PORT) or 0
    return Port.make((printable(port.text("name")), protocol, number, node_port, port.path))


def protocol_of(port: Part) -> int | None:
    """The number of a port's protocol, TCP if none is given; None if it is unknown, which is reported."""
    text = port.text("protocol") or "TCP"
    if text not in PROTOCOLS:
        port.wrong((*port.path, "protocol"), f"should be {', '.join(PROTOCOLS)}, not {shown(text)}")
    return PROTOCOLS.get(text)


def _affinity(spec: Part) -> int | None:
    """The seconds for which a client stays with its server; None if it doesn't."""
    if spec.text("sessionAffinity") != "ClientIP":
        return None
    config = spec.part("sessionAffinityConfig").part("clientIP")
    return config.number("timeoutSeconds", 1, LONGEST_AFFINITY) or AFFINITY


def slice_of(item: Part) -> Slice | None:
    """The slice in `item`; None if its endpoints aren't IP addresses."""
    kind = item.text("addressType")
    if kind not in FAMILIES:
        if kind != "FQDN":
            item.wrong((*item.path, "addressType"), f"should be IPv4, IPv6 or FQDN, not {shown(kind)}")
        return None
    family = FAMILIES[kind]
    found = [one for part in item.parts("endpoints") if (one := _endpoint(part)) and family_of(one.address) == family]
    return Slice(family=family, endpoints=tuple(found), ports=_slice_ports(item))


def _slice_ports(item: Part) -> dict[tuple[str, int], list[int]]:
    """The ports of a slice that kube-proxy uses: those with a number and a name, which may be empty."""
    found: dict[tuple[str, int], list[int]] = {}
    for port in item.parts("ports"):
        number = port.number("port", 0, LAST_PORT)
        protocol = protocol_of(port)
        if number and protocol is not None and port.has("name"):
            found.setdefault((printable(port.text("name")), protocol), []).append(number)
    return found


def _endpoint(part: Part) -> Endpoint | None:
    """An endpoint, with the first of its addresses; None if it has none."""
    addresses = part.texts("addresses")
    address = part.packed(addresses[0][1], addresses[0][0]) if addresses else None
    if address is None:
        return None
    conditions = part.part("conditions")
    target = part.part("targetRef")
    zones, nodes = _hints(part.part("hints")) if part.has("hints") else ((), ())
    pod = Pod.make(
        (
            printable(f"{target.text('namespace')}/{target.text('name')}") if target.has("name") else "",
            printable(part.text("nodeName")),
            conditions.flag("ready", True),
            conditions.flag("serving", True),
            conditions.flag("terminating", False),
        )
    )
    return Endpoint.make((address, pod, zones, nodes, part.path))


def _hints(hints: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the zones, and of the nodes, for which an endpoint is meant."""
    zones, nodes = (tuple(one.text("name") for one in hints.parts(key)) for key in ("forZones", "forNodes"))
    return zones, nodes


def node(item: Part) -> Node:
    """The node in `item`."""
    found: dict[str, list[bytes]] = {"InternalIP": [], "ExternalIP": []}
    for one in item.part("status").parts("addresses"):
        if one.text("type") in found and (address := one.address("address")) is not None:
            found[one.text("type")].append(address)
    zone = item.part("metadata").labels("labels").get(ZONE, "")
    return Node(zone=zone, addresses=(*found["InternalIP"], *found["ExternalIP"]))


def family_of(address: bytes) -> int:
    """The family of a packed address, by its length."""
    return AF_INET if len(address) == 4 else AF_INET6


def is_loopback(address: bytes) -> bool:
    """Whether a packed address is a loopback address."""
    return address[0] == 127 if len(address) == 4 else address == packed("::1")


def is_link_local(address: bytes) -> bool:
    """Whether a packed address is an IPv6 link-local address."""
    return len(address) == 16 and address[0] == 0xFE and address[1] & 0xC0 == 0x80
