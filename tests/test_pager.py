"""Long lists on a terminal go through the pager; short ones, and those for programs, don't."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pyipvsadm.pager import command_of, rows
from pyipvsadm.pager.pager_command import keeps_heads

from .seat import Seat

PROGRAM = [sys.executable, "-m", "tests.fake_top"]
MARKING = "sed 's/^/P:/'"  # a pager whose work shows
SHORT, LONG, HUGE = "2", "60", "1500"  # services of four servers: 13 lines, 300, and more than a pipe holds
TAIL = r"<ended (-?\d+) True>"


@pytest.fixture
def seat():
    made = []

    def take(*words, **settings):
        made.append(Seat([*PROGRAM, *words], **{"TERM": "xterm", **settings}))
        return made[-1]

    yield take
    for one in made:
        one.close()


def ended(seat):
    """What came until the program ended, and its status."""
    status = int(seat.told(TAIL)[1])
    assert b"Traceback" not in seat.output
    return seat.output.decode().replace("\r\n", "\n").partition(">\n")[2].rpartition("<ended")[0], status


@pytest.mark.parametrize("words", [
    "-Ln", "-Sn", "-Ln --plain", "-Ln --stats", "-Ln --brief", "show", "show --brief", "show -o json",
])  # fmt: skip
def test_what_does_not_fit_goes_through_the_pager(seat, words):
    shown, status = ended(seat(*words.split(), SERVICES=LONG, PAGER=MARKING))
    assert status == 0
    assert all(line.startswith("P:") for line in shown.splitlines())
    assert shown.count("192.168.0.") >= 60


@pytest.mark.parametrize("words", ["help drain", "-h drain", "drain --help"])
def test_long_help_goes_through_the_pager_too(seat, words):
    shown, status = ended(seat(*words.split(), PAGER=MARKING))
    assert status == 0
    assert all(line.startswith("P:") for line in shown.splitlines())
    assert "--deadline" in shown


@pytest.mark.parametrize(("words", "settings"), [
    (["-Ln"], {"SERVICES": SHORT}),
    (["show"], {"SERVICES": SHORT}),
    (["-Ln", "--no-pager"], {}),
    (["show", "--no-pager"], {}),
    (["-Ln"], {"PAGER": ""}),
    (["-Ln"], {"PAGER": "cat"}),
    (["-Ln"], {"TERM": "dumb"}),
    (["-Ln"], {"PAGER": "no-such-pager"}),
    (["-Ln"], {"PAGER": "false"}),
    (["-Ln", "--plain"], {"PAGER": "false", "SERVICES": HUGE}),
    (["-Ln"], {"SUDO_UID": "1000", "PATH": "/bin-of-nothing"}),
])  # fmt: skip
def test_everything_else_is_printed_at_once(seat, words, settings):
    settings = {"SERVICES": LONG, "PAGER": MARKING, **settings}
    shown, status = ended(seat(*words, **settings))
    assert status == 0
    assert "P:" not in shown
    assert len(re.findall(r":80\b", shown)) == int(settings["SERVICES"])
    assert shown.count(":8080") == 4 * int(settings["SERVICES"])


@pytest.mark.parametrize("services", [LONG, HUGE])
def test_who_leaves_the_pager_early_sees_no_error(seat, services):
    shown, status = ended(seat("-Ln", "--plain", SERVICES=services, PAGER="head -n 3"))
    assert status == 0
    assert len(shown.splitlines()) == 3


def test_less_keeps_the_heads_and_ends_as_usual(seat):
    pager = seat("-Ln", SERVICES=LONG)
    pager.until(r"(?s)^Service / server.*192.168.0.1:80/tcp.*^:")
    pager.type("\x03")  # which the terminal takes for a reason to forget what was typed
    for _ in range(20):
        pager.read()
    pager.type(" ")
    pager.until("192.168.0.6:80/tcp")
    pager.type("q")
    assert ended(pager)[1] == 0


FAKE = """#!/bin/sh
[ "$1" = --version ] && exec echo "less {version} (GNU regular expressions)"
cat >/dev/null; echo "$LESS"
"""


@pytest.fixture
def less(tmp_path):
    """A less that says it is of some version, and as a pager what options it has got."""

    def make(version):
        file = tmp_path / "less"
        file.write_text(FAKE.format(version=version))
        file.chmod(0o755)
        return str(file)

    return make


@pytest.mark.parametrize(("version", "words", "settings", "told"), [
    ("668", "-Ln", {}, "--header=4$FRX"),  # a title, a blank line, heads, a rule
    ("668", "-Ln --plain", {}, "--header=3$FRX"),
    ("668", "-Ln --plain --brief", {"columns": 120}, "--header=2$FRX"),
    ("668", "show", {}, "--header=2$FRX"),
    ("668", "show --plain", {}, "--header=1$FRX"),
    ("668", "-Ln", {"LESS": "-S"}, "--header=4$-S"),  # the user's follow, and win
    ("643x", "-Ln", {}, "--header=4$FRX"),
    ("600", "-Ln", {}, "--header=4$FRX"),
    ("590", "-Ln", {}, "FRX"),  # which would ask what --header is
    ("668", "show -o json", {}, "FRX"),
    ("668", "-Sn", {}, "FRX"),
    ("668", "-Ln --plain --stats", {"columns": 60}, "FRX"),  # lines that less would cut
    ("668", "-Ln", {"lines": 8}, "FRX"),  # where heads would be half of the screen
])  # fmt: skip
def test_a_new_less_keeps_the_heads_on_every_page(seat, less, version, words, settings, told):
    shown, status = ended(seat(*words.split(), SERVICES=LONG, PAGER=less(version), **settings))
    assert (shown, status) == (f"{told}\n", 0)


@pytest.mark.parametrize(("command", "keeps"), [
    ("{less}", True), ("{less} -S", True), ("cat", False), ("more -d", False), ("", False), ("/nowhere/less", False),
    ("LESS=x {less}", False),
])  # fmt: skip
def test_only_less_is_asked_for_its_version(less, command, keeps):
    assert keeps_heads(command.format(less=less("668"))) == keeps


@pytest.mark.parametrize(("settings", "told"), [
    ({}, "FRX:-c:"),
    ({"LESS": "R"}, "R:-c:"),
])  # fmt: skip
def test_the_pager_is_set_up_as_by_git(seat, settings, told):
    shown, _ = ended(seat("-Ln", SERVICES=LONG, PAGER='cat >/dev/null; echo "$LESS:$LV:$LESSSECURE"', **settings))
    assert shown == f"{told}\n"


def test_a_pipe_gets_no_pager():
    done = subprocess.run([*PROGRAM, "-Ln"], env={"SERVICES": LONG, "PAGER": MARKING}, capture_output=True, text=True)
    assert done.stdout.startswith("IP Virtual Server")
    assert "P:" not in done.stdout


@pytest.mark.parametrize(("environment", "command"), [
    ({"PAGER": "more -d"}, "more -d"),
    ({"PAGER": " "}, ""),
    ({"PATH": "/nowhere"}, ""),
    ({"PATH": "/nowhere:/usr/bin"}, "less"),
    ({"PATH": "/usr/bin", "PAGER": "more", "SUDO_UID": "1000"}, "less"),  # which is then told to open no shell
    ({"PATH": "/usr/bin", "PAGER": "more", "DOAS_USER": "eve"}, "less"),
])  # fmt: skip
def test_which_pager_is_run(environment, command):
    assert command_of(environment) == command


@pytest.mark.parametrize(("data", "columns", "number"), [
    (b"", 80, 0),
    (b"one\ntwo\n", 80, 2),
    (b"12345\n", 4, 2),
    (b"\x1b[1m1234\x1b[0m\n\n", 4, 2),
    ("ääää\n".encode(), 4, 1),
])  # fmt: skip
def test_lines_take_as_many_rows_as_they_are_wide(data, columns, number):
    assert rows(data, columns) == number
