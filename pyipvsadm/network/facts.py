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
ANSWERED = ("reachable", "stale", "delay", "probe")  # states of neighbours that are or were there
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
    """An address of a device. `preferred` is in seconds: at 0, it is no source of new connections.

    `created` is when it was bound, in hundredths of a second since the machine was started.
    """

    address: str
    prefix: int
    device: str
    flags: int = 0
    preferred: int = FOREVER
    created: int = 0

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
        self._names: dict[int, str] = {}  # of devices, as last read

    def close(self) -> None:
        """Give the socket up."""
        self._rtnetlink.close()

    def links(self) -> tuple[Link, ...]:
        """All devices. Raises OSError."""
        found = tuple(map(_link, _told(lambda: list(self._rtnetlink.get_links()))))
        self._names = {link.index: link.name for link in found}
        return found

    def addresses(self) -> tuple[Address, ...]:
        """All addresses of both families. Raises OSError."""
        found = _told(lambda: list(self._rtnetlink.get_addr()))
        return tuple(_address(one, self._name(one["index"])) for one in found)

    def neighbours(self) -> tuple[Neighbour, ...]:
        """All neighbours of both families. Raises OSError."""
        found = _told(lambda: list(self._rtnetlink.get_neighbours()))
        neighbours = (_neighbour(one, self._name(one["ifindex"])) for one in found)
        return tuple(one for one in neighbours if one.address)

    def next_hops(self) -> tuple[str, ...]:
        """The routers that routes lead to. Raises OSError."""
        found = _told(lambda: list(self._rtnetlink.get_routes()))
        hops = (hop for one in found for hop in (one, *(one.get_attr("RTA_MULTIPATH") or ())))
        return tuple(dict.fromkeys(gateway for hop in hops if (gateway := _gateway(hop))))

    def route_to(self, address: str, mark: int = 0) -> Route:
        """Where a packet for `address` goes, with a firewall mark or without. Raises OSError, as ENETUNREACH."""
        family = AF_INET6 if ":" in address else AF_INET
        wanted = {"dst": address, "family": family, **({"mark": mark} if mark else {})}
        found = _told(lambda: list(self._rtnetlink.route("get", **wanted)))
        if not found:
            raise OSError(EAFNOSUPPORT, strerror(EAFNOSUPPORT), address)  # IPv6 that is off may just be silent
        return _route(found[0], self._name(found[0].get("oif")))

    def _name(self, index: int | None) -> str:
        """The name of a device, its number if it is gone, and empty for None."""
        if not index:
            return ""
        if index not in self._names:
            self.links()
        return self._names.get(index, str(index))


@contextmanager
def reading() -> Iterator[Reading]:
    """A Reading of the namespace that this process is in, closed at the end. Raises OSError."""
    opened = Reading()
    try:
        yield opened
    finally:
        opened.close()


def is_local(director: Reading, address: str) -> bool:
    """Whether the kernel takes packets for `address` for its own."""
    try:
        return director.route_to(address).type == "local"
    except OSError:
        return False  # no way leads there


def is_loopback(address: str) -> bool:
    """Whether packets for `address` never leave the machine."""
    return address.startswith("127.") or address == "::1"


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


def _address(message: Any, device: str) -> Address:
    lifetimes = message.get("cacheinfo") or {}
    return Address(
        address=message.get("local") or message.get("address") or "",  # the latter is the peer's, if they differ
        prefix=message["prefixlen"],
        device=device,
        flags=message.get_attr("IFA_FLAGS") or message["flags"],
        preferred=lifetimes.get("ifa_preferred", FOREVER),
        created=lifetimes.get("cstamp", 0),
    )


def _neighbour(message: Any, device: str) -> Neighbour:
    state = NEIGHBOUR_STATES.get(message["state"], "unknown")
    return Neighbour(address=message.get("dst") or "", device=device, state=state)


def _route(message: Any, device: str) -> Route:
    metrics = message.get_attr("RTA_METRICS")
    return Route(
        type=ROUTE_TYPES.get(message["type"], "unknown"),
        device=device,
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
