"""Protocols by the names that firewall programs print."""

from __future__ import annotations

NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "ipencap": 4, "ipip": 4, "ipv4": 4, "gre": 47, "ipv6": 41, "icmp": 1,
           "ipv6-icmp": 58, "icmpv6": 58}  # fmt: skip
TCP, UDP, SCTP, IPIP, IPV6, GRE = "6", "17", "132", "4", "41", "47"


def number(name: str) -> str:
    """The number of a protocol, as text; the name itself if we don't know it."""
    return str(NUMBERS.get(name, name))
