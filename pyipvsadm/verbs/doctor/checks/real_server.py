"""D5 and T2: a machine that is a real server, reached by direct routing or by a tunnel."""

from __future__ import annotations

from ....network.facts import Address, Link
from ..findings import Check, Findings, failure, note, warning
from ..snapshot import Snapshot
from .looking import WILDCARDS, family, outside, prefix, setting

TUNNELS = ("ipip", "gre", "sit", "ip6tnl", "ip6gre", "gretap")  # kinds of devices
STRICT = 1  # rp_filter
IGNORE, ANNOUNCE = 1, 2  # arp_ignore: only for addresses of the card itself; arp_announce: the card's own address


def address_is_bound(snapshot: Snapshot) -> Findings:
    """D5: the virtual address is ours, alone, and not on a card."""
    for vip in snapshot.vips:
        holding = _holding(snapshot, vip)
        if not holding:
            nodad = " nodad" if ":" in vip else ""
            yield failure(
                vip,
                "is no address of this machine",
                "packets of clients still bear it when they get here, and are thrown away",
                f"ip addr add {prefix(vip)} dev lo{nodad}",
            )
        cards = {link.name for link in outside(snapshot)}
        for one in holding:
            whole = f"{one.address}/{one.prefix} dev {one.device}"
            if one.device in cards:
                yield failure(
                    vip,
                    f"is on the network card {one.device}",
                    "this machine answers for it beside the director, and takes the director's clients",
                    f"ip addr del {whole}",
                    f"ip addr add {prefix(vip)} dev lo",
                )
            elif one.prefix != (128 if ":" in vip else 32):
                yield failure(
                    vip,
                    f"is on {one.device} with a prefix of {one.prefix}",
                    "this machine takes the whole network for itself, the clients and the director among it",
                    f"ip addr del {whole}",
                    f"ip addr add {prefix(vip)} dev {one.device}",
                )


def _holding(snapshot: Snapshot, vip: str) -> list[Address]:
    return [one for one in snapshot.seen("addresses") if one.address == vip]


def _tunnels(snapshot: Snapshot) -> list[Link]:
    """The tunnel devices that are used: up, or with the virtual address."""
    holders = {one.device for vip in snapshot.vips for one in _holding(snapshot, vip)}
    links = snapshot.seen("links")
    return [link for link in links if link.kind in TUNNELS and (link.up or link.name in holders)]


def stays_silent(snapshot: Snapshot) -> Findings:
    """D5: nobody hears of the virtual address from us."""
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


def somebody_listens(snapshot: Snapshot) -> Findings:
    """D5: the service's socket takes what is for the virtual address."""
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
    """T2."""
    for link in _tunnels(snapshot):
        if not link.up:
            yield failure(
                link.name, "is down", "what comes by the tunnel is thrown away", f"ip link set {link.name} up"
            )
        if snapshot.effective(link.name, "rp_filter") == STRICT:
            names = [one for one in ("all", link.name) if snapshot.sysctl(f"ipv4/conf/{one}/rp_filter") == STRICT]
            yield failure(
                link.name,
                "rp_filter is strict",
                "what comes by the tunnel is thrown away, silently, since clients would be answered another way",
                *(setting(f"ipv4/conf/{one}/rp_filter", 0) for one in names),
            )


def kinds_of_way(snapshot: Snapshot) -> Findings:
    """T2: which way was looked at."""
    if not _tunnels(snapshot):
        yield note(
            "tunnels",
            "there is no tunnel device that is up",
            "this was judged as a server of direct routing; one that is reached by tunnels needs one",
            "modprobe ipip",
            "ip link set tunl0 up",
        )


CHECKS: tuple[Check, ...] = (
    ("D5", address_is_bound),
    ("D5", stays_silent),
    ("D5", somebody_listens),
    ("T2", tunnels_let_in),
    ("T2", kinds_of_way),
)
