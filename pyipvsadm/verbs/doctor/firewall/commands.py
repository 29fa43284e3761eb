"""The commands that make a firewall let packets pass."""

from __future__ import annotations

from .protocols import TCP, UDP, number
from .rules import Chain, Packet

NAMES = {number(name): name for name in ("tcp", "udp", "sctp", "gre")}
PORTED = {TCP, UDP, number("sctp")}


def accept(chain: Chain, packet: Packet) -> str:
    """The command that accepts what `packet` says first of all in a base chain."""
    return _nft(chain, packet) if chain.program == "nft" else _iptables(chain, packet)


def _nft(chain: Chain, packet: Packet) -> str:
    family = packet.get("family") or "ip"
    words = [f"{family} {name} {packet[field]}" for field, name in NFT_ENDS if packet.get(field)]
    protocol = packet.get("protocol")
    if protocol:
        name = NAMES.get(protocol, protocol)
        ports = [f"{name} {word} {packet[field]}" for field, word in NFT_PORTS if packet.get(field)]
        words += ports if ports and protocol in PORTED else [f"meta l4proto {name}"]
    return f"nft insert rule {chain.family} {chain.table} {chain.name} {' '.join([*words, 'accept'])}"


def _iptables(chain: Chain, packet: Packet) -> str:
    table = "" if chain.table == "filter" else f" -t {chain.table}"
    words = [f"{option} {packet[field]}" for field, option in IPTABLES_ENDS if packet.get(field)]
    protocol = packet.get("protocol")
    if protocol:
        words.append(f"-p {NAMES.get(protocol, protocol)}")
        if protocol in PORTED:
            words += [f"{option} {packet[field]}" for field, option in IPTABLES_PORTS if packet.get(field)]
    return f"{chain.program}{table} -I {chain.name} {' '.join([*words, '-j ACCEPT'])}"


NFT_ENDS, NFT_PORTS = (("source", "saddr"), ("target", "daddr")), (("source_port", "sport"), ("port", "dport"))
IPTABLES_ENDS, IPTABLES_PORTS = (("source", "-s"), ("target", "-d")), (("source_port", "--sport"), ("port", "--dport"))
