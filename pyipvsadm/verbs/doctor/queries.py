"""Queries on a snapshot that several checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ...grammar.shell import command, quoted
from ...network.facts import Link, is_loopback
from ...network.routes import Route
from .findings import Finding, failure, warning
from .firewall import remedies
from .firewall.chains import Chain, Firewall
from .firewall.packet_path import NO, Hit, Packet, matches
from .firewall.rule_index import Index
from .snapshot import Pair, Snapshot
from .snapshot_values import Server, Service
from .suspects import ALIVE, ENOUGH, NAT, REFUSED, SILENT, UDP, is_suspect

TRANSLATES = ("masquerade", "snat")
TCP = 6
SHOWN = 3  # names in a list that is shortened
CLOSED = {"CLOSE"}  # the states of connections that are refused
PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp"}
ARRIVING = {"target_type": "local", "source_type": "unicast", "packet_type": "host", "fragment": "first"}
WILDCARDS = {"ip": ("0.0.0.0", "::"), "ip6": ("::",)}  # a socket on :: accepts IPv4, too
LOST = "it refuses them or is silent, does not have the virtual address, or its replies are lost"
FAULTS = {
    REFUSED: ("refuses connections", "no program listens on that port there, or a firewall rejects them"),
    SILENT: ("does not answer", "it is down, or a firewall on the way drops packets for that port"),
}
NOT_OUTSIDE = ("dummy", "ipip", "gre", "sit", "ip6tnl", "ip6gre", "ifb", "nlmon")  # no clients come in by these


def pairs(snapshot: Snapshot, *forwarding: str) -> Iterable[tuple[Service, Server]]:
    """Each server with its service, for these forwarding methods or all, except servers on this machine."""
    snapshot.seen("services")
    return snapshot.forwarded_by(*forwarding) if forwarding else snapshot.forwarded


def addressed(snapshot: Snapshot) -> Iterator[Service]:
    """The services that have an address."""
    return (service for service in snapshot.seen("services") if service.address)


def virtual_addresses(snapshot: Snapshot) -> dict[str, None]:
    """The addresses of services, each once, in order."""
    return dict.fromkeys(service.address for service in addressed(snapshot))


def family(address: str) -> str:
    """The family of an address, as firewalls call it."""
    return "ip6" if ":" in address else "ip"


def prefix(address: str) -> str:
    """`address` as a network of one address."""
    return f"{address}/{128 if ':' in address else 32}"


def subject(service: Service, server: Server) -> str:
    """The name of a server of a service."""
    return f"{service.service} {server.name}"


def subjects(those: Iterable[Pair]) -> tuple[str, ...]:
    """The names of servers of services."""
    return tuple([f"{service.service} {server.name}" for service, server in those])


def by_route(snapshot: Snapshot, those: Iterable[Pair], tell: Callable[[Route], str]) -> dict[str, list[Pair]]:
    """The servers by what `tell` says of their route, if anything. It is asked once a route, which thousands share."""
    told: dict[int, str] = {}  # by id of the route
    found: dict[str, list[Pair]] = {}
    for pair in those:
        route = snapshot.route(pair[1].address)
        said = told.get(id(route))
        if said is None:
            said = told[id(route)] = tell(route)
        if said:
            found.setdefault(said, []).append(pair)
    return found


def unreachable(route: Route) -> str:
    """That nothing can be sent by `route`, and why; empty if it can."""
    return "" if route.type == "unicast" else f"cannot be reached from here ({route.source or route.type})"


def outside(snapshot: Snapshot) -> list[Link]:
    """The devices that are up and may lead to other machines."""
    links = snapshot.seen("links")
    return [link for link in links if link.up and link.name != "lo" and link.kind not in NOT_OUTSIDE]


def inward(snapshot: Snapshot) -> list[str]:
    """The devices by which clients come in; devices that lead to servers count only if there are no others."""
    found = [link.name for link in outside(snapshot)]
    return [name for name in found if name not in snapshot.devices_to_servers] or found


def clients(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The observed clients whose routes are known, as (address, name of the service or "")."""
    found = [(one.client, "") for one in snapshot.connections or ()]
    found += [(one.client, one.service) for one in snapshot.arrivals or ()]
    return [one for one in dict.fromkeys(found) if one[0] in (snapshot.routes or {})]


