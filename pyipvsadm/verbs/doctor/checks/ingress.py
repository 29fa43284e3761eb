"""V: the way in, from the network card to IPVS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ....grammar.shell import command
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, note, warning
from ..firewall import remedies
from ..firewall.chains import Firewall
from ..firewall.packet_path import passage
from ..firewall.protocols import number
from ..queries import (
    ARRIVING,
    PROTOCOLS,
    WILDCARDS,
    addressed,
    arrivals_by_service,
    base_chain,
    bound_for_services,
    family,
    first_packet,
    inward,
    is_own,
    is_served,
    ours,
    outside,
    setting,
    shortened,
    told,
)
from ..snapshot import Snapshot
from ..snapshot_values import Service

STRICT = 1  # rp_filter
ARRIVAL, BEFORE = ("prerouting", "input"), ("prerouting",)  # the hooks before IPVS, and those that redirect there
SHOWN = 8  # how many ports or addresses a finding names


def all_ports_persist(snapshot: Snapshot) -> Findings:
    """A service for all ports is persistent."""
    for service in addressed(snapshot):
        if not service.port and service.persistence is None:
            yield warning(
                service.service,
                "is for all ports, and is not persistent",
                "a client's connections to several ports belong together, but go to different servers",
                ours("set", service.service, "--persistent", 300),
            )


def no_socket_hides(snapshot: Snapshot) -> Findings:
    """No other socket has a service's port."""
    listening: dict[tuple[str, int], list[str]] = defaultdict(list)
    for one in snapshot.seen("listeners") if snapshot.seen("services") else ():
        listening[one.protocol, one.port].append(one.address)
    for service in addressed(snapshot):
        heard = listening.get((PROTOCOLS.get(service.protocol, ""), service.port), ())
        there = [address for address in heard if address in (service.address, *WILDCARDS[family(service.address)])]
        if there and service.port not in _own_ports(snapshot, service):
            yield warning(
                service.service,
                f"a socket of this machine also listens on {there[0]} port {service.port}",
                "it gets no clients of this address while the service exists, and all of them once it doesn't",
                command("ss", "-lnp", f"sport = :{service.port}"),
            )


def _own_ports(snapshot: Snapshot, service: Service) -> set[int]:
    """The ports of the servers that are this machine itself."""
    return {server.port for server in service.servers if is_own(snapshot, server)}


def ports_beside(snapshot: Snapshot) -> Findings:
    """Virtual addresses expose services alone."""
    taken = defaultdict(set)
    for service in addressed(snapshot):
        taken[service.address].add((PROTOCOLS.get(service.protocol, ""), service.port))
    wild: dict[str, set[tuple[str, int]]] = {
        kind: {(one.protocol, one.port) for one in snapshot.seen("listeners") if one.address in addresses}
        for kind, addresses in (WILDCARDS.items() if taken else ())
    }
    virtual = bound_for_services(snapshot) if any(wild.values()) else set()
    exposed: dict[tuple[str, tuple[tuple[str, int], ...]], list[str]] = defaultdict(list)
    for address, ports in taken.items():
        beside = [one for one in sorted(wild[family(address)]) if not ports & {one, (one[0], 0)}]
        beside = list(_unrefused(snapshot, address, beside)) if address in virtual else []
        if beside:
            exposed[family(address), tuple(beside)].append(address)
    for (kind, beside_all), addresses in exposed.items():
        words = ", ".join(f"{protocol} {port}" for protocol, port in beside_all[:SHOWN])
        yield note(
            shortened(addresses),
            f"clients can also reach sockets of this machine by it: {words}",
            "everyone who can reach the service can reach these, unless a rule such as this one prevents it",
            *_refusals(snapshot, kind, addresses, beside_all[0]),
        )


