"""Hosts and ports by name, through the system's resolver and services database."""

from __future__ import annotations

import _socket
from _socket import AF_INET, AF_INET6, inet_aton, inet_ntop

from .model import PROTOCOLS, printable

SERVICES = "/etc/services"


class Names:
    """The names of addresses and ports. Answers are cached, since they repeat across a table.

    The resolver gets bytes: for text, Python loads its IDNA codec, which takes 10 ms.
    """

    def __init__(self) -> None:
        self._hosts: dict[bytes, str] = {}
        self._ports: dict[tuple[int, int], str] = {}

    def address(self, host: str) -> bytes:
        """The first IPv4 address of the name `host`. Raises ValueError with the reason."""
        try:
            if host not in ("", "<broadcast>"):  # Python would take these for addresses
                return inet_aton(_socket.gethostbyname(host.encode("utf-8", "surrogateescape")))  # type: ignore[arg-type]
        except (OSError, ValueError):
            pass
        raise ValueError(f"`{host}` is neither an IPv4 address nor the name of one")

    def port(self, service: str, protocol: int) -> int:
        """The port that `service` names. Raises ValueError with the reason."""
        name = PROTOCOLS.get(protocol, "tcp")
        try:
            return _socket.getservbyname(service, name)
        except (OSError, ValueError, UnicodeError):
            raise ValueError(f"`{service}` is neither a port nor the name of one for {name}") from None

    def ports(self) -> list[str]:
        """The names of ports that are in this machine's file; none without it."""
        try:
            with open(SERVICES, encoding="utf-8", errors="replace") as file:
                return list(dict.fromkeys(line.split()[0] for line in file if line[:1].isalnum()))
        except OSError:
            return []

    def host(self, address: bytes) -> str:
        """The name of `address`, or its digits if it has none."""
        name = self._hosts.get(address)
        if name is None:
            digits = inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)
            try:
                found = _socket.gethostbyaddr(digits.encode())  # type: ignore[arg-type]
                name = printable(found[0]) or digits
            except (OSError, UnicodeError):
                name = digits
            self._hosts[address] = name
        return name

    def service(self, port: int, protocol: int | None) -> str:
        """The name of `port` for `protocol`, or its digits if it has none."""
        if protocol is None:
            return str(port)
        name = self._ports.get((port, protocol))
        if name is None:
            try:
                name = printable(_socket.getservbyport(port, PROTOCOLS.get(protocol, "tcp")))
            except (OSError, UnicodeError):
                name = str(port)
            self._ports[port, protocol] = name
        return name
