"""Writes a table as JSON, as lines of JSON (ndjson), and as YAML."""

from __future__ import annotations

import json
import re

from ..table.notation import parts, spelled, spelled_address
from ..table.settings import COUNTS, connections_of, daemon_data, server_settings, service_settings
from .dialect import json_layout
from .owners import NOBODY, Owners
from .schema_reader import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

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
DEFAULTS: Settings = {  # YAML leaves these out
    **dict.fromkeys(("persistence", "netmask", "engine", "tunnel", "maxlen", "group", "port", "ttl")),
    **dict.fromkeys(("upper_threshold", "lower_threshold"), 0),
    "one_packet": False,
    "flags": [],
}
BARE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|fwmark:[0-9]+(/ipv6)?|[0-9]+(\.[0-9]+){3}(:[0-9]+/[a-z0-9]+)?")
NOT_BARE = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))  # YAML's reserved words


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
    return json_layout.lines(json_layout.head(table.source, live), _texts(table, owners, live is not None), table)


def json_pieces(table: Table, owners: Owners = NOBODY, live: Settings | None = None) -> Iterator[str]:
    """One JSON document with a line for each service and each server."""
    return json_layout.document(json_layout.head(table.source, live), _texts(table, owners, live is not None), table)


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
    yield f"version: {VERSION}\nservices:{'' if table.services else ' []'}\n"
    for service, servers in table.services:
        settings = [f"{key}: {_scalar(value)}" for key, value in _plain(service_data(service)).items()]
        lines = [f"      - {_flow(_plain(server_data(server)))}\n" for server in servers]
        yield "  - " + "\n    ".join(settings) + "\n" + ("    servers:\n" if lines else "") + "".join(lines)
    if table.timeouts is not None:
        yield f"timeouts: {_flow(table.timeouts.asdict())}\n"
    if table.daemons is not None:
        lines = [f"  - {_flow(_plain(daemon_data(daemon)))}\n" for daemon in table.daemons]
        yield "daemons:\n" + "".join(lines) if lines else "daemons: []\n"
    if table.addresses is not None:
        yield f"addresses: {_scalar(list(map(spelled_address, table.addresses)))}\n"


def _plain(data: Settings) -> Settings:
    """`data` without most defaults."""
    return {key: value for key, value in data.items() if key not in DEFAULTS or value != DEFAULTS[key]}


def _flow(data: Settings) -> str:
    return "{" + ", ".join([f"{key}: {_scalar(value)}" for key, value in data.items()]) + "}"


def _scalar(value: Any) -> str:
    """A value in YAML, on one line."""
    if isinstance(value, dict):
        return _flow(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if isinstance(value, str) and BARE.fullmatch(value) and value.lower() not in NOT_BARE:
        return value
    return json.dumps(value, ensure_ascii=False)  # JSON is valid YAML, too
