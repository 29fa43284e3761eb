"""The pure parts of what brings the kernel tests' reports out of their sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from .kernel.delegate import LOSSES, NEEDED, Outer, missing
from .kernel.sandboxes import BEGUN, SELECTED, TAKEN, Boot, Inner, Loss, Reports, complete_lines


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


class FakeRound:
    """Sandboxes, one of which is lost at the test `at`, if there is one."""

    def __init__(self, tests, at=None):
        self.tests, self.at, self.ended = tests, at, False
        self.through = tests[: tests.index(at)] if at else tests

    def reports(self, test):
        return [f"{test} ran"] if test in self.through else []

    def losses(self):
        return [Loss("ended with status 1", True, self.at, "Kernel panic", [f"{self.at} began"])] if self.at else []

    def end(self):
        self.ended = True


def item(name, *marks):
    hook = SimpleNamespace(pytest_report_from_serializable=lambda config, data: data)
    return SimpleNamespace(
        nodeid=name,
        path=Path("f.py"),
        location=("f.py", 1, name),
        config=SimpleNamespace(hook=hook),
        get_closest_marker=lambda mark: mark in marks or None,
    )


ITEMS = item("a"), item("b"), item("c")


def told(losses, items=ITEMS):
    """What is told of the items, the tests of each round, and the summary; round n loses a sandbox at losses[n]."""
    rounds, lines = [], []

    def begin(tests, files):
        assert files == ["f.py"]
        rounds.append(FakeRound(tests, losses[len(rounds)] if len(rounds) < len(losses) else None))
        return rounds[-1]

    outer = Outer(list(items), begin)
    reports = [list(outer._await(one)) for one in items]
    outer.pytest_unconfigure()
    assert all(one.ended for one in rounds)
    outer.pytest_terminal_summary(SimpleNamespace(write_line=lambda line, **_: lines.append(line)))
    session = SimpleNamespace(exitstatus=0)
    outer.pytest_sessionfinish(session)
    assert session.exitstatus == int(any(losses))
    said = [[one if isinstance(one, str) else (one.outcome, one.longrepr) for one in each] for each in reports]
    return said, ["".join(one.tests) for one in rounds], lines


def test_one_round_is_enough_where_no_sandbox_is_lost():
    assert told([]) == ([["a ran"], ["b ran"], ["c ran"]], ["abc"], [])


def test_what_a_lost_sandbox_left_runs_in_another_and_the_summary_says_so():
    said, rounds, lines = told(["b"])
    assert said == [["a ran"], ["b ran"], ["c ran"]]
    assert rounds == ["abc", "bc"]
    assert lines == ["LOST A SANDBOX: the sandbox ended with status 1 at b"]


def test_a_test_that_loses_two_sandboxes_fails_and_the_others_run():
    said, rounds, lines = told(["b", "b"])
    obituary = ("failed", "the sandbox ended with status 1; its output:\nKernel panic")
    assert said == [["a ran"], ["b began", obituary], ["c ran"]]
    assert rounds == ["abc", "bc", "c"]
    assert len(lines) == 2


def test_there_is_an_end_of_sandboxes():
    said, rounds, _ = told(["a", "a", "b", "b"])
    assert len(rounds) == LOSSES
    assert [one[-1][0] for one in said] == ["failed"] * 3
    assert said[2] == [("failed", f"{LOSSES} sandboxes were lost before this one could run")]


def test_what_watches_the_clock_has_a_round_for_itself():
    items = (item("a"), item("b"), item("x", "clock"), item("y", "clock"))
    assert told([], items)[:2] == ([["a ran"], ["b ran"], ["x ran"], ["y ran"]], ["ab", "xy"])
    assert told(["b", None, "x"], items)[:2] == ([["a ran"], ["b ran"], ["x ran"], ["y ran"]], ["ab", "b", "xy", "xy"])
    assert told([], items[2:])[:2] == ([["x ran"], ["y ran"]], ["xy"])


def test_a_test_that_a_round_leaves_out_fails():
    class Forgetful(FakeRound):
        def reports(self, test):
            return []

    outer = Outer([item("a")], lambda tests, files: Forgetful(tests))
    assert list(outer._await(item("a")))[-1].outcome == "failed"


class Session:
    """An inner session in `folder`, whose tests are those that it has taken."""

    def __init__(self, folder, tests, number):
        self.folder = folder / str(number)
        (self.folder / BEGUN).mkdir(parents=True)
        hook = SimpleNamespace(
            pytest_runtest_protocol=self.run, pytest_report_to_serializable=lambda config, report: report
        )
        self.items = [SimpleNamespace(nodeid=test, config=SimpleNamespace(hook=hook)) for test in tests]
        self.inner = Inner(self.items[0].config, self.folder)
        self.ran, self.testsfailed, self.meanwhile = [], 0, None

    def run(self, item, nextitem):
        self.ran.append((item.nodeid, nextitem and nextitem.nodeid))
        self.inner.pytest_runtest_logstart(item.nodeid)
        if self.meanwhile:
            self.meanwhile.pop()()
        self.inner.pytest_runtest_logreport({"nodeid": item.nodeid, "when": "teardown", "longrepr": None})


@pytest.fixture
def shared(tmp_path):
    (tmp_path / SELECTED).write_text(json.dumps([*"abcde"]))
    (tmp_path / TAKEN).mkdir()
    return tmp_path


def test_two_sessions_run_each_test_once_from_both_ends(shared):
    one, other = Session(shared, "abcde", 0), Session(shared, "edcba", 1)
    one.meanwhile = [lambda: other.inner.pytest_runtestloop(other)]
    assert one.inner.pytest_runtestloop(one)
    assert one.ran == [("a", "b"), ("b", None)]
    assert other.ran == [("e", "d"), ("d", "c"), ("c", None)]


def boot(folder, tests, status):
    """A sandbox that has ended with this status, as the outside sees it."""
    (folder / "output.txt").write_text("Kernel panic")
    found = object.__new__(Boot)
    found._folder, found._tests, found.reports = folder, [*tests], Reports(complete_lines(folder / "reports.jsonl"))
    found._process = SimpleNamespace(poll=lambda: status)
    return found


@pytest.mark.parametrize(("status", "died"), [(1, True), (-9, True), (124, False), (None, False)])
def test_a_session_without_an_end_is_a_loss_at_the_test_that_it_had_begun(shared, status, died):
    session = Session(shared, "abc", 0)
    for name in "ab":
        session.inner.pytest_runtest_logstart(name)
    session.inner.pytest_runtest_logreport({"nodeid": "a", "when": "teardown", "longrepr": None})
    setup = {"nodeid": "b", "when": "setup", "longrepr": None}
    session.inner.pytest_runtest_logreport(setup)
    loss = boot(session.folder, "abcde", status).loss()
    assert (loss.died, loss.test, loss.output, loss.reports) == (died, "b", "Kernel panic", [setup])


@pytest.mark.parametrize(("exitstatus", "lost"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_session_that_ends_is_none(shared, exitstatus, lost):
    session = Session(shared, "abc", 0)
    session.inner.pytest_sessionfinish(exitstatus)
    assert bool(boot(session.folder, "abcde", exitstatus).loss()) == lost
