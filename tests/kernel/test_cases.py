"""Plays cases.jsonl, recorded from ipvsadm on a kernel, to our command line.

A case that ipvsadm has answered otherwise has that answer too, in `before`, by the version of Debian's with which the
new one came.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyipvsadm.help import version

from .comparison import precedes, sized

CASES = [json.loads(line) for line in (Path(__file__).parents[1] / "cases.jsonl").read_text().splitlines()]

THRESHOLDS = (
    ("-m -w 3\n", "-m -w 3 -x 100 -y 50\n"),
    ("-r 198.51.100.1:80 -g -w 1\n", "-r 198.51.100.1:80 -g -w 1 -x 10 -y 5\n"),
)
VERSION = ("ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n", version())

# Where we differ on purpose: the number of the exception in issue 3, and what becomes of ipvsadm's stdout.
DIFFERENCES = {
    "grammar-02": (3, "the version is ours", VERSION),
    "grammar-03": (3, "the version is ours", VERSION),
    "grammar-04": (3, "the version is ours", VERSION),
    "restore-17": (3, "the version is ours", VERSION),
    "save-03": (1, "thresholds are saved", THRESHOLDS[0]),
    "save-04": (1, "thresholds are saved", THRESHOLDS[0]),
    "save-05": (1, "thresholds are saved", THRESHOLDS[1]),
    "save-06": (1, "marks are unsigned", ("-f -1 ", "-f 4294967295 ")),
    "save-07": (1, "flag-3 is saved by its name", ("-b \n", "-b flag-3\n")),
}
# The one where the line is carried out that ipvsadm ends at.
COMMENT = {
    "restore-07": (
        4,
        "`#` lines are comments",
        {"status": 0, "stdout": "", "stderr": ""},
        "-A -t 192.0.2.1:80 -s wlc\n",
    )
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(director, case):
    ours = director("pyipvsadm")
    theirs = director("ipvsadm", ours.namespace)
    for words in case["setup"]:
        assert theirs(words) == (0, "", "")
    expected, state = case["expect"], case["state"]
    stdout = expected["stdout"]
    if case["id"] in DIFFERENCES:
        _, _, (old, new) = DIFFERENCES[case["id"]]
        assert old in stdout
        stdout = stdout.replace(old, new)
    if case["id"] in COMMENT:
        _, _, expected, state = COMMENT[case["id"]]
    stderr = expected["stderr"].replace("{prog}", "ipvsadm")
    answer = ours(case["argv"], case.get("stdin", ""))
    said = answer.stdout
    if case["argv"] == ["-R"]:  # while it restores, the table grows
        said = sized(said, ours.namespace)
    stdout = sized(stdout, ours.namespace)
    assert (answer.returncode, said, answer.stderr) == (expected["status"], stdout, stderr)
    assert theirs("-S -n").stdout == state


@pytest.mark.parametrize("case", [case for case in CASES if "before" in case], ids=lambda case: case["id"])
def test_what_ipvsadm_answered_before_is_what_it_answers_here_or_did(director, case):
    answers = [told for changed, told in case["before"].items() if precedes(changed)]
    expected = answers[0] if answers else case["expect"]
    answer = director("ipvsadm")(case["argv"])
    assert answer._asdict() == {"returncode": expected["status"], **{s: expected[s] for s in ("stdout", "stderr")}}


def test_every_case_is_there():
    assert len(CASES) == 274
    assert DIFFERENCES.keys() | COMMENT.keys() <= {case["id"] for case in CASES}
