"""Which way a list is shown: who decides, and that nobody but a terminal gets anything but ipvsadm's bytes."""

from __future__ import annotations

import pytest

from .fakes import FakeNames, run
from .netlink import daemon, server, service, small_kernel
from .terminal import ANSI, environment, seen

VIP, REAL = bytes((192, 168, 2, 10)), bytes((10, 2, 0, 2))
TABLE = [(service(VIP, 80, "wlc"), [server(REAL, 8080, active=3), server(bytes((10, 2, 0, 3)), 8080, weight=0)])]
NAMES = FakeNames({"vip.example": VIP, "web": REAL}, {("http", "tcp"): 80})
ONE = ["-L", "-t", "192.168.2.10:80"]
LISTS = {  # each with what only its drawing says
    "no words": ([], "vip.example:http/tcp"),
    "-Ln": (["-Ln"], "1 service, 2 servers"),
    "one": ([*ONE, "-n"], "Service / server"),
    "stats": (["-Ln", "--stats"], "Pkts in"),
    "rate": (["-Ln", "--rate"], "In pkt/s"),
    "exact": (["-Ln", "--stats", "--exact"], "Pkts in"),
    "thresholds": (["-Ln", "--thresholds"], "Upper"),
    "persistent": (["-Ln", "--persistent-conn"], "Persistent"),
    "tunnels": (["-Ln", "--tun-info"], "Forwarding"),
    "timeouts": (["-L", "--timeout"], "15 min"),
    "daemons": (["-L", "--daemon"], "Sync id"),
    "connections": (["-Lnc"], "1 connection"),
    "engines": (["-Lnc", "--persistent-conn"], "by sip: x@y"),
}
CONNECTIONS = """\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP 0A010002 BEAA 0A010064 13C4 0A020002 1F90 UDP             114 sip x@y
"""


@pytest.fixture(autouse=True)
def _connections(monkeypatch, tmp_path):
    path = tmp_path / "ip_vs_conn"
    path.write_text(CONNECTIONS)
    monkeypatch.setattr("pyipvsadm.kernel.CONNECTIONS", str(path))


def kernel():
    return small_kernel(TABLE, daemons=[daemon(1, "eth0", 5)])


def plain(words, **variables):
    """What the list is where stdout is no terminal."""
    with environment(**variables):
        return run(words, kernel(), names=NAMES).stdout


@pytest.mark.parametrize("name", LISTS)
def test_a_terminal_gets_a_drawing_of_every_list(name):
    words, expected = LISTS[name]
    ran = seen(words, kernel(), names=NAMES)
    assert ran.status == 0
    assert expected in ran.text
    assert ANSI.search(ran.raw)
    assert max(map(len, ran.text.splitlines())) <= 80
    assert expected not in plain(words)


@pytest.mark.parametrize("variables", [{}, {"PYIPVSADM_STYLE": "zork"}, {"COLUMNS": "40"}, {"FORCE_COLOR": "1"}])
@pytest.mark.parametrize("name", LISTS)
def test_nothing_else_does(name, variables):
    words, _ = LISTS[name]
    assert plain(words, **variables) == plain([*words, "--plain"] if words else ["-L", "--plain"])
    assert not ANSI.search(plain(words, **variables))


@pytest.mark.parametrize(("extra", "variables"), [
    (["--plain"], {}),
    (["--plain"], {"PYIPVSADM_STYLE": "rich"}),
    (["--plain"], {"PYIPVSADM_STYLE": "zork"}),
    ([], {"PYIPVSADM_STYLE": "plain"}),
    ([], {"TERM": "dumb"}),
])  # fmt: skip
@pytest.mark.parametrize("name", LISTS)
def test_on_a_terminal_plain_text_is_ipvsadm_s_bytes(name, extra, variables):
    words, _ = LISTS[name]
    assert seen([*(words or ["-L"]), *extra], kernel(), names=NAMES, **variables).raw == plain(words)


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "1"}])
def test_a_pipe_can_have_the_drawing_without_escapes(variables):
    for words, expected in LISTS.values():
        drawn = plain(words, PYIPVSADM_STYLE="rich", **variables)
        assert expected in drawn
        assert "\x1b" not in drawn
    assert "\x1b" not in seen(["-Ln"], kernel(), PYIPVSADM_STYLE="rich", TERM="dumb").raw


@pytest.mark.parametrize(("columns", "rule"), [("", 80), ("70", 70), ("100", 84), ("x", 80), ("0", 80), ("99999", 80)])
def test_a_pipe_s_width_is_80_or_what_is_said(columns, rule):
    long = small_kernel([(service(VIP, 80), [server(REAL, 80, active=2)])])
    with environment(PYIPVSADM_STYLE="rich", COLUMNS=columns, LANG="C.UTF-8"):
        drawn = run(["-Ln"], long).stdout
    assert drawn.count("─") == rule


def test_the_terminal_s_width_is_heeded():
    assert max(map(len, seen(["-Ln"], kernel(), columns=50).text.splitlines())) <= 50
    assert max(map(len, seen(["-Ln"], kernel(), columns=0).text.splitlines())) <= 80


def test_an_unknown_style_gets_a_hint_and_no_heed():
    ran = seen(["-Ln"], kernel(), PYIPVSADM_STYLE="zork")
    assert ran.text.splitlines()[0] == "hint: PYIPVSADM_STYLE must be `plain` or `rich`; its value is ignored"
    assert "1 service, 2 servers" in ran.text


def test_no_color_leaves_bold_and_dim():
    assert "\x1b[36m" in seen(["-Ln"], kernel()).raw
    assert "\x1b[36m" in seen(["-Ln"], kernel(), NO_COLOR="").raw
    raw = seen(["-Ln"], kernel(), NO_COLOR="1").raw
    assert set(ANSI.findall(raw)) == {"\x1b[0m", "\x1b[1m", "\x1b[2m"}


@pytest.mark.parametrize(("variables", "ascii"), [
    ({"LANG": "C.UTF-8"}, False), ({"LANG": ""}, False), ({"LANG": "de_DE.utf8"}, False),
    ({"LC_ALL": "C"}, True), ({"LC_CTYPE": "de_DE.ISO-8859-1"}, True), ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
])  # fmt: skip
def test_signs_beyond_ascii_are_for_locales_that_have_them(variables, ascii):
    assert seen(["-Ln"], kernel(), **variables).text.isascii() == ascii


@pytest.mark.parametrize("words", [["-Ln"], ["-Lnc"]])
def test_long_lists_are_plain_and_a_hint_behind_says_so(words, monkeypatch):
    monkeypatch.setattr("pyipvsadm.drawing.DRAWN", 2 if words == ["-Ln"] else 1)
    ran = seen(words, kernel())
    *lines, hint = ran.raw.splitlines(keepends=True)
    assert "".join(lines) == plain(words)
    assert hint.startswith("hint: lists of more than ")


@pytest.mark.parametrize("line", ["-A -t 10.0.0.1:80 --plain", "-S --plain", "-Z --plain", "-R --plain"])
def test_plain_goes_with_lists_alone(line):
    ran = run(line.split())
    assert (ran.status, ran.message.startswith("Illegal 'plain' option with the '")) == (2, True)


def test_a_connection_that_cannot_be_read_comes_behind_those_that_can(tmp_path):
    with (tmp_path / "ip_vs_conn").open("a") as file:
        file.write("UDP zork\n")
    ran = seen(["-Lnc"], kernel())
    assert ran.status == 1
    assert ran.text.index("10.1.0.2:48810") < ran.text.index("unexpected input from /proc/net/ip_vs_conn")
