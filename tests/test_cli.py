"""Command lines, all of them: streams and statuses, through the process's own door, on a canned kernel."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
from contextlib import suppress
from errno import (
    EAFNOSUPPORT,
    EEXIST,
    EINVAL,
    EMSGSIZE,
    ENETUNREACH,
    ENODEV,
    ENOENT,
    ENOMEM,
    ENOPROTOOPT,
    EOPNOTSUPP,
    EPERM,
    ERANGE,
    ESRCH,
)
from functools import cache
from pathlib import Path

import pytest

from pyipvsadm import __version__, cli
from pyipvsadm.kernel import Kernel

from .fakes import NAMES, run
from .netlink import FAMILY, CannedSocket, daemon, error, nla, requests, server, service, small_kernel

ROOT = Path(__file__).parent.parent


def ip(*parts):
    return bytes(parts)


TABLE = [  # in the kernel's order, which isn't that of lists
    (service(ip(10, 0, 0, 2), 80, "wlc"), []),
    (service(ip(10, 0, 0, 1), 80, "rr"), [server(ip(10, 1, 0, 3), 80, 0, 3, 1, 2), server(ip(10, 1, 0, 2), 80, 3)]),
]
HEAD = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
"""
FIRST = """\
TCP  10.0.0.1:80 rr
  -> 10.1.0.2:80                  Route   1      0          0         |
  -> 10.1.0.3:80                  Masq    3      1          2         |
""".replace("|", "")
FIRST_UNSORTED = "\n".join((*(lines := FIRST.split("\n"))[:1], lines[2], lines[1], ""))


# What needs no kernel.


@pytest.mark.parametrize("words", [["-v"], ["--version"], ["-vh"], ["foo", "-v"], ["-v", "--zork"]])
def test_the_version_is_ours_first_and_then_the_one_that_it_equals(words):
    ran = run(words)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == f"pyipvsadm v{__version__} (compatible with ipvsadm v1.31-5)\n"


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["-hv"]])
def test_help_is_on_stdout(words):
    ran = run(words, program="/opt/sbin/ipvsadm")
    assert (ran.status, ran.stderr) == (0, "")
    assert "Usage: ipvsadm [--netns NAME] VERB|COMMAND" in ran.stdout
    for shown in ("-A -E -D", "-h topics", "  show  "):
        assert shown in ran.stdout


@pytest.mark.parametrize(("words", "message", "status"), [
    (["zork"], "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255),
    (["-n", "-L"], "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255),
    (["-A", "-n"], "Illegal 'numeric' option with the 'add-service' command\n", 2),
    (["-L", "--zork"], "--zork: unknown option\n", 255),
    (["-A", "-t"], "-t: missing argument\n", 255),
    (["-A", "-6"], "-6 must follow -f\n\n", 2),
    (["-L", ""], "unexpected argument \n", 2),
])  # fmt: skip
def test_wrong_words_need_no_kernel_and_get_a_hint(words, message, status):
    ran = run(words)
    assert (ran.status, ran.message, ran.stdout) == (status, message, "")
    assert ran.stderr.startswith(message)
    assert len(ran.hints) == 1


@pytest.mark.parametrize(("path", "name"), [
    ("/usr/sbin/ipvsadm", "ipvsadm"), ("./x/y", "y"), ("pyipvsadm", "pyipvsadm"), ("a b", "a b"), ("", ""), ("/", ""),
])  # fmt: skip
def test_the_program_s_name_is_the_last_part_of_its_path(path, name):
    assert run(["zork"], program=path).message == f"Try `{name} -h' or '{name} --help' for more information.\n"


@pytest.mark.parametrize("word", ["x" * (1 << 20), "-" * (1 << 20), "--" + "y" * (1 << 20), "-L" + "n" * (1 << 20)])
def test_huge_words(word):
    for words in ([word], ["-L", word], ["-A", "-t", word], ["-L", "-n", "--", word]):
        ran = run(words)
        assert ran.status in (2, 255)
        assert ran.message.count("\n") == 1


def test_words_that_are_no_utf_8_come_back_as_they_were():
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pyipvsadm.cli import main, World;"
        " sys.exit(main(sys.argv, World('ipvsadm')))"
    )
    for environment in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "1"}):
        ran = subprocess.run(
            [sys.executable, "-c", script, "-L", b"\xff\xfe \x1b\xc3\xa9"],
            capture_output=True, env={**os.environ, **environment},
        )  # fmt: skip
        assert ran.returncode == 2
        assert ran.stderr.startswith(b"unexpected argument \xff\xfe \x1b\xc3\xa9\n")
        assert b"Traceback" not in ran.stderr


