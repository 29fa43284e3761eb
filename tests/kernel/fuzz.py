"""The differential fuzzer: random commands through both programs, and what differs, made small.

pyipvsadm sandbox --timeout 36000 -- python -m tests.kernel.fuzz --commands 50000 --seed 7
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple

from .commands import Maker, Step
from .comparison import compared, patiently, tables
from .directors import Director, InProcess, ipvsadm, stop_daemons
from .hosts import lay_names
from .namespaces import Namespace

SEQUENCE = 40  # steps on one table
LISTS = re.compile(r"-[LlS]|--list|--save")  # how a line begins that changes nothing

Program = Callable[[Namespace], Director]


class Difference(NamedTuple):
    """The step after which something differs, and what."""

    index: int
    what: str


@contextmanager
def two_namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    """A fresh one for each program."""
    both = Namespace(), Namespace()
    try:
        yield both
    finally:
        for namespace in both:
            stop_daemons(namespace)
            namespace.close()


def difference(steps: list[Step], ours: Callable[[Namespace], Director] = InProcess) -> Difference | None:
    """Where the two programs part, if they do."""
    with two_namespaces() as (one, other):
        here, there, visiting = ours(one), ipvsadm(other), ours(other)
        for index, step in enumerate(steps):
            if step.words and LISTS.match(step.words[0]):
                # Each namespace has its own order of services where nothing sorts them, so it's the same for both.
                what = patiently(lambda: _answers_differ(step, visiting, there))  # noqa: B023
            else:
                what = _answers_differ(step, here, there)
            if what or (what := tables(here, there)):
                return Difference(index, what)
            if any("daemon" in word for word in step.words):
                time.sleep(0.02)  # the kernel is at work on it: the comparison waits for that
    return None


def _answers_differ(step: Step, ours: Director, theirs: Director) -> str:
    b = theirs(step.words, step.stdin)
    a = ours(step.words, step.stdin)
    unsorted = "--nosort" in step.words
    return compared(a, b, unsorted=unsorted) and compared(a, b, theirs.table())


def shrunk(steps: list[Step], found: Difference, ours: Program = InProcess) -> tuple[list[Step], Difference]:
    """The steps without what isn't needed for a difference: whole steps, lines of a restore, words."""
    steps = steps[: found.index + 1]
    for size in (16, 8, 4, 2, 1):
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if fewer and (still := difference(fewer, ours)):
                steps, found = fewer[: still.index + 1], still
            else:
                at += size
    for index in range(len(steps)):
        steps, found = _shrunk_step(steps, found, index, ours)
    return steps, found


def _shrunk_step(steps: list[Step], found: Difference, index: int, ours: Program) -> tuple[list[Step], Difference]:
    for field in ("words", "stdin"):
        at = 0
        while True:
            step = steps[index]
            parts = step.words if field == "words" else step.stdin.splitlines(True)
            if at >= len(parts):
                break
            fewer = parts[:at] + parts[at + 1 :]
            smaller = step._replace(**{field: fewer if field == "words" else b"".join(fewer)})
            attempt = [*steps[:index], smaller, *steps[index + 1 :]]
            still = difference(attempt, ours)
            if still and still.index == len(steps) - 1:
                steps, found = attempt, still
            else:
                at += 1
    return steps, found


def script(steps: list[Step]) -> str:
    """A shell script that does `steps`, with the program as its argument."""
    lines = ["#!/bin/bash", 'P="${1:-ipvsadm}"  # the program: ipvsadm or pyipvsadm']
    for step in steps:
        line = '"$P" ' + " ".join(map(_quoted, step.words))
        if step.stdin:
            line = f"printf %b {_quoted(_escaped(step.stdin))} | {line}"
        lines.append(line)
    return "\n".join([*lines, '"$P" -Sn', ""])


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    raw = word.encode("utf-8", "surrogateescape")
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in raw) + "'"


def _escaped(raw: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b"\\" else "\\n" if b == 10 else f"\\0{b:03o}" for b in raw)


def sequence(seed: object, number: int, length: int = SEQUENCE) -> list[Step]:
    """The steps of one sequence."""
    maker = Maker((seed, number))
    return [maker.step() for _ in range(length)]


def failure(steps: list[Step], found: Difference, ours: Program = InProcess) -> str:
    """What to tell about a difference: the script that shows it, and how it differs."""
    steps, found = shrunk(steps, found, ours)
    return f"{script(steps)}\n# {steps[found.index].words}\n{found.what}"


def main() -> int:
    """Run until so many commands are through or, but for --keep-going, something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.kernel.fuzz", description=__doc__)
    parser.add_argument("--commands", type=int, default=2000)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--keep-going", action="store_true", help="show all that differs, not only the first")
    given = parser.parse_args()
    lay_names()
    done = failed = 0
    started = time.monotonic()
    for number in count():
        if done >= given.commands:
            break
        steps = sequence(given.seed, number)
        done += len(steps)
        if found := difference(steps):
            failed += 1
            print(f"--- seed {given.seed}, sequence {number}\n{failure(steps, found)}", flush=True)
            if not given.keep_going:
                break
        if number % 25 == 24:
            print(f"{done} commands, {failed} differ, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(f"seed {given.seed}: {done} commands, {failed} sequences differ, {time.monotonic() - started:.0f} s")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
