"""V: the virtual addresses, and the way in."""

from __future__ import annotations

from collections import defaultdict

from ....grammar.shell import command
from ....network.facts import ANSWERED, is_loopback
from ....network.routes import Route
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, failures, note, warning
from ..queries import (
    addressed,
    is_own,
    named,
    neighbour_of,
    networks,
    ours,
    outside,
    setting,
    subject,
    virtual_addresses,
)
from ..snapshot import Snapshot
from ..snapshot_values import Service

FAILOVER = ("keepalived", "kube-vip", "seesaw")  # programs that bind virtual addresses on one of several directors
UNSHAPED = ("dummy", "tun")  # kinds of devices whose addresses aren't used as source addresses


def is_local(snapshot: Snapshot) -> Findings:
    """Virtual addresses are addresses of this machine."""
    unusable = {one.address for one in snapshot.addresses or () if one.duplicate or one.tentative}
    others, by = _other_machines(snapshot), _standby(snapshot)
    foreign = set().union(*others.values())
    affected: dict[tuple[str, str], list[str]] = {}  # addresses by where packets for them go, and who has them instead
    for address in virtual_addresses(snapshot):
        route = snapshot.route(address)
        if route.type != "local" and address not in unusable:
            where = f"leave by {route.device}" if route.device else f"have no route ({route.source or route.type})"
            other = next(words for words, known in others.items() if address in known) if address in foreign else ""
            affected.setdefault((where, "" if by else other), []).append(address)
    for (where, other), those in affected.items():
        seen = f"is not an address of this machine, so packets for it {where}"
        if by:
            why = f"{by}: that is right only as long as another director has the address"
            yield from (note(address, seen, why) for address in those)
        elif other:
            why = f"it is {other}: to bind it here would cut that machine off. Give the service another address"
            yield failures(tuple(those), seen, why)
        else:
            why = "IPVS handles only packets that are delivered to this machine"
            yield failures(tuple(those), seen, why, *(_binding(one, snapshot.route(one)) for one in those))


def _standby(snapshot: Snapshot) -> str:
    """Why another director may have the virtual addresses now, as a phrase; empty if nothing suggests that."""
    states = {daemon.state for daemon in snapshot.daemons or ()}
    if found := [name for name in snapshot.managers or () if name in FAILOVER]:
        return f"{found[0]} runs here, which binds the addresses itself while this director is the active one"
    return "the backup daemon runs here, as on a standby director" if states == {"backup"} else ""


def _binding(address: str, route: Route) -> str:
    if ":" in address and route.device and not route.gateway:  # a neighbour asks for it on this link
        ends = ("dev", route.device, "nodad", "preferred_lft", "0")
        return command("ip", "addr", "add", f"{address}/128", *ends)
    return ours("vip", "add", address)


def _other_machines(snapshot: Snapshot) -> dict[str, set[str]]:
    """The known addresses of other machines, by a description of these."""
    return {
        "the next hop of a route": set(snapshot.next_hops),
        "a server of the table": {one.address for service in snapshot.services or () for one in service.servers},
        "a neighbour that answered": {one.address for one in snapshot.neighbours or () if one.state in ANSWERED},
    }


def no_loopback(snapshot: Snapshot) -> Findings:
    """A loopback address has servers on this machine alone."""
    for service in addressed(snapshot):
        away = next((server for server in service.servers if not is_own(snapshot, server)), None)
        if away and is_loopback(service.address):
            moved = _moved(service)
            yield failure(
                subject(service, away),
                "is another machine, but the service has a loopback address",
                "packets to a loopback address come from one, and no other machine can answer that;"
                " use an address that clients can reach",
                ours("vip", "add", "ADDRESS"),
                *moved,
            )


def _moved(service: Service) -> list[str]:
    """The commands that give a service the address ADDRESS."""
    option, _ = named(service)
    end = f"[ADDRESS]:{service.port}" if ":" in service.address else f"ADDRESS:{service.port}"
    ways = {"direct": "-g", "tunnel": "-i"}
    persistent = ("-p", str(service.persistence)) if service.persistence is not None else ()
    return [
        ours("-D", *named(service)),
        ours("-A", option, end, "-s", service.scheduler or "wlc", *persistent),
        *(
            ours("-a", option, end, "-r", one.name, ways.get(one.forwarding, "-m"), "-w", one.weight)
            for one in service.servers
        ),
    ]


