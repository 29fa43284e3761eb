"""A kernel whose IPVS is older than 1.1.4 is warned of, and worked with."""

from __future__ import annotations

import os

import pytest

from pyipvsadm.cli import World, main
from pyipvsadm.kernel import Kernel
from pyipvsadm.model import Info, Timeouts

WARNING = (
    "Warning: IPVS version mismatch: \n"
    "  Kernel compiled with IPVS version 1.1.3\n"
    "  ipvsadm v1.31  requires minimum IPVS version 1.1.4\n"
    "\n"
)


@pytest.mark.parametrize(("version", "stderr"), [(0x010103, WARNING), (0x010104, ""), (0x010201, "")])
def test_an_old_kernel_is_warned_of_once(monkeypatch, tmp_path, version, stderr):
    kernel = Kernel(None, 28)
    monkeypatch.setattr(kernel, "info", lambda: Info(version=version, size=4096))
    monkeypatch.setattr(kernel, "timeouts", lambda: Timeouts(tcp=900, tcpfin=120, udp=300))
    monkeypatch.setattr(Kernel, "open", lambda load=True: kernel)
    out, err = (os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in ("out", "err"))
    assert main(["pyipvsadm", "-L", "--timeout"], World(stdout=out, stderr=err)) == 0
    assert (tmp_path / "err").read_text() == stderr
    assert (tmp_path / "out").read_text() == "Timeout (tcp tcpfin udp): 900 120 300\n"
