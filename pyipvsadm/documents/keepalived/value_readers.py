"""Reads numbers, ports, addresses and forwarding methods as keepalived does."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6, inet_aton, inet_pton

from ...model import CHECKSUM, DIRECT, GRE, GUE, IPIP, MASQUERADE, NO_CHECKSUM, REMOTE_CHECKSUM, TUNNEL
from ...record import Record

NUMBER = re.compile(r"\s*\+?([0-9]+)")
LAST_PORT, LAST_WEIGHT, LAST_32 = 65535, 2**31 - 1, 2**32 - 1
WHOLE = 0xFFFFFFFF, 128  # the netmask of a whole address, which equals none; for IPv4, IPv6
TRUE, FALSE = ("on", "true", "yes"), ("off", "false", "no")

METHODS = {"NAT": MASQUERADE, "DR": DIRECT, "TUN": TUNNEL}
TUNNELS = {"ipip": IPIP, "gue": GUE, "gre": GRE}
CHECKSUMS = {"nocsum": NO_CHECKSUM, "csum": CHECKSUM, "remcsum": REMOTE_CHECKSUM}
CHECKSUMS_OF = {
    IPIP: (NO_CHECKSUM,),
    GUE: (NO_CHECKSUM, CHECKSUM, REMOTE_CHECKSUM),
    GRE: (NO_CHECKSUM, CHECKSUM),
}


class Method(Record):
    """A forwarding method, as `lb_kind` sets it."""

    __slots__ = ()
    forwarding: int = MASQUERADE
    tunnel_type: int = IPIP
    tunnel_port: int = 0
    tunnel_flags: int = NO_CHECKSUM


def strict(text: str, low: int, high: int) -> int | None:
    """The number that `text` is; None if it isn't one from `low` to `high`."""
    found = NUMBER.fullmatch(text)
    number = int(found[1]) if found and len(found[1]) < 20 else -1
    return number if low <= number <= high else None


def lenient(text: str, low: int, high: int) -> int | None:
    """The number at the start of `text`, or 0 if there is none; None if it is below `low` or above `high`."""
    if text.lstrip().startswith("-"):
        return None
    found = NUMBER.match(text)
    number = int(found[1][:20]) if found else 0
    return number if low <= number <= high else None


def port(text: str) -> int | None:
    """The port in `text`, 0 for none; None if it is invalid."""
    return 0 if not text.strip("0") else lenient(text, 1, LAST_PORT)


def boolean(words: tuple[str, ...]) -> bool | None:
    """Whether the words after a switch turn it on, as no words do; None if they are invalid."""
    if not words or words[0] in TRUE:
        return True
    return False if words[0] in FALSE else None


def address(text: str) -> bytes | None:
    """The packed address in `text`, without a mask or the end of a range, which keepalived ignores; None if invalid."""
    return whole_address(re.split("[-/]", text, maxsplit=1)[0])


def whole_address(text: str) -> bytes | None:
    """The packed address that `text` is; None if it isn't one."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        return None


def family(packed: bytes) -> int:
    """The address family of a packed address, known from its length."""
    return AF_INET if len(packed) == 4 else AF_INET6


def netmask(text: str, af: int) -> int | None:
    """The netmask of persistence: for IPv4 an address in a notation of C, for IPv6 a prefix length; None if invalid."""
    if af == AF_INET6:
        return strict(text, 1, 128)
    try:
        return int.from_bytes(inet_aton(text), "big") if re.fullmatch(r"[0-9A-Fa-fXx.]+", text) else None
    except (OSError, ValueError):
        return None


def method(words: tuple[str, ...]) -> tuple[Method | None, str]:
    """The forwarding method in the words after `lb_kind`, and a message about what is wrong, empty if nothing is.

    None if the method is unknown; if only its further words are wrong, a plain tunnel.
    """
    plain = Method(forwarding=METHODS[words[0]]) if words and words[0] in METHODS else None
    if plain is None:
        return None, f"`{' '.join(words[:1])}` is not one of {', '.join(METHODS)}, which are upper case"
    rest = iter(words[1:])
    kind, checksum, gue_port = IPIP, NO_CHECKSUM, 0
    for word in rest:
        if word == "type" and (name := next(rest, "")) in TUNNELS:
            kind = TUNNELS[name]
        elif word == "port" and (number := strict(next(rest, ""), 1, LAST_PORT)):
            gue_port = number
        elif word in CHECKSUMS:
            checksum = CHECKSUMS[word]
        else:
            return plain, f"`{word}` means nothing here, so keepalived drops all words after {words[0]}"
    if (kind == GUE) != bool(gue_port):
        return plain, "gue takes a port, and the others none: what stood before stays, or a plain ipip tunnel"
    if checksum not in CHECKSUMS_OF[kind]:
        return plain, "that tunnel has no such checksum: what stood before stays, or a plain ipip tunnel"
    return plain.replace(tunnel_type=kind, tunnel_port=gue_port, tunnel_flags=checksum), ""
