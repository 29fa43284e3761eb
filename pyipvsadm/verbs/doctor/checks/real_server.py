"""D5 and T2: a machine that is a real server, reached by direct routing or by a tunnel."""

from __future__ import annotations

from ....grammar.shell import command
from ....network.facts import Address, Link
from ..findings import FAILURE, NOTE, REAL_SERVER, WARNING, Check, Findings, failure, note, warning
from ..queries import WILDCARDS, family, outside, prefix, setting
from ..snapshot import Snapshot

TUNNELS = ("ipip", "gre", "sit", "ip6tnl", "ip6gre", "gretap")  # kinds of devices
STRICT = 1  # rp_filter
IGNORE, ANNOUNCE = 1, 2  # arp_ignore: only for addresses of the card itself; arp_announce: the card's own address


def direct_routing_works(snapshot: Snapshot) -> Findings:
    """The virtual address is bound, silent, and served."""
    yield from _bound(snapshot)
    yield from _silent(snapshot)
    yield from _heard(snapshot)


def _bound(snapshot: Snapshot) -> Findings:
    """The virtual address is ours, alone, and not on a card."""
    for vip in snapshot.vips:
        holding = _holding(snapshot, vip)
        nodad = ["nodad"] if ":" in vip else []
        if not holding:
            yield failure(
                vip,
                "is no address of this machine",
                "packets of clients still bear it when they get here, and are thrown away",
                command("ip", "addr", "add", prefix(vip), "dev", "lo", *nodad),
            )
        cards = {link.name for link in outside(snapshot)}
        for one in holding:
            whole = (f"{one.address}/{one.prefix}", "dev", one.device)
            if one.device in cards:
                yield failure(
                    vip,
                    f"is on the network card {one.device}",
                    "this machine answers for it beside the director, and takes the director's clients",
                    command("ip", "addr", "del", *whole),
                    command("ip", "addr", "add", prefix(vip), "dev", "lo", *nodad),
                )
            elif one.prefix != (128 if ":" in vip else 32):
                yield failure(
                    vip,
                    f"is on {one.device} with a prefix of {one.prefix}",
                    "this machine takes the whole network for itself, the clients and the director among it",
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
    """Nobody hears of the virtual address from us."""
    if all(":" in vip for vip in snapshot.vips) or _tunnels(snapshot):
        return  # neighbours of IPv6 aren't told of addresses of lo; and tunnels come from elsewhere
    for link in outside(snapshot):
        if snapshot.effective(link.name, "arp_ignore") < IGNORE:
            yield failure(
                link.name,
                "arp_ignore is 0",
                "this machine answers when clients ask who has the virtual address, and takes them from the director",
                setting("ipv4/conf/all/arp_ignore", IGNORE),
            )
        if snapshot.effective(link.name, "arp_announce") < ANNOUNCE:
            yield warning(
                link.name,
                "arp_announce is below 2",
                "when this machine asks for a neighbour, it may do so with the virtual address, and others learn that",
                setting("ipv4/conf/all/arp_announce", ANNOUNCE),
            )


def _heard(snapshot: Snapshot) -> Findings:
    """The service's socket takes what is for the virtual address."""
    for vip in snapshot.vips:
        wanted = (vip, *WILDCARDS[family(vip)])
        if not any(one.address in wanted for one in snapshot.seen("listeners")):
            yield warning(
                vip,
                "no socket listens on it, or on all addresses",
                "packets keep the virtual address: a socket of another address doesn't get them",
                "ss -ln",
            )


def tunnels_let_in(snapshot: Snapshot) -> Findings:
    """Tunnels let packets in."""
    for link in _tunnels(snapshot):
        if not link.up:
            yield failure(
                link.name,
                "is down",
                "what comes by the tunnel is thrown away",
                command("ip", "link", "set", link.name, "up"),
            )
        if snapshot.effective(link.name, "rp_filter") == STRICT:
            names = [one for one in ("all", link.name) if snapshot.sysctl(f"ipv4/conf/{one}/rp_filter") == STRICT]
            yield failure(
                link.name,
                "rp_filter is strict",
                "what comes by the tunnel is thrown away, silently, since clients would be answered another way",
                *(setting(f"ipv4/conf/{one}/rp_filter", 0) for one in names),
            )
    yield from _way(snapshot)


def _way(snapshot: Snapshot) -> Findings:
    """Which way was looked at."""
    if not _tunnels(snapshot):
        yield note(
            "tunnels",
            "there is no tunnel device that is up",
            "this was judged as a server of direct routing; one that is reached by tunnels needs one",
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
