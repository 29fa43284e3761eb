"""`metrics` where the kernel has no IPVS: told as a figure, with status 0, and no module is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .exposition import samples

pytestmark = pytest.mark.boot


def test_without_the_module_that_is_a_figure_and_it_stays_out():
    script = f"{sys.executable} -m pyipvsadm metrics; echo status $?; grep ^ip_vs /proc/modules || echo none is loaded"
    sandbox = [sys.executable, "-m", "pyipvsadm", "sandbox", "--no-module", "--timeout", "60", "--", "sh", "-c", script]
    done = subprocess.run(sandbox, capture_output=True, text=True, check=True)
    text, _, rest = done.stdout.partition("status ")
    assert rest == "0\nnone is loaded\n"
    found = samples(text)
    assert (found["ipvs_module_loaded", frozenset()], found["ipvs_up", frozenset()]) == (0, 0)
    assert "# ipvs_up is 0: this kernel has no IPVS" in text
