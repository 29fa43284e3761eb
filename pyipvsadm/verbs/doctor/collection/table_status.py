"""What Linux 7.2 tells of its growing tables, in /proc/net/ip_vs_status."""

from __future__ import annotations

import re

from ..snapshot import TableStatus

LINE = re.compile(r"^([^:]+):\t(\d+)(?: \((?:(\d+) bits, lfactor (-?\d+)|max (\d+)|\d+%)\))?$", re.M)
CHAIN = "Conn buckets len-"


def table_status(text: str) -> TableStatus:
    """The content of the file. Lines that are unknown are passed over: kernels grow."""
    found = {name: (int(number), *details) for name, number, *details in LINE.findall(text)}

    def number(name: str, detail: int = 0) -> int:
        return int(found.get(name, (0, 0, 0, 0))[detail] or 0)

    return TableStatus(
        connections=number("Conns"),
        rows=number("Conn buckets"),
        bits=number("Conn buckets", 1),
        load_factor=number("Conn buckets", 2),
        chains={int(name.removeprefix(CHAIN)): told[0] for name, told in found.items() if name.startswith(CHAIN)},
        threads=max(number("Stats thread slots"), number("Stats thread slots", 3)),
        estimators=number("Stats thread ests"),
    )
