"""Rules of a firewall in one form, and the way of a packet through them.

Not everything that a rule may ask about is understood; what isn't makes it `opaque`. So an outcome is either
certain or possible, and it is told as what "may" happen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address, ip_network

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
ENDS = ("accept", "drop")
DEEP = 16  # jumps; the kernel allows no more


@dataclass(frozen=True)
class Match:
    """One condition of a rule: the `field` of a packet is one of `values`, or none of them if `negated`.

    Values are networks for "source" and "target", ports or ranges such as "80-90" for "port" and "source_port",
    and words for "protocol" (a number), "state", "mark", "family" ("ip", "ip6"), "in" and "out" (devices).
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule: its `text`, as its program writes it, and what it does: `target` is where it jumps, or the mark it sets.

    `action` is accept, drop, jump, goto, return, mark, masquerade, snat, notrack, clamp, or empty for others.
    """

    text: str
    action: str = ""
    target: str = ""
    matches: tuple[Match, ...] = ()
    opaque: bool = False


@dataclass(frozen=True)
class Chain:
    """A chain of rules. `program` shows it and changes it; `hook` and `policy` are empty but for a base chain's."""

    program: str
    family: str  # ip, ip6 or inet
    table: str
    name: str
    hook: str = ""
    priority: int = 0
    policy: str = ""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Firewall:
    """All chains of a machine."""

    chains: tuple[Chain, ...] = ()

    def at(self, hook: str, family: str) -> list[Chain]:
        """The base chains that packets of a family pass at `hook`, in their order."""
        found = [chain for chain in self.chains if chain.hook == hook and chain.family in (family, "inet")]
        return sorted(found, key=lambda chain: chain.priority)

    def rules(self, family: str) -> Iterator[tuple[Chain, Rule]]:
        """All rules for packets of a family."""
        for chain in self.chains:
            if chain.family in (family, "inet"):
                for rule in chain.rules:
                    yield chain, rule


Packet = Mapping[str, str | None]  # by the field of a Match; None, or missing, is what isn't known


@dataclass(frozen=True)
class Drop:
    """What drops a packet: the base chain, the rule or the policy in its words, and whether that is certain."""

    chain: Chain
    text: str
    certain: bool


def drop_of(firewall: Firewall, hook: str, packet: Packet) -> Drop | None:
    """What drops `packet` at `hook`, a certain drop rather than a possible one; None if nothing does."""
    possible = None
    for chain in firewall.at(hook, packet.get("family") or "ip"):
        end, drop = _walk(firewall, chain, chain, packet, DEEP)
        if end == "drop":
            return drop
        possible = possible or drop
    return possible


def _walk(firewall: Firewall, base: Chain, chain: Chain, packet: Packet, depth: int) -> tuple[str, Drop | None]:
    """How a chain ends, "accept", "drop" or "" for neither; and what drops the packet, or may have before that.

    A rule that may match is trusted to let pass what it accepts, and suspected of dropping.
    """
    possible: Drop | None = None
    for rule in chain.rules:
        matched = matches(rule, packet)
        if matched is False:
            continue
        end, drop = (rule.action, None) if rule.action in ENDS else ("", None)
        if end == "drop":
            drop = Drop(base, rule.text, certain=True)
        elif rule.action in ("jump", "goto") and depth and (found := _called(firewall, chain, rule.target)):
            end, drop = _walk(firewall, base, found, packet, depth - 1)
        if end == "drop" and matched:
            return end, drop
        if drop and not possible:
            possible = replace(drop, certain=False)
        if end == "accept":
            return end, possible
        if matched and rule.action in ("return", "goto"):
            break
    if chain is base and base.policy == "drop":
        return "drop", Drop(base, f"policy of chain {chain.name}: drop", certain=True)
    return "", possible


def _called(firewall: Firewall, caller: Chain, name: str) -> Chain | None:
    place = (caller.program, caller.family, caller.table, name)
    for chain in firewall.chains:
        if (chain.program, chain.family, chain.table, chain.name) == place:
            return chain
    return None


def matches(rule: Rule, packet: Packet) -> bool | None:
    """Whether `rule` is about `packet`; None if that can't be told."""
    unsure = rule.opaque
    for match in rule.matches:
        value = packet.get(match.field)
        if value is None:
            unsure = True
        elif any(_is(match.field, one, value) for one in match.values) == match.negated:
            return False
    return None if unsure else True


def _is(field: str, wanted: str, value: str) -> bool:
    if field in ("source", "target"):
        return in_network(value, wanted)
    if field in ("port", "source_port"):
        low, _, high = wanted.partition("-")
        return low.isdecimal() and int(low) <= int(value) <= int(high or low)
    if field in ("in", "out") and wanted[-1:] in ("+", "*"):  # iptables writes the one, nft the other
        return value.startswith(wanted[:-1])
    return wanted == value


def in_network(address: str, network: str) -> bool:
    """Whether `address` is in `network`, such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9."""
    family, low, high = _span(network)
    of, number, _ = _span(address)
    return family == of and low <= number <= high


@lru_cache(maxsize=1 << 16)
def _span(text: str) -> tuple[int, int, int]:
    """The family, the first and the last address of a network; family 0 and no address, if it isn't one."""
    first, dash, last = text.partition("-")
    try:
        if dash:
            low, high = ip_address(first), ip_address(last)
        else:
            network = ip_network(first, strict=False)
            low, high = network[0], network[-1]
    except ValueError:
        return 0, 1, 0  # a name, or something that we don't understand
    return low.version, int(low), int(high)
