"""`-Lc`: the kernel's list of connections in ipvsadm's form."""

from __future__ import annotations

import random

import pytest

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.kernel import proc_lines
from pyipvsadm.listing import connections
from pyipvsadm.listing.numeric_connections import told
from pyipvsadm.model import Listing

from .fakes import FakeNames
from .test_listing import ip

NET, CLIENT, VIP, REAL = (
    f"2001:0db8:000{network}:0000:0000:0000:0000:{host}"
    for network, host in ((1, "0000"), (1, "0002"), (1, "0100"), (2, "0002"))
)
KERNEL = f"""\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP 0A010002 13C4 0A010064 13C4 0A020002 13C4 UDP             294
TCP {NET} 0000 {VIP} 0050 {REAL} 1F90 ASSURED          84
TCP 0A010002 BEAA 0A010064 0050 0A020002 1F90 TIME_WAIT       114
IP  0A010001 0000 00000005 0000 0A020003 0000 ASSURED         113
UDP 0A010002 0000 0A010064 13C4 0A020002 13C4 ASSURED          54 sip abcd1234@client.example
TCP {CLIENT} 9730 {VIP} 0050 {REAL} 1F90 ESTABLISHED     894
"""
WITH_ENGINES = """\
IPVS connection entries
pro expire state       source             virtual            destination        pe name          pe_data
UDP 04:54  UDP         10.1.0.2:5060      10.1.0.100:5060    10.2.0.2:5060
TCP 01:24  ASSURED     [2001:db8:1::]:0   [2001:db8:1::100]:80 [2001:db8:2::2]:8080
TCP 01:54  TIME_WAIT   10.1.0.2:48810     10.1.0.100:80      10.2.0.2:8080
IP  01:53  ASSURED     10.1.0.1:0         0.0.0.5:0          10.2.0.3:0
UDP 00:54  ASSURED     10.1.0.2:0         10.1.0.100:5060    10.2.0.2:5060    sip                abcd1234@client.example
TCP 14:54  ESTABLISHED [2001:db8:1::2]:38704 [2001:db8:1::100]:80 [2001:db8:2::2]:8080
"""


def listed(text, names=None, **how):
    return "".join(connections.table(iter(text.split("\n")[:-1]), Listing(connection=True, **how), names))


def test_what_was_captured():
    assert listed(KERNEL, persistent_conn=True) == WITH_ENGINES


def test_without_engines():
    head, columns, *rows = WITH_ENGINES.splitlines()
    columns = columns.partition("        pe name")[0]
    rows = [row.partition("    sip   ")[0] for row in rows]
    assert listed(KERNEL).splitlines() == [head, columns, *rows]


def test_names():
    names = FakeNames(
        {"client.example": ip("10.1.0.2"), "v6.example": ip("2001:db8:1::2")},
        {("http", "tcp"): 80, ("sip", "udp"): 5060},
    )
    rows = listed(KERNEL, names).splitlines()[2:]
    assert rows[0] == "UDP 04:54  UDP         client.example:sip 10.1.0.100:sip     10.2.0.2:sip"
    assert rows[3].startswith("IP  01:53  ASSURED     10.1.0.1:0         0.0.0.5:0          10.2.0.3:0")
    assert rows[5].startswith("TCP 14:54  ESTABLISHED [v6.example]:38704 [2001")


def test_the_same_end_has_a_name_of_each_protocol_and_is_asked_for_once():
    asked = []

    class Asked(FakeNames):
        def host(self, address):
            asked.append(address)
            return super().host(address)

    row = "{} 0A01000{} BEAA 0A010064 0035 0A020002 0050 NONE 0\n"
    text = HEADER + "".join(row.format(protocol, n) for n in range(1, 4) for protocol in ("TCP", "UDP"))
    names = Asked({}, {("domain-s", "tcp"): 53, ("domain", "udp"): 53, ("http", "tcp"): 80})
    rows = [line.split()[4:] for line in listed(text, names).splitlines()[2:]]
    assert rows == [["10.1.0.100:domain-s", "10.2.0.2:http"], ["10.1.0.100:domain", "10.2.0.2:80"]] * 3
    assert asked.count(ip("10.1.0.100")) == 2


