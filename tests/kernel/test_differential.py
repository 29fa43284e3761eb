"""Scripts by hand, through both programs: status, stdout, stderr but for hints, and the table after every line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .comparison import compared, patiently, same, tables, without_order
from .directors import InProcess, Process, ipvsadm, pyipvsadm_process
from .scripts import ARTICLE, RESTORES, SCRIPTS, mixed_rules


def run_in(namespace, *words):
    """Run a command in a namespace; it has to succeed."""
    with namespace.entered():
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("name", SCRIPTS)
def test_both_programs_answer_alike_and_leave_the_same_table(pair, name):
    if name == "daemons":
        for one in pair:
            run_in(one.namespace, "ip", "link", "add", "dummy7", "mtu", "9000", "up", "type", "dummy")
            run_in(one.namespace, "ip", "link", "add", "dummy8", "mtu", "1000", "type", "dummy")
    for line in SCRIPTS[name].strip().splitlines():
        same(*pair, line)
        if "-daemon" in line:
            time.sleep(0.05)  # the kernel is at work on it: the comparison waits for that


def test_real_processes_answer_alike(director):
    ours, theirs = director("pyipvsadm process"), director("ipvsadm")
    for line in (*ARTICLE.strip().splitlines(), "", "-A -t", "zork", "-L --zork", "-A -t 10.0.0.1:x"):
        same(ours, theirs, line)


@pytest.mark.parametrize("stdin", RESTORES.values(), ids=RESTORES)
def test_both_restore_alike(pair, stdin):
    same(*pair, "-R", stdin)
    if b"start-daemon" in stdin:
        time.sleep(0.05)


def test_what_either_saves_the_other_restores(director):
    ours, theirs = director("pyipvsadm"), director("ipvsadm")
    rules = mixed_rules(2000)
    assert ours("-R", rules) == theirs("-R", rules) == (0, "", "")
    assert not tables(ours, theirs)
    table = ours.table()
    assert len(table.services) == 2000
    saved = ours("-Sn").stdout
    assert not compared(ours("-Sn"), theirs("-Sn"))
    again = director("ipvsadm")
    assert again("-R", saved) == (0, "", "")
    assert without_order(again.table()) == without_order(table)
    assert ours("-C").returncode == theirs("-C").returncode == 0
    saved = again("-Sn").stdout  # which lacks the thresholds
    assert ours("-R", saved) == theirs("-R", saved) == (0, "", "")
    assert not tables(ours, theirs)
    assert len(ours.table().services) == 2000


@pytest.mark.parametrize("counts", [[0, 1, 4, 9, 10, 11, 40, 3, 700, 2, 80, 4], [*range(20)] * 21], ids=["few", "many"])
def test_services_with_few_servers_and_with_many(director, counts):
    """Whose answers come in one piece, or in many, at each length that a socket has had room for."""
    ours, theirs = director("pyipvsadm process"), director("ipvsadm")
    rules = "".join(
        f"-A -t 10.0.{at >> 8}.{at & 255}:80\n"
        + "".join(f"-a -t 10.0.{at >> 8}.{at & 255}:80 -r 10.9.{n >> 8}.{n & 255} -m\n" for n in range(count))
        for at, count in enumerate(counts)
    )
    assert ours("-R", rules.encode()) == theirs("-R", rules.encode()) == (0, "", "")
    assert not tables(ours, theirs)
    for line in ("-Ln", "-Ln --stats", "-Ln --rate", "-Sn"):
        said = ours(line)
        assert not compared(said, theirs(line))
        assert said.stdout.count("10.9.") == sum(counts)


def test_the_scripts_save_and_restore(director):
    """Ours and ipvsadm's, which are shell scripts around /sbin/ipvsadm, read what the others write."""
    folder = Path(sys.executable).parent
    rules = mixed_rules(20)
    one = director("ipvsadm")
    one("-R", rules)
    other = director("ipvsadm")
    other("-A -t 10.99.99.99:1")  # which a restore clears away

    def script(name, path, namespace):
        return Process([path], called=path, namespace=namespace)

    our_save = script("pyipvsadm-save", str(folder / "pyipvsadm-save"), one.namespace)
    their_save = script("ipvsadm-save", "/sbin/ipvsadm-save", one.namespace)
    assert not compared(our_save(["-n"]), their_save(["-n"]))
    saved = our_save(["-n"]).stdout
    our_restore = script("pyipvsadm-restore", str(folder / "pyipvsadm-restore"), other.namespace)
    assert our_restore([], "# saved by hand\n" + saved) == (0, "", "")
    assert without_order(other.table()) == without_order(one.table())
    their_restore = script("ipvsadm-restore", "/sbin/ipvsadm-restore", other.namespace)
    assert their_restore([], saved) == (0, "", "")
    assert without_order(other.table()) == without_order(one.table())


