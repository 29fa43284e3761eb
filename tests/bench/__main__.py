"""`python -m tests.bench`: measure pyipvsadm against ipvsadm on one kernel, and tell.

Writes samples.json, report.md and plot.svg into a folder, and a table to stdout; packets.json, packets.md and
packets.svg of the group `packets`. A run of all sizes also writes its results into tests/bench/README.md and README.md.
The exit status is 1 where the two programs print or leave different things, or something failed, 2 where the benchmark
can't run, and 0 else, whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path

from . import cluster, comparisons, debian, kernels, page, plot, report, schedule
from .packets import balancers, findings, guest
from .qemu import MachineError
from .samples import Sample
from .stats import Samples

SIZES = "1000,5000,20000,100000"
PAIRS = ((1000, 9), (5000, 7), (20000, 5), (10**9, 3))  # up to so many rules, so many pairs
STARTS = 31  # pairs of single commands
CLUSTERS = 5  # pairs of what a cluster has
QUICK = 2  # pairs of all
BUSY = 0.5  # load from others: a guest keeps two processors busy by itself
GROUPS = (*schedule.GROUPS, schedule.PACKETS)
OURS = ".venv/bin/pyipvsadm"
FOLDER = kernels.REPOSITORY / ".bench"


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        "python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", default=SIZES, help="sizes of the tables (%(default)s)")
    parser.add_argument("--pairs", type=int, help="runs of each program (9, 7, 5 and 3, fewer for the larger)")
    parser.add_argument("--only", action="append", choices=GROUPS, help="rows of this group alone; repeatable (all)")
    parser.add_argument("--quick", action="store_true", help="two pairs, only to see that it works")
    parser.add_argument("--ours", default=OURS, help="our program's command (%(default)s)")
    parser.add_argument("--theirs", default="ipvsadm", help="the other's (%(default)s)")
    parser.add_argument(
        "--kernel",
        choices=("auto", "host", "qemu"),
        default="auto",
        help="the running kernel, or Debian's under QEMU (the running one if it has IPVS and we are root)",
    )
    parser.add_argument("--out", type=Path, default=FOLDER / "latest", help="folder for the results (%(default)s)")
    parser.add_argument("--cache", type=Path, default=debian.CACHE, help="folder for Debian's kernel (%(default)s)")
    return parser.parse_args(arguments)


def plan(chosen: argparse.Namespace) -> kernels.Plan:
    """What to measure. Raises debian.MissingError where a program isn't there."""
    sizes = [int(number) for number in chosen.rules.split(",")]
    pairs = QUICK if chosen.quick else chosen.pairs
    groups = chosen.only or GROUPS
    compared = comparisons.chosen(groups, max(sizes))
    needed = set().union(*(one.needs for one in compared))
    debian.require(*sorted(needed & debian.NEEDED.keys()))
    there = {name for name in needed if debian.program(name)}
    return kernels.Plan(
        ours=command(chosen.ours),
        theirs=command(chosen.theirs),
        sizes=[(n, pairs or pairs_of(n)) for n in sizes],
        starts=QUICK if chosen.quick else STARTS,  # which are as quick as they are noisy
        groups=groups,
        comparisons={one.row: pairs or pairs_of(one.size) for one in compared if one.needs <= there},
        lacking={one.row: sorted(one.needs - there) for one in compared if not one.needs <= there},
        others={name: command(name)[0] for name in sorted(there)},
    )


def packet_plan(chosen: argparse.Namespace) -> guest.Plan | None:
    """What to measure of the group `packets`, if anything. Raises debian.MissingError where a program isn't there."""
    most = max(int(number) for number in chosen.rules.split(","))
    sizes = [size for size in (guest.QUICK_SIZES if chosen.quick else guest.SIZES) if size <= most]
    if schedule.PACKETS not in (chosen.only or GROUPS) or not sizes:
        return None
    lines = {"pyipvsadm": chosen.ours, "ipvsadm": chosen.theirs}
    return guest.Plan(
        programs={name: command(lines.get(name, name)) for name in sorted({schedule.IP, *balancers.PROGRAMS})},
        sizes=sizes,
        rounds=1 if chosen.quick else chosen.pairs or guest.ROUNDS,
        datagrams=guest.QUICK_DATAGRAMS if chosen.quick else guest.DATAGRAMS,
    )


def pairs_of(rules: int) -> int:
    """How many pairs a table of `rules` rules is measured in."""
    return next(count for most, count in PAIRS if rules <= most)


def command(text: str) -> list[str]:
    """A command line as words, the first an absolute path. Debian's ipvsadm is a program, elsewhere perhaps a link."""
    first, *rest = shlex.split(text)
    if first in debian.NEEDED:
        debian.require(first)
    found = debian.program(first)
    if found is None:
        raise debian.MissingError(f"no program {first}")
    return [str(Path(found).absolute()), *rest]


