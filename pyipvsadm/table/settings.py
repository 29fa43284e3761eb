"""The settings of services, servers, timeouts and daemons, by their names in documents."""

from __future__ import annotations

from ..listing.rules import daemon_state
from ..listing.service_lines import netmask, scheduler_flags
from ..model import GRE, GUE, IPIP, ONE_PACKET, PERSISTENT, TUNNEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..model import Daemon, Server, Service

    Settings = dict[str, Any]

FORWARDING = ("masquerade", "local", "tunnel", "direct")  # by Server.forwarding
TUNNELS = {IPIP: "ipip", GUE: "gue", GRE: "gre"}
CHECKSUMS = ("none", "csum", "remcsum")  # by Server.tunnel_flags
CONNECTIONS = ("active", "inactive", "persistent")
COUNTS = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")  # and the rates of these
OFF: tuple[Any, ...] = (None, False, 0, [])  # values that are left out, except for a weight of 0


def service_settings(service: Service) -> Settings:
    """The settings of `service`, as JSON data."""
    mask, flags = None if service.netmask is None else netmask(service), scheduler_flags(service)
    return {
        "scheduler": service.scheduler,
        "persistence": service.timeout if service.flags & PERSISTENT else None,
        "netmask": int(mask) if mask and mask.isdigit() else mask,
        "engine": service.engine or None,
        "one_packet": bool(service.flags & ONE_PACKET),
        "flags": flags.split(",") if flags else [],
    }


def server_settings(server: Server) -> Settings:
    """The settings of `server`, as JSON data."""
    return {
        "forwarding": _name(FORWARDING, server.forwarding),
        "weight": server.weight,
        "upper_threshold": server.upper_threshold,
        "lower_threshold": server.lower_threshold,
        "tunnel": _tunnel(server) if server.forwarding == TUNNEL else None,
    }


def _tunnel(server: Server) -> Settings:
    """How a tunnel encapsulates its packets; an ipip tunnel has no more settings."""
    kind = {"type": TUNNELS.get(server.tunnel_type, server.tunnel_type)}
    if server.tunnel_type == GUE:
        kind["port"] = server.tunnel_port
    if server.tunnel_type != IPIP:
        kind["checksum"] = _name(CHECKSUMS, server.tunnel_flags)
    return kind


def connections_of(servers: Iterable[Server]) -> Settings:
    """The connections of `servers` together."""
    counts = dict.fromkeys(CONNECTIONS, 0)
    for server in servers:
        for kind in CONNECTIONS:
            counts[kind] += getattr(server, kind)
    return counts


def daemon_settings(daemon: Daemon) -> Settings:
    """The settings of `daemon` except its state, as JSON data; None leaves the choice to the kernel."""
    from .notation import spelled_address  # which services have no use for

    settings = {**daemon.asdict(), "group": daemon.group and spelled_address(daemon.group)}
    del settings["state"]
    return settings


def daemon_data(daemon: Daemon) -> Settings:
    """The state and the settings of a daemon, as in a document."""
    return {"state": daemon_state(daemon), **daemon_settings(daemon)}


def changed(old: Settings, new: Settings) -> dict[str, tuple[Any, Any]]:
    """The settings that differ, each with its old and new value."""
    return {name: (old[name], value) for name, value in new.items() if old[name] != value}


def told(settings: Settings) -> str:
    """`settings` in one line, without those that are off; the first is shown by its value only."""
    first, *rest = settings.items()
    return ", ".join(
        [word(first[1]), *(f"{name} {word(value)}" for name, value in rest if value not in OFF or name == "weight")]
    )


def told_changes(changes: dict[str, tuple[Any, Any]]) -> str:
    """`changes` in one line."""
    return ", ".join(f"{name} {word(old)} -> {word(new)}" for name, (old, new) in changes.items())


def word(value: Any) -> str:
    """A value as text for people."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "+".join(map(word, value))
    if isinstance(value, dict):
        return ":".join(map(word, value.values()))
    return str(value)


def _name(names: tuple[str, ...], number: int) -> str | int:
    return names[number] if number < len(names) else number
