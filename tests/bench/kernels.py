"""The two kernels that the driver may run on: the running one, or Debian's under QEMU."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import box, comparisons, debian, schedule, tables
from .cluster import LOADED
from .driver import GNU_TIME
from .qemu import Machine, MachineError, Result
from .samples import Sample, read

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
MODULES = (
    "ip_vs",
    *(f"ip_vs_{name}" for name in tables.SCHEDULERS),
    "dummy",
    "nf_tables",
    "nf_conntrack",
    "iptable_filter",
)
PATIENCE = 0.02  # seconds a rule and pair, above which a guest is given up; ten times what it took
HOLDS = "import sys; held = open(sys.argv[1], 'rb').read()"
FIXED = ("norandmaps",)  # QEMU 7 knows code by its address: with random ones it would translate each start anew
EXTENSIONS = "usr/lib/*/xtables"  # of iptables, which loads them by name
BOX = "/run/box"
IN_BOX = """
mkdir {box} && mount -t tmpfs -o size=80% box {box} || exit 1
tar -x -b 1024 -f {archive} -C {box} || exit 1  # busybox's own tar takes five times as long
for folder in dev proc sys; do mount --rbind /$folder {box}/$folder || exit 1; done
exec busybox chroot {box} {python} -m {module} {config}
"""


@dataclass(frozen=True)
class Plan:
    """What to measure: the commands of both programs, `sizes` as (rules, pairs), and pairs of single commands.

    Of `groups` alone. `comparisons` has the pairs of each, by its row; `others` are programs that they run as well;
    `lacking` has those that aren't there, by the rows that can't be run without.
    """

    ours: Sequence[str]
    theirs: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    starts: int
    groups: Sequence[str] = schedule.GROUPS
    comparisons: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def python(self) -> str:
        """The interpreter of our program; this one where that is no Python."""
        found = box.interpreter(self.ours[0]) or self.ours[0]
        return found if Path(found).name.startswith("python") else sys.executable

    @property
    def work(self) -> int:
        """About how many rules all runs go through."""
        compared = sum(one.size * self.comparisons.get(one.row, 0) for one in comparisons.COMPARISONS)
        return compared + sum(rules * pairs for rules, pairs in self.sizes)

    @property
    def programs(self) -> dict[str, list[str]]:
        """The command of each program of `schedule`."""
        bare, watcher = [self.python, "-I"], [self.python, "-I", str(HERE / "watcher.py")]
        others = {name: [path] for name, path in self.others.items()}
        if exporter := others.get(schedule.EXPORTER):
            others[schedule.EXPORTER] = [*watcher, schedule.SCRAPES, *exporter]
        return {
            schedule.OURS: [*self.ours],
            schedule.THEIRS: [*self.theirs],
            schedule.BARE: [*bare, "-c", "pass"],
            schedule.NULL: [*bare, str(HERE / "null.py")],
            schedule.LOADS: [*bare, "-c", LOADED],
            schedule.HELD: [*bare, "-c", HOLDS],
            schedule.CLIENTS: [*bare, str(HERE / "clients.py")],
            schedule.ALONE: [*others.get(schedule.TASKSET, ()), "-c", "0", *self.ours],
            **{kind: [*watcher, kind, *self.ours] for kind in (schedule.SCREENS, schedule.LINES, schedule.SCRAPES)},
            **others,
        }

    def config(self, folder: str) -> str:
        """The driver's configuration; it works in `folder`."""
        return json.dumps({
            "programs": self.programs,
            "groups": [*self.groups],
            "comparisons": {**self.comparisons},
            "sizes": self.sizes,
            "starts": self.starts,
            "folder": folder,
        })  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """The samples, and a line each about the machine, the kernel, and what was done to be fair."""

    samples: list[Sample]
    facts: list[str]


def host_has_ipvs() -> bool:
    """Whether the running kernel will do: it has IPVS, and we are root."""
    if os.geteuid() != 0:
        return False
    if modprobe := debian.program("modprobe"):
        subprocess.run([modprobe, "--quiet", "--all", *MODULES], stderr=subprocess.DEVNULL)
    return Path("/proc/net/ip_vs").exists()


def on_host(plan: Plan) -> Outcome:
    """Run the driver on the running kernel, in a network namespace of its own."""
    debian.require("unshare", "time")
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory_folder()) as name:
        config = Path(name, "config")
        config.write_text(plan.config(name))
        command = [str(debian.program("unshare")), "--net", plan.python, "-m", "tests.bench.driver", str(config)]
        done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise MachineError(f"the driver failed: status {done.returncode}")
    return Outcome(list(read(done.stdout.splitlines())), [
        f"kernel {platform.release()}, the running one, in a network namespace of its own; {processor()}",
        "programs' output to files in memory; a fresh network namespace for each table; the first pair of small sizes"
        " warms up and isn't counted",
    ])  # fmt: skip


def in_qemu(plan: Plan, cache: Path) -> Outcome:
    """Run the driver in Debian's kernel under QEMU."""
    debian.require("time")
    kernel = debian.kernel(cache)
    timeout = 300 + PATIENCE * plan.work
    programs = [plan.ours[0], plan.theirs[0], *plan.others.values(), GNU_TIME]
    result = boxed(
        Machine(kernel, boot_options=FIXED), "tests.bench.driver", plan.config("/tmp/bench"), programs, plan.python,
        modules=MODULES, timeout=timeout, folders=extensions(),
    )  # fmt: skip
    return Outcome(list(read(result.stdout.decode().splitlines())), [
        guest(kernel, result, "2 processors"),
        "programs, interpreter and output in the guest's memory, none over 9p; no address randomisation;"
        " a fresh network namespace for each table; the first pair of small sizes warms up and isn't counted",
    ])  # fmt: skip


def boxed(
    machine: Machine,
    module: str,
    config: str,
    programs: Sequence[str],
    python: str,
    *,
    modules: Sequence[str],
    timeout: float,
    folders: Sequence[Path] = (),
) -> Result:
    """Run our `module` on `config` in `machine`, from a copy of it, of `programs` and of `folders` in its memory.

    Raises MachineError where it fails.
    """
    debian.require("qemu-system-x86_64", "busybox")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        file, archive = Path(name, "config"), Path(name, "box.tar")
        file.write_text(config)
        needed = [REPOSITORY / "pyipvsadm", HERE, HERE.parent / "kernel", Path(name), *folders]
        box.archive(archive, programs, [python], [folder for folder in needed if folder.is_dir()])
        result = machine.run(
            ["sh", "-c", IN_BOX.format(box=BOX, archive=archive, python=python, module=module, config=file)],
            modules=modules,
            environment={"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=timeout,
            progress=sys.stderr.write,
        )
    if result.status:
        raise MachineError(f"{module} failed in the guest: {result.stderr.decode()[-2000:]}")
    return result


def extensions() -> list[Path]:
    """The folders with the extensions of iptables."""
    return [*Path("/").glob(EXTENSIONS)]


def guest(kernel: Path, result: Result, processors: str) -> str:
    """What kernel ran where, in words."""
    return (
        f"kernel {debian.version(kernel)} (Debian), under QEMU's software emulation (TCG), {processors},"
        f" booted in {result.boot:.0f} s; {processor()}"
    )


def processor() -> str:
    """The host's processor, in words."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{os.cpu_count()} x {line.partition(':')[2].strip()}"
    return platform.machine()


def memory_folder() -> str | None:
    """A folder in memory, if there is one."""
    return "/dev/shm" if os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > 2**26 else None
