"""Command -> request; answers of one message -> model. `answers` reads those about services, servers and daemons."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, htonl

from ...model import Command, Info, Server, Timeouts
from . import codec, schema
from .codec import NLA_F_NESTED, attribute, decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...model import Daemon, Service
    from ...shapes import Alike, Shape
    from .codec import Rows
    from .templates import Stencil

    Request = tuple[int, bytes]

REQUESTS = {  # the verb of a Command -> the number of its request
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
KINDS = 4096  # kinds of commands of which the layout is kept
NO_SERVER = Server()
WHOLE = {AF_INET: 0xFFFFFFFF, AF_INET6: 128}  # the netmask that covers a whole address


class Encoder:
    """Encodes commands as messages of the generic netlink family `family`; remembers the layout of repeated shapes."""

    def __init__(self, family: int) -> None:
        self._family = family
        self._stencils: dict[Shape, Stencil] = {}
        self._met: set[tuple[object, ...]] = set()  # what commands held besides addresses, ports and a weight
        self._known: dict[tuple[object, ...], Stencil] = {}  # by that
        self._questions: dict[tuple[object, ...], Stencil] = {}
        self._service: Service | None = None  # of the command before, and what else its request has in common with more
        self._kind: tuple[object, ...] = ()

    def frames(self, first: int, commands: Iterable[Command | Alike]) -> list[bytes]:
        """The requests of `commands`, numbered from `first` on."""
        frames = []
        shape_before = virtual_before = None
        for sequence, asked in enumerate(commands, first):
            if isinstance(asked, Command):
                frames.append(self._full(sequence, asked))
                continue
            shape, virtual, address, port, weight = asked
            if shape is not shape_before or virtual is not virtual_before:
                stencil = self._stencils.get(shape) or self._learn(shape)
                start, frame = stencil.start(virtual), stencil.frame
                shape_before, virtual_before = shape, virtual
            frames.append(frame(sequence, start, address, port, weight))
        return frames

    def _full(self, sequence: int, command: Command) -> bytes:
        """The request of one command, by the layout of earlier ones that differ only in addresses, ports and weight."""
        verb, service, server = command[:3]
        if service is None or service.address is None:
            return self._plain(sequence, command)
        address, port, forwarding, weight = (server or NO_SERVER)[:4]
        kind = verb, server is None, len(address), forwarding, (server or NO_SERVER)[4:9]
        if service is not self._service or kind != self._kind:
            stencil = self._like((*kind, *service[:2], service[5:10]), command)
            if stencil is None:
                return self._plain(sequence, command)
            self._service, self._kind = service, kind
            self._start, self._frame = stencil.start(service[2:4]), stencil.frame
        return self._frame(sequence, self._start, address, port, weight)

    def _like(self, looks: tuple[object, ...], command: Command) -> Stencil | None:
        """The layout of requests that look like that of `command`; None for the first one, which needs none."""
        stencil = self._known.get(looks)
        if stencil is None and looks in self._met:
            stencil = self._known[looks] = self._stencil(command)
        elif stencil is None and len(self._met) < KINDS:
            self._met.add(looks)
        return stencil

    def _learn(self, shape: Shape) -> Stencil:
        """The layout of the requests of `shape`, which is remembered."""
        stencil = self._stencils[shape] = self._stencil(shape.command)
        return stencil

    def _stencil(self, command: Command) -> Stencil:
        from .templates import Stencil  # a single command doesn't need it

        return Stencil(schema.REQUEST, self._plain(0, command))

    def _plain(self, sequence: int, command: Command) -> bytes:
        return codec.frame(self._family, codec.NLM_F_REQUEST, sequence, *request(command))

    def questions(self, number: int, flags: int, sequence: int, services: Iterable[Service]) -> list[bytes]:
        """The request `number` about each of `services`, with only the service's key; all have one sequence number."""
        from _operator import itemgetter
        from itertools import groupby

        found: list[bytes] = []
        for (family, protocol), group in groupby(services, itemgetter(0, 1)):
            alike = list(group)
            if protocol is None:  # no two marks share a layout
                found += [self._question(number, flags, sequence, service) for service in alike]
                continue
            looks = number, flags, family, protocol
            stencil = self._questions.get(looks)
            if stencil is None:
                from .templates import Stencil

                model = self._question(number, flags, 0, alike[0])
                stencil = self._questions[looks] = Stencil(schema.REQUEST, model)
            head, start = stencil.frame(sequence, b"", b"", 0, 0)[: codec.BEHIND_SEQUENCE], stencil.start
            found += [head + start(service[2:4]) for service in alike]  # by address and port
        return found

    def _question(self, number: int, flags: int, sequence: int, service: Service) -> bytes:
        return codec.frame(self._family, codec.NLM_F_REQUEST | flags, sequence, number, service_key(service))


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
    """The attribute of a service, with only its key."""
    return attribute(schema.ATTR_SERVICE | NLA_F_NESTED, encode(_key_rows(service), service))


def _key_rows(service: Service) -> Rows:
    """The rows of the key of `service`: its address or its mark."""
    return schema.MARK_KEY if service.address is None else schema.ADDRESS_KEY


def _without_service(command: Command) -> bytes:
    """The attributes of a command about a daemon, the timeouts or the whole table."""
    if command.daemon:
        return attribute(schema.ATTR_DAEMON | NLA_F_NESTED, encode(_daemon_rows(command.daemon), command.daemon))
    return encode(schema.TIMEOUTS, command.timeouts) if command.timeouts else b""


def _with_netmask(service: Service) -> Service:
    """`service` with its netmask as it is sent: always present, and in network order for IPv4."""
    netmask = WHOLE[service.af] if service.netmask is None else service.netmask
    return service.replace(netmask=htonl(netmask) if service.af == AF_INET else netmask)


def _daemon_rows(daemon: Daemon) -> Any:
    """The rows of a daemon, with only the group attribute of the family of its group."""
    other = schema.GROUP6 if len(daemon.group or b"") == 4 else schema.GROUP
    return tuple(row for row in schema.DAEMON if row[0] != other)


def timeouts(message: bytes) -> Timeouts:
    """The timeouts in the answer to GET_CONFIG."""
    return Timeouts(**decode(schema.TIMEOUTS, message))


def info(message: bytes) -> Info:
    """The version and the size of the connection table in the answer to GET_INFO."""
    return Info(**decode(schema.INFO, message))