def is_usable(snapshot: Snapshot) -> Findings:
    """Virtual addresses of IPv6 are usable."""
    wanted = virtual_addresses(snapshot)
    for one in snapshot.seen("addresses"):
        if one.address in wanted and (one.duplicate or one.tentative):
            whole = (f"{one.address}/{one.prefix}", "dev", one.device)
            yield failure(
                one.address,
                f"another machine has it, too (dadfailed, on {one.device})"
                if one.duplicate
                else f"is still tentative on {one.device}",
                "the kernel doesn't use it. Remove it from the other machine; `nodad` then skips the test",
                command("ip", "addr", "del", *whole),
                command("ip", "addr", "add", *whole, "nodad", "preferred_lft", "0"),
            )


def is_no_source(snapshot: Snapshot) -> Findings:
    """Virtual addresses of IPv6 are not source addresses."""
    wanted = virtual_addresses(snapshot)
    kinds = {link.name: link.kind for link in snapshot.seen("links")}
    for one in snapshot.seen("addresses"):
        single = one.address in wanted and ":" in one.address and one.prefix == 128
        if single and one.preferred and one.device != "lo" and kinds.get(one.device) not in UNSHAPED:
            if _is_chosen(snapshot, one.address) is False:
                continue  # its label prevents that
            yield warning(
                one.address,
                f"may become the source address of this machine's own connections by {one.device}",
                "the replies then reach the virtual service; a preferred lifetime of 0 prevents that",
                command("ip", "addr", "change", f"{one.address}/128", "dev", one.device, "preferred_lft", "0"),
            )


def _is_chosen(snapshot: Snapshot, address: str) -> bool | None:
    """Whether the kernel uses `address` as the source for the address most similar to it; None if that is unknown."""
    route = (snapshot.routes or {}).get(neighbour_of(address))
    return route.source == address if route and route.source else None


def one_card_answers(snapshot: Snapshot) -> Findings:
    """Only one network card answers for a virtual address."""
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
                f"is on {one.device}, but {', '.join(lax)} in the same network also answers for it (arp_ignore=0)",
                "clients may send to the wrong card",
                setting("ipv4/conf/all/arp_ignore", 1),
                setting("ipv4/conf/all/arp_announce", 2),
            )


def nobody_else_manages(snapshot: Snapshot) -> Findings:
    """No network manager owns the virtual addresses."""
    wanted = virtual_addresses(snapshot)
    for one in snapshot.addresses or ():
        if one.address in wanted and (manager := snapshot.managed.get(one.device)):
            manual = command("nmcli", "device", "set", one.device, "managed", "no")
            yield note(
                one.address,
                f"{manager} manages {one.device}",
                "it may remove addresses and routes that it didn't set",
                manual if manager == "NetworkManager" else command("networkctl", "status", one.device),
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "V15",
        "A loopback address has servers on this machine alone",
        (FAILURE,),
        no_loopback,
        looks="services on 127.0.0.0/8 or ::1, and whether their servers are other machines",
        matters="packets to a loopback address come from one, and no other machine can answer that",
        mend="give the service an address that clients can reach",
    ),
    Check(
        "V1",
        "Virtual addresses are addresses of this machine",
        (FAILURE, NOTE),
        is_local,
        looks="the route to each virtual address",
        matters="IPVS handles only packets that are delivered to this machine; others are forwarded or dropped",
        mend="bind the address with `pyipvsadm vip add`",
        told_by=("G5",),
    ),
    Check(
        "V2",
        "Virtual addresses of IPv6 are usable",
        (FAILURE,),
        is_usable,
        looks="whether an address is tentative, or in use by another machine",
        matters="the kernel does not use such an address",
        mend="remove it from the other machine, or bind it with `nodad`",
    ),
    Check(
        "V3",
        "Virtual addresses of IPv6 are not source addresses",
        (WARNING,),
        is_no_source,
        looks="preferred lifetimes and labels of virtual addresses on network cards",
        matters="this machine may use such an address as a source, and the replies then reach the virtual service",
        mend="set the preferred lifetime to 0",
    ),
    Check(
        "V10",
        "Only one network card answers for a virtual address",
        (WARNING,),
        one_card_answers,
        looks="the addresses, networks and arp_ignore of the network cards",
        matters="with arp_ignore=0, every card in a network answers for all of them, and clients may learn a wrong one",
        mend="set arp_ignore to 1 and arp_announce to 2",
    ),
    Check(
        "V13",
        "No network manager owns the virtual addresses",
        (NOTE,),
        nobody_else_manages,
        looks="the devices that NetworkManager or systemd-networkd manages",
        matters="a network manager may remove addresses and routes that it didn't set",
        mend="exclude the device from the network manager",
    ),
)
