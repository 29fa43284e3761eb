"""`drain` and `undrain` from the command line to the bytes and back, on a kernel in miniature, by a clock made up."""

from __future__ import annotations

import json
import signal
from _socket import IPPROTO_TCP, IPPROTO_UDP
from errno import EINVAL

import pytest

from pyipvsadm.model import FLAG_1, FLAG_2, PERSISTENT, Server, Service, Table
from pyipvsadm.support import state
from pyipvsadm.verbs.drain import course, holders, places, wait

from . import fakes
from .ipvs import Ipvs

RULES = """\
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 5 -x 10 -y 5
-a -t 192.0.2.1:80 -r 198.51.100.2:8080 -m -w 3
-A -t 192.0.2.1:443 -s rr
-a -t 192.0.2.1:443 -r 198.51.100.1:8080 -m -w 7
-a -t 192.0.2.1:443 -r 198.51.100.1:8443 -m -w 2
-a -t 192.0.2.1:443 -r 198.51.100.2:8080 -m
-A -t 192.0.2.3:80 -s rr
-a -t 192.0.2.3:80 -r 198.51.100.9:80 -m -w 4
-A -u 192.0.2.1:53 -s rr
-a -u 192.0.2.1:53 -r 198.51.100.5:53 -m
-a -u 192.0.2.1:53 -r 198.51.100.6:53 -m
-A -t [2001:db8::1]:80 -s rr
-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -g -w 8
-a -t [2001:db8::1]:80 -r [2001:db8::3]:80 -g
"""
ONE, OTHER, LAST, UDP = "198.51.100.1:8080", "198.51.100.2:8080", "198.51.100.9:80", "198.51.100.5:53"
HTTP, HTTPS = "192.0.2.1:80/tcp", "192.0.2.1:443/tcp"


class Clock:
    """A clock that goes as far as it is told to rest. `events`: what happens at a time."""

    def __init__(self) -> None:
        self.first, self.time, self.events = 0, 100.0, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.first = 0

    def now(self):
        return self.time

    def rest(self, seconds):
        assert seconds > 0
        until = self.time + seconds
        for at in sorted(at for at in self.events if at + 100 <= until):
            self.time = 100 + at
            if self.events.pop(at)():
                return
        self.time = until

    def signal(self, at, number=signal.SIGINT):
        def come():
            self.first = number
            return True

        self.events[at] = come


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(wait, "Clock", lambda: found)
    return found


@pytest.fixture
def ipvs(clock, monkeypatch, tmp_path):
    monkeypatch.setattr(state, "FOLDER", str(tmp_path / "state"))
    monkeypatch.setattr(course, "EXPIRE", str(tmp_path / "expire"))
    monkeypatch.setattr(course, "NODEST", str(tmp_path / "nodest"))
    (tmp_path / "expire").write_text("0\n")
    found = Ipvs()
    assert fakes.run(["-R"], found.play, RULES.encode()).status == 0
    found.changes = 0
    return found


def run(ipvs, line):
    return fakes.run(line.split(), ipvs.play, program="pyipvsadm")


def rules(ipvs):
    return fakes.run(["-S", "-n"], ipvs.play).stdout


def weights(ipvs, server=ONE):
    """The server's weights, in the order of the table."""
    lines = [line.split() for line in rules(ipvs).splitlines() if f"-r {server} " in line]
    return [int(words[words.index("-w") + 1]) for words in lines]


def remembered():
    return [(row["service"], row["server"], row["weight"]) for row in state.load("drain")]


