"""Pure: finds a server's places in a table, its former weights, and the steps that restore them."""

from __future__ import annotations

from _socket import IPPROTO_UDP

from ...model import Server, Service, Table
from ...record import Record
from ...table.comparison import server_key, service_key
from ...table.notation import server_of, service_of, spelled, spelled_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...table.comparison import Key

    Weights = Mapping[Key, int]  # by Place.key

STEPS = 100  # the most steps of a ramp


class Place(Record):
    """A server and its service, as the kernel has them."""

    __slots__ = ()
    service: Service = Service()
    server: Server = Server()

    @property
    def key(self) -> Key:
        """The values that identify it."""
        return service_key(self.service), server_key(self.server)

    @property
    def name(self) -> str:
        """SERVICE SERVER, in the notation of verbs."""
        return f"{spelled(self.service)} {spelled_server(self.server)}"

    def busy(self, everything: bool) -> int:
        """The number of connections to wait for: the active ones, or with `everything`, all.

        For UDP always all, since the kernel never counts UDP connections as active (ip_vs_bind_dest in ip_vs_conn.c).
        """
        server = self.server
        count = server.active
        if everything or self.service.protocol == IPPROTO_UDP:
            count += server.inactive
        return count + server.persistent if everything else count


class Weight(Record):
    """The `weight` of a server before it was drained; `left` is the weight that `drain` gave it."""

    __slots__ = ()
    service: str = ""
    server: str = ""
    weight: int = 0
    left: int = 0

    @property
    def key(self) -> Key:
        """The Place.key of its server. Raises UsageError."""
        return service_key(service_of(self.service)), server_key(server_of(self.server))


def remembered(place: Place, weight: int, left: int = 0) -> Weight:
    """The Weight of `place`, which had `weight` and now has `left`."""
    return Weight(service=spelled(place.service), server=spelled_server(place.server), weight=weight, left=left)


def all_places(table: Table) -> dict[Key, Place]:
    """Every server of every service, by key."""
    found = (Place(service=service, server=server) for service, servers in table.services for server in servers)
    return {place.key: place for place in found}


def places_of(table: Table, address: bytes, port: int | None, only: Iterable[Service]) -> list[Place]:
    """The places of a server in the services `only`, or in all if that is empty, in the order of `table`."""
    keys = {service_key(service) for service in only}
    return [
        Place(service=service, server=server)
        for service, servers in table.services
        if not keys or service_key(service) in keys
        for server in servers
        if server.address == address and port in (None, server.port)
    ]


def left_without(table: Table, places: Sequence[Place]) -> list[Service]:
    """The services in which only the servers in `places` have a weight above 0."""
    gone = {place.key for place in places}
    losing = {place.key[0] for place in places if place.server.weight}
    return [
        service
        for service, servers in table.services
        if service_key(service) in losing
        and not any(server.weight for server in servers if (service_key(service), server_key(server)) not in gone)
    ]


def with_weights(table: Table, weights: Weights) -> Table:
    """`table` with these `weights`, and no other change."""
    touched = {key[0] for key in weights}

    def weighed(service: Service, servers: tuple[Server, ...]) -> tuple[Server, ...]:
        name = service_key(service)
        return tuple(one.replace(weight=weights.get((name, server_key(one)), one.weight)) for one in servers)

    services = (
        (service, weighed(service, servers) if service_key(service) in touched else servers)
        for service, servers in table.services
    )
    return table.replace(services=tuple(services))


def without(table: Table, places: Iterable[Place]) -> Table:
    """`table` without these servers."""
    gone = {place.key for place in places}
    services = (
        (service, tuple(one for one in servers if (service_key(service), server_key(one)) not in gone))
        for service, servers in table.services
    )
    return table.replace(services=tuple(services))


def still_true(weights: Iterable[Weight], table: Table) -> dict[Key, Weight]:
    """The `weights` that are still valid, by key. Raises UsageError.

    A server with a higher weight than it was left with got that from somebody else, so the recorded one is invalid. A
    lower weight comes from a step that was recorded, but not made.
    """
    there = all_places(table)
    found = {one.key: one for one in weights}
    return {key: one for key, one in found.items() if key in there and there[key].server.weight <= one.left}


def ramp(now: Weights, wanted: Weights, seconds: float) -> list[tuple[float, Weights]]:
    """The steps from the weights `now` up to those `wanted`, as (seconds after the first step, weights).

    The last step comes after `seconds`. In each step, all weights are the same share of the wanted ones; a weight that
    is higher already stays until the last step.
    """
    count = min(STEPS, int(seconds), max(wanted.values(), default=0)) if seconds else 1
    if count < 2:
        return [(0.0, wanted)]
    found: list[tuple[float, Weights]] = []
    for number in range(1, count + 1):
        weights = {key: max(now[key], -(-weight * number // count)) for key, weight in wanted.items()}
        weights = weights if number < count else dict(wanted)
        if weights != (found[-1][1] if found else now):
            found.append((seconds * (number - 1) / (count - 1), weights))
    first = found[0][0] if found else 0
    return [(at - first, weights) for at, weights in found]
