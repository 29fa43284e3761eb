"""Services and their servers as rows and columns, for `-L` and `show`."""

from __future__ import annotations

from _operator import attrgetter
from _socket import AF_INET6
from typing import TYPE_CHECKING

from ..listing import format_of
from ..listing.health import DRAINED, FULL, MAYBE_FULL, MAYBE_FULL_MEANS, state, trouble
from ..listing.service_lines import netmask, scheduler_flags, whole_endpoint
from ..model import ONE_PACKET, PERSISTENT, PROTOCOLS, Stats
from ..record import Record
from ..table.notation import IPV6, MARK
from ..table.settings import server_settings, word
from .layout import NUMBER, SHARE, WORDS, Column, Row, lay_out
from .numbers import exact, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..model import Listing, Server, Service
    from ..names import Names
    from .canvas import Canvas
    from .layout import Cell, Line

    Group = tuple[Service, Sequence[Server]]
    Write = Callable[[int], str]
    Owner = Callable[[Service, Server | None], str]

SHOW = "show"  # a shape that `-L` doesn't have: it shows everything
HEAD = "Service / server"
NONE = "-"  # an unset threshold
_NO_STATS = Stats()


class Kind(Record):
    """A column in a list: its content for a server, given the number of active connections of its service, and
    its content for a service.
    """

    __slots__ = ()
    column: Column = Column()
    server: Callable[[Server, int, Write], Cell] = lambda server, active, write: ""
    service: Callable[[Service, Sequence[Server], Write], Cell] = lambda service, servers, write: ""


def _words(head: str, told: Callable[[Server], str], optional: bool = False) -> Kind:
    """A column of words about servers."""
    column = Column(head=head, kind=WORDS, optional=optional)
    return Kind(column=column, server=lambda server, active, write: told(server))


def _setting(head: str, told: Callable[[Server], str], optional: bool = False) -> Kind:
    """A column of configured numbers, which are never scaled."""
    return Kind(column=Column(head=head, optional=optional), server=lambda server, active, write: told(server))


def _connections(head: str, field: str, optional: bool = False) -> Kind:
    """A column of connections, with their sum in the service's row."""
    value = attrgetter(field)
    blank = optional  # if most values are zero, blanks are clearer
    return Kind(
        column=Column(head=head, kind=NUMBER, optional=optional),
        server=lambda server, active, write: "" if blank and not value(server) else write(value(server)),
        service=lambda service, servers, write: (
            write(total) if (total := sum(map(value, servers))) or (servers and not blank) else ""
        ),
    )


def _counter(head: str, index: int) -> Kind:
    """A column of a field of Stats, which the kernel counts for services, too."""
    return Kind(
        column=Column(head=head),
        server=lambda server, active, write: write((server.stats or _NO_STATS)[index]),
        service=lambda service, servers, write: write((service.stats or _NO_STATS)[index]),
    )


def forwarding(server: Server) -> str:
    """The forwarding method as a word."""
    return str(server_settings(server)["forwarding"])


def tunnel(server: Server) -> str:
    """The forwarding method; for a tunnel, its kind instead, with its port and checksums."""
    kind = server_settings(server)["tunnel"]
    return word(kind).removesuffix(":none") if kind else forwarding(server)


def thresholds(server: Server) -> str:
    """The thresholds of a server that are set, in words."""
    named = (("upper", server.upper_threshold), ("lower", server.lower_threshold))
    words = ", ".join(f"{name} {value}" for name, value in named if value)
    return f"thresholds: {words}" if words else ""


def weight(server: Server) -> str:
    """The weight, after the reason why the server gets no new connections, if any."""
    return f"{state(server)} {server.weight}".lstrip()


def _share(server: Server, active: int, write: Write) -> Cell:
    return (server.active, active) if active else ""


def _threshold(value: int, other: int) -> str:
    """A threshold of a server, if it has this one or the `other` one."""
    return (str(value) if value else NONE) if value or other else ""


_FORWARDING = _words("Forwarding", forwarding)
_TUNNEL = _words("Forwarding", tunnel)
_WEIGHT = _setting("Weight", weight)
_ACTIVE, _INACTIVE = _connections("Active", "active"), _connections("Inactive", "inactive")
_SHARE = Kind(column=Column(head="Share", kind=SHARE), server=_share)
_SHARE_IF_ROOM = Kind(column=Column(head="Share", kind=SHARE, optional=True), server=_share)
_UPPER = _setting("Upper", lambda server: str(server.upper_threshold or NONE))
_LOWER = _setting("Lower", lambda server: str(server.lower_threshold or NONE))
_MORE = (  # shown if there is room, and unless empty
    _setting("Upper", lambda server: _threshold(server.upper_threshold, server.lower_threshold), optional=True),
    _setting("Lower", lambda server: _threshold(server.lower_threshold, server.upper_threshold), optional=True),
    _connections("Persistent", "persistent", optional=True),
)

