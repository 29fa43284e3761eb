"""Finds addresses that other machines have: binding one here would cut off its machine."""

from __future__ import annotations

from ...errors import IpvsadmError
from ...network.facts import ANSWERED
from ...record import Record
from ...table.notation import address_of
from .transaction import REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...model import Server, Service
    from ...network.facts import Reading

    Entries = Iterable[tuple[Service, Iterable[Server]]]


class Others(Record):
    """The addresses of routers, of servers (packed, since they are many), and of neighbours that answered."""

    __slots__ = ()
    next_hops: frozenset[str] = frozenset()
    servers: frozenset[bytes] = frozenset()
    neighbours: frozenset[str] = frozenset()

    def who(self, address: str) -> str:
        """A description of the machine that has `address`; empty if none is known to have it."""
        rows = (
            (address in self.next_hops, "the next hop of a route"),
            (address_of(address) in self.servers, "a server of the table"),
            (address in self.neighbours, "a neighbour that answered"),
        )
        return next((words for has_it, words in rows if has_it), "")

    def refuse(self, addresses: Iterable[str]) -> None:
        """Raise IpvsadmError if other machines have some of `addresses`."""
        found = [(address, self.who(address)) for address in addresses]
        taken = [f"{address} is {who}" for address, who in found if who]
        if taken:
            raise IpvsadmError(
                "\n".join([*taken, "nothing was done: to bind that here would cut the other machine off"]),
                hint="name another address; `--force` binds it anyway",
                status=REFUSED,
            )


def seen(director: Reading, servers: Iterable[bytes]) -> Others:
    """The addresses of other machines that are known here. Raises OSError."""
    answered = (one.address for one in director.neighbours() if one.state in ANSWERED)
    return Others(next_hops=frozenset(director.next_hops()), servers=frozenset(servers), neighbours=frozenset(answered))


def servers_of(entries: Entries) -> set[bytes]:
    """The packed addresses of all servers."""
    return {server.address for _, servers in entries for server in servers if server.address}
