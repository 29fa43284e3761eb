"""Runs the kernel tests of one pytest session in one sandbox, and brings their reports home.

The outer session picks the tests, boots the sandbox while it runs the others, and then replays
each test's reports as if it had run it itself. The inner session is told by ENVIRONMENT where to
write its reports: a line of JSON each.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = "PYIPVSADM_KERNEL_TESTS"  # inside: the folder of the list of tests and of the reports
SELECTED, REPORTS, OUTPUT = "selected.json", "reports.jsonl", "output.txt"
TIMEOUT = 1800  # seconds, for all kernel tests together: many times what they take
LOOK_EVERY = 0.05  # seconds
NEEDED = {  # what a sandbox takes, and ipvsadm, which is compared with
    "linux.uml": "user-mode-linux",
    "modprobe": "kmod",
    "ipvsadm": "ipvsadm",
    "ip": "iproute2",
}
TAIL = 4000  # characters of an inner session's output that are shown when it died


def missing(platform: str = sys.platform, which: Callable[..., str | None] = shutil.which) -> str:
    """Why there can be no sandbox here; empty if there can be one."""
    if platform != "linux":
        return "they need Linux"
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    packages = [package for program, package in NEEDED.items() if not which(program, path=path)]
    return f"install {' '.join(packages)} (Debian's names)" if packages else ""


class Reports:
    """The reports of an inner session, read from `lines` as they come, and handed out by test."""

    def __init__(self, lines: Callable[[], Iterable[str]]) -> None:
        self._lines = lines
        self._found: dict[str, list[dict[str, Any]]] = {}

    def of(self, test: str) -> list[dict[str, Any]] | None:
        """All reports of `test`, the last of which is of its teardown; None while one is missing."""
        for line in self._lines():
            report = json.loads(line)
            if isinstance(report["longrepr"], list):  # JSON has no tuples, and pytest wants one here
                report["longrepr"] = tuple(report["longrepr"])
            self._found.setdefault(report["nodeid"], []).append(report)
        reports = self._found.get(test, [])
        return reports if reports and reports[-1]["when"] == "teardown" else None

    def unfinished(self, test: str) -> list[dict[str, Any]]:
        """What there is of a test that never came to its end."""
        return self._found.get(test, [])


def complete_lines(path: Path) -> Callable[[], Iterator[str]]:
    """What reads on in the file `path`, which grows, by whole lines."""
    at = 0

    def read() -> Iterator[str]:
        nonlocal at
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(at)
            for line in file:
                if line.endswith(b"\n"):
                    at += len(line)
                    yield line.decode()

    return read


class Outer:
    """The outer session's side, a pytest plugin."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = Path(tempfile.mkdtemp(prefix="pyipvsadm-tests-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._reports = Reports(complete_lines(self._folder / REPORTS))
        self._lost = ""

    def start(self, items: list[pytest.Item]) -> None:
        """Boot a sandbox that runs `items`, in the background."""
        (self._folder / SELECTED).write_text(json.dumps([item.nodeid for item in items]))
        files = dict.fromkeys(str(item.path) for item in items)
        option = self._config.option
        inner = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--tb={option.tbstyle}"]
        inner += [*["-v"] * max(0, option.verbose + 1), *files]
        sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--write", str(self._folder)]
        sandbox += ["--timeout", str(TIMEOUT), "--memory", "1G", "--", *inner]
        with (self._folder / OUTPUT).open("wb") as output:
            self._process = subprocess.Popen(
                sandbox,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._config.rootpath,
                env={**os.environ, ENVIRONMENT: str(self._folder)},
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Replay the reports of a kernel test, when they come."""
        if item.get_closest_marker("kernel") is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._await(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _await(self, item: pytest.Item) -> Iterator[pytest.TestReport]:
        while True:
            ended = self._process is None or self._process.poll() is not None
            found = self._reports.of(item.nodeid)
            if found or ended:
                break
            time.sleep(LOOK_EVERY)
        for data in found or self._reports.unfinished(item.nodeid):
            yield self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
        if not found:
            yield report(item, "failed", self._obituary())

    def _obituary(self) -> str:
        """Why the inner session hasn't reported a test: its output in full once, then a short word."""
        status = self._process.returncode if self._process else None
        if self._lost:
            return f"the sandbox had ended before, with status {status}: see {self._lost}"
        self._lost = "the first such failure"
        output = (self._folder / OUTPUT).read_text(errors="replace")
        why = f"after the {TIMEOUT} seconds that it may take" if status == 124 else f"with status {status}"
        return f"the sandbox ended {why}; its output:\n{output[-TAIL:]}"

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Absent:
    """What an outer session does where there is no sandbox: skip, or with CI set, fail. A pytest plugin."""

    def __init__(self, why: str) -> None:
        self._why = why
        self._tests = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Report a test that needs a sandbox as skipped or failed."""
        if not any(item.get_closest_marker(name) for name in ("kernel", "boot")):
            return None
        self._tests += 1
        outcome = "failed" if os.environ.get("CI") else "skipped"
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        item.ihook.pytest_runtest_logreport(report=report(item, outcome, f"no sandbox: {self._why}"))
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say loudly what didn't run, and why."""
        if self._tests:
            line = f"{self._tests} KERNEL TESTS DID NOT RUN: there can be no sandbox here; {self._why}"
            terminalreporter.write_line(line, red=True, bold=True)


def report(item: pytest.Item, outcome: Any, words: str) -> pytest.TestReport:
    """A report of ours about `item`."""
    told: Any = (str(item.path), (item.location[1] or 0) + 1, words) if outcome == "skipped" else words
    return pytest.TestReport(item.nodeid, item.location, {}, outcome, told, "call")


class Inner:
    """The inner session's side, a pytest plugin."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._config = config
        self._selected = set(json.loads((folder / SELECTED).read_text()))
        self._file = (folder / REPORTS).open("a", encoding="utf-8")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what the outer session has picked."""
        items[:] = [item for item in items if item.nodeid in self._selected]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a report, and see that it gets out of the sandbox."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._file.write(json.dumps(data) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
