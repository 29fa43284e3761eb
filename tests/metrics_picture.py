"""The README's picture of metrics: a real scrape of a director, from which a server leaves, and comes back.

`make pictures` runs this in a sandbox: Debian's prometheus scrapes our listener, and its answer is plotted.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from . import demo
from .bench.plot import canvas

STEADY, AWAY = 24, 20  # seconds before a server leaves and after it came back; and between the two
PROMETHEUS = "http://127.0.0.1:9090"
RATE = 'rate(ipvs_backend_connections_total{local_port="80"}[6s])'
COLOURS = ("#2060a0", "#b04030")
Points = dict[str, list[tuple[float, float]]]  # of each server: seconds, connections a second


def record() -> Points:
    """What Prometheus says of new connections while a server leaves and comes back."""
    leaving = demo.SERVERS["server2"][0]
    with tempfile.TemporaryDirectory() as folder:
        words = ["pyipvsadm", "metrics", "--listen", "127.0.0.1:0"]
        listener = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        target = re.search(r"127\.0\.0\.1:\d+", listener.stderr.readline())[0]
        config = Path(folder) / "prometheus.json"
        job = {"job_name": "pyipvsadm", "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}
        config.write_text(json.dumps({"scrape_configs": [job]}))
        flags = [f"--config.file={config}", f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:9090"]
        prometheus = subprocess.Popen(["prometheus", *flags], stderr=subprocess.DEVNULL)
        try:
            while not _answers("/-/ready"):
                time.sleep(0.5)
            time.sleep(10)
            start = time.time()
            time.sleep(STEADY)
            subprocess.run(["pyipvsadm", "drain", leaving], check=True, stdout=subprocess.DEVNULL)
            time.sleep(AWAY)
            subprocess.run(["pyipvsadm", "undrain", leaving], check=True, stdout=subprocess.DEVNULL)
            time.sleep(STEADY)
            return _points(start, time.time())
        finally:
            for one in (prometheus, listener):
                one.terminate()
                one.wait()


def _answers(path: str) -> bool:
    try:
        with urllib.request.urlopen(PROMETHEUS + path, timeout=5):
            return True
    except OSError:
        return False


def _points(start: float, end: float) -> Points:
    asked = urllib.parse.urlencode({"query": RATE, "start": start, "end": end, "step": 1})
    with urllib.request.urlopen(f"{PROMETHEUS}/api/v1/query_range?{asked}", timeout=60) as answer:
        data: Any = json.load(answer)
    return {
        row["metric"]["remote_address"]: [(at - start, float(value)) for at, value in row["values"]]
        for row in data["data"]["result"]
    }


def draw(path: Path) -> None:
    """Write the plot to `path`."""
    pyplot = canvas()
    figure, panel = pyplot.subplots(figsize=(8, 2.8), layout="constrained")
    for colour, (server, points) in zip(COLOURS, sorted(record().items()), strict=True):
        panel.plot(*zip(*points, strict=True), label=server, color=colour, linewidth=1.5)
    panel.axvspan(STEADY, STEADY + AWAY, color="#808080", alpha=0.15)
    panel.text(STEADY + AWAY / 2, 0, "drained", ha="center", va="bottom", color="#606060")
    panel.set(title=RATE, xlabel="seconds", ylabel="connections / s", ylim=(0, None), xlim=(0, None))
    panel.grid(alpha=0.3)
    panel.legend(loc="upper left", frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