def test_weight_0_in_every_service_and_all_else_stays(ipvs):
    wanted = rules(ipvs).replace(f"{ONE} -m -w 5", f"{ONE} -m -w 0").replace(f"{ONE} -m -w 7", f"{ONE} -m -w 0")
    ran = run(ipvs, f"drain {ONE}")
    assert ran.status == 0
    assert set(ran.stdout.splitlines()) == {f"{HTTP} {ONE}  weight 5 -> 0", f"{HTTPS} {ONE}  weight 7 -> 0"}
    assert ran.stderr == f"{ONE}: 0 active, 0 inactive, 0 persistent\n"
    assert rules(ipvs) == wanted
    assert ipvs.changes == 2


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("198.51.100.1", {f"{HTTP} {ONE}": 5, f"{HTTPS} {ONE}": 7, f"{HTTPS} 198.51.100.1:8443": 2}),
        (f"{ONE} --from {HTTP}", {f"{HTTP} {ONE}": 5}),
        (f"{ONE} --from 192.0.2.1:443 --from {HTTP}", {f"{HTTP} {ONE}": 5, f"{HTTPS} {ONE}": 7}),
        ("[2001:db8::2]:80", {"[2001:db8::1]:80/tcp [2001:db8::2]:80": 8}),
        ("2001:db8::2", {"[2001:db8::1]:80/tcp [2001:db8::2]:80": 8}),
        ("[2001:db8::2]", {"[2001:db8::1]:80/tcp [2001:db8::2]:80": 8}),
    ],
)
def test_which_servers_are_meant(ipvs, line, changed):
    before = rules(ipvs)
    ran = run(ipvs, f"drain {line}")
    assert ran.status == 0
    assert sorted(ran.stdout.splitlines()) == sorted(f"{name}  weight {old} -> 0" for name, old in changed.items())
    assert ipvs.changes == len(changed)
    assert sorted(f"{service} {server}" for service, server, _ in remembered()) == sorted(changed)
    assert run(ipvs, f"undrain {line}").status == 0
    assert rules(ipvs) == before
    assert remembered() == []


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("drain 198.51.100.77:80", 1, "no service has a server 198.51.100.77:80"),
        ("drain 198.51.100.1:81", 1, "no service has a server"),
        (f"drain {ONE} --from 192.0.2.3:80", 1, f"192.0.2.3:80/tcp has no server {ONE}"),
        (f"drain {ONE} --from {HTTP} --from 192.0.2.77:80", 1, "192.0.2.77:80/tcp has no server"),
        (f"drain {LAST}", 2, "no other server of 192.0.2.3:80/tcp has a weight"),
        ("drain web1", 2, "`web1` is not a server"),
        ("drain 198.51.100.1:http", 2, "is not a server"),
        ("drain 198.51.100.1:", 2, "is not a server"),
        ("drain 2001:db8::2:80:1:2:3:4:5", 2, "is not a server"),
        (f"drain {ONE} --from 192.0.2.1", 2, "is not a service"),
        ("undrain 198.51.100.77", 1, "no service has a server 198.51.100.77"),
        ("undrain web1", 2, "is not a server"),
    ],
)
def test_nothing_is_done(ipvs, line, status, message):
    before = rules(ipvs)
    ran = run(ipvs, line)
    assert ran.status == status
    assert message in ran.message
    assert ran.hints
    assert (rules(ipvs), ipvs.changes, ran.stdout) == (before, 0, "")


@pytest.mark.parametrize("time", ["0", "0s", "-1", "ten", "1.5m", "5w", "31d", "", "m", "1" * 30])
def test_times_that_are_none(ipvs, time):
    for words in (["drain", ONE, f"--deadline={time}"], ["undrain", ONE, f"--ramp={time}"]):
        ran = fakes.run(words, ipvs.play)
        assert ran.status == 2
        assert "give a time from 1s to 30d" in ran.stderr.replace("\n", " ")
    assert ipvs.changes == 0


def test_the_last_server_goes_with_force(ipvs):
    assert run(ipvs, f"drain {LAST} --force").status == 0
    assert weights(ipvs, LAST) == [0]
    assert run(ipvs, f"drain {LAST}").status == 0  # it is drained already: nobody loses anything


def test_one_refused_edit_takes_all_back(ipvs):
    before = rules(ipvs)
    ipvs.before = lambda number: EINVAL if number == 1 else None
    ran = run(ipvs, f"drain {ONE}")
    assert ran.status == 1
    assert "the table is as it was before" in ran.message
    assert rules(ipvs) == before
    ipvs.before = lambda number: None
    assert run(ipvs, f"undrain {ONE}").stdout == ""
    assert rules(ipvs) == before