# Lists.


def test_the_whole_table_is_sorted_and_starts_with_the_version():
    assert run([], small_kernel(TABLE))[:3] == run(["-L"], small_kernel(TABLE))[:3]
    ran = run(["-Ln"], small_kernel(TABLE))
    assert ran[:3] == (0, HEAD + FIRST + "TCP  10.0.0.2:80 wlc\n", "")


def test_without_numbers_the_resolver_is_asked():
    names = type(NAMES)({"vip": ip(10, 0, 0, 1), "one": ip(10, 1, 0, 2)}, {("http", "tcp"): 80})
    assert run(["-L"], small_kernel(TABLE), names=names).stdout.splitlines()[3:] == [
        "TCP  vip:http rr",
        "  -> one:http                     Route   1      0          0         ",
        "  -> 10.1.0.3:http                Masq    3      1          2         ",
        "TCP  10.0.0.2:http wlc",
    ]


def test_unsorted_it_is_in_the_kernel_s_order():
    ran = run(["-Ln", "--nosort"], small_kernel(TABLE))
    assert ran[:3] == (0, HEAD + "TCP  10.0.0.2:80 wlc\n" + FIRST_UNSORTED, "")


def test_one_service_is_listed_without_the_version():
    ran = run(["-Ln", "-t", "10.0.0.1:80"], small_kernel(TABLE))
    assert ran[:3] == (0, HEAD.partition("\n")[2] + FIRST, "")


@pytest.mark.parametrize(
    "words", [["-Ln", "-t", "10.0.0.9:80"], ["-L", "-f", "1", "--stats"], ["-L", "-u", "10.0.0.1:80"]]
)
def test_a_service_that_is_missing(words):
    ran = run(words, small_kernel(TABLE))
    assert (ran.status, ran.stdout, ran.message) == (1, "", "No such service\n")


def test_an_empty_table():
    assert run(["-Ln"], small_kernel())[:3] == (0, HEAD, "")
    assert run(["-Sn"], small_kernel())[:3] == (0, "", "")


def test_counters():
    counters = tuple(2**32 + n for n in range(10))
    table = [(service(ip(10, 0, 0, 1), 80, counters=counters), [server(ip(10, 1, 0, 2), 80, counters=counters)])]
    stats = run(["-Ln", "--stats", "--exact"], small_kernel(table)).stdout.splitlines()
    assert stats[3] == "TCP  10.0.0.1:80".ljust(33) + "".join(f" {2**32 + n}" for n in range(5))
    assert stats[4] == "  -> 10.1.0.2:80".ljust(33) + "".join(f" {2**32 + n}" for n in range(5))
    rates = run(["-Ln", "--rate"], small_kernel(table)).stdout.splitlines()
    assert rates[3] == "TCP  10.0.0.1:80".ljust(33) + "    4294M" * 5
    assert rates[4] == "  -> 10.1.0.2:80".ljust(33) + "".join(f" {2**32 + n}" for n in (5, 6, 7)) + "    4294M" * 2


