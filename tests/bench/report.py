"""The findings: what was measured, held against the bounds, as a table."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rich import box
from rich.console import Console
from rich.table import Table

from .comparisons import Comparison, chosen
from .samples import Sample
from .schedule import (
    ADD_SERVER,
    ADD_SERVICE,
    APPLY,
    APPLY_ONE,
    AS_RULES,
    BARE,
    CHECK,
    CLEAR,
    KEEPALIVED,
    LIST,
    LIST_EMPTY,
    LOADS,
    MEMORY,
    NULL,
    OBJECTS,
    OURS,
    PIPE,
    RATE,
    RESTORE,
    SAVE,
    START,
    STATS,
    THEIRS,
)
from .stats import Ratio, Samples, exponent, ratio

BOUNDS = {  # times ipvsadm's time, by size
    1000: {LIST: 1.8},
    20000: {RESTORE: 0.15, LIST: 0.5, STATS: 0.6, RATE: 0.6, SAVE: 0.5, CLEAR: 1.0},
}
APPLY_RULES, APPLY_BOUND = 20000, 1.3  # times a save and a check of the same table
START_BOUND = 1.5  # times the bare interpreter
PEAK_RULES = 100000  # the size whose memory is bounded
PEAKS = {RESTORE: 64.0, LIST: 96.0, SAVE: 96.0}  # MiB
GROWTH_BOUND = 1.05
OBJECTS_TIME, OBJECTS_PEAK = 4.0, 6.0  # times json.loads of the file, and times its size
ROWS = (RESTORE, LIST, STATS, RATE, SAVE, CLEAR)
WIDTH = 132  # columns, where there is no terminal


@dataclass(frozen=True)
class Row:
    """A line of the table: what was done, on how many rules, the figures, and the verdict if it has a bound.

    `figures` are ipvsadm's, ours and the null client's; `finding` is what the bound is about.
    """

    rules: int
    operation: str
    figures: tuple[str, str, str]
    finding: str = ""
    bound: str = ""
    holds: bool | None = None


def rows(samples: Samples) -> Iterator[Row]:
    """All lines of the table: single commands, then each size, then growth."""
    yield Row(0, START, ("", seconds(samples.time(START, BARE)), ""))
    yield from (start_row(samples, row) for row in (LIST_EMPTY, ADD_SERVICE, ADD_SERVER) if samples.times(row, OURS))
    for rules in samples.sizes:
        yield from (time_row(samples, row, rules) for row in ROWS if samples.times(row, OURS, rules))
        if samples.times(PIPE, OURS, rules):
            yield first_row(samples, rules)
        yield from (apply_row(samples, row, rules) for row in (APPLY, APPLY_ONE) if samples.times(row, OURS, rules))
        yield from (peak_row(samples, row, rules) for row in PEAKS if samples.peak(row, OURS, rules) is not None)
    yield from (growth_row(samples, row) for row in PEAKS if len(samples.kernel(row)) > 1)
    for one in chosen():
        if samples.figures(one.row, one.program, one.rules, one.figure):
            yield comparison_row(samples, one)


def start_row(samples: Samples, row: str) -> Row:
    """A single command on an empty table, against the start of the interpreter."""
    found = ratio(samples.times(row, OURS), samples.times(START, BARE))
    return Row(
        rules=0,
        operation=row,
        figures=(seconds(samples.time(row, THEIRS)), seconds(samples.time(row, OURS)), ""),
        finding=f"{spread(found)} of a bare start",
        bound=at_most(START_BOUND),
        holds=found.median <= START_BOUND if found else None,
    )


def time_row(samples: Samples, row: str, rules: int) -> Row:
    """One operation at one size, against ipvsadm. -C is let off the interpreter's start."""
    allowance = samples.time(START, BARE) or 0.0 if row == CLEAR else 0.0
    found = ratio(samples.times(row, OURS, rules), samples.times(row, THEIRS, rules), allowance)
    bound = BOUNDS.get(rules, {}).get(row)
    return Row(
        rules=rules,
        operation=row,
        figures=each(lambda program: seconds(samples.time(row, program, rules))),
        finding=f"{spread(found)} of ipvsadm" + (" + a bare start" if row == CLEAR else ""),
        bound="" if bound is None else at_most(bound),
        holds=found.median <= bound if found and bound is not None else None,
    )


def apply_row(samples: Samples, row: str, rules: int) -> Row:
    """`apply`, of the table that is there or of one weight changed, against a save and a check together."""
    saved, checked = (samples.times(part, OURS, rules) for part in (SAVE, CHECK))
    found = ratio(samples.times(row, OURS, rules), {n: saved[n] + checked[n] for n in saved if n in checked})
    bounded = rules == APPLY_RULES and row == APPLY
    return Row(
        rules=rules,
        operation=row,
        figures=("", seconds(samples.time(row, OURS, rules)), ""),
        finding=f"{spread(found)} of {SAVE} + {CHECK}",
        bound=at_most(APPLY_BOUND) if bounded else "",
        holds=found.median <= APPLY_BOUND if bounded and found else None,
    )


