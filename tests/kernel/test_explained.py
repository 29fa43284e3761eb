"""Each refusal, provoked on a real kernel, is explained by its cause."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from ..refusals import REFUSALS
from .directors import stop_daemons


@pytest.mark.parametrize("row", [row for row in REFUSALS if not row.unreal], ids=lambda row: f"{row.verb}: {row.line}")
def test_a_refusal_is_explained(row, director):
    ours = director("pyipvsadm")
    try:
        for line in row.setup:
            if line.startswith("ip "):
                with ours.namespace.entered():
                    subprocess.run(shlex.split(line), check=True)
            else:
                assert ours(line) == (0, "", ""), line
        before = ours.table()
        answer = ours(row.line)
        said, hint = answer.stderr.splitlines()
        theirs = director("ipvsadm", ours.namespace)(row.line)
        assert (answer.returncode, answer.stdout, said) == (theirs.returncode, theirs.stdout, theirs.problem)
        assert hint.startswith(f"hint: {row.hint}")
        assert ours.table() == before
    finally:
        stop_daemons(ours.namespace)
