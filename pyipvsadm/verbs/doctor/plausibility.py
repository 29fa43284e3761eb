"""Validates the values of a snapshot, since its reader may not trust its writer."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from ...errors import IpvsadmError
from .snapshot import Snapshot
from .snapshot_values import Server, Service

FORWARDINGS = ("masquerade", "local", "tunnel", "direct")
LONGEST_DEVICE = 15  # bytes
HIGHEST = {"port": 0xFFFF, "weight": 2**31 - 1, "prefix": 128, "counter": 2**64 - 1, "mtu": 2**32 - 1}

Value = tuple[str, str, object]  # its place in the snapshot, its kind, and the value


def implausible(snapshot: Snapshot) -> str:
    """What is wrong with the first value that no machine can have; empty if all values are plausible."""
    for service in snapshot.services or ():
        try:
            service.key  # noqa: B018  # which raises for a name that isn't one
        except IpvsadmError as error:
            return str(error)
    for place, kind, value in _values(snapshot):
        if not _may_be(kind, value):
            return f"{place}: {str(value)[:60]!r} is no {kind}"
    return ""


def _values(snapshot: Snapshot) -> Iterator[Value]:
    """All values that must be of a certain kind."""
    for service in snapshot.services or ():
        yield from _of_service(service)
    for one in snapshot.addresses or ():
        yield "addresses", "address", one.address
        yield "addresses", "prefix", one.prefix
        yield "addresses", "device", one.device
        if _may_be("address", one.address) and ":" not in one.address and one.prefix > 32:
            yield "addresses", "address", f"{one.address}/{one.prefix}"
    for link in snapshot.links or ():
        yield "links", "device", link.name
        yield "links", "mtu", link.mtu
    for neighbour in snapshot.neighbours or ():
        yield "neighbours", "address", neighbour.address
        yield "neighbours", "device", neighbour.device
    for place, route in {**(snapshot.routes or {}), **snapshot.marked_routes}.items():
        yield "routes", "network", place.rpartition(" ")[2]
        yield "routes", "device", route.device or "-"
        yield from (("routes", "address", one) for one in (route.gateway,) if one)
    for connection in snapshot.connections or ():
        yield from (("connections", "address", one) for one in (connection.client, connection.address))
        yield "connections", "address", connection.server
        yield from (("connections", "port", one) for one in (connection.port, connection.server_port))
    for arrival in snapshot.arrivals or ():
        yield "arrivals", "address", arrival.client
        yield "arrivals", "device", arrival.device
        yield "arrivals", "counter", arrival.packets
    for listener in snapshot.listeners or ():
        yield "listeners", "address", listener.address
        yield "listeners", "port", listener.port
    yield from (("vips", "address", one) for one in snapshot.vips)
    yield from (("large_receive", "device", one) for one in snapshot.large_receive)
    yield from (("connection_count", "counter", one) for one in (snapshot.connection_count or 0,))


def _of_service(service: Service) -> Iterator[Value]:
    yield from _counters(service)
    for server in service.servers:
        yield service.service, "address", server.address
        yield service.service, "port", server.port
        yield service.service, "weight", server.weight
        yield service.service, "forwarding", server.forwarding
        yield from _counters(server)


def _counters(of: Service | Server) -> Iterator[Value]:
    for counters in filter(None, (of.counters, of.earlier)):
        yield from (("counters", "counter", value) for value in vars(counters).values())


def _may_be(kind: str, value: object) -> bool:
    """Whether `value` is plausible for its `kind`."""
    if kind in HIGHEST:
        return isinstance(value, int) and 0 <= value <= HIGHEST[kind]
    text = str(value)
    if kind == "forwarding":
        return text in FORWARDINGS
    if kind == "device":  # as the kernel has it, which allows all else
        return 0 < len(text.encode(errors="replace")) <= LONGEST_DEVICE and not any(
            c in "/:" or c.isspace() for c in text
        )
    address = text.partition("/")[0] if kind == "network" else text
    try:
        ip_address(address.partition("-")[0])
    except ValueError:
        return False
    return "%" not in text
