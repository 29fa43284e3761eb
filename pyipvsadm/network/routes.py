"""Routes to many addresses, requested in batches, since a single request takes longer than its answer."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton
from _struct import Struct
from errno import EAFNOSUPPORT, EOPNOTSUPP
from itertools import tee
from os import strerror
from sys import byteorder

from ..frozen import frozen
from . import rtnetlink
from .destinations import RTA_DST, RTA_MULTIPATH
from .rtnetlink import address_of, attribute, attributes, attributes_of_each, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .destinations import Destinations, Prefix
    from .rtnetlink import Attributes

    Question = tuple[str, int]  # an address, and a firewall mark or 0

RTM_GETROUTE, RTM_GETRULE = 26, 34
RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_METRICS, RTA_MARK, RTA_VIA = 4, 5, 7, 8, 16, 18
RTAX_MTU = 2
HEAD = Struct("=BBBBBBBBI")  # struct rtmsg, and fib_rule_hdr
KIND_AT, LOCAL = 7, 2  # where it has its type, and the one of this machine's addresses
HOP = Struct("=HBBi")  # struct rtnexthop
DESTINATIONS = {  # by family: the bytes before the address in a request
    family: HEAD.pack(family, 8 * size, *[0] * 7) + rtnetlink.ATTRIBUTE.pack(rtnetlink.ATTRIBUTE.size + size, RTA_DST)
    for family, size in ((AF_INET, 4), (AF_INET6, 16))
}
ROUTE_TYPES = {  # linux/rtnetlink.h, RTN_*
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
}


@frozen
class Route:
    """A route to an address. `type` is "local" for this machine's addresses; `mtu` is 0 if the route sets none.

    `gateway` is empty if the address is on the link. `source` is the source address of our packets.
    """

    type: str
    device: str = ""
    gateway: str = ""
    source: str = ""
    mtu: int = 0


def routes_to(
    made: socket, questions: Sequence[Question], names: Mapping[int, str], destinations: Destinations
) -> list[Route | int]:
    """The route for each question, or the errno if there is none, in order. Raises OSError.

    `names` are the names of devices by index. Of a group of `destinations`, only the first is asked about, unless it is
    this machine's: then each is its own source.
    """
    first: dict[tuple[int, int], Question] = {}  # by group and mark
    asked: list[Question] = []  # the question that is asked for each
    for question in questions:
        group = destinations.group(question[0])
        asked.append(first.setdefault((group, question[1]), question) if group else question)
    wanted = dict.fromkeys(asked)
    found = dict(zip(wanted, _asked(made, wanted, names), strict=True))
    own = {question for question, answer in found.items() if _is_own(answer)}
    if own:
        own_too = [question for question, one in zip(questions, asked, strict=True) if one in own and one != question]
        found.update(zip(own_too, _asked(made, own_too, names), strict=True))
        asked = [one if question not in found else question for question, one in zip(questions, asked, strict=True)]
    return [found[one] for one in asked]


def _is_own(answer: Route | int) -> bool:
    return isinstance(answer, Route) and answer.type == ROUTE_TYPES[LOCAL]


def _asked(made: socket, questions: Iterable[Question], names: Mapping[int, str]) -> Iterator[Route | int]:
    """The answer of the kernel to each question. Raises OSError."""
    alike: dict[bytes, Route] = {}  # by what an answer says beside the address that was asked for
    ours, theirs = tee(_question(*one) for one in questions)
    for answer, (*_, asked) in zip(rtnetlink.exchanged(made, ours), theirs, strict=True):
        if isinstance(answer, int):
            yield answer or EAFNOSUPPORT  # disabled IPv6 may not answer
            continue
        told = answer.replace(asked[HEAD.size : HEAD.size + 4 + asked[1] // 8], b"", 1)
        if told not in alike:
            alike[told] = _route(answer, names)
        yield alike[told]


def local_among(made: socket, addresses: Sequence[str]) -> set[str]:
    """Those of `addresses` whose packets the kernel delivers locally. Raises OSError."""
    found = rtnetlink.exchanged(made, (_question(address, 0) for address in addresses))
    return {
        address
        for address, answer in zip(addresses, found, strict=True)
        if not isinstance(answer, int) and answer[KIND_AT] == LOCAL
    }


def no_way(error: int) -> Route:
    """The placeholder for a missing route, one for each reason, which is its source."""
    if error not in _no_ways:
        _no_ways[error] = Route("none", source=strerror(error))
    return _no_ways[error]


_no_ways: dict[int, Route] = {}  # by errno


def prefixes(made: socket) -> list[Prefix]:
    """The prefixes of all routes. Raises OSError."""
    return _prefixes(rtnetlink.listed(made, RTM_GETROUTE, HEAD))


def prefixes_of_rules(made: socket) -> list[Prefix]:
    """The prefixes of all rules; none where the kernel has no rules. Raises OSError."""
    try:
        return _prefixes(rtnetlink.listed(made, RTM_GETRULE, HEAD))
    except OSError as error:
        if error.errno == EOPNOTSUPP:
            return []
        raise


def _prefixes(bodies: Sequence[bytes]) -> list[Prefix]:
    found = attributes_of_each(bodies, HEAD.size)
    return [(body[0], body[1], body[KIND_AT], own) for body, own in zip(bodies, found, strict=True)]


def next_hops(routes: Iterable[Prefix]) -> tuple[str, ...]:
    """The routers that `routes` lead to."""
    found: dict[str, None] = {}
    for family, _, _, own in routes:
        found.update(dict.fromkeys(_gateway(family, one) for one in (own, *_hops(own.get(RTA_MULTIPATH, b"")))))
    return tuple(one for one in found if one)


def _question(address: str, mark: int) -> tuple[int, int, bytes]:
    family = AF_INET6 if ":" in address else AF_INET
    wanted = DESTINATIONS[family] + inet_pton(family, address)
    return RTM_GETROUTE, 0, wanted + attribute(RTA_MARK, rtnetlink.NUMBER.pack(mark)) if mark else wanted


def _route(body: bytes, names: Mapping[int, str]) -> Route:
    family, *_, kind, _ = HEAD.unpack_from(body)
    found = attributes(body, HEAD.size)
    device = number_of(found, RTA_OIF) or 0
    metrics = attributes(found[RTA_METRICS]) if RTA_METRICS in found else {}
    return Route(
        type=ROUTE_TYPES.get(kind, "unknown"),
        device=names.get(device, str(device)) if device else "",
        gateway=_gateway(family, found),
        source=address_of(family, found[RTA_PREFSRC]) if RTA_PREFSRC in found else "",
        mtu=number_of(metrics, RTAX_MTU) or 0,
    )


def _gateway(family: int, found: Attributes) -> str:
    """The next router, whose address may be of the other family."""
    if RTA_GATEWAY in found:
        return address_of(family, found[RTA_GATEWAY])
    via = found.get(RTA_VIA, b"")
    return address_of(int.from_bytes(via[:2], byteorder), via[2:]) if len(via) > 2 else ""


def _hops(data: bytes) -> Iterator[Attributes]:
    """The attributes of each next hop of a multipath route."""
    start = 0
    while start + HOP.size <= len(data):
        length, *_ = HOP.unpack_from(data, start)
        yield attributes(data[start : start + length], HOP.size)
        start += max(length + 3 & ~3, HOP.size)
