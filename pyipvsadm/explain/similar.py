"""The services and servers of a table that resemble a missing one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from ..model import Server, Service

    Some = TypeVar("Some", Service, Server)
    Rank = tuple[int, ...]  # how much two differ: lower is closer

MOST = 3  # services or servers that are named
ITSELF, OTHER_PORT, OTHER_ADDRESS, FAR = range(4)  # the first element of a rank; FAR is too different to be meant


def near_services(wanted: Service, services: Iterable[Service]) -> list[Service]:
    """Those of `services` most similar to `wanted`, at most MOST; none if none is similar.

    The closest has the same mark, or the same address and port, in another family or protocol; then
    come other ports of the address, and then the most similar address with the port.
    """
    return _nearest([(_service_rank(wanted, service), service) for service in services])


def near_servers(wanted: Server, servers: Iterable[Server]) -> list[Server]:
    """Those of `servers` most similar to `wanted`, at most MOST, by the same rules."""
    return _nearest([(_apart(wanted.address, wanted.port, one.address, one.port), one) for one in servers])


def _nearest(ranked: list[tuple[Rank, Some]]) -> list[Some]:
    """The closest ones, which differ in the same way; only one of other addresses."""
    ranked.sort(key=lambda pair: (pair[0], pair[1].key))
    how = ranked[0][0][0] if ranked else FAR
    most = {FAR: 0, OTHER_ADDRESS: 1}.get(how, MOST)
    return [one for rank, one in ranked if rank[0] == how][:most]


def _service_rank(wanted: Service, other: Service) -> Rank:
    if wanted.fwmark is not None or other.fwmark is not None:
        return (ITSELF,) if wanted.fwmark == other.fwmark else (FAR,)
    rank = _apart(wanted.address or b"", wanted.port or 0, other.address or b"", other.port or 0)
    return (*rank, wanted.protocol != other.protocol)


def _apart(address: bytes, port: int, other: bytes, other_port: int) -> Rank:
    """How much two addresses with their ports differ."""
    if address == other:
        return (ITSELF,) if port == other_port else (OTHER_PORT, abs(port - other_port))
    if port != other_port or len(address) != len(other):
        return (FAR,)
    bytes_apart = sum(map(int.__ne__, address, other))
    return (OTHER_ADDRESS, bytes_apart, abs(int.from_bytes(address, "big") - int.from_bytes(other, "big")))
