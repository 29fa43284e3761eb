"""V4: the firewall marks of services, and how packets get them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ....frozen import frozen
from ....grammar.shell import command
from ..findings import FAILURE, NOTE, Check, Finding, Findings, failure, note
from ..firewall import remedies
from ..firewall.chains import Chain, Firewall, Match, Rule
from ..firewall.packet_path import DEEP, IPVS_PRIORITY, Packet, numbers, passage
from ..queries import ARRIVING, base_chain, is_served
from ..snapshot import Snapshot
from ..snapshot_values import Service

MARKABLE = ("prerouting", "input")  # hooks before IPVS
TCP_PACKET = {"protocol": "6", "flags": "SYN"}


@frozen
class Marking:
    """A rule that sets a mark: `ways` are the packets that reach it before IPVS, `late` the later hooks that do."""

    chain: Chain
    rule: Rule
    ways: tuple[Packet, ...]
    late: tuple[str, ...] = ()


def marks_are_set(snapshot: Snapshot) -> Findings:
    """Packets get the marks that services are for."""
    for service in snapshot.seen("services"):
        if service.mark and not is_served(service):
            yield from _judged(snapshot, service)


def _judged(snapshot: Snapshot, service: Service) -> Findings:
    firewall: Firewall = snapshot.seen("firewall")
    kind = "ip6" if service.service.endswith("ipv6") else "ip"
    markings = [_marking(firewall, chain, rule, kind) for chain, rule in firewall.rules(kind)
                if _sets(rule, service.mark)]  # fmt: skip
    working = [one for one in markings if _works(firewall, one, service.mark)]
    perhaps = [rule for _, rule in firewall.rules(kind) if rule.action == "restore"]
    if working:
        yield from _unrouted(snapshot, service, kind)
    elif perhaps:
        yield note(
            service.service,
            f"its mark may be set by {perhaps[0].text}",
            "the rule doesn't say which mark it sets",
        )
    elif not markings:
        packet = {"family": kind, "target": "ADDRESS", "protocol": TCP_PACKET["protocol"], "port": "PORT"}
        yield failure(
            service.service,
            "no rule sets this mark",
            "no packet reaches it",
            remedies.mark(base_chain(snapshot, "prerouting", kind, "mangle"), packet, service.mark),
        )
    else:
        yield _unset(snapshot, service, kind, markings[0])


def _unset(snapshot: Snapshot, service: Service, kind: str, marking: Marking) -> Finding:
    """The finding that explains why packets don't have the mark when they reach IPVS, although a rule sets it."""
    firewall: Firewall = snapshot.seen("firewall")
    rule, chain, overwritten = marking.rule, marking.chain, False
    if marking.ways:
        passed = passage(firewall, MARKABLE, marking.ways[0])
        overwritten = passed.marker is not None and passed.marker is not rule
        seen = (
            f"its mark is overwritten: {rule.text} sets it, and then {passed.marker.text} sets another one"
            if overwritten and passed.marker
            else f"packets never reach the rule that sets its mark: {rule.text}"
        )
    elif marking.late:
        seen = f"its mark is set too late ({', '.join(marking.late)}): {rule.text}"
    else:
        seen = f"no rule leads to the chain {chain.name}, where its mark is set: {rule.text}"
    packet = {**_packet(kind, rule.matches), **dict.fromkeys(("in", "state", "flags"))}
    base = base_chain(snapshot, "prerouting", kind, "mangle", program=chain.program)
    last = not marking.ways or overwritten
    return failure(service.service, seen, "no packet reaches it", remedies.mark(base, packet, service.mark, last))


def _sets(rule: Rule, mark: int) -> bool:
    """Whether `rule` sets `mark`, perhaps among other bits."""
    return rule.action == "mark" and numbers(rule.target)[0] == mark


def _marking(firewall: Firewall, chain: Chain, rule: Rule, kind: str) -> Marking:
    """The ways in which packets reach a rule that sets a mark."""
    ways, late = [], []
    for base, conditions in _ways(firewall, chain, (), DEEP):
        if base.hook in MARKABLE and base.priority <= IPVS_PRIORITY:
            ways.append(_packet(kind, (*conditions, *rule.matches)))
        elif base.hook:
            late.append(base.hook)
    return Marking(chain, rule, tuple(ways), tuple(dict.fromkeys(late)))


def _ways(
    firewall: Firewall, chain: Chain, conditions: tuple[Match, ...], depth: int
) -> Iterator[tuple[Chain, tuple[Match, ...]]]:
    """The base chains from which packets reach `chain`, each with the conditions of the jumps on the way."""
    if chain.hook:
        yield chain, conditions
        return
    for caller in firewall.chains if depth else ():
        if caller.place[:3] == chain.place[:3]:
            for rule in caller.rules:
                if rule.action in ("jump", "goto") and rule.target == chain.name:
                    yield from _ways(firewall, caller, (*rule.matches, *conditions), depth - 1)


def _packet(kind: str, conditions: Iterable[Match]) -> dict[str, str | None]:
    """A packet that meets these conditions; fields that they don't determine are missing."""
    packet: dict[str, str | None] = {**ARRIVING, "state": "new", "family": kind}
    for match in conditions:
        if not match.negated and match.values and match.field not in ("flags", "mark", "fragment"):
            value = match.values[0]
            packet[match.field] = value.partition("/")[0].partition("-")[0] if match.field != "in" else value
    packet["flags"] = "SYN" if packet.get("protocol") == TCP_PACKET["protocol"] else ""
    return packet


def _works(firewall: Firewall, marking: Marking, mark: int) -> bool:
    """Whether packets have the mark, or may have it, when they reach IPVS."""
    return any(passage(firewall, MARKABLE, packet).mark in (mark, None) for packet in marking.ways)


def _unrouted(snapshot: Snapshot, service: Service, kind: str) -> Findings:
    """Findings about networks whose marked packets leave this machine instead of reaching IPVS."""
    for place, route in snapshot.marked_routes.items():
        mark, _, network = place.partition(" ")
        if mark == str(service.mark) and route.type != "local" and (":" in network) == (kind == "ip6"):
            table, six = 100 + service.mark % 100, ("-6",) if kind == "ip6" else ()
            yield failure(
                service.service,
                f"packets for {network} are marked, but leave by {route.device or 'no device'}",
                "IPVS handles only packets that are delivered to this machine",
                command("ip", *six, "rule", "add", "fwmark", service.mark, "lookup", table),
                command("ip", *six, "route", "add", "local", network, "dev", "lo", "table", table),
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "V4",
        "Packets get the marks that services are for",
        (FAILURE, NOTE),
        marks_are_set,
        looks="the firewall's rules that set marks, and the routes of marked packets",
        matters="a packet reaches the service only if it has the mark and a route delivers it to this machine",
        mend="set the mark in mangle PREROUTING, and route marked packets to `lo` as local",
    ),
)