def _unrefused(snapshot: Snapshot, address: str, ports: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Those `ports` of this address whose clients no rule certainly refuses; all if the rules are unknown."""
    firewall = snapshot.firewall or Firewall()
    looks = firewall.looks_at(ARRIVAL)
    known = {**ARRIVING, "family": family(address), "target": address, "state": "new"}
    for protocol, port in ports:
        flags = "SYN" if protocol == "tcp" else ""
        packet = {**known, "port": str(port), "protocol": number(protocol), "flags": flags}
        found = passage(firewall, ARRIVAL, packet).drop if looks else None
        if not (found and found.certain):
            yield protocol, port


def _refusals(snapshot: Snapshot, kind: str, addresses: list[str], port: tuple[str, int]) -> Iterator[str]:
    """The commands that refuse clients of a port of `addresses`, SHOWN at most."""
    chain = base_chain(snapshot, "input", kind, "filter")
    for address in addresses[:SHOWN]:
        yield remedies.refuse(
            chain, {"family": kind, "target": address, "protocol": number(port[0]), "port": str(port[1])}
        )


def input_lets_in(snapshot: Snapshot) -> Findings:
    """The firewall lets clients in."""
    devices_in = inward(snapshot) if snapshot.seen("services") else []
    arrived = arrivals_by_service(snapshot)
    for service in addressed(snapshot):
        firewall: Firewall = snapshot.seen("firewall")
        if not firewall.looks_at(ARRIVAL):
            return
        devices = arrived.get(service.service) or devices_in
        packet = first_packet(service)
        if is_served(service):
            continue
        drops = [passage(firewall, ARRIVAL, {**packet, "in": device}).drop for device in devices]
        found = [one for one in drops if one]
        if found and len(found) == len(devices):
            yield told(found[0], packet, service.service, "packets of clients", "they pass these rules before IPVS")


def nothing_is_redirected(snapshot: Snapshot) -> Findings:
    """Nothing redirects clients before IPVS."""
    arrived = arrivals_by_service(snapshot)
    devices_in = inward(snapshot) if snapshot.seen("services") else []
    for service in addressed(snapshot):
        firewall: Firewall = snapshot.seen("firewall")
        if not firewall.looks_at(BEFORE):
            return
        packet = first_packet(service)
        devices = [] if is_served(service) else arrived.get(service.service) or devices_in
        taken = [passage(firewall, BEFORE, {**packet, "in": device}).dnat for device in devices]
        found = [one for one in taken if one and one.target not in _itself(service)]
        if found:
            hit = found[0]
            severity, verb = (failure, "are") if hit.certain else (warning, "may be")
            where = f"{hit.chain.program}, {hit.chain.family} {hit.chain.table} {hit.chain.name}"
            yield severity(
                service.service,
                f"packets of clients {verb} redirected before IPVS ({where}): {hit.text}",
                "they get another destination, so IPVS never sees them; accept them in a rule before that one",
                remedies.accept(hit.chain, packet),
            )


def _itself(service: Service) -> tuple[str, ...]:
    """The targets of a rule that leave the destination of packets for `service` unchanged."""
    return f"{service.address}:{service.port}", f"[{service.address}]:{service.port}", service.address


def reverse_path(snapshot: Snapshot) -> Findings:
    """Reverse path filters let clients in."""
    services = any(addressed(snapshot))
    strict = [link.name for link in outside(snapshot) if services and _strict(snapshot, link.name)]
    if not strict:
        return
    told_of = set()
    for one in snapshot.seen("arrivals"):
        if one.device in strict and ":" not in one.client and one.device not in told_of:
            back = snapshot.route(one.client)
            if back.device != one.device:
                told_of.add(one.device)
                yield warning(
                    one.device,
                    f"rp_filter is strict, and packets of {one.client} arrive here, but replies would leave by"
                    f" {back.device or 'no device'}",
                    "the kernel drops such packets before IPVS sees them; 2 is the loose filter",
                    setting(f"ipv4/conf/{one.device}/rp_filter", 2),
                )


def _strict(snapshot: Snapshot, device: str) -> bool:
    return snapshot.effective(device, "rp_filter") == STRICT


def packets_stay_apart(snapshot: Snapshot) -> Findings:
    """Received packets are not joined."""
    if snapshot.seen("services"):
        for device in snapshot.large_receive:
            yield warning(
                device,
                "merges the packets that it receives (large-receive-offload)",
                "merged packets can't be forwarded as they arrived",
                command("ethtool", "-K", device, "lro", "off"),
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "V5",
        "A service for all ports is persistent",
        (WARNING,),
        all_ports_persist,
        looks="services of port 0",
        matters="the connections of a client to several ports belong together, but go to different servers",
        mend="make the service persistent",
    ),
    Check(
        "V6",
        "No other socket has a service's port",
        (WARNING,),
        no_socket_hides,
        looks="sockets that listen on the address and port of a service",
        matters="such a socket gets no clients while the service exists, and all of them once it doesn't",
        mend="stop the program, or let it listen elsewhere",
    ),
    Check(
        "V7",
        "Virtual addresses expose services alone",
        (NOTE,),
        ports_beside,
        looks="sockets that listen on all addresses",
        matters="anyone who can reach a virtual address can reach these sockets too",
        mend="reject packets that aren't for a service",
    ),
    Check(
        "V8",
        "The firewall lets clients in",
        (FAILURE, WARNING),
        input_lets_in,
        looks="the rules that a client's packet passes before IPVS (prerouting and input)",
        matters="packets that these rules drop never reach IPVS",
        mend="accept the packets of the service",
    ),
    Check(
        "V9",
        "Reverse path filters let clients in",
        (WARNING,),
        reverse_path,
        looks="strict rp_filter on devices that receive packets whose replies leave by another device",
        matters="the kernel drops such packets before IPVS sees them",
        mend="set rp_filter to 2",
        traffic=True,
        told_by=("V1",),
    ),
    Check(
        "V12",
        "Received packets are not joined",
        (WARNING,),
        packets_stay_apart,
        looks="large-receive-offload of the network cards",
        matters="packets that a card has merged can't be forwarded as they arrived",
        mend="switch it off with `ethtool`",
    ),
    Check(
        "V14",
        "Nothing redirects clients before IPVS",
        (FAILURE, WARNING),
        nothing_is_redirected,
        looks="rules such as DNAT and REDIRECT that a client's packet meets before IPVS (nat PREROUTING)",
        matters="these rules send packets elsewhere, so the service never sees them",
        mend="accept the packets of the service before that rule, or remove the rule",
    ),
)