def test_timeouts_and_daemons():
    assert run(["-L", "--timeout"], small_kernel())[:3] == (0, "Timeout (tcp tcpfin udp): 900 120 300\n", "")
    assert run(["-L", "--daemon"], small_kernel())[:3] == (0, "", "")
    rest = nla(4, struct.pack("=H", 1472)) + nla(7, struct.pack("=H", 8848))
    ran = run(["-L", "--daemon"], small_kernel(daemons=[daemon(1, "eth0", 5, rest)]))
    assert ran[:3] == (0, "master sync daemon (mcast=eth0, syncid=5, maxlen=1472, port=8848)\n", "")


@pytest.mark.parametrize(("words", "first"), [
    (["-L", "-c", "-t", "10.0.0.1:80"], "The option 'service-address' conflicts"),
    (["-L", "--timeout", "--daemon"], "The option 'daemon' conflicts"),
])  # fmt: skip
def test_one_listing_at_a_time(words, first):
    assert run(words).message.startswith(first)


CONNECTIONS = """\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP 0A010002 BEAA 0A010064 0050 0A020002 1F90 TIME_WAIT       114
"""


def test_connections(monkeypatch, tmp_path):
    path = tmp_path / "ip_vs_conn"
    monkeypatch.setattr("pyipvsadm.kernel.CONNECTIONS", str(path))
    ran = run(["-Lnc"], small_kernel())
    assert (ran.status, ran.stdout, ran.message) == (1, "", "cannot open file /proc/net/ip_vs_conn\n")
    path.write_text("")
    ran = run(["-Lnc"], small_kernel())
    assert (ran.status, ran.stdout, ran.message) == (1, "", "unexpected input from /proc/net/ip_vs_conn\n")
    path.write_text(CONNECTIONS)
    ran = run(["-Lnc"], small_kernel())
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[2:] == ["TCP 01:54  TIME_WAIT   10.1.0.2:48810     10.1.0.100:80      10.2.0.2:8080"]
    path.write_text(CONNECTIONS + "\n" + CONNECTIONS)
    ran = run(["-Lnc"], small_kernel())
    assert (ran.status, ran.stdout.count("\n"), ran.stderr) == (1, 3, "")
    path.write_bytes(
        CONNECTIONS.encode() + b"UDP 0A010002 0000 0A010064 13C4 0A020002 13C4 ASSURED 54 sip \xff\r\x1b\n"
    )
    ran = run(["-Lnc", "--persistent-conn"], small_kernel())
    assert ran.status == 0
    assert "\x1b" not in ran.stdout
    assert "\r" not in ran.stdout


# Rules.


def test_the_table_as_rules():
    assert run(["-Sn"], small_kernel(TABLE))[:3] == (0, (
        "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 1\n"
        "-a -t 10.0.0.1:80 -r 10.1.0.3:80 -m -w 3\n-A -t 10.0.0.2:80 -s wlc\n"
    ), "")  # fmt: skip


def test_all_there_is_as_rules():
    ran = run(["-Sn", "--all"], small_kernel(daemons=[daemon(2, "lo", 7)]))
    assert ran[:3] == (0, "--set 900 120 300\n--start-daemon backup --mcast-interface lo --syncid 7\n", "")


# What the kernel refuses.

