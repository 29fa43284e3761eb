"""Facts about this network namespace from rtnetlink, as plain values. Needs no privilege.

Addresses are text in digits, as `inet_ntop` writes them, without a prefix length. Errors are OSErrors.
"""

from __future__ import annotations

from _struct import Struct
from os import uname

from ..frozen import frozen
from . import rtnetlink
from .destinations import Destinations, contained
from .routes import LOCAL, local_among, next_hops, no_way, prefixes, prefixes_of_rules, routes_to
from .rtnetlink import NUMBER, address_of, attributes, attributes_of_each, number_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from .destinations import Prefix
    from .routes import Question, Route
    from .rtnetlink import Attributes

RTM_GETLINK, RTM_GETADDR, RTM_GETNEIGH = 18, 22, 30
LINK_HEAD, ADDRESS_HEAD, NEIGHBOUR_HEAD = Struct("=BBHiII"), Struct("=BBBBI"), Struct("=BBHiHBB")
INDEX_AT = 4  # where the head of an address has the device
LIFETIMES = Struct("=IIII")  # struct ifa_cacheinfo
IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 4, 18, 1  # linux/if_link.h
IFA_ADDRESS, IFA_LOCAL, IFA_CACHEINFO, IFA_FLAGS = 1, 2, 6, 8
NDA_DST = 1  # linux/neighbour.h
EXCEPTIONS_LISTED = [5, 3]  # Linux
FOREVER = 2**32 - 1  # the value of a lifetime that doesn't end
IFF_UP, IFF_MULTICAST, IFF_LOWER_UP = 1, 0x1000, 0x10000  # linux/if.h
IFA_F_DADFAILED, IFA_F_TENTATIVE, IFA_F_OPTIMISTIC = 0x08, 0x40, 0x04  # linux/if_addr.h
KIND = 2  # the place of a route's type in a Prefix
ANSWERED = ("reachable", "stale", "delay", "probe")  # states of neighbours that answer or have answered
NEIGHBOUR_STATES = {  # linux/neighbour.h, NUD_*
    0: "none",
    1: "incomplete",
    2: "reachable",
    4: "stale",
    8: "delay",
    16: "probe",
    32: "failed",
    64: "noarp",
    128: "permanent",
}


@frozen
class Link:
    """A network device. `kind` is for example "dummy" or "veth", and empty for hardware; `mtu` is in bytes."""

    index: int
    name: str
    kind: str = ""
    flags: int = 0
    mtu: int = 0

    @property
    def up(self) -> bool:
        """Whether the device is set up, whatever its carrier state."""
        return bool(self.flags & IFF_UP)

    @property
    def carrier(self) -> bool:
        """Whether the device has a link: the kernel drops what leaves by one that is up and has none."""
        return bool(self.flags & IFF_LOWER_UP)

    @property
    def multicast(self) -> bool:
        """Whether the device accepts multicast packets."""
        return bool(self.flags & IFF_MULTICAST)


@frozen
class Address:
    """An address of a device. `preferred` is in seconds: at 0, the address isn't a source of new connections.

    `created` is the time at which it was bound, in hundredths of a second since the machine's start.
    """

    address: str
    prefix: int
    device: str
    flags: int = 0
    preferred: int = FOREVER
    created: int = 0

    @property
    def tentative(self) -> bool:
        """Whether duplicate detection is still running, so that the address isn't usable."""
        return bool(self.flags & IFA_F_TENTATIVE) and not self.flags & (IFA_F_OPTIMISTIC | IFA_F_DADFAILED)

    @property
    def duplicate(self) -> bool:
        """Whether the kernel found another machine with this address."""
        return bool(self.flags & IFA_F_DADFAILED)


@frozen
class Neighbour:
    """A neighbour on a link: `state` is for example "reachable" or "failed"."""

    address: str
    device: str
    state: str