def test_what_cannot_be_taken_back_is_remembered(ipvs):
    before = rules(ipvs)
    ipvs.before = lambda number: EINVAL if number else None
    ran = run(ipvs, f"drain {ONE}")
    assert ran.status == 3
    assert "not everything could be undone" in ran.message
    assert "the same `drain` again" in ran.hints[-1]
    ipvs.before = lambda number: None
    assert run(ipvs, f"undrain {ONE}").status == 0
    assert rules(ipvs) == before


def test_an_undrain_that_is_refused(ipvs):
    run(ipvs, f"drain {ONE}")
    before, ipvs.changes = rules(ipvs), 0
    ipvs.before = lambda number: EINVAL if number == 1 else None
    assert run(ipvs, f"undrain {ONE}").status == 1
    assert rules(ipvs) == before
    assert run(ipvs, f"undrain {ONE}").status == 0
    assert sorted(weights(ipvs)) == [5, 7]


def edit(service, old, new, server=ONE):
    names = {"change": "edit", "kind": "server", "service": service, "server": server}
    return {**names, "changes": {"weight": {"old": old, "new": new}}}


def test_json_tells_what_was_drained_and_what_is_left(ipvs):
    told = json.loads(run(ipvs, f"drain {ONE} -o json").stdout)
    assert sorted(map(str, told.pop("changes"))) == sorted(map(str, [edit(HTTP, 5, 0), edit(HTTPS, 7, 0)]))
    done = {"changed": True, "refused": [], "taken_back": 0, "remains": [], "reordered": [], "server": ONE}
    assert told == {**done, "state": "drained", "connections": {"active": 0, "inactive": 0, "persistent": 0}}
    again = json.loads(run(ipvs, f"drain {ONE} -o json --wait").stdout)
    assert (again["changed"], again["changes"], again["state"]) == (False, [], "empty")
    back = json.loads(run(ipvs, f"undrain {ONE} -o json --from {HTTP}").stdout)
    assert back == {**done, "changes": [edit(HTTP, 0, 5)], "state": "undrained"}
    removed = json.loads(run(ipvs, f"drain {ONE} --remove -o json").stdout)
    assert next((one["change"], one["service"]) for one in removed["changes"]) == ("edit", HTTP)
    assert {one["service"] for one in removed["changes"] if one["change"] == "remove"} == {HTTP, HTTPS}
    assert removed["state"] == "removed"


@pytest.mark.parametrize("verb", ["drain", "undrain"])
def test_json_tells_what_was_refused(ipvs, verb):
    if verb == "undrain":
        run(ipvs, f"drain {ONE}")
        ipvs.changes = 0
    ipvs.before = lambda number: EINVAL if number == 1 else None
    ran = run(ipvs, f"{verb} {ONE} -o json")
    told = json.loads(ran.stdout)
    assert (ran.status, told["changed"], told["changes"], told["state"]) == (1, False, [], "refused")
    (refused,) = told["refused"]
    assert refused["command"].startswith("-e -t 192.0.2.1:")
    assert (told["taken_back"], told["remains"]) == (1, [])


def test_json_tells_how_far_a_ramp_came(ipvs, clock):
    run(ipvs, f"drain {ONE}")
    clock.signal(30)
    ran = run(ipvs, f"undrain {ONE} --ramp 60s -o json --from {HTTPS}")
    told = json.loads(ran.stdout)
    assert (ran.status, told["state"], told["changed"]) == (130, "rising", True)
    (change,) = told["changes"]
    assert 0 < change["changes"]["weight"]["new"] < 7


def test_a_second_drain_keeps_what_is_remembered(ipvs):
    run(ipvs, f"drain {ONE} --from {HTTP}")
    ran = run(ipvs, f"drain {ONE}")
    assert set(ran.stdout.splitlines()) == {
        f"{HTTP} {ONE}  weight 0 already, 5 is recorded",
        f"{HTTPS} {ONE}  weight 7 -> 0",
    }
    assert run(ipvs, f"drain {ONE}").status == 0
    ran = run(ipvs, f"undrain {ONE}")
    assert set(ran.stdout.splitlines()) == {f"{HTTP} {ONE}  weight 0 -> 5", f"{HTTPS} {ONE}  weight 0 -> 7"}


