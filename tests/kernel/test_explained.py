"""Each refusal, provoked on a real kernel, is explained by its cause."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from ..refusals import REFUSALS
from .directors import stop_daemons


@pytest.mark.parametrize("row", [row for row in REFUSALS if not row.unreal], ids=lambda row: f"{row.verb}: {row.line}")
def test_a_refusal_is_ipvsadm_s_and_explained_to_whom_wants_hints(row, director, monkeypatch):
    ours = director("pyipvsadm")
    try:
        for line in row.setup:
            if line.startswith("ip "):
                with ours.namespace.entered():
                    subprocess.run(shlex.split(line), check=True)
            else:
                assert ours(line) == (0, "", ""), line
        before = ours.table()
        theirs = director("ipvsadm", ours.namespace)(row.line)
        assert ours(row.line) == theirs
        monkeypatch.setenv("PYIPVSADM_HINTS", "always")
        answer = ours(row.line)
        assert answer._replace(stderr=f"{answer.problem}\n") == theirs
        assert answer.stderr.removeprefix(theirs.stderr).startswith(f"hint: {row.hint}")
        assert ours.table() == before
    finally:
        stop_daemons(ours.namespace)
