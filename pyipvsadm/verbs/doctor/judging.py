"""Carries the checks out on a snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...table.notation import service_of, spelled
from .checks import DIRECTOR, EXPLAINED, REAL_SERVER
from .findings import SEVERITIES, UNKNOWN, Finding
from .snapshot import Snapshot, UnseenError


def judge(snapshot: Snapshot) -> list[Finding]:
    """What is wrong, the worst first; and last, what could not be told."""
    found: list[Finding] = []
    unknown: dict[str, list[str]] = {}  # by why
    for name, check in REAL_SERVER if snapshot.vips else DIRECTOR:
        try:
            for finding in check(snapshot):
                found.append(replace(finding, check=name))
        except UnseenError as error:
            unknown.setdefault(str(error), []).append(name)
    fired = {finding.check for finding in found if finding.severity != "note"}
    kept = [finding for finding in found if not EXPLAINED.get(finding.check, set()) & fired]
    told = [Finding(UNKNOWN, why, "", check=", ".join(dict.fromkeys(names))) for why, names in unknown.items()]
    return sorted(_grouped(kept), key=lambda finding: SEVERITIES.index(finding.severity)) + told


def _grouped(findings: Iterable[Finding]) -> list[Finding]:
    """Those that say the same of several subjects as one."""
    groups: dict[Finding, list[str]] = {}
    for finding in findings:
        subjects = groups.setdefault(replace(finding, subject=""), [])
        if finding.subject not in subjects:
            subjects.append(finding.subject)
    return [replace(finding, subject=", ".join(subjects)) for finding, subjects in groups.items()]


def restricted(snapshot: Snapshot, names: Iterable[str]) -> tuple[Snapshot, list[str]]:
    """The snapshot with the services that `names` name alone, and the names that it lacks. Raises UsageError."""
    wanted = list(dict.fromkeys(spelled(service_of(name)) for name in names))
    if not wanted or snapshot.services is None:
        return snapshot, []
    services = tuple(service for service in snapshot.services if service.service in wanted)
    missing = [name for name in wanted if name not in {service.service for service in services}]
    return replace(snapshot, services=services), missing