def first_row(samples: Samples, rules: int) -> Row:
    """The time to the first byte of -Ln, and its part of the whole."""
    ours, whole = samples.first(PIPE, OURS, rules), samples.time(PIPE, OURS, rules)
    return Row(
        rules=rules,
        operation=f"{LIST}: first byte",
        figures=(seconds(samples.first(PIPE, THEIRS, rules)), seconds(ours), ""),
        finding=f"{ours / whole:.2f} of the whole listing" if ours and whole else "",
    )


def peak_row(samples: Samples, row: str, rules: int) -> Row:
    """The peak memory of one operation at one size."""
    ours = samples.peak(row, OURS, rules)
    bounded = rules == PEAK_RULES
    return Row(
        rules=rules,
        operation=f"{row}: memory",
        figures=each(lambda program: mebibytes(samples.peak(row, program, rules))),
        bound=f"at most {PEAKS[row]:.0f} MiB" if bounded else "",
        holds=ours <= PEAKS[row] if bounded and ours is not None else None,
    )


def growth_row(samples: Samples, row: str) -> Row:
    """The exponents with which the time grows: of whole processes, and of our own share, which is the one bounded."""
    start = samples.time(LIST_EMPTY, OURS) or 0.0  # what was taken off, and its noise with it
    own = exponent(samples.own(row), noise=start)
    return Row(
        rules=0,
        operation=f"{row}: growth",
        figures=(
            power(exponent(samples.whole(row, THEIRS))),
            power(exponent(samples.whole(row, OURS))),
            power(exponent(samples.kernel(row), noise=samples.time(START, BARE) or 0.0)),
        ),
        finding=f"{power(own)}: ours without start and kernel",
        bound=at_most(GROWTH_BOUND),
        holds=own <= GROWTH_BOUND if own is not None else None,
    )


def comparison_row(samples: Samples, one: Comparison) -> Row:
    """One command of ours against another command, or against so many milliseconds."""
    ours = samples.figures(one.row, one.program, one.rules, one.figure)
    if one.other:
        found = ratio(ours, samples.figures(one.against, one.other[0], one.rules, one.figure))
    else:
        start = samples.time(START, BARE) or 0.0
        found = ratio({pair: value - start for pair, value in ours.items()}, dict.fromkeys(ours, one.each / 1000))
    value = median(ours.values())
    return Row(
        rules=one.rules,
        operation=one.row,
        figures=("", mebibytes(value) if one.figure == MEMORY else seconds(value), ""),
        finding=f"{spread(found)} {'of ' * bool(one.other)}{one.yardstick}",
        bound=at_most(one.bound),
        holds=found.median <= one.bound if found else None,
    )


def cluster_rows(samples: Samples, size: int) -> Iterator[Row]:
    """The objects of a large cluster, in a file of `size` bytes, against `json.loads` of that file."""
    if not samples.all:
        return
    (rules,) = {sample.rules for sample in samples.all}
    found = ratio(samples.times(OBJECTS, OURS, rules), samples.times(LOADS, THEIRS, rules))
    yield Row(
        rules=rules,
        operation=OBJECTS,
        figures=("", seconds(samples.time(OBJECTS, OURS, rules)), ""),
        finding=f"{spread(found)} of {LOADS}",
        bound=at_most(OBJECTS_TIME),
        holds=found.median <= OBJECTS_TIME if found else None,
    )
    peak = samples.peak(OBJECTS, OURS, rules)
    times = None if peak is None else peak / (size / (1 << 20))
    yield Row(
        rules=rules,
        operation=f"{OBJECTS}: memory",
        figures=("", mebibytes(peak), ""),
        finding="" if times is None else f"{times:.1f} of the file's {size >> 20} MiB",
        bound=at_most(OBJECTS_PEAK),
        holds=None if times is None else times <= OBJECTS_PEAK,
    )
    found = ratio(samples.times(KEEPALIVED, OURS, rules), samples.times(AS_RULES, OURS, rules))
    yield Row(
        rules=rules,
        operation=KEEPALIVED,
        figures=("", seconds(samples.time(KEEPALIVED, OURS, rules)), ""),
        finding=f"{spread(found)} of {AS_RULES}",
    )


def each(figure: Callable[[str], str]) -> tuple[str, str, str]:
    """`figure` of each program, in the order of the columns."""
    return figure(THEIRS), figure(OURS), figure(NULL)


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
    for title in ("rules", "operation", "ipvsadm", "pyipvsadm", "null client", "median of the pairs (least-most)"):
        table.add_column(title, justify="left" if title[0] in "om" else "right", no_wrap=markdown)
    table.add_column("bound", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    for row in found:
        verdict = "" if row.holds is None else "yes" if row.holds else "NO"
        rules = f"{row.rules:,}" if row.rules else ""
        table.add_row(rules, row.operation, *row.figures, row.finding, row.bound, verdict)
    return "".join(f"{line}\n" for line in facts) + drawn(table, width=400 if markdown else width)


def drawn(table: Table, *, width: int = WIDTH) -> str:
    """`table` as text of so many columns."""
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def mebibytes(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} MiB"


def power(value: float | None) -> str:
    return "?" if value is None else f"n^{value:.2f}"


def at_most(bound: float) -> str:
    return f"at most {bound:g}"


def spread(found: Ratio | None) -> str:
    """A ratio in words: its median, and between what the pairs lie."""
    return "?" if found is None else f"{found.median:.2f} ({found.least:.2f}-{found.greatest:.2f})"
