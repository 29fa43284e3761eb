"""Checks commands that Python programs make. Raises ValueError, naming the field, if no kernel can carry one out."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6

from ..model import (
    BACKUP,
    DIRECT,
    FLAG_1,
    FLAG_2,
    FLAG_3,
    GRE,
    MASTER,
    ONE_PACKET,
    PERSISTENT,
    PROTOCOLS,
    REMOTE_CHECKSUM,
    TUNNEL,
    Command,
)
from .wire import FULL_SERVER, FULL_SERVICE, REQUESTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..model import Daemon, Server, Service, Timeouts
    from ..record import Record

    Range = tuple[str, int, int]

U16, U31, U32 = 2**16 - 1, 2**31 - 1, 2**32 - 1
LENGTHS = {AF_INET: 4, AF_INET6: 16}  # of addresses, in bytes
FLAGS = PERSISTENT | ONE_PACKET | FLAG_1 | FLAG_2 | FLAG_3
NAMES = {"scheduler": 15, "engine": 16, "interface": 15}  # their maximum lengths in bytes
SERVER: tuple[Range, ...] = (
    ("port", 0, U16),
    ("forwarding", 0, DIRECT),
    ("weight", 0, U31),
    ("upper_threshold", 0, U31),
    ("lower_threshold", 0, U31),
    ("tunnel_type", 0, GRE),
    ("tunnel_port", 0, U16),
    ("tunnel_flags", 0, REMOTE_CHECKSUM),
)
TIMEOUTS: tuple[Range, ...] = (("tcp", 0, U31), ("tcpfin", 0, U31), ("udp", 0, U31))
DAEMON: tuple[Range, ...] = (("state", MASTER, BACKUP), ("syncid", 0, 255))
DAEMON_OPTIONS: tuple[Range, ...] = (("maxlen", 0, U16), ("port", 0, U16), ("ttl", 0, 255))
SETTINGS: tuple[Range, ...] = (("flags", 0, FLAGS), ("timeout", 0, U32))
OF_SERVERS = (*FULL_SERVER, "delete-server")
NEEDS = {  # by verb: the fields that it requires
    **dict.fromkeys((*FULL_SERVICE, "delete-service"), ("service",)),
    **dict.fromkeys(OF_SERVERS, ("service", "server")),
    **dict.fromkeys(("start-daemon", "stop-daemon"), ("daemon",)),
    "set": ("timeouts",),
}


def judge(command: Command) -> None:
    """Raise ValueError if no kernel can carry out `command`."""
    if command.verb not in REQUESTS:
        raise ValueError(f"verb: {command.verb!r} is not a command that changes the kernel's table")
    for field in NEEDS.get(command.verb, ()):
        if getattr(command, field) is None:
            raise ValueError(f"{field}: `{command.verb}` needs one")
    if command.service:
        judge_service(command.service)
        if command.server:
            judge_servers(command.service, (command.server,))
    if command.daemon:
        judge_daemon(command.daemon, command.verb == "start-daemon")
    if command.timeouts:
        judge_timeouts(command.timeouts)


def judge_service(service: Service) -> None:
    """Raise ValueError if no kernel can have `service`."""
    if service.af not in LENGTHS:
        raise ValueError(f"Service.af: {service.af!r} is neither AF_INET nor AF_INET6")
    if service.fwmark is not None:
        _in_range(service, ("fwmark", 1, U32))
        for field in ("protocol", "address", "port"):
            if getattr(service, field):
                raise ValueError(f"Service.{field}: a service of a firewall mark has none")
    else:
        if service.protocol not in PROTOCOLS:
            raise ValueError(f"Service.protocol: {service.protocol!r} is not one of {', '.join(map(str, PROTOCOLS))}")
        _address("Service.address", service.address, (LENGTHS[service.af],))
        _in_range(service, ("port", 0, U16))
    _in_range(service, *SETTINGS)
    if service.flags & ~FLAGS:
        raise ValueError(f"Service.flags: {service.flags & ~FLAGS} is no flag of a service")
    if service.netmask is not None:
        _in_range(service, ("netmask", 0, U32) if service.af == AF_INET else ("netmask", 1, 128))
    _name(service, "scheduler", optional=True)
    _name(service, "engine", optional=True)


def judge_servers(service: Service, servers: Iterable[Server]) -> None:
    """Raise ValueError if `service` can't have one of `servers`."""
    length = LENGTHS[service.af]
    for server in servers:
        address, port, forwarding, weight, upper, lower, type, tunnel_port, flags = server[:9]
        try:  # the fast check: there may be thousands
            well = (
                0 <= port | forwarding | weight | upper | lower | type | tunnel_port | flags <= U31
                and port | tunnel_port <= U16
                and forwarding <= DIRECT
                and type <= GRE
                and flags <= REMOTE_CHECKSUM
                and isinstance(address, bytes)
                and (len(address) == length or (forwarding == TUNNEL and len(address) in LENGTHS.values()))
            )
        except TypeError:
            well = False
        if not well:
            _in_range(server, *SERVER)
            _address("Server.address", address, LENGTHS.values() if forwarding == TUNNEL else (length,))


def judge_daemon(daemon: Daemon, starts: bool = True) -> None:
    """Raise ValueError if no kernel can have `daemon`; unless it `starts`, only its state counts."""
    _in_range(daemon, *DAEMON)
    if not starts:
        return
    _name(daemon, "interface")
    _in_range(daemon, *(row for row in DAEMON_OPTIONS if getattr(daemon, row[0]) is not None))
    if daemon.group is not None:
        _address("Daemon.group", daemon.group, LENGTHS.values())


def judge_timeouts(timeouts: Timeouts) -> None:
    """Raise ValueError if no kernel accepts `timeouts`."""
    _in_range(timeouts, *TIMEOUTS)


def _in_range(record: Record, *rows: Range) -> None:
    for field, low, high in rows:
        value = getattr(record, field)
        if not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{type(record).__name__}.{field}: {value!r} is not a whole number from {low} to {high}")


def _address(field: str, address: Any, lengths: Iterable[int]) -> None:
    if not isinstance(address, bytes) or len(address) not in lengths:
        raise ValueError(f"{field}: {address!r} is not an address of {' or '.join(map(str, lengths))} bytes")


def _name(record: Record, field: str, optional: bool = False) -> None:
    name = getattr(record, field)
    if optional and not name:
        return
    if not isinstance(name, str) or "\0" in name or not 1 <= len(name.encode(errors="replace")) <= NAMES[field]:
        where = f"{type(record).__name__}.{field}"
        raise ValueError(f"{where}: {name!r} is not a name of 1 to {NAMES[field]} bytes")