@pytest.mark.parametrize(
    "words",
    [
        ["\udcff\udcfe"],
        ["-A", "-t", "\udcff:\udcff"],
        ["-A", "-s", "x" * 100_000, "-f", "1"],
        ["-A", "-t", "1" * 100_000],
        ["-A", "-f", "9" * 100_000],
        ["-A", "-f", "1", "-p", "0" * 100_000 + "5"],
        ["-A", "-f", "1", "--pe", "\x01\x02"],
        ["-L", "-t", "10.0.0.1:" + "a" * 100_000],
        ["-" + "n" * 100_000],
        ["--start-daemon", "master", "--mcast-interface", "\udce4" * 20],
        ["-A", "-f", "1", "-s", "\N{SNOWMAN}" * 6],
        ["-A", "-f", "\N{ARABIC-INDIC DIGIT ONE}"],
        ["-A", "-t", "10.0.0.1:\N{ARABIC-INDIC DIGIT EIGHT}"],
        ["-A", "-t", "10.0.0.1:80", "-M", "\N{SUPERSCRIPT TWO}"],
    ],
    ids=range(14),
)
def test_odd_bytes_are_answered_alike(pair, words):
    same(*pair, words)


def test_programs_are_what_they_say():
    assert InProcess is not Process
    assert ipvsadm()("-v").stdout.startswith("ipvsadm v1.31 ")
    assert pyipvsadm_process()("-v").stdout.startswith("pyipvsadm v")


def test_listings_without_a_sort_inside_restores(director):
    """In one namespace, since each has its own order of services."""
    ours = director("pyipvsadm")
    theirs = director("ipvsadm", ours.namespace)
    assert ours("-R", mixed_rules(60)) == (0, "", "")
    rules = "-Ln --nosort\n-Sn\n--list --stats -n --nosort\n-Lcn --nosort\n-L --daemon --nosort\n-Ln --nosort --rate\n"
    for stdin in (rules, "-Sn --stats\n" + rules, rules + "-Ln --nosort=1\n"):
        answer = same(ours, theirs, "-R", stdin)
    assert answer.stdout.count("TCP ") > 40


@pytest.mark.parametrize("variable", ["POSIXLY_CORRECT", "POSIX_ME_HARDER"])
def test_options_end_at_the_first_word_where_posix_is_asked_for(director, variable):
    ours = pyipvsadm_process(director("pyipvsadm").namespace, **{variable: "1"})
    theirs = ipvsadm(director("ipvsadm").namespace, **{variable: "1"})
    plain = director("pyipvsadm process"), director("ipvsadm")
    parted = 0
    for line in (
        "-A -t 10.0.0.1:80",
        "--set 1 -L 2",
        "--set 1 2 3 -z",
        "1 --set 2 3",
        "--set 4 5 6",
        "-L zork -n",
        "-Ln zork --stats",
        "-a -t 10.0.0.1:80 -r 10.0.0.9 word -m",
        "--start-daemon zork --mcast-interface lo",
        "--stop-daemon zork --syncid 1",
        "-p 77 -A -f 1",
        "-A -f 1 -p 77",
        "-A -f 2 -p word -s rr",
        "-Sn",
    ):
        parted += same(ours, theirs, line) != same(*plain, line)
    assert parted > 1
    answer = same(ours, theirs, "-R", "-A -f 7 zork -s rr\n1 --set 2 3\n-A -f 8\n")
    assert answer.returncode


def test_a_long_list_made_by_two_processes(pair, monkeypatch):
    ours, theirs = pair
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    rules = mixed_rules(900)
    assert ours("-R", rules) == theirs("-R", rules) == (0, "", "")
    forks = []
    monkeypatch.setattr(os, "fork", lambda fork=os.fork: (child := fork(), forks.append(child))[0])
    for line in ("-Ln", "-L --stats", "-Sn", "-S", "-Ln --rate", "-Ln --thresholds --nosort"):
        unsorted = "--nosort" in line
        other = director_of(theirs, ours, line)
        assert not patiently(lambda: compared(ours(line), other(line), unsorted=unsorted)), line  # noqa: B023
    assert len(forks) >= 6


def director_of(theirs, ours, line):
    """ipvsadm on its own table or, where the order is the namespace's, on ours."""
    return ipvsadm(ours.namespace) if "--nosort" in line else theirs
