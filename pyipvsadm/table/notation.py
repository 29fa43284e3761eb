"""The names of services and servers in modern verbs and documents: `192.168.2.10:80/tcp`, `10.2.0.2:8080`."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_TCP, inet_ntop, inet_pton

from ..errors import UsageError
from ..model import PROTOCOLS, Server, Service, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NUMBERS = {name: number for number, name in PROTOCOLS.items()}
MARK, IPV6 = "fwmark:", "ipv6"
LAST_MARK, LAST_PORT, LAST_PROTOCOL = 2**32 - 1, 65535, 65535

SERVICE_FORMS = "write 192.168.2.10:80/tcp, [2001:db8::1]:53/udp, fwmark:7 or fwmark:7/ipv6"
LISTED = "`pyipvsadm show` lists the services; "
ALL = "without a name, all services are shown"
NETWORK_FORMS = "write 192.168.2.0/24, 192.168.2.10, 2001:db8::/32 or fwmark:7"
SERVER_FORMS = "write 10.2.0.2:8080 or [2001:db8::2]:8080"
ADDRESS_FORMS = f"{SERVER_FORMS}, or an address alone for all its ports"


def counted(number: int, word: str) -> str:
    """A count with its noun `word`: `1 service`, `2 services`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def sizes(groups: Sequence[tuple[Service, Sequence[object]]]) -> str:
    """The numbers of services and servers, in words."""
    servers = sum(len(servers) for _, servers in groups)
    return f"{counted(len(groups), 'service')}, {counted(servers, 'server')}"


def service_of(text: str) -> Service:
    """The service that `text` names, with only its key. `/tcp` is optional. Raises UsageError."""
    try:
        return _service(text)
    except ValueError as error:
        raise UsageError(f"`{printable(text)}` is not a service: {error}", hint=_service_hint(text)) from None


def services_by(names: Sequence[str], services: Callable[[], list[Service]]) -> list[Service]:
    """What `names` name, each once, with their keys alone: a service, or an address, which names all of its `services`.

    Raises UsageError.
    """
    found: dict[Service, None] = {}
    there: list[Service] | None = None
    for before, name in zip(("", *names), names, strict=False):
        try:
            address = address_of(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            if name.isalpha():
                raise UsageError(f"`{printable(name)}` is not a service", hint=f"{ALL}; {SERVICE_FORMS}") from None
            if before and name.isdecimal():
                hint = _service_hint(f"{before}:{name}")
                raise UsageError(f"`{name}` is not a service: a port goes behind a colon", hint=hint) from None
            found[service_of(name)] = None
            continue
        there = services() if there is None else there
        its = [service for service in there if service.address == address and service.fwmark is None]
        if not its:
            raise UsageError(f"no service has the address {name}", hint=f"{LISTED}{_service_hint(name)}")
        found |= dict.fromkeys(service_of(spelled(service)) for service in its)
    return list(found)


def server_of(text: str) -> Server:
    """The server that `text` names, with only its key. Raises UsageError."""
    try:
        address, port = _endpoint(text)
    except ValueError as error:
        raise UsageError(f"`{printable(text)}` is not a server: {error}", hint=SERVER_FORMS) from None
    return Server(address=address, port=port)


def servers_of(text: str) -> tuple[bytes, int | None]:
    """Address and port of the servers that `text` names; the port is None for all ports. Raises UsageError."""
    try:
        return address_of(text[1:-1] if text.startswith("[") and text.endswith("]") else text), None
    except ValueError as error:
        if ":" not in text:
            raise UsageError(f"`{printable(text)}` is not a server: {error}", hint=ADDRESS_FORMS) from None
    server = server_of(text)
    return server.address, server.port


def spelled(service: Service) -> str:
    """The name of `service`, as `service_of` reads it: always with its protocol, as a number if it has no name."""
    if service.fwmark is not None:
        return f"{MARK}{service.fwmark}{f'/{IPV6}' if service.af == AF_INET6 else ''}"
    protocol = service.protocol or 0
    return f"{_spelled_endpoint(service.address or b'', service.port or 0)}/{PROTOCOLS.get(protocol, protocol)}"


def parts(service: Service) -> dict[str, str | int]:
    """What the name of `service` is made of, each part by itself, for programs."""
    family = "ipv6" if service.af == AF_INET6 else "ipv4"
    if service.fwmark is not None:
        return {"family": family, "fwmark": service.fwmark}
    protocol = service.protocol or 0
    return {
        "family": family,
        "protocol": PROTOCOLS.get(protocol, str(protocol)),
        "address": spelled_address(service.address or b""),
        "port": service.port or 0,
    }


def spelled_server(server: Server) -> str:
    """The name of `server`, as `server_of` reads it."""
    return _spelled_endpoint(server.address, server.port)


def address_of(text: str) -> bytes:
    """The packed address, of either family, that `text` gives in digits. Raises ValueError with the reason."""
    try:
        return _address(text)
    except ValueError:
        what = "IPv6" if ":" in (bare_address(text) or text) else "IPv4"
        raise ValueError(f"`{printable(text)}` is not an {what} address in digits") from None


def bare_address(text: str) -> str:
    """The address in `text`, which isn't one since a port or a prefix length stands behind it; empty otherwise."""
    from .mistaken_names import bare

    return bare(text, _address)


def _address(text: str) -> bytes:
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except OSError:
        raise ValueError from None


def network_of(text: str) -> tuple[bytes, int]:
    """The packed address and the prefix length that `text` names. Raises UsageError."""
    host, slash, length = text.partition("/")
    try:
        network = address_of(host)
        bits = 8 * len(network)
        prefix = _number(length, "length of a prefix", 0, bits) if slash else bits
        rest = int.from_bytes(network, "big") & ((1 << (bits - prefix)) - 1)
        if rest:
            start = (int.from_bytes(network, "big") ^ rest).to_bytes(len(network), "big")
            raise ValueError(f"that network starts at {spelled_address(start)}")
    except ValueError as error:
        raise UsageError(f"`{printable(text)}` is not a network: {error}", hint=NETWORK_FORMS) from None
    return network, prefix


def spelled_address(address: bytes) -> str:
    """A packed address in digits, without brackets."""
    return inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)


