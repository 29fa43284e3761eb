"""The pure parts of what brings the kernel tests' reports out of their sandbox."""

from __future__ import annotations

import json

from .kernel.delegate import NEEDED, Reports, complete_lines, missing


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
