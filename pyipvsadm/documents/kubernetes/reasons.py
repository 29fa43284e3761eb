"""Explains why the kernel's table differs from kube-proxy's, and which differences are only temporary states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model import PROTOCOLS, Table
from ...table.comparison import server_key, service_key
from ...table.notation import spelled, spelled_server
from ...table.plan import without
from ..remarks import Expected, State

if TYPE_CHECKING:
    from ...model import Server, Service
    from ...table.plan import Scope
    from ...table.steps import Step
    from ..owners import Owners, Pod

DRAINING = "draining"
NO_SERVICE = "no Service has it"
NO_SLICE = "not in any EndpointSlice"
MISSING = "missing in the kernel"
OTHERWISE = "not as kube-proxy sets it"


def expected(now: Table, wanted: Table, owners: Owners, left_alone: Scope) -> Expected:
    """The kernel's table without the servers that kube-proxy drains with weight 0, and without what it leaves alone."""
    servers = {service_key(service): set(map(server_key, some)) for service, some in wanted.services}
    kept, states = [], []
    for service, there in without(now, left_alone, wanted).services:
        wanted_there = servers.get(service_key(service))
        drained = set()
        if wanted_there is not None:  # kube-proxy removes a service at once, with all of its servers
            drained = {one for one in there if not one.weight and server_key(one) not in wanted_there}
        states += [_draining(service, one, owners) for one in there if one in drained]
        kept.append((service, tuple(one for one in there if one not in drained)))
    return Expected(table=now.replace(services=tuple(kept)), states=tuple(states))


def _draining(service: Service, server: Server, owners: Owners) -> State:
    owner = owners.services.get(service_key(service))
    pod = owner.pods.get((server.address, server.port)) if owner else None
    title = f"{owner.title}: " if owner else ""
    connections = f"{server.active} active and {server.inactive} inactive connections"
    detail = f"{connections}, {title}{_why_gone(pod)}"
    return State(word=DRAINING, service=spelled(service), server=spelled_server(server), detail=detail)


def why(step: Step, owners: Owners) -> str:
    """A sentence that explains `step`, which leads from the kernel's table to kube-proxy's, with the Service's name."""
    service, server = step.command.service, step.command.server
    if service is None:
        return ""
    owner = owners.services.get(service_key(service))
    if owner is None:
        return _why_unwanted(service, owners)
    if server is None:
        return f"{owner.title}: {MISSING if step.command.verb == 'add-service' else OTHERWISE}"
    pod = owner.pods.get((server.address, server.port))
    before = step.inverse.server
    edited = OTHERWISE if before is None or before.weight else "drained in the kernel"
    reasons = {
        "add-server": f"{_condition(pod)}, {MISSING}",
        "edit-server": f"{_condition(pod)}, {edited}",
        "delete-server": _why_gone(pod),
    }
    return f"{owner.title}: {reasons.get(step.command.verb, OTHERWISE)}"


def _why_unwanted(service: Service, owners: Owners) -> str:
    """Why no Service has this virtual service; a Service may have another port of its address."""
    owner = None if service.address is None else owners.addresses.get(service.address)
    if owner is None:
        return NO_SERVICE
    port = f"{service.port}/{PROTOCOLS.get(service.protocol or 0, service.protocol)}"
    return f"{owner.namespace}/{owner.name}: has no port {port}"


def _condition(pod: Pod | None) -> str:
    """The state of a pod that is a server."""
    return "ready" if pod is None or pod.ready else "terminating, and still serving"


def _why_gone(pod: Pod | None) -> str:
    """Why a pod is not a server."""
    if pod is None:
        return NO_SLICE
    if pod.terminating:
        return "terminating"
    return "for other nodes, by policy or hints" if pod.ready else "not ready"
