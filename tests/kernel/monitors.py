"""Programs that watch: our listener, node_exporter and Prometheus, each as a process in a network namespace."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .namespaces import Namespace

PATIENCE = 60  # seconds: sandboxes are slow
NEEDED = {"prometheus": "prometheus", "prometheus-node-exporter": "prometheus-node-exporter"}
missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
needs_monitors = pytest.mark.skipif(bool(missing), reason=f"install {' '.join(missing)} (Debian's names)")
ROOT = Path(__file__).parents[2]


class Monitor:
    """A process that answers HTTP at `port`, and what it writes on stderr."""

    def __init__(self, namespace: Namespace, folder: Path, words: list[str], **variables: str) -> None:
        self.namespace = namespace
        self.port = 0
        self._log = folder / f"{Path(words[0]).name}-{time.monotonic_ns()}.log"
        with namespace.entered(), self._log.open("wb") as log:
            environment = {**os.environ, **variables}
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text(errors="replace")

    def get(self, path: str, **headers: str) -> bytes:
        """What it answers. Raises OSError, where the status isn't 200 too."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with self.namespace.entered(), urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def until_it_answers(self, path: str) -> None:
        """Wait for it."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.get(path)
                return
            except OSError:
                assert self.process.poll() is None, self.log
                assert time.monotonic() < until, self.log
                time.sleep(0.2)


def ours(namespace: Namespace, folder: Path, *words: str, **variables: str) -> Monitor:
    """Our listener."""
    program = [sys.executable, "-m", "pyipvsadm", "metrics", "--listen", "127.0.0.1:0", *words]
    monitor = Monitor(namespace, folder, program, **variables)
    until = time.monotonic() + PATIENCE
    while not (found := re.search(r"listening at http://127.0.0.1:(\d+)/metrics\n", monitor.log)):
        assert monitor.process.poll() is None, monitor.log
        assert time.monotonic() < until, monitor.log
        time.sleep(0.1)
    monitor.port = int(found[1])
    return monitor


def node_exporter(namespace: Namespace, folder: Path, *words: str, port: int = 9100) -> Monitor:
    """Debian's prometheus-node-exporter, with its ipvs collector alone."""
    flags = ["--collector.disable-defaults", "--collector.ipvs", "--web.disable-exporter-metrics"]
    program = ["prometheus-node-exporter", *flags, f"--web.listen-address=127.0.0.1:{port}", *words]
    monitor = Monitor(namespace, folder, program, GOMAXPROCS="1")
    monitor.port = port
    monitor.until_it_answers("/")
    return monitor


class Prometheus(Monitor):
    """Debian's prometheus, which scrapes `targets` by their jobs every second."""

    def __init__(self, namespace: Namespace, folder: Path, targets: Mapping[str, int]) -> None:
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in targets.items()
        ]
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
        path = folder / "prometheus.json"  # which is YAML, too
        path.write_text(json.dumps(config))
        words = ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder / 'data'}"]
        super().__init__(namespace, folder, [*words, "--web.listen-address=127.0.0.1:9090"])
        self.port = 9090
        self.until_it_answers("/-/ready")
        until = time.monotonic() + PATIENCE
        while not self.query(f"count(up == 1) == {len(targets)}"):
            assert time.monotonic() < until, self.log
            time.sleep(0.5)

    def query(self, expr: str) -> dict[frozenset[tuple[str, str]], float]:
        """The answer to `expr`, by the labels but those of the scrape."""
        data: Any = json.loads(self.get(f"/api/v1/query?{urllib.parse.urlencode({'query': expr})}"))
        own = ("__name__", "job", "instance")
        return {
            frozenset((name, label) for name, label in row["metric"].items() if name not in own): float(row["value"][1])
            for row in data["data"]["result"]
        }
