"""Sandboxes that run kernel tests side by side: what they are given, what they report, and how they are lost.

They share a folder: the list of tests, a folder for each test that a sandbox has taken, and for each sandbox one of
its own, with a line of JSON for each report and a folder for each test that it has begun.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ENVIRONMENT = "PYIPVSADM_KERNEL_TESTS"  # inside: the sandbox's own folder
SELECTED, TAKEN = "selected.json", "taken"
REPORTS, OUTPUT, BEGUN = "reports.jsonl", "output.txt", "begun"
END = "end"  # what stands for a test in the last report
TIMEOUT = 3600  # seconds, for all kernel tests together: many times what they take
TIMED_OUT = 124  # the status that tells so
SILENCE = 900  # seconds without a report: many times what the longest test takes
SIDE_BY_SIDE = 2  # sandboxes, each on a processor of its own
WORTH_ANOTHER = 16  # tests: fewer have one sandbox
LOOK_EVERY = 0.05  # seconds
PATIENCE = 30  # seconds for a sandbox to end
TAIL = 4000  # characters of an inner session's output that are shown when it died


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


class Loss(NamedTuple):
    """A sandbox that didn't come to its end: how, whether it died, and at which test, if at any, with its reports."""

    how: str
    died: bool
    test: str
    output: str
    reports: Sequence[Any] = ()


class Boot:
    """A sandbox on one processor that runs those of `tests`, in the background, that no other has taken."""

    def __init__(self, config: pytest.Config, folder: Path, tests: list[str], files: list[str], processor: int) -> None:
        self._folder = folder
        self._tests = tests
        (folder / BEGUN).mkdir(parents=True)
        (folder / REPORTS).touch()  # whose time of change says when there was a report, or none yet
        self.reports = Reports(complete_lines(folder / REPORTS))
        option = config.option
        inner = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--tb={option.tbstyle}"]
        inner += [*["-v"] * max(0, option.verbose + 1), *files]
        sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--write", str(folder.parent)]
        sandbox += ["--timeout", str(TIMEOUT), "--memory", "1G", "--", *inner]
        with (folder / OUTPUT).open("wb") as output:
            self._process = subprocess.Popen(
                sandbox,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=config.rootpath,
                env={**os.environ, ENVIRONMENT: str(folder)},
                preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
            )

    def over(self) -> str:
        """How the sandbox ended, or that it seems to; empty while it works."""
        status = self._process.poll()
        if status is None:
            silent = time.time() - (self._folder / REPORTS).stat().st_mtime
            return f"was silent for {SILENCE} seconds" if silent > SILENCE else ""
        if status == TIMED_OUT:
            return f"ended after the {TIMEOUT} seconds that it may take"
        return f"ended with status {status}"

    def loss(self) -> Loss | None:
        """What was lost with a sandbox that is over; None if its session came to its end."""
        how = self.over()
        if self.reports.of(END):
            return None
        begun = [self._tests[int(name)] for name in os.listdir(self._folder / BEGUN)]
        test = next((test for test in begun if not self.reports.of(test)), "")
        output = (self._folder / OUTPUT).read_text(errors="replace")[-TAIL:]
        died = self._process.poll() not in (None, TIMED_OUT)
        return Loss(how, died, test, output, self.reports.unfinished(test))

    def end(self) -> None:
        """Leave no process behind."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Round:
    """Sandboxes that share `tests`, which are in `files`: one begins with the first file, the other with the last."""

    def __init__(self, config: pytest.Config, tests: list[str], files: list[str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pyipvsadm-tests-"))
        (self._folder / SELECTED).write_text(json.dumps(tests))
        (self._folder / TAKEN).mkdir()
        processors = sorted(os.sched_getaffinity(0))
        many = min(len(processors), SIDE_BY_SIDE if len(tests) >= WORTH_ANOTHER else 1)
        self._boots = [
            Boot(config, self._folder / str(number), tests, files[:: -1 if number else 1], processor)
            for number, processor in enumerate(random.sample(processors, many))
        ]

    def reports(self, test: str) -> list[Any]:
        """Those of `test`, waited for; none if the sandboxes are over before."""
        while True:
            over = all(boot.over() for boot in self._boots)  # first, since what dies may have reported just before
            found = next((found for boot in self._boots if (found := boot.reports.of(test))), [])
            if found or over:
                return found
            time.sleep(LOOK_EVERY)

    def losses(self) -> list[Loss]:
        """The sandboxes that were lost, once all are over."""
        return [loss for boot in self._boots if (loss := boot.loss())]

    def end(self) -> None:
        """Leave nothing behind but what was reported."""
        for boot in self._boots:
            boot.end()
        shutil.rmtree(self._folder, ignore_errors=True)


class Inner:
    """The inner session's side, a pytest plugin: runs what nobody has taken, and reports it."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._config = config
        self._folder = folder
        selected = json.loads((folder.parent / SELECTED).read_text())
        self._numbers = {test: number for number, test in enumerate(selected)}
        self._file = (folder / REPORTS).open("a", encoding="utf-8")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what the outer session has picked."""
        items[:] = [item for item in items if item.nodeid in self._numbers]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run tests, each taken before the one in front of it begins: what both need then stays."""
        if session.testsfailed:
            return None  # a file couldn't be collected, which pytest tells
        mine = filter(self._take, session.items)
        item = next(mine, None)
        while item:
            following = next(mine, None)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            item = following
        return True

    def _take(self, item: pytest.Item) -> bool:
        """Whether `item` is ours: making a folder is what only one of several can do."""
        try:
            (self._folder.parent / TAKEN / str(self._numbers[item.nodeid])).mkdir()
        except FileExistsError:
            return False
        return True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say what has begun, in a way that leaves the sandbox at once."""
        (self._folder / BEGUN / str(self._numbers[nodeid])).mkdir()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a report."""
        self._write(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Say that all is done, if that is so."""
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self._write({"nodeid": END, "when": "teardown", "longrepr": None})

    def _write(self, data: Any) -> None:
        """Write a line, and see that it gets out of the sandbox."""
        self._file.write(json.dumps(data) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
