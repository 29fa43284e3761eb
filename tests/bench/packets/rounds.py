"""Measures in the guest: datagrams of new connections by each balancer, and the time to add a service to each.

    python -m tests.bench.packets.rounds CONFIG

CONFIG is JSON: `programs` (name -> command), `sizes` (services), `rounds`, `datagrams` (of a
round), `folder` (in memory; made). It must be root on a machine that does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..driver import filed
from ..samples import Sample, write
from .balancers import BALANCERS, NONE, PORT, SERVER_PORT, Balancer, Program, services
from .network import QUEUE, Network, PacketError

CONNECTION, ADD = "new connection", "add a service"
PROOF = 60  # datagrams that show that all servers get some
FAILURES = (PacketError, OSError, subprocess.SubprocessError)


class Contender:
    """A balancer with `count` services, in a network of its own; the last service is the target."""

    def __init__(self, balancer: Balancer, count: int, config: dict[str, Any]) -> None:
        self.balancer = balancer
        self._count = self._there = count
        self._programs: dict[str, list[str]] = config["programs"]
        self._folder = Path(config["folder"])
        self._services = services(count + config["rounds"] * len(balancer.adders))
        target = self._services[count - 1]
        straight = balancer == NONE
        self._target = (target.servers[0], SERVER_PORT) if straight else (target.address, PORT)
        self._network = Network(self._programs["ip"], target.servers[:1] if straight else target.servers)
        for program in balancer.loads:
            self._run(program, count)
        with self._network.director.entered():
            for name, value in balancer.settings.items():
                Path("/proc/sys/net", name).write_text(value)
        self._network.prove(*self._target, PROOF)
        self._datagrams: int = config["datagrams"]

    def samples(self, number: int) -> Iterator[Sample]:
        """The samples of a round: the seconds for one new connection, and for one more service by each program."""
        seconds = self._network.send(*self._target, self._datagrams) / self._datagrams
        yield Sample(CONNECTION, self.balancer.name, self._count, number, seconds, 0)
        for name, program in self.balancer.adders.items():
            self._there += 1
            yield Sample(ADD, name, self._count, number, self._run(program, self._there), 0)

    def _run(self, program: Program, count: int) -> float:
        """Let `program` read its lines for `count` services; return the seconds. Raises PacketError if it complains."""
        name, *words = program.words
        source, errors = self._folder / "lines", self._folder / "errors"
        source.write_text("".join(program.lines(self._services[:count])))
        with self._network.director.entered():
            seconds, _, _, status = filed([*self._programs[name], *words], str(source), os.devnull, str(errors))
        if status or errors.stat().st_size:
            raise PacketError(f"{name} ended with {status}: {errors.read_text()[:300]}")
        return seconds


def measured(config: dict[str, Any]) -> Iterator[Sample]:
    """The samples of all sizes. Balancers take turns in each round; one that can't be set up is left out.

    Networks stay until the end, since the kernel would take one down while the next is measured.
    """
    kept = []
    for count in config["sizes"]:
        contenders = []
        for balancer in BALANCERS:
            try:
                contenders.append(Contender(balancer, count, config))
            except FAILURES as error:
                yield failed(balancer, count, 0, error)
        kept.append(contenders)
        for number in range(config["rounds"]):
            for contender in contenders:
                try:
                    yield from contender.samples(number)
                except FAILURES as error:
                    yield failed(contender.balancer, count, number, error)


def failed(balancer: Balancer, count: int, number: int, error: Exception) -> Sample:
    """A sample that says why nothing was measured."""
    return Sample(CONNECTION, balancer.name, count, number, 0.0, 1, timed=False, error=str(error))


def main(path: str) -> int:
    config = json.loads(Path(path).read_text())
    Path(config["folder"]).mkdir(parents=True, exist_ok=True)
    QUEUE.write_text(str(config["datagrams"]))  # room for what the sender is ahead of the director
    for sample in measured(config):
        print(write(sample), flush=True)
        print(f"{sample.rules:>6} services, round {sample.pair}: {sample.row:<14} {sample.program:<13}"
              f" {sample.seconds:.6f} s {sample.error}", file=sys.stderr, flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
