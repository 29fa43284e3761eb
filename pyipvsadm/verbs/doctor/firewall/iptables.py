"""Parses the output of `iptables-save` into chains. Source: iptables-save(8), iptables-extensions(8)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise

from .chains import Chain, Match, Rule
from .protocols import number

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
    "--dst-type": "target_type",
    "--src-type": "source_type",
    "--pkt-type": "packet_type",
}
UNDERSTOOD = {"tcp", "udp", "sctp", "conntrack", "state", "multiport", "comment", "mark", "addrtype", "pkttype", "set"}
SELECTIVE = {"recent", "hashlimit", "connlimit", "limit", "geoip", "rpfilter", "quota"}  # modules for some clients
ACTIONS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "drop", "RETURN": "return", "MASQUERADE": "masquerade",
           "SNAT": "snat", "MARK": "mark", "CONNMARK": "restore", "DNAT": "dnat", "REDIRECT": "dnat",
           "NETMAP": "dnat", "TPROXY": "dnat", "NOTRACK": "notrack", "TCPMSS": "clamp"}  # fmt: skip
TARGETS = ("--to-destination", "--to-ports", "--to", "--on-port")
UNCERTAIN = "TPROXY"  # it accepts, drops or ignores a packet, depending on sockets and the routes of a mark
SYN = "FIN,SYN,RST,ACK/SYN"
WHOLE_MASK = "0xffffffff"
QUOTING = {"'", '"', "\\"}  # lines without these are far more, and quickly parted


def chains(saved: str, program: str, family: str) -> tuple[Chain, ...]:
    """The chains in the output `saved` of `iptables-save`; `program` is the name of the program that changes them."""
    heads: dict[tuple[str, str], str] = {}
    rules: dict[tuple[str, str], list[Rule]] = {}
    table = ""
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":") and len(line.split()) > 1:
            name, policy, *_ = line[1:].split()
            heads[table, name] = policy
        elif line.startswith("-A ") and len(words := _words(line)) > 1:
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


def _words(line: str) -> list[str]:
    """The words of a rule; quotes keep blanks within a word if they are balanced."""
    if not QUOTING.intersection(line):
        return line.split()
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _rule(line: str, words: list[str]) -> Rule:
    """The rule in a line of `-A`; `words` are the words after the chain's name."""
    matches: list[Match] = []
    opaque = selective = negated = False
    action = target = ""
    following = iter(words)
    for word in following:
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            name = next(following, "")
            action, target = _action(word, name, following)
            opaque |= name == UNCERTAIN
            break  # all behind it is the target's
        if word == "-m":
            module = next(following, "")
            selective |= module in SELECTIVE
            opaque |= module not in UNDERSTOOD and module not in SELECTIVE
        elif word in SKIPPED:
            for _ in range(SKIPPED[word]):
                next(following, "")
        elif word == "--match-set":
            _, ends = next(following, ""), next(following, "")
            selective |= set(ends.split(",")) == {"src"}
            opaque |= set(ends.split(",")) != {"src"}
        elif found := _match(word, following, negated):
            matches.append(found)
        else:
            opaque |= not selective  # unknown words of a module that matches some clients don't matter
        negated = False
    return Rule(line, action, target, tuple(matches), opaque, selective)


SKIPPED = {"--comment": 1, "--icmp-type": 1, "--icmpv6-type": 1}  # options to skip: their number of values


def _match(word: str, following: Iterator[str], negated: bool) -> Match | None:
    """The condition that begins with `word`; None if it is unknown."""
    if word in FIELDS:
        return Match(FIELDS[word], tuple(_values(FIELDS[word], next(following, ""))), negated)
    if word == "--syn":
        return Match("flags", (SYN,), negated)
    if word == "--tcp-flags":
        looked, asked = next(following, ""), next(following, "")
        return Match("flags", (f"{_flags(looked)}/{_flags(asked)}",), negated)
    return Match("fragment", ("later",), negated) if word == "-f" else None


def _flags(text: str) -> str:
    return {"ALL": "FIN,SYN,RST,PSH,ACK,URG", "NONE": ""}.get(text, text)


def _action(option: str, name: str, following: Iterator[str]) -> tuple[str, str]:
    """The action and the target of a rule, as in Rule."""
    words = list(following)
    value = dict(pairwise(words))
    if name == "MARK":
        return "mark", _mark(value.get("--set-xmark") or value.get("--set-mark") or "")
    if name == "CT":
        return ("notrack" if "--notrack" in words else ""), ""
    if name == "CONNMARK" and "--restore-mark" not in words:
        return "", ""
    if name in ACTIONS:
        return ACTIONS[name], next((value[word] for word in TARGETS if word in value), "")
    return ("goto" if option == "-g" else "jump"), name


def _values(field: str, text: str) -> Iterator[str]:
    for one in text.split(","):
        if field == "protocol":
            yield number(one)
        elif field in ("state", "target_type", "source_type"):
            yield one.lower()
        elif field == "packet_type":
            yield {"unicast": "host"}.get(one, one)
        elif field == "mark":
            yield _mark(one)
        elif field in ("port", "source_port"):
            yield one.replace(":", "-")
        else:
            yield one


def _mark(text: str) -> str:
    """A mark as a decimal number; unchanged if it has a partial mask."""
    value, _, mask = text.partition("/")
    if mask.lower() not in ("", WHOLE_MASK):
        return text
    try:
        return str(int(value, 0))
    except ValueError:
        return text
