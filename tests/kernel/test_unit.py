"""The systemd unit, by its commands: what is restored at boot, and what is saved at a stop."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ..debian.build import unit
from .directors import ipvsadm

ADMINS = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 3\n"
SAVED = "-A -u 10.0.0.2:53 -s wlc\n"
STATE = "version: 1\nservices:\n  - service: 10.0.0.2:53/udp\n    scheduler: wlc\n"


def command(name):
    """The words that systemd runs: a backslash joins lines, and two dollars are one."""
    text = unit().replace("\\\n", " ")
    (line,) = re.findall(rf"^{name}=(.*)$", text, re.M)
    return [word.replace("$$", "$") for word in shlex.split(line)]


class Service:
    """The service on a table of its own, with an admin's file and a state below `folder`."""

    def __init__(self, director, folder):
        self.director = director
        self.admins, self.state = folder / "etc" / "table", folder / "state" / "table.yaml"
        (folder / "bin").mkdir()
        program = folder / "bin" / "pyipvsadm"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pyipvsadm "$@"\n')
        program.chmod(0o755)
        for path in (self.admins, self.state):
            path.parent.mkdir()
        self._environment = {
            **os.environ,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYIPVSADM_TABLE": str(self.admins),
            "STATE_DIRECTORY": str(self.state.parent),
        }

    def run(self, name):
        with self.director.namespace.entered():
            done = subprocess.run(command(name), env=self._environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def rules(self):
        return self.director("-Sn").stdout


@pytest.fixture
def service(director, tmp_path):
    return Service(director("ipvsadm"), tmp_path)


@pytest.mark.parametrize(("admins", "saved", "restored"), [
    (ADMINS, None, ADMINS), (ADMINS, STATE, ADMINS), (None, STATE, SAVED), (None, None, ""),
], ids=["admin's file", "admin's file before the state", "state", "neither"])  # fmt: skip
def test_what_is_restored_at_boot(service, admins, saved, restored):
    for path, content in ((service.admins, admins), (service.state, saved)):
        if content is not None:
            path.write_text(content)
    service.run("ExecStart")
    assert service.rules() == restored


def test_a_stop_saves_the_table_and_leaves_the_admin_s_file_as_it_was(service):
    service.admins.write_text(ADMINS)
    service.run("ExecStart")
    service.director(SAVED.split())
    service.run("ExecStop")
    assert service.admins.read_text() == ADMINS
    assert sorted(path.name for path in service.state.parent.iterdir()) == ["table.yaml"]
    service.director("-C")
    service.admins.unlink()
    service.run("ExecStart")
    assert service.rules() == ADMINS + SAVED


def test_a_stop_that_fails_leaves_the_last_state(service):
    service.state.write_text(STATE)
    (service.admins.parent.parent / "bin" / "pyipvsadm").write_text("#!/bin/sh\necho half; exit 1\n")
    with pytest.raises(AssertionError):
        service.run("ExecStop")
    assert service.state.read_text() == STATE


def test_a_restart_disturbs_nobody(service):
    service.admins.write_text(ADMINS)
    service.run("ExecStart")
    before = service.director.table(counters=True)
    service.run("ExecStop")
    service.run("ExecStart")
    assert service.director.table(counters=True) == before
    assert ipvsadm(service.director.namespace)("-Sn").stdout == ADMINS
