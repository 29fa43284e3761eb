"""`doctor` on nftables: in Debian's kernel under QEMU, since user-mode Linux has none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .bench import debian
from .bench.qemu import Machine


@pytest.mark.long
@pytest.mark.boot
def test_rules_of_nftables_are_found_and_mended():
    machine = Machine(debian.kernel())
    command = [sys.executable, "-m", "tests.kernel.nft_rows"]
    root = Path(__file__).parents[1]
    modules = ("ip_vs", "dummy", "veth")
    ran = machine.run(command, modules=modules, folder=root, environment={"HOME": "/root"}, timeout=400)
    assert ran.status == 0, ran.stderr.decode()[-3000:]
    assert ran.stdout.decode().endswith("all well\n"), ran.stdout
