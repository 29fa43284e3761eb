"""What several checks ask of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from ....network.facts import Link
from ..findings import Finding, failure, note
from ..firewall import commands
from ..firewall.rules import Drop, Packet
from ..snapshot import Server, Service, Snapshot

PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp"}
WILDCARDS = {"ip": ("0.0.0.0", "::"), "ip6": ("::",)}  # a socket of :: takes IPv4 as well
NOT_OUTSIDE = ("dummy", "ipip", "gre", "sit", "ip6tnl", "ip6gre", "ifb", "nlmon")  # kinds that no client comes in by


def pairs(snapshot: Snapshot, *forwarding: str) -> Iterator[tuple[Service, Server]]:
    """Each server with its service, of these ways of forwarding or of all, but those of this machine itself."""
    for service in snapshot.seen("services"):
        for server in service.servers:
            wanted = server.forwarding in forwarding if forwarding else server.forwarding != "local"
            if wanted and snapshot.route(server.address).type != "local":
                yield service, server


def addressed(snapshot: Snapshot) -> Iterator[Service]:
    """The services that have an address."""
    return (service for service in snapshot.seen("services") if service.address)


def virtual_addresses(snapshot: Snapshot) -> dict[str, None]:
    """The addresses of services, each once, in order."""
    return dict.fromkeys(service.address for service in addressed(snapshot))


def family(address: str) -> str:
    """The family of an address, as firewalls name it."""
    return "ip6" if ":" in address else "ip"


def prefix(address: str) -> str:
    """`address` as a network of its own."""
    return f"{address}/{128 if ':' in address else 32}"


def subject(service: Service, server: Server) -> str:
    """How a server of a service is named."""
    return f"{service.service} {server.name}"


def outside(snapshot: Snapshot) -> list[Link]:
    """The devices that are up and may have other machines behind them."""
    links = snapshot.seen("links")
    return [link for link in links if link.up and link.name != "lo" and link.kind not in NOT_OUTSIDE]


def inward(snapshot: Snapshot) -> list[str]:
    """The devices by which clients come in: those that lead to servers only if there are no others."""
    to_servers = {snapshot.route(server.address).device for _, server in pairs(snapshot)}
    found = [link.name for link in outside(snapshot)]
    return [name for name in found if name not in to_servers] or found


def clients(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The clients that were seen and whose routes are known, as (address, name of its service or "")."""
    found = [(one.client, "") for one in snapshot.connections or ()]
    found += [(one.client, one.service) for one in snapshot.arrivals or ()]
    return [one for one in dict.fromkeys(found) if one[0] in (snapshot.routes or {})]


def networks(snapshot: Snapshot, device: str) -> list[str]:
    """The networks that `device` is connected to."""
    found = (one for one in snapshot.seen("addresses") if one.device == device)
    return [str(ip_network(f"{one.address}/{one.prefix}", strict=False)) for one in found]


def setting(path: str, value: int | str) -> str:
    """The command that sets the sysctl `path`, below net."""
    whole = f"net/{path}"
    return f"sysctl -w {whole if '.' in whole else whole.replace('/', '.')}={value}"


def in_service(service: Service) -> Packet:
    """What is known of a new client's packet for `service`."""
    return {
        "family": family(service.address),
        "target": service.address,
        "protocol": str(service.protocol),
        "port": str(service.port) if service.port else None,
        "state": "new",
    }


def told(drop: Drop, packet: Packet, subject: str, what: str, why: str) -> Finding:
    """A drop as a finding: a failure if its rule is understood, or else a note."""
    chain = drop.chain
    severity = failure if drop.certain else note
    where = f"{chain.program}, {chain.family} {chain.table} {chain.name}"
    return severity(subject, f"{what} may be dropped ({where}): {drop.text}", why, commands.accept(chain, packet))
