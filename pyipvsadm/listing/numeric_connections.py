"""Connections as digits, fast: nearly all lines of the kernel's list have one layout, and share most of their parts."""

from __future__ import annotations

from ..record import keep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .connections import Connection

# How the kernel writes a connection of IPv4 that no engine keeps. If the line has this length, each part has its place.
LAYOUT, LENGTH = "%-3s %08X %04X %08X %04X %08X %04X %-11s %7d", 65
DOT = [f"{byte}." for byte in range(256)]  # a byte of an address, and what follows it
COLON = [f"{byte}:" for byte in range(256)]


def told(
    lines: Iterator[str],
    read: Callable[[str], Connection],
    tell: Callable[[Connection], str],
    columns: Callable[[Connection], tuple[str, str, str, str]],
) -> Iterator[str]:
    """What `tell` says of each of `lines`, which `read` reads; put together from known parts where that is possible.

    The parts cover the line, and are known only from lines that have the layout: so the line has it, too. `columns`
    are what their texts are: the protocol, the time, the state, and all that follows the client.
    """
    protocols: dict[str, str] = {}
    times: dict[str, str] = {}
    others: dict[str, tuple[str, str]] = {}  # state and ends, by virtual address, server and state
    digits = bytes.fromhex
    for line in lines:
        try:
            a, b, c, d, high, low = digits(line[4:17])  # which skips blanks, so there are too few bytes where one is
            state, ends = others[line[17:58]]
            client = f"{DOT[a]}{DOT[b]}{DOT[c]}{COLON[d]}{high << 8 | low}"
            text = f"{protocols[line[:4]]}{times[line[58:]]}{state}{client.ljust(18)} {ends}"
            if line[12] != " ":
                raise KeyError
        except (KeyError, ValueError):
            one = read(line)
            text = tell(one)
            if len(line) == LENGTH and line == _written(one):
                protocol, time, state, ends = columns(one)
                keep(protocols, line[:4], protocol)
                keep(times, line[58:], time)
                keep(others, line[17:58], (state, ends))
        yield text


def _written(one: Connection) -> str:
    """The line in LAYOUT; another one if that isn't of IPv4."""
    ends = ((one.client, one.client_port), (one.virtual, one.virtual_port), (one.server, one.server_port))
    numbers = (number for address, port in ends for number in (int.from_bytes(address, "big"), port))
    return LAYOUT % (one.protocol, *numbers, one.state, one.seconds)
