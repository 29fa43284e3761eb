"""`-R`: which lines are carried out, in what order, what is said, and where it ends."""

from __future__ import annotations

import os
import threading
import time
from errno import EEXIST, ENOENT, EPERM, ESRCH

import pytest

from pyipvsadm import cli
from pyipvsadm.kernel import BATCH, Kernel

from .fakes import NAMES, run
from .netlink import FAMILY, CannedSocket, error, requests, server, service, small_kernel
from .test_cli import on_terminal, world

TRY = "Try `ipvsadm -h' or 'ipvsadm --help' for more information."
GOES_ON, STOPS = True, False


def changes(socket):
    """What the kernel was asked to change: the numbers of the commands."""
    return [command for _, _, command, _ in socket.requests if command not in (4, 8, 11, 13, 15)]


def exists(mark):
    """A kernel that has the service of this mark already."""
    raw = mark.to_bytes(4, "little" if os.sys.byteorder == "little" else "big")
    return small_kernel(refuse=lambda n, command, attributes: EEXIST if raw in attributes[12:20] else 0)


@pytest.mark.parametrize(("line", "message", "status", "goes_on"), [
    # The kernel's refusal.
    ("-A -f 666", "Service already exists", 255, GOES_ON),
    # What popt can't take apart, behind the command.
    ("-A --zork", "--zork: unknown option", 255, GOES_ON),
    ("-A -z", "-z: unknown option", 255, GOES_ON),
    ("-A -f", "-f: missing argument", 255, GOES_ON),
    ("-A -n=3", "-n=3: option does not take an argument", 255, GOES_ON),
    # What breaks a rule, or has a bad value.
    ("-A -f=", "invalid fwmark value `' specified", 2, STOPS),
    ("-A -n -f 5", "Illegal 'numeric' option with the 'add-service' command", 2, STOPS),
    ("-A -f 5 zork", "unexpected argument zork", 2, STOPS),
    ("-A", "You need to supply the 'service-address' option for the 'add-service' command", 2, STOPS),
    ("-A -f 5 -f 6", "multiple 'service-address' options specified", 2, STOPS),
    ("-A -D -f 5", "invalid option `-D'", 2, STOPS),
    ("-a -f 5 -r 10.0.0.1 -w x", "illegal weight specified", 2, STOPS),
    # No command first.
    ("foo", TRY, 255, STOPS),
    ("-z", TRY, 255, STOPS),
    ("--zork", TRY, 255, STOPS),
    ("-n -L", TRY, 255, STOPS),
    ("\0", TRY, 255, STOPS),
    ("-R", TRY, 255, STOPS),
    # A list that fails.
    ("-L -f 1000", "No such service", 1, STOPS),
])  # fmt: skip
def test_a_line_that_fails(line, message, status, goes_on):
    for behind in ("", "-A -f 2\n"):
        ran = run(["-R"], exists(666), f"-A -f 1\n{line}\n{behind}".encode())
        sent = ([1] if line == "-A -f 666" else []) + ([1] if goes_on and behind else [])
        assert ran.message == message + "\n"
        assert changes(ran.socket) == [1, *sent], "what stood before is done"
        assert ran.status == (0 if goes_on and behind else status), "the last line's status alone"
        assert ran.hints[0] == "line 2" or ran.hints[0].startswith("line 2: ")
        assert len(ran.hints) == 1


@pytest.mark.parametrize("line", ["-v", "-h", "--version", "--help", "-v zork"])
def test_help_and_version_end_it_well(line):
    ran = run(["-R"], small_kernel(), f"-A -f 1\n{line}\n-A -f 2\n".encode())
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.startswith("pyipvsadm v" if "v" in line else "Usage: ipvsadm ")
    assert changes(ran.socket) == [1]


@pytest.mark.parametrize(("rules", "status"), [
    ("", 0), ("\n\n  \n", 0), ("ipvsadm\n", 0), ("# a comment\n", 0),
    ("-A -f 1\n-A -f 666\n", 255), ("-A -f 666\n-A -f 1\n", 0), ("-A -f 666\n# a comment\n\n", 255),
    ("-A -f 666\n-Ln\n", 0), ("-A -f 666\n-C\n", 0), ("-Ln\n-A -f 666", 255), ("-A -f 666\n" * 5, 255),
    ("-A -f 666\n-A -f 1  ", 255),  # whose last line is dropped
    ("-A -f 1\n" * (BATCH - 1) + "-A -f 666\n", 255), ("-A -f 1\n" * (BATCH - 1) + "-A -f 666\n-A -f 1\n", 0),
    ("-A -f 666\n" + "-A -f 1\n" * (BATCH - 1), 0), ("-A -f 1\n" * BATCH + "-A -f 666\n", 255),
])  # fmt: skip
def test_the_status_is_that_of_the_last_line(rules, status):
    ran = run(["-R"], exists(666), rules.encode())
    assert ran.status == status
    assert ran.message == "Service already exists\n" * rules.count("666")
    assert run(["-R", "--strict"], exists(666), rules.encode()).status == (255 if "666" in rules else 0)


