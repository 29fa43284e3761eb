"""What the kernel remembers of the clients of a service, and where that leads them."""

from __future__ import annotations

from ..model import PERSISTENT
from ..record import Record
from .clients import masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..listing.connections import Connection
    from ..model import Server
    from .clients import Client, Entries
    from .pools import Pool

FADING = frozenset(("FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSED"))  # states of entries that a new connection may replace
BEGINS = frozenset(("TCP", "SCTP"))  # protocols whose packets show that a connection begins


class Expiry(Record):
    """When the kernel forgets: net.ipv4.vs.expire_quiescent_template and expire_nodest_conn.

    With `quiescent`, persistence ends when the server gets weight 0; with `nodest`, a new connection from the same port
    replaces one to such a server.
    """

    __slots__ = ()
    quiescent: bool = False
    nodest: bool = False


class Memory:
    """The connections and persistence of clients of `pool`."""

    def __init__(self, pool: Pool, entries: Entries, expiry: Expiry) -> None:
        self._service = pool.service
        self._entries = entries
        self._expiry = expiry
        self._by_address: dict[bytes, list[Server]] = {}
        for server in pool.servers:
            self._by_address.setdefault(server.address, []).append(server)

    def of(self, client: Client) -> list[Connection]:
        """The entries that decide where `client` goes: its connections, or else its persistence if that is still valid.

        Both if the service has no port of its own, since the next packet may go to another port than the connections.
        A persistence engine has entries of its own.
        """
        service = self._service
        live = self._entries.get((client.address, client.port), []) if client.port else []
        if live and service.fwmark is not None:
            live = [one for one in live if self.servers(one)]
        if (live and service.port) or service.engine or not service.flags & PERSISTENT:
            return live
        return live + [one for one in self._entries.get((masked(client.address, service), 0), []) if self._keeps(one)]

    def _keeps(self, one: Connection) -> bool:
        """Whether an entry of persistence is valid: its server exists, and has a weight if the kernel demands one."""
        return any(server.weight or not self._expiry.quiescent for server in self.servers(one))

    def servers(self, one: Connection) -> list[Server]:
        """The servers to which an entry may lead.

        At most one, except if persistence keeps all ports together: then the entry has no port, or the one that packets
        went to, and all servers with its address are possible.
        """
        there = self._by_address.get(one.server, [])
        exact = [server for server in there if server.port == one.server_port]
        if exact or one.server_port not in (0, one.virtual_port):
            return exact
        return [server for server in there if not (one.server_port and self._service.port and server.port)]

    def is_settled(self, one: Connection, server: Server) -> bool:
        """Whether all packets that fit the entry `one` go to `server`: none of them can begin a new connection."""
        replaced = self._expiry.nodest and not server.weight and one.client_port and one.protocol in BEGINS
        return one.state not in FADING and not replaced
