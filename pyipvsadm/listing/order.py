"""The order of lists: ipvsadm's, where that is a consistent order."""

from __future__ import annotations

from _operator import attrgetter, itemgetter
from itertools import groupby

from ..model import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from ..model import Service
    from ..shapes import Cut, Short

    Item = TypeVar("Item")

WORD = 32
HALF = 1 << (WORD - 1)
SIGN = 128  # the first bit of a word's first byte
_key = attrgetter("key")


def in_order(items: Iterable[Item], key: Callable[[Item], int] = _key) -> list[Item]:
    """`items` sorted by their keys, in the order of ipvsadm's lists.

    ipvsadm compares word by word, each by the sign of a 32-bit difference: words more than 2^31
    apart change places. This is a consistent order only if all values of a word lie within half of
    the circle of 2^32, which leaves a gap of more than 2^31 between two neighbours; the order
    starts after that gap. Otherwise, we use the plain order.
    """
    ordered = sorted(items, key=key)
    keys = list(map(key, ordered))
    gaps = []
    for index in range(1, len(keys)):
        low, high = keys[index - 1], keys[index]
        if high - low > HALF:
            shift = ((low ^ high).bit_length() - 1) // WORD * WORD  # the first word that differs
            if (high >> shift) - (low >> shift) > HALF:
                gaps.append((shift + WORD, index))
    for shift, index in sorted(gaps):  # lower words first: they move within what higher ones move whole
        first, last = _group(keys, index, shift)
        ordered[first:last] = ordered[index:last] + ordered[first:index]
    return ordered


def services_in_order(services: Iterable[Service]) -> list[Service]:
    """`services` as `in_order` sorts them: fast without marks and if each family's addresses are close together."""
    found = list(services)
    if any(map(_fwmark, found)):
        return in_order(found)
    found.sort(key=_family_to_port)
    parts = [list(part) for _, part in groupby(found, _family_and_protocol)]
    return found if all(_are_near([service[2] for service in part]) for part in parts) else in_order(found)


def servers_in_order(servers: list[Server]) -> list[Server]:
    """`servers` as `in_order` sorts them: fast if their addresses are close together."""
    if len(servers) > 1:
        servers.sort(key=_address_and_port)
        if not _are_near([server[0] for server in servers]):
            return in_order(servers)
    return servers


def short_in_order(servers: Short) -> Short:
    """`servers` in the order of `servers_in_order`."""
    if len(servers) < 2:
        return servers
    ordered = sorted(servers)
    if not _are_near([server[0] for server in ordered]):
        ordered = in_order(ordered, lambda server: Server.make(server).key)
    return tuple(ordered)


def cut_in_order(services: list[tuple[Cut, ...]]) -> list[tuple[Cut, ...]]:
    """The servers of each of `services` as `servers_in_order` sorts them: fast if all addresses are close together."""
    ordered = [tuple(sorted(servers)) for servers in services]
    leads = sorted({server[0] for servers in services for server in servers})
    if not leads or _are_near(leads):
        return ordered
    return [
        servers
        if len(servers) < 2 or _are_near([server[0] for server in servers])
        else tuple(in_order(servers, _key_of_cut))
        for servers in ordered
    ]


def _key_of_cut(server: Cut) -> int:
    lead, rest, _ = server
    address = lead if len(lead) == 16 else lead + rest[:1]
    return Server(address=address, port=int.from_bytes(rest[-2:], "big")).key


def as_added(servers: list[Server]) -> list[Server]:
    """`servers`, in the kernel's order, in the order in which to add them to restore it: each goes to the head."""
    return servers[::-1]


def _are_near(addresses: list[bytes]) -> bool:
    """Whether all `addresses`, which are sorted, have one family, and each word stays in one half of its range.

    They may lack their last byte.
    """
    first, last = addresses[0], addresses[-1]
    joined = b"".join(addresses)
    size = len(first)
    if len(joined) != size * len(addresses) or (first[0] ^ last[0]) & SIGN:
        return False
    return size < 16 or not any(
        min(words) < SIGN <= max(words) for words in (joined[4::16], joined[8::16], joined[12::16])
    )


_fwmark = itemgetter(4)
_address_and_port = itemgetter(0, 1)  # the first fields of a server
_family_and_protocol = itemgetter(0, 1)
_family_to_port = itemgetter(0, 1, 2, 3)  # family, protocol, address and port, the first fields of a service


def _group(keys: list[int], index: int, shift: int) -> tuple[int, int]:
    """The range of indices of the keys that share the words above `shift` with the key at `index`."""
    group = keys[index] >> shift
    first, last = index, index + 1
    while first and keys[first - 1] >> shift == group:
        first -= 1
    while last < len(keys) and keys[last] >> shift == group:
        last += 1
    return first, last
