"""`top` at a terminal, and without one: keys, sizes, signals; afterwards the terminal is as it was."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from fcntl import ioctl
from itertools import pairwise

import pytest

from pyipvsadm.kernel import Kernel
from pyipvsadm.verbs.top.feed import feed
from pyipvsadm.verbs.top.live import Live
from pyipvsadm.verbs.top.terminal import Terminal

from . import fake_top
from .netlink import FAMILY, CannedSocket
from .seat import Seat

TOP = [sys.executable, "-m", "tests.fake_top", "top"]
SECONDS = 60
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def seat():
    made = []

    def take(*words, **settings):
        made.append(Seat([*TOP, *words], **settings))
        return made[-1]

    yield take
    for one in made:
        one.close()


def ended(seat):
    """The status, when all is as it was: the terminal's attributes, its screen, the cursor."""
    status, same = seat.told(r"<ended (-?\d+) (True|False)>").groups()
    assert same == b"True"
    assert seat.output.rindex(LEFT) > seat.output.rindex(ENTERED)
    assert seat.output.count(b"\x1b[?25h") == seat.output.count(b"\x1b[?25l")
    return int(status)


def test_a_question_warns_of_who_manages_the_table(seat, tmp_path):
    program = shutil.copy(shutil.which("sleep"), tmp_path / "keepalived")
    with subprocess.Popen([program, str(SECONDS)]) as manager:
        try:
            top = seat("--interval", "0.2")
            top.until("192.168.0.1:80/tcp")
            assert "keepalived" not in top.text
            top.type("\x1b[Bd")
            top.until(r"keepalived .*this table, and may undo the change\n^drain 10\.2\.1\.\d:8080 in 192\.168\.0\.1")
            top.type("n")
            top.until("q quit")
            assert "keepalived" not in top.text
        finally:
            manager.kill()


def test_keys_do_what_the_help_says(seat):
    top = seat("--interval", "0.2")
    top.until(r"192.168.0.2:80/tcp .* 100 ")
    assert top.lines[4].startswith(" ▾ 192.168.0.1:80/tcp")
    top.type("?")
    top.until("choose the column to sort by")
    top.type("x")
    top.until("q quit")
    top.type("f")
    top.until("10.2.1.1", absent=True)
    top.type("\r")  # the cursor is there from the start
    top.until(r"▾ 192.168.0.1:80/tcp[^▾]*10.2.1.1:8080[^▾]*▸ 192.168.0.2:80/tcp")
    top.type("d")
    top.until("drain: move the cursor to a server first")
    top.type("\x1b[Bd")
    top.until(r"^drain 10\.2\.1\.\d:8080 in 192\.168\.0\.1:80/tcp\?  y: yes, any other key: no")
    top.type("q")
    top.until("q quit")
    top.type("v")
    top.until(r"^ ▸ 192\.168\.0\.1 ")
    top.type("v")
    top.type("f\x1b[D\x1b[D\x1b[D")
    top.until(r"wt▼[^▼]*$|act▼")
    top.type("r")
    top.until("▲")
    top.type("/2.2.3")
    top.until("Enter keeps it, Esc ends it")
    top.until("10.2.1.1", absent=True)
    top.type("\r")
    assert top.until(r"filter: 2.2.3[\s\S]*10\.2\.2\.3:8080")
    top.type("\x1b")
    top.until("10.2.1.1")
    top.type("+")
    top.until("every 0.5 s")
    top.type("p")
    top.until("PAUSED")
    before = top.text
    for _ in range(8):
        top.read()
    assert top.text == before
    top.type("q")
    assert ended(top) == 0


def test_the_screen_follows_the_terminal_s_size(seat):
    top = seat(SERVICES="60")
    top.until("1-19 of 60")
    for columns, lines, place in ((160, 50, "1-45 of 60"), (60, 12, "1-7 of 60"), (80, 24, "1-19 of 60")):
        top.resize(columns, lines)
        top.until(place)
        assert max(map(len, top.lines)) <= columns
    top.type("q")
    assert ended(top) == 0


@pytest.mark.parametrize(("number", "status"), [
    (signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131),
])  # fmt: skip
def test_signals_end_it_and_the_terminal_is_as_it_was(seat, number, status):
    top = seat()
    top.until("q quit")
    os.kill(top.job(), number)
    assert ended(top) == status


def test_ctrl_c_and_ctrl_z_are_keys_too(seat):
    top = seat()
    top.until("q quit")
    for round in (1, 2):
        top.type("\x1a")
        top.told(rf"(?s)(<stopped True>.*){{{round}}}\x1b\[\?1049h.*q")  # drawn anew: it has the terminal again
        top.until("<stopped", absent=True)
        top.until("q quit")
    top.type("\x03")
    assert ended(top) == 0
    assert b"False" not in top.output


def test_an_error_leaves_the_terminal_as_it_was_and_is_told_there(seat):
    top = seat("--interval", "0.2", FAILS="2")
    assert ended(top) == 2
    said = top.output[top.output.rindex(LEFT) :]
    assert b"Permission denied (you must be root)" in said or b"Can't initialize ipvs" in said
    assert b"Traceback" not in said


def test_a_terminal_that_goes_away_ends_it(seat):
    top = seat()
    top.until("q quit")
    job = top.job()
    os.close(top._terminal)
    end = time.monotonic() + 10
    while time.monotonic() < end and os.path.exists(f"/proc/{job}"):
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{job}")


