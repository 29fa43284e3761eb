"""Pure: groups destinations that have the same route, so that the kernel is asked about one of each group.

The kernel finds a route by the prefixes that contain the destination, in the tables that its rules select. So IPv4
addresses in the same prefixes, of routes and of rules, have the same route. In IPv6, the source address depends on the
destination. So does the next hop if a route has several. Such destinations are asked about one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from socket import AF_INET, inet_pton

from .rtnetlink import Attributes

RTA_DST, RTA_MULTIPATH, RTA_NH_ID = 1, 9, 30  # linux/rtnetlink.h; a rule's destination has the same number
BITS = 32
SPECIAL = frozenset((0, 127, *range(224, 256)))  # the first byte of addresses that the kernel routes by other means

Prefix = tuple[int, int, Attributes]  # of a route or a rule: its family, its length, its attributes


class Destinations:
    """Groups IPv4 addresses by the longest of `prefixes` that contains them: shorter ones contain that prefix, too."""

    def __init__(self, prefixes: Iterable[Prefix]) -> None:
        known: set[int] = set()
        for family, length, found in prefixes:
            if family == AF_INET:
                if RTA_MULTIPATH in found or RTA_NH_ID in found:
                    known.clear()
                    break
                known.add(_number(found.get(RTA_DST, bytes(4)), length))
        self._known = known
        self._lengths = sorted({number.bit_length() - 1 for number in known}, reverse=True)

    def group(self, address: str) -> int:
        """The number of the group of `address`; 0 if it must be asked about alone."""
        if ":" in address or not self._known:
            return 0
        packed = inet_pton(AF_INET, address)
        if packed[0] in SPECIAL:
            return 0
        whole = _number(packed, BITS)
        for length in self._lengths:
            if (number := whole >> BITS - length) in self._known:
                return number
        return 1  # the group of addresses that no prefix contains


def _number(packed: bytes, length: int) -> int:
    """A prefix as a number: a bit of 1, and the first `length` bits."""
    return 1 << length | int.from_bytes(packed) >> BITS - length