def test_a_weight_that_somebody_set_since_counts_for_more(ipvs):
    run(ipvs, f"drain {ONE} --from {HTTP}")
    fakes.run(["set", HTTP, ONE, "-w", "9"], ipvs.play)
    assert run(ipvs, f"undrain {ONE} --from {HTTP}").stdout == ""
    assert weights(ipvs) in ([7, 9], [9, 7])
    run(ipvs, f"drain {ONE} --from {HTTP}")
    assert remembered() == [(HTTP, ONE, 9)]


def test_undrain_without_a_memory_takes_a_weight(ipvs):
    fakes.run(["set", HTTP, ONE, "-w", "0"], ipvs.play)
    ran = run(ipvs, f"undrain {ONE} --from {HTTP}")
    assert (ran.status, ran.message) == (1, f"no weight is recorded for {ONE}\n")
    assert "--weight N" in ran.hints[0]
    assert run(ipvs, f"undrain {ONE} --weight 2").status == 0
    assert weights(ipvs) == [2, 2]


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '[{"service": 1}]', '[{"service":"x","server":"y","weight":1,"left":0}]']
)
def test_a_memory_that_is_broken(ipvs, content):
    run(ipvs, f"drain {ONE}")
    changes = ipvs.changes
    with open(state.path("drain"), "w") as file:
        file.write(content)
    for verb in ("drain", "undrain"):
        ran = run(ipvs, f"{verb} {ONE}")
        assert ran.status == 1
        assert "can't be read" in ran.message
        assert ipvs.changes == changes


def test_a_memory_that_cannot_be_written(ipvs, monkeypatch):
    monkeypatch.setattr(state, "FOLDER", "/proc/nowhere")
    ran = run(ipvs, f"drain {ONE}")
    assert (ran.status, ipvs.changes) == (1, 0)
    assert "no record can be written" in ran.message


