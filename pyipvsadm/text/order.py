"""The order of lists: ipvsadm's, as far as that is one."""

from __future__ import annotations

from _operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from ..model import Server, Service

    Keyed = TypeVar("Keyed", Service, Server)

WORD = 32
HALF = 1 << (WORD - 1)


def in_order(items: Iterable[Keyed]) -> list[Keyed]:
    """`items` by their keys, in the order of ipvsadm's lists.

    It compares word by word, each by the sign of a 32-bit difference: words more than 2^31 apart
    change places. Among the values of one word that is an order only if all lie within half of
    the circle of 2^32, so that somewhere between two neighbours a gap of more than 2^31 is left;
    the order starts behind that gap. Where it is none, ours is the plain one.
    """
    ordered = sorted(items, key=_key)
    keys = [item.key for item in ordered]
    gaps = []
    for index in range(1, len(keys)):
        low, high = keys[index - 1], keys[index]
        if high - low > HALF:
            shift = ((low ^ high).bit_length() - 1) // WORD * WORD  # of the first word that differs
            if (high >> shift) - (low >> shift) > HALF:
                gaps.append((shift + WORD, index))
    for shift, index in sorted(gaps):  # lower words first: they move within what higher ones move whole
        first, last = _group(keys, index, shift)
        ordered[first:last] = ordered[index:last] + ordered[first:index]
    return ordered


def services_in_order(services: Iterable[Service]) -> list[Service]:
    """`services` as `in_order` has them: quickly without marks, where all are of IPv4 and near to one another."""
    found = list(services)
    if any(map(_fwmark, found)):
        return in_order(found)
    ordered = sorted(found, key=_family_to_port)
    return ordered if _are_near([service.address or b"" for service in ordered]) else in_order(ordered)


def servers_in_order(servers: list[Server]) -> list[Server]:
    """`servers` as `in_order` has them, which is quick where they are of IPv4 and near to one another."""
    if len(servers) < 2:
        return servers
    servers.sort(key=_address_and_port)
    return servers if _are_near([server.address for server in servers]) else in_order(servers)


def _are_near(addresses: list[bytes]) -> bool:
    """Whether all are of IPv4 and in one half of its range."""
    if len(b"".join(addresses)) != 4 * len(addresses):
        return False
    return not addresses or min(addresses)[0] >= 128 or max(addresses)[0] < 128


_fwmark = itemgetter(4)
_address_and_port = itemgetter(0, 1)  # the first of a server's fields
_family_to_port = itemgetter(0, 1, 2, 3)  # family, protocol, address and port, the first of a service's


def _key(item: Keyed) -> int:
    return item.key


def _group(keys: list[int], index: int, shift: int) -> tuple[int, int]:
    """The first and the last index, plus one, of those that share the words above `shift` with `index`."""
    group = keys[index] >> shift
    first, last = index, index + 1
    while first and keys[first - 1] >> shift == group:
        first -= 1
    while last < len(keys) and keys[last] >> shift == group:
        last += 1
    return first, last
