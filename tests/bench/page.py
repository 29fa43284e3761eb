"""What a full run writes into the project's pages: the results here, a short table in the README, and the plot."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from . import report
from .schedule import ADD_SERVICE, APPLY, LIST, RESTORE, SAVE

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- {}, written by `make bench` -->\n", "<!-- end of {} -->\n"
HEAD = 2  # lines of a Markdown table above its rows
SHORT = (  # what the README shows: rules and operation
    (0, ADD_SERVICE),
    (20000, RESTORE),
    (20000, LIST),
    (20000, SAVE),
    (20000, APPLY),
    (100000, RESTORE),
)


def fill(page: str, name: str, content: str) -> str:
    """`page` with `content` between the markers of `name`. Raises ValueError where these are missing."""
    begin, end = BEGIN.format(name), END.format(name)
    before, found, rest = page.partition(begin)
    _, closed, behind = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page has no place for {name}")
    return f"{before}{begin}{content}{end}{behind}"


def content(page: str, name: str) -> str:
    """What stands between the markers of `name`."""
    return page.partition(BEGIN.format(name))[2].partition(END.format(name))[0]


def results(rows: Sequence[report.Row], facts: Sequence[str]) -> str:
    """The facts as a list, and the whole table."""
    return "".join(f"- {fact}\n" for fact in facts) + f"\n{_table(rows)}"


def short(rows: Sequence[report.Row]) -> str:
    """The rows of SHORT alone: lines of the same table."""
    lines = _table(rows).splitlines(keepends=True)
    kept = (line for row, line in zip(rows, lines[HEAD:], strict=True) if (row.rules, row.operation) in SHORT)
    return "".join([*lines[:HEAD], *kept])


def write(rows: Sequence[report.Row], facts: Sequence[str], plot: Path, root: Path = ROOT) -> None:
    """Write the results of a run, whose plot is in `plot` if it was drawn, into the pages below `root`."""
    for path, name, made in (
        (root / "tests" / "bench" / "README.md", "results", results(rows, facts)),
        (root / "README.md", "speed", short(rows)),
    ):
        path.write_text(fill(path.read_text(), name, made))
    if plot.exists():
        shutil.copyfile(plot, root / "man" / "pictures" / "speed.svg")


def write_packets(tables: str, facts: Sequence[str], plot: Path, root: Path = ROOT) -> None:
    """Write the results of the group `packets` into the page of the benchmark below `root`."""
    path = root / "tests" / "bench" / "README.md"
    listed = "".join(f"- {fact}\n" for fact in facts)
    path.write_text(fill(path.read_text(), "packets", f"{listed}\n{tables}"))
    if plot.exists():
        shutil.copyfile(plot, root / "man" / "pictures" / "packets.svg")


def _table(rows: Sequence[report.Row]) -> str:
    return report.render(rows, (), markdown=True).strip("\n") + "\n"
