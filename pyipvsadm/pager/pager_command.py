"""Which pager is run, how it is set up, and how much needs none."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT, NONE = "less", ("", "cat")  # the pager where none is named, and names that mean none
SETTINGS = {"LESS": "FRX", "LV": "-c"}  # where the user sets none: colours, and an end if everything fits
RAISED = ("SUDO_UID", "DOAS_USER", "PKEXEC_UID")  # set where a user runs one command with another's privilege
SECURE = {"LESSSECURE": "1"}  # less opens no shell and no file
HEADS_SINCE = 600  # the version of less that has --header


def command_of(environ: Mapping[str, str]) -> str:
    """The pager to run, a line for a shell; empty for none.

    A user who may run only this program as root must not get root's shell from a pager: there, only less is run.
    """
    named = None if _is_raised(environ) else environ.get("PAGER")
    if named is None:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        named = DEFAULT if any(os.access(os.path.join(folder, DEFAULT), os.X_OK) for folder in folders) else ""
    return "" if named.strip() in NONE else named


def environment_for(environ: Mapping[str, str], heads: int) -> dict[str, str]:
    """The environment of the pager, where less keeps so many `heads`, the first lines, on the screen."""
    found = {**SETTINGS, **environ, **(SECURE if _is_raised(environ) else {})}
    return {**found, "LESS": f"--header={heads}${found['LESS']}"} if heads else found


def keeps_heads(command: str) -> bool:
    """Whether the pager is a less that keeps head lines on the screen. Others don't know the option, and would ask."""
    from subprocess import DEVNULL, run

    program = next(iter(command.split()), "")
    if os.path.basename(program) != DEFAULT:
        return False
    try:
        told = run([program, "--version"], stdin=DEVNULL, capture_output=True).stdout.split()[:2]
    except OSError:
        return False
    return len(told) == 2 and told[0] == DEFAULT.encode() and _number(told[1]) >= HEADS_SINCE


def _number(version: bytes) -> int:
    """The number that a version such as 643x begins with; 0 for none."""
    digits = version[: next((n for n, one in enumerate(version) if not 48 <= one <= 57), None)]
    return int(digits or 0)


def _is_raised(environ: Mapping[str, str]) -> bool:
    return any(name in environ for name in RAISED)


def rows(data: bytes, columns: int) -> int:
    """The number of rows that the lines of `data` take on a terminal with so many `columns`."""
    import re

    lines = re.sub(r"\x1b\[[0-9;]*m", "", data.decode("utf-8", "replace")).splitlines()
    return sum(max(1, -(-len(line) // columns)) for line in lines)
