"""A client, and what the kernel remembers of it: connections, and the entries of persistence."""

from __future__ import annotations

from _socket import AF_INET

from ..model import PERSISTENT, PROTOCOLS
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..listing.connections import Connection
    from ..model import Server, Service
    from .pools import Pool

    Entries = dict[tuple[bytes, int], Connection]

FTP = 21  # of whose clients persistence keeps all ports together
FADING = frozenset(("TIME_WAIT",))  # states of connections that give way to new ones


class Client(Record):
    """A packed address, and the port if it is known."""

    __slots__ = ()
    address: bytes = b""
    port: int | None = None


def masked(address: bytes, service: Service) -> bytes:
    """The address that persistence of `service` has for all clients of which `address` is one."""
    if service.netmask is None:
        return address
    bits = 8 * len(address)
    mask = service.netmask if len(address) == 4 else (1 << bits) - (1 << bits - service.netmask)
    return (int.from_bytes(address, "big") & mask).to_bytes(len(address), "big")


def entries_of(service: Service, connections: Iterable[Connection]) -> Entries:
    """Those of `connections` that are about `service`, by the client's address and its port, 0 for persistence.

    Of a service by a mark, only persistence can be found: its connections bear the addresses that packets went to.
    """
    template = _template_end(service)
    live = PROTOCOLS.get(service.protocol or 0, "").upper(), service.address, service.port
    found = {}
    for one in connections:
        end = one.protocol, one.virtual, one.virtual_port
        if (end == template and not one.client_port) or (end == live and one.client_port):
            found[one.client, one.client_port] = one
    return found


def lines_about(service: Service, clients: Iterable[Client], lines: Iterable[str]) -> list[str]:
    """Those of the kernel's `lines` that may be about one of `clients` of `service`: the others needn't be read."""
    virtual = f" {_digits(_template_end(service)[1])} "
    found = [line for line in lines if virtual in line]
    if not found:
        return []
    addresses = {address for client in clients for address in (client.address, masked(client.address, service))}
    wanted = set(map(_digits, addresses))
    return [line for line in found if line.split(None, 2)[1] in wanted]


def _digits(address: bytes) -> str:
    """`address` as the kernel's list of connections has it."""
    digits = address.hex()
    if len(address) == 4:
        return digits.upper()
    return ":".join(digits[first : first + 4] for first in range(0, 32, 4))


def remembered(pool: Pool, client: Client, entries: Entries, expire: bool) -> Connection | None:
    """The entry by which `client` is sent on: of its connection, or else of persistence, if that still holds.

    With `expire` (net.ipv4.vs.expire_quiescent_template), persistence ends as a server gets weight 0.
    """
    service = pool.service
    if client.port and (found := entries.get((client.address, client.port))):
        return found
    if not service.flags & PERSISTENT:
        return None
    found = entries.get((masked(client.address, service), 0))
    if found is None:
        return None
    able = any(server.weight or not expire for server in servers_of(pool, found))
    return found if able else None


def servers_of(pool: Pool, found: Connection) -> list[Server]:
    """The servers that an entry may lead to: one or none, and several of one address where all ports are kept together,
    as then the entry has none.
    """
    port = found.server_port
    return [one for one in pool.servers if one.address == found.server and port in (one.port, 0)]


def _template_end(service: Service) -> tuple[str, bytes, int]:
    """The protocol, virtual address and port that entries of persistence of `service` have."""
    if service.fwmark is not None:
        size = 4 if service.af == AF_INET else 16
        return "IP", service.fwmark.to_bytes(4, "big").ljust(size, b"\0"), 0
    port = service.port or 0
    return PROTOCOLS.get(service.protocol or 0, "").upper(), service.address or b"", 0 if port == FTP else port
