"""Answers about services, servers and daemons -> model, built for thousands of similar answers."""

from __future__ import annotations

from _operator import and_, concat, itemgetter
from _socket import AF_INET, ntohl, ntohs
from _struct import Struct, calcsize
from itertools import chain, count, islice, repeat

from ...model import Daemon, Server, Service, Stats
from . import WHOLE, schema
from .codec import HEADER, PAYLOAD, nested, walk
from .templates import Layout, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

METHOD = 7  # the bits of the forwarding method; the others are flags of connections
_SETTINGS = slice(5, 10)  # the place of the settings in a Service
_new = tuple.__new__  # makes a record from a class and values
_FOUR = itemgetter(slice(4))  # the first four bytes

# The fields that are read from an answer, each with its default if an answer lacks it. They are in the
# order in which the kernel sends them, as that is the fastest to read.
_SERVICE_KEY = {"protocol": 0, "address": b"", "port": 0, "fwmark": 0, "af": 0}
_SERVER_KEY = {"address": b"", "port": 0, "af": 0}
_STATS = dict.fromkeys((f"stats.{field}" for field in Stats.FIELDS), 0)
_SERVICE = dict.fromkeys(
    ("protocol", "address", "port", "fwmark", "af", "scheduler", "engine", "flags", "timeout", "netmask")
)
_NAMED_BY = ("af", "protocol", "address", "port")
_SET = [field for field in _SERVICE if field not in (*_NAMED_BY, "fwmark")]
_SERVER = {
    "address": bytes(16),
    **dict.fromkeys(("port", "forwarding", "weight", "upper_threshold", "lower_threshold"), 0),
    **dict.fromkeys(("tunnel_type", "tunnel_port", "tunnel_flags", "active", "inactive", "persistent", "af"), 0),
}


def service_reader(stats: bool = True) -> Reader:
    """A reader of the answers about services, for `services`; `stats` adds their counters."""
    return Reader(schema.SERVICE_ANSWER, _SERVICE | _STATS if stats else _SERVICE)


def server_reader(stats: bool = True) -> Reader:
    """A reader of the answers about servers, for `servers`; `stats` adds their counters."""
    return Reader(schema.DEST_ANSWER, _SERVER | _STATS if stats else _SERVER)


def services_in(pieces: list[bytes], stats: bool = False) -> list[Service]:
    """The services in `pieces` of a dump; `stats` adds their counters."""
    if len(pieces) > 1:
        found = _alike(b"".join(pieces), stats)
        if found is not None:
            return found
    return services(service_reader(stats).all(pieces))


def _alike(received: bytes, stats: bool) -> list[Service] | None:
    """The services in `received`, all messages of a dump; None if they need the plain reader. `stats`: with counters.

    A service's span is all bytes from the first to the last of its settings. Works by columns, which is fastest.
    """
    model = received[: HEADER.unpack_from(received)[0]]
    counters = tuple(_STATS) if stats else ()
    struct = _struct(model, counters)
    if struct is None or not Layout(schema.SERVICE_ANSWER, dict.fromkeys((*_SERVICE, *counters)), model).fits(received):
        return None
    columns = list(zip(*struct.iter_unpack(received), strict=True))
    families, protocols, addresses, ports, spans = columns[:5]
    looks = list(zip(families, spans, strict=True))
    read, length = service_reader(stats=False).one, len(model)
    known = {
        look: services([read(received[index * length : (index + 1) * length])])[0][_SETTINGS]
        for look, index in dict(zip(looks, count())).items()
    }
    keys = zip(families, protocols, _addresses(addresses, families), map(ntohs, ports), repeat(None))
    found = map(_new, repeat(Stats), zip(*columns[5:], strict=True)) if stats else repeat(None)
    return list(map(_new, repeat(Service), map(concat, map(concat, keys, map(known.__getitem__, looks)), zip(found))))


def _struct(model: bytes, counters: Iterable[str]) -> Struct | None:
    """What unpacks the key, the span and the `counters` of messages like `model`; None if they have another order."""
    walked = walk(schema.SERVICE_ANSWER, model, PAYLOAD, len(model))
    found = {name: (start, end, kind.format) for name, kind, start, end in walked}
    settings = [found[field] for field in _SET if field in found]
    if "fwmark" in found or not settings or not found.keys() >= {*_NAMED_BY, *counters}:
        return None
    first, last = min(start for start, *_ in settings), max(end for _, end, _ in settings)
    places = [*map(found.__getitem__, _NAMED_BY), (first, last, f"{last - first}s"), *map(found.__getitem__, counters)]
    format, at = "=", 0
    for start, end, kind in places:
        if start < at or calcsize(f"={kind}") != end - start:
            return None
        format, at = f"{format}{start - at}x{kind}", end
    return Struct(f"{format}{len(model) - at}x")


