"""What rtnetlink tells of this network namespace, as plain values. It takes no privilege.

Addresses are text in digits, as `inet_ntop` writes them, without the length of a prefix. What fails is an OSError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EAFNOSUPPORT, EIO
from os import strerror
from socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyroute2 import IPRoute

FOREVER = 2**32 - 1  # a lifetime in seconds that doesn't end
IFF_UP, IFF_NOARP, IFF_MULTICAST = 1, 0x80, 0x1000  # linux/if.h
IFA_F_DADFAILED, IFA_F_TENTATIVE, IFA_F_OPTIMISTIC = 0x08, 0x40, 0x04  # linux/if_addr.h
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


@dataclass(frozen=True)
class Link:
    """A network device. `kind` is such as "dummy" or "veth", and empty for hardware; `mtu` is in bytes."""

    index: int
    name: str
    kind: str = ""
    flags: int = 0
    mtu: int = 0

    @property
    def up(self) -> bool:
        """Whether it was set up, whatever its carrier is."""
        return bool(self.flags & IFF_UP)

    @property
    def multicast(self) -> bool:
        """Whether it takes multicast packets."""
        return bool(self.flags & IFF_MULTICAST)


@dataclass(frozen=True)
class Address:
    """An address of a device. `preferred` is in seconds: at 0, it is no source of new connections."""

    address: str
    prefix: int
    device: str
    flags: int = 0
    preferred: int = FOREVER

    @property
    def tentative(self) -> bool:
        """Whether the kernel still looks for duplicates, so that it isn't usable."""
        return bool(self.flags & IFA_F_TENTATIVE) and not self.flags & (IFA_F_OPTIMISTIC | IFA_F_DADFAILED)

    @property
    def duplicate(self) -> bool:
        """Whether another machine was found to have it."""
        return bool(self.flags & IFA_F_DADFAILED)


@dataclass(frozen=True)
class Route:
    """Where packets for an address go. `type` is "local" for an address of our own; `mtu` is 0 if it sets none.

    `gateway` is empty if the address is on the link. `source` is the address that we send from.
    """

    type: str
    device: str = ""
    gateway: str = ""
    source: str = ""
    mtu: int = 0


@dataclass(frozen=True)
class Neighbour:
    """What is known of a machine on a link: `state` is such as "reachable" or "failed"."""

    address: str
    device: str
    state: str


class Reading:
    """Asks rtnetlink; it stays with the namespace in which it was made. Close it, or use `reading()`."""

    def __init__(self) -> None:
        """Raises OSError."""
        from pyroute2 import IPRoute

        self._rtnetlink: IPRoute = _told(IPRoute)

    def close(self) -> None:
        """Give the socket up."""
        self._rtnetlink.close()

    def links(self) -> tuple[Link, ...]:
        """All devices. Raises OSError."""
        return tuple(map(_link, _told(lambda: list(self._rtnetlink.get_links()))))

    def addresses(self) -> tuple[Address, ...]:
        """All addresses of both families. Raises OSError."""
        names = self._names()
        return tuple(_address(found, names) for found in _told(lambda: list(self._rtnetlink.get_addr())))

    def neighbours(self) -> tuple[Neighbour, ...]:
        """All neighbours of both families. Raises OSError."""
        names = self._names()
        found = [_neighbour(one, names) for one in _told(lambda: list(self._rtnetlink.get_neighbours()))]
        return tuple(one for one in found if one.address)

    def route_to(self, address: str, mark: int = 0) -> Route:
        """Where a packet for `address` goes, with a firewall mark or without. Raises OSError, as ENETUNREACH."""
        family = AF_INET6 if ":" in address else AF_INET
        wanted = {"dst": address, "family": family, **({"mark": mark} if mark else {})}
        found = _told(lambda: list(self._rtnetlink.route("get", **wanted)))
        if not found:
            raise OSError(EAFNOSUPPORT, strerror(EAFNOSUPPORT), address)  # IPv6 that is off may just be silent
        return _route(found[0], self._names())

    def _names(self) -> dict[int, str]:
        return {link.index: link.name for link in self.links()}


@contextmanager
def reading() -> Iterator[Reading]:
    """A Reading of the namespace that this process is in, closed at the end. Raises OSError."""
    opened = Reading()
    try:
        yield opened
    finally:
        opened.close()


def _told(ask: Callable[[], Any]) -> Any:
    """What `ask` returns; what pyroute2 raises in its own way, as OSError."""
    from pyroute2.netlink.exceptions import NetlinkDumpInterrupted, NetlinkError

    for _ in range(3):
        try:
            return ask()
        except NetlinkDumpInterrupted:
            continue  # something changed meanwhile
        except NetlinkError as error:
            raise OSError(error.code or EIO, strerror(error.code or EIO)) from error
    raise OSError(EIO, "the network changes faster than it can be read")


def _link(message: Any) -> Link:
    return Link(
        index=message["index"],
        name=message.get("ifname") or str(message["index"]),
        kind=message.get(("linkinfo", "kind")) or "",
        flags=message["flags"],
        mtu=message.get("mtu") or 0,
    )


def _address(message: Any, names: dict[int, str]) -> Address:
    lifetimes = message.get("cacheinfo") or {}
    return Address(
        address=message.get("local") or message.get("address") or "",  # the latter is the peer's, if they differ
        prefix=message["prefixlen"],
        device=_name(message["index"], names),
        flags=message.get_attr("IFA_FLAGS") or message["flags"],
        preferred=lifetimes.get("ifa_preferred", FOREVER),
    )


def _neighbour(message: Any, names: dict[int, str]) -> Neighbour:
    state = NEIGHBOUR_STATES.get(message["state"], "unknown")
    return Neighbour(address=message.get("dst") or "", device=_name(message["ifindex"], names), state=state)


def _route(message: Any, names: dict[int, str]) -> Route:
    metrics = message.get_attr("RTA_METRICS")
    return Route(
        type=ROUTE_TYPES.get(message["type"], "unknown"),
        device=_name(message.get("oif"), names),
        gateway=_gateway(message),
        source=message.get("prefsrc") or "",
        mtu=(metrics.get_attr("RTAX_MTU") if metrics else 0) or 0,
    )


def _gateway(message: Any) -> str:
    """The next machine, which may be of the other family."""
    via = message.get_attr("RTA_VIA") or {}
    hops: Iterable[Any] = message.get_attr("RTA_MULTIPATH") or ()
    found = [message.get_attr("RTA_GATEWAY"), via.get("addr"), *(hop.get_attr("RTA_GATEWAY") for hop in hops)]
    return next((str(gateway) for gateway in found if gateway), "")


def _name(index: int | None, names: dict[int, str]) -> str:
    return names.get(index, str(index)) if index else ""
