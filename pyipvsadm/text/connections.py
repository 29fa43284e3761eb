"""The kernel's list of connections, from its form in /proc to ipvsadm's."""

from __future__ import annotations

from ..errors import LISTING, IpvsadmError
from ..model import PROTOCOLS, printable
from .listing import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Listing
    from ..names import Names

NUMBERS = {name.upper(): number for number, name in PROTOCOLS.items()}


def table(lines: Iterator[str], listing: Listing, names: Names | None) -> Iterator[str]:
    """The connections in `lines`, the header of which comes first, as lines to print.

    Raises IpvsadmError where the kernel's list isn't one.
    """
    if next(lines, None) is None:
        raise IpvsadmError(
            "unexpected input from /proc/net/ip_vs_conn",
            hint="the list is empty, without even a header",
            status=LISTING,
        )
    heads = f"{'source':<18} {'virtual':<18} "
    if listing.persistent_conn:
        yield f"IPVS connection entries\npro expire {'state':<11} {heads}{'destination':<18} {'pe name':<16} pe_data\n"
    else:
        yield f"IPVS connection entries\npro expire {'state':<11} {heads}destination\n"
    for line in lines:
        words = line.split(" ")
        words = [word for word in words if word]
        if not words:
            raise IpvsadmError("", status=LISTING)  # ipvsadm ends here, and says nothing
        try:
            yield connection(words, listing, names)
        except ValueError:
            raise IpvsadmError(
                "unexpected input from /proc/net/ip_vs_conn", hint=f"this line: {printable(line)}", status=LISTING
            ) from None


def connection(words: list[str], listing: Listing, names: Names | None) -> str:
    """One line of the list, from the words of the kernel's."""
    protocol, client, client_port, virtual, virtual_port, server, server_port, state, left, *engine = words
    number = NUMBERS.get(protocol)
    ends = [
        endpoint(packed(address), int(port, 16), number, names)
        for address, port in ((client, client_port), (virtual, virtual_port), (server, server_port))
    ]
    minutes, seconds = divmod(int(left), 60)
    start = f"{protocol:<3} {f'{minutes:02}:{seconds:02}':<6} {state:<11} {ends[0]:<18} {ends[1]:<18}"
    if listing.persistent_conn and len(engine) >= 2:
        data = printable(" ".join(engine[1:]))
        return f"{start} {ends[2]:<16} {engine[0]:<18} {data}\n"
    return f"{start} {ends[2]}\n"


def packed(digits: str) -> bytes:
    """An address in the kernel's digits: eight hexadecimal ones for IPv4, eight groups for IPv6."""
    return bytes.fromhex(digits.replace(":", ""))
