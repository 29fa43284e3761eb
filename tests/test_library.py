"""The library: its names, loaded when asked for, and known to type checkers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pyipvsadm

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
        'note: Revealed type is "pyipvsadm.table.plan.Plan"',
        'error: Unexpected keyword argument "wieght" for "Server"; did you mean "weight"?  [call-arg]',
        'error: Module has no attribute "Zork"  [attr-defined]',
    ]
