"""A verdict as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO

from ...model import printable
from ...table.notation import counted
from .checks import CHECKS
from .findings import FAILURE, NOTE, SEVERITIES, UNKNOWN, WARNING, Finding
from .verdict import SILENT, WELL, Verdict

VERSION = 1
SHOWN = 10  # findings of one check
COMMANDS = 12  # of one finding
HANGING = 8  # columns before the second line of a finding
MARKS = {FAILURE: ("✗", "bold red"), WARNING: ("!", "bold magenta"), NOTE: ("i", "bold blue"), UNKNOWN: ("?", "dim")}
STATUSES = {FAILURE: 2, WARNING: 1}
KEEP = "Settings made with sysctl last until the next boot: write them into a file in /etc/sysctl.d as well."


def status(findings: Iterable[Finding]) -> int:
    """The exit status: 2 with a failure, 1 with a warning, otherwise 0."""
    return max((STATUSES.get(finding.severity, 0) for finding in findings), default=0)


def as_json(verdict: Verdict) -> str:
    """All findings and outcomes, as JSON."""
    counts = Counter(finding.severity for finding in verdict.findings)
    data = {
        "version": VERSION,
        "status": status(verdict.findings),
        "summary": summary(verdict),
        "counts": {severity: counts[severity] for severity in SEVERITIES},
        "packets": verdict.packets,
        "watched": verdict.seconds,
        "checks": [
            {
                "check": check.code,
                "title": check.title,
                "outcome": verdict.outcomes[check.code],
                **_why_not(check.code, verdict),
            }
            for check in CHECKS
            if check.code in verdict.outcomes
        ],
        "findings": [finding._asdict() for finding in verdict.findings],
    }
    return json.dumps(data, indent=2) + "\n"


def _why_not(code: str, verdict: Verdict) -> dict[str, str]:
    """Why the check with this code couldn't be made, as JSON data; empty if it was."""
    why = verdict.unknown.get(code) or ("no traffic was seen" if verdict.outcomes[code] == SILENT else "")
    return {"why": why} if why else {}


def as_text(verdict: Verdict, columns: int | None) -> str:
    """The verdict for people: drawn for a terminal with so many `columns`, or plain for None."""
    return _plain(verdict) if columns is None else _on_terminal(verdict, columns)


def _plain(verdict: Verdict) -> str:
    lines = []
    for finding in _shown(verdict.findings):
        lines.append(f"{finding.severity} {_said(finding)}")
        lines += [f"    {_why(finding)}"] if _why(finding) else []
        lines += [f"    {command}" for command in _commands(finding)]
    return "".join(f"{line}\n" for line in [*map(printable, lines), *_ends(verdict)])


def _on_terminal(verdict: Verdict, columns: int) -> str:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=StringIO(), force_terminal=True, width=columns, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for finding in _shown(verdict.findings):
            mark, style = MARKS[finding.severity]
            head = Text.assemble((f"{mark} {finding.severity}", style), " ", (printable(_said(finding)), ""))
            first, *more = head.wrap(console, max(columns - HANGING, HANGING))
            console.print(first)
            for rest in more:  # deeper than commands: what others named must not look like one
                console.print(Padding(rest, (0, 0, 0, HANGING)))
            if why := printable(_why(finding)):
                console.print(Padding(Text(why, "dim"), (0, 0, 0, 4)))
            for command in _commands(finding):
                console.print(Text(f"    {printable(command)}", "bold"), soft_wrap=True)
            console.print()
        for line in _ends(verdict):
            console.print(Text(line))
    return captured.get()


def _said(finding: Finding) -> str:
    if finding.severity == UNKNOWN:
        return finding.subject
    seen = f": {finding.seen}" if finding.seen else ""
    return f"{finding.check}: {finding.subject}{seen}"


def _why(finding: Finding) -> str:
    return f"not judged so: {finding.check}" if finding.severity == UNKNOWN else finding.why


def _commands(finding: Finding) -> list[str]:
    """The commands to show, COMMANDS at most, and a line with the number of the others."""
    more = len(finding.commands) - COMMANDS
    shown = [f"$ {command}" for command in finding.commands[: COMMANDS if more > 0 else None]]
    return [*shown, f"({more:,} more commands: `-o json` tells all)"] if more > 0 else shown


def _shown(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings to show: SHOWN at most for each check and severity."""
    told: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        told[finding.check, finding.severity] += 1
        if told[finding.check, finding.severity] <= SHOWN:
            yield finding


def _ends(verdict: Verdict) -> Iterator[str]:
    """The last lines: what was left out, how to keep settings, and what the run did."""
    left = len(verdict.findings) - len(list(_shown(verdict.findings)))
    if left:
        yield f"{left} more like these; `-o json` tells all."
    if any(command.startswith("sysctl ") for finding in verdict.findings for command in finding.commands):
        yield KEEP
    yield summary(verdict)


def summary(verdict: Verdict) -> str:
    """A line that summarizes the run."""
    counts = Counter(finding.severity for finding in verdict.findings)
    told = [counted(counts[severity], severity) for severity in (FAILURE, WARNING, NOTE) if counts[severity]]
    told += [f"{len(codes)} unknown"] if (codes := verdict.having(UNKNOWN)) else []
    told += [f"{len(verdict.having(WELL))} well"]
    return f"{counted(len(verdict.outcomes), 'check')}: {', '.join(told)}{_traffic(verdict)}"


def _traffic(verdict: Verdict) -> str:
    """The traffic that was seen; without any, the checks that need it."""
    if silent := verdict.having(SILENT):
        return f"; no traffic seen: {', '.join(silent)} say nothing"
    if verdict.seconds:
        return f"; {verdict.packets:,} {'packet' if verdict.packets == 1 else 'packets'} seen in {verdict.seconds:g} s"
    return ""
