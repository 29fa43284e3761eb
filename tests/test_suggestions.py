"""Which words count as mistyped names, and that every place for a name suggests the right one."""

from __future__ import annotations

import pytest

from pyipvsadm.grammar.options import LONG
from pyipvsadm.grammar.schedulers import FLAGS, SCHEDULERS
from pyipvsadm.grammar.suggestions import did_you_mean, nearest

from .fakes import run


@pytest.mark.parametrize(("word", "known", "expected"), [
    ("wlcc", SCHEDULERS, ["wlc"]),  # a letter too many,
    ("wcl", SCHEDULERS, ["wlc"]),  # two that changed places,
    ("WLC", SCHEDULERS, ["wlc"]),  # the wrong case,
    ("lbl", SCHEDULERS, ["lblc", "lblcr"]),  # a beginning
    ("llc", SCHEDULERS, ["lc", "wlc", "lblc"]),
    ("xx", SCHEDULERS, []),
    ("ab", SCHEDULERS, []),
    ("rb", SCHEDULERS, []),  # half of it: no slip, but another word
    ("", SCHEDULERS, []),
    ("x" * (1 << 20), SCHEDULERS, []),
    ("mh-prot", FLAGS, ["mh-port"]),
    ("masquerade", LONG, ["masquerading"]),
    ("add", LONG, ["add-service", "add-server"]),
    ("interface", LONG, ["mcast-interface"]),
    ("tun", LONG, []),  # of too many the beginning
    ("shceduler", LONG, ["scheduler"]),
    ("zork", LONG, []),
])  # fmt: skip
def test_what_is_near(word, known, expected):
    assert nearest(word, known) == expected


@pytest.mark.parametrize(("word", "known", "told"), [
    ("pager", ["no-pager", "plain"], "that is so without an option; `--no-pager` turns it off"),
    ("page", ["no-pager", "plain"], "that is so without an option; `--no-pager` turns it off"),
    ("no-pagr", ["no-pager", "plain"], "did you mean `--no-pager`?"),
    ("modul", ["module", "no-module"], "did you mean `--module`?"),
])  # fmt: skip
def test_who_asks_for_what_can_only_be_turned_off_is_not_told_the_opposite(word, known, told):
    assert did_you_mean(word, known, form="--{}") == told


@pytest.mark.parametrize("name", [*LONG, *SCHEDULERS])
def test_a_name_without_one_of_its_letters_is_found(name):
    for at in range(len(name)):
        slip = name[:at] + name[at + 1 :]
        assert name in nearest(slip, [name]) or len(name) < 3
        assert slip in LONG or slip in SCHEDULERS or nearest(slip, {**LONG, **SCHEDULERS}) or len(name) < 4


def test_the_question():
    assert did_you_mean("wcl", SCHEDULERS) == "did you mean `wlc`?"
    assert did_you_mean("lbl", SCHEDULERS, form="-s {}") == "did you mean `-s lblc` or `-s lblcr`?"
    assert did_you_mean("llc", SCHEDULERS) == "did you mean `lc`, `wlc` or `lblc`?"
    assert did_you_mean("zork", SCHEDULERS, "nothing") == "nothing"


SERVICE, SERVER = ["-A", "-t", "192.0.2.1:80"], ["-a", "-t", "192.0.2.1:80", "-r", "192.0.2.2", "-i"]


@pytest.mark.parametrize(("words", "message", "hint"), [
    ([*SERVICE, "--shceduler", "rr"], "--shceduler: unknown option", "did you mean `--scheduler`?"),
    ([*SERVICE, "--sched=rr"], "--sched=rr: unknown option", "did you mean `--scheduler` or `--sched-flags`?"),
    ([*SERVICE, "-N"], "-N: unknown option", "did you mean `-n`?"),
    (["-zero"], "Try `ipvsadm -h'", "did you mean `--zero`?"),
    (["-LN"], "-LN: unknown option", "did you mean `-n`?"),
    (["-Lk"], "-Lk: unknown option", "there is no option `-k`; `-h` shows"),
    (["-L", "-\x1bk"], "-\x1bk: unknown option", "there is no option `-`; `-h` shows"),
    (["-L", "--zork"], "--zork: unknown option", "`-h` shows the commands, and `-h TOPIC` their options"),
    (["--add-servce", "-t"], "Try `ipvsadm -h'", "did you mean `--add-service`?"),
    (["--help=x"], "Try `ipvsadm -h'", "write `--help`"),
    (["-n", "-L"], "Try `ipvsadm -h'", "start with a command: "),
    ([*SERVICE, "-s", "mh", "-b", "mh-prot"], "invalid scheduler flag `mh-prot'", "did you mean `mh-port`?"),
    ([*SERVICE, "-b", "zork"], "invalid scheduler flag `zork'", "the flags are sh-fallback, "),
    ([*SERVER, "--tun-type", "geu"], "illegal tunnel type specified", "did you mean `gue`?"),
    ([*SERVER, "--tun-type", "vxlan"], "illegal tunnel type specified", "give one of ipip, gue, gre"),
    (["--start-daemon", "mastr"], "illegal start-daemon parameter specified", "did you mean `master`?"),
    (["--stop-daemon", "zork"], "illegal start_daemon specified", "give one of master, backup"),
])  # fmt: skip
def test_a_slip_is_asked_about_in_the_hint_alone(words, message, hint):
    ran = run(words)
    assert ran.stdout == ""
    assert ran.stderr.startswith(message)
    assert ran.hints[0].startswith(hint)
