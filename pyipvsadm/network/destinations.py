"""Pure: which destinations the kernel need not be asked about, since routes are known.

One is asked about of each group that has the same route; and no route of a kind leads to what none of them contains.

The kernel finds a route by the prefixes that contain the destination, in the tables that its rules select. So IPv4
addresses in the same prefixes, of routes and of rules, have the same route. In IPv6, the source address depends on the
destination. So does the next hop if a route has several. Such destinations are asked about one by one.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rtnetlink import Attributes

    Prefix = tuple[int, int, int, Attributes]  # of a route or a rule: family, length, type or action, and attributes

RTA_DST, RTA_MULTIPATH, RTA_NH_ID = 1, 9, 30  # linux/rtnetlink.h; a rule's destination has the same number
BITS, LEAD = 32, 24  # of an IPv4 address, and of its first three bytes, which many share
SPECIAL = {  # the first bytes of addresses that the kernel routes by other means
    AF_INET: frozenset((0, 127, *range(224, 256))),
    AF_INET6: frozenset((0, *range(0xFE, 256))),
}


class Destinations:
    """Groups IPv4 addresses by the longest of `prefixes` that contains them: shorter ones contain that prefix, too."""

    def __init__(self, prefixes: Iterable[Prefix]) -> None:
        known: set[int] = set()
        for family, length, _, found in prefixes:
            if family == AF_INET:
                if RTA_MULTIPATH in found or RTA_NH_ID in found:
                    known.clear()
                    break
                known.add(_number(found.get(RTA_DST, bytes(4)), length))
        self._known = known
        self._lengths = sorted({number.bit_length() - 1 for number in known}, reverse=True)
        self._parted = {number >> number.bit_length() - 1 - LEAD for number in known if number >> LEAD + 1}
        self._groups: dict[str, int | None] = {}  # by the first three bytes; None if these aren't enough

    def group(self, address: str) -> int:
        """The number of the group of `address`; 0 if it must be asked about alone."""
        lead = address.rpartition(".")[0]
        if lead not in self._groups:
            self._groups[lead] = self._group_of_all(lead)
        found = self._groups[lead]
        return self._longest(_number(inet_pton(AF_INET, address), BITS)) if found is None else found

    def _group_of_all(self, lead: str) -> int | None:
        """The group of all addresses that begin with `lead`; None if a prefix contains only some of them."""
        if not lead or ":" in lead or not self._known:
            return 0
        packed = inet_pton(AF_INET, f"{lead}.0")
        if packed[0] in SPECIAL[AF_INET]:
            return 0
        whole = _number(packed, BITS)
        return None if whole >> BITS - LEAD in self._parted else self._longest(whole)

    def _longest(self, whole: int) -> int:
        """The longest of the prefixes that contains the address `whole`."""
        for length in self._lengths:
            if (number := whole >> BITS - length) in self._known:
                return number
        return 1  # the group of addresses that no prefix contains


def contained(addresses: Iterable[str], prefixes: Iterable[Prefix]) -> list[str]:
    """Those of `addresses` that one of `prefixes` contains, and those that the kernel routes by other means."""
    known: dict[int, set[int]] = {family: set() for family in SPECIAL}
    for family, length, _, found in prefixes:
        if family in known:
            known[family].add(_number(found[RTA_DST], length) if length else 1)
    lengths = {family: {one.bit_length() - 1 for one in its} for family, its in known.items()}
    among = []
    for address in addresses:
        family = AF_INET6 if ":" in address else AF_INET
        packed, its = inet_pton(family, address), known[family]
        if packed[0] in SPECIAL[family] or (
            its and any(_number(packed, length) in its for length in lengths[family])  # often there are none
        ):
            among.append(address)
    return among


def _number(packed: bytes, length: int) -> int:
    """A prefix as a number: a bit of 1, and the first `length` bits."""
    return 1 << length | int.from_bytes(packed) >> 8 * len(packed) - length