def networks(snapshot: Snapshot, device: str) -> list[str]:
    """The networks that `device` is connected to."""
    from ipaddress import ip_network

    found = (one for one in snapshot.seen("addresses") if one.device == device)
    return [str(ip_network(f"{one.address}/{one.prefix}", strict=False)) for one in found]


def routes_of(address: str) -> str:
    """The command that lists the routes that an address matches."""
    return f"ip {'-6 ' if ':' in address else ''}route show match {quoted(address)}"


def setting(path: str, value: int | str) -> str:
    """The command that sets the sysctl `path`, below net."""
    whole = f"net/{path}"
    return command("sysctl", "-w", f"{whole if '.' in whole else whole.replace('/', '.')}={value}")


def named(service: Service) -> tuple[str, ...]:
    """The words that name a service in ipvsadm's grammar."""
    if service.mark:
        return ("-f", str(service.mark), *(["-6"] if service.service.endswith("/ipv6") else []))
    option = {TCP: "-t", UDP: "-u"}.get(service.protocol, "--sctp-service")
    return option, service.service.partition("/")[0]


def ours(*words: str | int) -> str:
    """A command line of this program."""
    return command("pyipvsadm", *words)


def first_packet(service: Service) -> Packet:
    """The known properties of a new client's first packet for `service`."""
    return {
        "family": family(service.address),
        "target": service.address,
        "protocol": str(service.protocol),
        "port": str(service.port) if service.port else None,
        "state": "new",
        "flags": "SYN" if service.protocol == TCP else "",
        **ARRIVING,
    }


def told(hit: Hit, packet: Packet, subject: str, what: str, why: str) -> Finding:
    """A drop as a finding: a failure if it is certain, or else a warning."""
    chain = hit.chain
    severity, verb = (failure, "are") if hit.certain else (warning, "may be")
    where = f"{chain.program}, {chain.family} {chain.table} {chain.name}"
    return severity(subject, f"{what} {verb} dropped ({where}): {hit.text}", why, remedies.accept(chain, packet))


def masquerade(server: Server, source: str) -> str:
    """The command that masquerades connections from `source` to `server`."""
    program = "ip6tables" if ":" in server.address else "iptables"
    ends = ("-s", source, "-d", server.address)
    return command(program, "-t", "nat", "-A", "POSTROUTING", *ends, "-j", "MASQUERADE")


def translations(snapshot: Snapshot) -> Chain:
    """The rules that replace the client's address for servers, as one chain."""
    firewall: Firewall = snapshot.seen("firewall")
    found = firewall.memory.get(TRANSLATES)
    if not isinstance(found, Chain):
        chains = [chain for chain in firewall.chains if chain.hook in ("postrouting", "")]
        rules = tuple(rule for chain in chains for rule in chain.rules if rule.action in TRANSLATES)
        found = firewall.memory[TRANSLATES] = Chain("", "", "", "translations", rules=rules)
    return found


def translated(snapshot: Snapshot, server: Server, client: str | None) -> bool:
    """Whether a rule matches packets from `client` to `server`; None is an unknown client."""
    chain = translations(snapshot)
    if not chain.rules:
        return False
    packet = {
        "family": family(server.address),
        "target": server.address,
        "source": client,
        "out": snapshot.route(server.address).device,
    }
    index = Index.of(snapshot.seen("firewall"), chain)
    position = -1
    while (position := index.following(packet, position + 1)) < len(chain.rules):
        rule = chain.rules[position]
        about = client or all(match.field != "source" for match in rule.matches)
        if about and matches(rule, packet) != NO:
            return True
    return False


def is_full(server: Server) -> bool:
    """Whether a server has as many connections as its upper threshold allows."""
    return bool(server.upper_threshold) and load(server) >= server.upper_threshold


