"""Writes a table as JSON, as lines of JSON (ndjson), and as YAML."""

from __future__ import annotations

import json
from itertools import starmap

from ..table.notation import parts, spelled, spelled_address
from ..table.settings import COUNTS, connections_of, server_settings, service_settings
from .dialect import json_layout, yaml_layout
from .owners import NOBODY, Owners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Server, Service, Stats, Table
    from ..table.settings import Settings

UNSEEN = frozenset(  # what /proc doesn't show
    (
        "persistence",
        "netmask",
        "engine",
        "one_packet",
        "flags",
        "upper_threshold",
        "lower_threshold",
        "tunnel",
        "persistent",
    )
)


def service_data(service: Service) -> Settings:
    """The name and the settings of a service, without its servers, as in a document."""
    return {"service": spelled(service), **service_settings(service)}


def named_data(service: Service) -> Settings:
    """A service as in JSON, which also has the parts of its name."""
    data = service_data(service)
    return {"service": data.pop("service"), **parts(service), **data}


def server_data(server: Server) -> Settings:
    """The address and the settings of a server, as in a document."""
    return {"address": spelled_address(server.address), "port": server.port, **server_settings(server)}


def counted(stats: Stats | None, connections: Settings) -> Settings:
    """The connections of a service or a server, and its counters if they were read."""
    if stats is None:
        return {"connections": connections}
    return {
        "connections": connections,
        "counters": dict(zip(COUNTS, stats[:5], strict=True)),
        "rates": dict(zip(COUNTS, stats[5:], strict=True)),
    }


def told(data: Settings, source: str = "") -> Settings:
    """`data` without what a `source` that isn't whole doesn't show."""
    if not source:
        return data
    rest = {key: value for key, value in data.items() if key not in UNSEEN}
    return {**rest, "connections": told(rest["connections"], source)} if "connections" in rest else rest


def ndjson_pieces(table: Table, owners: Owners = NOBODY, live: Settings | None = None) -> Iterator[str]:
    """A line of JSON for each service."""
    found = starmap(json_layout.line, _texts(table, owners, live is not None))
    return json_layout.lines(json_layout.head(table.source, live), found, table)


def json_pieces(table: Table, owners: Owners = NOBODY, live: Settings | None = None) -> Iterator[str]:
    """One JSON document with a line for each service and each server."""
    items = starmap(json_layout.item, _texts(table, owners, live is not None))
    return json_layout.document(json_layout.head(table.source, live), items, table)


def _texts(table: Table, owners: Owners, live: bool) -> Iterator[tuple[str, list[str]]]:
    """Each service as JSON, without its last brace, and its servers."""
    for service, servers in table.services:
        own, rest = _group(table, service, servers, owners, live)
        yield json.dumps(own)[:-1], list(map(json.dumps, rest))


def _group(
    table: Table, service: Service, servers: Iterable[Server], owners: Owners, live: bool
) -> tuple[Settings, Iterator[Settings]]:
    """A service, with its connections and counters if they are `live`; and its servers likewise."""

    def data(settings: Settings, owner: Settings, stats: Stats | None, its: Iterable[Server]) -> Settings:
        return told(
            {**settings, **owner, **(counted(stats, connections_of(its)) if live or stats else {})}, table.source
        )

    return data(named_data(service), owners.data(service), service.stats, servers), (
        data(server_data(server), owners.data(service, server), server.stats, (server,)) for server in servers
    )


def yaml_pieces(table: Table) -> Iterator[str]:
    """One YAML document without counters and most defaults, with a line for each server."""
    groups = (
        (
            yaml_layout.lines(service_data(service)),
            [yaml_layout.flow(yaml_layout.plain(server_data(server))) for server in servers],
        )
        for service, servers in table.services
    )
    return yaml_layout.document(starmap(yaml_layout.item, groups), table)