class TestWaiting:
    """`--wait`: a row is who still has connections at which look."""

    def counts(self, ipvs, clock, rows, server=(198, 51, 100, 1)):
        """Have the server these active, inactive and persistent connections from these seconds on."""

        def now(dest):
            if dest[1][:4] != bytes(server):
                return 50, 50, 50
            return [counts for at, counts in rows.items() if clock.time - 100 >= at][-1]

        ipvs.counts = now

    def test_until_nothing_is_active(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (3, 1, 0), 20: (1, 4, 0), 40: (0, 5, 0)})
        ran = run(ipvs, f"drain {ONE} --from {HTTP} --wait")
        assert ran.status == 0
        assert clock.time == 141  # a second behind the last: what is being opened isn't active yet
        lines = [line for line in ran.stderr.splitlines() if not line.startswith("busy")]
        assert lines == [
            f"{ONE}: 3 active, 1 inactive, 0 persistent",
            f"{ONE}: 1 active, 4 inactive, 0 persistent",
            f"{ONE}: 0 active, 5 inactive, 0 persistent",
            f"{ONE} is empty: 0 active, 5 inactive, 0 persistent",
        ]
        assert weights(ipvs).count(0) == 1

    def test_until_all_are_gone(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (3, 1, 1), 20: (0, 4, 1), 140: (0, 0, 1), 200: (0, 0, 0)})
        ran = run(ipvs, f"drain {ONE} --from {HTTP} --until all")
        assert (ran.status, clock.time) == (0, 301)
        assert "expire_quiescent_template is 0" in ran.stderr
        assert ran.stderr.count("persistent client may come back") == 1

    def test_a_connection_that_was_being_opened(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (0, 1, 0), 1: (1, 0, 0), 7: (0, 1, 0)})
        assert run(ipvs, f"drain {ONE} --from {HTTP} --wait --remove").status == 0
        assert clock.time == 108

    def test_the_deadline(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (2, 0, 0)})
        ran = run(ipvs, f"drain {ONE} --from {HTTP} --deadline 1m --remove")
        assert (ran.status, clock.time) == (3, 160)
        assert f"the deadline passed: {ONE} stays drained, with 2 active" in ran.message
        assert f"pyipvsadm undrain {ONE} --from {HTTP}" in ran.hints[-1]
        assert weights(ipvs).count(0) == 1

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_leaves_it_drained(self, ipvs, clock, number):
        self.counts(ipvs, clock, {0: (2, 0, 0)})
        clock.signal(5.5, number)
        ran = run(ipvs, f"drain {ONE} --wait --remove")
        assert (ran.status, clock.time) == (128 + number, 105.5)
        assert f"stopped by {number.name}: {ONE} stays drained, with 4 active" in ran.message
        assert weights(ipvs) == [0, 0]
        assert len(remembered()) == 2

    def test_removed_when_it_is_empty(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (1, 0, 0), 3: (0, 7, 0)})
        before = rules(ipvs)
        ran = run(ipvs, f"drain {ONE} --remove")
        assert ran.status == 0
        assert ran.stdout.splitlines()[-2:] == [f"{HTTP} {ONE}  removed", f"{HTTPS} {ONE}  removed"]
        assert f"{ONE} was empty and is removed from 2 services" in ran.stderr
        assert rules(ipvs).splitlines() == [line for line in before.splitlines() if f"-r {ONE} " not in line]
        assert remembered() == []

    def test_not_removed_when_somebody_else_gave_it_a_weight(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (1, 0, 0), 10: (0, 0, 0)})
        clock.events[5] = lambda: fakes.run(["set", HTTP, ONE, "-w", "9"], ipvs.play).status
        ran = run(ipvs, f"drain {ONE} --remove")
        assert ran.status == 1
        assert f"busy: {HTTP} {ONE} got weight 9 from somebody else in the meantime" in ran.stderr
        assert "nothing was removed" in ran.message
        assert sorted(weights(ipvs)) == [0, 9]

    def test_gone_by_another_hand(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (1, 0, 0)})
        clock.events[5] = lambda: fakes.run(["-D", "-t", "192.0.2.1:80"], ipvs.play).status
        ran = run(ipvs, f"drain {ONE} --from {HTTP} --remove")
        assert ran.status == 0
        assert "removed from 0 services" not in ran.stderr
        assert "is gone: somebody else" in ran.stderr

    def test_connections_of_udp_count_though_none_is_active(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (0, 2, 0), 30: (0, 0, 0)}, (198, 51, 100, 5))
        ran = run(ipvs, f"drain {UDP} --wait")
        assert (ran.status, clock.time) == (0, 131)
        assert (
            "UDP connections have no end: the kernel remembers 2 connections for 300 s after the last packet"
            in ran.stderr
        )

    @pytest.mark.parametrize(("nodest", "words", "status", "seconds", "told"), [
        ("1", "--wait", 3, 600, f"`pyipvsadm drain {UDP} --remove` takes the server away then"),
        ("0", "--wait", 3, 600, f"`sysctl -w net.ipv4.vs.expire_nodest_conn=1` and `pyipvsadm drain {UDP} --remove`"),
        ("0", "--remove", 3, 600, "`sysctl -w net.ipv4.vs.expire_nodest_conn=1`"),
        ("1", "--remove", 0, 303, "it is removed without waiting for them, and their next packet goes elsewhere"),
        ("1", "--remove --until all", 3, 600, ""),
    ])  # fmt: skip
    def test_flows_of_udp_that_never_end(self, ipvs, clock, tmp_path, nodest, words, status, seconds, told):
        (tmp_path / "nodest").write_text(f"{nodest}\n")
        self.counts(ipvs, clock, {0: (0, 2, 0)}, (198, 51, 100, 5))
        ran = run(ipvs, f"drain {UDP} {words} --force")
        assert (ran.status, clock.time - 100) == (status, seconds)
        assert ran.stderr.count("2 connections of UDP went on for a whole timeout, 300 s, and may never end") == 1
        assert told in ran.stderr
        assert (f"-r {UDP} " in rules(ipvs)) is bool(status)
        assert (f"{UDP} had 0 active, 2 inactive, 0 persistent, and is removed" in ran.stderr) is not bool(status)

    def test_what_ends_within_a_timeout_is_no_such_flow(self, ipvs, clock):
        self.counts(ipvs, clock, {0: (0, 2, 0), 299: (0, 0, 0)}, (198, 51, 100, 5))
        ran = run(ipvs, f"drain {UDP} --wait")
        assert (ran.status, "whole timeout" in ran.stderr) == (0, False)