def test_only_what_changes_is_drawn(seat):
    top = seat("--interval", "0.2", SERVICES="60")
    top.until(r"192.168.0.2:80/tcp .* 100 ")
    end = time.monotonic() + 1
    top.type("p")
    while time.monotonic() < end:
        top.read()
    before = len(top.output)
    for _ in range(10):
        top.read()
    assert len(top.output) == before


def test_frames_are_whole(seat):
    top = seat("--interval", "0.2")
    top.until(r"192.168.0.2:80/tcp .* 100 ")
    top.type("q")
    ended(top)
    begun = re.findall(rb"\x1b\[\?2026([hl])", top.output)
    assert begun == [b"h", b"l"] * (len(begun) // 2)
    assert len(begun) > 4


@pytest.mark.parametrize(("environment", "present", "absent"), [
    ({}, rb"\x1b\[36m|\x1b\[[0-9;]*36m", rb"\x1b\[[0-9;]*[34]8;"),  # 16 colours, the terminal's own
    ({"NO_COLOR": "1"}, rb"\x1b\[1m", rb"\x1b\[[0-9;]*[34][0-7]m"),
    ({"TERM": "linux"}, rb"\x1b\[1m", rb"[\x80-\xff]"),
    ({"LC_ALL": "de_DE.ISO-8859-1"}, rb"\x1b\[1m", rb"[\x80-\xff]"),
])  # fmt: skip
def test_colours_and_letters_are_those_of_the_terminal(seat, environment, present, absent):
    top = seat("--interval", "0.2", **environment)
    top.until(r"192.168.0.2:80/tcp .* 100 ")
    assert re.search(present, top.output)
    assert not re.search(absent, top.output)


def test_a_dumb_terminal_is_not_drawn_on(seat):
    top = seat(TERM="dumb")
    status, same = top.told(r"<ended (\d+) (True|False)>").groups()
    assert (status, same) == (b"2", b"True")
    assert b"top --once" in top.output
    assert ENTERED not in top.output


def piped(*words, **settings):
    return subprocess.Popen(
        [*TOP, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings
    )


def test_without_a_terminal_it_says_what_there_is():
    out, err = (process := piped()).communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[0] == "top: the live view needs a terminal"
    assert "`pyipvsadm top --once`" in err


def test_once_is_one_sample_as_text():
    out, err = (process := piped("--once")).communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 3 + 2 * 5
    assert lines[2].split() == ["total", "20", "20", "0", "0", "200", "2000", "1600", "200000", "10.0M"]
    assert "192.168.0.1:80/tcp 10 10 0 0 100 1000 800 100000 5000000" in [" ".join(line.split()) for line in lines]


def test_a_sample_as_json_has_the_names_of_show():
    out, err = (process := piped("--once", "-o", "ndjson")).communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    (sample,) = map(json.loads, out.splitlines())
    assert abs(sample["time"] - time.time()) < 60
    first = sample["services"][0]
    assert first["service"] == "192.168.0.1:80/tcp"
    assert first["counters"]["bytes_out"] > 2**33
    names = ("connections", "packets_in", "packets_out", "bytes_in", "bytes_out")
    rates = dict(zip(names, (100, 1000, 800, 100000, 5000000), strict=True))
    assert first["rates"] == first["servers"][3]["rates"] == rates
    assert first["servers"][3]["connections"] == {"active": 4, "inactive": 0, "persistent": 0}
    assert first["servers"][3]["weight"] == 4
    assert sample["total"] == {
        "services": 2, "servers": 8, "connections": {"active": 20, "inactive": 0, "persistent": 0},
        "rates": {name: 2 * rate for name, rate in rates.items()},
    }  # fmt: skip


def test_samples_come_until_it_is_interrupted():
    process = piped("-o", "ndjson", "--interval", "0.2")
    times = [json.loads(process.stdout.readline())["time"] for _ in range(4)]
    assert all(before < after for before, after in pairwise(times))
    assert times[-1] - times[0] > 0.3
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")


def test_a_reader_that_goes_away_ends_it_at_once():
    process = piped("-o", "ndjson", "--interval", "60")
    process.stdout.close()
    assert process.wait(timeout=20) == 141
    assert process.stderr.read() == ""


@pytest.mark.parametrize(("words", "said"), [
    *((["--interval", text], "give a number of seconds from 0.2 to 3600") for text in ("0", "x", "nan", "inf", "-1")),
    (["192.168.2.10"], "the port is missing"), (["-o", "xml"], "`xml` is not one of text, ndjson"),
])  # fmt: skip
def test_wrong_words_are_told(words, said):
    out, err = (process := piped("--once", *words)).communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


@pytest.mark.long
def test_a_large_table_takes_at_most_five_percent_of_a_processor(monkeypatch):
    """200 services with 4 servers each at 1 second, of which all counters change; without system calls."""
    monkeypatch.setattr(fake_top, "SERVICES", 200)
    play = fake_top.Timed()
    kernel = Kernel(CannedSocket(play), FAMILY)
    ours, theirs = os.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    threading.Thread(target=drained, args=(ours,), daemon=True).start()
    try:
        with Terminal(theirs, theirs) as terminal:
            live = Live(terminal, feed(kernel, []), 1, str)
            begun = time.process_time()
            for second in range(SECONDS):
                monkeypatch.setattr(fake_top, "STARTED", time.monotonic() - 2 * second)
                live.look()
                live.draw()
            taken = time.process_time() - begun - play.seconds
    finally:
        os.close(theirs)
    print(f"{1000 * taken / SECONDS:.1f} ms a second")
    assert taken / SECONDS < 0.05


def drained(terminal):
    with contextlib.suppress(OSError):
        while os.read(terminal, 1 << 16):
            pass
