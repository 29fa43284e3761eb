"""Runs the steps of the schedule and prints a sample for each: the part that runs where the kernel is.

    python -m tests.bench.driver CONFIG

CONFIG is JSON: `programs` (name -> command), `groups` (those to measure), `sizes` ([rules, pairs] each), `starts`
(pairs of single commands), `comparisons` (pairs of each, by its row), `folder` (in memory; made). It wants to be root
in a network namespace of its own, since it fills and empties the IPVS table; where there is one already, it refuses.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from ..kernel.namespaces import Namespace
from . import comparisons, encode, schedule, tables
from .samples import Sample, first_difference, write
from .schedule import NULL, THEIRS, WATCHED, Step

GNU_TIME = "/usr/bin/time"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
ANSWERS = {schedule.RESTORE: "ack", schedule.LIST: "dump", schedule.CLEAR: "ack"}
EMPTY = hashlib.sha256(b"").hexdigest()[:16]
ERROR_SHOWN = 300  # characters
FILES = (*tables.FILES, "json", "yaml", "saved")  # what steps name, in braces


class Driver:
    """Runs steps in `folder`; `programs` are the commands, by name."""

    def __init__(self, programs: dict[str, list[str]], folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._family = family()
        self._last: dict[str, tuple[str, Path]] = {}  # row -> digest and output of the run before
        self._namespaces = ExitStack()  # all of them, since the kernel would take one down while it is measured

    def prepare(self, rules: int) -> None:
        """Write the files that a table of `rules` rules is measured with."""
        services = tables.table(rules)
        for name, lines in tables.FILES.items():
            self._folder.joinpath(name).write_text("".join(lines(services)))
        for row, writes in (
            (schedule.RESTORE, encode.restore(services, self._family)),
            (schedule.LIST, encode.listing(services, self._family)),
            (schedule.CLEAR, encode.clear(self._family)),
        ):
            self._folder.joinpath(f"null{row}").write_bytes(encode.framed(writes))

    def run(self, step: Step) -> Sample:
        """Run one step; its sample, compared with the program that ran the same row before."""
        if step.restores:
            self.leave()
        output = self._folder / f"out.{step.program}"
        errors, peak = self._folder / "errors", self._folder / "peak"
        command = self._command(step)
        if step.peak:
            command = [GNU_TIME, "-q", "-f", "%M", "-o", str(peak), *command]
        source = str(self._folder / "rules") if step.restores else os.devnull
        timing = piped if step.piped else filed
        seconds, processor, first, status = timing(command, source, str(output), str(errors))
        content = output.read_bytes()
        if step.program in WATCHED and not status:
            seconds = processor = float(content)
        if step.into:
            self._folder.joinpath(step.into).write_bytes(content)
        said = errors.read_text(errors="replace")[:ERROR_SHOWN]
        expected = self._named(step.says)
        digest = hashlib.sha256(content).hexdigest()[:16]
        return Sample(
            step.row, step.program, step.rules, step.pair, seconds, 0 if status in step.ends else status, step.timed,
            peak=int(peak.read_text().split()[-1]) if step.peak else None,
            first=first,
            processor=processor,
            digest=digest,
            error="" if expected and said.startswith(expected) else said or expected,
            difference=self._compare(step, digest, content) if step.compared else "",
        )  # fmt: skip

    def leave(self) -> None:
        """Go to a fresh network namespace, and leave no table behind.

        In one whose table was cleared, the kernel looks for each new server among those that it has deleted in the last
        two minutes, one after the other: of 16,000, that takes several times as long as to add it. And it keeps the
        services of all namespaces in one hash table, through which it looks for each list.
        """
        subprocess.run([*self._programs[THEIRS], schedule.CLEAR], check=True)
        self._namespaces.enter_context(Namespace().entered())

    def _command(self, step: Step) -> list[str]:
        if step.program == NULL and not step.row.startswith(schedule.LEFT):
            return [*self._programs[NULL], str(self._folder / f"null{step.row}"), ANSWERS[step.row]]
        program = THEIRS if step.row.startswith(schedule.LEFT) else step.program
        return [*self._programs[program], *map(self._named, step.arguments)]

    def _named(self, text: str) -> str:
        """`text` with the files that it names."""
        return text.format_map({name: self._folder / name for name in FILES})

    def _compare(self, step: Step, digest: str, content: bytes) -> str:
        """Where the output isn't that of the run before; the null client's own output isn't one."""
        if step.program == NULL and not step.row.startswith(schedule.LEFT):
            return ""
        before = self._last.get(f"{step.row} {step.rules}")
        kept = self._folder / f"kept.{step.row.replace(' ', '')}"
        difference = first_difference(content, kept.read_bytes()) if before and before[0] != digest else ""
        if not before or before[0] != digest:
            kept.write_bytes(content)
        self._last[f"{step.row} {step.rules}"] = (digest, kept)
        return difference


def filed(command: list[str], source: str, output: str, errors: str) -> tuple[float, float, None, int]:
    """Run `command` into files: seconds, those of processors, no time to the first byte, exit status."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, source, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    begin = time.monotonic()
    child = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - begin
    return seconds, usage.ru_utime + usage.ru_stime, None, os.waitstatus_to_exitcode(status)


def piped(command: list[str], source: str, output: str, errors: str) -> tuple[float, float, float, int]:
    """Run `command` into a pipe: seconds, those of processors, seconds to the first byte, exit status."""
    inlet, outlet = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, source, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, outlet, 1),
        (os.POSIX_SPAWN_OPEN, 2, errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    begin = time.monotonic()
    child = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=actions)
    os.close(outlet)
    content = bytearray(os.read(inlet, 1))
    first = time.monotonic() - begin
    while piece := os.read(inlet, 65536):
        content += piece
    os.close(inlet)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - begin
    Path(output).write_bytes(content)
    return seconds, usage.ru_utime + usage.ru_stime, first, os.waitstatus_to_exitcode(status)


def family() -> int:
    """The number of IPVS's generic netlink family in this kernel."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as kernel:  # NETLINK_GENERIC
        kernel.send(encode.family_request("IPVS"))
        return encode.family_number(kernel.recv(65536))


def measure(driver: Driver, steps: Iterable[Step]) -> None:
    """Run `steps`; samples go to stdout, what is going on to stderr."""
    for step in steps:
        sample = driver.run(step)
        print(write(sample), flush=True)
        if sample.timed or sample.difference:
            print(
                f"{step.rules:>6} rules, pair {step.pair}: {step.row:<20} {step.program:<6}"
                f" {sample.seconds:8.3f} s {sample.difference}",
                file=sys.stderr,
                flush=True,
            )


def main(path: str) -> int:
    config = json.loads(Path(path).read_text())
    folder = Path(config["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    driver = Driver(config["programs"], folder)
    if driver.run(schedule.left("nothing", THEIRS, 0, 0)).digest != EMPTY:
        print("there is an IPVS table here already, and measuring would empty it", file=sys.stderr)
        return 1
    driver.leave()  # for one whose `lo` is up: without, the kernel takes no IPv4 address for a unicast one
    groups = config["groups"]
    measure(driver, schedule.starts(config["starts"], groups))
    for rules, pairs in config["sizes"]:
        driver.prepare(rules)
        measure(driver, schedule.tables(rules, pairs, groups))
    for rules, found in groupby(comparisons.chosen(groups), lambda one: one.rules):
        driver.prepare(rules)
        for one in found:
            if pairs := config["comparisons"].get(one.row):
                measure(driver, comparisons.steps(one, pairs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
