"""What may become of keepalived's table while it runs, and why the kernel's has something else."""

from __future__ import annotations

from ...model import Server, Table
from ...table.comparison import server_key, service_key
from ...table.notation import spelled, spelled_server
from ..findings import Expected, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...model import Service
    from ...table.plan import Step
    from .start import Destination, ServerKey, ServiceKey, Started

CHECKED_OUT, CHECKED_IN, INHIBITED, SORRY_IN = "checked out", "checked in", "inhibited", "sorry server in"
WEIGHED = "weight by a check"
THRESHOLDS = {"upper_threshold", "lower_threshold"}


def expected(now: Table, wanted: Table, started: Mapping[ServiceKey, Started]) -> Expected:
    """The kernel's table, in which servers that a check or the quorum has changed are as at the start."""
    at_start = {service_key(service): servers for service, servers in wanted.services}
    services, states = [], []
    for service, servers in now.services:
        made = started.get(service_key(service))
        if made is None:
            services.append((service, servers))
            continue
        kept, found = _settled(service, servers, at_start.get(service_key(service), ()), made.destinations)
        services.append((service, kept))
        states += found
    return Expected(table=now.replace(services=tuple(services)), states=tuple(states))


def _settled(
    service: Service,
    there: tuple[Server, ...],
    at_start: tuple[Server, ...],
    destinations: Mapping[ServerKey, Destination],
) -> tuple[tuple[Server, ...], list[State]]:
    """The servers of a service as at the start, where keepalived itself may have changed them; and what it did."""
    known = {server_key(server): server for server in there}
    begun = {server_key(server): server for server in at_start}
    sorry = any(one.sorry and key in known and known[key].weight for key, one in destinations.items())
    kept, states = [], []
    for key, one in destinations.items():
        server, first = known.get(key), begun.get(key)
        word = _word(one, server, first, sorry)
        if word:
            states.append(State(word=word, service=spelled(service), server=spelled_server(one.server)))
            if first is not None:
                kept.append(first if server is None else server.replace(weight=first.weight))
        elif server is not None:
            kept.append(server)
    kept += [server for key, server in known.items() if key not in destinations]
    return tuple(kept), states


def _word(one: Destination, server: Server | None, first: Server | None, sorry: bool) -> str:
    """In which state a destination is; empty if it's as at the start, or in none that keepalived brings about."""
    weight, begun = (None if some is None else some.weight for some in (server, first))
    if weight == begun:
        return ""
    if one.sorry:
        return SORRY_IN if weight else CHECKED_OUT
    if weight is None:
        return SORRY_IN if sorry and not one.stays else CHECKED_OUT if one.checked and not one.stays else ""
    if not weight:
        return INHIBITED if one.stays and (one.checked or sorry) else ""
    if not begun and weight == one.weight:
        return CHECKED_IN
    return WEIGHED if one.dynamic else ""


def why(step: Step, started: Mapping[ServiceKey, Started]) -> str:
    """Why the kernel's table may differ so from the file, in words; empty where that isn't known."""
    service, server, verb = step.command.service, step.command.server, step.command.verb
    if service is None:
        return ""
    known = service_key(service) in started
    reasons = {
        "delete-service": "not in the file: another's, or what a reload of a group has left behind",
        "edit-service": "keepalived doesn't correct a service that was there before it",
        "add-service": "missing in the kernel: removed since, or refused by it",
        "delete-server": "not in the file: keepalived leaves servers of others alone",
        "add-server": "missing in the kernel, and no check may have removed it",
    }
    if verb == "edit-server" and server is not None:
        if {change.field for change in step.changes} <= THRESHOLDS:
            return "a reload doesn't apply thresholds that have changed alone"
        return "keepalived doesn't correct a server that was there before it"
    return reasons.get(verb, "") if known or verb.endswith("service") else ""
