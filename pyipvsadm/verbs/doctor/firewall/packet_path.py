"""The path of a packet through a firewall: what drops it, what redirects it, and which mark it gets.

If it is uncertain whether a rule matches, an accepting rule counts as matching, and a dropping one makes a drop
possible. A dropping rule that is only for some clients or packets is ignored, since it is intended for those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ....frozen import frozen
from .chains import Chain, Firewall, Rule, in_network, port_span
from .packet_kinds import PacketKinds
from .rule_index import Index

DEEP = 16  # nested jumps, the most that the kernel allows
IPVS_PRIORITY = 98  # of IPVS's hooks at input; higher ones come after it. Source: ip_vs_core.c, ip_vs_ops4
YES, NO, MAYBE, SOME = "yes", "no", "maybe", "some"  # whether a rule matches; some: only some such packets
WHOLE = 0xFFFFFFFF

Packet = Mapping[str, str | None]  # the value of each field of Match; None or missing if it is unknown


@frozen
class Hit:
    """A rule or policy that drops or redirects a packet: its base chain, its text, and whether that is certain."""

    chain: Chain
    text: str
    certain: bool
    target: str = ""  # the new destination


class Passage:
    """The result for one packet. Its `mark` is None if it is unknown; `marker` is the rule that set it last.

    `drop` and `dnat` are the first possible hits, or a certain one instead.
    """

    def __init__(self, packet: dict[str, str | None]) -> None:
        self.packet = packet
        self.drop: Hit | None = None
        self.dnat: Hit | None = None
        self.untracked: Hit | None = None
        self.mark: int | None = 0
        self.marker: Rule | None = None

    def note(self, drop: Hit | None = None, dnat: Hit | None = None) -> None:
        """Remember a hit."""
        if drop and (self.drop is None or drop.certain):
            self.drop = drop
        if dnat and (self.dnat is None or dnat.certain):
            self.dnat = dnat


def passage(firewall: Firewall, hooks: Iterable[str], packet: Packet) -> Passage:
    """The result for `packet` at `hooks`, up to IPVS."""
    hooks = tuple(hooks)
    known = firewall.memory.get(hooks)
    if not isinstance(known, Passages):
        known = firewall.memory[hooks] = Passages(firewall, hooks)
    return known.of(packet)


class Passages:
    """The results for packets at some hooks: those of a kind have the same."""

    def __init__(self, firewall: Firewall, hooks: tuple[str, ...]) -> None:
        self._firewall, self._hooks = firewall, hooks
        self._kinds = PacketKinds(firewall, hooks)
        self._known: dict[object, Passage] = {}

    def of(self, packet: Packet) -> Passage:
        """The result for `packet`."""
        kind = self._kinds.of(packet)
        found = self._known.get(kind)
        if found is None:
            found = self._known[kind] = _passage(self._firewall, self._hooks, packet)
        return found


def _passage(firewall: Firewall, hooks: tuple[str, ...], packet: Packet) -> Passage:
    made = Passage({"mark": "0", **packet})
    for hook in hooks:
        for chain in firewall.at(hook, packet.get("family") or "ip"):
            if hook == "input" and chain.priority > IPVS_PRIORITY:
                continue
            if _walk(firewall, chain, chain, made, DEEP, YES) == "drop":
                return made
    return made


def _walk(firewall: Firewall, base: Chain, chain: Chain, made: Passage, depth: int, called: str) -> str:
    """The result of a chain: "accept", "drop", or "" for neither. `called` says whether the packet reaches it."""
    index = Index.of(firewall, chain)
    position = 0
    while (position := index.following(made.packet, position)) < len(chain.rules):
        rule = chain.rules[position]
        position += 1
        matched = matches(rule, made.packet)
        if matched == NO:
            continue
        sure = matched if called == YES else called
        if (end := _act(firewall, base, chain, rule, made, depth, sure)) is not None:
            return end
    if chain is base and base.policy == "drop":
        made.note(drop=Hit(base, f"policy of chain {chain.name}: drop", certain=True))
        return "drop"
    return ""


def _act(firewall: Firewall, base: Chain, chain: Chain, rule: Rule, made: Passage, depth: int, sure: str) -> str | None:
    """Apply `rule` to a packet that it matches, or may match; return the result of the chain, or None to go on."""
    match rule.action:
        case "accept":
            return "accept"
        case "drop":
            if sure != SOME:
                made.note(drop=Hit(base, rule.text, certain=sure == YES))
            return "drop" if sure == YES else None
        case "dnat":
            if sure != SOME:
                made.note(dnat=Hit(base, rule.text, sure == YES, rule.target))
            return "accept" if sure == YES else None
        case "mark" | "restore":
            _mark(made, rule, sure)
        case "notrack":
            _untrack(made, Hit(base, rule.text, certain=True), sure)
        case "return":
            return "" if sure == YES else None
        case "jump" | "goto" if depth and (callee := firewall.called(chain, rule.target)):
            end = _walk(firewall, base, callee, made, depth - 1, sure)
            if end == "accept" or (end == "drop" and sure == YES):
                return end
            if rule.action == "goto" and sure == YES:
                return ""
    return None


def _untrack(made: Passage, hit: Hit, sure: str) -> None:
    """Leave the packet out of connection tracking. A rule that is about some packets alone doesn't count for others."""
    if sure == YES:
        made.untracked = hit
        made.packet["state"] = "untracked"
    elif sure == MAYBE:
        made.packet["state"] = None


def _mark(made: Passage, rule: Rule, sure: str) -> None:
    """Set the mark of the packet."""
    value, mask = numbers(rule.target)
    if rule.action == "restore" or sure != YES or value is None or made.mark is None:
        if not (rule.action == "mark" and sure != YES and value == made.mark):
            made.mark = None
    else:
        made.mark = (made.mark & ~mask) ^ value
        made.marker = rule
    made.packet["mark"] = None if made.mark is None else str(made.mark)


def numbers(mark: str) -> tuple[int | None, int]:
    """The value and the mask of a mark such as "7" or "0x7/0xff"; None if it is something else."""
    value, slash, mask = mark.partition("/")
    try:
        return int(value, 0), int(mask, 0) if slash else WHOLE
    except ValueError:
        return None, WHOLE


def matches(rule: Rule, packet: Packet) -> str:
    """Whether `rule` matches `packet`: YES, NO, MAYBE or SOME."""
    answer = SOME if rule.selective else YES
    for match in rule.matches:
        value = packet.get(match.field)
        if value is None:
            answer = SOME
        elif any(_is(match.field, one, value) for one in match.values) == match.negated:
            return NO
    return MAYBE if rule.opaque and answer == YES else answer


def _is(field: str, wanted: str, value: str) -> bool:
    if field in ("source", "target"):
        return in_network(value, wanted)
    if field in ("port", "source_port"):
        _, low, high = port_span(wanted)
        return low <= int(value) <= high
    if field in ("in", "out") and wanted[-1:] in ("+", "*"):  # a wildcard, of iptables or nft
        return value.startswith(wanted[:-1])
    if field == "mark":
        number, mask = numbers(wanted)
        return number is not None and int(value) & mask == number
    if field == "flags":
        return _flags(wanted, value)
    return wanted == value


def _flags(wanted: str, value: str) -> bool:
    """Whether the flags `value` match `wanted`: with a mask, exactly; without one, if any of them is set."""
    looked, slash, asked = wanted.partition("/")
    given = set(filter(None, value.split(",")))
    if not slash:
        return bool(given & set(looked.split(",")))
    return given & set(filter(None, looked.split(","))) == set(filter(None, asked.split(",")))