def test_each_refusal_is_told_with_its_line():
    rules = "".join(f"-A -f {666 if n % 100 == 7 else 1}\n" for n in range(1, 1001))
    ran = run(["-R"], exists(666), rules.encode())
    assert [hint.partition(":")[0] for hint in ran.hints] == [f"line {n}" for n in range(7, 1001, 100)]
    assert ran.message == "Service already exists\n" * 10
    assert len(changes(ran.socket)) == 1000


def test_lines_are_carried_out_in_their_order_and_lists_print_in_place():
    table = [(service(b"\n\0\0\1", 80), [server(b"\n\1\0\1", 80)])]
    rules = b"-A -f 1\n-Sn\n-C\n-L --timeout\n-Z\n--set 1 2 3\n-d -f 1 -r 10.0.0.1\n--start-daemon master\n-D -f 1\n-Z"
    ran = run(["-R"], small_kernel(table), rules)
    assert (ran.status, ran.stderr) == (0, "")
    assert [command for _, _, command, _ in ran.socket.requests] == [1, 4, 8, 17, 13, 16, 12, 7, 9, 3, 16]
    assert ran.stdout == (
        "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\nTimeout (tcp tcpfin udp): 900 120 300\n"
    )


def test_what_is_told_stands_behind_what_was_printed_before(tmp_path):
    """Both streams in one file, as in a log."""
    with open(tmp_path / "log", "wb") as log, open(tmp_path / "rules", "w+b") as rules:
        rules.write(b"-L --timeout\n-A -f 666\n-v\n")
        rules.seek(0)
        assert cli.main(["x", "-R"], world(exists(666), rules.fileno(), log.fileno(), log.fileno())) == 0
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["Timeout", "Service", "pyipvsadm"]


def test_lines_are_read_while_the_kernel_works_on_those_before():
    """The kernel ends the first write once a name of the next one is looked up, or never if that waits for it."""
    looked_up, waited = threading.Event(), []

    class Slow:
        def address(self, *arguments):
            looked_up.set()
            return NAMES.address(*arguments)

    def play(data):
        if not waited:
            waited.append(looked_up.wait(5))
        return exists(666)(data)

    rules = b"-A -f 1\n" * (BATCH - 1) + b"-A -f 666\n-A -t vip.example:80\n-Sn\n-A -f 666\n"
    ran = run(["-R"], play, rules, names=Slow())
    assert waited == [True]
    assert [hint.partition(":")[0] for hint in ran.hints] == [f"line {BATCH}", f"line {BATCH + 3}"]
    assert ran.status == 255


def test_without_privilege_it_ends_at_once():
    everything = lambda data: [error(sequence, EPERM) for _, sequence, _, _ in requests(data)]  # noqa: E731
    for count in (1, BATCH - 1, BATCH, 2 * BATCH):
        ran = run(["-R"], everything, b"-A -f 1\n" * count)
        assert ran.status == 2
        assert ran.message.startswith("Can't initialize ipvs: Permission denied (you must be root)\n")
        assert ran.message.count("\n") == 2
        (hint,) = ran.hints
        assert hint.count("line ") == 1, hint


def test_a_socket_that_fails_ends_it():
    def broken(data):
        return [OSError(105, "No buffer space available")]

    for count in (1, BATCH, 2 * BATCH):
        ran = run(["-R"], broken, b"-A -f 1\n" * count)
        assert ran.status == 255
        assert len(ran.socket.sent) == 1
        assert "no room for its answers" in ran.hints[0]


@pytest.mark.parametrize("count", [BATCH - 1, BATCH], ids=["at once", "in the background"])
def test_refusals_before_a_socket_fails_are_told(count):
    def breaking(data):
        return [error(requests(data)[0][1], EEXIST), OSError(105, "No buffer space available")]

    ran = run(["-R"], breaking, b"-A -f 1\n" * count)
    assert ran.status == 255
    assert ran.hints[0].startswith("line 1")
    assert ran.message.startswith("Service already exists\n")
    assert "no room for its answers" in ran.hints[1]