def _service_hint(text: str) -> str:
    """How to write the name of the service that `text` means, or of any."""
    from .mistaken_names import meant_service

    meant = meant_service(text, _service)
    return f"did you mean `{spelled(meant)}`? {SERVICE_FORMS}" if meant else SERVICE_FORMS


def _service(text: str) -> Service:
    name, slash, last = text.partition("/")
    if name.startswith(MARK):
        if slash and last != IPV6:
            raise ValueError(f"only `/{IPV6}` may follow a mark")
        mark = _number(name.removeprefix(MARK), "mark", 1, LAST_MARK)
        return Service(af=AF_INET6 if slash else AF_INET, fwmark=mark)
    address, port = _endpoint(name)
    protocol = _protocol(last) if slash else IPPROTO_TCP
    return Service(af=_family(address), protocol=protocol, address=address, port=port)


def _protocol(text: str) -> int:
    if text in NUMBERS:
        return NUMBERS[text]
    if text.isascii() and text.isdigit():
        return _number(text, "protocol", 0, LAST_PROTOCOL)
    raise ValueError(f"the protocol is one of {', '.join(NUMBERS)}")


def _endpoint(text: str) -> tuple[bytes, int]:
    """Address and port in `text`, both in digits. Raises ValueError with the reason."""
    host, colon, port = text.rpartition(":")
    if colon and not host:
        raise ValueError("the address is missing")
    if text.startswith("["):
        if not host.endswith("]"):
            raise ValueError("write an IPv6 address in brackets, followed by `:PORT`")
        return _bracketed(host[1:-1]), _number(port, "port", 0, LAST_PORT)
    if not colon:
        raise ValueError("the port is missing")
    if ":" in host:
        raise ValueError("write an IPv6 address in brackets, followed by `:PORT`")
    return address_of(host), _number(port, "port", 0, LAST_PORT)


def _bracketed(host: str) -> bytes:
    if ":" not in host:
        raise ValueError("brackets are for IPv6 addresses")
    return address_of(host)


def _number(text: str, what: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and low <= int(text) <= high):
        raise ValueError(f"the {what} is a number from {low} to {high}")
    return int(text)


def _spelled_endpoint(address: bytes, port: int) -> str:
    host = spelled_address(address)
    return f"[{host}]:{port}" if len(address) == 16 else f"{host}:{port}"


def _family(address: bytes) -> int:
    return AF_INET if len(address) == 4 else AF_INET6


def unfit(address: bytes) -> str:
    """What kind of address the packed `address` is, if not unicast; empty if it is usable, whatever the routes say."""
    if not any(address):
        return "the wildcard, not an address"
    if len(address) == 4:
        if address[0] in range(224, 240):
            return "a multicast address"
        return "the broadcast address" if address == b"\xff\xff\xff\xff" else ""
    if address[0] == 0xFF:
        return "a multicast address"
    return "a link-local address" if address[0] == 0xFE and address[1] & 0xC0 == 0x80 else ""
