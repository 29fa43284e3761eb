"""S: the fate of packets and connections: lost before IPVS, refused by a server, or all on one server."""

from __future__ import annotations

from collections import Counter

from ....grammar.shell import command
from ..findings import FAILURE, NOTE, WARNING, Check, Finding, Findings, failure, note, warning
from ..queries import PROTOCOLS, TCP, fault_of, is_full, ours, pairs, subject
from ..snapshot import Snapshot, UnseenError
from ..snapshot_values import Arrival, Server, Service
from ..suspects import ENOUGH, UDP, recent

MANY = 20  # connections, or packets of a flow
GO_BY_LOAD = ("lc", "wlc", "nq", "sed")  # schedulers that see no load with one-packet scheduling
GO_BY_TARGET = ("dh", "lblc", "lblcr")  # schedulers that choose by the packet's destination
BUCKETS = 256  # slots in the table of sh


def packets_are_counted(snapshot: Snapshot) -> Findings:
    """Packets that arrive are counted."""
    if not snapshot.seen("services"):
        return
    if snapshot.sysctls.get("net/ipv4/vs/run_estimation") == "0":
        raise UnseenError("counters stand still with vs/run_estimation=0")
    arrivals = snapshot.seen("arrivals")
    by_service: dict[str, list[Arrival]] = {}
    for one in arrivals:
        by_service.setdefault(one.service, []).append(one)
    for service in snapshot.services or ():
        came = by_service.get(service.service, [])
        if sum(one.packets for one in came) < ENOUGH or service.earlier is None:
            continue
        if service.counters.packets_in == service.earlier.packets_in:
            yield warning(
                service.service,
                f"packets for it arrive on {', '.join(sorted({one.device for one in came}))}, but it counts none",
                "something drops them before they reach IPVS",
                *_way_in(service, came[0]),
            )


def _way_in(service: Service, arrival: Arrival) -> list[str]:
    """The command that shows where the kernel sends the packets of a client, as a list; empty for a mark."""
    if not service.address:
        return []
    return [command("ip", "route", "get", service.address, "from", arrival.client, "iif", arrival.device)]


def servers_accept(snapshot: Snapshot) -> Findings:
    """Servers accept connections."""
    others = pairs(snapshot)  # may raise UnseenError
    for service, server in others if snapshot.has_traffic or snapshot.states or snapshot.stuck else ():
        if service.protocol in (0, TCP) and server.weight:
            seen, why = fault_of(snapshot, service, server)
            if seen:
                yield _told(service, server, seen, why)


def _told(service: Service, server: Server, seen: str, why: str) -> Finding:
    others = any(other.weight for other in service.servers if other != server)
    remedy = [ours("set", service.service, server.name, "--weight", 0)] if others else []
    advice = "give it no connections until that is fixed" if others else "there is no other server"
    return failure(subject(service, server), seen, f"{why}; {advice}", *remedy)


def connections_are_spread(snapshot: Snapshot) -> Findings:
    """Connections are spread over the servers."""
    clients = _clients(snapshot)
    for service in snapshot.seen("services"):
        loads = _loads(service)
        total = sum(loads)
        if len(service.servers) < 2 or not total or max(loads) < total:
            continue
        server = service.servers[loads.index(total)]
        of_it = clients.get(service.service, Counter[str]())
        if total >= MANY:
            yield note(
                service.service,
                f"all of its {total:,} connections go to {server.name}",
                next(filter(None, (reason(service, server, of_it) for reason in REASONS)), UNEXPLAINED),
            )
        elif service.protocol == UDP and sum(of_it.values()) == 1 and recent(server).packets_in >= MANY:
            yield note(
                service.service,
                f"all of its packets go to {server.name}",
                "they are one flow, of one client's address and port, which stays with its server until it has been"
                " idle for the UDP timeout; one-packet scheduling (--ops) chooses a server for each datagram",
            )


def _loads(service: Service) -> list[int]:
    """The connections of each server: new ones while watching if there are MANY, otherwise the present ones.

    With one-packet scheduling, which keeps no connections, all that were counted.
    """
    new = [one.counters.connections - one.earlier.connections if one.earlier else 0 for one in service.servers]
    if sum(new) >= MANY:
        return new
    if service.one_packet:
        return [one.counters.connections for one in service.servers]
    return [one.connections.active + one.connections.inactive for one in service.servers]


