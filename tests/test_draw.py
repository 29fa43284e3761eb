"""What is drawn for eyes, as text: the files in tests/drawn/ hold what was looked at, and found good."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from pyipvsadm import drawing
from pyipvsadm.drawing import numbers, others
from pyipvsadm.drawing.canvas import ASCII, Canvas, Signs
from pyipvsadm.listing.connections import Connection
from pyipvsadm.model import (
    DIRECT,
    FLAG_1,
    FLAG_2,
    GRE,
    GUE,
    MASQUERADE,
    PERSISTENT,
    TUNNEL,
    Daemon,
    Info,
    Listing,
    Server,
    Service,
    Stats,
    Table,
    Timeouts,
)

from .fakes import FakeNames

DRAWN = Path(__file__).parent / "drawn"
INFO = Info(version=0x10201, size=4096)


def ip(text):
    return ip_address(text).packed


def counted(number):
    """Counters and rates of every size, the larger the number."""
    sizes = (12, 34_567, 40_000, 123_456_789, 9_876_543_210, 1, 20, 22, 123_456, 999_999)
    return Stats.make(number * size for size in sizes)


def service(address, port, number=0, **settings):
    found = ip(address)
    family = 2 if len(found) == 4 else 10
    return Service(af=family, address=found, port=port, protocol=6, stats=counted(number), **settings)


def server(address, port, number=0, **settings):
    return Server(address=ip(address), port=port, stats=counted(number), **settings)


WEB = (
    service("192.168.2.10", 80, 9000, scheduler="wlc", flags=PERSISTENT, timeout=300, netmask=0xFFFFFF00),
    (
        server("192.168.10.11", 8080, 4000, forwarding=MASQUERADE, weight=3, active=1204, inactive=340, persistent=20),
        server("192.168.10.12", 8080, 4999, forwarding=MASQUERADE, weight=2, active=404, inactive=12_345),
        server("192.168.10.13", 8080, 1, forwarding=MASQUERADE, weight=0, active=3, inactive=7),
    ),
)
EMPTY = (service("192.168.2.10", 443, scheduler="rr"), ())
FAR = (
    service("2001:db8::10", 25, 7, scheduler="mh", flags=FLAG_1 | FLAG_2),
    (
        server("2001:db8:7::2", 25, 7, forwarding=TUNNEL, weight=5, active=13),
        server(
            *("2001:db8:7:ffff:1234:5678:9abc:def0", 25, 7),
            forwarding=TUNNEL,
            tunnel_type=GUE,
            tunnel_port=6080,
            tunnel_flags=1,
            active=3,
        ),
    ),
)
MARKED = (
    Service(fwmark=7, scheduler="sh", flags=PERSISTENT | FLAG_2, timeout=600, stats=counted(77)),
    (
        server(
            *("10.0.0.5", 0, 70),
            forwarding=TUNNEL,
            tunnel_type=GRE,
            upper_threshold=100,
            lower_threshold=50,
            active=90,
            inactive=20,
        ),
        server("10.0.0.6", 0, 7, forwarding=DIRECT, weight=10, upper_threshold=1000, active=2, inactive=998),
    ),
)
MARKED6 = (
    Service(fwmark=7, af=10, scheduler="wrr", flags=PERSISTENT, timeout=360, stats=counted(0)),
    (server("2001:db8::11", 0, upper_threshold=10, active=8),),
)
GROUPS = (WEB, EMPTY, FAR, MARKED, MARKED6)
DAEMON = Daemon(state=1, interface="eth0", syncid=7, maxlen=1472, group=ip("224.0.0.81"), port=8848, ttl=1)
TIMEOUTS = Timeouts(tcp=900, tcpfin=120, udp=5400)
CLIENT, VIP, REAL = ip("10.1.0.2"), ip("10.1.0.100"), ip("10.2.0.2")
CONNECTIONS = [
    Connection.make(("TCP", CLIENT, 48810, VIP, 80, REAL, 8080, "ESTABLISHED", 894, "", "")),
    Connection.make(("UDP", CLIENT, 0, VIP, 5060, REAL, 5060, "ASSURED", 54, "sip", "abcd1234@client.example")),
    Connection.make(("TCP", CLIENT, 48811, VIP, 80, REAL, 8080, "TIME_WAIT", 60000, "", "")),
]
NAMES = FakeNames({"vip.example": VIP, "a.client.example": CLIENT}, {("http", "tcp"): 80, ("sip", "udp"): 5060})


def flat(columns, **how):
    return Canvas(columns=columns, ansi=False, **how)


def listed(columns, **how):
    return drawing.listed(GROUPS, INFO, Listing(**how), None, flat(columns))


DRAWINGS = {
    "plain": lambda columns: listed(columns),
    "tun-info": lambda columns: listed(columns, tun_info=True),
    "stats": lambda columns: listed(columns, stats=True),
    "stats-exact": lambda columns: listed(columns, stats=True, exact=True),
    "rate": lambda columns: listed(columns, rate=True),
    "thresholds": lambda columns: listed(columns, thresholds=True),
    "persistent-conn": lambda columns: listed(columns, persistent_conn=True),
    "show": lambda columns: drawing.shown(
        Table(services=GROUPS, timeouts=TIMEOUTS, daemons=(DAEMON, Daemon(state=2, interface="eth1"))), flat(columns)
    ),
    "connections": lambda columns: "".join(drawing.connections(CONNECTIONS, True, NAMES, flat(columns))),
}


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_one_that_was_found_good(name, columns):
    drawn = DRAWINGS[name](columns)
    assert drawn == (DRAWN / f"{name}-{columns}.txt").read_text()


@pytest.mark.parametrize("columns", [1, 2, 9, 20, 44, 60, 79, 80, 81, 100, 119, 120, 160, 400])
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_fits_and_loses_nothing(name, columns):
    drawn = DRAWINGS[name](columns)
    assert max(map(len, drawn.splitlines())) <= columns
    assert "1204" in drawn.replace("\n", "").replace(" ", "") or name in ("stats", "stats-exact", "rate", "connections")
    if columns >= 60:
        for word in ("drained", "no server", "[2001:db8:7:ffff:1234:5678:9abc:def0]:25", "full?"):
            assert word in drawn or name == "connections"


def test_where_no_name_fits_bars_have_the_room():
    far = [server(f"2001:db8:7:ffff:1234:5678:9abc:de{n}", 8443, forwarding=MASQUERADE, active=n) for n in range(4)]
    group = (service("2001:db8:aaaa:bbbb:cccc:dddd:eeee:10", 443, scheduler="wlc"), far)
    narrow = drawing.listed([group], None, Listing(), None, flat(80)).splitlines()
    assert "  [2001:db8:7:ffff:1234:5678:9abc:de3]:8443" in narrow
    assert [line for line in narrow if "masquerade" in line and "50% ━━" in line]
    wide = drawing.listed([group], None, Listing(), None, flat(100)).splitlines()
    assert [line for line in wide if "de3]:8443  masquerade" in line and "50% ━━" in line]


def test_where_nothing_is_active_no_bar_takes_room():
    idle = [(WEB[0], [server.replace(active=0) for server in WEB[1]])]
    heads = drawing.listed(idle, None, Listing(), None, flat(80)).splitlines()[0]
    assert heads.split("Active")[1].partition("Inactive")[0] == "  Share  "


def test_a_brief_list_has_a_line_for_each_service():
    drawn = drawing.listed(GROUPS, None, Listing(brief=True), None, flat(80))
    assert (
        drawn
        == """\
