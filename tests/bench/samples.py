"""A sample: what one run of one process told. Written by the driver, read by the report, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Sample:
    """Which step it was; its time in seconds, its peak memory in KiB, and what it printed, as a digest.

    `processor` is its time on processors and that of its children, in seconds, `first` the time to the first byte of
    output, `error` the beginning of its standard error, `difference` where the output isn't what the program that ran
    the same row before had.
    """

    row: str
    program: str
    rules: int
    pair: int
    seconds: float
    status: int
    timed: bool = True
    peak: int | None = None
    first: float | None = None
    processor: float | None = None
    digest: str = ""
    error: str = ""
    difference: str = ""


def write(sample: Sample) -> str:
    """`sample` as a line of JSON."""
    return json.dumps(asdict(sample))


def read(lines: Iterable[str]) -> Iterator[Sample]:
    """The samples in `lines`; what isn't JSON is skipped."""
    for line in lines:
        if line.startswith("{"):
            yield Sample(**json.loads(line))


def first_difference(ours: bytes, theirs: bytes) -> str:
    """The first line in which two outputs differ, in words; empty where they are the same."""
    if ours == theirs:
        return ""
    a, b = ours.split(b"\n"), theirs.split(b"\n")
    for number, (left, right) in enumerate(zip(a, b, strict=False), 1):
        if left != right:
            return f"line {number}: {left.decode(errors='replace')!r}, before {right.decode(errors='replace')!r}"
    return f"{len(a) - 1} lines, before {len(b) - 1}"
