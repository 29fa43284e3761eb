"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .snapshot import Snapshot

FAILURE, WARNING, NOTE, UNKNOWN = SEVERITIES = ("failure", "warning", "note", "unknown")


@dataclass(frozen=True)
class Finding:
    """What was `seen` of `subject`, `why` it hurts, and the `commands` that mend it.

    `check` is the name of the check, such as "V1"; of what is unknown, the names of all that couldn't be carried out.
    A word in capitals in a command stands for what we can't know.
    """

    severity: str
    subject: str
    seen: str
    why: str = ""
    commands: tuple[str, ...] = ()
    check: str = ""


Findings = Iterable[Finding]
Check = tuple[str, Callable[[Snapshot], Findings]]  # a name, and what yields findings; it may raise UnseenError


def failure(subject: str, seen: str, why: str, *commands: str) -> Finding:
    """It can't work."""
    return Finding(FAILURE, subject, seen, why, commands)


def warning(subject: str, seen: str, why: str, *commands: str) -> Finding:
    """It works badly, or not in all cases."""
    return Finding(WARNING, subject, seen, why, commands)


def note(subject: str, seen: str, why: str, *commands: str) -> Finding:
    """It is good to know."""
    return Finding(NOTE, subject, seen, why, commands)
