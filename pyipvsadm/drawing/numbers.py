"""Numbers in drawings: scaled to a few digits, or in full; and shares as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .canvas import Signs

FULL = 10_000  # numbers are scaled from here on
UNITS = "KMGTPE"  # as in ipvsadm: powers of 1000, not 1024
PERCENT_WIDTH = 4  # the width of `100%`


def scaled(value: int) -> str:
    """`value` in at most five columns: three digits and a unit from 10 000 on. Truncates as ipvsadm does."""
    if value < FULL:
        return str(value)
    power = (len(str(value)) - 1) // 3
    whole, rest = divmod(value, 1000**power)
    digits = max(0, 3 - len(str(whole)))
    fraction = f".{rest * 10**digits // 1000**power:0{digits}}" if digits else ""
    return f"{whole}{fraction}{UNITS[power - 1]}"


def exact(value: int) -> str:
    """`value` in full."""
    return str(value)


def percent(part: int, whole: int) -> str:
    """The share in percent, in at most PERCENT_WIDTH columns; empty if the whole is 0."""
    if not whole:
        return ""
    found = part * 100 // whole
    return "<1%" if part and not found else f"{found}%"


def bar(part: int, whole: int, width: int, signs: Signs) -> str:
    """The share as a bar, where `width` columns are the whole; any share above 0 is visible."""
    if not part or not whole or not width:
        return ""
    steps = 2 if signs.half else 1
    full, half = divmod(max(1, part * width * steps // whole), steps)
    return signs.bar * full + signs.half * half
