"""Findings as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from io import StringIO

from ...table.notation import counted
from .findings import FAILURE, NOTE, SEVERITIES, UNKNOWN, WARNING, Finding

VERSION = 1
SHOWN = 10  # findings of one check
MARKS = {FAILURE: ("✗", "bold red"), WARNING: ("!", "bold magenta"), NOTE: ("i", "bold blue"), UNKNOWN: ("?", "dim")}
STATUSES = {FAILURE: 2, WARNING: 1}
KEEP = "Settings made with sysctl last until the next boot: write them into a file in /etc/sysctl.d as well."


def status(findings: Iterable[Finding]) -> int:
    """The exit status: 2 with a failure, 1 with a warning, 0 else."""
    return max((STATUSES.get(finding.severity, 0) for finding in findings), default=0)


def as_json(findings: list[Finding]) -> str:
    """All findings, as JSON."""
    counts = Counter(finding.severity for finding in findings)
    data = {
        "version": VERSION,
        "status": status(findings),
        "counts": {severity: counts[severity] for severity in SEVERITIES},
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(data, indent=2) + "\n"


def as_text(findings: list[Finding], columns: int | None) -> str:
    """The findings for people: drawn for a terminal of so many `columns`, or plain for None."""
    return _plain(findings) if columns is None else _on_terminal(findings, columns)


def _plain(findings: list[Finding]) -> str:
    lines = []
    for finding in _shown(findings):
        lines.append(f"{finding.severity} {_said(finding)}")
        lines += [f"    {_why(finding)}"] if _why(finding) else []
        lines += [f"    $ {command}" for command in finding.commands]
    return "".join(f"{line}\n" for line in [*lines, *_ends(findings)])


def _on_terminal(findings: list[Finding], columns: int) -> str:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=StringIO(), force_terminal=True, width=columns, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for finding in _shown(findings):
            mark, style = MARKS[finding.severity]
            head = Text.assemble((f"{mark} {finding.severity}", style), " ", (_said(finding), ""))
            console.print(head)
            if why := _why(finding):
                console.print(Padding(Text(why, "dim"), (0, 0, 0, 4)))
            for command in finding.commands:
                console.print(Text(f"    $ {command}", "bold"), soft_wrap=True)
            console.print()
        for line in _ends(findings):
            console.print(Text(line))
    return captured.get()


def _said(finding: Finding) -> str:
    if finding.severity == UNKNOWN:
        return finding.subject
    seen = f": {finding.seen}" if finding.seen else ""
    return f"{finding.check}: {finding.subject}{seen}"


def _why(finding: Finding) -> str:
    return f"not judged so: {finding.check}" if finding.severity == UNKNOWN else finding.why


def _shown(findings: list[Finding]) -> Iterator[Finding]:
    """The findings, of each check and severity SHOWN at most."""
    told: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        told[finding.check, finding.severity] += 1
        if told[finding.check, finding.severity] <= SHOWN:
            yield finding


def _ends(findings: list[Finding]) -> Iterator[str]:
    """What is said last: what was left out, how to keep settings, and how many findings there are."""
    left = len(findings) - len(list(_shown(findings)))
    if left:
        yield f"{left} more like these; `-o json` tells all."
    if any(command.startswith("sysctl ") for finding in findings for command in finding.commands):
        yield KEEP
    counts = Counter(finding.severity for finding in findings)
    unknown = sum(len(finding.check.split(", ")) for finding in findings if finding.severity == UNKNOWN)
    told = [counted(counts[severity], severity) for severity in (FAILURE, WARNING, NOTE) if counts[severity]]
    told += [f"{counted(unknown, 'check')} unknown"] if unknown else []
    yield ", ".join(told) if told else "nothing is wrong, as far as can be told from here"
