"""Pure: the keys of services and servers, and the settings in which two of them differ."""

from __future__ import annotations

from _socket import AF_INET

from ..model import BACKUP, GRE, GUE, IPIP, PERSISTENT, TUNNEL, Server, Service
from ..record import Record
from ..shapes import UNCOUNTED, row_of, server_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..model import Daemon, Timeouts

    Key = tuple[Any, ...]

BY_ORDER = "sh"  # the scheduler that goes by the order of servers
SCHEDULER = "wlc"  # the default of a service that names none
GROUP, PORT, TTL = bytes((224, 0, 0, 81)), 8848, 1  # the kernel's defaults for a daemon that names none
LONGEST = {4: 65535 - 28, 16: 65535 - 48}  # largest message of a daemon in bytes, by the length of its group's address
SHORTEST_OF_BACKUP = 1024
WHOLE_MASK, WHOLE_PREFIX = 0xFFFFFFFF, 128


class Change(Record):
    """A field of a record, by its name in the model, with its old and its new value."""

    __slots__ = ()
    field: str = ""
    old: Any = None
    new: Any = None


def service_key(service: Service) -> Key:
    """The key by which the kernel identifies a service."""
    return service[:5] if service.fwmark is None else (service.af, None, None, None, service.fwmark)


def server_key(server: Server) -> Key:
    """The key by which the kernel identifies a server in its service."""
    return server[:2]  # address, whose length is its family, and port


def plain_service(service: Service) -> Service:
    """`service` as it is sent: with a scheduler, without counters."""
    af, *where, mark, scheduler, flags, timeout, netmask, engine, _ = service
    if mark is not None:
        where = [None, None, None]
    return Service.make((af, *where, mark, scheduler or SCHEDULER, flags, timeout, netmask, engine or None, None))


def plain_server(server: Server) -> Server:
    """`server` without the kernel's counters."""
    return server if server[9:] == UNCOUNTED else server_of(row_of(server))


def service_changes(old: Service, new: Service) -> tuple[Change, ...]:
    """The changes from `old` to `new` that have an effect."""
    return () if old[:10] == new[:10] else _between(_effective_service(old), _effective_service(new))


def server_changes(old: Server, new: Server) -> tuple[Change, ...]:
    """The changes from `old` to `new` that have an effect."""
    return () if old[:9] == new[:9] else _between(_effective_server(old), _effective_server(new))


def timeouts_changes(old: Timeouts, new: Timeouts) -> tuple[Change, ...]:
    """The changes from `old` to `new`; 0 leaves a timeout unchanged."""
    return tuple(change for change in _between(old, new) if change.new)


def daemon_changes(running: Daemon, wanted: Daemon) -> tuple[Change, ...]:
    """The changes from a running daemon to `wanted`, whose unset fields stand for the kernel's defaults.

    Fields that an older kernel doesn't report can't be compared, nor can a message length that the
    kernel derives from the interface. The kernel raises or lowers a wanted length to its bounds.
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
    """`service` without settings that have no effect: services that behave alike are equal."""
    service = plain_service(service)
    if service.netmask == (WHOLE_MASK if service.af == AF_INET else WHOLE_PREFIX):
        service = service.replace(netmask=None)
    return service if service.flags & PERSISTENT else service.replace(timeout=0)


def _effective_server(server: Server) -> Server:
    """`server` without settings that have no effect: servers that behave alike are equal."""
    server = plain_server(server)
    if server.forwarding != TUNNEL:
        return server.replace(tunnel_type=IPIP, tunnel_port=0, tunnel_flags=0)
    if server.tunnel_type == GUE:
        return server
    return server.replace(tunnel_port=0, tunnel_flags=server.tunnel_flags if server.tunnel_type == GRE else 0)
