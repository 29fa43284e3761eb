"""Runs of keepalived and ldirectord with random files: the table of each is held against what we read in its file.

pyipvsadm sandbox --memory 1G --timeout 36000 -- python -m tests.kernel.programs keepalived --seed 7 --number 300
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from pyipvsadm.documents import keepalived, ldirectord, rules_format
from pyipvsadm.documents.formats import Inputs
from pyipvsadm.kernel import Kernel
from pyipvsadm.model import Table
from pyipvsadm.table.assembly import Assembly

from .configurations import Keepalived
from .ldirectord_files import Ldirectord
from .namespaces import Namespace

AT_ONCE = 4
LOOK_EVERY = 0.05  # seconds
SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
EQUAL = "equal"


class Program(NamedTuple):
    """A program: how its files are written and read, how it starts with one, and how long its table takes."""

    name: str
    write: Callable[[Random], str]
    read: Callable[[str, Assembly], object]
    command: Callable[[Path], list[str]]
    patience: float
    steady: float


def keepalived_command(file: Path) -> list[str]:
    """The command that starts keepalived with `file`."""
    pids = [f"-{letter}{file.parent}/{letter}.pid" for letter in "pcrb"]
    return ["keepalived", "-n", "-l", "-D", "-C", "-i", "sandbox", "-f", str(file), *pids]


PROGRAMS = {
    "keepalived": Program(
        "keepalived",
        lambda random: Keepalived(random).text(),
        lambda text, assembly: keepalived.read(text, assembly, Inputs(options=keepalived.Options(id="sandbox"))),
        keepalived_command,
        8,
        0.6,
    ),
    "ldirectord": Program(
        "ldirectord",
        lambda random: Ldirectord(random).text(),
        lambda text, assembly: ldirectord.read(text, assembly, Inputs()),
        lambda file: ["ldirectord", "-d", str(file), "start"],
        200,
        3,
    ),
}


class Run:
    """A run of a program with a random file, and what we read in that."""

    def __init__(self, program: Program, seed: int, folder: Path) -> None:
        self.program, self.seed = program, seed
        self.text = program.write(Random(seed))
        folder.mkdir()
        self.file = folder / f"{seed}.conf"
        self.file.write_text(self.text)
        self.wanted = self._wanted()
        self.namespace = Namespace()
        self.log = (folder / "log").open("w+")
        with self.namespace.entered():
            environment = {**os.environ, "PATH": SYSTEM}
            self.process = subprocess.Popen(
                program.command(self.file),
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        self.end = time.monotonic() + program.patience
        self.equal_since: float | None = None
        self.found: list[str] | None = None

    def _wanted(self) -> list[str] | None:
        assembly = Assembly()
        self.program.read(self.text, assembly)
        self.problems = assembly.problems
        return None if assembly.problems else spelled(assembly.table())

    def verdict(self) -> str:
        """What is known by now: nothing yet, that both are equal, or how they differ. A program that ends has None."""
        held = self._held()
        status = self.process.poll()
        self.found = held if status is None else None
        now = time.monotonic()
        if self.found == self.wanted:
            self.equal_since = self.equal_since or now
            return EQUAL if status is not None or now > self.equal_since + self.program.steady else ""
        self.equal_since = None
        if status is None and now < self.end:
            return ""
        reasons = [problem.message for problem in self.problems]
        return f"ours {self.wanted} {reasons}\ntheirs {self.found}, status {status}"

    def _held(self) -> list[str]:
        with self.namespace.entered():
            return spelled(Kernel.open().table())

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.namespace.close()
        self.log.close()


def spelled(table: Table) -> list[str]:
    """The rules of a table, sorted."""
    return sorted(line for piece in rules_format.pieces(table.replace(timeouts=None)) for line in piece.splitlines())


def compared(program: Program, seeds: Iterable[int], folder: Path) -> Iterator[tuple[Run, str]]:
    """Run `program` with the file of each seed, a few at a time: each run with its verdict."""
    waiting = iter(seeds)
    runs: list[Run] = []
    more = True
    while more or runs:
        while more and len(runs) < AT_ONCE:
            seed = next(waiting, None)
            more = seed is not None
            if seed is not None:
                runs.append(Run(program, seed, folder / str(seed)))
        for run in list(runs):
            if verdict := run.verdict():
                yield run, verdict
                run.close()
                runs.remove(run)
        time.sleep(LOOK_EVERY)


def told(run: Run, verdict: str) -> str:
    """A difference with the file and the end of the program's log."""
    log = Path(run.log.name).read_text(errors="replace")
    return f"=== {run.seed}\n{run.text}--- {verdict}\n--- log\n{log[-1800:]}"


def main() -> int:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, default=100)
    given = parser.parse_args()
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        for run, verdict in compared(
            PROGRAMS[given.program], range(given.seed, given.seed + given.number), Path(folder)
        ):
            if verdict != EQUAL:
                differing += 1
                print(told(run, verdict), flush=True)
    print(f"{given.number} files, {differing} differ")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
