"""V: the virtual addresses, and the way in."""

from __future__ import annotations

from collections import defaultdict

from ..findings import Check, Findings, failure, note, warning
from ..firewall.rules import Firewall, Rule, drop_of
from ..snapshot import Listener, Service, Snapshot
from .looking import (
    PROTOCOLS,
    WILDCARDS,
    addressed,
    family,
    in_service,
    inward,
    networks,
    outside,
    setting,
    told,
    virtual_addresses,
)

UNSHAPED = ("dummy", "tun")  # kinds of devices from whose addresses nothing is sent
STRICT = 1  # rp_filter


def is_local(snapshot: Snapshot) -> Findings:
    """V1."""
    unusable = {one.address for one in snapshot.addresses or () if one.duplicate or one.tentative}
    for address in virtual_addresses(snapshot):
        route = snapshot.route(address)
        if route.type != "local" and address not in unusable:
            where = f"leave by {route.device}" if route.device else f"have no way ({route.source or route.type})"
            yield failure(
                address,
                f"is no address of this machine: packets for it {where}",
                "IPVS takes packets where they are delivered to this machine itself",
                f"ip addr add {address}/128 dev {route.device} nodad preferred_lft 0"
                if ":" in address and route.device and not route.gateway  # neighbours ask for what is on their link
                else f"pyipvsadm vip add {address}",
            )


def is_usable(snapshot: Snapshot) -> Findings:
    """V2."""
    wanted = virtual_addresses(snapshot)
    for one in snapshot.seen("addresses"):
        if one.address in wanted and (one.duplicate or one.tentative):
            whole = f"{one.address}/{one.prefix} dev {one.device}"
            yield failure(
                one.address,
                f"another machine has it, too (dadfailed, on {one.device})"
                if one.duplicate
                else f"is still tentative on {one.device}",
                "the kernel doesn't use it. Take it off the other machine; `nodad` then does without the test",
                f"ip addr del {whole}",
                f"ip addr add {whole} nodad preferred_lft 0",
            )


def is_no_source(snapshot: Snapshot) -> Findings:
    """V3."""
    wanted = virtual_addresses(snapshot)
    kinds = {link.name: link.kind for link in snapshot.seen("links")}
    for one in snapshot.seen("addresses"):
        single = one.address in wanted and ":" in one.address and one.prefix == 128
        if single and one.preferred and one.device != "lo" and kinds.get(one.device) not in UNSHAPED:
            yield warning(
                one.address,
                f"may be chosen as the source of connections from this machine by {one.device}",
                "answers to those come to the virtual service; a preferred lifetime of 0 prevents it",
                f"ip addr change {one.address}/128 dev {one.device} preferred_lft 0",
            )


def marks_are_set(snapshot: Snapshot) -> Findings:
    """V4."""
    for service in snapshot.seen("services"):
        if not service.mark:
            continue
        firewall: Firewall = snapshot.seen("firewall")
        kind = "ip6" if service.service.endswith("ipv6") else "ip"
        rules = [rule for _, rule in firewall.rules(kind) if rule.action == "mark" and _marks(rule, service.mark)]
        if not rules:
            program = "ip6tables" if kind == "ip6" else "iptables"
            yield failure(
                service.service,
                "no rule sets this mark",
                "no packet gets to it",
                f"{program} -t mangle -A PREROUTING -d ADDRESS -p tcp --dport PORT -j MARK --set-mark {service.mark}",
            )
        for place, route in snapshot.marked_routes.items():
            mark, _, network = place.partition(" ")
            if rules and mark == str(service.mark) and route.type != "local":
                table, six = 100 + service.mark % 100, " -6" if kind == "ip6" else ""
                yield failure(
                    service.service,
                    f"packets for {network} are marked, but leave by {route.device or 'no device'}",
                    "IPVS takes packets where they are delivered to this machine itself",
                    f"ip{six} rule add fwmark {service.mark} lookup {table}",
                    f"ip{six} route add local {network} dev lo table {table}",
                )


def _marks(rule: Rule, mark: int) -> bool:
    """Whether `rule` sets `mark`, perhaps among other bits."""
    value = rule.target.partition("/")[0]
    try:
        return int(value, 0) == mark
    except ValueError:
        return False


def all_ports_persist(snapshot: Snapshot) -> Findings:
    """V5."""
    for service in addressed(snapshot):
        if not service.port and service.persistence is None:
            yield warning(
                service.service,
                "is for all ports, and isn't persistent",
                "connections of a client to several ports belong together there, and go to different servers",
                f"pyipvsadm set {service.service} --persistent 300",
            )


def no_socket_hides(snapshot: Snapshot) -> Findings:
    """V6."""
    for service in addressed(snapshot):
        protocol = PROTOCOLS.get(service.protocol)
        own = {s.port for s in service.servers if s.forwarding == "local" or snapshot.route(s.address).type == "local"}
        for one in snapshot.seen("listeners"):
            if (one.protocol, one.port) == (protocol, service.port) and _hears(one, service) and one.port not in own:
                yield warning(
                    service.service,
                    f"a socket of this machine listens on {one.address} port {one.port}, too",
                    "it gets nothing as long as the service is there, and what is for the service once it isn't",
                    f"ss -lnp 'sport = :{one.port}'",
                )


