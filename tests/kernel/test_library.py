"""The manual's example of the library, on a real kernel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from pyipvsadm import Kernel

from ..kernel_model import canonical
from .test_manual import blocks

PAGE = Path(__file__).parents[2] / "man" / "pyipvsadm.8"
EXAMPLE = """\
from ipaddress import ip_address

from pyipvsadm import Kernel, make_plan

LEAVING = ip_address("10.2.0.2").packed  # the host that gets no new connections from now on

kernel = Kernel.open()
now = kernel.table()
wanted = now.replace(
    services=tuple(
        (service, tuple(server.replace(weight=0) if server.address == LEAVING else server for server in servers))
        for service, servers in now.services
    )
)
for phase in make_plan(now, wanted).phases:  # each builds on the success of those before it
    for index, errno in kernel.submit(step.command for step in phase):
        raise SystemExit(f"refused, with errno {errno}: {phase[index].command}")
"""
PORTS = range(1, 200)
RULES = """\
-A -t 192.168.2.10:80 -s rr -p 300
-a -t 192.168.2.10:80 -r 10.2.0.2:8080 -m -w 3 -x 10 -y 5
-a -t 192.168.2.10:80 -r 10.2.0.3:8080 -m -w 3
-A -f 7 -s wlc
-a -f 7 -r 10.2.0.2:0 -g -w 1
"""


def test_the_example_drains_a_host_and_changes_nothing_else(director):
    ours = director("pyipvsadm")
    assert ours("-R", RULES) == (0, "", "")
    with ours.namespace.entered():
        ran = subprocess.run([sys.executable, "-c", EXAMPLE], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    wanted = re.sub(r"(-r 10\.2\.0\.2:.* -w) \d", r"\1 0", RULES)
    shown = ours(["show", "-o", "rules"]).stdout.partition("--set")[0]
    assert shown == wanted


def test_a_kernel_stays_that_of_the_namespace_in_which_it_was_opened(director):
    """Also where a long table has it go on with a new socket."""
    inside, outside = director("pyipvsadm"), director("pyipvsadm")
    services = "".join(f"-A -t 192.168.2.10:{port}\n-a -t 192.168.2.10:{port} -r 10.2.0.2:80 -m\n" for port in PORTS)
    assert inside("-R", services) == (0, "", "")
    assert outside("-R", services.replace("10.2.0.2", "10.9.9.9")) == (0, "", "")
    with inside.namespace.entered():
        kernel = Kernel.open()
        here = kernel.table()
    with outside.namespace.entered():
        assert canonical(kernel.table()) == canonical(here)
        assert {server.address for _, servers in here.services for server in servers} == {bytes((10, 2, 0, 2))}
        assert canonical(Kernel.open().table()) != canonical(here)


def test_the_manual_shows_this_example():
    shown = [block for block in blocks(PAGE) if block.startswith(("from ", "import "))]
    assert shown == [EXAMPLE]
