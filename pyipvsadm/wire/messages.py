"""Command -> request; answer -> model."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, htonl, ntohl, ntohs

from ..model import Command, Daemon, Info, Server, Service, Stats, Timeouts
from . import schema
from .codec import NLA_F_NESTED, attribute, decode, encode, nested
from .layout import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Request = tuple[int, bytes]

REQUESTS = {  # verb: its command
    "add-service": schema.NEW_SERVICE,
    "edit-service": schema.SET_SERVICE,
    "delete-service": schema.DEL_SERVICE,
    "add-server": schema.NEW_DEST,
    "edit-server": schema.SET_DEST,
    "delete-server": schema.DEL_DEST,
    "start-daemon": schema.NEW_DAEMON,
    "stop-daemon": schema.DEL_DAEMON,
    "set": schema.SET_CONFIG,
    "zero": schema.ZERO,
    "clear": schema.FLUSH,
}
FULL_SERVICE = ("add-service", "edit-service")
FULL_SERVER = ("add-server", "edit-server")
WHOLE = {AF_INET: 0xFFFFFFFF, AF_INET6: 128}  # the netmask that takes in all of an address


def request(command: Command) -> Request:
    """The number and the attributes of the request that carries out `command`."""
    parts = []
    if command.service:
        parts.append(_service(command.service, command.verb in FULL_SERVICE))
    if command.server:
        rows = schema.DEST if command.verb in FULL_SERVER else schema.DEST_KEY
        parts.append(attribute(schema.ATTR_DEST | NLA_F_NESTED, encode(rows, command.server)))
    if command.daemon:
        parts.append(attribute(schema.ATTR_DAEMON | NLA_F_NESTED, encode(_daemon_rows(command.daemon), command.daemon)))
    if command.timeouts:
        parts.append(encode(schema.TIMEOUTS, command.timeouts))
    return REQUESTS[command.verb], b"".join(parts)


def _service(service: Service, full: bool = False) -> bytes:
    """The attribute of a service, with all of its settings or its key alone."""
    if not full:
        return attribute(schema.ATTR_SERVICE | NLA_F_NESTED, encode(schema.KEY, service))
    netmask = WHOLE[service.af] if service.netmask is None else service.netmask
    if service.af == AF_INET:
        netmask = htonl(netmask)
    rows = encode(schema.SERVICE, service.replace(netmask=netmask))
    return attribute(schema.ATTR_SERVICE | NLA_F_NESTED, rows)


def _daemon_rows(daemon: Daemon) -> Any:
    """The rows that fit the family of the daemon's group."""
    other = schema.GROUP6 if len(daemon.group or b"") == 4 else schema.GROUP
    return tuple(row for row in schema.DAEMON if row[0] != other)


def service_request(service: Service) -> Request:
    """What asks for one service."""
    return schema.GET_SERVICE, _service(service)


def servers_request(service: Service) -> Request:
    """What asks, as a dump, for the servers of a service."""
    return schema.GET_DEST, _service(service)


_STATS = tuple(f"stats64.{field}" for field in Stats.FIELDS)
_STATS32 = tuple(f"stats.{field}" for field in Stats.FIELDS)
_SERVICE = ("address", "port", "af", "protocol", "fwmark", "scheduler", "engine", "flags", "timeout", "netmask")
_SERVER = (
    *("address", "port", "forwarding", "weight", "upper_threshold", "lower_threshold"),
    *("tunnel_type", "tunnel_port", "tunnel_flags", "active", "inactive", "persistent", "af"),
)


def service_reader(stats: bool = True) -> Reader:
    """What reads the answers about services for `service`, with their counters or without."""
    return Reader(schema.SERVICE_ANSWER, _SERVICE + _STATS + _STATS32 if stats else _SERVICE)


def server_reader(stats: bool = True) -> Reader:
    """What reads the answers about servers for `server`, with their counters or without."""
    return Reader(schema.DEST_ANSWER, _SERVER + _STATS + _STATS32 if stats else _SERVER)


def service(values: tuple[Any, ...]) -> Service:
    """The service that a reader's `values` say."""
    address, port, af, protocol, fwmark, scheduler, engine, flags, timeout, netmask, *stats = values
    af = af or AF_INET
    if fwmark:
        protocol = address = port = None
    else:
        fwmark = None
        address, port = _cut(address, af), ntohs(port or 0)
    if af == AF_INET:
        netmask = ntohl(netmask or 0)
    return Service.make((
        af, protocol, address, port, fwmark,
        _text(scheduler), schema.FLAGS.back(flags or b"") if schema.FLAGS.back else 0, timeout or 0,
        None if netmask == WHOLE.get(af) else netmask, _text(engine) or None,
        _stats(stats),
    ))  # fmt: skip


def server(values: tuple[Any, ...], af: int = AF_INET) -> Server:
    """The server that a reader's `values` say; `af` is its service's family."""
    (address, port, forwarding, weight, upper, lower, kind, tunnel_port, tunnel_flags,
     active, inactive, persistent, own_af, *stats) = values  # fmt: skip
    return Server.make((
        address[:4] if (own_af or af) == AF_INET else address, ntohs(port), forwarding & 7, weight, upper, lower,
        kind or 0, ntohs(tunnel_port or 0), tunnel_flags or 0, active or 0, inactive or 0, persistent or 0,
        _stats(stats) if stats else None,
    ))  # fmt: skip


def _cut(address: bytes | None, af: int) -> bytes:
    """`address`, which travels as 16 bytes, as long as its family has it."""
    return (address or bytes(16))[: 4 if af == AF_INET else 16]


def _text(raw: bytes | None) -> str:
    return (raw or b"").partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _stats(values: list[Any]) -> Stats | None:
    """Counters of 64 bits, or, from a kernel that hasn't got them, of 32; None where there are none."""
    half = len(values) // 2
    found = values[:half] if values and values[0] is not None else values[half:]
    return Stats.make(value or 0 for value in found) if found else None


def daemon_reader() -> Reader:
    """What reads the answers about daemons for `daemon`."""
    return Reader(((schema.ATTR_DAEMON, nested(*schema.DAEMON), ""),), Daemon.FIELDS)


def daemon(values: tuple[Any, ...]) -> Daemon:
    """The daemon that a reader's `values` say."""
    state, interface, syncid, maxlen, group, port, ttl = values
    return Daemon.make((state or 0, _text(interface), syncid or 0, maxlen, group, port, ttl))


def timeouts(message: bytes) -> Timeouts:
    """The timeouts in the answer of GET_CONFIG."""
    return Timeouts(**decode(schema.TIMEOUTS, message))


def info(message: bytes) -> Info:
    """The version and the size of the table in the answer of GET_INFO."""
    return Info(**decode(schema.INFO, message))
