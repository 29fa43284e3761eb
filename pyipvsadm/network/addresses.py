"""Creates dummy devices, and adds and removes addresses, by rtnetlink. Needs CAP_NET_ADMIN; errors are OSErrors."""

from __future__ import annotations

from collections.abc import Callable
from errno import EIO
from os import strerror
from socket import AF_INET, AF_INET6

from .facts import FOREVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyroute2 import IPRoute

IFA_F_NODAD = 0x02  # linux/if_addr.h


class Changing:
    """Asks rtnetlink for changes in the network namespace in which it was created. Close it."""

    def __init__(self) -> None:
        """Raises OSError."""
        from pyroute2 import IPRoute

        self._rtnetlink: IPRoute = _told(IPRoute)

    def close(self) -> None:
        """Close the socket."""
        self._rtnetlink.close()

    def make_dummy(self, name: str) -> None:
        """Create a dummy device. It stays down: its addresses are local nevertheless."""
        _told(lambda: self._rtnetlink.link("add", ifname=name, kind="dummy"))

    def bind(self, address: str, device: int) -> None:
        """Add `address` to the device with this index, with a full-length prefix.

        An IPv6 address is usable at once, without duplicate detection, and never the source of new connections.
        """
        if ":" in address:
            lifetimes = {"preferred": 0, "valid": FOREVER}
            told_twice = {**lifetimes, "cacheinfo": lifetimes}  # pyroute2 before 0.9 reads the former form
            self._address("add", address, device, AF_INET6, 128, flags=IFA_F_NODAD, **told_twice)
        else:
            self._address("add", address, device, AF_INET, 32)

    def unbind(self, address: str, device: int) -> None:
        """Remove an address that `bind` added."""
        if ":" in address:
            self._address("del", address, device, AF_INET6, 128)
        else:
            self._address("del", address, device, AF_INET, 32)

    def _address(self, verb: str, address: str, index: int, family: int, prefix: int, **more: Any) -> None:
        wanted = {"address": address, "index": index, "family": family, "prefixlen": prefix, **more}
        _told(lambda: self._rtnetlink.addr(verb, **wanted))


def _told(ask: Callable[[], Any]) -> Any:
    """The result of `ask`; pyroute2's own exceptions become OSError."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        return ask()
    except NetlinkError as error:
        raise OSError(error.code or EIO, strerror(error.code or EIO)) from error
