"""Creates dummy devices, and adds and removes addresses, by rtnetlink. Needs CAP_NET_ADMIN; errors are OSErrors."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton
from errno import EIO
from os import strerror

from . import rtnetlink
from .facts import ADDRESS_HEAD, FOREVER, IFA_ADDRESS, IFA_CACHEINFO, IFA_LOCAL, LIFETIMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

BATCH = rtnetlink.BATCH
RTM_NEWADDR, RTM_DELADDR = 20, 21
IFA_F_NODAD = 0x02  # linux/if_addr.h
NEW = 0x600  # NLM_F_CREATE, NLM_F_EXCL: what is there is refused
HEADS = {  # by the bytes of an address: the heads of its two attributes
    size: [rtnetlink.ATTRIBUTE.pack(rtnetlink.ATTRIBUTE.size + size, kind) for kind in (IFA_LOCAL, IFA_ADDRESS)]
    for size in (4, 16)
}
UNUSED = rtnetlink.attribute(IFA_CACHEINFO, LIFETIMES.pack(0, FOREVER, 0, 0))  # never the source of new connections


class Changing:
    """Asks rtnetlink for changes in the network namespace in which it was created. Close it."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._socket = rtnetlink.connect()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def make_dummy(self, name: str) -> None:
        """Create a dummy device. It stays down: its addresses are local nevertheless."""
        from pyroute2 import IPRoute  # half a second, which addresses have no use for
        from pyroute2.netlink.exceptions import NetlinkError

        try:
            with IPRoute() as director:
                director.link("add", ifname=name, kind="dummy")
        except NetlinkError as error:
            raise OSError(error.code or EIO, strerror(error.code or EIO)) from error

    def change(self, adds: bool, addresses: Iterable[str], device: int) -> list[int]:
        """Add addresses to the device with this index, or remove them; the errno of each that is refused, or else 0.

        Each has a full-length prefix. An IPv6 address is usable at once, without duplicate detection, and never the
        source of new connections.
        """
        asked = (_request(adds, address, device) for address in addresses)
        return [answer if isinstance(answer, int) else 0 for answer in rtnetlink.exchanged(self._socket, asked)]


def _request(adds: bool, address: str, device: int) -> tuple[int, int, bytes]:
    family = AF_INET6 if ":" in address else AF_INET
    packed = inet_pton(family, address)
    six = adds and family == AF_INET6
    local, own = HEADS[len(packed)]
    head = ADDRESS_HEAD.pack(family, 8 * len(packed), IFA_F_NODAD if six else 0, 0, device)
    body = head + local + packed + own + packed
    return RTM_NEWADDR if adds else RTM_DELADDR, NEW if adds else 0, body + UNUSED if six else body
