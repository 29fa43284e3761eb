"""Connections, timeouts and daemons as rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..listing.connections import expiry
from ..listing.service_lines import whole_endpoint
from ..model import MASTER
from ..table.notation import counted, spelled_address
from .layout import NUMBER, WORDS, Column, Row, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..listing.connections import Connection
    from ..model import Daemon, Timeouts
    from ..names import Names
    from .canvas import Canvas
    from .layout import Line

CONNECTION_COLUMNS = (
    Column(head="Server", kind=WORDS),
    Column(head="State", kind=WORDS),
    Column(head="Expires", kind=NUMBER),
)
TIMEOUT_COLUMNS = (Column(head="Seconds"), Column(head=""))
DAEMON_COLUMNS = (
    *(Column(head="Interface", kind=WORDS), Column(head="Sync id"), Column(head="Group", kind=WORDS)),
    *(Column(head="Port"), Column(head="TTL"), Column(head="Longest")),
)
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def connections(found: Sequence[Connection], engines: bool, names: Names | None, canvas: Canvas) -> Iterator[Line]:
    """The connections, grouped by the endpoint that clients call; with persistence engines if `engines` is set."""
    groups: dict[str, list[Row]] = {}
    for one in found:
        ends = (
            whole_endpoint(address, port, one.number, names)
            for address, port in ((one.client, one.client_port), (one.server, one.server_port))
        )
        client, server = ends
        called = f"{whole_endpoint(one.virtual, one.virtual_port, one.number, names)}/{one.protocol.lower()}"
        rows = groups.setdefault(called, [])
        rows.append(Row(name=client, cells=(server, one.state, expiry(one.seconds)), indent=2))
        if engines and one.engine:
            rows.append(Row(name=f"by {one.engine}: {one.data}", indent=4))
    rows = []
    for called, its in groups.items():
        number = sum(1 for row in its if row.cells)
        title = Row(name=called, rest=counted(number, "connection"), cells=("", "", ""), name_style="bold")
        rows += [*([Row()] if rows else []), title, *its]
    if not found:
        rows.append(Row(name="no connections", style="dim"))
    yield from lay_out("Service / client", CONNECTION_COLUMNS, rows, canvas)


def timeouts(values: Timeouts, canvas: Canvas) -> Iterator[Line]:
    """The three timeouts, a row each."""
    named = (("TCP", values.tcp), ("TCP after FIN", values.tcpfin), ("UDP", values.udp))
    rows = [Row(name=name, cells=(str(seconds), duration(seconds))) for name, seconds in named]
    yield from lay_out("Timeout", TIMEOUT_COLUMNS, rows, canvas)


def duration(seconds: int) -> str:
    """`seconds` in the usual units: 5400 is `1 h 30 min`."""
    parts = []
    for size, unit in UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts) or "0 s"


def daemons(values: Iterable[Daemon], canvas: Canvas) -> Iterator[Line]:
    """A row for each running daemon."""
    rows = [
        Row(
            name="master" if daemon.state == MASTER else "backup",
            cells=(
                *(daemon.interface, str(daemon.syncid), spelled_address(daemon.group) if daemon.group else ""),
                *(str(value or "") for value in (daemon.port, daemon.ttl, daemon.maxlen)),
            ),
            name_style="bold",
        )
        for daemon in values
    ]
    rows = rows or [Row(name="no daemon runs", style="dim")]
    yield from lay_out("Daemon", DAEMON_COLUMNS, rows, canvas)