def load(server: Server) -> int:
    """The connections that count towards a server's thresholds."""
    return server.connections.active + server.connections.inactive


def is_served(service: Service) -> bool:
    """Whether new connections appeared while watching, although rules seem to prevent them."""
    return service.earlier is not None and service.counters.connections > service.earlier.connections


def answered(snapshot: Snapshot) -> set[tuple[str, str]]:
    """The clients and servers, as pairs, between which packets went both ways."""
    return {(one.client, one.server) for one in snapshot.connections or () if one.state in ALIVE}


def is_own(snapshot: Snapshot, server: Server) -> bool:
    """Whether a server is this machine itself."""
    return server.forwarding == "local" or snapshot.route(server.address).type == "local"


def hears(snapshot: Snapshot, protocol: str, address: str, port: int) -> bool:
    """Whether a socket of this machine accepts packets for an address and a port."""
    return any(
        one.protocol == protocol and one.port == port and one.address in (address, *WILDCARDS[family(address)])
        for one in snapshot.seen("listeners")
    )


def shortened(names: Sequence[str]) -> str:
    """The first of `names`, and the number of the others."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def arrivals_by_service(snapshot: Snapshot) -> dict[str, list[str]]:
    """The devices by which packets came in, by their service."""
    found: dict[str, dict[str, None]] = {}
    for one in snapshot.arrivals or ():
        found.setdefault(one.service, {})[one.device] = None
    return {service: list(devices) for service, devices in found.items()}


def bound_for_services(snapshot: Snapshot) -> set[str]:
    """The addresses that are only for services: single addresses on a dummy device or on `lo`."""
    kinds = {link.name: link.kind for link in snapshot.seen("links")}
    return {
        one.address
        for one in snapshot.seen("addresses")
        if one.prefix == (128 if ":" in one.address else 32)
        and (one.device == "lo" or kinds.get(one.device) == "dummy")
        and not is_loopback(one.address)
    }


def neighbour_of(address: str) -> str:
    """The IPv6 address most similar to `address`; the route to it shows whether `address` is ever used as a source."""
    from ipaddress import ip_address

    try:
        return str(ip_address(int(ip_address(address)) ^ 1))
    except ValueError:
        return ""


def base_chain(snapshot: Snapshot, hook: str, kind: str, table: str, program: str = "") -> Chain:
    """The chain for a rule of ours at a hook: that of a table, any nft chain at the hook, or iptables' own."""
    firewall = snapshot.firewall or Firewall()
    found = [one for one in firewall.at(hook, kind) if not program or one.program == program]
    of_table = [one for one in found if one.table == table]
    of_nft = [one for one in found if one.program == "nft" and one.priority <= 0 and table != "nat"]
    usual = Chain(program if program != "nft" and program else ("ip6tables" if kind == "ip6" else "iptables"),
                  kind, table, hook.upper())  # fmt: skip
    return (of_table or of_nft or [usual])[0]


def fault_of(snapshot: Snapshot, service: Service, server: Server) -> tuple[str, str]:
    """What a server does instead of accepting connections, and why; empty if it accepts them, or that is unknown."""
    if server.forwarding != NAT:
        stuck = snapshot.stuck.get(f"tcp {server.name}", 0) if snapshot.stuck else 0
        return (
            (f"the last {stuck:,} connections to it got no further than their first packet", LOST)
            if (stuck >= ENOUGH)
            else ("", "")
        )
    if not is_suspect(service, server, snapshot.entries):
        return "", ""
    only_closed = set(snapshot.states.get(f"tcp {server.name}", {})) - {"NONE"} == CLOSED
    tried = snapshot.tried.get(server.name) or (REFUSED if only_closed else "")
    return FAULTS.get(tried, ("", ""))


def takes_connections(snapshot: Snapshot, service: Service, server: Server) -> bool:
    """Whether a server accepts connections, as far as is known."""
    return not fault_of(snapshot, service, server)[0]
