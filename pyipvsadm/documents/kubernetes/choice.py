"""Chooses the endpoints that become servers, by readiness, hints and traffic policies, as kube-proxy does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...record import Record
from .cluster import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cluster import KubeService, Port, Slice
    from .proxy import Proxy

    Key = tuple[bytes, int]
    Placed = tuple[Key, Endpoint]


class Choice(Record):
    """The endpoints of a port of a Service: for addresses with the policy Cluster, and for those with Local."""

    __slots__ = ()
    cluster: tuple[Placed, ...] = ()
    local: tuple[Placed, ...] = ()

    def servers(self, is_local: bool) -> tuple[Placed, ...]:
        """The endpoints for an address with the policy Local or Cluster; Local without endpoints here takes all."""
        return (is_local and self.local) or self.cluster


def merged(slices: Iterable[Slice], port: Port, node: str) -> dict[Key, Endpoint]:
    """The endpoints in `slices` for `port`, by address and port number.

    Of two at the same address, one that isn't terminating wins, and then one that is on this node.
    """
    found: dict[Key, Endpoint] = {}
    for one in slices:
        for number in one.ports.get((port.name, port.protocol), ()):
            for endpoint in one.endpoints:
                key = endpoint.address, number
                if key not in found or _rank(endpoint, node) > _rank(found[key], node):
                    found[key] = endpoint
    return found


def _rank(endpoint: Endpoint, node: str) -> tuple[bool, bool]:
    return not endpoint.pod.terminating, endpoint.pod.node == node


def choice(service: KubeService, is_accessible: bool, endpoints: dict[Key, Endpoint], proxy: Proxy) -> Choice:
    """The `endpoints` that kube-proxy uses. A port `is_accessible` if it has addresses other than the cluster's."""
    found = list(endpoints.items())
    here = [one for one in found if proxy.node and one[1].pod.node == proxy.node]
    return Choice(
        cluster=() if service.internal_local and not is_accessible else tuple(_hinted(_ready(found), proxy)),
        local=tuple(_ready(here)),
    )


def _ready(endpoints: list[Placed]) -> list[Placed]:
    """The endpoints that are ready; if there are none, those that are terminating but still serve."""
    ready = [one for one in endpoints if one[1].pod.ready]
    return ready or [one for one in endpoints if one[1].pod.serving and one[1].pod.terminating]


def _hinted(endpoints: list[Placed], proxy: Proxy) -> list[Placed]:
    """The endpoints with a hint for this node or its zone; all of them if one has no hint, or no hint matches."""
    if not endpoints or not endpoints[0][1].pod.ready:
        return endpoints
    for hints, name in (("nodes", proxy.node), ("zones", proxy.zone)):
        said = [getattr(one[1], hints) for one in endpoints]
        if all(said) and any(name in names for names in said):
            return [one for one, names in zip(endpoints, said, strict=True) if name in names]
    return endpoints
