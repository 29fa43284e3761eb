"""`apply` and `diff` from the command line to the bytes and back, on a kernel in miniature."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import struct
import threading
from contextlib import ExitStack
from errno import EINVAL, ENOBUFS, ENOENT, ENOMEM, EPERM

import pytest

from pyipvsadm import cli
from pyipvsadm.kernel import BATCH, Kernel
from pyipvsadm.model import Table
from pyipvsadm.table import journal
from pyipvsadm.verbs import apply as verb

from . import fakes
from .ipvs import Ipvs
from .netlink import FAMILY, CannedSocket, error

NOW = """\
-A -t 192.0.2.1:80 -s rr
-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 5
-a -t 192.0.2.1:80 -r 198.51.100.2:80 -m -w 5
-a -t 192.0.2.1:80 -r 198.51.100.3:80 -m -w 5
-A -t 192.0.2.2:80 -s wlc -p 300
-a -t 192.0.2.2:80 -r 198.51.100.1:80 -m
-A -f 7 -s rr
--start-daemon backup --mcast-interface eth0
"""
WANTED = """\
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 9
-a -t 192.0.2.1:80 -r 198.51.100.2:80 -m -w 0
-a -t 192.0.2.1:80 -r 198.51.100.4:80 -m -w 5 -x 10
-A -f 7 -s rr
-a -f 7 -r 198.51.100.1:80 -i --tun-type gue --tun-port 6080 --tun-nocsum
-A -u [2001:db8::1]:53 -s sh -b sh-port
-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g
--set 1000 0 0
--start-daemon backup --mcast-interface eth0 --syncid 3
--start-daemon master --mcast-interface eth0
"""
LINES = """\
+ [2001:db8::1]:53/udp  sh, flags sh-port
+ [2001:db8::1]:53/udp [2001:db8::2]:53  direct, weight 1
~ 192.0.2.1:80/tcp  scheduler rr -> wlc
+ 192.0.2.1:80/tcp 198.51.100.4:80  masquerade, weight 5, upper_threshold 10
~ 192.0.2.1:80/tcp 198.51.100.1:80  weight 5 -> 9
~ 192.0.2.1:80/tcp 198.51.100.2:80  weight 5 -> 0
- 192.0.2.1:80/tcp 198.51.100.3:80  masquerade, weight 5
+ fwmark:7 198.51.100.1:80  tunnel, weight 1, tunnel gue:6080:none
- 192.0.2.2:80/tcp  wlc, persistence 300
- 192.0.2.2:80/tcp 198.51.100.1:80  masquerade, weight 1
~ timeouts  tcp 900 -> 1000
~ daemon backup  syncid 0 -> 3
+ daemon master  eth0
"""
STEPS = 14


def kernel_with(rules, **more):
    """A kernel that has the table in `rules`."""
    ipvs = Ipvs(**more)
    before, ipvs.before = ipvs.before, lambda number: None
    assert fakes.run(["-R"], ipvs.play, rules.encode()).status == 0
    ipvs.before, ipvs.changes, ipvs.reads = before, 0, 0
    return ipvs


def table_of(rules):
    return kernel_with(rules).snapshot()


def table_of_rules(rules):
    """As `table_of`, in our own records."""
    return Kernel(CannedSocket(kernel_with(rules).play), FAMILY).table()


def apply(ipvs, rules, *words, play=None):
    return fakes.run(["apply", "-", *words], play or ipvs.play, rules.encode(), program="pyipvsadm")


def test_it_does_what_diff_tells_and_nothing_the_second_time():
    ipvs = kernel_with(NOW)
    diff = fakes.run(["diff", "-"], ipvs.play, WANTED.encode())
    assert (diff.status, diff.stdout, diff.stderr) == (1, LINES, "")
    dry = apply(ipvs, WANTED, "--dry-run")
    assert (dry.status, dry.stdout, dry.stderr, ipvs.changes) == (0, LINES, "", 0)
    done = apply(ipvs, WANTED)
    assert (done.status, done.stdout, done.stderr) == (0, "", "done: 5 added, 5 edited, 3 removed\n")
    assert ipvs.changes == STEPS
    assert ipvs.snapshot() == table_of(WANTED)
    again = apply(ipvs, WANTED)
    assert (again.status, again.stderr, ipvs.changes) == (0, "", STEPS)
    same = fakes.run(["diff", "-", "-o", "json"], ipvs.play, WANTED.encode())
    assert (same.status, json.loads(same.stdout)) == (0, {"same": True, "changes": []})


def test_diff_as_json():
    ran = fakes.run(["diff", "-", "--output", "json"], kernel_with(NOW).play, WANTED.encode())
    found = json.loads(ran.stdout)
    assert (ran.status, found["same"], len(found["changes"])) == (1, False, 13)
    assert found["changes"][2] == {
        "change": "edit", "kind": "service", "service": "192.0.2.1:80/tcp",
        "changes": {"scheduler": {"old": "rr", "new": "wlc"}},
    }  # fmt: skip
    assert found["changes"][7] == {
        "change": "add", "kind": "server", "service": "fwmark:7", "server": "198.51.100.1:80",
        "settings": {
            "forwarding": "tunnel", "weight": 1, "upper_threshold": 0, "lower_threshold": 0,
            "tunnel": {"type": "gue", "port": 6080, "checksum": "none"},
        },
    }  # fmt: skip
    assert found["changes"][11] == {
        "change": "edit", "kind": "daemon", "state": "backup", "changes": {"syncid": {"old": 0, "new": 3}}
    }  # fmt: skip


@pytest.mark.parametrize("refused", range(STEPS))
def test_whatever_is_refused_the_table_is_as_before(refused):
    ipvs = kernel_with(NOW, before=lambda number: ENOMEM if number == refused else None)
    before = ipvs.snapshot()
    ran = apply(ipvs, WANTED)
    assert ipvs.snapshot() == before
    assert ran.status == 1
    assert ran.stderr.startswith(f"change {refused + 1} of {STEPS}, `-")
    assert "the kernel says: Memory allocation problem\n" in ran.stderr
    assert ran.stderr.endswith("the table is as it was before\nhint: the kernel is out of memory\n")


@pytest.mark.parametrize("refused", range(1, STEPS))
def test_where_that_fails_too_commands_are_told_that_finish_it(refused):
    ipvs = kernel_with(NOW, before=lambda number: ENOMEM if number >= refused else None)
    before = ipvs.snapshot()
    ran = apply(ipvs, WANTED)
    lines = ran.stderr.splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("  pyipvsadm ")]
    if ipvs.snapshot() == before:  # what was done before was done in the batch that was refused
        assert ran.status == 1
        return
    assert (ran.status, bool(commands)) == (3, True)
    told = [line for line in lines if line[:2] in ("+ ", "- ", "~ ")]
    assert told
    ipvs.before = lambda number: None
    for _, *words in commands:
        assert fakes.run(words, ipvs.play).status == 0
    assert ipvs.snapshot() == before


def test_what_stands_behind_a_refusal_in_its_batch_is_taken_back():
    many = "".join(f"-A -t 192.0.2.1:{port} -s rr\n" for port in range(1, 601))
    ipvs = kernel_with("", before=lambda number: ENOENT if number == 300 else None)
    ran = apply(ipvs, many)
    assert (ran.status, ipvs.services) == (1, {})
    assert ipvs.changes == 512 + 511  # two batches of three, and back
    assert ran.stderr.startswith("change 301 of 600, `-A -t 192.0.2.1:301 -s rr`: the kernel says: Scheduler or ")
    assert "511 of 600 changes were made and undone: the table is as it was before\n" in ran.stderr


def test_several_refusals_are_counted():
    ipvs = kernel_with("", before=lambda number: EINVAL if number in (1, 2) else None)
    ran = apply(ipvs, "-A -t 192.0.2.1:1\n-A -t 192.0.2.1:2\n-A -t 192.0.2.1:3\n")
    assert "(and 1 more of this kind)" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_all_back_and_a_second_one_does_not_stop_that(number):
    def interrupt(change):
        if change >= 3:
            os.kill(os.getpid(), number)

    ipvs = kernel_with(NOW, before=interrupt)
    before, handler = ipvs.snapshot(), signal.getsignal(number)
    ran = apply(ipvs, WANTED)
    assert ran.status == 128 + number
    assert ran.stderr.startswith(f"stopped by {number.name}\n")
    assert "undone: the table is as it was before\n" in ran.stderr
    assert ipvs.snapshot() == before
    assert signal.getsignal(number) == handler


def test_an_ignored_signal_stays_ignored():
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        ipvs = kernel_with(NOW, before=lambda number: os.kill(os.getpid(), signal.SIGHUP))
        assert apply(ipvs, WANTED).status == 0
    finally:
        signal.signal(signal.SIGHUP, handler)


def set_weight(ipvs, weight):
    its = next(iter(ipvs.dests.values()))
    name, found = next(iter(its.items()))
    its[name] = {**found, 4: struct.pack("=I", weight)}


class TestOthersChangeTheTable:
    """It is read when the plan is made, and right before that is carried out: by two dumps of services each time."""

    def test_once(self):
        ipvs = kernel_with(NOW)
        ipvs.on_read = lambda number: set_weight(ipvs, 77) if number == 1 else None
        assert apply(ipvs, WANTED).status == 0
        assert ipvs.snapshot() == table_of(WANTED)
        assert ipvs.reads == 6

    def test_while_diff_reads(self):
        ipvs = kernel_with(NOW)
        ipvs.on_read = lambda number: set_weight(ipvs, 77) if number == 1 else None  # behind its rows
        ran = fakes.run(["diff", "-"], ipvs.play, WANTED.encode())
        assert (ran.status, ran.stdout) == (1, LINES.replace("weight 5 -> 9", "weight 77 -> 9"))
        assert ipvs.reads == 4

    def test_twice(self):
        ipvs = kernel_with(NOW)
        ipvs.on_read = lambda number: set_weight(ipvs, 77 + number)
        ran = apply(ipvs, WANTED)
        assert (ran.status, ipvs.changes) == (2, 0)
        assert "changed the table twice" in ran.message
        assert "--force" in ran.hints[0]

    def test_twice_with_force(self):
        ipvs = kernel_with(NOW)
        ipvs.on_read = lambda number: set_weight(ipvs, 77 + number)
        assert apply(ipvs, WANTED, "--force").status == 0
        assert ipvs.snapshot() == table_of(WANTED)

    def test_who_agreed_to_some_deletions_is_asked_about_others(self, tmp_path):
        def add(number):
            if number == 2:
                assert fakes.run(["-A", "-f", "99"], ipvs.play).status == 0

        ipvs = kernel_with(NOW)
        ipvs.on_read = add
        status, screen = on_terminal(ipvs, tmp_path, "y\ny\n")
        assert (status, screen.count("Go on")) == (0, 2)
        assert "- fwmark:99  wlc\r\nGo on with 4 deletions?" in screen.replace("\r\n- 1", "")

    def test_a_roll_back_is_to_what_it_was_right_before(self):
        ipvs = kernel_with(NOW, before=lambda number: ENOMEM if number == STEPS - 1 else None)
        ipvs.on_read = lambda number: set_weight(ipvs, 77)
        assert apply(ipvs, WANTED).status == 1
        expected = kernel_with(NOW)
        set_weight(expected, 77)
        assert ipvs.snapshot() == expected.snapshot()

    def test_what_others_change_meanwhile_is_left_to_them(self):
        def meddle(number):
            if number == 2:
                gone = next(iter(ipvs.services))  # 192.0.2.1:80, of which nothing was changed yet
                del ipvs.services[gone], ipvs.dests[gone]

        ipvs = kernel_with(NOW, before=meddle)
        ran = apply(ipvs, WANTED)
        assert ran.status == 1
        assert ran.stderr.count("the table is as it was before") == 1
        assert len(ipvs.services) == 2


class TestDeletions:
    """They are asked about on a terminal; elsewhere only emptying the table takes more than the file."""

    def test_emptying_takes_a_yes(self):
        ipvs = kernel_with(NOW)
        ran = apply(ipvs, "")
        assert (ran.status, ran.message, ipvs.changes) == (
            2, "this would delete all services (3): nothing was done\n", 0,
        )  # fmt: skip
        assert "--yes" in ran.hints[0]
        assert apply(ipvs, "", "--yes").status == 0
        assert (ipvs.services, len(ipvs.daemons)) == ({}, 1)
        assert apply(ipvs, "").status == 0

    def test_emptying_a_part_does_not(self):
        ipvs = kernel_with(NOW)
        assert apply(ipvs, "", "--only", "192.0.2.1").status == 0
        assert len(ipvs.services) == 2

    @pytest.mark.parametrize(
        ("answer", "status"), [("y\n", 0), ("yes\n", 0), ("n\n", 2), ("\n", 2), ("\x04", 2), ("nyes\n", 2)]
    )
    def test_on_a_terminal(self, tmp_path, answer, status):
        ipvs = kernel_with(NOW)
        found, screen = on_terminal(ipvs, tmp_path, answer)
        assert (found, ipvs.changes) == (status, 0 if status else STEPS)
        assert "- 192.0.2.1:80/tcp 198.51.100.3:80  masquerade, weight 5\r\n" in screen
        assert "+" not in screen.partition("Go on")[0]
        assert "Go on with 3 deletions? [y/N]" in screen
        assert ("nothing was done" in screen) == bool(status)

    def test_live_connections_are_told_of_what_is_deleted(self, tmp_path):
        ipvs = kernel_with(NOW)
        ipvs.counts = lambda dest: (12, 3, 0) if dest[1][3] == 3 else (0, 5, 0)
        line = "- 192.0.2.1:80/tcp 198.51.100.3:80  (12 active)  masquerade, weight 5"
        _, screen = on_terminal(ipvs, tmp_path, "n\n")
        assert f"{line}\r\n" in screen
        assert screen.count(" active)") == 1  # what stays, and what only is remembered of TCP, isn't cut
        assert f"{line}\n" in apply(ipvs, WANTED, "--dry-run").stdout
        ran = fakes.run(["diff", "-"], ipvs.play, WANTED.encode())
        assert f"{line}\n" in ran.stdout
        told = json.loads(fakes.run(["diff", "-", "-o", "json"], ipvs.play, WANTED.encode()).stdout)
        assert [one["server"] for one in told["changes"] if one.get("active") == 12] == ["198.51.100.3:80"]

    def test_of_udp_all_count_that_are_remembered(self):
        ipvs = kernel_with("-A -u 192.0.2.1:53 -s rr\n-a -u 192.0.2.1:53 -r 198.51.100.3:53 -m\n")
        ipvs.counts = lambda dest: (0, 7, 0)
        ran = fakes.run(["diff", "-"], ipvs.play, b"-A -u 192.0.2.1:53 -s rr\n")
        assert ran.stdout == "- 192.0.2.1:53/udp 198.51.100.3:53  (7 active)  masquerade, weight 1\n"

    def test_on_a_terminal_with_the_file_on_stdin(self, tmp_path, monkeypatch):
        ipvs = kernel_with(NOW)
        terminal, other = pty.openpty()
        monkeypatch.setattr(verb, "TERMINAL", os.ttyname(other))
        os.write(terminal, b"n\n")
        assert on_terminal(ipvs, tmp_path, "", "-", stdin=WANTED)[0] == 2
        os.close(terminal)
        os.close(other)

    def test_nothing_to_ask_about(self, tmp_path):
        ipvs = kernel_with(NOW)
        assert on_terminal(ipvs, tmp_path, "", "--no-prune")[0] == 0
        assert on_terminal(ipvs, tmp_path, "", "--yes")[0] == 0
        status, screen = on_terminal(ipvs, tmp_path, "")
        assert (status, screen) == (0, "hint: nothing to do: the table is as wanted\r\n")

    def test_a_long_list_is_cut(self, tmp_path):
        many = "".join(f"-A -t 192.0.2.9:{port} -s rr\n" for port in range(1, 201))
        _, screen = on_terminal(kernel_with(WANTED + many), tmp_path, "n\n")
        assert "... and 100 more" in screen
        assert "200 deletions" in screen


def on_terminal(ipvs, folder, answer, *words, stdin=""):
    """Apply WANTED at a terminal where `answer` is typed; the status, and what the screen shows."""
    (folder / "wanted").write_text(WANTED)
    (folder / "stdin").write_text(stdin)
    with ExitStack() as stack:
        terminal, end = pty.openpty()
        stack.callback(os.close, terminal)
        stack.callback(os.close, end)
        out = stack.enter_context((folder / "out").open("wb"))
        given = stack.enter_context((folder / "stdin").open("rb")).fileno() if stdin else end
        os.write(terminal, answer.encode())
        kernel = Kernel(CannedSocket(ipvs.play), FAMILY)
        world = cli.World("pyipvsadm", given, out.fileno(), end, kernel=kernel, names=fakes.NAMES)
        file = [] if "-" in words else [str(folder / "wanted")]
        status = cli.main(["pyipvsadm", "apply", *words, *file], world)
        screen = ""
        os.set_blocking(terminal, False)
        try:
            while piece := os.read(terminal, 1 << 16):
                screen += piece.decode()
        except BlockingIOError:
            pass
    return status, screen.removeprefix(answer.replace("\n", "\r\n") if answer != "\x04" else "^D\b\b")


class TestWishes:
    """The options that keep a part of the table out of it."""

    def test_no_prune(self):
        ipvs = kernel_with(NOW)
        assert apply(ipvs, "", "--no-prune").status == 0
        assert ipvs.changes == 0
        assert apply(ipvs, WANTED, "--no-prune").status == 0
        assert len(ipvs.services) == 4

    def test_keep_weights(self):
        ran = fakes.run(["diff", "-", "--keep-weights"], kernel_with(NOW).play, WANTED.encode())
        assert "weight 5 ->" not in ran.stdout
        assert "+ 192.0.2.1:80/tcp 198.51.100.4:80  masquerade, weight 5" in ran.stdout

    @pytest.mark.parametrize(
        ("only", "count"),
        [
            (["192.0.2.1"], 5),
            (["192.0.2.0/30"], 7),
            (["fwmark:7"], 1),
            (["2001:db8::/32", "fwmark:7"], 3),
            (["fwmark:7/ipv6"], 0),
        ],
    )
    def test_only(self, only, count):
        words = [word for value in only for word in ("--only", value)]
        ipvs = kernel_with(NOW)
        assert fakes.run(["diff", "-", *words], ipvs.play, WANTED.encode()).stdout.count("\n") == count
        assert apply(ipvs, WANTED, *words).status == 0
        assert ipvs.timeouts[4] == 900
        assert fakes.run(["diff", "-", *words], ipvs.play, WANTED.encode()).stdout == ""

    @pytest.mark.parametrize("only", ["192.0.2.1/24", "fwmark:0", "example", "192.0.2.0/33", "", "1.2.3.4:80"])
    def test_a_scope_that_is_none(self, only):
        ran = apply(kernel_with(NOW), WANTED, "--only", only)
        assert ran.status == 2
        assert ran.hints

    def test_a_device_for_no_addresses(self):
        ipvs = kernel_with(NOW)
        ran = apply(ipvs, WANTED, "--device", "kube-ipvs0")
        assert (ran.status, ran.message) == (2, "`--device` without `--vips`\n")
        assert ran.hints
        assert not ipvs.changes


class TestTheExchangeBreaksOff:
    """The socket fails, and nobody knows what of the last write was carried out."""

    @pytest.mark.parametrize("broken", range(8))
    def test_all_is_taken_back(self, broken):
        ipvs = kernel_with(NOW)
        before, writes = ipvs.snapshot(), []

        def play(data):
            changes = ipvs.changes
            answers = ipvs.play(data)
            if ipvs.changes > changes:
                writes.append(data)
                if len(writes) == broken + 1:
                    return [OSError(ENOBUFS, "no room"), *answers]
            return answers

        ran = apply(ipvs, WANTED, play=play)
        assert (ran.status, ipvs.snapshot() == before) == (1, True)
        assert ran.message.startswith("the connection to the kernel broke: ")

    def test_the_table_can_not_be_read_any_more(self):
        ipvs = kernel_with(NOW, before=lambda number: ENOMEM if number == 4 else None)

        def play(data):
            answers = ipvs.play(data)
            return [OSError(ENOBUFS, "no room")] if ipvs.changes > 4 else answers

        ran = apply(ipvs, WANTED, play=play)
        assert ran.status == 3
        assert "the state of the table is unknown" in ran.stderr


@pytest.mark.parametrize("words", [["diff", "-"], ["apply", "-"]])
def test_without_privilege(words):
    ran = fakes.run(words, lambda data: [error(struct.unpack_from("=8xI", data)[0], EPERM)], NOW.encode())
    assert ran.status == 2
    assert ran.message.startswith("Can't initialize ipvs: Permission denied (you must be root)\n")


@pytest.mark.parametrize("verb", ["apply", "diff"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"-A -t 192.0.2.1:80 -s nosuch\n", ":1: "), (b"\0\1\2", ""), (b"{", ""), (b"-D -f 1\n", ":1: ")],
)
def test_wrong_input(tmp_path, verb, content, message):
    file = tmp_path / "wanted"
    file.write_bytes(content)
    ran = fakes.run([verb, str(file)])  # and the kernel isn't even asked
    assert ran.status == 2
    assert f"{file}{message}" in ran.message
    assert ran.hints
    assert fakes.run([verb, str(tmp_path)]).status == fakes.run([verb, str(tmp_path / "none")]).status == 2


def test_a_library_s_interrupt_takes_back_too():
    def interrupt(number):
        if number == 3:
            raise KeyboardInterrupt

    ipvs = kernel_with(NOW)
    before = ipvs.snapshot()
    kernel = Kernel(CannedSocket(ipvs.play), FAMILY)
    now = kernel.table()
    wanted = Kernel(CannedSocket(kernel_with(WANTED).play), FAMILY).table()
    ipvs.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        journal.carry_out(verb.make_plan(now, wanted), kernel, now)
    assert ipvs.snapshot() == before


MANY = "-A -t 192.0.2.9:80 -s rr\n" + "".join(
    f"-a -t 192.0.2.9:80 -r 198.51.{number // 250}.{number % 250}:80 -m\n" for number in range(3 * BATCH)
)


@pytest.mark.parametrize("number", [0, 1, 2, BATCH, BATCH + 1, 2 * BATCH, 3 * BATCH])
def test_whichever_of_several_batches_is_refused_or_interrupted_all_are_undone(number):
    def interrupt(at):
        if at == number:
            raise KeyboardInterrupt

    for before, ends in ((interrupt, KeyboardInterrupt), (lambda at: EINVAL if at == number else None, None)):
        ipvs = Ipvs()
        kernel, empty = Kernel(CannedSocket(ipvs.play), FAMILY), ipvs.snapshot()
        plan = verb.make_plan(Table(), table_of_rules(MANY))
        ipvs.before = before
        if ends:
            with pytest.raises(ends):
                journal.carry_out(plan, kernel, Table())
        else:
            outcome = journal.carry_out(plan, kernel, Table())
            assert outcome.refused == ((plan.steps[number], EINVAL),)
            assert (outcome.done, outcome.remains, outcome.reordered) == (0, (), ())
        assert ipvs.snapshot() == empty


def test_one_batch_is_encoded_while_the_kernel_works_on_the_one_before_and_none_further():
    ipvs, sizes, ahead = Ipvs(), [], threading.Event()

    class Watched(Kernel):
        def exchange(self, batch):
            sizes.append(len(batch))
            if len(sizes) == 3:
                ahead.set()
            return super().exchange(batch)

    def play(data):
        if sizes[-1] == BATCH and len(sizes) in (2, 3):  # the first of the three that are full
            assert ahead.wait(5)
            assert sizes == [1, BATCH, BATCH]
        return ipvs.play(data)

    plan = verb.make_plan(Table(), table_of_rules(MANY))
    kernel = Watched(CannedSocket(play), FAMILY)
    assert journal.carry_out(plan, kernel, Table()).done == len(plan.steps) == sum(sizes)


@pytest.mark.parametrize(("first", "words", "status"), [
    (NOW, ["--detailed-exitcode"], 2), (NOW, ["--dry-run", "--detailed-exitcode"], 2), (NOW, [], 0),
    (WANTED, ["--detailed-exitcode"], 0), (WANTED, ["--dry-run", "--detailed-exitcode"], 0),
])  # fmt: skip
def test_the_status_tells_if_anything_was_to_do(first, words, status):
    assert apply(kernel_with(first), WANTED, *words).status == status


def test_with_a_detailed_status_an_error_is_none_of_a_change():
    assert fakes.run(["apply", "/no/such/file"]).status == 2
    assert fakes.run(["apply", "/no/such/file", "--detailed-exitcode"]).status == 1


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_json_tells_what_is_changed(words):
    ipvs = kernel_with(NOW)
    data = json.loads(fakes.run(["diff", "-", "-o", "json"], ipvs.play, WANTED.encode()).stdout)
    told = json.loads(apply(ipvs, WANTED, "-o", "json", *words).stdout)
    assert (told["changed"], told["changes"], told.get("dry_run", False)) == (True, data["changes"], bool(words))
    if not words:
        again = json.loads(apply(ipvs, WANTED, "-o", "json").stdout)
        assert again == {
            "changed": False,
            "changes": [],
            "refused": [],
            "taken_back": 0,
            "remains": [],
            "reordered": [],
        }


def test_json_tells_what_was_refused_and_taken_back():
    ran = apply(kernel_with(NOW, before=lambda number: ENOMEM if number == 2 else None), WANTED, "-o", "json")
    told = json.loads(ran.stdout)
    assert (ran.status, told["changed"], told["remains"]) == (1, False, [])
    (refused,) = told["refused"]
    assert refused["why"] == "Memory allocation problem"
    assert f"`{refused['command']}`" in ran.stderr
