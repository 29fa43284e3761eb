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
    from collections.abc import Callable, Sequence

    from ...kernel import Kernel
    from ...model import Server, Service
    from ...table.settings import Settings
    from .sample import Rates, Row, Sample, Totals

    Table = list[tuple[Service, list[Server]]]
    Reader = Callable[[], Table | None]

DIGITS = 3  # behind the point of a rate


def read(kernel: Kernel, wanted: Sequence[Service]) -> Table | None:
    """All services, or those of `wanted`, and their servers, all with counters.

    None if they change faster than they can be read. Raises OSError.
    """
    try:
        some = (_one(kernel, service) for service in wanted)
        return list(kernel.with_servers(list(filter(None, some)) if wanted else kernel.services(True), True))
    except OSError as error:
        if error.errno == EBADMSG:
            return None
        raise


def _one(kernel: Kernel, service: Service) -> Service | None:
    try:
        return kernel.service(service)
    except OSError as error:
        if error.errno == ESRCH:
            return None
        raise


def line(sample: Sample, clock: float, owners: Owners = NOBODY, source: str = "") -> str:
    """`sample` as a line of JSON, with the names that `show` uses; `clock` is in seconds since 1970."""
    services = []
    for group in sample.groups:
        service = group.row.service
        if not group.row.gone:
            servers = [
                told({**server_data(row.server), **owners.data(service, row.server), **_counted(row)}, source)
                for row in group.servers
                if row.server and not row.gone
            ]
            own = {**named_data(service), **owners.data(service), **_counted(group.row)}
            services.append({**told(own, source), "servers": servers})
    totals = sample.totals
    total = told(
        {
            "services": totals.services,
            "servers": totals.servers,
            "connections": _connections(totals),
            "rates": dict(zip(COUNTS, _rounded(totals.rates), strict=True)),
        },
        source,
    )
    head = {"time": round(clock, DIGITS), **({"source": source} if source else {})}
    tables = {"tables": sample.tables.asdict() | {"chains": dict(sample.tables.chains)}} if sample.tables else {}
    return json.dumps({**head, "services": services, "total": total, **tables}) + "\n"


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
