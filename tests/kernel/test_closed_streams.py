"""Standard streams that are closed: no socket takes their place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .namespaces import Namespace

PROGRAM = Path(sys.executable).with_name("pyipvsadm")


@pytest.mark.parametrize(
    ("line", "status", "problem"),
    [
        ("-R <&-", 0, ""),
        ("-R --strict <&- >&-", 0, ""),
        ("-Ln >&-", 1, "cannot write the output: Bad file descriptor"),
        ("-Sn <&- >&-", 0, ""),  # there is nothing to print
        ("-A -t 192.0.2.1:80 <&- >&- 2>&-", 0, ""),
        ("-D -t 192.0.2.1:80 <&- >&- 2>&-", 255, ""),
        ("-A -n <&- >&-", 2, "Illegal 'numeric' option with the 'add-service' command"),
        ("apply --yes - <&-", 2, "stdin can't be read: Bad file descriptor"),  # it is no document without services
    ],
)
def test_a_closed_stream(line, status, problem):
    namespace = Namespace()
    with namespace.entered():
        done = subprocess.run(f"{PROGRAM} {line}", shell=True, stderr=subprocess.PIPE, text=True, timeout=60)
    namespace.close()
    assert (done.returncode, done.stderr.partition("\n")[0]) == (status, problem)
