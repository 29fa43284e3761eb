"""The virtual servers, real servers and groups of a keepalived.conf, as the parser fills them."""

from __future__ import annotations

from _socket import IPPROTO_UDP

from ...record import Record
from .value_readers import Method

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...table.assembly import Place


class Entry(Record):
    """An address and a port, or a firewall mark. A range in a group becomes an entry for each address."""

    __slots__ = ()
    address: bytes | None = None
    port: int = 0
    mark: int | None = None
    af: int | None = None


class Group:
    """A virtual_server_group."""

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self.place = place
        self.entries: list[Entry] = []


class Checker:
    """A health check. `urls` counts the URLs with a path; keepalived leaves out a check that isn't `complete`."""

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self.place = place
        self.alpha: bool | None = None
        self.complete = name not in ("MISC_CHECK", "BFD_CHECK", "FILE_CHECK")
        self.target = ""
        self.dynamic = name == "FILE_CHECK"
        self.urls = 0


class RealServer:
    """A real_server or a sorry_server. The virtual server decides what is None here."""

    def __init__(self, address: bytes, port: int, method: Method | None, place: Place) -> None:
        self.place = place
        self.address = address
        self.port = port
        self.method = method
        self.weight: int | None = None
        self.upper = self.lower = 0
        self.alpha: bool | None = None
        self.inhibit: bool | None = None
        self.checkers: list[Checker] = []


class VirtualServer:
    """A virtual_server, for an address, a mark or a group. `af` is None until something sets it."""

    def __init__(self, entry: Entry, group: str, title: str, place: Place) -> None:
        self.entry = entry
        self.group = group
        self.title = title
        self.place = place
        self.af = entry.af
        self.protocol: int | None = None
        self.scheduler: str | None = None
        self.flags = 0
        self.method: Method | None = None
        self.timeout: int | None = None
        self.netmask: int | None = None
        self.granular = self.ops = self.alpha = self.inhibit = False
        self.engine: str | None = None
        self.weight: int | None = None
        self.quorum, self.hysteresis = 1, 0
        self.sorry: RealServer | None = None
        self.servers: list[RealServer] = []

    @property
    def transport(self) -> int:
        """The number of its protocol: UDP if none is given."""
        return IPPROTO_UDP if self.protocol is None else self.protocol

    def method_of(self, server: RealServer) -> Method:
        """The forwarding method for `server`."""
        return server.method or self.method or Method()

    def weight_of(self, server: RealServer) -> int:
        """The weight of `server`."""
        return next((one for one in (server.weight, self.weight) if one is not None), 1)

    def inhibits(self, server: RealServer) -> bool:
        """Whether `server` stays in the table, with weight 0, when a check fails."""
        return self.inhibit if server.inhibit is None else server.inhibit

    def checked(self, server: RealServer) -> bool:
        """Whether anything checks `server`."""
        return any(checker.complete for checker in server.checkers)

    def waits(self, server: RealServer) -> bool:
        """Whether `server` counts as down until a check has succeeded."""
        return any(checker.complete and alpha for checker, alpha in self._alphas(server))

    def _alphas(self, server: RealServer) -> Iterator[tuple[Checker, bool]]:
        for checker in server.checkers:
            told = (checker.alpha, server.alpha, self.alpha)
            yield checker, next(one for one in told if one is not None)
