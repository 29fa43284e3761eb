"""The manual pages: clean mdoc, and nothing in them is stale."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from pyipvsadm.grammar.options import OPTIONS, RULES
from pyipvsadm.grammar.schedulers import FLAGS, STATES, TUNNELS
from pyipvsadm.grammar.values import SCHEDULER_FLAGS
from pyipvsadm.grammar.values import STATES as STATE_VALUES
from pyipvsadm.grammar.values import TUNNELS as TUNNEL_VALUES
from pyipvsadm.help import manual
from pyipvsadm.help.command_lines import Parameter, Verb
from pyipvsadm.help.verb_table import VERBS

from . import generate

PAGES = sorted((generate.ROOT / "man").glob("*.[58]"))
ELSEWHERE = re.compile(r"referenced manual not found: Xr|outdated mandoc\.db")  # about what is installed here
SYSTEMD = shutil.which("systemd-analyze")  # which not every machine has
UNITS = ("sysinit.target", "network-online.target")  # what our unit leans on


def needed(program: str) -> str:
    """The path of `program`, without which a test is skipped, or fails where CI runs it."""
    path = shutil.which(program)
    if not path:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} isn't installed")
    return path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("words", [("mandoc", "-T", "lint"), ("groff", "-mdoc", "-ww", "-Tutf8", "-z")], ids=" ".join)
def test_a_page_is_clean(page, words):
    done = subprocess.run([needed(words[0]), *words[1:], page], capture_output=True, text=True)
    told = (done.stdout + done.stderr).splitlines()
    assert [line for line in told if not ELSEWHERE.search(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_refers_to_pages_that_there_are(page):
    ours = {path.name for path in PAGES}
    for name, section in re.findall(r"^\.Xr (\S+) (\d)", page.read_text(), re.MULTILINE):
        assert not name.startswith("pyipvsadm") or f"{name}.{section}" in ours
    assert f".Dt {page.name.rpartition('.')[0].upper()} {page.suffix[1:]}" in page.read_text()


def test_generated_files_are_fresh():
    assert [str(path) for path in generate.stale()] == [], "run `make generated`"


def test_the_manual_tells_every_command_option_and_verb():
    text = (generate.ROOT / "man" / "pyipvsadm.8").read_text()
    for row in (*RULES, *OPTIONS):
        for name in (*row.short, f"\\-{row.name.replace('-', chr(92) + '-')}"):
            assert re.search(rf"^\.It .*Fl {re.escape(name)}( |$)", text, re.MULTILINE), row.name
    for verb in VERBS:
        assert f".It Xo\n.Cm {verb.name}\n" in text


def test_the_names_of_values_are_those_that_are_read():
    assert FLAGS.keys() == SCHEDULER_FLAGS.keys()
    assert (TUNNELS.keys(), STATES.keys()) == (TUNNEL_VALUES.keys(), STATE_VALUES.keys())


@pytest.mark.skipif(not SYSTEMD, reason="systemd isn't installed")
def test_the_unit_is_one_that_systemd_takes(tmp_path):
    page = (generate.ROOT / "man" / "pyipvsadm.8").read_text()
    unit = re.search(r"^\.Bd -literal\n(\[Unit\]\n.*?)^\.Ed", page, re.MULTILINE | re.DOTALL)[1]
    path = tmp_path / "pyipvsadm.service"
    path.write_text(unit.replace("\\-", "-").replace("\\e", "\\"))
    for name in UNITS:
        (tmp_path / name).write_text("[Unit]\n")
    alone = {**os.environ, "SYSTEMD_UNIT_PATH": str(tmp_path)}  # it tells what is wrong with others, too
    verify = [SYSTEMD, "verify", "--man=no", path]
    done = subprocess.run(verify, capture_output=True, text=True, env=alone)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.skipif(not SYSTEMD, reason="systemd isn't installed")
def test_the_unit_of_the_listener_is_one_that_systemd_takes(tmp_path):
    unit = (generate.ROOT / "tests/debian/files/pyipvsadm-metrics.service").read_text()
    path = tmp_path / "pyipvsadm-metrics.service"
    path.write_text(unit.replace("ExecStart=pyipvsadm ", f"ExecStart={sys.executable} "))  # which is there
    verify = [SYSTEMD, "verify", "--man=no", path]
    done = subprocess.run(verify, capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if path.name in line]) == (0, [])


def test_a_list_takes_its_place():
    page = 'before\n.\\" <a>\nold\n.\\" </a>\nbehind\n'
    assert manual.fill(page, {"a": "new\n", "b": "x\n"}) == page.replace("old", "new")
    with pytest.raises(ValueError, match="has no end"):
        manual.fill('.\\" <a>\n', {"a": ""})


@pytest.mark.parametrize(("markdown", "mdoc"), [
    ("one. Two", "one.\nTwo\n"),
    ("`a -b .c` or **d**", "\\(oqa \\-b .c\\(cq or \\(oqd\\(cq\n"),
    (".x 'y' ...", "\\&.x 'y' ...\n"),
    ("back\\slash", "back\\eslash\n"),
    ("x " * 45, " ".join(["x"] * 39) + "\n" + " ".join(["x"] * 6) + "\n"),
])  # fmt: skip
def test_text_as_mdoc(markdown, mdoc):
    assert manual.text(markdown) == mdoc


def test_a_verb_in_a_group():
    inner = Verb(name="ls", help="List.\n\n- one\n\n- two\n\nMore.", arguments=(Parameter(value="ADDRESS", many=True),))
    lists = manual.verb_lists([Verb(name="vip", help="Addresses.", verbs=(inner,))])
    assert lists["verbs' synopsis"] == ".Nm\n.Cm vip Cm ls\n.Oo Ar address Oc Ns ...\n"
    told = lists["verbs"]
    assert told == (
        ".It Xo\n.Cm vip\n.Xc\nAddresses.\n.Bl -tag -width Ds\n"
        ".It Xo\n.Cm ls\n.Oo Ar address Oc Ns ...\n.Xc\nList.\n.Bl -bullet\n.It\none\n.It\ntwo\n.El\n.Pp\nMore.\n.El\n"
    )
