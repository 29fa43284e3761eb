"""What `iptables-save` tells, as chains. Source: iptables-save(8), iptables-extensions(8)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from .protocols import number
from .rules import Chain, Match, Rule

HOOKS = {"PREROUTING": "prerouting", "INPUT": "input", "FORWARD": "forward", "OUTPUT": "output",
         "POSTROUTING": "postrouting"}  # fmt: skip
PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}  # linux/netfilter_ipv4.h
FIELDS = {
    "-s": "source",
    "-d": "target",
    "-p": "protocol",
    "-i": "in",
    "-o": "out",
    **dict.fromkeys(("--dport", "--dports", "--destination-port", "--destination-ports"), "port"),
    **dict.fromkeys(("--sport", "--sports", "--source-port", "--source-ports"), "source_port"),
    **dict.fromkeys(("--ctstate", "--state"), "state"),
    "--mark": "mark",
}
UNDERSTOOD = {"tcp", "udp", "sctp", "conntrack", "state", "multiport", "comment", "mark"}  # modules of matches
ACTIONS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return", "MASQUERADE": "masquerade",
           "SNAT": "snat", "MARK": "mark", "NOTRACK": "notrack", "TCPMSS": "clamp"}  # fmt: skip
WHOLE_MASK = "0xffffffff"


def chains(saved: str, program: str, family: str) -> tuple[Chain, ...]:
    """The chains in what `iptables-save` printed; `program` is what changes them. Raises ValueError."""
    heads: dict[tuple[str, str], str] = {}
    rules: dict[tuple[str, str], list[Rule]] = {}
    table = ""
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            name, policy, *_ = line[1:].split()
            heads[table, name] = policy
        elif line.startswith("-A "):
            words = shlex.split(line)
            rules.setdefault((table, words[1]), []).append(_rule(line, words[2:]))
    return tuple(
        Chain(
            program,
            family,
            table,
            name,
            hook=HOOKS.get(name, "") if policy != "-" else "",
            priority=PRIORITIES.get(table, 0),
            policy=policy.lower() if policy != "-" else "",
            rules=tuple(rules.get((table, name), ())),
        )
        for (table, name), policy in heads.items()
    )


def _rule(line: str, words: list[str]) -> Rule:
    """One line of `-A`; `words` are those behind the chain's name."""
    matches: list[Match] = []
    opaque = False
    action = target = ""
    negated = False
    following = iter(words)
    for word in following:
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            action, target = _action(word, next(following, ""), following)
            break  # all behind it is the target's
        if word == "-m":
            opaque |= next(following, "") not in UNDERSTOOD
        elif word == "--comment":
            next(following, "")
        elif word in FIELDS:
            matches.append(Match(FIELDS[word], tuple(_values(FIELDS[word], next(following, ""))), negated))
        else:
            opaque = True
        negated = False
    return Rule(line, action, target, tuple(matches), opaque)


def _action(option: str, name: str, following: Iterator[str]) -> tuple[str, str]:
    """What a rule does, and where it jumps to or which mark it sets."""
    if name == "MARK":
        value = dict(zip(*[iter(following)] * 2, strict=False))
        return "mark", _mark(value.get("--set-xmark") or value.get("--set-mark") or "")
    if name in ACTIONS:
        return ACTIONS[name], ""
    return ("goto" if option == "-g" else "jump"), name


def _values(field: str, text: str) -> Iterator[str]:
    for one in text.split(","):
        if field == "protocol":
            yield number(one)
        elif field == "state":
            yield one.lower()
        elif field == "mark":
            yield _mark(one)
        elif field in ("port", "source_port"):
            yield one.replace(":", "-")
        else:
            yield one


def _mark(text: str) -> str:
    """A mark as a decimal number; with a mask that isn't whole, as it is written."""
    value, _, mask = text.partition("/")
    if mask.lower() not in ("", WHOLE_MASK):
        return text
    try:
        return str(int(value, 0))
    except ValueError:
        return text
