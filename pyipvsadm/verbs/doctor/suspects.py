"""Pure: finds the servers that seem not to answer. Doctor tries to connect to them, and checks name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...frozen import frozen
from .snapshot_values import Counters, Server, Service

NAT = "masquerade"
ENOUGH = 3  # packets or connections; fewer don't allow a judgement
UDP = 17
OPEN, REFUSED, SILENT = "open", "refused", "silent"  # the results of a test connection
ALIVE = ("ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "TIME_WAIT", "LAST_ACK")  # states after an answer
OPENING = ("SYN_RECV", "SYN_SENT")  # states before one
COUNTS = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")


@frozen
class Entries:
    """The connections of servers, by "PROTOCOL SERVER": how many are in which state, and how many are stuck."""

    states: Mapping[str, Mapping[str, int]]
    stuck: Mapping[str, int]


def recent(server: Server) -> Counters:
    """What a server received and sent: while watching, if that was enough, or else in total."""
    now, before = server.counters, server.earlier
    if before is None or now.packets_in - before.packets_in < ENOUGH:
        return now
    return Counters(**{name: getattr(now, name) - getattr(before, name) for name in COUNTS})


def is_suspect(service: Service, server: Server, entries: Entries) -> bool:
    """Whether clients seem to get no answer from a masqueraded TCP server, by its counters or its entries."""
    if server.forwarding != NAT or service.protocol == UDP:
        return False
    counts = recent(server)
    if counts.packets_in >= ENOUGH and not counts.packets_out:
        return True
    if not entries.stuck and not entries.states:
        return False
    name = f"tcp {server.name}"
    return entries.stuck.get(name, 0) >= ENOUGH or entries.states.get(name, {}).get("CLOSE", 0) >= ENOUGH


def suspects(services: tuple[Service, ...], entries: Entries) -> Iterator[Server]:
    """The servers that are worth a test connection."""
    seen = set()
    for service in services:
        for server in service.servers:
            if server.port and is_suspect(service, server, entries) and server.name not in seen:
                seen.add(server.name)
                yield server
