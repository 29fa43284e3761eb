"""Medians, ratios of pairs, and the growth: pure arithmetic on samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from .samples import Sample
from .schedule import BARE, LIST, LIST_EMPTY, MEMORY, NULL, OURS, SAVE, START


@dataclass(frozen=True)
class Ratio:
    """The median of the pairs' ratios, and the least and the greatest of them."""

    median: float
    least: float
    greatest: float


class Samples:
    """Samples, to be asked by row, program and size."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.all = list(samples)
        self.sizes = sorted({sample.rules for sample in self.all if sample.rules})

    def of(self, row: str, program: str, rules: int = 0) -> list[Sample]:
        """The samples of `program` in `row` at `rules`. The null client's -Sn is its -Ln."""
        row = LIST if program == NULL and row == SAVE else row
        return [s for s in self.all if (s.row, s.program, s.rules) == (row, program, rules)]

    def times(self, row: str, program: str, rules: int = 0) -> dict[int, float]:
        """The seconds of each pair that counts."""
        return {sample.pair: sample.seconds for sample in self.of(row, program, rules) if sample.timed}

    def time(self, row: str, program: str, rules: int = 0) -> float | None:
        """The median of the seconds; None where there are none."""
        times = self.times(row, program, rules)
        return median(times.values()) if times else None

    def peak(self, row: str, program: str, rules: int = 0) -> float | None:
        """The most memory that a run took, in MiB; None where it wasn't measured."""
        peaks = [sample.peak for sample in self.of(row, program, rules) if sample.peak is not None]
        return max(peaks) / 1024 if peaks else None

    def figures(self, row: str, program: str, rules: int, figure: str) -> dict[int, float]:
        """The `figure` of each pair that counts; memory is in MiB, less that of a bare interpreter."""
        if figure == MEMORY:
            bare, peak = self.peak(START, BARE) or 0.0, self.peak(row, program, rules)
            return {} if peak is None else {0: peak - bare}
        found = {one.pair: getattr(one, figure) for one in self.of(row, program, rules) if one.timed}
        return {pair: value for pair, value in found.items() if value is not None}

    def first(self, row: str, program: str, rules: int) -> float | None:
        """The median of the seconds to the first byte of output."""
        firsts = [s.first for s in self.of(row, program, rules) if s.first is not None and s.timed]
        return median(firsts) if firsts else None

    def own(self, row: str) -> dict[int, float]:
        """Our program's own share of `row` at each size, in seconds: less its start, and less the kernel's part.

        The kernel's part is the null client's time less the bare interpreter's.
        """
        start, kernel = self.time(LIST_EMPTY, OURS) or 0.0, self.kernel(row)
        return {n: time - start - kernel[n] for n, time in self.whole(row, OURS).items() if n in kernel}

    def whole(self, row: str, program: str) -> dict[int, float]:
        """The time of `row` at each size, in seconds: whole processes."""
        return {rules: time for rules in self.sizes if (time := self.time(row, program, rules)) is not None}

    def kernel(self, row: str) -> dict[int, float]:
        """The kernel's share of `row` at each size, in seconds: the null client's time less the interpreter's."""
        bare = self.time(START, BARE) or 0.0
        return {rules: time - bare for rules, time in self.whole(row, NULL).items()}


def ratio(ours: Mapping[int, float], theirs: Mapping[int, float], allowance: float = 0.0) -> Ratio | None:
    """Ours to theirs plus `allowance`, pair by pair; None where no pair is whole."""
    ratios = [ours[pair] / (theirs[pair] + allowance) for pair in ours if pair in theirs]
    return Ratio(median(ratios), min(ratios), max(ratios)) if ratios else None


def exponent(points: Mapping[int, float], noise: float = 0.0) -> float | None:
    """The e of time ~ rules**e, by least squares of the logarithms; None for fewer than two sizes.

    Where `noise` is given, in seconds, a size weighs the less the more its time drowns in that. A share
    that isn't positive, as noise can make a small one, is left out.
    """
    logs = [(math.log(n), math.log(t), t / (t + noise)) for n, t in points.items() if t > 0]
    if len(logs) < 2:
        return None
    total = sum(w for _, _, w in logs)
    x0, y0 = sum(w * x for x, _, w in logs) / total, sum(w * y for _, y, w in logs) / total
    return sum(w * (x - x0) * (y - y0) for x, y, w in logs) / sum(w * (x - x0) ** 2 for x, _, w in logs)
