"""The states of servers that a program adds and removes by its health checks."""

from __future__ import annotations

from ..model import Server, Service, Table
from ..record import Record
from ..table.comparison import server_key, service_key
from ..table.notation import spelled, spelled_server
from .remarks import Expected, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..table.assembly import Place

    ServiceKey = tuple[object, ...]
    ServerKey = tuple[bytes, int]

CHECKED_OUT, CHECKED_IN, INHIBITED = "checked out", "checked in", "inhibited"
SORRY_IN, SORRY_OUT = "sorry server in", "sorry server out"
WEIGHED = "weight by a check"
DETAILS = {
    CHECKED_OUT: "a check has failed",
    CHECKED_IN: "a check has succeeded",
    INHIBITED: "it stays with weight 0 while it is down",
    SORRY_IN: "the quorum is lost",
    SORRY_OUT: "the quorum is reached",
    WEIGHED: "its check sets the weight",
}


class Destination(Record):
    """A server that a program may have in the table, present at the start or not.

    `weight` is its weight while it is up, unless a check sets the weight (`dynamic`). A server that `stays` gets weight
    0 when a check fails.
    """

    __slots__ = ()
    server: Server = Server()
    place: Place = 0
    present: bool = True
    weight: int = 1
    checked: bool = False
    stays: bool = False
    sorry: bool = False
    dynamic: bool = False


class Started:
    """A service, and all destinations given for it, by address and port: the first one counts."""

    def __init__(self, service: Service, place: Place) -> None:
        self.service = service
        self.place = place
        self.destinations: dict[ServerKey, Destination] = {}

    def add(self, one: Destination) -> None:
        """Add a destination as the kernel does: an existing one stays unchanged."""
        before = self.destinations.get(one.server[:2])
        if before is None or (one.present and not before.present):
            self.destinations[one.server[:2]] = one


def expected(now: Table, wanted: Table, started: Mapping[ServiceKey, Started]) -> Expected:
    """The kernel's table, with servers that a check or the quorum changed reset to their start."""
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
    """The servers of a service, those that the program may have changed reset to their start; and their states."""
    known = {server_key(server): server for server in there}
    begun = {server_key(server): server for server in at_start}
    sorry = any(one.sorry and key in known and known[key].weight for key, one in destinations.items())
    kept, states = [], []
    for key, one in destinations.items():
        server, first = known.get(key), begun.get(key)
        word = _word(one, server, first, sorry)
        if word:
            names = spelled(service), spelled_server(one.server)
            states.append(State(word=word, service=names[0], server=names[1], detail=DETAILS[word]))
            if first is not None:
                kept.append(first if server is None else server.replace(weight=first.weight))
        elif server is not None:
            kept.append(server)
    kept += [server for key, server in known.items() if key not in destinations]
    return tuple(kept), states


def _word(one: Destination, server: Server | None, first: Server | None, sorry: bool) -> str:
    """The state of a destination; empty if it is as at the start, or if checks don't explain the difference."""
    weight, begun = (None if some is None else some.weight for some in (server, first))
    if weight == begun:
        return ""
    if one.sorry:
        return SORRY_IN if weight else SORRY_OUT
    if weight is None:
        return SORRY_IN if sorry and not one.stays else CHECKED_OUT if one.checked and not one.stays else ""
    if not weight:
        return INHIBITED if one.stays and (one.checked or sorry) else ""
    if not begun and weight == one.weight:
        return CHECKED_IN
    return WEIGHED if one.dynamic else ""
