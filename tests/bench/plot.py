"""The plot of time against rules, as SVG.

By matplotlib: both axes are logarithmic, which pygal does for one alone, and to lay out ticks and a legend by
hand would take more lines than this module has. It's a development dependency, and imported only here.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from .schedule import LIST, NULL, OURS, RESTORE, SAVE, THEIRS
from .stats import Samples

ROWS = (RESTORE, LIST, SAVE)
COLOURS = {THEIRS: "#b04030", OURS: "#2060a0", NULL: "#808080"}
LABELS = {THEIRS: "ipvsadm", OURS: "pyipvsadm", NULL: "null client (the kernel's share)"}
MARKERS = {THEIRS: "s", OURS: "o", NULL: "x"}


def draw(samples: Samples, title: str, path: Path) -> None:
    """Write the plot to `path`: a panel each for -R, -Ln and -Sn. Raises ImportError without matplotlib."""
    pyplot = canvas()
    figure, panels = pyplot.subplots(1, 3, figsize=(11, 4), sharey=True, layout="constrained")
    for panel, row in zip(panels, ROWS, strict=True):
        for program in (THEIRS, OURS, NULL):
            points = samples.whole(row, program)
            panel.plot(
                list(points),
                list(points.values()),
                label=LABELS[program],
                color=COLOURS[program],
                marker=MARKERS[program],
                linewidth=1.5,
            )
        panel.set(title=row, xscale="log", yscale="log", xlabel="rules")
        panel.set_xticks(samples.sizes, [f"{n:,}" for n in samples.sizes])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("seconds, whole process")
    panels[0].legend(loc="upper left", frameon=False)
    figure.suptitle(title, fontsize=9)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def canvas() -> ModuleType:
    """matplotlib.pyplot, which draws the same bytes for the same figures. Raises ImportError without matplotlib."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "pyipvsadm", "font.size": 9})
    from matplotlib import pyplot

    return pyplot