class TestRamp:
    def test_from_1_to_the_weight(self, ipvs, clock):
        run(ipvs, f"drain {ONE}")
        seen = {}
        for at in range(0, 61, 5):
            clock.events[at] = lambda at=at: seen.__setitem__(at, tuple(weights(ipvs)))
        before = ipvs.changes
        ran = run(ipvs, f"undrain {ONE} --ramp 60s")
        assert (ran.status, clock.time) == (0, 160)
        assert {sorted(pair)[0] for at, pair in seen.items() if 0 < at < 10} == {1}
        assert sorted(weights(ipvs)) == [5, 7]
        assert [sum(pair) for pair in seen.values()] == sorted(sum(pair) for pair in seen.values())
        assert ipvs.changes - before == 5 + 7
        assert remembered() == []

    def test_ctrl_c_says_where_it_stands_and_it_goes_on_from_there(self, ipvs, clock):
        run(ipvs, f"drain {ONE} --from {HTTP}")
        clock.signal(32)
        ran = run(ipvs, f"undrain {ONE} --from {HTTP} --ramp 60")
        assert ran.status == 130
        assert f"{HTTP} {ONE}  weight 3 of 5" in ran.message
        assert 3 in weights(ipvs)
        assert remembered() == [(HTTP, ONE, 5)]
        clock.time = 100
        again = run(ipvs, f"undrain {ONE} --from {HTTP} --ramp 60")
        assert (again.status, again.stdout, clock.time) == (0, f"{HTTP} {ONE}  weight 3 -> 5\n", 115)

    def test_a_drain_in_a_ramp_keeps_what_was_remembered(self, ipvs, clock):
        run(ipvs, f"drain {ONE} --from {HTTP}")
        clock.signal(32)
        run(ipvs, f"undrain {ONE} --from {HTTP} --ramp 60")
        ran = run(ipvs, f"drain {ONE} --from {HTTP}")
        assert ran.stdout == f"{HTTP} {ONE}  weight 3 -> 0, 5 is recorded\n"
        assert run(ipvs, f"undrain {ONE}").stdout == f"{HTTP} {ONE}  weight 0 -> 5\n"

    def test_somebody_else_sets_a_weight_meanwhile(self, ipvs, clock):
        run(ipvs, f"drain {ONE} --from {HTTP}")
        clock.events[32] = lambda: fakes.run(["set", HTTP, ONE, "-w", "9"], ipvs.play).status
        ran = run(ipvs, f"undrain {ONE} --from {HTTP} --ramp 60")
        assert ran.status == 1
        assert f"{HTTP} {ONE} got weight 9 by somebody else" in ran.message
        assert 9 in weights(ipvs)

    @pytest.mark.parametrize(
        ("now", "wanted", "seconds", "steps"),
        [
            ({1: 0}, {1: 4}, 0, [(0, {1: 4})]),
            ({1: 0}, {1: 1}, 60, [(0, {1: 1})]),
            ({1: 0}, {1: 4}, 60, [(0, {1: 1}), (20, {1: 2}), (40, {1: 3}), (60, {1: 4})]),
            ({1: 2}, {1: 4}, 60, [(0, {1: 3}), (20, {1: 4})]),
            ({1: 0, 2: 0}, {1: 4, 2: 2}, 3, [(0, {1: 2, 2: 1}), (1.5, {1: 3, 2: 2}), (3, {1: 4, 2: 2})]),
            ({1: 5, 2: 0}, {1: 2, 2: 2}, 10, [(0, {1: 5, 2: 1}), (10, {1: 2, 2: 2})]),
            ({1: 0}, {1: 1000}, 2, [(0, {1: 500}), (2, {1: 1000})]),
        ],
    )
    def test_steps(self, now, wanted, seconds, steps):
        assert places.ramp(now, wanted, seconds) == steps

    def test_there_are_not_too_many(self):
        steps = places.ramp({1: 0}, {1: 65535}, 86400)
        assert len(steps) == places.STEPS
        assert steps[-1] == (86400, {1: 65535})


