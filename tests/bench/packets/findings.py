"""The results of the rounds, as tables and as a plot: new connections a second, and seconds to add a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from ..plot import canvas
from ..report import drawn, seconds
from ..stats import Samples, ratio
from .balancers import ADDERS, BALANCERS, NONE
from .rounds import ADD, CONNECTION

NAMES = tuple(balancer.name for balancer in BALANCERS)
TITLES = {
    CONNECTION: "New connections a second, and as a part of those without a balancer",
    ADD: "Time to add a service, whole process",
}
COLOURS = {
    NONE.name: "#808080", "IPVS": "#2060a0", "IPVS, tracked": "#60a0d0", "iptables": "#b04030", "nftables": "#409040",
    "ipvsadm": "#60a0d0", "pyipvsadm": "#2060a0",
}  # fmt: skip


def render(samples: Samples, *, markdown: bool = False) -> str:
    """Both tables, each below its title."""
    return "\n".join(
        f"{TITLES[row]}:\n\n{_table(samples, row, names, figure, markdown=markdown)}\n"
        for row, names, figure in ((CONNECTION, NAMES, connections), (ADD, ADDERS, adding))
    )


def connections(samples: Samples, name: str, services: int) -> str:
    """New connections a second, and their ratio to those without a balancer."""
    time, part = samples.time(CONNECTION, name, services), share(samples, name, services)
    if not time or part is None:
        return ""
    return f"{1 / time:,.0f}" + ("" if name == NONE.name else f" ({part:.2f})")


def share(samples: Samples, name: str, services: int) -> float | None:
    """The ratio of the connections of `name` to those without a balancer: the median of the rounds."""
    own, most = (samples.times(CONNECTION, one, services) for one in (name, NONE.name))
    found = ratio(most, own)
    return found.median if found else None


def adding(samples: Samples, name: str, services: int) -> str:
    """The seconds that it takes to add one more service to `services`."""
    return seconds(samples.time(ADD, name, services))


def change(samples: Samples, row: str, name: str) -> float | None:
    """The figure for the most services, divided by the one for the fewest."""
    figure = share if row == CONNECTION else lambda samples, name, size: samples.time(ADD, name, size)
    few, many = (figure(samples, name, size) for size in (samples.sizes[0], samples.sizes[-1]))
    return many / few if few and many else None


def _table(
    samples: Samples, row: str, names: Sequence[str], figure: Callable[[Samples, str, int], str], *, markdown: bool
) -> str:
    table = Table(box=box.MARKDOWN if markdown else box.SIMPLE)
    for title in ("services", *names):
        table.add_column(title, justify="right", no_wrap=True)
    for size in samples.sizes:
        table.add_row(f"{size:,}", *(figure(samples, name, size) for name in names))
    if len(samples.sizes) > 1:
        changes = (change(samples, row, name) for name in names)
        table.add_row("change", *("" if factor is None else f"x {factor:.2f}" for factor in changes))
    return drawn(table).strip("\n")


def draw(samples: Samples, title: str, path: Path) -> None:
    """Write the plot to `path`: a panel each for connections and for adding. Raises ImportError without matplotlib."""
    pyplot = canvas()
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for panel, row, names, label in zip(
        panels,
        (CONNECTION, ADD),
        (NAMES, ADDERS),
        ("new connections a second", "seconds to add a service"),
        strict=True,
    ):
        for name in names:
            points = samples.whole(row, name)
            values = [1 / time if row == CONNECTION else time for time in points.values()]
            panel.plot(list(points), values, label=name, color=COLOURS[name], marker="o", linewidth=1.5)
        panel.set(title=label, xscale="log", yscale="log", xlabel="services")
        panel.set_xticks(samples.sizes, [f"{size:,}" for size in samples.sizes])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
    figure.suptitle(title, fontsize=9)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
