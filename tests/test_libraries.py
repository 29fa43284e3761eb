"""What works where a library isn't installed, or an old one is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from pyipvsadm import libraries
from pyipvsadm.errors import IpvsadmError
from pyipvsadm.verbs import NAMES

from .fakes import run

ROOT = Path(__file__).parents[1]
BARE = (
    "import sys; sys.path.append(sys.argv.pop(1)); from pyipvsadm import cli; sys.exit(cli.main(sys.argv, cli.World()))"
)


def bare(*words):
    """The program where nothing is installed: no site-packages, and of ours the package alone."""
    start = [sys.executable, "-I", "-S", "-c", BARE, str(ROOT)]
    return subprocess.run([*start, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.mark.parametrize("line", [
    "-v", "-h", "-h schedulers", "-A", "-A -6", "-a -t 192.0.2.1:80 -r x", "-E -t 192.0.2.1:0", "-e -f 0", "-d -t x",
    "-D", "-S zork", "-R --zork", "-L --stats --timeout", "-Lc --stats", "-Z zork", "-C zork", "--set 1 2",
    "--start-daemon zork", "--stop-daemon master -r x", "zork", "__complete -A",
])  # fmt: skip
def test_ipvsadm_s_grammar_needs_python_alone(line):
    done = bare(*line.split())
    assert "Traceback" not in done.stderr
    ours = subprocess.run(
        [sys.executable, "-c", BARE, str(ROOT), *line.split()], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (ours.returncode, ours.stdout, ours.stderr)


@pytest.mark.parametrize("verb", NAMES)
def test_a_verb_names_the_package_that_it_lacks(verb):
    done = bare(verb, "--zork", "--help")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"`{verb}` needs the library typer, which isn't installed\n"
        "hint: install Debian's package, with `apt-get install python3-typer`; ipvsadm's commands need none\n"
    )


@pytest.mark.parametrize("verb", NAMES)
def test_a_verb_explains_itself_with_the_libraries_that_are_here_or_without(verb):
    told = bare(verb, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    done = subprocess.run([sys.executable, "-m", "pyipvsadm", verb, "--help", "--help"], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, told.stdout, b"")


@pytest.mark.parametrize(("word", "status"), [("IPv4", 0), ("ipv4", 0), ("ipv7", 2)])
def test_words_of_an_option_are_read_as_the_option_says(word, status):
    objects = b'{"apiVersion": "v1", "kind": "List", "items": []}'
    assert run(["check", "--from", "kubernetes", "--ip-family", word, "-"], stdin=objects).status == status


@pytest.mark.parametrize(("version", "will_do"), [
    ("0.15.0", True), ("0.15.2", True), ("0.29.2", True), ("1.0", True), ("0.15.0rc1", True),
    ("0.14.9", False), ("0.7.0", False),
])  # fmt: skip
def test_an_old_library_is_told(monkeypatch, version, will_do):
    monkeypatch.setattr(typer, "__version__", version)
    if will_do:
        libraries.require("typer", "show")
        return
    with pytest.raises(IpvsadmError, match=re.escape(f"`show` needs typer 0.15 or newer, and {version} is")):
        libraries.require("typer", "show")


def test_what_is_no_library_of_ours_is_not_excused():
    assert libraries.lacking(ModuleNotFoundError(name="pyipvsadm.zork"), "show") is None
    assert libraries.lacking(ModuleNotFoundError(name="yaml.reader"), "show")


def test_the_bounds_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = dict(requirement.split(" >= ") for requirement in project["dependencies"])
    known = {library.name: library.oldest for name, library in libraries.LIBRARIES.items() if name != "click"}
    assert bounds == known


def test_lists_are_plain_text_where_nothing_draws():
    script = f"import sys; sys.path.append({str(ROOT)!r}); from pyipvsadm.world import World; print(World().canvas())"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], env={"PYIPVSADM_STYLE": "rich"}, capture_output=True, text=True
    )
    assert done.stdout == "None\n"
    assert not done.stderr  # a note is for terminals


OLD_PYDANTIC = "import sys, types; sys.modules['pydantic'] = m = types.ModuleType('pydantic'); m.__version__ = '1.10'"


def test_a_library_that_lacks_something_is_too_old():
    words = [sys.executable, "-c", f"{OLD_PYDANTIC}; {BARE}", str(ROOT), "check", "-"]
    done = subprocess.run(words, input="version: 1\nservces: []\n", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("`check` needs pydantic 2.10 or newer, and 1.10 is installed\nhint: ")


def test_broken_json_is_told_by_a_process_that_has_read_none_before():
    words = [sys.executable, "-m", "pyipvsadm", "check", "-"]
    done = subprocess.run(words, cwd=ROOT, input='{"version": 1,}', capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("stdin:1: isn't JSON: remove the comma before `}`")
