"""The kernel's list of connections, converted from its form in /proc to ipvsadm's."""

from __future__ import annotations

from ..errors import LISTING, IpvsadmError
from ..model import PROTOCOLS, printable
from ..record import Record
from .service_lines import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Listing
    from ..names import Names

NUMBERS = {name.upper(): number for number, name in PROTOCOLS.items()}


class Connection(Record):
    """An entry of the kernel's list: packed addresses, `protocol` and `state` in the kernel's words, and the
    `seconds` until it expires. `engine` is the persistence engine that keeps it, if any, and `data` that engine's key.
    """

    __slots__ = ()
    protocol: str = ""
    client: bytes = b""
    client_port: int = 0
    virtual: bytes = b""
    virtual_port: int = 0
    server: bytes = b""
    server_port: int = 0
    state: str = ""
    seconds: int = 0
    engine: str = ""
    data: str = ""

    @property
    def number(self) -> int | None:
        """The protocol's number; None if services can't have this protocol."""
        return NUMBERS.get(self.protocol)


def entries(lines: Iterator[str]) -> Iterator[Connection]:
    """The connections in `lines`, which begin with a header. Raises IpvsadmError if they can't be read."""
    if next(lines, None) is None:
        raise IpvsadmError(
            "unexpected input from /proc/net/ip_vs_conn",
            hint="the list is empty and has no header",
            status=LISTING,
        )
    return _entries(lines)


def _entries(lines: Iterator[str]) -> Iterator[Connection]:
    for line in lines:
        words = line.split(" ")
        words = [word for word in words if word]
        if not words:
            raise IpvsadmError("", status=LISTING)  # ipvsadm ends here without a message
        try:
            yield _entry(words)
        except ValueError:
            raise IpvsadmError(
                "unexpected input from /proc/net/ip_vs_conn", hint=f"this line: {printable(line)}", status=LISTING
            ) from None


def _entry(words: list[str]) -> Connection:
    """One line of the list, from its words. Raises ValueError."""
    protocol, client, client_port, virtual, virtual_port, server, server_port, state, left, *engine = words
    ends = (
        *(packed(client), int(client_port, 16), packed(virtual), int(virtual_port, 16)),
        *(packed(server), int(server_port, 16)),
    )
    keeper = (engine[0], printable(" ".join(engine[1:]))) if len(engine) >= 2 else ("", "")
    return Connection.make((protocol, *ends, state, int(left), *keeper))


def table(lines: Iterator[str], listing: Listing, names: Names | None) -> Iterator[str]:
    """The connections in `lines`, which begin with a header, as lines to print. Raises IpvsadmError, too."""
    found = entries(lines)
    heads = f"{'source':<18} {'virtual':<18} "
    if listing.persistent_conn:
        yield f"IPVS connection entries\npro expire {'state':<11} {heads}{'destination':<18} {'pe name':<16} pe_data\n"
    else:
        yield f"IPVS connection entries\npro expire {'state':<11} {heads}destination\n"
    for connection in found:
        yield line(connection, listing, names)


def line(connection: Connection, listing: Listing, names: Names | None) -> str:
    """One connection as a line."""
    protocol, address, port, virtual_address, virtual_port, server_address, server_port, state, left, *_ = connection
    number = connection.number
    client = endpoint(address, port, number, names)
    virtual = endpoint(virtual_address, virtual_port, number, names)
    server = endpoint(server_address, server_port, number, names)
    start = f"{protocol:<3} {expiry(left):<6} {state:<11} {client:<18} {virtual:<18}"
    if listing.persistent_conn and connection.engine:
        return f"{start} {server:<16} {connection.engine:<18} {connection.data}\n"
    return f"{start} {server}\n"


def expiry(seconds: int) -> str:
    """The time until a connection expires, as minutes and seconds."""
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:02}:{seconds:02}"


def packed(digits: str) -> bytes:
    """An address in the kernel's digits: eight hexadecimal ones for IPv4, eight groups for IPv6. Raises ValueError."""
    address = bytes.fromhex(digits.replace(":", ""))
    if len(address) not in (4, 16):
        raise ValueError
    return address
