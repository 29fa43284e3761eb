"""Computes the rates, changes and histories of services and servers from successive readings. Pure."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from ...listing.order import in_order, servers_in_order
from ...table.notation import spelled, spelled_server
from .rates import NOTHING, REFRESH, SLACK, Meter, counts_in, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ...kernel.hash_tables import HashTables
    from ...model import Server, Service
    from .rates import Rates

    Found = Iterable[tuple[Service, Iterable[Server]]]  # a table, with counters
    Key = tuple[object, ...]
    Owner = Callable[[Service, Server | None], str]

MARKED = 5.0  # seconds for which a change stays marked
HISTORY = 120  # samples that are kept of each service and server
REMEMBERED = 2000  # with more services, or servers, none has a history, which takes 3 kB each
METRICS = 6  # figures of a sample in a history: active connections, and the rates
KEY, SERVER_KEY = 5, 2  # how many of the first fields of Service and Server identify them
NO_HISTORY = array("f")


class Mark(NamedTuple):
    """A change to show `until` a time: a row that `came`, has `gone`, or whose `weight` differs from what it `was`."""

    kind: str
    until: float
    was: int = 0


class Row(NamedTuple):
    """A server, or a service (`server` is None) with the sums of its servers. `key` tells it from other rows.

    `history` is METRICS figures for each of up to HISTORY samples.
    """

    key: Key
    name: str
    service: Service
    server: Server | None
    meter: Meter
    mark: Mark | None
    history: array[float]
    weight: int
    active: int
    inactive: int
    persistent: int

    @property
    def gone(self) -> bool:
        """Whether it no longer exists."""
        return self.mark is not None and self.mark.kind == "gone"


class Group(NamedTuple):
    """A service and its servers. `read` are the servers as they were read, if nothing moves; else None.

    Where nothing moves, all rates are known to be 0, nothing is marked, and there are no histories.
    """

    row: Row
    servers: tuple[Row, ...]
    read: Iterable[Server] | None = None


class Totals(NamedTuple):
    """The sums of all existing services."""

    services: int = 0
    servers: int = 0
    weight: int = 0
    active: int = 0
    inactive: int = 0
    persistent: int = 0
    rates: Rates | None = None
    history: array[float] = NO_HISTORY


class Sample(NamedTuple):
    """The table at one moment, with rates, changes and histories. Times are those of a monotonic clock, in seconds."""

    started: float
    now: float
    groups: tuple[Group, ...]  # in the order of ipvsadm's lists
    totals: Totals
    tables: HashTables | None = None  # from Linux 7.2 on

    @property
    def settled(self) -> bool:
        """Whether the kernel has brought all counters up to date since the start."""
        return self.now - self.started >= REFRESH * SLACK


def nobody(service: Service, server: Server | None) -> str:
    """The owner if none is known: an empty text."""
    return ""


def follow(before: Sample | None, found: Found, now: float, owner: Owner = nobody) -> Sample:
    """What is known when the kernel tells `found`, `now`. `owner` tells whose a service or a server is."""
    known = {group.row.key: group for group in before.groups} if before else {}
    totals, step = (before.totals, now - before.now) if before else (Totals(), 0.0)
    moment = Moment(now, step, before is None, totals.services <= REMEMBERED, totals.servers <= REMEMBERED, owner)
    groups: dict[Key, Group] = {}
    for service, servers in found:
        key = service[:KEY]
        old = known.get(key)
        if old and old.read is servers and old.row.service is service and not moment.services | moment.servers:
            groups[key] = old
        else:
            groups[key] = _group(old, service, servers, moment)
    if groups.keys() == known.keys():
        ordered = tuple([groups[key] for key in known])
    else:
        for key, old in known.items():
            if key not in groups and (row := _gone(old.row, now)):
                rows = tuple(gone for server in old.servers if (gone := _gone(server, now)))
                groups[key] = Group(row, rows)
        ordered = tuple(groups[service[:KEY]] for service in in_order(group.row.service for group in groups.values()))
    started = before.started if before else now
    settled = now - started >= REFRESH * SLACK
    return Sample(started, now, ordered, _totals(totals, ordered, settled))


class Moment(NamedTuple):
    """When a sample is taken, how long after that before, and whether it is the first: then all is old.

    `services` and `servers` tell whether these have histories. `owner` tells whose what is new is.
    """

    now: float
    step: float
    first: bool
    services: bool
    servers: bool
    owner: Owner

    def name(self, spelled: str, service: Service, server: Server | None = None) -> str:
        """The name of a row."""
        return f"{spelled} {self.owner(service, server)}".rstrip()


def _group(old: Group | None, service: Service, servers: Iterable[Server], moment: Moment) -> Group:
    """A service and its servers, of which `old` was known."""
    if old and old.row.gone:
        old = None
    known = {row.key: row for row in old.servers} if old else {}
    own = service[:KEY]
    rows: dict[Key, Row] = {}
    for server in servers:
        key = (*own, *server[:SERVER_KEY])
        rows[key] = _server_row(known.get(key), key, service, server, moment)
    weight, active, inactive, persistent = map(sum, _columns(rows.values()))
    if rows.keys() == known.keys():
        ordered = tuple([rows[key] for key in known])
    else:
        ordered = _with_gone(rows, known, moment.now)
    now = moment.now
    mark = _mark(old.row.mark, now) if old else None if moment.first else Mark("came", now + MARKED)
    meter = measured(old.row.meter if old else None, counts_in(service.stats), now, moment.step)
    name = old.row.name if old else moment.name(spelled(service), service)
    history = NO_HISTORY
    if moment.services:
        history = _longer(old.row.history if old else NO_HISTORY, active, meter.rates)
    row = Row(own, name, service, None, meter, mark, history, weight, active, inactive, persistent)
    still = not (moment.services or moment.servers) and all(map(_is_still, (row, *ordered)))
    return Group(row, ordered, servers if still else None)


def _is_still(row: Row) -> bool:
    return row.mark is None and row.meter.rates == NOTHING


def _with_gone(rows: dict[Key, Row], known: dict[Key, Row], now: float) -> tuple[Row, ...]:
    """`rows`, and those of `known` that have just gone, in the order of lists."""
    left = {key: gone for key, row in known.items() if key not in rows and (gone := _gone(row, now))}
    servers = {row.server: row for row in (*rows.values(), *left.values()) if row.server}
    return tuple(servers[server] for server in servers_in_order(list(servers)))


def _server_row(old: Row | None, key: Key, service: Service, server: Server, moment: Moment) -> Row:
    if old and old.gone:
        old = None
    now = moment.now
    if old is None:
        mark = None if moment.first else Mark("came", now + MARKED)
    elif old.weight != server.weight:
        mark = Mark("weight", now + MARKED, old.weight)
    else:
        mark = _mark(old.mark, now)
    meter = measured(old.meter if old else None, counts_in(server.stats), now, moment.step)
    name = old.name if old else moment.name(spelled_server(server), service, server)
    history = NO_HISTORY
    if moment.servers:
        history = _longer(old.history if old else NO_HISTORY, server.active, meter.rates)
    figures = server.weight, server.active, server.inactive, server.persistent
    return Row(key, name, service, server, meter, mark, history, *figures)


def _columns(rows: Collection[Row]) -> Iterable[tuple[int, ...]]:
    """The weights, and the active, inactive and persistent connections of `rows`."""
    return zip(*[row[-4:] for row in rows], strict=True) if rows else ((),) * 4


def _mark(mark: Mark | None, now: float) -> Mark | None:
    """`mark`, as long as it is to be seen."""
    return mark if mark and now < mark.until else None


def _gone(row: Row, now: float) -> Row | None:
    """The row of something that no longer exists; None when it is time to forget it."""
    if not row.gone:
        return row._replace(
            mark=Mark("gone", now + MARKED), active=0, inactive=0, persistent=0, meter=row.meter._replace(rates=NOTHING)
        )
    return row if _mark(row.mark, now) else None


def _there(group: Group) -> int:
    """How many servers of `group` exist: all of them if nothing moves."""
    return len(group.servers) if group.read is not None else sum(not row.gone for row in group.servers)


def _totals(before: Totals, groups: Iterable[Group], settled: bool) -> Totals:
    there = [group for group in groups if not group.row.gone]
    servers = sum(map(_there, there))
    weight, active, inactive, persistent = map(sum, _columns([group.row for group in there]))
    rates = None
    if settled:
        known = [group.row.meter.rates for group in there if group.row.meter.rates]
        rates = tuple(map(sum, zip(*known, strict=True))) if known else None if there else NOTHING
    history = _longer(before.history, active, rates)
    return Totals(len(there), servers, weight, active, inactive, persistent, rates, history)


def _longer(history: array[float], active: int, rates: Rates | None) -> array[float]:
    """`history` with one more sample, without its first when it is full."""
    if rates is None:
        return history
    return (history + array("f", (active, *rates)))[-METRICS * HISTORY :]
