"""The pure parts of what brings the kernel tests' reports out of their sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from .kernel.delegate import BOOTS, NEEDED, Outer, Reports, complete_lines, missing


def line(test, when, **more):
    return json.dumps({"nodeid": test, "when": when, "longrepr": None, **more}) + "\n"


def test_a_test_is_through_when_its_teardown_is():
    coming = [[line("a", "setup"), line("a", "call")], [line("b", "setup")], [line("a", "teardown")], []]
    reports = Reports(lambda: coming.pop(0))
    assert reports.of("a") is None
    assert reports.of("a") is None
    assert [report["when"] for report in reports.of("a")] == ["setup", "call", "teardown"]
    assert reports.of("b") is None
    assert [report["when"] for report in reports.unfinished("b")] == ["setup"]
    assert reports.unfinished("c") == []


def test_a_reason_to_skip_is_a_tuple_again():
    reports = Reports(lambda: [line("a", "setup", longrepr=["file", 7, "why"]), line("a", "teardown")])
    assert reports.of("a")[0]["longrepr"] == ("file", 7, "why")


def test_lines_are_read_when_they_are_complete(tmp_path):
    path = tmp_path / "reports"
    read = complete_lines(path)
    assert list(read()) == []
    path.write_text("one\ntw")
    assert list(read()) == ["one\n"]
    assert list(read()) == []
    with path.open("a") as file:
        file.write("o\nthree\n")
    assert list(read()) == ["two\n", "three\n"]


def test_what_is_missing_is_named_by_its_package():
    assert missing("linux", lambda program, path: f"/bin/{program}") == ""
    assert missing("darwin", lambda program, path: None) == "they need Linux"
    assert missing("linux", lambda program, path: None if program == "linux.uml" else "/bin/x") == (
        "install user-mode-linux (Debian's names)"
    )
    assert all(package in missing("linux", lambda program, path: None) for package in NEEDED.values())


class FakeBoot:
    """A sandbox that is lost at the test `at`, if there is one."""

    def __init__(self, tests, at=None):
        self.tests, self.at, self.ended = tests, at, False

    def reports(self, test):
        return [] if test == self.at else [f"{test} ran"]

    def unfinished(self, test):
        return [f"{test} began"]

    def lost(self):
        return "ended with status 1"

    def output(self):
        return "Kernel panic"

    def end(self):
        self.ended = True


def item(name):
    hook = SimpleNamespace(pytest_report_from_serializable=lambda config, data: data)
    return SimpleNamespace(
        nodeid=name, path=Path("f.py"), location=("f.py", 1, name), config=SimpleNamespace(hook=hook)
    )


def told(losses):
    """What is told of tests a, b and c, the tests of each boot, and the summary; boot n is lost at losses[n]."""
    boots, lines = [], []

    def boot(tests, files):
        assert files == ["f.py"]
        boots.append(FakeBoot(tests, losses[len(boots)] if len(boots) < len(losses) else None))
        return boots[-1]

    items = [item(name) for name in "abc"]
    outer = Outer(items, boot)
    reports = [list(outer._await(one)) for one in items]
    outer.pytest_unconfigure()
    assert all(boot.ended for boot in boots)
    outer.pytest_terminal_summary(SimpleNamespace(write_line=lambda line, **_: lines.append(line)))
    said = [[one if isinstance(one, str) else (one.outcome, one.longrepr) for one in each] for each in reports]
    return said, [boot.tests for boot in boots], lines


def test_what_a_lost_sandbox_left_runs_in_another_and_the_summary_says_so():
    said, boots, lines = told(["b"])
    assert said == [["a ran"], ["b ran"], ["c ran"]]
    assert boots == [["a", "b", "c"], ["b", "c"]]
    assert lines == ["LOST A SANDBOX: the sandbox ended with status 1 at b"]


def test_a_test_that_loses_two_sandboxes_fails_and_the_others_run():
    said, boots, lines = told(["b", "b"])
    obituary = ("failed", "the sandbox ended with status 1; its output:\nKernel panic")
    assert said == [["a ran"], ["b began", obituary], ["c ran"]]
    assert boots == [["a", "b", "c"], ["b", "c"], ["c"]]
    assert len(lines) == 2


def test_there_is_an_end_of_sandboxes():
    said, boots, _ = told(["a", "a", "b", "b"])
    assert len(boots) == BOOTS
    assert [one[-1][0] for one in said] == ["failed"] * 3
    assert said[2] == [("failed", f"{BOOTS} sandboxes were lost before this one could run")]
