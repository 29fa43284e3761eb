"""Scripts by hand, through both programs: status, stdout, stderr but for hints, and the table after every line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from .comparison import compared, tables
from .directors import InProcess, Process, ipvsadm, pyipvsadm_process
from .fuzz import stop_daemons

ARTICLE = """
-A -t 192.168.2.10:80 -s rr
-a -t 192.168.2.10:80 -r 192.168.10.11 -m
-a -t 192.168.2.10:80 -r 192.168.11.12 -m
-Ln
-Sn
-C
-Ln
"""
SERVICES = """
-A -t 10.0.0.1:80
-A -t 10.0.0.1:80
-A --tcp-service=10.0.0.1:81 --scheduler=wrr --persistent=77 --netmask=255.255.255.0
-A -u10.0.0.1:53 -slc -o
-A --sctp-service 10.0.0.1:3868 -s sh -b sh-port,sh-fallback
-A -t [2001:db8::1]:80 -s mh -b mh-port -p -M 64
-A -t 2001:db8::2 -p
-A -f 1 -s sed
-A -f 1 -6 -s nq -p 5 -M 48
-A -f 4294967295 -s ovf
-A -t 10.0.0.1:0
-A -t 10.0.0.1:0 -p 300 -M 255.255.0.0
-A -t 10.0.0.1:82 -o
-A -f 2 -o -b flag-1,flag-3
-A -u 10.0.0.1:5060 -p 60 --pe sip
-A -u 10.0.0.1:5061 --pe sip
-A -u 10.0.0.1:5062 --pe zork
-A -t 10.0.0.1:83 -s zork
-A -t 10.0.0.1:84 -s none
-A -t vip:http -s rr
-A -t vip6.example:http
-Ln
-L
-S
-Sn
-L -t 10.0.0.1:80
-Ln -t 10.0.0.1:99
-Ln -f 1
-Ln -f 1 -6
-E -t 10.0.0.1:81
-E -t 10.0.0.1:81 -s rr -p 9 -b flag-2
-E -t 10.0.0.1:99
-E -u 10.0.0.1:5060 -s rr -p
-E -f 1 -6 -M 64 -p
-Z
-Z -t 10.0.0.1:80
-Z -t 10.0.0.1:99
-Z -t 0.0.0.0
-Z -f 1 -6
-D -t 10.0.0.1:99
-D -t 10.0.0.1:80
-D -f 1
-D -f 1 -6
-D -u 10.0.0.1:53 -s rr
-Ln
-C
-Ln
"""
SERVERS = """
-a -t 10.0.0.1:80 -r 10.0.0.9
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.0.9
-a -t 10.0.0.1:80 -r 10.0.0.9:8080
-a -t 10.0.0.1:80 -r 10.0.0.9:8080 -m -w 5
-a -t 10.0.0.1:80 -r 10.0.0.9:8081 -m -x 10 -y 5
-a -t 10.0.0.1:80 -r 10.0.0.9:8082 -m -y 5
-a -r 10.0.0.10 -m -t 10.0.0.1:80
-a -r 10.0.0.11:http -m -t 10.0.0.1:80
-a -t 10.0.0.1:80 -r 10.0.0.11:http-alt -m -w 2147483647
-a -t 10.0.0.1:80 -r 127.0.0.1 -g -w 0
-a -t 10.0.0.1:80 -r 224.0.0.1 -g
-a -t 10.0.0.1:80 -r 2001:db8::9 -m
-a -t 10.0.0.1:80 -r [2001:db8::9]:80 -i
-a -t 10.0.0.1:80 -r 10.0.0.12 -i --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 10.0.0.1:80 -r 10.0.0.13 -i --tun-type gue
-a -t 10.0.0.1:80 -r 10.0.0.13 -i --tun-type gre --tun-csum
-a -t 10.0.0.1:80 -r 10.0.0.14 -i --tun-type gre --tun-remcsum
-a -t 10.0.0.1:80 -r 10.0.0.14 -i --tun-type ipip --tun-csum
-a -t 10.0.0.1:80 -r 10.0.0.14 --tun-type ipip
-a -t 10.0.0.1:80 -r 10.0.0.14 -i --tun-type gue --tun-port 1 --tun-csum --tun-nocsum
-a -t 10.0.0.1:80 -r 10.0.0.15 -g -m
-A -f 7 -6
-a -f 7 -6 -r 2001:db8::9
-a -f 7 -6 -r [2001:db8::9]:8080 -m
-a -f 7 -6 -r 10.0.0.9 -i
-a -f 7 -r 10.0.0.9
-A --sctp-service [2001:db8::1]:9
-a --sctp-service [2001:db8::1]:9 -r [2001:db8::9]:10 -m
-a --sctp-service [2001:db8::1]:9 -r fe80::1 -g
-Ln
-L
-Ln --thresholds
-Ln --tun-info
-Ln --stats
-Ln --rate --exact
-Ln --persistent-conn
-Ln --nosort -t 10.0.0.1:80
-Lnc
-Lc --persistent-conn
-Ln --thresholds --stats -t 10.0.0.1:80
-L --daemon
-L --timeout
-Sn
-e -t 10.0.0.1:80 -r 10.0.0.9 -w 7
-e -t 10.0.0.1:80 -r 10.0.0.9:8080
-e -t 10.0.0.1:80 -r 10.0.0.9:8080 -m -x 100
-e -t 10.0.0.1:80 -r 10.0.0.12 -i
-e -t 10.0.0.1:80 -r 10.0.0.99
-e -t 10.0.0.2:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r [2001:db8::9]:80
-d -t 10.0.0.2:80 -r 10.0.0.9
-d -t 10.0.0.1:80 -r 10.0.0.9:8080 -m
-d -f 7 -6 -r 10.0.0.9:0
-Sn
-D -t 10.0.0.1:80
-Ln
"""
TIMEOUTS = """
-L --timeout
--set 1 2 3
-L --timeout
--set 0 0 60
-L --timeout
--set 1 2
--set 1 2 3 4
--set 1 2 -3
--set 2678401 1 1
--set 1 x 1
--set -- 1 2 3
4 --set 5 6
-L --timeout
-L --timeout --daemon
-L --timeout -c
"""
DAEMONS = """
--stop-daemon master
--start-daemon master --mcast-interface lo
-L --daemon
--start-daemon master --mcast-interface lo
--start-daemon backup --mcast-interface dummy7 --syncid 7 --mcast-group ff02::81 --mcast-port 9000 --mcast-ttl 9
-L --daemon
--stop-daemon master
--start-daemon master --mcast-interface dummy7 --mcast-group 239.1.2.3 --sync-maxlen 1000
-L --daemon
--stop-daemon backup --syncid 7
--start-daemon backup --mcast-interface dummy8
--start-daemon backup
--start-daemon backup --mcast-interface zork
--start-daemon both
--stop-daemon
--stop-daemon both
-L --daemon
-C
-L --daemon
--stop-daemon master
--stop-daemon backup
-L --daemon
"""
LONG_NAMES = """
-A -t 192.0.2.77:7777
-A -u 192.0.2.77:69
-a -t 192.0.2.77:7777 -r 198.51.100.7:80 -m
-a -t 192.0.2.77:7777 -r 198.51.100.8:7777 -m
-A -t 192.0.2.10:7777
-A -t [2001:db8:10::10]:7777
-a -t [2001:db8:10::10]:7777 -r [2001:db8:10::10]:80 -m
-L
-L --stats
-L --tun-info
-L --nosort -t 192.0.2.77:7777
-Sn
"""
SCRIPTS = [ARTICLE, SERVICES, SERVERS, TIMEOUTS, DAEMONS, LONG_NAMES]
NAMES = ["article", "services", "servers", "timeouts", "daemons", "long names"]


def run_in(namespace, *words):
    """Run a command in a namespace; it has to succeed."""
    with namespace.entered():
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def pair(director):
    """Both programs, on a table each, and what stops the daemons that they leave."""
    both = director("pyipvsadm"), director("ipvsadm")
    yield both
    for one in both:
        stop_daemons(one.namespace)


def same(ours, theirs, line, stdin=b""):
    """Give a line to both, and hold what they do against one another; their answer."""
    answers = ours(line, stdin), theirs(line, stdin)
    assert not compared(*answers), line
    assert not tables(ours, theirs), line
    return answers[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
def test_both_programs_answer_alike_and_leave_the_same_table(pair, script):
    if script is DAEMONS:
        for one in pair:
            run_in(one.namespace, "ip", "link", "add", "dummy7", "mtu", "9000", "up", "type", "dummy")
            run_in(one.namespace, "ip", "link", "add", "dummy8", "mtu", "1000", "type", "dummy")
    for line in script.strip().splitlines():
        same(*pair, line)
        if "-daemon" in line:
            time.sleep(0.05)  # a stop right after a start hangs ipvsadm


def test_real_processes_answer_alike(director):
    ours, theirs = director("pyipvsadm process"), director("ipvsadm")
    for line in (*ARTICLE.strip().splitlines(), "", "-A -t", "zork", "-L --zork", "-A -t 10.0.0.1:x"):
        same(ours, theirs, line)


RESTORES = {
    "empty": b"",
    "blanks": b"\n \n\t\r\n",
    "plain": b"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.9 -m\n",
    "no newline": b"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.9 -m",
    "CRLF": b"-A -t 10.0.0.1:80 -s rr\r\n-a -t 10.0.0.1:80 -r 10.0.0.9 -m\r\n",
    "CR inside": b"-A\r-t\r10.0.0.1:80\n",
    "one blank at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 ",
    "two blanks at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\t ",
    "only two blanks": b"-A -t 10.0.0.1:80\n  ",
    "the program's name": b"ipvsadm -A -t 10.0.0.1:80\n-A ipvsadm -t ipvsadm 10.0.0.1:81 ipvsadm\n ipvsadm \n",
    "its path": b"-A -t 10.0.0.1:80\n/sbin/ipvsadm -A -t 10.0.0.1:81\n-A -t 10.0.0.1:82\n",
    "NUL": b"-A -t 10.0.0.1:80\0:81 -s rr\n-A\0 -t 10.0.0.1:82\n\0\n-A -t 10.0.0.1:83\n",
    "leading NUL": b"-A -t 10.0.0.1:80\n\0-A -t 10.0.0.1:81\n",
    "quotes": b'-A -t "10.0.0.1:80"\n',
    "comment behind": b"-A -t 10.0.0.1:80 # why\n-A -t 10.0.0.1:81\n",
    "refused in the middle": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n",
    "refused at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n-D -t 10.0.0.1:82\n",
    "unknown option in the middle": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 --zork\n-A -t 10.0.0.1:82\n",
    "unknown option at the end": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 --zork\n",
    "missing argument": b"-A -t 10.0.0.1:80\n-A -t\n-A -t 10.0.0.1:82\n",
    "bad value": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:x\n-A -t 10.0.0.1:82\n",
    "illegal option": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 -n\n-A -t 10.0.0.1:82\n",
    "stray word": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81 zork\n-A -t 10.0.0.1:82\n",
    "no command": b"-A -t 10.0.0.1:80\nzork\n-A -t 10.0.0.1:82\n",
    "unknown command": b"-A -t 10.0.0.1:80\n-z\n-A -t 10.0.0.1:82\n",
    "listings between": b"-A -t 10.0.0.1:80\n-Ln\n-A -t 10.0.0.1:81\n-Sn\n-D -t 10.0.0.1:80\n-Ln --stats\n-L --timeout\n-Lc\n",
    "bad listing": b"-A -t 10.0.0.1:80\n-Ln -t 10.0.0.1:81\n-A -t 10.0.0.1:82\n",
    "nested": b"-A -t 10.0.0.1:80\n-R\n-A -t 10.0.0.1:82\n",
    "version": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:80\n-v\n-A -t 10.0.0.1:82\n",
    "set and zero": b"--set 5 6 7\n-A -t 10.0.0.1:80\n-Z\n-Z -t 10.0.0.1:80\n-Z -t 10.0.0.1:81\n-C\n-A -f 1\n",
    "names": b"-A -t vip:http\n-A -t vip:www\n-a -t vip:http -r localhost -m\n-A -t no.such.name:80\n",
    "order": b"-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.9\n-D -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.9\n-A -f 1\n",
    "a long word": b"-A -t 10.0.0.1:80\n-A -t " + b"1" * 5000 + b"\n",
    "a long blank": b"-A" + b" " * 9000 + b"-t 10.0.0.1:80\n",
    "bytes": b"-A -t 10.0.0.1:80\n-A -t \xff\xfe:80\n",
    "signed mark": b"-A -f 1\n-A -f -1\n-A -f 2\n",
    "daemons": b"--start-daemon master --mcast-interface lo\n-L --daemon\n--start-daemon master --mcast-interface lo\n",
    "forms learned by sight": b"-A -t 10.0.0.1:80 -p 300\n-A -t 10.0.0.1:81 -p 300\n-A -t 10.0.0.1:0 -p 300\n-A -t 10.0.0.1 -p 7\n"
    b"-A -t 10.0.0.1:82 -s rr\n-A -t 10.0.0.1:0 -s rr\n-A -t 10.0.0.1:83 -s rr\n",
    "ports learned by sight": b"-A -t 10.0.0.1:80\n-A -t 10.0.0.1:81\n-a -t 10.0.0.1:80 -r 10.0.0.9:80 -g\n"
    b"-a -t 10.0.0.1:81 -r 10.0.0.9:82 -g\n-d -t 10.0.0.1:81 -r 10.0.0.9:82\n-d -t 10.0.0.1:80 -r 10.0.0.9:80\n",
}  # fmt: skip


@pytest.mark.parametrize("stdin", RESTORES.values(), ids=RESTORES)
def test_both_restore_alike(pair, stdin):
    same(*pair, "-R", stdin)
    if b"start-daemon" in stdin:
        time.sleep(0.05)


def mixed_rules(count):
    """Rules for `count` services of all kinds, each with up to three servers."""
    random = Random(7)
    rules = []
    for number in range(count):
        kind = random.choice(("-t", "-u", "--sctp-service", "-f"))
        six = random.random() < 0.3
        host = f"[2001:db8::{number:x}]" if six else f"10.{number >> 8}.{number & 255}.1"
        who = f"-f {number + 1}{' -6' * six}" if kind == "-f" else f"{kind} {host}:{random.randint(1, 65535)}"
        more = random.choice(("", " -p 300", " -s sh -b sh-port", " -s rr", " -b flag-1,flag-2"))
        rules.append(f"-A {who}{more}")
        for server in range(random.randrange(4)):
            address = f"[2001:db8:1::{server + 1:x}]:8080" if six else f"10.200.0.{server + 1}:8080"
            how = random.choice(("-m", "-m -x 9 -y 3", "-g", "-i --tun-type gre --tun-csum", "-i --tun-type gue --tun-port 5"))
            rules.append(f"-a {who} -r {address} {how} -w {random.randint(0, 100)}")
    return "".join(f"{rule}\n" for rule in rules).encode()


def without_order(table):
    """A table whose servers have no order: a restore turns theirs round."""
    return table._replace(services=tuple((service, tuple(sorted(servers))) for service, servers in table.services))


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


# What we do otherwise on purpose, by the number of the exception in issue 3.


def test_1_a_save_keeps_thresholds_marks_and_flags(director):
    ours = director("pyipvsadm")
    lines = ["-A -f 4294967295 -s mh -b flag-3", "-a -f 4294967295 -r 10.0.0.9:0 -g -w 1 -x 10 -y 5"]
    for line in lines:
        assert ours(line) == (0, "", "")
    assert ours("-Sn").stdout.splitlines() == lines
    assert "FWM  4294967295 mh ()" in ours("-Ln").stdout


def test_1_names_that_do_not_read_back_are_saved_as_numbers(director):
    ours = director("pyipvsadm")
    for line in LONG_NAMES.strip().splitlines()[:7]:
        assert ours(line) == (0, "", "")
    saved = ours("-S").stdout
    assert "-A -t [2001:db8:10::10]:a-service-with" in saved
    other = director("pyipvsadm")
    assert other("-R", saved) == (0, "", "")
    assert without_order(other.table()) == without_order(ours.table())


def test_1_save_all_keeps_timeouts_and_daemons(director):
    ours, other = director("pyipvsadm"), director("ipvsadm")
    for line in ("--set 5 6 7", "-A -f 1", "--start-daemon backup --mcast-interface lo --syncid 9 --mcast-group ff02::7"):
        assert ours(line) == (0, "", "")
    saved = ours("-Sn --all").stdout
    assert other("-R", saved) == (0, "", "")
    assert other.table() == ours.table()
    time.sleep(0.05)
    for one in (ours, other):
        stop_daemons(one.namespace)


@pytest.mark.parametrize("line", ["-h", "--help", "-v", "zork", "-A -t", "-A -t 10.0.0.1:x"])
def test_3_words_need_no_privilege(director, line):
    ours = director("pyipvsadm process")
    start = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", *ours._program]
    answer = Process(start, called="setpriv", namespace=ours.namespace)(line)
    assert answer.stdout if line[1] in "hv-" else answer.problem
    assert "ipvs:" not in answer.stderr
    assert answer.returncode == {"-h": 0, "--help": 0, "-v": 0, "-A -t 10.0.0.1:x": 2}.get(line, 255)


def test_4_a_restore_names_the_line(director):
    ours = director("pyipvsadm")
    rules = "# two services\n-A -t 10.0.0.1:80\n\n-A -t 10.0.0.1:80\n  # one more\n-A -t 10.0.0.1:81\n"
    answer = ours("-R", rules)
    assert answer.returncode == 0
    assert answer.stderr.splitlines()[0] == "Service already exists"
    assert answer.stderr.splitlines()[1].startswith("hint: line 4: ")
    assert ours("-R --strict", "-D -f 1\n-A -f 2\n").returncode == 255
    assert ours("-Sn").stdout == "-A -t 10.0.0.1:80 -s wlc\n-A -t 10.0.0.1:81 -s wlc\n-A -f 2 -s wlc\n"


def test_4_a_check_changes_nothing_and_tells_all(director):
    ours = director("pyipvsadm")
    answer = ours("-R --check", "-A -f 1\n-A -f x\n-C\nzork\n-A -f 2\n")
    assert answer.returncode != 0
    assert "invalid fwmark value `x' specified" in answer.stderr
    assert "line 2: " in answer.stderr
    assert "line 4: " in answer.stderr
    assert ours("-Sn").stdout == ""
    assert ours("-R --check", "-A -f 1\n") == (0, "", "")


def test_5_where_ipvsadm_has_no_order_ours_is_plain(director):
    ours = director("pyipvsadm")
    theirs = director("ipvsadm", ours.namespace)
    for host in ("192.0.2.1", "10.0.0.1", "127.0.0.1", "200.0.0.1"):
        ours(f"-A -t {host}:80")
    lines = ours("-Sn").stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["10.0.0.1:80", "127.0.0.1:80", "192.0.2.1:80", "200.0.0.1:80"]
    assert sorted(theirs("-Sn").stdout.splitlines()) == sorted(lines)


def test_5_ipvsadms_order_across_the_gap(pair):
    for host in ("192.168.0.1", "10.0.0.1", "192.168.0.2", "10.255.0.1"):
        same(*pair, f"-A -t {host}:80")
        same(*pair, f"-a -t {host}:80 -r 10.0.0.7 -m")
        same(*pair, f"-a -t {host}:80 -r 192.168.0.7 -m")
    saved = same(*pair, "-Sn").stdout
    assert [line.split()[2] for line in saved.splitlines() if line.startswith("-A")] == [
        "192.168.0.1:80",
        "192.168.0.2:80",
        "10.0.0.1:80",
        "10.255.0.1:80",
    ]


def test_6_commas_alone_are_no_flags(director):
    ours = director("pyipvsadm")
    assert director("ipvsadm")("-A -f 1 -b ,").returncode == 139
    assert ours("-A -f 1 -b ,") == (0, "", "")
    assert ours("-Sn").stdout == "-A -f 1 -s wlc\n"


def test_6_a_daemon_stopped_right_after_its_start(director):
    ours = director("pyipvsadm")
    started = time.monotonic()
    answer = ours("-R", "--start-daemon master --mcast-interface lo\n--stop-daemon master\n-L --daemon\n")
    assert answer == (0, "", "")
    assert ours.table().daemons == ()
    assert time.monotonic() - started < 5


def test_7_a_full_disk_is_an_error(director):
    ours = director("pyipvsadm")
    with ours.namespace.entered():
        full = os.open("/dev/full", os.O_WRONLY)
        errors = os.memfd_create("stderr")
        from pyipvsadm import cli

        assert cli.main(["ipvsadm", "-Ln"], cli.World("ipvsadm", 0, full, errors)) == 1
        assert os.pread(errors, 999, 0).splitlines()[0] == b"cannot write the output: No space left on device"
        os.close(full)
        os.close(errors)


def test_7_a_closed_pipe_is_quiet(director):
    ours = director("pyipvsadm")
    ours("-A -f 1")
    with ours.namespace.entered():
        reading, writing = os.pipe()
        errors = os.memfd_create("stderr")
        os.close(reading)
        from pyipvsadm import cli

        assert cli.main(["ipvsadm", "-Ln"], cli.World("ipvsadm", 0, writing, errors)) == 141
        assert os.fstat(errors).st_size == 0
        os.close(writing)
        os.close(errors)


def test_9_a_link_named_ipvsadm_calls_itself_so(director, tmp_path):
    link = tmp_path / "ipvsadm"
    link.symlink_to(Path(sys.executable).parent / "pyipvsadm")
    theirs = director("ipvsadm")
    answer = Process([str(link)], called=str(link), namespace=theirs.namespace)("zork")
    assert answer.problem == "Try `ipvsadm -h' or 'ipvsadm --help' for more information."
    assert answer.returncode == theirs("zork").returncode == 255


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
        ["-A", "-f", "١"],
        ["-A", "-t", "10.0.0.1:٨٠"],
        ["-A", "-t", "10.0.0.1:80", "-M", "²"],
    ],
    ids=range(14),
)
def test_odd_bytes_are_answered_alike(pair, words):
    same(*pair, words)


def test_programs_are_what_they_say():
    assert InProcess is not Process
    assert ipvsadm()("-v").stdout.startswith("ipvsadm v1.31 ")
    assert pyipvsadm_process()("-v").stdout.startswith("pyipvsadm v")
