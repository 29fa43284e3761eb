"""`completion` and `man` find their files wherever an installation has put them."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyipvsadm.help import shipped_files
from pyipvsadm.verbs.completion import FILES
from pyipvsadm.verbs.man import SECTIONS

from .fakes import run

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("shell", FILES)
def test_a_completion_is_that_of_the_checkout(shell):
    ran = run(["completion", shell])
    assert ran.status == 0
    assert ran.stdout == "".join((ROOT / "completions" / name).read_text() for name in FILES[shell])


@pytest.mark.parametrize("page", SECTIONS)
def test_a_page_that_is_piped_is_its_source(page):
    assert run(["man", page]).stdout == (ROOT / "man" / f"{page}.{SECTIONS[page]}").read_text()


@pytest.mark.parametrize(("words", "place"), [
    (("man", "x.8"), "share/man/man8/x.8"), (("man", "x.8"), "share/man/man8/x.8.gz"),
    (("man", "t.5"), "share/man/man5/t.5"), (("completions", "x.bash"), "share/bash-completion/completions/x"),
    (("completions", "_x"), "share/zsh/site-functions/_x"), (("completions", "_x"), "share/zsh/vendor-completions/_x"),
    (("completions", "x.fish"), "share/fish/vendor_completions.d/x.fish"),
])  # fmt: skip
def test_they_are_found_where_installers_put_them(tmp_path, monkeypatch, words, place):
    """pip, pipx and uv beside the package; Debian below /usr, with pages that are packed."""
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"text") if path.suffix == ".gz" else b"text")
    monkeypatch.setattr(shipped_files, "PACKAGE", tmp_path / "lib/python3/dist-packages/pyipvsadm")
    assert shipped_files.shipped(*words) == path
    assert shipped_files.text(path) == "text"


def test_one_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped_files, "PACKAGE", tmp_path / "pyipvsadm")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    ran = run(["completion", "zsh"])
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr.startswith("This installation has no _pyipvsadm\nhint: ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_takes_it(shell, tmp_path):
    script = "".join((ROOT / "completions" / name).read_text() for name in FILES[shell])
    (tmp_path / "script").write_text(script)
    try:
        done = subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, text=True, env=dict(os.environ))
    except FileNotFoundError:
        pytest.skip(f"no {shell}")
    assert (done.returncode, done.stderr) == (0, "")
