"""What every scenario has: a network, and the director's command line."""

from __future__ import annotations

import pytest

from ..directors import InProcess, stop_daemons
from ..network import Network


@pytest.fixture
def network():
    """client -- director -- server 0, server 1, with the VIPs on the director's `kube-ipvs0`."""
    made = Network()
    yield made
    stop_daemons(made.director)
    made.close()


@pytest.fixture
def ipvs(network):
    """Carries out command lines on the director, one a line; each has to succeed. Returns what they print."""
    program = InProcess(network.director)

    def run(lines):
        printed = ""
        for line in filter(None, map(str.strip, lines.splitlines())):
            answer = program(line)
            assert (answer.returncode, answer.stderr) == (0, ""), line
            printed += answer.stdout
        return printed

    return run
