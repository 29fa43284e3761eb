"""The library: its names, loaded when asked for, and known to type checkers."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

import pyipvsadm
from pyipvsadm import Daemon, Kernel, Server, Service, Table, Timeouts, make_plan
from pyipvsadm.model import Command

from .fakes import quiet
from .netlink import FAMILY, CannedSocket, error, requests

ROOT = Path(__file__).parent.parent


def python(script: str) -> str:
    """What a Python of its own prints."""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return ran.stdout.strip()


def test_importing_the_package_loads_nothing_of_it():
    loaded = "[name for name in sys.modules if name.startswith('pyipvsadm')]"
    assert python(f"import sys, pyipvsadm; dir(pyipvsadm); pyipvsadm.__version__; print({loaded})") == "['pyipvsadm']"


@pytest.mark.parametrize("name", pyipvsadm.__all__)
def test_each_name_is_there_and_told(name):
    assert getattr(pyipvsadm, name).__name__ == name
    assert name in dir(pyipvsadm)
    assert name in vars(pyipvsadm)  # the second time, nothing is looked up
    assert getattr(pyipvsadm, name).__doc__


def test_all_of_them_can_be_had_at_once():
    assert python("from pyipvsadm import *; print(Table(), make_plan(Table(), Table()).phases)") == "Table() ()"


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="module 'pyipvsadm' has no attribute 'Zork'"):
        pyipvsadm.Zork  # noqa: B018
    with pytest.raises(ImportError):
        from pyipvsadm import Zork  # noqa: F401


def test_modules_of_the_package_can_still_be_imported():
    assert (
        python("from pyipvsadm import model; import pyipvsadm.table.plan; print(model.__name__)") == "pyipvsadm.model"
    )


USED = """
from pyipvsadm import Kernel, Server, Table, make_plan

def drained(table: Table) -> list[Server]:
    return [server for _, servers in table.services for server in servers if not server.weight]

