"""`--brief`: services as rows, each with the sums of its servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..listing.health import trouble
from ..listing.service_sums import sums_of, usable
from .layout import NUMBER, WORDS, Column, Row, lay_out
from .numbers import exact, scaled
from .service_rows import service_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model import Listing
    from ..names import Names
    from .canvas import Canvas
    from .layout import Line
    from .service_rows import Group, Owner


def lines(
    groups: Sequence[Group], listing: Listing, names: Names | None, canvas: Canvas, owner: Owner
) -> Iterator[Line]:
    """A line for each of `groups`. `names` is None for numeric output; `owner` returns the owner of a service."""
    sums, write = sums_of(listing), exact if listing.exact else scaled
    columns = [
        *(Column(head="Scheduler", kind=WORDS, optional=True), Column(head="Servers", kind=NUMBER)),
        *(Column(head=head) for _, head, _ in sums),
        Column(head="Owner", kind=WORDS, optional=True),
    ]
    rows = []
    for service, servers in groups:
        broken = bool(trouble(servers))
        sign = f"{canvas.signs.trouble} " if broken else ""
        values = (write(value(service, servers)) for _, _, value in sums)
        rows.append(
            Row(
                name=service_name(service, names),
                cells=(service.scheduler or "-", f"{sign}{usable(servers)}", *values, owner(service, None)),
                style="bold red" if broken else "",
            )
        )
    rows = rows or [Row(name="no services", style="dim")]
    yield from lay_out("Service", columns, rows, canvas)
