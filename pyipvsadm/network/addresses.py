"""Dummy devices and addresses, made and taken away by rtnetlink. It takes CAP_NET_ADMIN; what fails is an OSError."""

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
    """Asks rtnetlink for changes, in the network namespace in which it was made. Close it."""

    def __init__(self) -> None:
        """Raises OSError."""
        from pyroute2 import IPRoute

        self._rtnetlink: IPRoute = _told(IPRoute)

    def close(self) -> None:
        """Give the socket up."""
        self._rtnetlink.close()

    def make_dummy(self, name: str) -> None:
        """Make a dummy device. It stays down: its addresses are local even so."""
        _told(lambda: self._rtnetlink.link("add", ifname=name, kind="dummy"))

    def bind(self, address: str, device: int) -> None:
        """Make `address` one of the device of this index, as a host of its own.

        One of IPv6 is usable at once, without a look for duplicates, and never the source of new connections.
        """
        if ":" in address:
            lifetimes = {"preferred": 0, "valid": FOREVER}
            told_twice = {**lifetimes, "cacheinfo": lifetimes}  # pyroute2 reads the one before 0.9, and then the other
            self._address("add", address, device, AF_INET6, 128, flags=IFA_F_NODAD, **told_twice)
        else:
            self._address("add", address, device, AF_INET, 32)

    def unbind(self, address: str, device: int) -> None:
        """Take an address that `bind` has bound away."""
        if ":" in address:
            self._address("del", address, device, AF_INET6, 128)
        else:
            self._address("del", address, device, AF_INET, 32)

    def _address(self, verb: str, address: str, index: int, family: int, prefix: int, **more: Any) -> None:
        wanted = {"address": address, "index": index, "family": family, "prefixlen": prefix, **more}
        _told(lambda: self._rtnetlink.addr(verb, **wanted))


def _told(ask: Callable[[], Any]) -> Any:
    """What `ask` returns; what pyroute2 raises in its own way, as OSError."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        return ask()
    except NetlinkError as error:
        raise OSError(error.code or EIO, strerror(error.code or EIO)) from error
