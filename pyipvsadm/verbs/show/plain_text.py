"""`show` as plain text, for people whose stdout is not a terminal."""

from __future__ import annotations

from ...listing.rules import daemon_state
from ...listing.service_sums import sums_of, usable
from ...model import Listing
from ...support.text_table import aligned
from ...table.notation import spelled, spelled_server
from ...table.settings import daemon_settings, server_settings, service_settings, told, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...documents.owners import Owners
    from ...kernel.hash_tables import HashTables
    from ...model import Server, Service, Table

    Row = tuple[str, str, str, str, str]  # as HEADS has it

HEADS: Row = ("Service / server", "Settings", "Weight", "Active", "Inactive")
OWNER = "Owner"
NUMBERS = (2, 3, 4)  # the columns that contain numbers
INDENT = "  "


def _service_row(service: Service) -> Row:
    return spelled(service), told(service_settings(service)), "", "", ""


def _server_row(server: Server) -> Row:
    settings = server_settings(server)
    del settings["weight"]
    if tunnel := settings.pop("tunnel"):
        settings["forwarding"] += f" {word(tunnel)}"
    name = INDENT + spelled_server(server)
    return name, told(settings), str(server.weight), str(server.active), str(server.inactive)


def _notes(table: Table, rows: HashTables | None) -> Iterator[str]:
    """A line for each other part of the table: timeouts, daemons and the like."""
    if table.timeouts:
        tcp, tcpfin, udp = table.timeouts
        yield f"timeouts: tcp {tcp} s, tcpfin {tcpfin} s, udp {udp} s"
    for daemon in table.daemons or ():
        yield f"{daemon_state(daemon)} daemon: {told(daemon_settings(daemon))}"
    if rows:
        yield from rows.sentences()


def brief_text(table: Table, owners: Owners | None) -> Iterator[str]:
    """The services of `table`, a line each, with the sums of their servers."""
    sums = sums_of(Listing())
    rows = [("Service", "Scheduler", "Servers", *(head for _, head, _ in sums), *([OWNER] if owners else []))]
    for service, servers in table.services:
        values = [str(value(service, servers)) for _, _, value in sums]
        owner = [owners.told(service)] if owners else []
        rows.append((spelled(service), service.scheduler or "", usable(servers), *values, *owner))
    yield aligned(rows, range(2, 3 + len(sums)))


def plain_text(table: Table, owners: Owners | None, rows: HashTables | None) -> Iterator[str]:
    """The lines of `table`, in columns as wide as their contents, with a column for owners; notes are below."""
    lines: list[tuple[str, ...]] = [HEADS if owners is None else (*HEADS, OWNER)]
    for service, servers in table.services:
        found = [_service_row(service), *map(_server_row, servers)]
        told = [] if owners is None else [owners.told(service), *(owners.told(service, server) for server in servers)]
        lines += [(*row, owner) for row, owner in zip(found, told, strict=True)] if told else found
    yield aligned(lines, NUMBERS)
    for note in _notes(table, rows):
        yield f"{note}\n"
