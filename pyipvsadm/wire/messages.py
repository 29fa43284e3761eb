"""Command -> request; answer -> model."""

from __future__ import annotations

from _operator import and_, itemgetter
from _socket import AF_INET, AF_INET6, htonl, ntohl, ntohs
from itertools import repeat

from ..model import Command, Daemon, Info, Server, Service, Stats, Timeouts
from . import schema
from .codec import ATTRIBUTE, NLA_F_NESTED, attribute, decode, encode, nested
from .layout import Packer, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
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


_new = tuple.__new__  # a record of this class, of these values

_FOUR = itemgetter(slice(4))  # the first four bytes
METHOD = 7  # the bits of forwarding that say how; others are flags of connections

CACHED = 4096  # how many settings are kept


class Encoder:
    """Makes requests of commands. Keeps what comes again: settings, and a service's key, named by all its servers."""

    def __init__(self) -> None:
        self._last: Service | None = None
        self._last_key = b""
        self._service_keys: dict[tuple[object, ...], Packer] = {}  # by family and protocol
        self._starts: dict[int, Packer] = {}  # of servers, by the length of their addresses
        self._settings: dict[tuple[Any, ...], bytes] = {}

    def request(self, command: Command) -> Request:
        """The number and the attributes of the request that carries out `command`."""
        verb, service, server = command[:3]
        if service is None:
            attributes = _without_service(command)
        elif verb in FULL_SERVICE:
            attributes = self._service(service)
        else:
            if service is not self._last:
                self._last, self._last_key = service, self.service_key(service)
            attributes = self._last_key
            if server is not None:
                attributes += self._server(server) if verb in FULL_SERVER else _server_key(server)
        return REQUESTS[verb], attributes

    def service_key(self, service: Service) -> bytes:
        """The attribute of a service, with its key alone."""
        if service.address is None:
            return attribute(schema.ATTR_SERVICE | NLA_F_NESTED, encode(schema.MARK_KEY, service))
        packer = self._service_keys.get(service[:2])
        if packer is None:
            packer = self._service_keys[service[:2]] = Packer(schema.ATTR_SERVICE, schema.ADDRESS_KEY, service)
        return packer.pack(service.address, service.port or 0)

    def _service(self, service: Service) -> bytes:
        """The attribute of a service, with its settings."""
        what = (service.af, *service[5:])
        settings = self._settings.get(what) or self._keep(what, encode(schema.SETTINGS, _with_netmask(service)))
        body = self.service_key(service)[4:] + settings
        return ATTRIBUTE.pack(4 + len(body), schema.ATTR_SERVICE | NLA_F_NESTED) + body

    def _server(self, server: Server) -> bytes:
        """The attribute of a server, with its settings."""
        what = server[2:]
        settings = self._settings.get(what) or self._keep(what, encode(schema.DEST_SETTINGS, server))
        address = server.address
        start = self._starts.get(len(address))
        if start is None:
            start = self._starts[len(address)] = Packer(schema.ATTR_DEST, schema.DEST_KEY, server, schema.DEST_SETTINGS)
        return start.pack(address, server.port) + settings

    def _keep(self, what: tuple[object, ...], encoded: bytes) -> bytes:
        """Keep how the settings `what` are encoded."""
        if len(self._settings) >= CACHED:
            self._settings.clear()
        self._settings[what] = encoded
        return encoded


def request(command: Command) -> Request:
    """The number and the attributes of the request that carries out `command`."""
    return Encoder().request(command)


def _without_service(command: Command) -> bytes:
    """The attributes of a command about a daemon, the timeouts, or everything."""
    if command.daemon:
        return attribute(schema.ATTR_DAEMON | NLA_F_NESTED, encode(_daemon_rows(command.daemon), command.daemon))
    return encode(schema.TIMEOUTS, command.timeouts) if command.timeouts else b""


def _server_key(server: Server) -> bytes:
    """The attribute of a server, with its key alone."""
    return attribute(schema.ATTR_DEST | NLA_F_NESTED, encode(schema.DEST_KEY, server))


def _with_netmask(service: Service) -> Service:
    """`service` with its netmask as it travels: in network order for IPv4, and always there."""
    netmask = WHOLE[service.af] if service.netmask is None else service.netmask
    return service.replace(netmask=htonl(netmask) if service.af == AF_INET else netmask)