SHAPES: dict[str, tuple[Kind, ...]] = {  # keyed by the results of `format_of`, and SHOW
    "plain": (_FORWARDING, _WEIGHT, _ACTIVE, _SHARE, _INACTIVE, *_MORE),
    "tun-info": (_TUNNEL, _WEIGHT, _ACTIVE, _SHARE, _INACTIVE, *_MORE),
    "stats": (
        *(_counter("Conns", 0), _counter("Pkts in", 1), _counter("Pkts out", 2)),
        *(_counter("Bytes in", 3), _counter("Bytes out", 4), _SHARE_IF_ROOM),
    ),
    "rate": (
        *(_counter("Conn/s", 5), _counter("In pkt/s", 6), _counter("Out pkt/s", 7)),
        *(_counter("In B/s", 8), _counter("Out B/s", 9), _SHARE_IF_ROOM),
    ),
    "thresholds": (_UPPER, _LOWER, _ACTIVE, _SHARE, _INACTIVE),
    "persistent-conn": (_WEIGHT, _connections("Persistent", "persistent"), _ACTIVE, _SHARE, _INACTIVE),
    SHOW: (_TUNNEL, _WEIGHT, _ACTIVE, _SHARE, _INACTIVE),
}


def nobody(service: Service, server: Server | None) -> str:
    """No owner."""
    return ""


def lines(
    groups: Sequence[Group],
    listing: Listing,
    names: Names | None,
    canvas: Canvas,
    shape: str = "",
    owner: Owner = nobody,
) -> Iterator[Line]:
    """`groups` in the shape that `listing` asks for. `names` is None for numeric output.

    `owner` returns the owner of a service, or of one of its servers.
    """
    shape = shape or format_of(listing)
    kinds = SHAPES[shape]
    write = exact if listing.exact else scaled
    counted = shape in ("stats", "rate")
    rows: list[Row] = []
    for service, servers in groups:
        if rows:
            rows.append(Row())
        rows.append(
            Row(
                name=service_name(service, names),
                rest="" if counted else service_settings(service),
                cells=tuple(kind.service(service, servers, write) for kind in kinds),
                name_style="bold",
            )
        )
        if told := owner(service, None):
            rows.append(Row(name=told, indent=2, style="cyan"))
        if why := trouble(servers):
            rows.append(Row(name=f"{canvas.signs.trouble} {why}", indent=2, style="bold red"))
        active = sum(server.active for server in servers)
        for server in servers:
            cells = tuple(kind.server(server, active, write) for kind in kinds)
            name = whole_endpoint(server.address, server.port, service.protocol, names)
            rows.append(_server(server, name, cells, told="" if _WEIGHT in kinds else state(server)))
            if told := owner(service, server):
                rows.append(Row(name=told, indent=4, style="dim"))
            if shape == SHOW and (limits := thresholds(server)):
                rows.append(Row(name=limits, indent=4, style=rows[-1].style))
    rows += _notes(groups)
    yield from lay_out(HEAD, [kind.column for kind in kinds], rows, canvas)


def _server(server: Server, name: str, cells: tuple[Cell, ...], told: str) -> Row:
    """A server's row, with `told` after its name."""
    style = "dim" if state(server) == DRAINED else ""
    return Row(name=name, rest=told, cells=cells, indent=2, style=style, rest_style="red" if told == FULL else "")


def _notes(groups: Sequence[Group]) -> list[Row]:
    """The notes below the services."""
    if not groups:
        return [Row(name="no services", style="dim")]
    if any(state(server) == MAYBE_FULL for _, servers in groups for server in servers):
        return [Row(), Row(name=f"{MAYBE_FULL}: {MAYBE_FULL_MEANS}", style="dim")]
    return []


def service_name(service: Service, names: Names | None) -> str:
    """The name of a service; in digits, it is the form that verbs accept."""
    if service.fwmark is not None:
        return f"{MARK}{service.fwmark}{f'/{IPV6}' if service.af == AF_INET6 else ''}"
    protocol = service.protocol or 0
    where = whole_endpoint(service.address or b"", service.port or 0, protocol, names)
    return f"{where}/{PROTOCOLS.get(protocol, protocol)}"


def service_settings(service: Service) -> str:
    """The scheduler of a service and its other settings, in words."""
    parts = [service.scheduler or "no scheduler"]
    if flags := scheduler_flags(service):
        parts += flags.split(",")
    if service.flags & PERSISTENT:
        parts.append(f"persistent {service.timeout} s")
    if service.netmask is not None:
        parts.append(f"mask {netmask(service)}")
    if service.engine:
        parts.append(f"engine {service.engine}")
    if service.flags & ONE_PACKET:
        parts.append("one packet")
    return ", ".join(parts)