def place(protocol=IPPROTO_TCP, scheduler="rr", flags=0, timeout=0, **counts):
    service = Service(
        protocol=protocol, address=b"\xc0\0\2\1", port=80, scheduler=scheduler, flags=flags, timeout=timeout
    )
    return places.Place(service=service, server=Server(address=b"\xc6\x33\x64\1", port=80, **counts))


@pytest.mark.parametrize(
    ("seen", "expire", "kinds"),
    [
        (place(), 0, {}),
        (place(active=3), 0, {}),
        (place(active=3, inactive=2), 0, {}),
        (place(inactive=2), 0, {"closed": "only TCP connections that are closed or not yet open are left (2)"}),
        (place(IPPROTO_UDP, inactive=1), 0, {"udp": "remembers 1 connection for 300 s after the last packet"}),
        (place(132, inactive=1), 0, {}),
        (place(active=1, persistent=2, flags=PERSISTENT, timeout=360), 0,
         {"persistence": "2 persistent clients may come back, because net.ipv4.vs.expire_quiescent_template is 0:"
                         " `sysctl -w net.ipv4.vs.expire_quiescent_template=1` sends them elsewhere; the"}),
        (place(active=1, persistent=1, flags=PERSISTENT, timeout=360), 1, {"persistence": "sends them elsewhere"}),
        (place(active=1, persistent=1, flags=PERSISTENT, timeout=360), None, {"persistence": "unless net.ipv4.vs"}),
    ],
)  # fmt: skip
def test_what_keeps_a_server_busy(seen, expire, kinds):
    found = holders.reasons([seen], holders.Machine(expire_quiescent_template=expire, udp_timeout=300))
    assert found.keys() == kinds.keys()
    for kind, text in kinds.items():
        assert text in found[kind]


@pytest.mark.parametrize(
    ("scheduler", "flags", "advice"),
    [
        ("rr", 0, None),
        ("lblc", 0, None),
        ("sh", 0, "-b sh-fallback` sends"),
        ("sh", FLAG_2, "-b sh-fallback,sh-port` sends"),
        ("sh", FLAG_1, None),
        ("mh", 0, "-b mh-fallback` sends"),
        ("mh", FLAG_1 | FLAG_2, None),
        ("dh", 0, "another scheduler"),
        ("dh", FLAG_1, "another scheduler"),
    ],
)
def test_schedulers_that_hash_refuse_clients(scheduler, flags, advice):
    found = holders.refused_clients([place(scheduler=scheduler, flags=flags)], "pyipvsadm")
    assert len(found) == (advice is not None)
    assert advice is None or advice in found[0]


@pytest.mark.parametrize(
    ("weights", "drained", "lost"),
    [((5, 0), [0], True), ((5, 1), [0], False), ((5, 1), [0, 1], True), ((0, 0), [0], False), ((0, 3), [0], False)],
)
def test_who_is_left_without_a_server(weights, drained, lost):
    service = Service(protocol=6, address=b"\xc0\0\2\1", port=80)
    servers = tuple(Server(address=bytes((10, 0, 0, n)), port=80, weight=weight) for n, weight in enumerate(weights))
    table = Table(services=((service, servers),))
    gone = [places.Place(service=service, server=servers[n]) for n in drained]
    assert places.left_without(table, gone) == ([service] if lost else [])


def test_the_file_is_json_and_named_for_the_namespace(ipvs):
    run(ipvs, f"drain {ONE} --from {HTTP}")
    with open(state.path("drain")) as file:
        assert json.load(file) == [{"service": HTTP, "server": ONE, "weight": 5, "left": 0}]
