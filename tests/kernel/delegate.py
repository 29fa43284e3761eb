"""Runs the kernel tests of one pytest session in sandboxes, and brings their reports home.

The outer session picks the tests, boots sandboxes while it runs the others, and then replays each test's reports as if
it had run it itself. Tests that watch the clock have a sandbox to themselves, once all others are through.

What a sandbox leaves that dies or falls silent, as one does on a machine that is stopped for a while, runs in another,
and the summary says so. A test that loses two fails; a sandbox that dies fails the session.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .sandboxes import Loss, Round

TRIES = 2  # sandboxes that a test may lose
LOSSES = 4  # sandboxes that a session may lose
NEEDED = {  # what a sandbox takes, and ipvsadm, which is compared with
    "linux.uml": "user-mode-linux",
    "modprobe": "kmod",
    "ipvsadm": "ipvsadm",
    "ip": "iproute2",
}


def missing(platform: str = sys.platform, which: Callable[..., str | None] = shutil.which) -> str:
    """Why there can be no sandbox here; empty if there can be one."""
    if platform != "linux":
        return "they need Linux"
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    packages = [package for program, package in NEEDED.items() if not which(program, path=path)]
    return f"install {' '.join(packages)} (Debian's names)" if packages else ""


class Outer:
    """The outer session's side, a pytest plugin. `make` makes a round of the tests' names and their files."""

    def __init__(self, items: list[pytest.Item], make: Callable[[list[str], list[str]], Round]) -> None:
        self._items = items
        self._make = make
        self._rounds: list[Round] = []
        self._losses: list[Loss] = []
        self._tests: list[str] = []  # of the last round, until it is over
        self._begin()

    def _begin(self) -> None:
        """Begin a round for what is left: first for what doesn't watch the clock."""
        lost = [loss.test for loss in self._losses]
        left = [one for one in self._items if lost.count(one.nodeid) < TRIES and not self._reports(one.nodeid)]
        items = [item for item in left if not item.get_closest_marker("clock")] or left
        self._tests = [item.nodeid for item in items]
        self._rounds.append(self._make(self._tests, list({str(item.path): None for item in items})))

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
        """The reports of `item`, for which another round begins if it must."""
        losses: list[Loss] = []
        while not (found := self._reports(item.nodeid)):
            self._bury(item)
            losses = [loss for loss in self._losses if loss.test == item.nodeid]
            if len(losses) == TRIES or len(self._losses) >= LOSSES:
                break
            self._begin()
        for data in found or [report for loss in losses[-1:] for report in loss.reports]:
            yield item.config.hook.pytest_report_from_serializable(config=item.config, data=data)
        if not found:
            obituary = f"{LOSSES} sandboxes were lost before this one could run"
            for loss in losses:
                obituary = f"the sandbox {loss.how}; its output:\n{loss.output}"
            yield report(item, "failed", obituary)

    def _reports(self, test: str) -> list[Any]:
        """Those of `test`, for which the last round is waited for, as all before it are over."""
        return next((found for one in self._rounds if (found := one.reports(test))), [])

    def _bury(self, item: pytest.Item) -> None:
        """Take down what the last round has lost, which is over and has no report of `item`."""
        losses = self._rounds[-1].losses() if self._tests else []
        if item.nodeid in self._tests and not losses:
            losses = [Loss("ended without running it", died=True, test=item.nodeid, output="")]
        self._losses += losses
        self.pytest_unconfigure()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail where a sandbox died, even if another has run its tests."""
        if any(loss.died for loss in self._losses) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say loudly which sandboxes were lost."""
        for loss in self._losses:
            where = f"at {loss.test}" if loss.test else f"before a test began; its output:\n{loss.output}"
            terminalreporter.write_line(f"LOST A SANDBOX: the sandbox {loss.how} {where}", red=True, bold=True)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        self._tests = []
        self._rounds[-1].end()


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
