"""Pure: what tells services, and servers, from one another, and in which settings two of them differ."""

from __future__ import annotations

from _socket import AF_INET

from ..model import BACKUP, GRE, GUE, IPIP, PERSISTENT, TUNNEL, Server, Service
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..model import Daemon, Timeouts

    Key = tuple[Any, ...]

SCHEDULER = "wlc"  # of a service that names none
GROUP, PORT, TTL = bytes((224, 0, 0, 81)), 8848, 1  # of a daemon that names none: the kernel's choice
LONGEST = {4: 65535 - 28, 16: 65535 - 48}  # bytes of a daemon's message, by the length of its group's address
SHORTEST_OF_BACKUP = 1024
WHOLE_MASK, WHOLE_PREFIX = 0xFFFFFFFF, 128


class Change(Record):
    """A field of a record, by its name in the model, with its old and its new value."""

    __slots__ = ()
    field: str = ""
    old: Any = None
    new: Any = None


def service_key(service: Service) -> Key:
    """What tells a service from others, as the kernel sees it."""
    return service[:5] if service.fwmark is None else (service.af, None, None, None, service.fwmark)


def server_key(server: Server) -> Key:
    """What tells a server from the others of its service, as the kernel sees it."""
    return server[:2]  # address, whose length is its family, and port


def plain_service(service: Service) -> Service:
    """`service` as it is sent: with a scheduler, without counters."""
    settled = {"scheduler": service.scheduler or SCHEDULER, "engine": service.engine or None, "stats": None}
    if service.fwmark is not None:
        settled.update(protocol=None, address=None, port=None)
    return service.replace(**settled)


def plain_server(server: Server) -> Server:
    """`server` without what the kernel counts."""
    return Server.make((*server[:9], 0, 0, 0, None))


def service_changes(old: Service, new: Service) -> tuple[Change, ...]:
    """What `new` has otherwise than `old`, of what has an effect."""
    return () if old[:10] == new[:10] else _between(_effective_service(old), _effective_service(new))


def server_changes(old: Server, new: Server) -> tuple[Change, ...]:
    """What `new` has otherwise than `old`, of what has an effect."""
    return () if old[:9] == new[:9] else _between(_effective_server(old), _effective_server(new))


def timeouts_changes(old: Timeouts, new: Timeouts) -> tuple[Change, ...]:
    """What `new` has otherwise than `old`; 0 leaves one as it is."""
    return tuple(change for change in _between(old, new) if change.new)


def daemon_changes(running: Daemon, wanted: Daemon) -> tuple[Change, ...]:
    """What `wanted` has otherwise than a daemon that runs; what isn't wanted of it has the kernel's default.

    What an older kernel doesn't tell can't be compared, nor the length of messages where it is the
    kernel's choice, which goes by the interface. The kernel shortens and lengthens what is wanted.
    """
    group = wanted.group or GROUP
    maxlen = wanted.maxlen and min(wanted.maxlen, LONGEST[len(group)])
    if maxlen and wanted.state == BACKUP:
        maxlen = max(maxlen, SHORTEST_OF_BACKUP)
    settled = wanted.replace(group=group, port=wanted.port or PORT, ttl=wanted.ttl or TTL, maxlen=maxlen or None)
    return tuple(change for change in _between(running, settled) if None not in (change.old, change.new))


def _between(old: Record, new: Record) -> tuple[Change, ...]:
    """The fields in which two records of one kind differ."""
    pairs = zip(old.FIELDS, old, new, strict=True)
    return tuple(Change(field=field, old=before, new=after) for field, before, after in pairs if before != after)


def _effective_service(service: Service) -> Service:
    """`service` without settings that have no effect: two that work alike are equal."""
    service = plain_service(service)
    if service.netmask == (WHOLE_MASK if service.af == AF_INET else WHOLE_PREFIX):
        service = service.replace(netmask=None)
    return service if service.flags & PERSISTENT else service.replace(timeout=0)


def _effective_server(server: Server) -> Server:
    """`server` without settings that have no effect: two that work alike are equal."""
    server = plain_server(server)
    if server.forwarding != TUNNEL:
        return server.replace(tunnel_type=IPIP, tunnel_port=0, tunnel_flags=0)
    if server.tunnel_type == GUE:
        return server
    return server.replace(tunnel_port=0, tunnel_flags=server.tunnel_flags if server.tunnel_type == GRE else 0)
