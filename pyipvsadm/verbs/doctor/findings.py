"""A check, and its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ...frozen import frozen
from .snapshot import Snapshot

FAILURE, WARNING, NOTE, UNKNOWN = SEVERITIES = ("failure", "warning", "note", "unknown")
DIRECTOR, REAL_SERVER = "director", "real-server"  # what a machine is
UNUSABLE = 64  # the exit status if nothing can be judged; EX_USAGE in sysexits.h


class Finding(NamedTuple):
    """What was `seen` of `subject`, `why` it matters, and the `commands` that fix it.

    `check` is the code of the check, such as "V1"; if something is unknown, the codes of all checks that need it. A
    word in capitals in a command stands for a value that we can't know. `subjects` are all of several subjects.
    """

    severity: str
    subject: str
    seen: str
    why: str = ""
    commands: tuple[str, ...] = ()
    check: str = ""
    subjects: tuple[str, ...] = ()


Findings = Iterable[Finding]


@frozen
class Check:
    """A row of the table of checks.

    `find` is a pure function that yields findings of these `severities` about a snapshot; it may raise UnseenError if
    the snapshot lacks something. `doctor --explain` prints what the check `looks` at, why that `matters`, and how to
    `mend` it. A check that needs `traffic` finds nothing without it. If a check in `told_by` has a failure or a
    warning, that is the cause, and the findings of this check are left out. `asked` replaces `find` if the check is
    requested by name.
    """

    code: str
    title: str
    severities: tuple[str, ...]
    find: Callable[[Snapshot], Findings]
    looks: str
    matters: str
    mend: str
    modes: tuple[str, ...] = (DIRECTOR,)
    traffic: bool = False
    told_by: tuple[str, ...] = ()
    asked: Callable[[Snapshot], Findings] | None = None


def failure(subject: str, seen: str, why: str, *commands: str) -> Finding:
    """Something can't work."""
    return Finding(FAILURE, subject, seen, why, commands)


def failures(subjects: tuple[str, ...], seen: str, why: str, *commands: str) -> Finding:
    """The same can't work for each of thousands, told as one finding, as findings of one cause are merged anyway."""
    return Finding(FAILURE, "", seen, why, commands, subjects=subjects)


def warning(subject: str, seen: str, why: str, *commands: str) -> Finding:
    """Something works badly, or only in some cases."""
    return Finding(WARNING, subject, seen, why, commands)


def note(subject: str, seen: str, why: str, *commands: str) -> Finding:
    """Something is good to know."""
    return Finding(NOTE, subject, seen, why, commands)
