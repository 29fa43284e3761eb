"""Lists the checks, and explains one of them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...errors import UsageError
from ...support.text_table import aligned
from .checks import CHECKS
from .findings import Check

WORDS = {  # in the place of a service: what is typed
    **dict.fromkeys(("list", "ls", "checks"), "`pyipvsadm doctor --list` lists the checks"),
    "all": "without a name, all services are judged",
    "director": "without `--mode`, this machine is a director",
    "real-server": "write `pyipvsadm doctor --mode real-server --vip ADDRESS`",
}
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


def refuse_words(names: Iterable[str]) -> None:
    """Raise UsageError if one of `names`, which are to be services, is a check, or a word that is meant otherwise."""
    codes = {check.code for check in CHECKS}
    for name in names:
        if (code := name.upper()) in codes:
            hint = f"`pyipvsadm doctor --check {code}` runs only it, and `--explain {code}` explains it"
            raise UsageError(f"`{name}` is a check, not a service", hint)
        if name in WORDS:
            raise UsageError(f"`{name}` is not a service", WORDS[name])


def named(code: str) -> Check:
    """The check with this code. Raises UsageError."""
    for check in CHECKS:
        if check.code == code.upper():
            return check
    raise UsageError(f"there is no check `{code}`", hint="`pyipvsadm doctor --list` lists the checks")