def _clients(snapshot: Snapshot) -> dict[str, Counter[str]]:
    """For each service, the number of connections of each client, by the kernel's entries."""
    if not snapshot.connections:
        return {}
    names = {}
    marked: dict[str, str] = {}
    for service in snapshot.seen("services"):
        names[PROTOCOLS.get(service.protocol, ""), service.address, service.port] = service.service
        if service.mark:
            marked.update((server.address, service.service) for server in service.servers)
    found: dict[str, Counter[str]] = {}
    for one in snapshot.connections or ():
        name = names.get((one.protocol, one.address, one.port)) or names.get((one.protocol, one.address, 0))
        if (name := name or marked.get(one.server)) and one.state != "NONE":
            found.setdefault(name, Counter())[one.client] += 1
    return found


Clients = Counter[str]
UNEXPLAINED = "its settings don't explain that: check which other servers were added, or became usable, only recently"


def _others_are_off(service: Service, server: Server, clients: Clients) -> str:
    off = not any(other.weight for other in service.servers if other is not server)
    return "all other servers have weight 0" if off else ""


def _others_are_full(service: Service, server: Server, clients: Clients) -> str:
    usable = (other for other in service.servers if other is not server and other.weight)
    return "all other servers are overloaded" if all(map(is_full, usable)) else ""


def _load_is_unseen(service: Service, server: Server, clients: Clients) -> str:
    if not (service.one_packet and service.scheduler in GO_BY_LOAD):
        return ""
    return (
        f"with one-packet scheduling no connection lasts, so {service.scheduler} finds all servers idle and chooses the"
        " same one each time; rr and wrr spread datagrams"
    )


def _goes_by_target(service: Service, server: Server, clients: Clients) -> str:
    if service.scheduler not in GO_BY_TARGET or service.mark:
        return ""
    return (
        f"{service.scheduler} chooses by the packet's destination, which is one address; it is for transparent caches"
    )


def _by_design(service: Service, server: Server, clients: Clients) -> str:
    if service.scheduler == "fo":
        return "fo sends all connections to the heaviest server that is available"
    if service.scheduler == "ovf":
        return "ovf fills the heaviest server before it uses another one"
    udp = service.protocol == UDP and service.scheduler in ("sed", "nq")
    return f"{service.scheduler} chooses by active connections, and those of UDP never count as active" if udp else ""


def _one_client(service: Service, server: Server, clients: Clients) -> str:
    if len(clients) != 1:
        return ""
    client = next(iter(clients))
    if service.persistence is not None:
        return f"the service is persistent, and all connections come from one client, {client}: perhaps a proxy or NAT"
    if service.scheduler in ("sh", "mh") and f"{service.scheduler}-port" not in service.flags:
        return (
            f"{service.scheduler} chooses by the client's address, and all connections come from one client, {client};"
            f" with the flag {service.scheduler}-port, the client's port counts, too"
        )
    return ""


def _one_network(service: Service, server: Server, clients: Clients) -> str:
    if service.persistence is None or service.netmask in (None, "255.255.255.255", 128):
        return ""
    return f"the service is persistent, and treats a network of clients as one client (netmask {service.netmask})"


def _buckets_are_gone(service: Service, server: Server, clients: Clients) -> str:
    if service.scheduler != "sh" or sum(max(1, one.weight) for one in service.servers) <= BUCKETS:
        return ""
    return f"sh has {BUCKETS} slots, and the sum of the weights is larger: use smaller weights"


REASONS = (
    _others_are_off,
    _load_is_unseen,
    _goes_by_target,
    _by_design,
    _one_client,
    _one_network,
    _buckets_are_gone,
    _others_are_full,
)


CHECKS: tuple[Check, ...] = (
    Check(
        "S10",
        "Packets that arrive are counted",
        (WARNING,),
        packets_are_counted,
        looks="packets that arrive for a service while its counters stay the same",
        matters="something drops or redirects them before they reach IPVS",
        mend="find the rule or the route that does this",
        traffic=True,
        told_by=(
            "V1",
            "V4",
            "V8",
            "V9",
            "G8",
            "G11",
            "S1",
        ),
    ),
    Check(
        "S11",
        "Servers accept connections",
        (FAILURE,),
        servers_accept,
        looks="servers that got packets, their connections, and the result of a test connection",
        matters="a server that refuses connections or is silent serves nobody, but gets its share of clients",
        mend="start the program on the server, open its firewall, or give it weight 0 meanwhile",
        traffic=True,
        told_by=(
            "N1",
            "N2",
            "N6",
            "D1",
            "D4",
            "V15",
        ),
    ),
    Check(
        "S12",
        "Connections are spread over the servers",
        (NOTE,),
        connections_are_spread,
        looks="services with several servers, of which one has all connections, 20 or more",
        matters="the scheduler, persistence or the weights may send everything to one server",
        mend="change what the finding names as the reason: the scheduler, or the weights",
        traffic=True,
    ),
)
