"""The entries of a virtual_server_group: addresses, ranges, networks and marks."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6

from .statements import RefusedError
from .value_readers import LAST_32, address, family, lenient, port, strict, whole_address
from .virtual import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...table.assembly import Place

FAMILIES = {"inet": AF_INET, "inet6": AF_INET6}
MOST = 100_000  # entries of all groups together
LAST_PART = {4: 8, 16: 16}  # by the length of an address in bytes: the last bits, in which keepalived counts


class EntryError(Exception):
    """keepalived leaves out an entry; the message says why."""


def entries(words: tuple[str, ...], place: Place, room: int) -> list[Entry]:
    """The entries in a line of a group. Raises EntryError; RefusedError if keepalived ends or there is no `room`."""
    if words[0] == "fwmark":
        if not words[1:]:
            raise RefusedError(place, "keepalived ends: `fwmark` lacks its number")
        return [_mark(words)]
    number = port(words[1]) if words[1:] else 0
    if number is None:
        raise EntryError(f"`{words[1]}` is not a port")
    first, count = _range(words[0], place)
    if count > room:
        raise RefusedError(place, f"`{words[0]}` makes the groups larger than {MOST} entries")
    bits = LAST_PART[len(first)]
    base = int.from_bytes(first, "big")
    low = base & ((1 << bits) - 1)
    return [
        Entry(
            address=(base - low + ((low + step) & ((1 << bits) - 1))).to_bytes(len(first), "big"),
            port=number,
            af=family(first),
        )
        for step in range(count)
    ]


def _mark(words: tuple[str, ...]) -> Entry:
    mark = lenient(words[1], 0, LAST_32)
    if mark is None:
        raise EntryError(f"`{words[1]}` is not a firewall mark")
    if words[2:] and words[2] not in FAMILIES:
        raise EntryError(f"`{words[2]}` is neither inet nor inet6")
    return Entry(mark=mark, af=FAMILIES[words[2]] if words[2:] else None)


def _range(text: str, place: Place) -> tuple[bytes, int]:
    """The first address of the range or network `text`, and the number of its addresses as keepalived counts them."""
    start = address(text)
    if start is None:
        raise EntryError(f"`{text}` is neither an address in digits nor a range of them")
    if "/" in text:
        return _counted(text, start, _last_of_network(text, start), place)
    if "-" not in text:
        return start, 1
    end = text.partition("-")[2]
    if ":" in end or "." in end:
        last = whole_address(end)
        if last is None or len(last) != len(start):
            raise EntryError(f"`{end}` does not end a range of addresses that begins with {text.partition('-')[0]}")
        if last < start:
            raise EntryError(f"the range {text} ends before it begins")
        return _counted(text, start, last, place)
    return start, _last_number(text, start, end) + 1


def _counted(text: str, start: bytes, last: bytes, place: Place) -> tuple[bytes, int]:
    """`start`, and the number of addresses up to `last`, as keepalived counts: in the last 8 or 16 bits alone.

    Raises RefusedError if keepalived would never reach `last`.
    """
    bits = LAST_PART[len(start)]
    low, high = (int.from_bytes(one, "big") & ((1 << bits) - 1) for one in (start, last))
    if len(start) == 4 and start[:3] != last[:3]:
        raise RefusedError(place, f"keepalived never gets to the end of {text}: it counts in the last byte alone")
    return start, (high - low) % (1 << bits) + 1


def _last_of_network(text: str, start: bytes) -> bytes:
    bits = 8 * len(start)
    length = strict(text.partition("/")[2], 1, bits)
    if length is None:
        raise EntryError(f"`{text}` has no prefix length from 1 to {bits}")
    rest = (1 << (bits - length)) - 1
    base = int.from_bytes(start, "big")
    if base & rest:
        raise EntryError(f"`{text}` isn't the first address of a network")
    return (base | rest).to_bytes(len(start), "big")


def _last_number(text: str, start: bytes, end: str) -> int:
    """The difference between `end`, which is hexadecimal for IPv6, and the last part of `start`. Raises EntryError."""
    bits = LAST_PART[len(start)]
    found = re.match(r"\+?([0-9]+)" if bits == 8 else r"\+?(?:0x)?([0-9A-Fa-f]+)", end)
    last = int(found[1][:8], 10 if bits == 8 else 16) if found else 0
    low = int.from_bytes(start, "big") & ((1 << bits) - 1)
    if not low < last < 1 << bits:
        raise EntryError(f"the end of the range {text} is not above its start")
    return last - low