reveal_type(Kernel.open().table().services)
reveal_type(make_plan(Table(), Table()))
Server(wieght=1)
import pyipvsadm
pyipvsadm.Zork
"""


def test_type_checkers_know_them(tmp_path):
    (tmp_path / "used.py").write_text(USED)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", "used.py"]
    ran = subprocess.run(
        mypy, capture_output=True, text=True, cwd=tmp_path, env={"MYPYPATH": str(ROOT), "HOME": str(tmp_path)}
    )
    told = [line.partition(": ")[2] for line in ran.stdout.splitlines()]
    assert told[:-1] == [
        'note: Revealed type is "tuple[tuple[pyipvsadm.model.Service, tuple[pyipvsadm.model.Server, ...]], ...]"',
        'note: Revealed type is "pyipvsadm.table.steps.Plan"',
        'error: Unexpected keyword argument "wieght" for "Server"; did you mean "weight"?  [call-arg]',
        'error: Module has no attribute "Zork"  [attr-defined]',
    ]


# What can't be is refused, before anything is sent.

VIP, SIX = bytes((192, 168, 2, 10)), bytes(15) + b"\1"
WEB = Service(protocol=6, address=VIP, port=80, scheduler="rr")
REAL = Server(address=bytes((10, 2, 0, 2)), port=80)
WRONG = [  # a field, and the service and the server that have it wrong
    ("Service.af", WEB.replace(af=7), REAL),
    ("Service.protocol", WEB.replace(protocol=1), REAL),
    ("Service.protocol", WEB.replace(protocol=None), REAL),
    ("Service.protocol", WEB.replace(protocol="tcp"), REAL),
    ("Service.address", WEB.replace(address=b"\1\2\3"), REAL),
    ("Service.address", WEB.replace(address=SIX), REAL),
    ("Service.address", WEB.replace(address="192.168.2.10"), REAL),
    ("Service.address", WEB.replace(address=None), REAL),
    ("Service.address", Service(fwmark=1, address=VIP), REAL),
    ("Service.protocol", Service(fwmark=1, protocol=6), REAL),
    ("Service.port", Service(fwmark=1, port=80), REAL),
    ("Service.fwmark", Service(fwmark=0), REAL),
    ("Service.fwmark", Service(fwmark=1 << 32), REAL),
    ("Service.port", WEB.replace(port=65536), REAL),
    ("Service.port", WEB.replace(port="80"), REAL),
    ("Service.flags", WEB.replace(flags=64), REAL),
    ("Service.flags", WEB.replace(flags=2), REAL),
    ("Service.timeout", WEB.replace(timeout=-1), REAL),
    ("Service.netmask", WEB.replace(netmask=1 << 32), REAL),
    ("Service.netmask", WEB.replace(af=10, address=SIX, netmask=129), REAL.replace(address=SIX)),
    ("Service.scheduler", WEB.replace(scheduler="r" * 16), REAL),
    ("Service.engine", WEB.replace(engine="si\0p"), REAL),
    ("Server.address", WEB, REAL.replace(address=b"")),
    ("Server.address", WEB, REAL.replace(address=SIX)),
    ("Server.address", WEB, REAL.replace(address=bytes(5), forwarding=2)),
    ("Server.address", WEB, REAL.replace(address=[10, 2, 0, 2])),
    ("Server.port", WEB, REAL.replace(port=-1)),
    ("Server.port", WEB, REAL.replace(port=65536)),
    ("Server.forwarding", WEB, REAL.replace(forwarding=4)),
    ("Server.weight", WEB, REAL.replace(weight=-1)),
    ("Server.weight", WEB, REAL.replace(weight=1 << 31)),
    ("Server.weight", WEB, REAL.replace(weight=1.5)),
    ("Server.weight", WEB, REAL.replace(weight="1")),
    ("Server.upper_threshold", WEB, REAL.replace(upper_threshold=1 << 31)),
    ("Server.lower_threshold", WEB, REAL.replace(lower_threshold=-1)),
    ("Server.tunnel_type", WEB, REAL.replace(forwarding=2, tunnel_type=3)),
    ("Server.tunnel_port", WEB, REAL.replace(forwarding=2, tunnel_port=65536)),
    ("Server.tunnel_flags", WEB, REAL.replace(forwarding=2, tunnel_flags=3)),
]
OTHERS = [
    ("verb", Command(verb="list")),
    ("verb", Command(verb="zork")),
    ("service", Command(verb="add-service")),
    ("server", Command(verb="add-server", service=WEB)),
    ("daemon", Command(verb="start-daemon")),
    ("timeouts", Command(verb="set")),
    ("Timeouts.udp", Command(verb="set", timeouts=Timeouts(udp=-1))),
    ("Daemon.state", Command(verb="stop-daemon", daemon=Daemon(state=3))),
    ("Daemon.interface", Command(verb="start-daemon", daemon=Daemon())),
    ("Daemon.syncid", Command(verb="start-daemon", daemon=Daemon(interface="lo", syncid=256))),
    ("Daemon.ttl", Command(verb="start-daemon", daemon=Daemon(interface="lo", ttl=256))),
    ("Daemon.group", Command(verb="start-daemon", daemon=Daemon(interface="lo", group=b"\1"))),
]


@pytest.mark.parametrize(("field", "service", "server"), WRONG)
def test_what_no_table_can_hold_is_a_value_error(field, service, server):
    fine = Command(verb="add-service", service=WEB)
    wrong = Command(verb="add-server", service=service, server=server)
    unasked = CannedSocket(quiet)
    with pytest.raises(ValueError, match=f"^{field}: "):
        list(Kernel(unasked, FAMILY).submit([*[fine] * 300, wrong]))
    assert unasked.sent == []
    with pytest.raises(ValueError, match=f"^{field}: "):
        make_plan(Table(), Table(services=((service, (server,)),)))
    with pytest.raises(ValueError, match=f"^{field}: "):
        make_plan(Table(services=((WEB, (REAL,)),)), Table(services=((service, (REAL, server)),)))


@pytest.mark.parametrize(("field", "command"), OTHERS)
def test_what_no_kernel_can_carry_out_is_a_value_error(field, command):
    with pytest.raises(ValueError, match=f"^{field}: "):
        list(Kernel(CannedSocket(quiet), FAMILY).submit([command]))


@pytest.mark.parametrize("command", [
    Command(verb="add-service", service=WEB.replace(protocol=socket.IPPROTO_UDP, af=socket.AF_INET, netmask=0)),
    Command(verb="add-service", service=WEB.replace(af=socket.AF_INET6, address=SIX, netmask=64, flags=1 | 4 | 32)),
    Command(verb="delete-service", service=Service(fwmark=(1 << 32) - 1)),
    Command(verb="add-server", service=WEB, server=REAL.replace(address=SIX, forwarding=2, tunnel_type=1)),
    Command(verb="edit-server", service=WEB, server=REAL.replace(weight=(1 << 31) - 1, port=65535)),
    Command(verb="stop-daemon", daemon=Daemon(state=2)),
    Command(verb="set", timeouts=Timeouts(tcp=900)),
    Command(verb="zero"), Command(verb="clear"),
])  # fmt: skip
def test_what_can_be_is_sent(command):
    kernel = CannedSocket(lambda data: [error(number, 0) for _, number, _, _ in requests(data)])
    assert list(Kernel(kernel, FAMILY).submit([command])) == []
    assert kernel.sent