@pytest.mark.parametrize("rules", [
    b"-L --timeout\n-A -f 666\n", b"-L --timeout\n" * 5000, b"-L --timeout\n-A -f 1\n" * 5000,
    b"-L --timeout\n-L -f 1000\n",
])  # fmt: skip
def test_a_reader_that_went_away_is_no_error_to_talk_of(rules, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with open(tmp_path / "stderr", "wb") as stderr, open(tmp_path / "rules", "w+b") as given:
        given.write(rules)
        given.seek(0)
        assert cli.main(["x", "-R"], world(exists(666), given.fileno(), writer, stderr.fileno())) == 141
    os.close(writer)
    assert (tmp_path / "stderr").read_bytes() == b""


def test_a_closed_stdin_is_an_empty_one(tmp_path):
    closed = os.open("/dev/null", os.O_RDONLY)
    os.close(closed)
    assert cli.main(["x", "-R"], world(small_kernel(), stdin=closed)) == 0
    folder = os.open(tmp_path, os.O_RDONLY)
    assert cli.main(["x", "-R"], world(small_kernel(), stdin=folder)) == 0
    os.close(folder)


def test_a_program_that_feeds_line_by_line_sees_each_line_done():
    reader, writer = os.pipe()
    socket = CannedSocket(small_kernel())
    of = cli.World("x", reader, 1, 2, kernel=Kernel(socket, FAMILY), names=NAMES)
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(cli.main(["x", "-R"], of)), daemon=True)
    thread.start()

    def wait(count):
        for _ in range(2000):
            if len(changes(socket)) >= count:
                break
            time.sleep(0.002)
        assert len(changes(socket)) == count

    for n in range(1, 4):
        os.write(writer, b"-A -f %d\n" % n)
        wait(n)
    os.write(writer, b"-A -f 4\n-A -f 5\n-A -f")  # the last of them isn't whole yet
    wait(5)
    os.write(writer, b" 6")
    os.close(writer)
    thread.join(5)
    os.close(reader)
    assert statuses == [0]
    assert len(changes(socket)) == 6


def test_an_input_that_never_waits_is_sent_in_full_writes(tmp_path):
    with open(tmp_path / "rules", "w+b") as rules:
        rules.write(b"-A -f 1\n" * (BATCH * 3))
        rules.seek(0)
        of = world(small_kernel(), rules.fileno())
        assert cli.main(["x", "-R"], of) == 0
    assert [len(requests(write)) for write in of.kernel._transport._socket.sent] == [BATCH] * 3


# Judging without doing.


def test_check_judges_every_line_and_changes_nothing():
    rules = b"-A -f 1\n-A -n -f 2\nzork\n-A --zork\n-C\n-L\n-R\n-A -f 3 -s\n"
    ran = run(["-R", "--check"], stdin=rules)  # without so much as a look at the kernel
    assert ran.message.splitlines() == [
        "Illegal 'numeric' option with the 'add-service' command", TRY, "--zork: unknown option", TRY,
        "-s: missing argument",
    ]  # fmt: skip
    assert [hint.partition(":")[0] for hint in ran.hints] == [f"line {n}" for n in (2, 3, 4, 7, 8)]
    assert (ran.status, ran.stdout) == (255, "")


@pytest.mark.parametrize(("rules", "status"), [
    ("", 0), ("-A -f 1\n-C\n-Z\n-Ln\n", 0), ("zork\n-A -f 1\n", 255), ("-A -f x\n-A -f 1\n", 2),
    ("-A -f 1\n" * 1000, 0), ("-A -f 1\n" * 1000 + "-A", 2),
])  # fmt: skip
def test_what_check_comes_to(rules, status):
    assert run(["-R", "--check"], stdin=rules.encode()).status == status


# What is for people.


def test_notes_name_their_line_and_are_for_terminals_alone(tmp_path):
    rules = b"-C\n-a -t 10.0.0.1:80 -r 10.1.0.1:8080\n-A -f 1  "
    with open(tmp_path / "rules", "w+b") as given:
        given.write(rules)
        given.seek(0)
        status, told = on_terminal(["-R"], stdin=given.fileno())
    assert status == 0
    first, second = told.splitlines()
    assert first.startswith("hint: line 2: without `-m` a server has the port of its service")
    assert second.startswith("hint: line 3: ")
    assert run(["-R"], small_kernel(), rules)[:3] == (0, "", "")


@pytest.mark.parametrize("letter", [b"\xff", b"\0", b"x", b"#", b"\x1b", b"'"])
def test_no_input_makes_a_traceback(letter):
    for rules in (
        letter * 100_000,
        b"-A " + letter * 100_000 + b"\n",
        b"-A -t " + letter * 5000 + b"\n",
        (letter + b"\n") * 2000,
    ):
        assert run(["-R"], small_kernel(), rules).status in (0, 2, 255)


@pytest.mark.parametrize(("errno", "line", "message"), [
    (ENOENT, "-A -f 1 -s zork", "Scheduler or persistence engine not found"),
    (ESRCH, "-a -f 1 -r 10.0.0.1", "Service not defined"),
    (ENOENT, "-e -f 1 -r 10.0.0.1", "No such destination"),
])  # fmt: skip
def test_a_refusal_has_the_words_of_its_command(errno, line, message):
    ran = run(["-R"], small_kernel(refuse=lambda *_: errno), f"{line}\n".encode())
    assert (ran.status, ran.message) == (255, message + "\n")
