"""Pure: runs the checks on a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from ...frozen import frozen, new, replaced
from ...table.notation import service_of, spelled
from .checks import CHECKS
from .findings import DIRECTOR, NOTE, REAL_SERVER, SEVERITIES, UNKNOWN, Check, Finding
from .queries import shortened
from .snapshot import Snapshot, UnseenError

Judged = tuple[str, list[tuple[object, ...]]]  # why a check couldn't be carried out, or else its findings
Each = Callable[[int, Callable[[int], Judged]], list[Judged]]  # the results of a function for all numbers below one

WELL, SILENT = "well", "silent"  # outcomes besides severities; silent: no traffic


@frozen
class Verdict:
    """`findings`, the worst first and the unknown last, and the `outcomes` of the checks by their codes.

    `packets` arrived within `seconds`. `unknown` says, by code, why a check couldn't be carried out.
    """

    findings: tuple[Finding, ...]
    outcomes: dict[str, str]
    packets: int = 0
    seconds: float = 0
    unknown: dict[str, str] = new(default_factory=dict)

    def having(self, outcome: str) -> list[str]:
        """The codes of the checks with this outcome."""
        return [code for code, found in self.outcomes.items() if found == outcome]


def one_by_one(count: int, judged: Callable[[int], Judged]) -> list[Judged]:
    """The results of `judged` for all numbers below `count`."""
    return list(map(judged, range(count)))


def judge(snapshot: Snapshot, codes: Collection[str] = (), each: Each = one_by_one) -> Verdict:
    """The verdict of all checks for this kind of machine, or of those with these `codes`.

    `each` may make the checks in any order and in another process: what they find is told in plain values.
    """
    mode = REAL_SERVER if snapshot.vips else DIRECTOR
    checks = [check for check in CHECKS if mode in check.modes and (not codes or check.code in codes)]
    found: dict[str, list[Finding]] = {}  # by check
    unknown: dict[str, list[str]] = {}  # by why
    results = each(len(checks), lambda number: _judged(checks[number], snapshot, asked=bool(codes)))
    for check, (why, those) in zip(checks, results, strict=True):
        if why:
            unknown.setdefault(why, []).append(check.code)
        else:
            found[check.code] = list(map(Finding._make, those))
    missed = [Finding(UNKNOWN, why, "", check=", ".join(codes)) for why, codes in unknown.items()]
    findings = sorted(_untold(found, checks), key=lambda finding: SEVERITIES.index(finding.severity))
    return Verdict(
        findings=(*findings, *missed),
        outcomes=dict(_outcomes(snapshot, checks, findings, {code for codes in unknown.values() for code in codes})),
        packets=sum(one.packets for one in snapshot.arrivals or ()),
        seconds=snapshot.watched,
        unknown={code: why for why, codes in unknown.items() for code in codes},
    )


def _judged(check: Check, snapshot: Snapshot, asked: bool) -> Judged:
    """The findings of a check, merged, as plain tuples."""
    try:
        find = check.asked if asked and check.asked else check.find
        return "", [one[:] for one in _grouped(find(snapshot), check.code)]
    except UnseenError as error:
        return str(error), []


def _untold(found: Mapping[str, list[Finding]], checks: Iterable[Check]) -> list[Finding]:
    """The findings whose cause no other finding names."""
    told = {code for code, those in found.items() if any(one.severity != NOTE for one in those)}
    shown = (found[one.code] for one in checks if one.code in found and not told.intersection(one.told_by))
    return [one for those in shown for one in those]


def _outcomes(
    snapshot: Snapshot, checks: Iterable[Check], found: Iterable[Finding], unknown: set[str]
) -> Iterator[tuple[str, str]]:
    worst: dict[str, str] = {}
    for finding in found:
        worst[finding.check] = min(worst.get(finding.check, NOTE), finding.severity, key=SEVERITIES.index)
    for check in checks:
        rest = UNKNOWN if check.code in unknown else SILENT if check.traffic and not snapshot.has_traffic else WELL
        yield check.code, worst.get(check.code, rest)


def _grouped(findings: Iterable[Finding], check: str) -> list[Finding]:
    """Merges findings of a check that differ only in their subject, so each cause appears once."""
    groups: dict[tuple[str, ...], tuple[Finding, dict[str, None], dict[str, None]]] = {}
    for one in findings:
        severity, subject, seen, why, its_commands, _, its_subjects = one
        cause = severity, seen, why
        if cause not in groups:
            groups[cause] = one, {}, {}
        _, subjects, commands = groups[cause]
        for name in its_subjects or (subject,):  # often one, for which `update` takes ten times as long
            subjects[name] = None
        for command in its_commands:
            commands[command] = None
    return [
        Finding(
            first.severity, shortened(list(subjects)), first.seen, first.why, tuple(commands), check, tuple(subjects)
        )
        for first, subjects, commands in groups.values()
    ]


def restricted(snapshot: Snapshot, names: Iterable[str]) -> tuple[Snapshot, list[str]]:
    """The snapshot with only the services in `names`, and the names that it lacks. Raises UsageError."""
    wanted = dict.fromkeys(spelled(service_of(name)) for name in names)
    if not wanted or snapshot.services is None:
        return snapshot, []
    services = tuple(service for service in snapshot.services if service.service in wanted)
    found = {service.service for service in services}
    missing = [name for name in wanted if name not in found]
    return replaced(snapshot, services=services), missing
