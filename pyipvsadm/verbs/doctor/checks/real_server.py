"""D5 and T2: a machine that is a real server, reached by direct routing or by a tunnel."""

from __future__ import annotations

from ....grammar.shell import command
from ....network.facts import Address, Link
from ..findings import FAILURE, NOTE, REAL_SERVER, WARNING, Check, Findings, failure, note, warning
from ..queries import WILDCARDS, family, outside, prefix, setting
from ..snapshot import Snapshot

TUNNELS = ("ipip", "gre", "sit", "ip6tnl", "ip6gre", "gretap")  # kinds of devices
STRICT = 1  # rp_filter
IGNORE, ANNOUNCE = 1, 2  # arp_ignore: answer only for the card's own addresses; arp_announce: use only these


def direct_routing_works(snapshot: Snapshot) -> Findings:
    """The virtual address is bound, silent, and served."""
    yield from _bound(snapshot)
    yield from _silent(snapshot)
    yield from _heard(snapshot)


def _bound(snapshot: Snapshot) -> Findings:
    """The virtual address is bound, as a single address, and not on a network card."""
    for vip in snapshot.vips:
        holding = _holding(snapshot, vip)
        nodad = ["nodad"] if ":" in vip else []
        if not holding:
            yield failure(
                vip,
                "is not an address of this machine",
                "packets of clients arrive with this destination, and are dropped",
                command("ip", "addr", "add", prefix(vip), "dev", "lo", *nodad),
            )
        cards = {link.name for link in outside(snapshot)}
        for one in holding:
            whole = (f"{one.address}/{one.prefix}", "dev", one.device)
            if one.device in cards:
                yield failure(
                    vip,
                    f"is on the network card {one.device}",
                    "this machine answers ARP for it, like the director, and gets the director's clients",
                    command("ip", "addr", "del", *whole),
                    command("ip", "addr", "add", prefix(vip), "dev", "lo", *nodad),
                )
            elif one.prefix != (128 if ":" in vip else 32):
                yield failure(
                    vip,
                    f"is on {one.device} with a prefix of {one.prefix}",
                    "this machine takes the whole network for its own, including the clients and the director",
                    command("ip", "addr", "del", *whole),
                    command("ip", "addr", "add", prefix(vip), "dev", one.device, *nodad),
                )


def _holding(snapshot: Snapshot, vip: str) -> list[Address]:
    return [one for one in snapshot.seen("addresses") if one.address == vip]


def _tunnels(snapshot: Snapshot) -> list[Link]:
    """The tunnel devices that are used: up, or with the virtual address."""
    holders = {one.device for vip in snapshot.vips for one in _holding(snapshot, vip)}
    links = snapshot.seen("links")
    return [link for link in links if link.kind in TUNNELS and (link.up or link.name in holders)]


def _silent(snapshot: Snapshot) -> Findings:
    """This machine neither answers ARP for the virtual address nor announces it."""
    if all(":" in vip for vip in snapshot.vips) or _tunnels(snapshot):
        return  # IPv6 doesn't announce the addresses of lo; and tunnels lead to other networks
    for link in outside(snapshot):
        if snapshot.effective(link.name, "arp_ignore") < IGNORE:
            yield failure(
                link.name,
                "arp_ignore is 0",
                "this machine answers ARP for the virtual address, and so takes clients from the director",
                setting("ipv4/conf/all/arp_ignore", IGNORE),
            )
        if snapshot.effective(link.name, "arp_announce") < ANNOUNCE:
            yield warning(
                link.name,
                "arp_announce is below 2",
                "this machine may use the virtual address in its own ARP requests, and others then learn it",
                setting("ipv4/conf/all/arp_announce", ANNOUNCE),
            )


def _heard(snapshot: Snapshot) -> Findings:
    """A socket accepts packets for the virtual address."""
    for vip in snapshot.vips:
        wanted = (vip, *WILDCARDS[family(vip)])
        if not any(one.address in wanted for one in snapshot.seen("listeners")):
            yield warning(
                vip,
                "no socket listens on it, or on all addresses",
                "packets keep the virtual address, so a socket on another address doesn't get them",
                "ss -ln",
            )


def tunnels_let_in(snapshot: Snapshot) -> Findings:
    """Tunnels let packets in."""
    for link in _tunnels(snapshot):
        if not link.up:
            yield failure(
                link.name,
                "is down",
                "packets from the tunnel are dropped",
                command("ip", "link", "set", link.name, "up"),
            )
        if snapshot.effective(link.name, "rp_filter") == STRICT:
            names = [one for one in ("all", link.name) if snapshot.sysctl(f"ipv4/conf/{one}/rp_filter") == STRICT]
            yield failure(
                link.name,
                "rp_filter is strict",
                "packets from the tunnel are dropped silently, because replies to clients leave by another device",
                *(setting(f"ipv4/conf/{one}/rp_filter", 0) for one in names),
            )
    yield from _way(snapshot)


def _way(snapshot: Snapshot) -> Findings:
    """A note if there is no tunnel device, so that only direct routing was checked."""
    if not _tunnels(snapshot):
        yield note(
            "tunnels",
            "there is no tunnel device that is up",
            "only direct routing was checked; a server that is reached by a tunnel needs such a device",
            "modprobe ipip",
            "ip link set tunl0 up",
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "D5",
        "The virtual address is bound, silent, and served",
        (FAILURE, WARNING),
        direct_routing_works,
        looks="a real server's virtual addresses, ARP settings and sockets",
        matters="packets keep the virtual address as destination, and only the director may answer ARP for it",
        mend="bind it to `lo`, set arp_ignore to 1 and arp_announce to 2, and listen on it",
        modes=(REAL_SERVER,),
    ),
    Check(
        "T2",
        "Tunnels let packets in",
        (FAILURE, NOTE),
        tunnels_let_in,
        looks="a real server's tunnel devices, and their rp_filter",
        matters="a tunnel that is down or filters strictly drops packets silently",
        mend="bring the device up, and set rp_filter to 0",
        modes=(REAL_SERVER,),
    ),
)
