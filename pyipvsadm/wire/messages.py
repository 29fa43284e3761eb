"""Command -> request; answer -> model."""

from __future__ import annotations

from _operator import and_, itemgetter
from _socket import AF_INET, AF_INET6, htonl, ntohl, ntohs
from itertools import chain, islice, repeat

from ..model import Command, Daemon, Info, Server, Service, Stats, Timeouts
from . import codec, schema
from .codec import NLA_F_NESTED, attribute, decode, encode, nested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..alike import Alike, Shape
    from .codec import Rows
    from .layout import Reader, Stencil

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


class Encoder:
    """Makes the messages of `family` that carry out commands. Learns how those look that come again."""

    def __init__(self, family: int) -> None:
        self._family = family
        self._stencils: dict[Shape, Stencil] = {}
        self._questions: dict[tuple[object, ...], Stencil] = {}

    def frames(self, first: int, commands: Iterable[Command | Alike]) -> list[bytes]:
        """The requests of `commands`, which are numbered from `first` on."""
        frames = []
        shape_before = virtual_before = None
        for sequence, asked in enumerate(commands, first):
            if isinstance(asked, Command):
                number, attributes = request(asked)
                frames.append(codec.frame(self._family, codec.NLM_F_REQUEST, sequence, number, attributes))
                continue
            shape, virtual, address, port, weight = asked
            if shape is not shape_before or virtual is not virtual_before:
                stencil = self._stencils.get(shape) or self._learn(shape)
                start, frame = stencil.start(virtual), stencil.frame
                shape_before, virtual_before = shape, virtual
            frames.append(frame(sequence, start, address, port, weight))
        return frames

    def _learn(self, shape: Shape) -> Stencil:
        """Learn how the requests of `shape` look."""
        from .layout import Stencil  # which one command has no use for

        model = codec.frame(self._family, codec.NLM_F_REQUEST, 0, *request(shape.command))
        stencil = self._stencils[shape] = Stencil(schema.REQUEST, model)
        return stencil

    def question(self, number: int, flags: int, sequence: int, service: Service) -> bytes:
        """The request `number` about `service`, of which it tells the key alone."""
        if service.address is None:  # marks all differ
            return codec.frame(self._family, codec.NLM_F_REQUEST | flags, sequence, number, service_key(service))
        looks = (number, flags, *service[:2])  # the family and the protocol
        stencil = self._questions.get(looks)
        if stencil is None:
            from .layout import Stencil

            model = codec.frame(self._family, codec.NLM_F_REQUEST | flags, 0, number, service_key(service))
            stencil = self._questions[looks] = Stencil(schema.REQUEST, model)
        return stencil.frame(sequence, stencil.start(service[2:4]), b"", 0, 0)


def request(command: Command) -> Request:
    """The number and the attributes of the request that carries out `command`."""
    verb, service, server = command[:3]
    if service is None:
        attributes = _without_service(command)
    elif verb in FULL_SERVICE:
        rows = (*_key_rows(service), *schema.SETTINGS)
        attributes = attribute(schema.ATTR_SERVICE | NLA_F_NESTED, encode(rows, _with_netmask(service)))
    else:
        attributes = service_key(service)
        if server is not None:
            rows = schema.DEST if verb in FULL_SERVER else schema.DEST_KEY
            attributes += attribute(schema.ATTR_DEST | NLA_F_NESTED, encode(rows, server))
    return REQUESTS[verb], attributes


def service_key(service: Service) -> bytes:
    """The attribute of a service, with its key alone."""
    return attribute(schema.ATTR_SERVICE | NLA_F_NESTED, encode(_key_rows(service), service))


def _key_rows(service: Service) -> Rows:
    """What tells `service` from others: its address, or its mark."""
    return schema.MARK_KEY if service.address is None else schema.ADDRESS_KEY


def _without_service(command: Command) -> bytes:
    """The attributes of a command about a daemon, the timeouts, or everything."""
    if command.daemon:
        return attribute(schema.ATTR_DAEMON | NLA_F_NESTED, encode(_daemon_rows(command.daemon), command.daemon))
    return encode(schema.TIMEOUTS, command.timeouts) if command.timeouts else b""


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
    from .layout import Reader

    return Reader(schema.SERVICE_ANSWER, _SERVICE | _STATS if stats else _SERVICE)


def server_reader(stats: bool = True) -> Reader:
    """What reads the answers about servers for `servers`, with their counters or without."""
    from .layout import Reader

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


def servers_of_each(rows: list[list[tuple[Any, ...]]], family: int) -> Iterator[list[Server]]:
    """The servers that a reader's values say of each of some services, all of `family`."""
    found = iter(servers(list(chain.from_iterable(rows)), family))
    return (list(islice(found, len(some))) for some in rows)


def servers(rows: Iterable[tuple[Any, ...]], family: int = AF_INET) -> list[Server]:
    """The servers that a reader's values say; `family` is that of their services. By columns, which is fastest."""
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
    from .layout import Reader

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
