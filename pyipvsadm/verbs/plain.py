"""`show` as plain text: for people whose stdout is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text.rules import daemon_state
from ..text.settings import daemon_settings, server_settings, service_settings, told, word
from ..text.spelling import spelled, spelled_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Server, Service, Table

    Row = tuple[str, str, str, str, str]  # as HEADS has it

HEADS: Row = ("Service / server", "Settings", "Weight", "Active", "Inactive")
WORDS = 2  # how many columns hold words; the others hold numbers, at the right
INDENT = "  "


def _rows(table: Table) -> Iterator[tuple[Row, list[Row]]]:
    """A row for each service, and those of its servers."""
    for service, servers in table.services:
        yield _service_row(service), [_server_row(server) for server in servers]


def _service_row(service: Service) -> Row:
    return spelled(service), told(service_settings(service)), "", "", ""


def _server_row(server: Server) -> Row:
    settings = server_settings(server)
    del settings["weight"]
    if tunnel := settings.pop("tunnel"):
        settings["forwarding"] += f" {word(tunnel)}"
    name = INDENT + spelled_server(server)
    return name, told(settings), str(server.weight), str(server.active), str(server.inactive)


def _notes(table: Table) -> Iterator[str]:
    """What there is beside services, a line each."""
    if table.timeouts:
        tcp, tcpfin, udp = table.timeouts
        yield f"timeouts: tcp {tcp} s, tcpfin {tcpfin} s, udp {udp} s"
    for daemon in table.daemons or ():
        yield f"{daemon_state(daemon)} daemon: {told(daemon_settings(daemon))}"


def plain_text(table: Table) -> Iterator[str]:
    """`table` in columns that are as wide as what they hold."""
    rows: list[Row] = [HEADS]
    for service, servers in _rows(table):
        rows += [service, *servers]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if index < WORDS else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield INDENT.join(cells).rstrip() + "\n"
    for note in _notes(table):
        yield f"{note}\n"
