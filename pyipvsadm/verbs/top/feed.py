"""Reads the table for each sample, and writes samples as lines of JSON."""

from __future__ import annotations

import json
from errno import EBADMSG, ESRCH
from typing import TYPE_CHECKING

from ...documents.owners import NOBODY, Owners
from ...documents.writers import counted, named_data, server_data, told
from ...model import Stats
from ...table.settings import CONNECTIONS, COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ...kernel import Kernel
    from ...model import Server, Service
    from ...table.settings import Settings
    from .rates import Rates
    from .sample import Group, Key, Row, Sample, Totals

    Table = list[tuple[Service, list[Server]]]
    Reader = Callable[[], Table | None]

DIGITS = 3  # behind the point of a rate


def feed(kernel: Kernel, wanted: Sequence[Service]) -> Reader:
    """What reads all services, or those of `wanted`, and their servers, all with counters.

    It returns None if they change faster than they can be read, and raises OSError.
    """
    repeated = kernel.repeatedly()

    def read() -> Table | None:
        try:
            some = (_one(kernel, service) for service in wanted)
            return repeated.read(list(filter(None, some)) if wanted else None)
        except OSError as error:
            if error.errno == EBADMSG:
                return None
            raise

    return read


def _one(kernel: Kernel, service: Service) -> Service | None:
    try:
        return kernel.service(service)
    except OSError as error:
        if error.errno == ESRCH:
            return None
        raise


class Lines:
    """Samples as lines of JSON, with the names that `show` uses. A service that hasn't changed keeps its text."""

    def __init__(self, owners: Owners = NOBODY, source: str = "") -> None:
        self._owners, self._source = owners, source
        self._texts: dict[Key, tuple[Group, str]] = {}  # by the key of a service

    def of(self, sample: Sample, clock: float) -> Iterator[str]:
        """The pieces of the line of `sample`; `clock` is in seconds since 1970."""
        before = self._texts
        self._texts = {
            group.row.key: known if (known := before.get(group.row.key)) and known[0] is group else self._told(group)
            for group in sample.groups
            if not group.row.gone
        }
        head = {"time": round(clock, DIGITS), **({"source": self._source} if self._source else {})}
        tables = {"tables": sample.tables.data()} if sample.tables else {}
        rest = {"total": self._total(sample.totals), **tables}
        yield json.dumps(head)[:-1] + ', "services": ['
        yield ", ".join([text for _, text in self._texts.values()])
        yield "], " + json.dumps(rest)[1:] + "\n"

    def _told(self, group: Group) -> tuple[Group, str]:
        service, owners, source = group.row.service, self._owners, self._source
        servers = [
            told({**server_data(row.server), **owners.data(service, row.server), **_counted(row)}, source)
            for row in group.servers
            if row.server and not row.gone
        ]
        own = {**named_data(service), **owners.data(service), **_counted(group.row)}
        return group, json.dumps({**told(own, source), "servers": servers})

    def _total(self, totals: Totals) -> Settings:
        found = {
            "services": totals.services,
            "servers": totals.servers,
            "connections": _connections(totals),
            "rates": dict(zip(COUNTS, _rounded(totals.rates), strict=True)),
        }
        return told(found, self._source)


def _counted(row: Row) -> Settings:
    """A row as an object, with our rates instead of the kernel's."""
    read = (row.server or row.service).stats is not None
    stats = Stats.make((*row.meter.counters, *_rounded(row.meter.rates))) if read else None
    return counted(stats, _connections(row))


def _connections(row: Row | Totals) -> Settings:
    return {kind: getattr(row, kind) for kind in CONNECTIONS}


def _rounded(rates: Rates | None) -> tuple[float | None, ...]:
    """`rates`, rounded for people; None if they aren't known yet."""
    return tuple(round(rate, DIGITS) for rate in rates) if rates else (None,) * len(COUNTS)
