"""Parses the output of `nft -j list ruleset` into chains. Source: libnftables-json(5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ....frozen import replaced
from .chains import Chain, Match, Rule
from .protocols import number

FIELDS = {  # (protocol or kind, key) of an expression: the field of a Match
    ("ip", "saddr"): "source",
    ("ip6", "saddr"): "source",
    ("ip", "daddr"): "target",
    ("ip6", "daddr"): "target",
    ("ip", "protocol"): "protocol",
    ("ip6", "nexthdr"): "protocol",
    **{(protocol, "dport"): "port" for protocol in ("tcp", "udp", "sctp", "th")},
    **{(protocol, "sport"): "source_port" for protocol in ("tcp", "udp", "sctp", "th")},
    ("meta", "l4proto"): "protocol",
    ("meta", "nfproto"): "family",
    ("meta", "mark"): "mark",
    **{("meta", name): "in" for name in ("iif", "iifname")},
    **{("meta", name): "out" for name in ("oif", "oifname")},
    ("meta", "pkttype"): "packet_type",
    ("ct", "state"): "state",
}
FIB = {"daddr": "target_type", "saddr": "source_type"}  # address in a fib expression: the field of a Match
FAMILIES = {"ipv4": "ip", "ipv6": "ip6"}
VERDICTS = {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return", "notrack": "notrack",
            "masquerade": "masquerade", "snat": "snat", "jump": "jump", "goto": "goto"}  # fmt: skip
SILENT = {"counter", "log", "comment"}  # statements that change nothing
SELECTIVE = {"limit", "ct count", "meter", "quota"}  # statements that match some clients or packets
TRANSLATIONS = {"dnat", "redirect"}
HANDLE = " # handle "


def chains(ruleset: str, text: str = "") -> tuple[Chain, ...]:
    """The chains in the JSON `ruleset`; `text` is the output of `nft -a`, for the text of rules. Raises ValueError."""
    words = _texts(text)
    made: dict[tuple[str, str, str], Chain] = {}
    rules: dict[tuple[str, str, str], list[Rule]] = {}
    try:
        for entry in _entries(ruleset):
            if (chain := entry.get("chain")) and chain["family"] in ("ip", "ip6", "inet"):
                place = chain["family"], chain["table"], chain["name"]
                made[place] = Chain("nft", *place, chain.get("hook", ""), chain.get("prio", 0), chain.get("policy", ""))
            elif (rule := entry.get("rule")) and (place := (rule["family"], rule["table"], rule["chain"])) in made:
                shown = words.get((*place[:2], rule["handle"])) or json.dumps(rule["expr"])
                rules.setdefault(place, []).extend(_rules(rule["expr"], shown))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"nft's JSON isn't as expected: {error!r}") from error
    return tuple(replaced(chain, rules=tuple(rules.get(place, ()))) for place, chain in made.items())


def _entries(ruleset: str) -> list[dict[str, Any]]:
    """The objects in nft's output. Raises ValueError with a message that names nft."""
    try:
        return list(json.loads(ruleset)["nftables"])
    except (ValueError, RecursionError) as error:
        raise ValueError("what nft printed isn't JSON") from error


def _texts(listing: str) -> dict[tuple[str, str, int], str]:
    """The text of each rule by (family, table, handle), from the output of `nft -a`."""
    found: dict[tuple[str, str, int], str] = {}
    family = table = ""
    for line in listing.splitlines():
        if line.startswith("table ") and len(words := line.split()) > 2:
            family, table = words[1:3]
            continue
        shown, _, handle = line.strip().rpartition(HANDLE)
        if handle.isdecimal() and not shown.endswith("{"):
            found[family, table, int(handle)] = shown
    return found


def _rules(statements: list[dict[str, Any]], text: str) -> Iterator[Rule]:
    """A Rule for each action of one rule of nft."""
    matches: list[Match] = []
    opaque = selective = False
    for statement in statements:
        ((kind, value),) = statement.items()
        if kind == "match":
            found = _matches(value["left"], value["right"], negated=value["op"] == "!=")
            about_some = _about_some(value)
            matches += [] if about_some else found
            selective |= about_some
            opaque |= not about_some and (not found or value["op"] not in ("==", "!=", "in"))
        elif kind in VERDICTS:
            target = value["target"] if kind in ("jump", "goto") else ""
            yield Rule(text, VERDICTS[kind], target, tuple(matches), opaque, selective)
        elif kind in TRANSLATIONS:
            looked_up = isinstance((value or {}).get("addr"), dict)  # in a map, where it may be missing
            yield Rule(text, "dnat", _destination(value), tuple(matches), opaque or looked_up, selective)
        elif kind == "vmap":
            for wanted, verdict in value["data"]["set"] if isinstance(value["data"], dict) else ():
                found = _matches(value["key"], wanted, negated=False)
                for rule in _rules([verdict], text):
                    yield Rule(text, rule.action, rule.target, (*matches, *found), opaque or not found, selective)
        elif kind == "mangle":
            yield Rule(text, *_mangled(value), tuple(matches), opaque, selective)
        elif kind in SELECTIVE:
            selective = True
        elif kind not in SILENT:
            opaque = True


