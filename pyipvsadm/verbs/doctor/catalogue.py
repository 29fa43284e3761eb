"""Lists the checks, and explains one of them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...errors import UsageError
from ...support.text_table import aligned
from .checks import CHECKS
from .findings import Check

HEADS = ("Check", "Finds", "Mode", "Title")


def as_text(checks: Iterable[Check]) -> str:
    """A line for each check."""
    rows = [(row.code, "/".join(row.severities), "/".join(row.modes), row.title) for row in checks]
    return aligned([HEADS, *rows])


def as_json(checks: Iterable[Check]) -> str:
    """All checks with all their fields, as JSON."""
    return json.dumps({"checks": [data(check) for check in checks]}, indent=2) + "\n"


def data(check: Check) -> dict[str, object]:
    """A check as JSON data."""
    fields = ("code", "title", "severities", "modes", "traffic", "looks", "matters", "mend")
    return {field: getattr(check, field) for field in fields}


def explained(check: Check) -> str:
    """A check for people: what it looks at, why that matters, and how to fix it."""
    lines = [
        f"{check.code}: {check.title}",
        f"  Looks at   {check.looks}",
        f"  Matters    {check.matters}",
        f"  Fix        {check.mend}",
        f"  Finds      {', '.join(check.severities)}",
        f"  Mode       {', '.join(check.modes)}",
        *(["  Traffic    needed: without any, the check finds nothing"] if check.traffic else []),
        *([f"  Left out   if one of these finds the cause: {', '.join(check.told_by)}"] if check.told_by else []),
    ]
    return "".join(f"{line}\n" for line in lines)


def named(code: str) -> Check:
    """The check with this code. Raises UsageError."""
    for check in CHECKS:
        if check.code == code.upper():
            return check
    raise UsageError(f"there is no check `{code}`", hint="`pyipvsadm doctor --list` lists the checks")
