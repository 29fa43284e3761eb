"""The services of a Snapshot, read from the kernel without a record for each server: thousands differ in their address.

A server is read as its address, its port and the rest, which those that are alike share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ....frozen import replaced
from ....model import Server as Own
from ....model import Service as Key
from ....model import Stats
from ....record import keep
from ....table.notation import spelled, spelled_address
from ....table.settings import server_settings, service_settings
from ..snapshot_values import Connections, Counters, Server, Service, Tunnel, made

if TYPE_CHECKING:
    from ....kernel import Kernel

    Values = tuple[Any, ...]
    Rest = tuple[Values, Values | None]  # of a server: its settings and connections; its counters
    Row = tuple[bytes, int, Rest]
    Rows = Sequence[tuple[Key, Sequence[Row]]]
    Known = dict[Values, dict[str, Any]]

TUNNEL = ("type", "port", "checksum")
REST, CONNECTIONS = slice(2, 12), slice(7, 10)  # of a server: all between its port and its counters; of these
SCHEDULING = slice(5, 10)  # fields of a Service: its settings, the netmask of which depends on the family
COUNTERS = slice(5)  # the first fields of Stats
NO_COUNTERS = Counters()  # shared by those without any
FIELDS = (*Own.FIELDS[REST], *(f"stats.{field}" for field in Stats.FIELDS[COUNTERS]))


def read(kernel: Kernel) -> Rows:
    """The services of the kernel and their servers, as they were at one moment. Raises OSError."""

    def make(services: list[Key], kernel: Kernel) -> Iterator[Sequence[Row]]:
        for _, its in kernel.with_told_servers(services, FIELDS, _rest, steady=True):
            yield list(map(row, its)) if type(its) is list else its

    return kernel.at_one_moment(lambda found: list(zip(found, kernel.shared(found, make), strict=True)), stats=True)


def row(server: Own) -> Row:
    """A server with its counters as a row."""
    return server.address, server.port, _rest(server)


def _rest(server: Own) -> Rest:
    return server[REST], server.stats and server.stats[COUNTERS]


def records(rows: Iterable[Row]) -> tuple[Own, ...]:
    """The servers in `rows` without their counters."""
    return tuple(Own.make((address, port, *rest, None)) for address, port, (rest, _) in rows)


def services_of(rows: Rows) -> tuple[Service, ...]:
    """The services in `rows`."""
    known: Known = {}
    return tuple([_service(service, servers, known) for service, servers in rows])


def _service(service: Key, servers: Iterable[Row], known: Known) -> Service:
    """A service; `known` keeps what services share, and what servers share, since thousands do."""
    wanted = service.af, *service[SCHEDULING]
    settings = known.get(wanted)
    if settings is None:
        data = service_settings(service)
        settings = keep(known, wanted, {**data, "flags": tuple(data["flags"]), "earlier": None})
    return made(
        Service,
        {
            **settings,
            "service": spelled(service),
            "counters": _counters(service.stats and service.stats[COUNTERS]),
            "servers": tuple(_servers(servers, known)),
            "key": service,
            "address": spelled_address(service.address) if service.address else "",
            "port": service.port or 0,
            "protocol": service.protocol or 0,
            "mark": service.fwmark or 0,
        },
    )


def _servers(rows: Iterable[Row], known: Known) -> Iterator[Server]:
    for address, port, rest in rows:
        shared = known.get(rest)
        if shared is None:
            shared = keep(known, rest, _shared(*rest))
        fields = shared.copy()
        fields["address"], fields["port"] = spelled_address(address), port
        yield made(Server, fields)


def _shared(rest: Values, counters: Values | None) -> dict[str, Any]:
    """The fields of a server, of which the address and the port are to be replaced."""
    server = Own.make((b"", 0, *rest, None))
    data = server_settings(server)
    if tunnel := data["tunnel"]:
        data["tunnel"] = Tunnel(**{field: tunnel[field] for field in TUNNEL if field in tunnel})
    connections = Connections(*rest[CONNECTIONS])
    return vars(Server("", 0, **data, connections=connections, counters=_counters(counters)))


def _counters(values: Values | None) -> Counters:
    return Counters(*values) if values and any(values) else NO_COUNTERS


def with_earlier(services: Iterable[Service], before: Iterable[Service]) -> tuple[Service, ...]:
    """`services` with the counters that each, and each of its servers, had `before`."""
    old = {service.service: service for service in before}
    found = []
    for service in services:
        was = old.get(service.service)
        if was:
            counters = {server.name: server.counters for server in was.servers}
            servers = tuple(replaced(one, earlier=counters.get(one.name)) for one in service.servers)
            service = replaced(service, earlier=was.counters, servers=servers)
        found.append(service)
    return tuple(found)
