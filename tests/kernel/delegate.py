"""Runs the kernel tests of one pytest session in one sandbox, and brings their reports home.

The outer session picks the tests, boots the sandbox while it runs the others, and then replays
each test's reports as if it had run it itself. The inner session is told by ENVIRONMENT where to
write its reports: a line of JSON each. A sandbox that dies or falls silent, as one does on a machine that
is stopped for a while, is booted anew for what is left, and the summary says so; a test that loses two fails.
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
TIMEOUT = 3600  # seconds, for all kernel tests together: many times what they take
SILENCE = 900  # seconds without a report: many times what the longest test takes
BOOTS = 4  # how many sandboxes a session may have
LOOK_EVERY = 0.05  # seconds
NEEDED = {  # what a sandbox takes, and ipvsadm, which is compared with
    "linux.uml": "user-mode-linux",
    "modprobe": "kmod",
    "ipvsadm": "ipvsadm",
    "ip": "iproute2",
}
PATIENCE = 30  # seconds for a sandbox to end
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


class Boot:
    """A sandbox that runs `tests`, in the background. `files` are those that hold them."""

    def __init__(self, config: pytest.Config, tests: list[str], files: list[str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pyipvsadm-tests-"))
        self._reports = Reports(complete_lines(self._folder / REPORTS))
        (self._folder / SELECTED).write_text(json.dumps(tests))
        (self._folder / REPORTS).touch()  # whose time of change says when there was a report, or none yet
        option = config.option
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
                cwd=config.rootpath,
                env={**os.environ, ENVIRONMENT: str(self._folder)},
            )

    def reports(self, test: str) -> list[dict[str, Any]]:
        """Those of `test`, waited for; none if the sandbox is lost before."""
        while True:
            lost = self.lost()  # first, since what dies may have reported just before
            found = self._reports.of(test)
            if found or lost:
                return found or []
            time.sleep(LOOK_EVERY)

    def unfinished(self, test: str) -> list[dict[str, Any]]:
        """What there is of a test that never came to its end."""
        return self._reports.unfinished(test)

    def lost(self) -> str:
        """How the sandbox ended, or that it seems to; empty while it works."""
        status = self._process.poll()
        if status is None:
            silent = time.time() - (self._folder / REPORTS).stat().st_mtime
            return f"was silent for {SILENCE} seconds" if silent > SILENCE else ""
        return f"ended after the {TIMEOUT} seconds that it may take" if status == 124 else f"ended with status {status}"

    def output(self) -> str:
        """The end of what the inner session printed."""
        return (self._folder / OUTPUT).read_text(errors="replace")[-TAIL:]

    def end(self) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Outer:
    """The outer session's side, a pytest plugin. `boot` makes a sandbox of the tests' names and their files."""

    def __init__(self, items: list[pytest.Item], boot: Callable[[list[str], list[str]], Boot]) -> None:
        self._items = items
        self._make = boot
        self._boots = 0
        self._losses: list[str] = []
        self._boot: Boot | None = None
        self._begin(items)

    def _begin(self, items: list[pytest.Item]) -> None:
        """Boot a sandbox for `items`, in place of the one that there was."""
        self.pytest_unconfigure()
        if items and self._boots < BOOTS:
            self._boots += 1
            self._boot = self._make([item.nodeid for item in items], list({str(item.path): None for item in items}))

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
        left = self._items[self._items.index(item) :]
        unfinished: list[dict[str, Any]] = []
        obituary = f"{BOOTS} sandboxes were lost before this one could run"
        for rest in (left, left[1:]):  # a second try, and if that is lost too, a sandbox for the others
            if not self._boot:
                break
            if found := self._boot.reports(item.nodeid):
                yield from self._told(item, found)
                return
            obituary = f"the sandbox {self._boot.lost()}; its output:\n{self._boot.output()}"
            unfinished = self._boot.unfinished(item.nodeid)
            self._losses.append(f"the sandbox {self._boot.lost()} at {item.nodeid}")
            self._begin(rest)
        yield from self._told(item, unfinished)
        yield report(item, "failed", obituary)

    def _told(self, item: pytest.Item, reports: list[dict[str, Any]]) -> Iterator[pytest.TestReport]:
        for data in reports:
            yield item.config.hook.pytest_report_from_serializable(config=item.config, data=data)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say loudly which sandboxes were lost."""
        for loss in self._losses:
            terminalreporter.write_line(f"LOST A SANDBOX: {loss}", red=True, bold=True)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        if self._boot:
            self._boot.end()
        self._boot = None


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
