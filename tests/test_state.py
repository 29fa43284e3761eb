"""What verbs remember, and the lock that they hold: nobody else may write either, and nothing else is believed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.support import lock, state
from pyipvsadm.verbs.drain import change
from pyipvsadm.world import World

from .test_startup import ROOT

ROWS = [{"service": "192.0.2.1:80/tcp", "server": "10.0.0.1:80", "weight": 3, "left": 0}]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    found = tmp_path / "run"
    monkeypatch.setattr(state, "FOLDER", str(found))
    return found


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_nobody_else_may_enter_or_write_whatever_the_umask(folder, umask):
    before = os.umask(umask)
    try:
        state.store("drain", ROWS)
        with lock.alone(World()):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name.partition("-")[0]: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "drain": 0o600, "table": 0o600,
    }  # fmt: skip
    assert state.load("drain") == ROWS


def test_a_folder_that_was_open_is_closed(folder):
    folder.mkdir(mode=0o755)
    state.store("drain", ROWS)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def as_link(folder):
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)


def as_file(folder):
    folder.write_text("")


def as_another_s(folder):
    folder.mkdir()
    os.chown(folder, 65534, 65534)


@pytest.mark.parametrize("make", [as_link, as_file, pytest.param(as_another_s, marks=pytest.mark.skipif(
    os.geteuid() != 0, reason="only root gives files away"
))])  # fmt: skip
def test_a_folder_that_may_be_somebody_else_s_is_refused(folder, make):
    make(folder)
    with pytest.raises(state.ForeignError):
        state.store("drain", ROWS)
    with pytest.raises(IpvsadmError, match="can't be trusted"), lock.alone(World()):
        pass
    with pytest.raises(IpvsadmError, match="can't be read"):
        state.load("drain")


def test_a_link_in_the_place_of_the_new_file_is_not_followed(folder, tmp_path):
    target = tmp_path / "precious"
    target.write_text("mine")
    state.store("drain", ROWS)
    os.symlink(target, f"{state.path('drain')}.new")
    state.store("drain", ROWS)
    assert target.read_text() == "mine"
    assert state.load("drain") == ROWS


def test_a_file_that_others_may_write_is_not_believed(folder):
    state.store("drain", ROWS)
    os.chmod(state.path("drain"), 0o666)
    with pytest.raises(IpvsadmError, match="others may write it"):
        state.load("drain")


@pytest.mark.parametrize("change_to", [
    {"weight": -5}, {"weight": 99999999999}, {"weight": True}, {"weight": "3"}, {"weight": None}, {"left": 2**31},
    {"server": 7}, {"service": ["x"]},
])  # fmt: skip
def test_a_weight_that_we_did_not_write_is_no_weight(folder, change_to):
    state.store("drain", [{**ROWS[0], **change_to}])
    with pytest.raises(IpvsadmError, match="can't be read") as caught:
        change.load(None)
    assert caught.value.status == 1


def test_two_weights_of_a_server_are_no_weight(folder):
    state.store("drain", [ROWS[0], {**ROWS[0], "weight": 999}])
    with pytest.raises(IpvsadmError, match="a server has two weights") as caught:
        change.load(None)
    assert caught.value.status == 1


@pytest.mark.parametrize(
    "content",
    [b'[{"weight": 7, "weight": 8}]', b"[" * 200_000, b"{}", b"[7]", b"\xff", b"[{]", b'[{"weight": NaN}', b""],
)
def test_what_is_not_ours_is_an_error(folder, content):
    state.store("drain", ROWS)
    with open(state.path("drain"), "wb") as file:
        file.write(content)
    with pytest.raises(IpvsadmError, match="can't be read"):
        state.load("drain")


def test_a_file_without_end_is_an_error(folder, monkeypatch):
    monkeypatch.setattr(state, "LIMIT", 10)
    state.store("drain", ROWS)
    with pytest.raises(IpvsadmError, match="is larger than"):
        state.load("drain")


# The lock.

HOLD = """
import sys, time
sys.path.insert(0, {root!r})
from pyipvsadm.support import lock, state
from pyipvsadm.world import World
state.FOLDER = {folder!r}
with lock.alone(World(), 0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(folder):
    script = HOLD.format(root=str(ROOT), folder=str(folder))
    with subprocess.Popen(
        [sys.executable, "-c", script, "apply", "x\x1b.yaml"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.stdin.close()


class Told(World):
    def __init__(self):
        super().__init__()
        self.said = []

    def tell(self, message, hint=""):
        self.said.append(message)


def test_who_comes_second_says_for_whom_it_waits_and_goes_on_then(holder):
    world = Told()
    timer = threading.Timer(1.5, holder.stdin.close)
    timer.start()
    with lock.alone(world, 30):
        assert time.monotonic()
    timer.join()
    assert world.said == [f"waiting for process {holder.pid} (`apply x.yaml`), which is changing the table"]


def test_who_waits_gives_up_after_a_while(holder):
    start = time.monotonic()
    with (
        pytest.raises(IpvsadmError, match=f"is being changed by process {holder.pid}") as caught,
        lock.alone(Told(), 0.3),
    ):
        pass
    assert 0.3 <= time.monotonic() - start < 5
    assert (caught.value.status, caught.value.hint) == (1, "waited 0 s; `--wait-lock SECONDS` waits longer")


def test_a_signal_ends_the_waiting(holder):
    stopped = lock.alone(Told(), 30, lambda: signal.SIGTERM)
    with pytest.raises(IpvsadmError, match="stopped by SIGTERM") as caught, stopped:
        pass
    assert caught.value.status == 143


def test_what_is_stored_is_json(folder):
    state.store("drain", ROWS)
    with open(state.path("drain")) as file:
        assert json.load(file) == ROWS