def _hears(one: Listener, service: Service) -> bool:
    return one.address in (service.address, *WILDCARDS[family(service.address)])


def ports_beside(snapshot: Snapshot) -> Findings:
    """V7."""
    taken = defaultdict(set)
    for service in addressed(snapshot):
        taken[service.address].add((PROTOCOLS.get(service.protocol), service.port))
    for address, ports in taken.items():
        wild = WILDCARDS[family(address)]
        beside = {
            (one.protocol, one.port)
            for one in snapshot.seen("listeners")
            if one.address in wild and not ports & {(one.protocol, one.port), (one.protocol, 0)}
        }
        if beside:
            words = ", ".join(f"{protocol} {port}" for protocol, port in sorted(beside, key=lambda one: one[1])[:10])
            protocol, port = min(beside, key=lambda one: one[1])
            yield note(
                address,
                f"sockets of this machine can be reached by it: {words}",
                "whoever reaches the service reaches those, unless a rule prevents it, such as this one",
                f"{'ip6tables' if ':' in address else 'iptables'} -A INPUT -d {address} -p {protocol} --dport {port}"
                " -j REJECT",
            )


def input_lets_in(snapshot: Snapshot) -> Findings:
    """V8."""
    devices_in = inward(snapshot)
    for service in addressed(snapshot):
        firewall: Firewall = snapshot.seen("firewall")
        arrived = [one.device for one in snapshot.arrivals or () if one.service == service.service]
        devices = list(dict.fromkeys(arrived)) or devices_in
        packet = in_service(service)
        for hook in ("prerouting", "input"):
            drops = [drop_of(firewall, hook, {**packet, "in": device}) for device in devices]
            found = [one for one in drops if one]
            if found and len(found) == len(devices):
                yield told(found[0], packet, service.service, "what clients send", "IPVS comes after these rules")
                break


def reverse_path(snapshot: Snapshot) -> Findings:
    """V9."""
    services = {service.address for service in addressed(snapshot)}
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
                    f"rp_filter is strict, and packets of {one.client} come in here, but would be answered by"
                    f" {back.device or 'no device'}",
                    "the kernel throws such packets away before IPVS sees them; 2 tests loosely",
                    setting(f"ipv4/conf/{one.device}/rp_filter", 2),
                )


def _strict(snapshot: Snapshot, device: str) -> bool:
    return snapshot.effective(device, "rp_filter") == STRICT


def one_card_answers(snapshot: Snapshot) -> Findings:
    """V10."""
    wanted = virtual_addresses(snapshot)
    cards = {link.name for link in outside(snapshot)}
    by_network = defaultdict(set)
    for card in cards:
        for network in networks(snapshot, card):
            if ":" not in network and not network.endswith("/32"):
                by_network[network].add(card)
    for one in snapshot.seen("addresses"):
        if one.address not in wanted or one.device not in cards or ":" in one.address:
            continue
        others = {card for found in by_network.values() if one.device in found for card in found} - {one.device}
        lax = sorted(card for card in others if not snapshot.effective(card, "arp_ignore"))
        if lax:
            yield warning(
                one.address,
                f"is on {one.device}, and {', '.join(lax)} in the same network answers for it, too (arp_ignore=0)",
                "clients may send to the wrong card",
                setting("ipv4/conf/all/arp_ignore", 1),
                setting("ipv4/conf/all/arp_announce", 2),
            )


def packets_stay_apart(snapshot: Snapshot) -> Findings:
    """V12."""
    if snapshot.seen("services"):
        for device in snapshot.large_receive:
            yield warning(
                device,
                "joins the packets that it receives (large-receive-offload)",
                "what is joined that way can't be forwarded as it came",
                f"ethtool -K {device} lro off",
            )


def nobody_else_manages(snapshot: Snapshot) -> Findings:
    """V13."""
    wanted = virtual_addresses(snapshot)
    for one in snapshot.addresses or ():
        if one.address in wanted and (manager := snapshot.managed.get(one.device)):
            manual = f"nmcli device set {one.device} managed no"
            yield note(
                one.address,
                f"{manager} manages {one.device}",
                "it may take addresses and routes away that it didn't set",
                manual if manager == "NetworkManager" else f"networkctl status {one.device}",
            )


CHECKS: tuple[Check, ...] = (
    ("V1", is_local),
    ("V2", is_usable),
    ("V3", is_no_source),
    ("V4", marks_are_set),
    ("V5", all_ports_persist),
    ("V6", no_socket_hides),
    ("V7", ports_beside),
    ("V8", input_lets_in),
    ("V9", reverse_path),
    ("V10", one_card_answers),
    ("V12", packets_stay_apart),
    ("V13", nobody_else_manages),
)
