"""Writes a table as JSON, as lines of JSON (ndjson), and as YAML."""

from __future__ import annotations

import json
import re

from ..listing.rules import daemon_state
from ..table.notation import parts, spelled, spelled_address
from ..table.settings import daemon_settings, server_settings, service_settings
from .owners import NOBODY, Owners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..model import Daemon, Server, Service, Stats, Table
    from ..table.settings import Settings

VERSION = 1
COUNTS = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")
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
    """What JSON says of a service: the parts of its name beside that."""
    data = service_data(service)
    return {"service": data.pop("service"), **parts(service), **data}


def server_data(server: Server) -> Settings:
    """The address and the settings of a server, as in a document."""
    return {"address": spelled_address(server.address), "port": server.port, **server_settings(server)}


def daemon_data(daemon: Daemon) -> Settings:
    """The state and the settings of a daemon, as in a document."""
    return {"state": daemon_state(daemon), **daemon_settings(daemon)}


def counted(stats: Stats | None, connections: Settings | None = None) -> Settings:
    """The counters of a service, or of a server with its connections; empty if they weren't read."""
    if stats is None:
        return {}
    return {
        **({"connections": connections} if connections else {}),
        "counters": dict(zip(COUNTS, stats[:5], strict=True)),
        "rates": dict(zip(COUNTS, stats[5:], strict=True)),
    }


def server_with_counts(server: Server) -> Settings:
    """A server as in a document, with the kernel's counters."""
    connections = {"active": server.active, "inactive": server.inactive, "persistent": server.persistent}
    return {**server_data(server), **counted(server.stats, connections)}


def ndjson_pieces(table: Table, owners: Owners = NOBODY) -> Iterator[str]:
    """A line of JSON for each service."""
    for service, servers in table.services:
        told = [{**server_with_counts(server), **owners.data(service, server)} for server in servers]
        whole = {**named_data(service), **owners.data(service), **counted(service.stats), "servers": told}
        yield json.dumps(whole) + "\n"


def json_pieces(table: Table, owners: Owners = NOBODY) -> Iterator[str]:
    """One JSON document with a line for each service and each server."""
    yield f'{{\n  "version": {VERSION},\n  "services": ['
    end = "\n"
    for service, servers in table.services:
        own = json.dumps({**named_data(service), **owners.data(service), **counted(service.stats)})
        told = ({**server_with_counts(server), **owners.data(service, server)} for server in servers)
        lines = ",\n".join([f"      {json.dumps(one)}" for one in told])
        yield f'{end}    {own[:-1]}, "servers": [' + (f"\n{lines}\n    ]}}" if lines else "]}")
        end = ",\n"
    yield "\n  ]" if table.services else "]"
    if table.timeouts is not None:
        yield f',\n  "timeouts": {json.dumps(table.timeouts.asdict())}'
    if table.daemons is not None:
        yield f',\n  "daemons": {json.dumps([daemon_data(daemon) for daemon in table.daemons])}'
    if table.addresses is not None:
        yield f',\n  "addresses": {json.dumps(list(map(spelled_address, table.addresses)))}'
    yield "\n}\n"


def yaml_pieces(table: Table) -> Iterator[str]:
    """One YAML document without counters and most defaults, with a line for each server."""
    yield f"version: {VERSION}\nservices:{'' if table.services else ' []'}\n"
    for service, servers in table.services:
        settings = [f"{key}: {_scalar(value)}" for key, value in _told(service_data(service)).items()]
        lines = [f"      - {_flow(_told(server_data(server)))}\n" for server in servers]
        yield "  - " + "\n    ".join(settings) + "\n" + ("    servers:\n" if lines else "") + "".join(lines)
    if table.timeouts is not None:
        yield f"timeouts: {_flow(table.timeouts.asdict())}\n"
    if table.daemons is not None:
        lines = [f"  - {_flow(_told(daemon_data(daemon)))}\n" for daemon in table.daemons]
        yield "daemons:\n" + "".join(lines) if lines else "daemons: []\n"
    if table.addresses is not None:
        yield f"addresses: {_scalar(list(map(spelled_address, table.addresses)))}\n"


def _told(data: Settings) -> Settings:
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
