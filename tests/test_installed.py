"""What an installation puts where, and by which names the program answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = {
    "share/man/man8/pyipvsadm.8",
    "share/man/man8/pyipvsadm-save.8",
    "share/man/man8/pyipvsadm-restore.8",
    "share/man/man5/pyipvsadm-table.5",
    "lib/systemd/system/pyipvsadm-metrics.service",
    "share/bash-completion/completions/pyipvsadm",
    "share/bash-completion/completions/pyipvsadm-save",
    "share/zsh/site-functions/_pyipvsadm",
    "share/fish/vendor_completions.d/pyipvsadm.fish",
    "share/fish/vendor_completions.d/pyipvsadm-save.fish",
}
PROGRAMS = ("pyipvsadm", "pyipvsadm-save", "pyipvsadm-restore")
TRY = "Try `{0} -h' or '{0} --help' for more information."


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a wheel and an sdist, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def prefix(built, tmp_path_factory):
    """Where the wheel is installed as `pip install --prefix` does it, without its dependencies."""
    folder = tmp_path_factory.mktemp("prefix")
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--ignore-installed", "--prefix", folder, wheel], check=True, capture_output=True)
    return folder


def test_the_wheel_carries_manuals_and_completions(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    shared = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    assert shared == SHARED
    assert {"pyipvsadm/py.typed", "pyipvsadm/cli.py"} <= set(names)
    assert not [name for name in names if name.startswith(("tests", "man", "completions"))]


def test_the_sdist_carries_their_sources(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {
        str(path.relative_to(ROOT))
        for folder in ("man", "completions", "tests/debian/files")
        for path in (ROOT / folder).iterdir()
        if path.is_file()
    }
    assert sources | {"tests/generate.py", "Makefile", "README.md", "LICENSE"} <= names


def test_an_installation_has_them_where_shells_man_and_systemd_look(prefix):
    found = {
        str(path.relative_to(prefix))
        for folder in ("share", "lib/systemd")
        for path in (prefix / folder).rglob("*")
        if path.is_file()
    }
    assert found == SHARED
    assert {path.name for path in (prefix / "bin").iterdir()} == set(PROGRAMS)


def called(path, *words):
    """What a program says that is called by `path`. None of the lines here may touch this machine's table."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([path, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["ipvsadm", "pyipvsadm"])
def test_a_program_calls_itself_as_it_is_called(prefix, tmp_path, name):
    link = tmp_path / name
    link.symlink_to(prefix / "bin" / "pyipvsadm")
    assert called(link, "-z").stderr.splitlines()[0] == TRY.format(name)
    assert f"Usage: {name} [--netns NAME] VERB|COMMAND" in called(link, "-h").stdout
    assert f"Usage: {name} show" in called(link, "show", "--help").stdout


@pytest.mark.parametrize("target", PROGRAMS)
def test_a_link_named_as_a_script_is_that_script(prefix, tmp_path, target):
    (tmp_path / "ipvsadm-save").symlink_to(prefix / "bin" / target)
    done = called(tmp_path / "ipvsadm-save", "--help")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ipvsadm-save: prints the table as rules for ipvsadm-restore reads\n")


def test_as_a_module_it_is_called_pyipvsadm():
    done = subprocess.run([sys.executable, "-m", "pyipvsadm", "-z"], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[0] == TRY.format("pyipvsadm")


def test_the_tests_that_other_pythons_run_are_there():
    script = (ROOT / "tests" / "pythons.sh").read_text()
    names = re.search(r"for name in (.*?); do", script, re.DOTALL)[1].replace("\\", "").split()
    assert [name for name in names if not (ROOT / "tests" / f"test_{name}.py").exists()] == []