def prepare(folder: Path) -> None:
    """Make `folder`; where it's ours, have git ignore it."""
    folder.mkdir(parents=True, exist_ok=True)
    if FOLDER.is_dir():
        FOLDER.joinpath(".gitignore").write_text("*\n")


def is_full(chosen: argparse.Namespace) -> bool:
    """Whether a run is one that the pages show: of all groups and sizes, and of the programs themselves."""
    return not chosen.only and has_all_sizes(chosen)


def has_all_sizes(chosen: argparse.Namespace) -> bool:
    """Whether a run has all sizes of its groups, and the programs themselves."""
    return not chosen.quick and (chosen.rules, chosen.ours, chosen.theirs) == (SIZES, OURS, "ipvsadm")


def tell(outcome: kernels.Outcome, objects: tuple[list[Sample], int], out: Path, *, full: bool) -> int:
    """Write the results into `out` and to stdout, and those of a `full` run into the pages; the exit status.

    `objects` are the samples of a large cluster, and its file's size.
    """
    samples = Samples(outcome.samples)
    rows = [*report.rows(samples), *report.cluster_rows(Samples(objects[0]), objects[1])]
    content = {"facts": outcome.facts, "samples": [asdict(s) for s in samples.all], "rows": [asdict(r) for r in rows]}
    out.joinpath("samples.json").write_text(json.dumps(content, indent=1) + "\n")
    out.joinpath("report.md").write_text(report.render(rows, outcome.facts, markdown=True))
    try:
        if all(samples.whole(row, schedule.OURS) for row in plot.ROWS):
            plot.draw(samples, outcome.facts[0], out / "plot.svg")
    except ImportError:
        print("no plot: `pip install matplotlib` into this environment", file=sys.stderr)
    width = shutil.get_terminal_size((report.WIDTH, 0)).columns if sys.stdout.isatty() else report.WIDTH
    print(report.render(rows, outcome.facts, width=width))
    wrong = report.problems([*samples.all, *objects[0]])
    for line in wrong:
        print(line, file=sys.stderr)
    print("THE PROGRAMS DIFFER, OR ONE FAILED: see above." if wrong else "Both programs printed and left the same.")
    print(f"Raw figures, table and plot: {out}")
    if full and not wrong:
        page.write(rows, outcome.facts, out / "plot.svg")
        print("Results written into tests/bench/README.md, README.md and man/pictures/speed.svg.")
    return 1 if wrong else 0


def tell_packets(outcome: kernels.Outcome, out: Path, *, full: bool) -> int:
    """Write the results of the group `packets` as `tell` does those of the others; the exit status."""
    samples = Samples(outcome.samples)
    content = {"facts": outcome.facts, "samples": [asdict(s) for s in samples.all]}
    out.joinpath("packets.json").write_text(json.dumps(content, indent=1) + "\n")
    tables = findings.render(samples, markdown=True)
    out.joinpath("packets.md").write_text(tables)
    print(*outcome.facts, "", findings.render(samples), sep="\n")
    wrong = report.problems(samples.all)
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        with suppress(ImportError):  # of which `tell` speaks
            findings.draw(samples, outcome.facts[0], out / "packets.svg")
    if full and not wrong:
        page.write_packets(tables, outcome.facts, out / "packets.svg")
        print("Results written into tests/bench/README.md and man/pictures/packets.svg.")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    chosen = options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a guest is ended too
    load = os.getloadavg()[0]
    circumstances = [
        f"{date.today():%d %B %Y}, `python -m tests.bench {shlex.join(arguments)}`".lstrip("0"),
        f"load of the machine before: {load:.1f}" + (" - TOO BUSY FOR GOOD FIGURES" if load > BUSY else ""),
    ]
    status = 0
    try:
        todo, packets = plan(chosen), packet_plan(chosen)
        prepare(chosen.out)
        if {*todo.groups} != {schedule.PACKETS}:
            on_host = chosen.kernel == "host" or (chosen.kernel == "auto" and kernels.host_has_ipvs())
            outcome = kernels.on_host(todo) if on_host else kernels.in_qemu(todo, chosen.cache)
            outcome.facts.extend(circumstances)
            outcome.facts.extend(f"not run: {row}, without {', '.join(names)}" for row, names in todo.lacking.items())
            clusters = QUICK if chosen.quick else CLUSTERS
            objects = cluster.measured(todo.ours, clusters) if schedule.DOCUMENTS in todo.groups else ([], 0)
            status = tell(outcome, objects, chosen.out, full=is_full(chosen))
        if packets:
            outcome = guest.measured(packets, todo.python, chosen.cache)
            outcome.facts.append(circumstances[0])
            status |= tell_packets(outcome, chosen.out, full=has_all_sizes(chosen))
    except (debian.MissingError, MachineError) as error:
        print(error, file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