HEADER = KERNEL.splitlines(keepends=True)[0]
ROW = "TCP 0A010002 BEAA 0A010064 0050 0A020002 1F90 ESTABLISHED {}\n"


@pytest.mark.parametrize(("seconds", "text"), [
    ("0", "00:00 "), ("9", "00:09 "), ("60", "01:00 "), ("5999", "99:59 "), ("7200", "120:00"), ("60000", "1000:00"),
])  # fmt: skip
def test_minutes_do_not_wrap_into_hours(seconds, text):
    assert listed(HEADER + ROW.format(seconds)).splitlines()[2].startswith(f"TCP {text} ESTABLISHED ")


@pytest.mark.parametrize("length", [10, 60, 120])
def test_long_data_of_an_engine_is_one_line(length):
    data = "x" * length
    (row,) = listed(HEADER + ROW.format(f"9 sip {data}"), persistent_conn=True).splitlines()[2:]
    assert row.endswith(f"10.2.0.2:8080    sip                {data}")


def test_control_characters_from_the_net_are_not_printed():
    (row,) = listed(HEADER + ROW.format("9 sip a\x1b[31mb\x07c"), persistent_conn=True).splitlines()[2:]
    assert row.endswith(" a[31mbc")


def failed(text):
    lines = connections.table(iter(text.split("\n")[:-1]), Listing(connection=True), None)
    printed = []
    with pytest.raises(IpvsadmError) as caught:
        printed.extend(lines)  # keeps those before the error
    return "".join(printed), str(caught.value), caught.value.status


def test_an_empty_file_has_no_header_and_is_none():
    assert failed("") == ("", "unexpected input from /proc/net/ip_vs_conn", 1)


def test_a_blank_line_ends_the_list_without_a_word():
    printed, message, status = failed(HEADER + ROW.format(1) + "\n" + ROW.format(2))
    assert (printed.count("ESTABLISHED"), message, status) == (1, "", 1)


@pytest.mark.parametrize("line", [
    "TCP\n", "TCP 0A010002 BEAA 0A010064 0050 0A020002 1F90 NONE\n",
    "TCP 0A0100 BEAA 0A010064 0050 0A020002 1F90 NONE 1\n",
    "TCP 0A010002 ZORK 0A010064 0050 0A020002 1F90 NONE 1\n", "TCP zork BEAA 0A010064 0050 0A020002 1F90 NONE 1\n",
    "TCP 0A010002 BEAA 0A010064 0050 0A020002 1F90 NONE zork\n",
])  # fmt: skip
def test_a_line_that_is_none_is_an_error(line):
    printed, message, status = failed(HEADER + line)
    assert printed.startswith("IPVS connection entries\n")
    assert (message, status) == ("unexpected input from /proc/net/ip_vs_conn", 1)


# Put together from parts.


PARTS = (  # of a line, the first ones mostly
    ("TCP", "UDP", "IP", "SCTP", "AH", "tcp"),
    ("0A010002", "C0A8FFFE", "0a010002", "0A0100", " 0A01002", "0A0100021", CLIENT),
    ("BEAA", "0000", "beaa", "50", "+050", "1F900", "1_F9"),
    ("0A010064", "00000005", VIP, "0A01006G"), ("0050", "01BB", "0x50"),
    ("0A020002", "0A020003", REAL, ""), ("1F90", "0050", "1F9"),
    ("ESTABLISHED", "TIME_WAIT  ", "TIME_WAIT", "UDP        ", " UDP       ", "SYNACK      ", "NON\u00c9       "),
    ("    894", "      0", "     -1", "  60000", "12345678", "0000894", "   +894", "\u0663", "894", ""),
    ("", "", "", " sip abcd", " sip", " ", " sip a\udcffb\x1b"),
)  # fmt: skip


