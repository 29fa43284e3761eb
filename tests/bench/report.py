"""The findings: what was measured, held against the bounds, as a table."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from .samples import Sample
from .schedule import (
    ADD_SERVER,
    ADD_SERVICE,
    BARE,
    CLEAR,
    LIST,
    LIST_EMPTY,
    NULL,
    OURS,
    PIPE,
    RATE,
    RESTORE,
    SAVE,
    START,
    STATS,
    THEIRS,
)
from .stats import Samples, exponent, ratio

BOUND_RULES = 20000  # the size whose ratios are bounded
BOUNDS = {RESTORE: 0.25, LIST: 1.0, STATS: 1.0, RATE: 1.0, SAVE: 1.0, CLEAR: 1.0}
START_BOUND = 1.5  # times the bare interpreter
PEAK_RULES = 100000  # the size whose memory is bounded
PEAKS = {RESTORE: 64.0, LIST: 96.0, SAVE: 96.0}  # MiB
GROWTH_BOUND = 1.05
ROWS = (RESTORE, LIST, STATS, RATE, SAVE, CLEAR)
WIDTH = 118  # columns, where there is no terminal


@dataclass(frozen=True)
class Row:
    """A line of the table: what was done, on how many rules, the figures, and the verdict if it has a bound."""

    rules: int | None
    operation: str
    theirs: str
    ours: str
    null: str
    figure: str
    bound: str = ""
    holds: bool | None = None


def rows(samples: Samples) -> Iterator[Row]:
    """All lines of the table: single commands, then each size, then growth."""
    yield from start_rows(samples)
    for rules in samples.sizes:
        for row in ROWS:
            if samples.times(row, OURS, rules):
                yield time_row(samples, row, rules)
        if samples.times(PIPE, OURS, rules):
            yield first_row(samples, rules)
        for row in (RESTORE, LIST, SAVE):
            yield peak_row(samples, row, rules)
    for row in (RESTORE, LIST, SAVE):
        yield growth_row(samples, row)


def start_rows(samples: Samples) -> Iterator[Row]:
    """Single commands on an empty table, against the start of the interpreter."""
    bare = samples.times(START, BARE)
    yield Row(None, START, "", seconds(samples.time(START, BARE)), "", "")
    for row in (LIST_EMPTY, ADD_SERVICE, ADD_SERVER):
        found = ratio(samples.times(row, OURS), bare)
        yield Row(
            None, row, seconds(samples.time(row, THEIRS)), seconds(samples.time(row, OURS)), "",
            spread(found) + " of the interpreter's start", at_most(START_BOUND), found and found.median <= START_BOUND,
        )  # fmt: skip


def time_row(samples: Samples, row: str, rules: int) -> Row:
    """One operation at one size, against ipvsadm. -C is let off the interpreter's start."""
    allowance = samples.time(START, BARE) or 0.0 if row == CLEAR else 0.0
    found = ratio(samples.times(row, OURS, rules), samples.times(row, THEIRS, rules), allowance)
    bounded = rules == BOUND_RULES
    return Row(
        rules, row, *(seconds(samples.time(row, program, rules)) for program in (THEIRS, OURS, NULL)),
        spread(found) + (" of ipvsadm + start" if row == CLEAR else " of ipvsadm"),
        at_most(BOUNDS[row]) if bounded else "", found.median <= BOUNDS[row] if bounded and found else None,
    )  # fmt: skip


def first_row(samples: Samples, rules: int) -> Row:
    """The time to the first byte of -Ln, and its part of the whole."""
    ours, whole = samples.first(PIPE, OURS, rules), samples.time(PIPE, OURS, rules)
    part = f"{ours / whole:.0%} of the whole listing" if ours and whole else ""
    return Row(rules, "-Ln: first byte", seconds(samples.first(PIPE, THEIRS, rules)), seconds(ours), "", part)


def peak_row(samples: Samples, row: str, rules: int) -> Row:
    """The peak memory of one operation at one size."""
    ours = samples.peak(row, OURS, rules)
    bounded = rules == PEAK_RULES
    return Row(
        rules, f"{row}: memory", *(mebibytes(samples.peak(row, program, rules)) for program in (THEIRS, OURS, NULL)),
        "", f"at most {PEAKS[row]:.0f} MiB" if bounded else "",
        ours <= PEAKS[row] if bounded and ours is not None else None,
    )  # fmt: skip


def growth_row(samples: Samples, row: str) -> Row:
    """The exponents with which the time grows: whole processes, and our own share, which is the one bounded."""
    whole = [exponent({n: t for n in samples.sizes if (t := samples.time(row, p, n)) is not None}) for p in (THEIRS, OURS)]
    own = exponent(samples.own(row))
    return Row(
        None, f"{row}: growth", *(power(e) for e in whole), power(exponent(samples.kernel(row))),
        f"own share, without kernel and start: {power(own)}" if own is not None else "",
        at_most(GROWTH_BOUND) if own is not None else "", own <= GROWTH_BOUND if own is not None else None,
    )  # fmt: skip


def problems(samples: Sequence[Sample]) -> list[str]:
    """What must not be: a failed run, or output in which the programs differ."""
    found = []
    for s in samples:
        what = f"{s.row}, {s.program}, {s.rules} rules, pair {s.pair}"
        if s.status:
            found.append(f"FAILED: {what}: status {s.status}: {s.error.strip()}")
        elif s.error:
            found.append(f"COMPLAINED: {what}: {s.error.strip()}")
        if s.difference:
            found.append(f"DIFFERENT: {what}: {s.difference}")
    return found


def render(found: Sequence[Row], facts: Sequence[str], *, width: int = WIDTH, markdown: bool = False) -> str:
    """The table as text, or as Markdown for the README."""
    table = Table(box=box.MARKDOWN if markdown else box.SIMPLE)
    for title in ("rules", "operation", "ipvsadm", "pyipvsadm", "null client", "median (least-most) of the pairs"):
        table.add_column(title, justify="left" if title[0] in "om" else "right", no_wrap=markdown)
    table.add_column("bound", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    for row in found:
        verdict = "" if row.holds is None else "yes" if row.holds else "NO"
        rules = f"{row.rules:,}" if row.rules else ""
        table.add_row(rules, row.operation, row.theirs, row.ours, row.null, row.figure, row.bound, verdict)
    stream = io.StringIO()
    console = Console(file=stream, width=400 if markdown else width, color_system=None)
    console.print(table)
    return "".join(f"{line}\n" for line in facts) + "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def mebibytes(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} MiB"


def power(value: float | None) -> str:
    return "" if value is None else f"n^{value:.2f}"


def at_most(bound: float) -> str:
    return f"at most {bound:g}"


def spread(found: object) -> str:
    """A ratio in words: its median, and between what the pairs lie."""
    return "?" if found is None else f"{found.median:.2f} ({found.least:.2f}-{found.greatest:.2f})"  # type: ignore[attr-defined]
