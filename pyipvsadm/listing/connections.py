"""The kernel's list of connections, converted from its form in /proc to ipvsadm's."""

from __future__ import annotations

from ..errors import LISTING, IpvsadmError
from ..model import PROTOCOLS, printable
from ..record import Record, keep
from .service_lines import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Listing
    from ..names import Names

    Ends = dict[tuple[str, str], tuple[bytes, int]]  # address and port, by the kernel's words for them

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
    _skip_header(lines)
    return map(_reader(), lines)


def _skip_header(lines: Iterator[str]) -> None:
    if next(lines, None) is None:
        raise IpvsadmError(
            "unexpected input from /proc/net/ip_vs_conn",
            hint="the list is empty and has no header",
            status=LISTING,
        )


def _reader() -> Callable[[str], Connection]:
    """A function that makes a connection of a line. Raises IpvsadmError."""
    ends: Ends = {}

    def read(line: str) -> Connection:
        words = list(filter(None, line.split(" ")))
        if not words:
            raise IpvsadmError("", status=LISTING)  # ipvsadm ends here without a message
        try:
            return _entry(words, ends)
        except ValueError:
            raise IpvsadmError(
                "unexpected input from /proc/net/ip_vs_conn", hint=f"this line: {printable(line)}", status=LISTING
            ) from None

    return read


def _entry(words: list[str], ends: Ends) -> Connection:
    """One line of the list, from its words. Raises ValueError.

    `ends` caches virtual addresses and servers, which many connections share.
    """
    protocol, client, client_port, virtual, virtual_port, server, server_port, state, left, *engine = words
    keeper = (engine[0], printable(" ".join(engine[1:]))) if len(engine) >= 2 else ("", "")
    return Connection.make((
        *(protocol, packed(client), int(client_port, 16)),
        *(ends.get(key := (virtual, virtual_port)) or keep(ends, key, (packed(virtual), int(virtual_port, 16)))),
        *(ends.get(key := (server, server_port)) or keep(ends, key, (packed(server), int(server_port, 16)))),
        *(state, int(left), *keeper),
    ))  # fmt: skip


def table(lines: Iterator[str], listing: Listing, names: Names | None) -> Iterator[str]:
    """The connections in `lines`, which begin with a header, as lines to print. Raises IpvsadmError, too."""
    _skip_header(lines)
    heads = f"{'source':<18} {'virtual':<18} "
    if listing.persistent_conn:
        yield f"IPVS connection entries\npro expire {'state':<11} {heads}{'destination':<18} {'pe name':<16} pe_data\n"
    else:
        yield f"IPVS connection entries\npro expire {'state':<11} {heads}destination\n"
    read, tell = _reader(), _teller(listing, names)
    if names:
        yield from map(tell, map(read, lines))
    else:
        from .numeric_connections import told

        yield from told(lines, read, tell, _columns)


def _teller(listing: Listing, names: Names | None) -> Callable[[Connection], str]:
    """A function that makes a line to print of a connection."""
    known: dict[tuple[object, ...], str] = {}  # what virtual addresses and servers are called

    def tell(connection: Connection) -> str:
        protocol, address, port, at, at_port, to, to_port, state, left, engine, data = connection
        number = NUMBERS.get(protocol)
        client = endpoint(address, port, number, names)
        virtual = known.get((at, at_port, number)) or keep(
            known, (at, at_port, number), endpoint(at, at_port, number, names)
        )
        server = known.get((to, to_port, number)) or keep(
            known, (to, to_port, number), endpoint(to, to_port, number, names)
        )
        start = f"{protocol:<3} {expiry(left):<6} {state:<11} {client:<18} {virtual:<18}"
        if listing.persistent_conn and engine:
            return f"{start} {server:<16} {engine:<18} {data}\n"
        return f"{start} {server}\n"

    return tell


def _columns(one: Connection) -> tuple[str, str, str, str]:
    """The protocol, the time and the state of a connection without an engine, and what follows its client."""
    virtual = endpoint(one.virtual, one.virtual_port, one.number, None)
    server = endpoint(one.server, one.server_port, one.number, None)
    return f"{one.protocol:<3} ", f"{expiry(one.seconds):<6} ", f"{one.state:<11} ", f"{virtual:<18} {server}\n"


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
