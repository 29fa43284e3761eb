"""A client, and the entries of the kernel's list that may be about it: connections, and those of persistence."""

from __future__ import annotations

from _socket import AF_INET

from ..model import PROTOCOLS
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..listing.connections import Connection
    from ..model import Service

    Entries = dict[tuple[bytes, int], list[Connection]]

FTP = 21  # persistence of this port keeps all ports of a client together


class Client(Record):
    """A client: its packed address, and its port if that is known."""

    __slots__ = ()
    address: bytes = b""
    port: int | None = None


def masked(address: bytes, service: Service) -> bytes:
    """`address`, cut by the netmask of `service`: the address under which persistence keeps the client."""
    if service.netmask is None:
        return address
    bits = 8 * len(address)
    mask = service.netmask if len(address) == 4 else (1 << bits) - (1 << bits - service.netmask)
    return (int.from_bytes(address, "big") & mask).to_bytes(len(address), "big")


def entries_of(
    service: Service, connections: Iterable[Connection], others: Callable[[], Iterable[Service]] = tuple
) -> Entries:
    """The `connections` that may belong to `service`, by the client's address and port; port 0 means persistence.

    For a service of all ports or of a mark, connections hold the addresses and ports to which the packets went.
    Those that match an address of the `others` belong to them; the kernel doesn't report marks.
    """
    template, live = _template_end(service), _live_end(service)
    taken = None
    found: Entries = {}
    for one in connections:
        end = one.protocol, one.virtual, one.virtual_port
        if not one.client_port:
            fits = end == template and not one.engine
        elif service.port:
            fits = end == live
        else:
            taken = {_live_end(other) for other in others()} if taken is None else taken
            fits = (service.fwmark is not None or end[:2] == live[:2]) and end not in taken
        if fits:
            found.setdefault((one.client, one.client_port), []).append(one)
    return found


def _live_end(service: Service) -> tuple[str, bytes | None, int | None]:
    """The (protocol, virtual address, port) of the connections of a service; None where any value is possible."""
    return PROTOCOLS.get(service.protocol or 0, "").upper(), service.address, service.port


def lines_about(service: Service, clients: Iterable[Client], lines: Iterable[str]) -> list[str]:
    """The `lines` of the kernel's list that may concern one of `clients` of `service`; the others needn't be parsed."""
    virtual = " " if service.fwmark is not None else f" {_digits(_template_end(service)[1])} "
    found = [line for line in lines if virtual in line]
    if not found:
        return []
    addresses = {address for client in clients for address in (client.address, masked(client.address, service))}
    wanted = set(map(_digits, addresses))
    return [line for line in found if line.split(None, 2)[1] in wanted]


def _digits(address: bytes) -> str:
    """`address` in the notation of the kernel's list of connections."""
    digits = address.hex()
    if len(address) == 4:
        return digits.upper()
    return ":".join(digits[first : first + 4] for first in range(0, 32, 4))


def _template_end(service: Service) -> tuple[str, bytes, int]:
    """The (protocol, virtual address, port) in the persistence entries of `service`."""
    if service.fwmark is not None:
        size = 4 if service.af == AF_INET else 16
        return "IP", service.fwmark.to_bytes(4, "big").ljust(size, b"\0"), 0
    port = service.port or 0
    return PROTOCOLS.get(service.protocol or 0, "").upper(), service.address or b"", 0 if port == FTP else port
