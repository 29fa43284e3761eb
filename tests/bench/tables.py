"""The tables that are measured: made, not drawn by chance, so that every run has the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP

SERVERS = 4  # for each service: 20,000 rules are 4,000 services and their 16,000 servers
SCHEDULERS = ("wlc", "rr", "wrr", "lc", "sh")
FORWARDING = {"m": 0, "g": 3, "i": 2}  # ipvsadm's letter: IP_VS_CONN_F_*
EVERY = 16  # services to a cycle in which each kind has its place
FIRST_SERVICE: dict[int, IPv4Address | IPv6Address] = {
    AF_INET: IPv4Address("10.0.0.1"),
    AF_INET6: IPv6Address("2001:db8:1::1"),
}
CLIENTS = 4000  # that the firewall refuses
NAMESPACES = 200  # with names, for the verb that lists them
FIRST_CLIENT = IPv4Address("203.0.0.1")
FIRST_SERVER: dict[int, IPv4Address | IPv6Address] = {
    AF_INET: IPv4Address("172.16.0.1"),
    AF_INET6: IPv6Address("2001:db8:2::1"),
}


@dataclass(frozen=True)
class Server:
    """A real server: packed address, port, the kernel's number for the forwarding, weight."""

    address: bytes
    port: int
    forwarding: int
    weight: int


@dataclass(frozen=True)
class Service:
    """A virtual service and its servers; `persistence` is in seconds, 0 for none."""

    af: int
    protocol: int
    address: bytes
    port: int
    scheduler: str
    persistence: int
    servers: tuple[Server, ...]


def table(rules: int) -> list[Service]:
    """A table that takes `rules` lines, rounded down to whole services: mostly IPv4 and TCP, of each kind some."""
    return [service(number) for number in range(rules // (SERVERS + 1))]


def service(number: int) -> Service:
    """The service at place `number`: every 16th is IPv6, every 8th UDP, every 4th persistent."""
    place = number % EVERY
    af = AF_INET6 if place == 15 else AF_INET
    port = (80, 443, 8080, 53)[number % 4]
    forwarding = list(FORWARDING.values())[number % len(FORWARDING)]
    return Service(
        af=af,
        protocol=IPPROTO_UDP if place % 8 == 3 else IPPROTO_TCP,
        address=(FIRST_SERVICE[af] + number).packed,
        port=port,
        scheduler=SCHEDULERS[number % len(SCHEDULERS)],
        persistence=300 if place % 4 == 1 else 0,
        servers=tuple(
            Server((FIRST_SERVER[af] + number * SERVERS + n).packed, port, forwarding, weight=n + 1)
            for n in range(SERVERS)
        ),
    )


def lines(services: list[Service]) -> Iterator[str]:
    """`services` as `ipvsadm -R` reads them, one line a rule."""
    letters = {number: letter for letter, number in FORWARDING.items()}
    for service in services:
        option = "-u" if service.protocol == IPPROTO_UDP else "-t"
        name = endpoint(service.address, service.port)
        persistent = f" -p {service.persistence}" if service.persistence else ""
        yield f"-A {option} {name} -s {service.scheduler}{persistent}\n"
        for server in service.servers:
            forwarding = letters[server.forwarding]
            yield (f"-a {option} {name} -r {endpoint(server.address, server.port)} -{forwarding} -w {server.weight}\n")


def changed(services: list[Service]) -> Iterator[str]:
    """The same lines, but for one weight."""
    line = ""
    for following in lines(services):
        yield line
        line = following
    yield re.sub(r"-w \d+", "-w 77", line)


def addresses(services: list[Service]) -> Iterator[str]:
    """The lines with which `ip -batch` binds the services' addresses."""
    for service in services:
        yield f"address add {ip_address(service.address)}/{8 * len(service.address)} dev kube-ipvs0\n"


def firewall(services: list[Service]) -> Iterator[str]:
    """The lines with which nft refuses packets of CLIENTS single addresses."""
    yield "table ip filter {\nchain input {\ntype filter hook input priority 0; policy accept;\n"
    yield from (f"ip saddr {FIRST_CLIENT + number} drop\n" for number in range(CLIENTS))
    yield "}\n}\n"


def iptables(services: list[Service]) -> Iterator[str]:
    """The lines with which iptables-restore refuses the same packets."""
    yield "*filter\n:INPUT ACCEPT\n"
    yield from (f"-A INPUT -s {FIRST_CLIENT + number} -j DROP\n" for number in range(CLIENTS))
    yield "COMMIT\n"


def namespaces(services: list[Service]) -> Iterator[str]:
    """The lines with which `ip -batch` makes network namespaces."""
    yield from (f"netns add pyipvsadm-bench-{number}\n" for number in range(NAMESPACES))


def no_namespaces(services: list[Service]) -> Iterator[str]:
    """The lines with which `ip -batch` deletes them."""
    yield from (f"netns delete pyipvsadm-bench-{number}\n" for number in range(NAMESPACES))


FILES: dict[str, Callable[[list[Service]], Iterator[str]]] = {  # by the name that steps have for them
    "rules": lines,
    "changed": changed,
    "addresses": addresses,
    "firewall": firewall,
    "iptables": iptables,
    "namespaces": namespaces,
    "no_namespaces": no_namespaces,
}


def endpoint(address: bytes, port: int) -> str:
    """An address and a port as ipvsadm writes them."""
    host = ip_address(address)
    return f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"
