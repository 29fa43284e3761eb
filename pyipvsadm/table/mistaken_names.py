"""Names of services and addresses that are written in the way of another program: what was meant."""

from __future__ import annotations

from ..model import PROTOCOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Service

SEPARATORS = ("://", ":", "/", ",", " ")  # between a protocol and the rest
MARKS = ("fwmark", "mark")
FAMILIES = {"": "", "tcp": "", "udp": "", "ipv4": "", "ipv6": "/ipv6", "v6": "/ipv6", "6": "/ipv6", "inet6": "/ipv6"}
LONGEST = 100  # letters of a name that is looked at
LONGEST_PREFIX = 32  # of IPv4: a higher number behind `/` is a port


def meant_service(text: str, read: Callable[[str], Service]) -> Service | None:
    """The service that `text` probably means. `read` reads a name, or raises ValueError."""
    for name in _candidates(text[:LONGEST].lower()):
        try:
            return read(name)
        except ValueError:
            continue
    return None


def bare(text: str, read: Callable[[str], bytes]) -> str:
    """The address in `text`, without the prefix length or the port behind it; empty if there is none."""
    for separator in "/:%":
        host, found, _ = text.rpartition(separator)
        host = host.removeprefix("[").removesuffix("]")
        try:
            if found and read(host):
                return host
        except ValueError:
            continue
    return ""


def _candidates(text: str) -> Iterator[str]:
    for word in MARKS:
        if text.startswith(word):
            number, _, family = text.removeprefix(word).lstrip(":= ").partition("/")
            yield f"fwmark:{number}{FAMILIES.get(family, '')}"
    yield _endpoint(text)
    for protocol in PROTOCOLS.values():
        for separator in SEPARATORS:
            if text.startswith(protocol + separator):
                yield f"{_endpoint(text.removeprefix(protocol + separator))}/{protocol}"
            if text.endswith(separator + protocol):
                yield f"{_endpoint(text.removesuffix(separator + protocol))}/{protocol}"


def _endpoint(text: str) -> str:
    """An address and a port, with a colon between them, and with brackets around an IPv6 address."""
    text = text.rpartition("://")[2].rstrip("/")
    if text.count(":") > 1:
        host, _, port = text.replace("[", "").replace("]", "").replace("#", ":").rpartition(":")
        return f"[{host}]:{port}"
    for separator in "/,":
        host, found, port = text.partition(separator)
        if found and port.isdecimal() and int(port) > LONGEST_PREFIX:
            return f"{host}:{port}"
    return text