def drawn(chance):
    """A line of parts: now of the first ones alone, now of any."""
    few = chance.choice((1, 2, 3, 99))
    parts = [chance.choice(some[:few] if chance.random() < 0.95 else some) for some in PARTS]
    line = " ".join(parts[:-1]) + parts[-1]
    if chance.random() < 0.05:
        place = chance.randrange(len(line))
        line = line[:place] + chance.choice("0 Z:") + line[place + 1 :]
    return line


def outcome(lines):
    """What `lines` yields, and what it raises."""
    printed = []
    try:
        printed.extend(lines)
    except IpvsadmError as error:
        return printed, str(error), error.hint, error.status
    return printed, "", "", 0


@pytest.mark.parametrize("engines", [False, True])
def test_lines_of_parts_are_as_lines_by_themselves(engines):
    chance = random.Random(17)
    how = Listing(connection=True, persistent_conn=engines)
    right = 0
    for _ in range(3000):
        lines = [drawn(chance) for _ in range(chance.randrange(12))]
        header = HEADER.rstrip()
        printed, *ends = outcome(connections.table(iter((header, *lines)), how, None))
        plainly, *expected = outcome(map(connections._teller(how, None), map(connections._reader(), lines)))
        assert (printed[1:], ends) == (plainly, expected), lines
        right += len(plainly)
    assert right > 5000


@pytest.mark.parametrize("lines", [
    # the port of the server is too short, and the state begins where others have its last digit
    ["1F90 YN_RECV         894", "1F9 TIME_WAIT        894", "1F9 TYN_RECV         894"],
    # the state is too long, and leaves no room for the blank
    ["1F90 ESTABLISHEDX     894", "1F90 UDP         1234567", "1F90 ESTABLISHEDX1234567"],
])  # fmt: skip
def test_columns_of_other_layouts_are_not_taken_for_parts(lines):
    lines = [f"TCP 0A010002 BEAA 0A010064 0050 0A020002 {line}" for line in lines]
    how = Listing(connection=True)
    printed, *ends = outcome(connections.table(iter((HEADER, *lines)), how, None))
    plainly, *expected = outcome(map(connections._teller(how, None), map(connections._reader(), lines)))
    assert (printed[1:], ends) == (plainly, expected)


def test_most_lines_are_of_parts():
    asked = []

    def read(line):
        asked.append(line)
        return connections._reader()(line)

    lines = [
        f"TCP {client:08X} {client % 65536:04X} 0A010064 0050 0A02000{client % 4} 1F90 ESTABLISHED     894"
        for client in range(0, 1 << 32, 9_999_991)
    ]
    tell = connections._teller(Listing(connection=True), None)
    assert [*told(iter(lines), read, tell, connections._columns)] == [*map(tell, map(connections._reader(), lines))]
    assert len(asked) == 4


# Read in pieces.


@pytest.mark.parametrize("content", [
    b"", b"\n", b"a", b"a\n", b"a\nb", b"\n\n", b"a\r\nb\x0cc\x85\xe2\x80\xa8d\n", b"\xff\xe2\n\x82\xac",
    b"x" * 70 + b"\n" + b"y" * 9 + b"\nz\n",
])  # fmt: skip
@pytest.mark.parametrize("size", [1, 2, 3, 16, 1 << 16])
def test_lines_end_at_line_feeds_whatever_the_pieces(content, size, monkeypatch, tmp_path):
    path = tmp_path / "list"
    path.write_bytes(content)
    monkeypatch.setattr(proc_lines, "PIECE", size)
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        assert [*proc_lines.lines(str(path))] == [line.removesuffix("\n") for line in lines]


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        next(proc_lines.lines(str(tmp_path / "list")))
