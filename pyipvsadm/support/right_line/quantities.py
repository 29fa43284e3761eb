"""The times and sizes that options take. Each reader raises ValueError, which says what to give."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 30 * 86400  # seconds


def duration(text: str) -> float:
    """The seconds in `text`, such as `60`, `60s`, `10m` or `1h`."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    if number.isascii() and number.isdigit() and len(number) < 10 and 1 <= int(number) * UNITS[unit] <= LONGEST:
        return float(int(number) * UNITS[unit])
    raise ValueError("give a time from 1s to 30d, such as 60s, 10m or 1h")


def interval_seconds(text: str) -> float:
    """The seconds in `text`, between two samples."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if 0.2 <= seconds <= 3600:
        return seconds
    raise ValueError("give a number of seconds from 0.2 to 3600")


def memory_size(text: str) -> str:
    """`text` as the kernel takes it, such as `512M`."""
    number, unit = text[:-1], text[-1:].upper()
    if not (number.isascii() and number.isdecimal() and unit in ("M", "G")):
        raise ValueError("give a number and a unit, such as 512M or 2G")
    if int(number) * (1024 if unit == "G" else 1) < 64:
        raise ValueError("the kernel needs at least 64M")
    return number + unit


READERS: dict[str, Callable[[str], float | str]] = {
    "duration": duration,
    "interval_seconds": interval_seconds,
    "memory_size": memory_size,
}