SERVICE_WORDS = ["-t", "10.0.0.1:80"]
SERVER_WORDS = [*SERVICE_WORDS, "-r", "10.1.0.1"]
LINES = {
    "add service": ["-A", *SERVICE_WORDS], "edit service": ["-E", *SERVICE_WORDS],
    "delete service": ["-D", *SERVICE_WORDS],
    "zero": ["-Z", *SERVICE_WORDS], "add dest": ["-a", *SERVER_WORDS], "edit dest": ["-e", *SERVER_WORDS],
    "delete dest": ["-d", *SERVER_WORDS], "start": ["--start-daemon", "master"], "stop": ["--stop-daemon", "master"],
    "clear": ["-C"], "set": ["--set", "1", "2", "3"],
}  # fmt: skip
NO_FILE, NO_PROCESS, EXISTS = "No such file or directory", "No such process", "File exists"
TEXTS = [  # errno, and what is said of it by each of LINES that has its own words; else the last
    (EEXIST, {"add service": "Service already exists", "add dest": "Destination already exists",
              "start": "Daemon has already run"}, EXISTS),
    (ENOENT, {"add service": "Scheduler or persistence engine not found",
              "edit service": "Scheduler or persistence engine not found",
              "edit dest": "No such destination", "delete dest": "No such destination"}, NO_FILE),
    (ESRCH, {"edit service": "No such service", "delete service": "No such service", "zero": "No such service",
             "add dest": "Service not defined", "edit dest": "Service not defined",
             "delete dest": "Service not defined", "stop": "No daemon is running"}, NO_PROCESS),
    (EINVAL, {}, "Invalid operation.  Possibly wrong module version, address not unicast, ..."),
    (ENOPROTOOPT, {}, "Protocol not available"),
    (ENOMEM, {}, "Memory allocation problem"),
    (EOPNOTSUPP, {}, "Operation not supported with IPv6"),
    (EAFNOSUPPORT, {}, "Operation not supported with specified address family"),
    (EMSGSIZE, {}, "Module is wrong version"),
    (ERANGE, {}, "Numerical result out of range"),
    (ENODEV, {}, "No such device"),
    (ENETUNREACH, {}, "Network is unreachable"),
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(("errno", "texts", "other"), TEXTS)
def test_what_is_said_of_a_refusal(line, errno, texts, other):
    ran = run(LINES[line], small_kernel(refuse=lambda *_: errno))
    assert (ran.status, ran.stdout, ran.message) == (255, "", texts.get(line, other) + "\n")


@pytest.mark.parametrize(
    "words", [*LINES.values(), ["-Ln"], ["-Sn"], ["-L", "-f", "1"], ["-L", "--timeout"], ["-L", "--daemon"], []]
)
def test_without_privilege_ipvs_cannot_be_reached(words):
    ran = run(words, lambda data: [error(sequence, EPERM) for _, sequence, _, _ in requests(data)])
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.message == (
        "Can't initialize ipvs: Permission denied (you must be root)\n"
        "Are you sure that IP Virtual Server is built in the kernel or as module?\n"
    )
    assert "pyipvsadm sandbox" in ran.hints[0]


@pytest.mark.parametrize("words", [["-Ln"], ["-Sn"]])
def test_a_list_that_fails_has_status_1(words):
    ran = run(words, lambda data: [error(sequence, ENOMEM) for _, sequence, _, _ in requests(data)])
    assert (ran.status, ran.stdout, ran.message) == (1, "", "Memory allocation problem\n")


def test_what_was_listed_before_a_failure_is_printed():
    well = small_kernel(TABLE)

    def play(data):
        ((_, sequence, command, attributes),) = requests(data)
        return [error(sequence, ENOMEM)] if command == 8 and ip(10, 0, 0, 2) in attributes else well(data)

    ran = run(["-Ln"], play)
    assert (ran.status, ran.stdout, ran.message) == (1, HEAD + FIRST, "Memory allocation problem\n")


@pytest.mark.parametrize("words", list(LINES.values()))
def test_a_change_says_nothing(words):
    ran = run(words, small_kernel())
    assert ran[:3] == (0, "", "")
    assert len(ran.socket.sent) == 1


# Streams.


def world(play, stdin=0, stdout=1, stderr=2, program="ipvsadm"):
    return cli.World(program, stdin, stdout, stderr, kernel=Kernel(CannedSocket(play), FAMILY), names=NAMES)


BIG = [(service(ip(10, 0, n >> 8, n & 255), 80), [server(ip(10, 1, 0, 1), 80)] * 9) for n in range(300)]


@pytest.mark.parametrize("words", [["-Ln"], ["-Sn"], ["-v"], ["-h"]])
@pytest.mark.parametrize("table", [TABLE, BIG], ids=["small", "big"])
def test_a_reader_that_went_away_is_no_error_to_talk_of(words, table, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with open(tmp_path / "stderr", "wb") as stderr:
        status = cli.main(["ipvsadm", *words], world(small_kernel(table), stdout=writer, stderr=stderr.fileno()))
    os.close(writer)
    assert status == 141  # 128 + SIGPIPE, of which ipvsadm dies
    assert (tmp_path / "stderr").read_bytes() == b""


@pytest.mark.parametrize(
    "words",
    [["-Ln"], ["-Sn"], ["-v"], ["-h"], ["-L", "--timeout"], ["set", "--help"], ["doctor", "-h"], ["help", "apply"]],
)
def test_a_full_disk_is_an_error(words, tmp_path):
    with open("/dev/full", "wb") as full, open(tmp_path / "stderr", "wb") as stderr:
        status = cli.main(["ipvsadm", *words], world(small_kernel(TABLE), stdout=full.fileno(), stderr=stderr.fileno()))
    assert status == 1
    assert (tmp_path / "stderr").read_text() == "cannot write the output: No space left on device\n"


def test_a_closed_stdout_is_an_error_where_something_is_printed(tmp_path):
    closed = 1 << 20  # a number that no file has
    for words, expected in ((["-Ln"], 1), (["-C"], 0), (["-A", "-n"], 2)):
        with open(tmp_path / "stderr", "wb") as stderr:
            assert (
                cli.main(["ipvsadm", *words], world(small_kernel(TABLE), stdout=closed, stderr=stderr.fileno()))
                == expected
            )
    assert cli.main(["ipvsadm", "-A", "-n"], world(small_kernel(), stderr=closed)) == 2, "nor need stderr be there"


def test_the_first_lines_come_before_the_last_service_is_asked_for(tmp_path):
    out = tmp_path / "stdout"
    sizes = []
    well = small_kernel(BIG)

    def play(data):
        sizes.append(out.stat().st_size)
        return well(data)

    with open(out, "wb") as stdout:
        assert cli.main(["ipvsadm", "-Ln"], world(play, stdout=stdout.fileno())) == 0
    assert out.read_text().count("TCP") == 300
    assert 0 < sizes[-1] < out.stat().st_size


def on_terminal(words, play=None, **how):
    """What a person sees who runs `words` with stderr on a terminal."""
    master, terminal = pty.openpty()
    try:
        status = cli.main(["ipvsadm", *words], world(play or small_kernel(), stderr=terminal, **how))
        os.set_blocking(master, False)
        told = b""
        with suppress(BlockingIOError):
            while True:
                told += os.read(master, 1 << 16)
        return status, told.decode().replace("\r\n", "\n")
    finally:
        os.close(master)
        os.close(terminal)


NOTED = ["-a", "-t", "10.0.0.1:80", "-r", "10.1.0.1:8080"]  # whose port is silently the service's


def test_notes_are_for_people_at_a_terminal():
    status, told = on_terminal(NOTED)
    assert status == 0
    assert told.startswith("hint: without `-m`, the server gets the port of its service")
    assert run(NOTED, small_kernel())[:3] == (0, "", "")
    assert on_terminal(["-a", "-t", "10.0.0.1:80", "-r", "10.1.0.1:80"]) == (0, "")


TWICE = b"-A -f 1 --zz\n-A -f 1 --zz\n"  # what a restore goes on behind


@pytest.mark.parametrize(("words", "stdin", "terminal", "wish", "hints"), [
    ("-A -n", b"", True, "", 1), ("-A -n", b"", False, "", 0),
    ("-A -n", b"", True, "never", 0), ("-A -n", b"", False, "always", 1), ("-A -n", b"", False, "sometimes", 0),
    ("wibble", b"", False, "", 0), ("-R", TWICE, False, "", 0), ("-R", TWICE, False, "always", 2),
    ("-R --check", TWICE, False, "never", 2), ("--netns /no/such -Ln", b"", False, "never", 1),
    ("diff /no/such", b"", False, "never", 1),
])  # fmt: skip
def test_scripts_get_ipvsadm_s_stderr_and_people_hints(words, stdin, terminal, wish, hints, monkeypatch):
    monkeypatch.setenv("PYIPVSADM_HINTS", wish)
    ran = on_terminal(words.split())[1] if terminal else run(words.split(), stdin=stdin, hints=wish).stderr
    lines = ran.splitlines()
    assert [line.startswith("hint: ") for line in lines].count(True) == hints, ran
    assert len(lines) - hints == (2 if stdin else 1), ran


def test_an_interrupt_ends_with_the_status_that_shells_know():
    def interrupt(data):
        raise KeyboardInterrupt

    assert run(["-Ln"], interrupt)[:3] == (130, "", "")


# The scripts.


@pytest.mark.parametrize("words", [[], ["-n"], ["foo"], ["foo", "-n", "-n"]])
def test_the_script_that_saves(words):
    ran = run(words, small_kernel(TABLE), program="/sbin/ipvsadm-save", job=cli.SCRIPTS["ipvsadm-save"])
    assert (ran.status, ran.stderr) == (0, "")
    port = "80" if "-n" in words else "http"
    assert ran.stdout.splitlines()[0] == f"-A -t 10.0.0.1:{port} -s rr"


@pytest.mark.parametrize("word", ["-h", "--", "-x", "-nn", "--help", "-"])
def test_other_words_to_the_script_that_saves(word):
    ran = run([word], program="/sbin/ipvsadm-save", job=cli.SCRIPTS["ipvsadm-save"])
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.stderr.startswith("ipvsadm-save")
    assert ran.stderr.count("\n") == 2


def test_the_script_that_restores_clears_the_table_first():
    ran = run(["-h", "whatever"], small_kernel(), b"# saved\n-A -f 1\n-A -f 2\n", job=cli.SCRIPTS["ipvsadm-restore"])
    assert ran[:3] == (0, "", "")
    assert [command for _, _, command, _ in ran.socket.requests] == [17, 1, 1]


def test_the_script_that_restores_leaves_half_a_table_behind_a_wrong_line_as_ipvsadm_s_does():
    ran = run([], small_kernel(), b"-A -f 1\nzork\n-A -f 2\n", job=cli.SCRIPTS["ipvsadm-restore"])
    assert ran.status == 255
    assert [command for _, _, command, _ in ran.socket.requests] == [17, 1]
    assert ran.hints[0].startswith("line 2: ")


# What it costs, without a clock.


@cache
def table_of(count):
    """So many services, with four servers each."""
    servers = [server(ip(10, 1, 0, n), 80) for n in range(4)]
    return [(service(ip(10, 0, n >> 8, n & 255), 80), servers) for n in range(count)]


@pytest.mark.parametrize("words", [["-Ln"], ["-Ln", "--stats"], ["-Sn"], ["-Ln", "--nosort"]])
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_a_list_takes_at_most_three_calls_a_service(words, count):
    ran = run(words, small_kernel(table_of(count), piece=80))  # as many as a kernel puts into one answer
    assert ran.status == 0
    assert ran.socket.calls <= 3 * count + 32


@pytest.mark.parametrize("count", [0, 1, 64, 5000])
def test_a_restore_writes_many_rules_at_once(count):
    rules = b""
    for n in range(count):
        place = divmod(n - n % 5, 250)
        if n % 5:
            rules += b"-a -t 10.0.%d.%d:80 -r 10.1.0.%d:80 -m -w 1\n" % (*place, n % 5)
        else:
            rules += b"-A -t 10.0.%d.%d:80 -s rr\n" % place
    ran = run(["-R"], small_kernel(), rules)
    assert ran[:3] == (0, "", "")
    assert len(ran.socket.requests) == count
    assert len(ran.socket.sent) <= count / 64 + 16
    assert ran.socket.calls <= 2 * (count / 64 + 16)
