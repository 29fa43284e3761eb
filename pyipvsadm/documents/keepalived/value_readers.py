"""Reads numbers, ports, addresses and forwarding methods as keepalived does."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6, inet_aton, inet_pton

from ...model import CHECKSUM, DIRECT, GRE, GUE, IPIP, MASQUERADE, NO_CHECKSUM, REMOTE_CHECKSUM, TUNNEL
from ...record import Record

NUMBER = re.compile(r"\s*\+?([0-9]+)")
LAST_PORT, LAST_WEIGHT, LAST_32 = 65535, 2**31 - 1, 2**32 - 1
WHOLE = 0xFFFFFFFF, 128  # the netmask of a whole address: as if there were none
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
    """How packets are forwarded: an `lb_kind`."""

    __slots__ = ()
    forwarding: int = MASQUERADE
    tunnel_type: int = IPIP
    tunnel_port: int = 0
    tunnel_flags: int = NO_CHECKSUM


def strict(text: str, low: int, high: int) -> int | None:
    """The number in `text`, which is nothing else; None if it's none from `low` to `high`."""
    found = NUMBER.fullmatch(text)
    number = int(found[1]) if found and len(found[1]) < 20 else -1
    return number if low <= number <= high else None


def lenient(text: str, low: int, high: int) -> int | None:
    """The number that `text` begins with, and 0 if it begins with none; None if it's below `low` or above `high`."""
    if text.lstrip().startswith("-"):
        return None
    found = NUMBER.match(text)
    number = int(found[1][:20]) if found else 0
    return number if low <= number <= high else None


def port(text: str) -> int | None:
    """The port in `text`, where digits 0 stand for none."""
    return 0 if not text.strip("0") else lenient(text, 1, LAST_PORT)


def boolean(words: tuple[str, ...]) -> bool | None:
    """What the words behind a switch say: nothing turns it on, and None is nonsense."""
    if not words or words[0] in TRUE:
        return True
    return False if words[0] in FALSE else None


def address(text: str) -> bytes | None:
    """The packed address in `text`, behind which keepalived overlooks a mask or the end of a range."""
    return whole_address(re.split("[-/]", text, maxsplit=1)[0])


def whole_address(text: str) -> bytes | None:
    """The packed address that `text` is."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        return None


def family(packed: bytes) -> int:
    """The address family, which the length of the address tells."""
    return AF_INET if len(packed) == 4 else AF_INET6


def netmask(text: str, af: int) -> int | None:
    """The granularity of persistence: for IPv4 what C takes for an address, for IPv6 the length of a prefix."""
    if af == AF_INET6:
        return strict(text, 1, 128)
    try:
        return int.from_bytes(inet_aton(text), "big") if re.fullmatch(r"[0-9A-Fa-fXx.]+", text) else None
    except (OSError, ValueError):
        return None


def method(words: tuple[str, ...]) -> tuple[Method | None, str]:
    """What the words behind `lb_kind` say, and what is wrong with them: that leaves a plain tunnel."""
    plain = Method(forwarding=METHODS[words[0]]) if words and words[0] in METHODS else None
    if plain is None:
        return None, f"`{' '.join(words[:1])}` is none of {', '.join(METHODS)}, which are upper case"
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
            return plain, f"`{word}` says nothing here, so that all behind {words[0]} is dropped"
    if (kind == GUE) != bool(gue_port):
        return plain, "gue takes a port, and the others none: what stood before stays, or a plain ipip tunnel"
    if checksum not in CHECKSUMS_OF[kind]:
        return plain, "that tunnel has no such checksum: what stood before stays, or a plain ipip tunnel"
    return plain.replace(tunnel_type=kind, tunnel_port=gue_port, tunnel_flags=checksum), ""