def _about_some(match: dict[str, Any]) -> bool:
    """Whether a condition matches only some clients: by a set of sources, or by their reverse path."""
    left, right = match["left"], match["right"]
    kind, what = next(iter(left.items())) if isinstance(left, dict) and len(left) == 1 else ("", {})
    if kind == "fib":
        return "saddr" in what.get("flags", ()) and what.get("result") in ("oif", "oifname")
    named = isinstance(right, str) and right.startswith("@")
    return named and kind == "payload" and what.get("field") == "saddr"


def _destination(value: dict[str, Any] | None) -> str:
    """The destination of a translation, as text."""
    parts = [value.get("addr"), value.get("port")] if value else []
    return ":".join(str(part) for part in parts if isinstance(part, str | int))


def _mangled(value: dict[str, Any]) -> tuple[str, str]:
    """The action and the target of a statement that sets something."""
    key = value["key"]
    if key.get("meta", {}).get("key") == "mark":
        number = value["value"]
        return ("mark", str(number)) if isinstance(number, int) else ("restore", "")
    return ("clamp" if key.get("tcp option", {}).get("name") == "maxseg" else ""), ""


def _matches(left: Any, right: Any, *, negated: bool) -> list[Match]:
    """The conditions that correspond to one of nft's; none if we don't understand it."""
    ((kind, what),) = left.items() if isinstance(left, dict) and len(left) == 1 else (("", {}),)
    if kind == "&":
        return _flags(what, right, negated)
    if kind == "fib" and what.get("result") == "type" and (field := FIB.get("".join(what.get("flags", ())))):
        return [Match(field, tuple(map(str, _several(right))), negated)]
    of, which = (what.get("protocol"), what.get("field")) if kind == "payload" else (kind, what.get("key"))
    if (of, which) == ("tcp", "flags"):
        return [Match("protocol", (number("tcp"),)), Match("flags", (",".join(_words(right)),), negated)]
    field = FIELDS.get((of, which))
    if field is None or any(isinstance(one, str) and one.startswith("@") for one in _several(right)):
        return []  # or a named set, whose elements are unknown here
    implied = []
    if of in ("ip", "ip6"):
        implied = [Match("family", (of,))]
    elif field in ("port", "source_port") and of != "th":
        implied = [Match("protocol", (number(of),))]
    values = tuple(_value(field, one) for one in _several(right))
    return [*implied, Match(field, values, negated)]


def _flags(masked: list[Any], right: Any, negated: bool) -> list[Match]:
    """The condition on TCP flags with a mask; none if the mask is for something else."""
    what, mask = masked
    if what != {"payload": {"protocol": "tcp", "field": "flags"}}:
        return []
    value = f"{','.join(_words(mask))}/{','.join(_words(right))}"
    return [Match("protocol", (number("tcp"),)), Match("flags", (value,), negated)]


def _words(value: Any) -> list[str]:
    """The flags that an expression combines."""
    if isinstance(value, dict):
        return [word for inner in value.values() for word in _words(inner)]
    if isinstance(value, list):
        return [word for inner in value for word in _words(inner)]
    return [str(value).upper()] if isinstance(value, str) else []


def _several(right: Any) -> list[Any]:
    if isinstance(right, dict) and "set" in right:
        right = right["set"]
    return right if isinstance(right, list) else [right]


def _value(field: str, value: Any) -> str:
    if isinstance(value, dict):
        if "prefix" in value:
            return f"{value['prefix']['addr']}/{value['prefix']['len']}"
        if "range" in value:
            return "-".join(map(str, value["range"]))
        if "elem" in value:
            return _value(field, value["elem"]["val"])
    text = str(value)
    return number(text) if field == "protocol" else FAMILIES.get(text, text) if field == "family" else text