class Reading:
    """Queries rtnetlink in the namespace in which it was created. Close it, or use it in a `with`."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._socket = rtnetlink.connect()
        self._names: dict[int, str] = {}  # names of devices, as last read
        self._routes: list[Prefix] | None = None  # as first read

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def links(self) -> tuple[Link, ...]:
        """All devices. Raises OSError."""
        found = tuple(map(_link, rtnetlink.listed(self._socket, RTM_GETLINK, LINK_HEAD)))
        self._names = {link.index: link.name for link in found}
        return found

    def addresses(self) -> tuple[Address, ...]:
        """All addresses of both families. Raises OSError."""
        self._know()
        return tuple(_addresses(rtnetlink.listed(self._socket, RTM_GETADDR, ADDRESS_HEAD), self._names))

    def created(self) -> Iterator[tuple[str, str, int]]:
        """The address, the device and the time of each of `addresses`: faster. Raises OSError."""
        self._know()
        bodies = rtnetlink.listed(self._socket, RTM_GETADDR, ADDRESS_HEAD)
        for body, found in zip(bodies, attributes_of_each(bodies, ADDRESS_HEAD.size), strict=True):
            (index,) = NUMBER.unpack_from(body, INDEX_AT)
            yield _own(body[0], found), self._names.get(index) or str(index), _lifetimes(found)[2]

    def neighbours(self) -> tuple[Neighbour, ...]:
        """All neighbours of both families. Raises OSError."""
        self._know()
        found = rtnetlink.listed(self._socket, RTM_GETNEIGH, NEIGHBOUR_HEAD)
        return tuple(one for one in (_neighbour(body, self._names) for body in found) if one.address)

    def next_hops(self) -> tuple[str, ...]:
        """The routers that routes lead to. Raises OSError."""
        return next_hops(self._listed_routes())

    def routes_to(self, questions: Iterable[Question]) -> list[Route]:
        """The route of each address, with its mark or 0; type "none" has the reason as its source. Raises OSError."""
        self._know()
        known = [*self._listed_routes(), *prefixes_of_rules(self._socket)] if _lists_exceptions() else []
        found = routes_to(self._socket, list(questions), self._names, Destinations(known))
        return [no_way(one) if isinstance(one, int) else one for one in found]

    def local_among(self, addresses: Iterable[str]) -> set[str]:
        """Those of `addresses` whose packets the kernel delivers locally. Raises OSError."""
        return local_among(self._socket, list(addresses))

    def local_by_routes(self, addresses: Iterable[str]) -> set[str]:
        """As `local_among`, but asks only about what a route of type "local" contains: fast if few are local.

        Whatever the rules are, an address is local by such a route, of some table. Routes are read once, so that later
        changes go unnoticed. Raises OSError.
        """
        routes = [one for one in self._listed_routes() if one[KIND] == LOCAL]
        return self.local_among(contained(addresses, routes))

    def _listed_routes(self) -> list[Prefix]:
        """The prefixes of all routes, read once. Raises OSError."""
        if self._routes is None:
            self._routes = prefixes(self._socket)
        return self._routes

    def _know(self) -> None:
        """Read the names of devices, if they aren't known."""
        if not self._names:
            self.links()


def _lists_exceptions() -> bool:
    """Whether this kernel lists what it has learnt about single destinations, such as a smaller MTU, beside routes."""
    numbers = [int(one) for one in uname().release.split("-")[0].split(".")[:2] if one.isdecimal()]
    return numbers >= EXCEPTIONS_LISTED


def is_loopback(address: str) -> bool:
    """Whether packets for `address` never leave the machine."""
    return address.startswith("127.") or address == "::1"


def _link(body: bytes) -> Link:
    _, _, _, index, flags, _ = LINK_HEAD.unpack_from(body)
    found = attributes(body, LINK_HEAD.size)
    return Link(
        index=index,
        name=text_of(found, IFLA_IFNAME) or str(index),
        kind=text_of(attributes(found.get(IFLA_LINKINFO, b"")), IFLA_INFO_KIND),
        flags=flags,
        mtu=number_of(found, IFLA_MTU) or 0,
    )


def _addresses(bodies: Sequence[bytes], names: Mapping[int, str]) -> Iterator[Address]:
    for body, found in zip(bodies, attributes_of_each(bodies, ADDRESS_HEAD.size), strict=True):
        family, prefix, flags, _, index = ADDRESS_HEAD.unpack_from(body)
        whole = number_of(found, IFA_FLAGS)
        preferred, _, created, _ = _lifetimes(found)
        yield Address(
            _own(family, found),
            prefix,
            names.get(index) or str(index),
            flags if whole is None else whole,
            preferred,
            created,
        )


def _own(family: int, found: Attributes) -> str:
    """The address of an interface; IFA_ADDRESS may be the peer's."""
    return address_of(family, found.get(IFA_LOCAL) or found.get(IFA_ADDRESS) or b"")


def _lifetimes(found: Attributes) -> tuple[int, ...]:
    told = found.get(IFA_CACHEINFO, b"")
    return LIFETIMES.unpack(told) if len(told) == LIFETIMES.size else (FOREVER, 0, 0, 0)


def _neighbour(body: bytes, names: Mapping[int, str]) -> Neighbour:
    family, _, _, index, state, _, _ = NEIGHBOUR_HEAD.unpack_from(body)
    packed = attributes(body, NEIGHBOUR_HEAD.size).get(NDA_DST, b"")
    return Neighbour(
        address=address_of(family, packed),
        device=names.get(index, str(index)),
        state=NEIGHBOUR_STATES.get(state, "unknown"),
    )
