"""Work that takes longer than a second shows how far it has come, to who looks, and leaves nothing on the screen."""

from __future__ import annotations

import os
import pty
import threading

import pytest

from pyipvsadm import progress
from pyipvsadm.kernel import BATCH
from pyipvsadm.verbs.sandbox import relay

from . import fakes
from .ipvs import Ipvs
from .netlink import small_kernel
from .terminal import environment, seen, terminal
from .test_sandbox import Inside, relayed

GONE = "\r\x1b[K"
RULES = "".join(f"-A -f {mark}\n" for mark in range(1, 2 * BATCH + 10))
LAST = 2 * BATCH + 9


class Clock:
    """A clock that goes on by so many seconds with each look."""

    def __init__(self, step: float) -> None:
        self.step, self.now = step, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """Time goes by half a second with each look."""
    found = Clock(0.5)
    monkeypatch.setattr(progress, "monotonic", found)
    return found


@pytest.fixture
def rules(tmp_path):
    """RULES as a descriptor to read from, as often as need be."""
    path = tmp_path / "rules"
    path.write_text(RULES)
    return lambda: os.open(path, os.O_RDONLY)


def shown(*times, columns=80, text="12 of 40"):
    """What a terminal gets that is told at these `times`, in seconds, and then cleared."""
    with environment(TERM="xterm"), terminal(columns) as (tty, came):
        one = progress.Progress(tty)
        began = one._next - progress.DELAY
        looks = iter(times)
        progress.monotonic, before = (lambda: began + next(looks)), progress.monotonic
        try:
            for _ in times:
                one.tell(text)
            one.clear()
            one.clear()
        finally:
            progress.monotonic = before
    return b"".join(came).decode()


@pytest.mark.parametrize(("times", "lines"), [
    ((0, 0.5, 0.99), 0), ((1.01,), 1), ((0.5, 1.01, 1.05, 1.1), 1), ((1.01, 1.12, 1.15, 9), 3),
])  # fmt: skip
def test_the_first_second_is_quiet_and_later_ones_are_not_restless(times, lines):
    assert shown(*times) == "\r12 of 40\x1b[K" * lines + (GONE if lines else "")


def test_a_line_stays_one():
    assert shown(2, columns=10, text="x" * 50) == f"\r{'x' * 9}\x1b[K{GONE}"


@pytest.mark.parametrize(("variables", "expected"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({}, True)])
def test_it_is_for_terminals_that_can_clear_a_line(variables, expected):
    with environment(**variables), terminal(80) as (tty, _):
        assert bool(progress.begin(tty)) == expected
    reading, writing = os.pipe()
    assert progress.begin(writing) is None
    os.close(reading)
    os.close(writing)


def test_a_restore_shows_its_lines(clock, rules):
    clock.step = 0.3  # a second is over by the third look
    ran = seen(["-R"], small_kernel(), stdin=rules())
    assert (ran.status, ran.raw) == (0, "")
    clock.step = 0.7
    ran = seen(["-R"], small_kernel(), stdin=rules())
    assert (ran.status, ran.raw) == (0, f"\rline {2 * BATCH}\x1b[K{GONE}")
    assert seen(["-R", "--check"], small_kernel(), stdin=rules()).raw == ran.raw


def test_what_is_told_meanwhile_has_the_screen_to_itself(clock, rules):
    clock.step = 2
    refuse = lambda n, command, attributes: 17 if n == LAST - 3 else 0  # noqa: E731
    ran = seen(["-R"], small_kernel(refuse=refuse), stdin=rules())
    told = f"Service already exists\nhint: line {LAST - 2}: "
    assert ran.raw.startswith(f"\rline {BATCH}\x1b[K\rline {2 * BATCH}\x1b[K{GONE}{told}")


def test_the_script_that_restores_knows_how_many_there_are(clock, rules, monkeypatch):
    from pyipvsadm import cli

    clock.step = 0.7
    job = cli.SCRIPTS["ipvsadm-restore"]
    monkeypatch.setattr(cli, "_run", job)
    ran = seen([], small_kernel(), stdin=rules())
    assert (ran.status, ran.raw) == (0, f"\rline {2 * BATCH} of {LAST}\x1b[K{GONE}")


def test_who_does_not_look_costs_no_look_at_the_clock(monkeypatch, rules):
    def no_clock():
        raise AssertionError("nobody wants to know the time")

    monkeypatch.setattr(progress, "monotonic", no_clock)
    assert fakes.run(["-R"], small_kernel(), RULES.encode())[:3] == (0, "", "")
    assert seen(["-R"], small_kernel(), stdin=rules(), TERM="dumb")[:2] == (0, "")


def test_an_interrupt_clears_the_screen_too(clock, rules):
    clock.step = 2

    def interrupted(n, command, attributes):
        if n == LAST - 1:
            raise KeyboardInterrupt
        return 0

    ran = seen(["-R"], small_kernel(refuse=interrupted), stdin=rules())
    assert ran.status == 130
    assert f"\rline {2 * BATCH}\x1b[K{GONE}interrupted\n" in ran.raw


def test_apply_shows_changes_of_how_many(clock, tmp_path):
    clock.step = 0.7
    (tmp_path / "wanted").write_text(RULES)
    ran = seen(["apply", str(tmp_path / "wanted")], Ipvs().play)
    assert ran.status == 0
    lines = "".join(f"\r{done} of {LAST} changes\x1b[K" for done in (BATCH, 2 * BATCH))
    assert ran.raw == f"\rcomparing\x1b[K{lines}{GONE}done: {LAST} added\n"


def test_apply_asks_on_a_screen_that_is_clear(clock, tmp_path):
    clock.step = 2
    (tmp_path / "wanted").write_text("-A -f 1\n")
    ipvs = Ipvs()
    assert fakes.run(["-R"], ipvs.play, b"-A -f 1\n-A -f 2\n").status == 0
    keyboard, stdin = pty.openpty()
    os.write(keyboard, b"n\n")
    ran = seen(["apply", str(tmp_path / "wanted")], ipvs.play, stdin=stdin)
    assert ran.status == 2
    assert ran.raw.startswith(f"\rreading the table\x1b[K\rcomparing\x1b[K{GONE}- fwmark:2 ")
    os.close(stdin)
    os.close(keyboard)


def test_a_sandbox_shows_that_it_boots(monkeypatch):
    inside = Inside()
    times = []

    class Told(progress.Progress):
        def tell(self, text):
            times.append(text)
            if len(times) == 3:
                threading.Thread(target=inside.say, args=(("ready",), ("started",), ("ended", 5, (0, 0)))).start()

        def clear(self):
            times.append("clear")

    monkeypatch.setattr(relay, "begin", Told)
    monkeypatch.setattr(relay, "BLINK_SECONDS", 0.01)
    assert relayed(inside) == 5
    assert times[:3] == ["booting a kernel, 0 s"] * 3
    assert times[-1] == "clear"


def test_a_terminal_that_goes_away_is_no_error():
    with terminal(80) as (tty, _):
        gone = os.dup(tty)
        one = progress.Progress(gone)
        os.close(gone)
        one._next = 0
        one.tell("x")
        one.clear()
