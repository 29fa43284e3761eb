"""Firewall rules in one form, for nft and iptables.

A rule with a condition that we don't understand is `opaque`. A rule about single clients, or about their rate, is
`selective`: it says nothing about other clients.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton
from collections.abc import Iterator
from functools import cached_property, lru_cache

from ....frozen import frozen

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
TRANSLATING = ("dnat", "snat", "masquerade")  # actions that take connection tracking
FAMILIES = {4: AF_INET, 6: AF_INET6}
DIGITS = 3  # of the length of a prefix
Place = tuple[str, str, str, str]  # of a chain: program, family, table, name


@frozen
class Match:
    """One condition of a rule: the `field` of a packet is one of `values`, or none of them if `negated`.

    Values are networks for "source" and "target"; ports or ranges such as "80-90" for "port" and "source_port";
    numbers, with an optional mask ("1/255"), for "mark"; the flags to compare and those that must be set
    ("SYN,ACK/SYN") for "flags"; and words for "protocol" (a number), "state", "family" ("ip", "ip6"), "in" and "out"
    (devices), "source_type" and "target_type" ("local"), "packet_type" ("host") and "fragment" ("first").
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


@frozen
class Rule:
    """A rule: its `text`, as its program writes it, and what it does.

    `action` is accept, drop, jump, goto, return, mark, restore, dnat, masquerade, snat, notrack, clamp, or empty for
    others. `target` is the chain of a jump, the mark that is set, with an optional mask, or the destination of dnat.
    The action restore sets a mark that is unknown here.
    """

    text: str
    action: str = ""
    target: str = ""
    matches: tuple[Match, ...] = ()
    opaque: bool = False
    selective: bool = False


@frozen
class Chain:
    """A chain of rules. `program` lists and changes it; `hook` and `policy` are empty unless it is a base chain."""

    program: str
    family: str  # ip, ip6 or inet
    table: str
    name: str
    hook: str = ""
    priority: int = 0
    policy: str = ""
    rules: tuple[Rule, ...] = ()

    @property
    def place(self) -> Place:
        """The values that identify it."""
        return self.program, self.family, self.table, self.name


@frozen
class Firewall:
    """All chains of a machine, and the firewalls whose programs are installed, but that the kernel lacks."""

    chains: tuple[Chain, ...] = ()
    lacking: tuple[str, ...] = ()

    def at(self, hook: str, family: str) -> tuple[Chain, ...]:
        """The base chains that packets of a family pass at `hook`, in their order."""
        return self._base.get((hook, family), ())

    def looks_at(self, hooks: tuple[str, ...]) -> bool:
        """Whether anything at `hooks` depends on the packet: a rule, or a policy that drops."""
        found = self._looks.get(hooks)
        if found is None:
            chains = (one for hook in hooks for family in ("ip", "ip6") for one in self.at(hook, family))
            found = self._looks[hooks] = any(one.rules or one.policy == "drop" for one in chains)
        return found

    def rules(self, family: str) -> Iterator[tuple[Chain, Rule]]:
        """All rules for packets of a family."""
        for chain in self.chains:
            if chain.family in (family, "inet"):
                for rule in chain.rules:
                    yield chain, rule

    def called(self, caller: Chain, name: str) -> Chain | None:
        """The chain `name` that rules of `caller` jump to."""
        return self._places.get((*caller.place[:3], name))

    @cached_property
    def _base(self) -> dict[tuple[str, str], tuple[Chain, ...]]:
        ordered = sorted(self.chains, key=lambda chain: chain.priority)
        return {
            (hook, family): tuple(one for one in ordered if one.hook == hook and one.family in (family, "inet"))
            for hook in HOOKS
            for family in ("ip", "ip6")
        }

    @cached_property
    def _places(self) -> dict[Place, Chain]:
        return {chain.place: chain for chain in self.chains}

    def fields(self, hooks: tuple[str, ...]) -> dict[str, set[str]]:
        """The fields that tell packets apart at `hooks`, each with the values that rules compare it with."""
        found: dict[str, set[str]] = {"family": set(), "state": set()}
        chains = [chain for chain in self.chains if chain.hook in hooks or not chain.hook]
        for match in (match for chain in chains for rule in chain.rules for match in rule.matches):
            found.setdefault(match.field, set()).update(match.values)
        return found

    @cached_property
    def _looks(self) -> dict[tuple[str, ...], bool]:
        return {}

    @cached_property
    def untracks(self) -> bool:
        """Whether a rule leaves packets out of connection tracking."""
        return any(rule.action == "notrack" for chain in self.chains for rule in chain.rules)

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """The families whose connections the kernel tracks, since rules ask for their state or translate them."""
        return tuple(family for family in ("ip", "ip6") if any(_asks(rule) for _, rule in self.rules(family)))

    @cached_property
    def memory(self) -> dict[object, object]:
        """A cache of results about this firewall, by question."""
        return {}


def _asks(rule: Rule) -> bool:
    return rule.action in TRANSLATING or any(match.field == "state" for match in rule.matches)


def in_network(address: str, network: str) -> bool:
    """Whether `address` is in `network`, such as 10.0.0.0/8 or 10.0.0.1-10.0.0.9."""
    family, low, high = span(network)
    of, number, _ = span(address)
    return family == of and low <= number <= high


def port_span(text: str) -> tuple[int, int, int]:
    """The first and the last port of a range such as "80-90", after 0; none if it isn't one."""
    first, _, last = text.partition("-")
    last = last or first
    return (0, int(first), int(last)) if _is_port(first) and _is_port(last) else (0, 1, 0)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5


@lru_cache(maxsize=1 << 17)
def span(text: str) -> tuple[int, int, int]:
    """The family, the first and the last address of a network; family 0 and no address, if it isn't one."""
    first, slash, length = text.partition("/")
    version = 6 if ":" in first else 4
    try:
        packed = inet_pton(FAMILIES[version], first)
    except (OSError, ValueError):
        return _unusual_span(text)
    size = 0
    if slash:
        if not (length.isascii() and length.isdecimal() and len(length) <= DIGITS):
            return _unusual_span(text)
        size = 8 * len(packed) - int(length)
        if size < 0:
            return _unusual_span(text)
    low = int.from_bytes(packed) >> size << size
    return version, low, low | (1 << size) - 1


def _unusual_span(text: str) -> tuple[int, int, int]:
    """As `span`, also of ranges and masks: it takes some ten times as long."""
    from ipaddress import ip_address, ip_network

    first, dash, last = text.partition("-")
    try:
        if dash:
            low, high = ip_address(first), ip_address(last)
        elif "/" not in first:
            low = high = ip_address(first)
        else:
            network = ip_network(first, strict=False)
            low, high = network[0], network[-1]
    except ValueError:
        return 0, 1, 0  # a name, or something that we don't understand
    return low.version, int(low), int(high)