def has_same_services(before: list[bytes], after: list[bytes]) -> bool:
    """Whether two dumps, each in pieces, contain services with the same keys, in any order."""
    reader = Reader(schema.SERVICE_ANSWER, _SERVICE_KEY)
    first, second = reader.all(before), reader.all(after)
    return first == second or sorted(first) == sorted(second)


def server_keys(pieces: list[bytes]) -> list[tuple[Any, ...]]:
    """The keys of the servers in `pieces` of a dump, sorted."""
    return sorted(Reader(schema.DEST_ANSWER, _SERVER_KEY).all(pieces))


def services(rows: Iterable[tuple[Any, ...]]) -> list[Service]:
    """The services in a reader's values. Works by columns, which is fastest."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return []
    protocols, addresses, ports, marks, families, *settings = columns[:10]
    looks = list(zip(families, *settings, strict=True))
    known = {look: _settings(*look) for look in set(looks)}  # many services share theirs
    keys: Iterable[tuple[Any, ...]]
    if any(marks) or None in addresses or None in ports:
        keys = map(_key, *columns[:5])
    else:
        keys = zip(families, protocols, _addresses(addresses, families), map(ntohs, ports), repeat(None))
    counters = zip(map(_new, repeat(Stats), zip(*columns[10:], strict=True)) if columns[10:] else repeat(None))
    values = map(concat, map(concat, keys, map(known.__getitem__, looks)), counters)
    return list(map(_new, repeat(Service), values))


def _key(protocol: int, address: bytes | None, port: int | None, fwmark: int, af: int) -> tuple[Any, ...]:
    """The first fields of a Service, converted from the kernel's values."""
    if fwmark:
        return af, None, None, None, fwmark
    return af, protocol, (address or bytes(16))[: 4 if af == AF_INET else 16], ntohs(port or 0), None


def _settings(af: int, scheduler: bytes, engine: bytes, flags: bytes, timeout: int, netmask: int) -> tuple[Any, ...]:
    """The fields of a Service from the scheduler to the engine, converted from the kernel's values."""
    if af == AF_INET and netmask is not None:
        netmask = ntohl(netmask)
    mask = None if netmask == WHOLE.get(af) else netmask
    return _text(scheduler), schema.flags_in(flags or b""), timeout or 0, mask, _text(engine) or None


def servers_of_each(rows: list[list[tuple[Any, ...]]], family: int) -> list[list[Server]]:
    """The servers in a reader's values, for each of several services, all of `family`."""
    found = iter(servers(list(chain.from_iterable(rows)), family))
    return [list(islice(found, len(some))) for some in rows]


def servers(rows: Iterable[tuple[Any, ...]], family: int = AF_INET) -> list[Server]:
    """The servers in a reader's values; `family` is that of their services. Works by columns, which is fastest."""
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


def _addresses(addresses: tuple[bytes, ...], families: tuple[int, ...], family: int = AF_INET) -> Iterable[bytes]:
    """Addresses, sent as 16 bytes, cut to the length of their family; old kernels report only the service's family."""
    if families.count(AF_INET) == len(families):
        return map(_FOUR, addresses)
    return [
        address[:4] if (af or family) == AF_INET else address for address, af in zip(addresses, families, strict=True)
    ]


def _text(raw: bytes | None) -> str:
    return (raw or b"").partition(b"\0")[0].decode("utf-8", "surrogateescape")


def daemon_reader() -> Reader:
    """A reader of the answers about daemons, for `daemon`."""
    return Reader(((schema.ATTR_DAEMON, nested(*schema.DAEMON), ""),), dict.fromkeys(Daemon.FIELDS))


def daemon(values: tuple[Any, ...]) -> Daemon:
    """The daemon in a reader's `values`."""
    state, interface, syncid, maxlen, group, port, ttl = values
    return Daemon.make((state or 0, _text(interface), syncid or 0, maxlen, group, port, ttl))
