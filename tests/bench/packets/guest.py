"""The group `packets` from outside: boots Debian's kernel for it, whatever the running kernel has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import debian
from ..kernels import FIXED, Outcome, boxed, extensions, guest
from ..qemu import Machine, MachineError
from ..samples import Sample, read
from .balancers import NONE, SERVERS
from .rounds import CONNECTION

SIZES, ROUNDS, DATAGRAMS = (10, 100, 1000, 5000), 2, 10000  # counted instructions hardly differ between rounds
QUICK_SIZES, QUICK_DATAGRAMS = (10, 100), 1000
MODULES = (
    "ip_vs", "ip_vs_rr", "veth", "pktgen", "nf_nat", "iptable_nat", "xt_nat", "xt_MASQUERADE", "xt_statistic",
    "xt_comment", "xt_mark", "xt_tcpudp", "nf_tables", "nft_chain_nat", "nft_nat", "nft_masq", "nft_numgen",
)  # fmt: skip
ROOM = ("ip_vs.conn_tab_bits=18", "nf_conntrack.hashsize=262144")  # equal, for the connections of all rounds
COUNTED = ("-icount", "shift=0,sleep=off")  # the guest's clock goes on by a nanosecond with each instruction
PATIENCE = 0.1  # seconds for each service and round; then the guest is given up


@dataclass(frozen=True)
class Plan:
    """What to measure, and the `programs` for it, each a command; `sizes` are numbers of services."""

    programs: Mapping[str, Sequence[str]]
    sizes: Sequence[int]
    rounds: int
    datagrams: int

    def config(self, folder: str) -> str:
        """The configuration of `rounds`; it works in `folder`."""
        return json.dumps({
            "programs": {name: [*command] for name, command in self.programs.items()},
            "sizes": [*self.sizes],
            "rounds": self.rounds,
            "datagrams": self.datagrams,
            "folder": folder,
        })  # fmt: skip


def measured(plan: Plan, python: str, cache: Path) -> Outcome:
    """The samples. If the guest fails, one sample says so, since other groups have been measured before."""
    kernel = debian.kernel(cache)
    options = (*FIXED, *ROOM)
    machine = Machine(kernel, processors=1, accelerator="tcg,thread=single", clock=COUNTED, boot_options=options)
    try:
        result = boxed(
            machine, "tests.bench.packets.rounds", plan.config("/tmp/packets"),
            [command[0] for command in plan.programs.values()], python,
            modules=MODULES, folders=extensions(),
            timeout=300 + PATIENCE * plan.rounds * sum(plan.sizes),
        )  # fmt: skip
    except MachineError as error:
        return Outcome([Sample(CONNECTION, NONE.name, 0, 0, 0.0, 1, timed=False, error=str(error))], [])
    return Outcome(list(read(result.stdout.decode().splitlines())), [
        guest(kernel, result, "1 processor"),
        "a second is 10^9 instructions of its processor: its clock counts them, whatever the host is busy with",
        f"{versions(plan.programs)}; every service has {SERVERS} servers, and the last one is the target",
        f"{plan.rounds} rounds, in which the balancers take turns; {plan.datagrams:,} new connections in each:"
        " UDP datagrams of 60 bytes, each from a port of its own, all of which arrived; medians",
    ])  # fmt: skip


def versions(programs: Mapping[str, Sequence[str]]) -> str:
    """The versions of the programs that no other group measures."""
    told = (
        subprocess.run([*programs[name], "--version"], capture_output=True, text=True).stdout.strip()
        for name in ("iptables-legacy-restore", "nft")
    )
    return "; ".join(told)