def _daemon_rows(daemon: Daemon) -> Any:
    """The rows that fit the family of the daemon's group."""
    other = schema.GROUP6 if len(daemon.group or b"") == 4 else schema.GROUP
    return tuple(row for row in schema.DAEMON if row[0] != other)


# What is read of an answer, in the order in which the kernel sends it, which is the fastest, and what
# stands for it where an answer lacks it.
_STATS = dict.fromkeys((f"stats.{field}" for field in Stats.FIELDS), 0)
_SERVICE = dict.fromkeys(
    ("protocol", "address", "port", "fwmark", "af", "scheduler", "engine", "flags", "timeout", "netmask")
)
_SERVER = {
    "address": bytes(16),
    **dict.fromkeys(("port", "forwarding", "weight", "upper_threshold", "lower_threshold"), 0),
    **dict.fromkeys(("tunnel_type", "tunnel_port", "tunnel_flags", "active", "inactive", "persistent", "af"), 0),
}


def service_reader(stats: bool = True) -> Reader:
    """What reads the answers about services for `service`, with their counters or without."""
    return Reader(schema.SERVICE_ANSWER, _SERVICE | _STATS if stats else _SERVICE)


def server_reader(stats: bool = True) -> Reader:
    """What reads the answers about servers for `servers`, with their counters or without."""
    return Reader(schema.DEST_ANSWER, _SERVER | _STATS if stats else _SERVER)


def services(rows: Iterable[tuple[Any, ...]]) -> list[Service]:
    """The services that a reader's values say."""
    known: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # settings, which many services share
    found = []
    for row in rows:
        protocol, address, port, fwmark, af = row[:5]
        settings = known.get(row[4:10])
        if settings is None:
            settings = known[row[4:10]] = _settings(*row[4:10])
        if fwmark:
            protocol = address = port = None
        else:
            address, port, fwmark = (address or bytes(16))[: 4 if af == AF_INET else 16], ntohs(port or 0), None
        stats = _new(Stats, row[10:]) if row[10:] else None
        found.append(_new(Service, (af, protocol, address, port, fwmark, *settings, stats)))
    return found


def _settings(af: int, scheduler: bytes, engine: bytes, flags: bytes, timeout: int, netmask: int) -> tuple[Any, ...]:
    """A service's fields from the scheduler to the engine, of which the kernel says so much."""
    if af == AF_INET and netmask is not None:
        netmask = ntohl(netmask)
    mask = None if netmask == WHOLE.get(af) else netmask
    return _text(scheduler), schema.flags_in(flags or b""), timeout or 0, mask, _text(engine) or None


def servers(rows: Iterable[tuple[Any, ...]], family: int = AF_INET) -> list[Server]:
    """The servers that a reader's values say; `family` is that of their service. By columns, which is fastest."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return []
    addresses, ports, forwardings, weights, uppers, lowers, kinds, tunnel_ports, *rest = columns[:12]
    return list(map(_new, repeat(Server), zip(
        _addresses(addresses, columns[12], family), map(ntohs, ports), map(and_, forwardings, repeat(METHOD)),
        weights, uppers, lowers, kinds, map(ntohs, tunnel_ports), *rest,
        map(_new, repeat(Stats), zip(*columns[13:], strict=True)) if columns[13:] else repeat(None, len(ports)),
        strict=True,
    )))  # fmt: skip


def _addresses(addresses: tuple[bytes, ...], families: tuple[int, ...], family: int) -> Iterable[bytes]:
    """Addresses, which come in 16 bytes, as long as they are; old kernels say no family but the service's."""
    if families.count(AF_INET) == len(families):
        return map(_FOUR, addresses)
    return [
        address[:4] if (af or family) == AF_INET else address for address, af in zip(addresses, families, strict=True)
    ]


def _text(raw: bytes | None) -> str:
    return (raw or b"").partition(b"\0")[0].decode("utf-8", "surrogateescape")


def daemon_reader() -> Reader:
    """What reads the answers about daemons for `daemon`."""
    return Reader(((schema.ATTR_DAEMON, nested(*schema.DAEMON), ""),), dict.fromkeys(Daemon.FIELDS))


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
