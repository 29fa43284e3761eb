"""Each refusal, provoked on a real kernel, is explained by its cause."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from ..refusals import REFUSALS
from .directors import stop_daemons

HINTING = {**os.environ, "PYIPVSADM_HINTS": "always"}


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


def test_a_namespace_whose_lo_is_down_has_no_unicast_address():
    lines = ("-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -m")
    script = "; ".join(f"{shlex.quote(sys.executable)} -m pyipvsadm {line}" for line in lines)
    told = [
        subprocess.run(
            ["unshare", "-n", "sh", "-c", before + script], capture_output=True, text=True, check=False, env=HINTING
        )
        for before in ("", "ip link set lo up; ")
    ]
    assert [one.returncode for one in told] == [255, 0]
    assert told[0].stderr.splitlines()[1].startswith("hint: `lo` is down in this network namespace")
    assert told[0].stderr.endswith("`ip link set lo up`\n")