Service                Scheduler  Servers  Weight  Active  Inactive
───────────────────────────────────────────────────────────────────
192.168.2.10:80/tcp    wlc            2/3       5    1611     12.6K
192.168.2.10:443/tcp   rr           ✗ 0/0       0       0         0
[2001:db8::10]:25/tcp  mh             2/2       6      16         0
fwmark:7               sh           ✗ 0/2      11      92      1018
fwmark:7/ipv6          wrr          ✗ 0/1       1       8         0
"""
    )
    counters = drawing.listed(GROUPS, None, Listing(brief=True, stats=True), None, flat(80)).splitlines()
    assert counters[2].split() == ["192.168.2.10:80/tcp", "2/3", "108K", "311M", "360M", "1.11T", "88.8T"]
    assert drawing.listed([], None, Listing(brief=True), None, flat(80)).endswith("no services\n")


def test_without_unicode_there_is_none():
    drawn = drawing.listed(GROUPS, INFO, Listing(), None, flat(80, unicode=False))
    assert drawn.isascii()
    assert "  ! serves nobody: it has no server\n" in drawn
    assert " 74% ######## " in drawn


def test_names_are_whole_though_lists_cut_them():
    long = "a-rather-long-host-name-for-a-virtual-service-of-some-company.example"
    names = FakeNames({long: ip("192.168.2.10"), "web": ip("192.168.10.11")}, {("http", "tcp"): 80})
    drawn = drawing.listed([WEB], None, Listing(), names, flat(80))
    assert drawn.splitlines()[2] == f"{long}:http/tcp"
    assert "  web:8080 " in drawn


@pytest.mark.parametrize(("groups", "expected"), [
    ([], "no services"), ([EMPTY], "serves nobody: it has no server"),
])  # fmt: skip
def test_what_there_is_not_is_said(groups, expected):
    assert expected in drawing.listed(groups, None, Listing(), None, flat(80))


def test_connections_timeouts_and_daemons_that_there_are_not():
    assert "no connections" in "".join(drawing.connections([], False, None, flat(80)))
    assert "no daemon runs" in drawing.daemons([], flat(80))
    assert drawing.timeouts(Timeouts(), flat(80)).count(" 0 s\n") == 3


def test_connections_before_an_error_are_drawn():
    def broken():
        yield CONNECTIONS[0]
        raise drawing.IpvsadmError("unexpected input")

    drawn = drawing.connections(broken(), False, None, flat(80))
    assert "10.1.0.2:48810" in next(drawn)
    with pytest.raises(drawing.IpvsadmError):
        next(drawn)


def test_letters_are_coloured_with_the_terminal_s_own_sixteen():
    drawn = drawing.listed(GROUPS, INFO, Listing(), None, Canvas())
    assert "\x1b[1m192.168.2.10:80/tcp\x1b[0m" in drawn
    assert "\x1b[1;31m✗ serves nobody: it has no server\x1b[0m" in drawn  # bold and red
    assert "\x1b[36m━━━━━━━━\x1b[0m" in drawn
    (drained,) = [line for line in drawn.splitlines() if "drained 0" in line]
    assert "\x1b[2m192.168.10.13:8080" in drained
    codes = {int(code) for found in drawn.split("\x1b[")[1:] for code in found.partition("m")[0].split(";")}
    assert codes <= {0, 1, 2, 31, 36}


def test_without_colour_bold_and_dim_stay():
    drawn = drawing.listed(GROUPS, INFO, Listing(), None, Canvas(colour=False))
    codes = {int(code) for found in drawn.split("\x1b[")[1:] for code in found.partition("m")[0].split(";")}
    assert codes == {0, 1, 2}


def test_what_comes_from_outside_controls_no_terminal():
    drawn = drawing.daemons([DAEMON.replace(interface="e\x1b[31m\rth")], Canvas())
    assert "e[31mth" in drawn


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (9_999, "9999"), (10_000, "10.0K"), (99_999, "99.9K"), (100_000, "100K"), (999_999, "999K"),
    (1_000_000, "1.00M"), (1_019_999, "1.01M"), (123_456_789, "123M"), (10**9, "1.00G"), (10**12, "1.00T"),
    (10**15, "1.00P"), (2**64 - 1, "18.4E"),
])  # fmt: skip
def test_numbers_are_cut_to_three_digits(value, text):
    assert numbers.scaled(value) == text
    assert numbers.exact(value) == str(value)


@pytest.mark.parametrize(("part", "whole", "percent", "bar", "ascii"), [
    (0, 0, "", "", ""), (0, 5, "0%", "", ""), (1, 1000, "<1%", "╸", "#"), (1, 4, "25%", "━━╸", "##"),
    (999, 1000, "99%", "━━━━━━━━━╸", "#########"), (5, 5, "100%", "━━━━━━━━━━", "##########"),
])  # fmt: skip
def test_shares(part, whole, percent, bar, ascii):
    assert numbers.percent(part, whole) == percent
    assert numbers.bar(part, whole, 10, Signs()) == bar
    assert numbers.bar(part, whole, 10, ASCII) == ascii


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "0 s"), (59, "59 s"), (900, "15 min"), (5400, "1 h 30 min"), (2678400, "31 d"),
])  # fmt: skip
def test_seconds_in_the_units_that_people_use(seconds, words):
    assert others.duration(seconds) == words
