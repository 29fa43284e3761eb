"""The commands that make a firewall let packets pass, refuse them, or mark them."""

from __future__ import annotations

from ....grammar.shell import command
from .chains import Chain
from .packet_path import Packet
from .protocols import SCTP, TCP, UDP, number

NAMES = {number(name): name for name in ("tcp", "udp", "sctp", "gre")}
PORTED = {TCP, UDP, SCTP}
NFT_ENDS, NFT_PORTS = (("source", "saddr"), ("target", "daddr")), (("source_port", "sport"), ("port", "dport"))
IPTABLES_ENDS, IPTABLES_PORTS = (("source", "-s"), ("target", "-d")), (("source_port", "--sport"), ("port", "--dport"))


def accept(chain: Chain, packet: Packet) -> str:
    """The command that adds a rule at the start of a base chain that accepts packets such as `packet`."""
    return first(chain, packet, "accept", "ACCEPT")


def refuse(chain: Chain, packet: Packet) -> str:
    """The command that adds a rule at the start of a base chain that refuses packets such as `packet`."""
    return first(chain, packet, "reject", "REJECT")


def first(chain: Chain, packet: Packet, nft: str, iptables: str) -> str:
    """The command that adds a rule for `packet` at the start of a base chain, with the action of each program."""
    if chain.program == "nft":
        place = ("nft", "insert", "rule", chain.family, chain.table, chain.name)
        return command(*place, *_nft(packet), nft)
    return command(*_iptables(chain, "-I"), *_matched(packet), "-j", iptables)


def mark(chain: Chain, packet: Packet, value: int, last: bool = True) -> str:
    """The command that adds a rule that marks `packet` at the end of a base chain, or at its start."""
    if chain.program == "nft":
        place = ("nft", "add" if last else "insert", "rule", chain.family, chain.table, chain.name)
        return command(*place, *_nft(packet), "meta", "mark", "set", str(value))
    return command(*_iptables(chain, "-A" if last else "-I"), *_matched(packet), "-j", "MARK", "--set-mark", str(value))


def _nft(packet: Packet) -> list[str]:
    family = packet.get("family") or "ip"
    words = [word for field, name in NFT_ENDS if (value := packet.get(field)) for word in (family, name, value)]
    protocol = packet.get("protocol")
    if not protocol:
        return words
    name = NAMES.get(protocol, protocol)
    ports = [word for field, end in NFT_PORTS if (value := packet.get(field)) for word in (name, end, value)]
    return words + (ports if ports and protocol in PORTED else ["meta", "l4proto", name])


def _iptables(chain: Chain, how: str) -> tuple[str, ...]:
    table = () if chain.table == "filter" else ("-t", chain.table)
    return chain.program, *table, how, chain.name


def _matched(packet: Packet) -> list[str]:
    words = [word for field, option in IPTABLES_ENDS if (value := packet.get(field)) for word in (option, value)]
    protocol = packet.get("protocol")
    if not protocol:
        return words
    words += ["-p", NAMES.get(protocol, protocol)]
    if protocol in PORTED:
        ends = IPTABLES_PORTS
        words += [
            word for field, option in ends if (value := packet.get(field)) for word in (option, value.replace("-", ":"))
        ]
    return words
