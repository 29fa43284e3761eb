"""What the README says of the project is so: verbs, files, make's targets, packages. tests/kernel runs its commands."""

from __future__ import annotations

import re
import subprocess

import pytest
import typer

from pyipvsadm.grammar import parse
from pyipvsadm.help.verb_table import VERBS
from pyipvsadm.namespaces import NETNS
from pyipvsadm.support.application import application
from pyipvsadm.support.application.usage_errors import LIBRARY_ERROR
from pyipvsadm.support.right_line import whole
from pyipvsadm.support.verb import function_of

from .generate import ROOT

LONGEST = 199  # lines
README = (ROOT / "README.md").read_text()
BENCH = (ROOT / "tests" / "bench" / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
INDENTED = re.findall(r"^ {4}(\S[^\n]*)$", README, re.MULTILINE)  # commands, each perhaps with a comment
CALLS = [re.split(r" [ #>|]", line)[0].split() for line in INDENTED if line.startswith("pyipvsadm ")]


def test_it_is_short():
    assert README.count("\n") <= LONGEST


def test_its_parts_are_in_order():
    assert re.findall(r"^## (.*)", README, re.MULTILINE) == [
        "Try it",
        "Install it",
        "Daily tasks",
        "Monitoring",
        "Differences from ipvsadm",
        "Speed",
        "How it is built",
        "Working on it",
    ]
    assert README.index("table.svg") < README.index("## Try it")


@pytest.mark.parametrize("text", [README, BENCH], ids=["project", "bench"])
def test_what_it_links_to_exists(text):
    folder = ROOT if text is README else ROOT / "tests" / "bench"
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_files_that_it_names_exist():
    named = re.findall(r"(?<![\w./])((?:pyipvsadm|tests|man)/[\w./-]*\w/?)", README)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_targets_of_make_that_it_names_exist():
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", README + BENCH, re.MULTILINE))
    assert {"demo", "test", "check", "generated", "bench"} <= named
    assert named <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_it_names_the_debian_packages_that_make_installs():
    told = re.search(r"installs these Debian packages[^:]*:([^.]*)\.", README)[1]
    make = subprocess.run(
        ["make", "--no-print-directory", "-n", "packages"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    needed = make.split("tests/packages.sh", 1)[1].split()
    assert {word for word in re.split(r"[\s,]+", told) if word} == {*needed, "python3-venv"}


def test_it_shows_every_verb():
    assert {verb.name for verb in VERBS} <= set(re.findall(r"pyipvsadm ([a-z]+)", README)) | {"sandbox"}


def test_daily_tasks_are_in_the_order_of_verbs():
    """But for what a sitting shows, which has an order of its own."""
    tasks = README.partition("## Daily tasks")[2].partition("## Differences")[0]
    tasks = re.sub(r"^ +\$ .*", "", tasks.partition("**Take a server out")[2], flags=re.MULTILINE)  # printed remedies
    names = [verb.name for verb in VERBS]
    shown = [name for name in re.findall(r"pyipvsadm ([a-z]+)", tasks) if name != "apply"]
    assert shown == sorted(shown, key=names.index)


@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_a_command_that_it_shows_can_be_read(words):
    """Its words alone: what they do is for a director."""
    words = words[3:] if words[1] == NETNS else words[1:]
    if words[0].startswith("-"):
        parse(words, names=None)
        return
    command, words = typer.main.get_command(application([function_of(words[0])])), whole(words)
    while hasattr(command, "commands"):
        command, *words = command.commands[words[0]], *words[1:]
    command.make_context(command.name, words)


def test_a_command_that_cannot_be_read_is_told():
    with pytest.raises(LIBRARY_ERROR):
        test_a_command_that_it_shows_can_be_read(["pyipvsadm", "drain", "--no-such-option"])
