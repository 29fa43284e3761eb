"""`where` from the command line on: what it tells of a client, of a change, of all, as text, drawn, and as data."""

from __future__ import annotations

import gzip
import json
import time
from errno import ENOENT, EPERM
from random import Random

import pytest

from pyipvsadm import errors
from pyipvsadm.kernel.proc_table import ever_counted
from pyipvsadm.support import state
from pyipvsadm.support.scheduling import kernel_pools
from pyipvsadm.support.scheduling.kernel_pools import Sizes, sizes_in
from pyipvsadm.verbs.where import kernel_state
from pyipvsadm.world import World

from . import fakes, test_apply
from .terminal import seen
from .test_apply import kernel_with

# Each new server goes to the head of the kernel's list: sh gives the buckets 0 to 3 to .2, .3, .3 and .4, and so on.
RULES = """\
-A -t 192.0.2.1:80 -s sh
-a -t 192.0.2.1:80 -r 10.2.0.4:8080 -m
-a -t 192.0.2.1:80 -r 10.2.0.3:8080 -m -w 2
-a -t 192.0.2.1:80 -r 10.2.0.2:8080 -m
-A -t 192.0.2.1:81 -s wrr -p 300
-a -t 192.0.2.1:81 -r 10.2.0.2:8080 -m
-a -t 192.0.2.1:81 -r 10.2.0.3:8080 -m -w 3
-A -u 192.0.2.1:53 -s wlc -o
-a -u 192.0.2.1:53 -r 10.2.0.2:53 -m
-A -t 192.0.2.1:82 -s mh
-a -t 192.0.2.1:82 -r 10.2.0.2:80 -m -w 5
-a -t 192.0.2.1:82 -r 10.2.0.3:80 -m -w 0
-A -t 192.0.2.1:83 -s lblc
-a -t 192.0.2.1:83 -r 10.2.0.2:80 -m
-a -t 192.0.2.1:83 -r 10.2.0.3:80 -m
-A -t [2001:db8::1]:80 -s sh -b sh-port
-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -m
"""
ENTRIES = """\
Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP CB007109 9C40 C0000201 0050 0A020003 1F90 ESTABLISHED 899
TCP CB007107 0000 C0000201 0051 0A020003 1F90 NONE        212
TCP CB007108 0000 C0000201 0050 0A020003 1F90 NONE        212
"""


NONE_EVER = """\
       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0        0        0        0                0                0
  1        0        0        0                0                0
  ~        0        0        0                0                0

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
           0        0        0                0                0
"""


@pytest.fixture
def play(monkeypatch, tmp_path):
    path = tmp_path / "ip_vs_conn"
    path.write_text(ENTRIES)
    monkeypatch.setattr("pyipvsadm.kernel.CONNECTIONS", str(path))
    monkeypatch.setattr(state, "FOLDER", str(tmp_path))
    monkeypatch.setattr(kernel_pools, "CONFIGURATIONS", ())
    monkeypatch.setattr(kernel_state, "EXPIRY", str(tmp_path / "missing"))
    monkeypatch.setattr(kernel_state, "PER_CPU", str(tmp_path / "ip_vs_stats_percpu"))
    (tmp_path / "ip_vs_stats_percpu").write_text(NONE_EVER)
    return kernel_with(RULES).play


def where(play, *words, stdin=""):
    return fakes.run(["where", *words], play, stdin.encode(), program="pyipvsadm")


ANSWERS = [
    (["192.0.2.1:80", "203.0.113.9"], "203.0.113.9  10.2.0.2:8080  sh, bucket 64\n"),
    (["192.0.2.1:80", "10.0.0.1:7"], "10.0.0.1:7  10.2.0.4:8080  sh, bucket 39\n"),
    (
        ["192.0.2.1:80", "203.0.113.9:40000", "203.0.113.9:40001"],
        "203.0.113.9:40000  10.2.0.3:8080  a connection, 899 s left\n203.0.113.9:40001  10.2.0.2:8080  sh, bucket 64\n",
    ),
    (["192.0.2.1:81", "203.0.113.7:1"], "203.0.113.7:1  10.2.0.3:8080  a persistence entry, 212 s left\n"),
    (
        ["192.0.2.1:81", "203.0.113.6"],
        "203.0.113.6  10.2.0.3:8080  wrr: the first turn, as no connection was counted yet\n",
    ),
    (
        ["192.0.2.1:81", "203.0.113.6", "203.0.113.5", "--weight", "10.2.0.2:8080=7"],
        "203.0.113.6  10.2.0.3:8080  stays  wrr: the first turn, as no connection was counted yet\n"
        "203.0.113.5  ?              -> ?   wrr: it depends on the connections that begin before\n"
        "0 of 2 move; of 1 that is unknown\n"
        "now in turn: 10.2.0.3:8080 75 %, 10.2.0.2:8080 25 %\n"
        "then in turn: 10.2.0.2:8080 70 %, 10.2.0.3:8080 30 %\n",
    ),
    (
        ["192.0.2.1:53/udp", "203.0.113.6"],
        "203.0.113.6  10.2.0.2:53  wlc: every datagram, as with `-o` no connection is counted\n",
    ),
    (
        ["192.0.2.1:83", "203.0.113.6"],
        "203.0.113.6  ?  lblc: the server that the kernel remembers for the destination, else as wlc\n",
    ),
    (["[2001:db8::1]:80", "2001:db8::1"], "2001:db8::1  ?  sh: the client's port counts, too, as sh-port is set\n"),
    (["[2001:db8::1]:80", "[2001:db8::1]:9"], "[2001:db8::1]:9  [2001:db8::2]:80  sh, bucket 175\n"),
    (
        ["192.0.2.1:80", "203.0.113.9", "10.0.0.1", "--without", "10.2.0.2:8080"],
        "203.0.113.9  10.2.0.2:8080  -> 10.2.0.3:8080  sh, bucket 64\n"
        "10.0.0.1     10.2.0.4:8080  -> 10.2.0.3:8080  sh, bucket 39\n"
        "2 of 2 move\n"
        "sh: 59 % of clients move (ideal 25 %); with mh it would be 25 %; connections and persistent clients stay\n",
    ),
    (
        ["192.0.2.1:80", "10.0.0.1", "--weight", "10.2.0.4:8080=1"],
        "10.0.0.1  10.2.0.4:8080  stays  sh, bucket 39\n0 of 1 move\nnobody moves\n",
    ),
]


@pytest.mark.parametrize(("words", "expected"), ANSWERS)
def test_what_is_told_of_clients(play, words, expected):
    ran = where(play, *words)
    assert (ran.status, ran.stdout, ran.stderr) == (0, expected, "")


def test_bucket_175_is_what_an_ipv6_client_and_its_port_hash_to():
    """2001:db8::1 folds to 0x20010db8 ^ 1, and 9 is added."""
    assert ((0x20010DB8 ^ 1) + 9) * 0x61C88647 % 2**32 >> 24 == 175


EVER = {  # what processors have counted, of services that show none; and whether the first turn is certain
    "none": (NONE_EVER, True),
    "some, of a service that is gone or was set to 0": (NONE_EVER.replace("  1        0 ", "  1        A "), False),
    "of another form": ("", False),
}


@pytest.mark.parametrize("case", EVER)
def test_counters_that_may_have_been_set_to_0_are_no_evidence(play, tmp_path, case):
    text, certain = EVER[case]
    (tmp_path / "ip_vs_stats_percpu").write_text(text)
    words = ["192.0.2.1:81", "203.0.113.6", "203.0.113.5"]
    rows = json.loads(where(play, *words, "-o", "json").stdout)
    assert [(row["server"], row["certain"]) for row in rows] == [("10.2.0.3:8080", certain), (None, False)]
    if not certain:
        assert where(play, *words).stdout.startswith(
            "203.0.113.6  probably 10.2.0.3:8080  wrr: the first turn, unless connections were counted before counters"
        )


def test_what_processors_have_counted_is_summed_up():
    text = NONE_EVER.replace("  0        0 ", "  0       1F ").replace("  1        0 ", "  1        A ")
    assert ever_counted(text) == 0x1F + 0xA
    assert (ever_counted(NONE_EVER), ever_counted("")) == (0, None)


def test_a_list_for_programs(play):
    ran = where(play, "192.0.2.1:80", "203.0.113.9", "203.0.113.9:40000", "-o", "json")
    assert json.loads(ran.stdout) == [
        {"client": "203.0.113.9", "port": None, "server": "10.2.0.2:8080", "certain": True, "why": "hash"},
        {"client": "203.0.113.9", "port": 40000, "server": "10.2.0.3:8080", "certain": True, "why": "connection"},
    ]
    (one,) = json.loads(where(play, "192.0.2.1:80", "203.0.113.9", "--scheduler", "rr", "-o", "json").stdout)
    assert one["then"] == {"server": "10.2.0.2:8080", "certain": True, "why": "turn"}


PLANNED = """\
-A -t 192.0.2.9:80 -s wrr
-a -t 192.0.2.9:80 -r 10.2.0.4:8080 -m -w 4
-a -t 192.0.2.9:80 -r 10.2.0.3:8080 -m -w 1
"""


def test_a_service_that_is_only_planned(play):
    words = ["192.0.2.9:80", "--table", "-"]
    assert where(play, *words, "203.0.113.9", stdin=PLANNED).stdout == (
        "203.0.113.9  none  -> 10.2.0.3:8080  wrr: the first turn, as no connection was counted yet\n1 of 1 move\n"
    )
    (row,) = json.loads(where(play, *words, "203.0.113.9", "-o", "json", stdin=PLANNED).stdout)
    assert (row["server"], row["certain"], row["why"]) == (None, True, "dropped")
    assert row["then"] == {"server": "10.2.0.3:8080", "certain": True, "why": "turn"}
    ran = where(play, *words, stdin=PLANNED)
    assert "192.0.2.9:80/tcp  not there yet, then wrr, shares of all clients" in ran.stdout
    assert "80 %" in ran.stdout
    ran = where(play, "192.0.2.8:80", "--table", "-", stdin=PLANNED)
    assert (ran.status, "has no service 192.0.2.8:80/tcp" in ran.stderr) == (2, True)
    ran = where(play, "192.0.2.9:80/udp", "--table", "-", stdin=PLANNED)
    assert ran.hints == [
        "there is `192.0.2.9:80/tcp`; with that table, the service is deleted, with all of its servers"
    ]
    ran = where(play, *words, "203.0.113.9", "--scheduler", "sh", stdin=PLANNED)
    assert "sh, bucket 64" in ran.stdout


def test_a_table_is_enough_where_the_kernel_has_no_ipvs(monkeypatch, play, tmp_path):
    """Where a table is made, there often is none. Who may not ask the kernel, is told so."""

    def refuse(errno):
        def kernel(world):
            raise errors.unreachable(errno)

        monkeypatch.setattr(World, "kernel", property(kernel))

    refuse(ENOENT)
    words = ["192.0.2.9:80", "203.0.113.9"]
    ran = where(play, *words, "--table", "-", stdin=PLANNED)
    assert ran.stdout.startswith("203.0.113.9  none  -> 10.2.0.3:8080  wrr: the first turn")
    assert (ran.status, ran.stderr[:27]) == (0, "this kernel has no IPVS: th")
    assert where(play, *words).status != 0
    refuse(EPERM)
    assert where(play, *words, "--table", "-", stdin=PLANNED).status != 0


def test_a_change_of_nothing_is_told_as_one(play):
    (row,) = json.loads(where(play, "192.0.2.1:80", "203.0.113.9", "--table", "-", "-o", "json", stdin=RULES).stdout)
    assert row["then"] == {"server": "10.2.0.2:8080", "certain": True, "why": "hash"}
    assert where(play, "192.0.2.1:80", "--table", "-", stdin=RULES).stdout.endswith("\nnobody moves\n")
    assert where(play, "192.0.2.1:81", "--table", "-", stdin=RULES).stdout.endswith("\nnothing changes\n")


def test_a_scheduler_without_shares_beside_one_that_has_them(play):
    ran = where(play, "192.0.2.1:83", "--scheduler", "sh")
    assert (
        ran.stdout
        == """\
192.0.2.1:83/tcp  lblc, then sh, shares of all clients
Server       Weight  Then  Share  Then
10.2.0.2:80       1     1         50 %
10.2.0.3:80       1     1         50 %
which clients move is unknown, unless a hash decides both before and after
"""
    )
    ran = where(play, "192.0.2.1:83", "--scheduler", "wlc")
    assert ran.stdout.splitlines()[:2] == [
        "192.0.2.1:83/tcp  lblc: the next one: can't be told; the server that the kernel remembers for the destination,"
        " else as wlc",
        "then              wlc: the next one: 10.2.0.3:80; by the current connections",
    ]


def test_a_format_is_named_where_content_and_name_do_not_tell_it(play):
    words = ["192.0.2.1:80", "203.0.113.9", "--table", "-"]
    assert where(play, *words, "--from", "rules", stdin=RULES).stdout.startswith("203.0.113.9  10.2.0.2:8080  stays")
    assert where(play, *words, "--from", "json", stdin=RULES).status == 2


def test_shares_of_all(play):
    ran = where(play, "192.0.2.1:80")
    assert (
        ran.stdout
        == """\
192.0.2.1:80/tcp  sh, shares of all clients
Server         Weight  Share  By weight
10.2.0.2:8080       1   25 %       25 %
10.2.0.3:8080       2   50 %       50 %
10.2.0.4:8080       1   25 %       25 %
"""
    )
    rows = json.loads(where(play, "192.0.2.1:81", "-o", "json").stdout)
    assert [(row["server"], row["share"]) for row in rows] == [("10.2.0.2:8080", 0.25), ("10.2.0.3:8080", 0.75)]
    assert "the next one: can't be told" in where(play, "192.0.2.1:83").stdout
    assert "━━━" in seen(["where", "192.0.2.1:80"], play).text
    then = seen(["where", "192.0.2.1:80", "--without", "10.2.0.2:8080"], play).text
    assert [word for word in then.split() if word[:-1].isdigit() and word.endswith("%")] == [
        *("25%", "0%", "50%", "67%", "25%", "33%"),  # of bars
    ]


def test_clients_of_a_log_are_counted(play):
    log = "203.0.113.9 - - GET /\n\n# a comment\n10.0.0.1\n203.0.113.9\n203.0.113.9:40000\n"
    assert (
        where(play, "192.0.2.1:80", "--clients", "-", stdin=log).stdout
        == """\
192.0.2.1:80/tcp  sh, 4 clients
Server         Weight  Clients  Share  By weight
10.2.0.2:8080       1        2   50 %       25 %
10.2.0.3:8080       2        1   25 %       50 %
10.2.0.4:8080       1        1   25 %       25 %
"""
    )
    then = where(play, "192.0.2.1:80", "--clients", "-", "--without", "10.2.0.4:8080", stdin=log).stdout
    assert "10.2.0.4:8080       1         25 %   0 %\n" in then
    assert len(json.loads(where(play, "192.0.2.1:80", "--clients", "-", "-o", "json", stdin=log).stdout)) == 4


MANY = 100_000
IN_TIME = 1.5  # seconds of a processor for so many clients


@pytest.mark.clock
@pytest.mark.parametrize("change", [[], ["--without", "10.2.0.2:8080"]], ids=["now", "then"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_many_clients_are_told_in_time(play, output, change):
    log = "".join(f"{address_of(number)} GET /\n" for number in Random(output).sample(range(1 << 24, 224 << 24), MANY))
    taken = []
    for _ in range(3):
        began = time.process_time()
        ran = where(play, "192.0.2.1:80", "--clients", "-", "-o", output, *change, stdin=log)
        taken.append(time.process_time() - began)
        assert ran.status == 0
    assert min(taken) < IN_TIME
    if output == "json":
        rows = json.loads(ran.stdout)
        assert [row["client"] for row in rows] == [line.split()[0] for line in log.splitlines()]
        assert {"then" in row for row in rows} == {bool(change)}
    else:
        assert f", {MANY} clients" in ran.stdout


def address_of(number):
    return ".".join(map(str, number.to_bytes(4, "big")))


def test_a_table_is_thought_of_as_applied(play, tmp_path):
    file = tmp_path / "table.rules"
    file.write_text("".join(line for line in RULES.splitlines(True) if "10.2.0.2:8080" not in line))
    ran = where(play, "192.0.2.1:80", "203.0.113.9", "--table", str(file))
    assert ran.stdout.startswith("203.0.113.9  10.2.0.2:8080  -> 10.2.0.3:8080  sh, bucket 64\n1 of 1 move\n")
    both = where(play, "192.0.2.1:80", "--table", str(file), "--with", "10.2.0.9:8080 weight 4", "-o", "json")
    assert [row["then"]["weight"] for row in json.loads(both.stdout)] == [None, 2, 1, 4]


def test_a_drained_server_of_mh_keeps_the_entries_of_the_weight_that_drain_remembers(play):
    doubt = "the kernel doesn't tell which entries a server of weight 0 still has"
    assert doubt in where(play, "192.0.2.1:82", "203.0.113.9").stdout
    row = {"service": "192.0.2.1:82/tcp", "server": "10.2.0.3:80", "weight": 20000, "left": 0}
    state.store("drain", [row])
    ran = where(play, "192.0.2.1:82", "203.0.113.9", "-o", "json")
    assert json.loads(ran.stdout)[0] == {
        "client": "203.0.113.9", "port": None, "server": None, "certain": False, "why": "dropped",
    }  # fmt: skip
    assert "assuming the usual 4093 entries of mh" in where(play, "192.0.2.1:82").stdout


def test_the_kernel_s_configuration_says_how_large_its_tables_are(play, monkeypatch, tmp_path):
    text = "CONFIG_IP_VS=m\nCONFIG_IP_VS_MH_TAB_INDEX=10\n# CONFIG_IP_VS_SH_TAB_BITS is not set\n"
    assert sizes_in(text) == Sizes(mh_index=10)
    (tmp_path / "config").write_text(text)
    monkeypatch.setattr(kernel_pools, "CONFIGURATIONS", (str(tmp_path / "missing"), str(tmp_path / "config")))
    assert "assuming" not in where(play, "192.0.2.1:82").stdout
    (tmp_path / "config.gz").write_bytes(gzip.compress(text.encode()))
    monkeypatch.setattr(kernel_pools, "CONFIGURATIONS", (str(tmp_path / "config.gz"),))
    assert kernel_pools.sizes() == Sizes(mh_index=10)


WRONG = [
    (["192.0.2.1:80", "zork"], 2, "`zork` names no client: `zork` is not an IPv4 address in digits"),
    (["192.0.2.1:80", "10.0.0.1:0"], 2, "`10.0.0.1:0` names no client: the port is a number from 1 to 65535"),
    (["192.0.2.1:80", "::1"], 2, "::1 isn't of the address family of 192.0.2.1:80/tcp"),
    (["192.0.2.1:99"], 1, "No such service: 192.0.2.1:99/tcp"),
    (["192.0.2.1:80", "--without", "10.2.0.9:8080"], 2, "192.0.2.1:80/tcp has no server 10.2.0.9:8080"),
    (["192.0.2.1:80", "--with", "10.2.0.2:8080"], 2, "10.2.0.2:8080 is there already"),
    (["192.0.2.1:80", "--with", "10.2.0.9:80 weigth 2"], 2, "`10.2.0.9:80 weigth 2` describes no server"),
    (["192.0.2.1:80", "--weight", "10.2.0.2:8080"], 2, "`10.2.0.2:8080` names no weight"),
    (["192.0.2.1:80", "--scheduler", "shh"], 2, "`shh` is not a known scheduler"),
    (["192.0.2.1:80", "--from", "json"], 2, "--from names the format of a table, but there is none"),
    (["192.0.2.1:80", *["--without", "10.2.0.2:8080"] * 2], 2, "192.0.2.1:80/tcp has no server 10.2.0.2:8080"),
    (["192.0.2.1:80", "--clients", "-", "--table", "-"], 2, "stdin can't be both the table and the clients"),
    (["192.0.2.1:80", "--clients", "/dev/null"], 2, "/dev/null names no client"),
    (["192.0.2.1:80", "--clients", "missing"], 2, "missing: no such file"),
    (["192.0.2.1:80", "--clients", "-"], 2, "stdin:2: `x\\x1by`"),
]


@pytest.mark.parametrize(("words", "status", "message"), WRONG)
def test_what_is_wrong_is_told(play, words, status, message):
    ran = where(play, *words, stdin="10.0.0.1\nx\x1by\n")
    assert ran.stderr.partition("\n")[0].startswith(message.replace("\\x1b", ""))
    assert (ran.stdout, len(ran.hints)) == ("", 1)
    assert ran.status == status


def test_diff_tells_the_impact(play):
    wanted = RULES.replace("-a -t 192.0.2.1:80 -r 10.2.0.2:8080 -m\n", "")
    ran = fakes.run(["diff", "-", "--impact"], play, wanted.encode())
    assert (
        ran.stdout
        == """\
- 192.0.2.1:80/tcp 10.2.0.2:8080  masquerade, weight 1
  sh: 59 % of clients move (ideal 25 %); with mh it would be 25 %; connections and persistent clients stay
"""
    )
    data = json.loads(fakes.run(["diff", "-", "--impact", "-o", "json"], play, wanted.encode()).stdout)
    assert [(one["service"], one["scheduler"], round(one["moved"], 2), one["ideal"]) for one in data["impact"]] == [
        ("192.0.2.1:80/tcp", "sh", 0.59, 0.25)
    ]
    assert "impact" not in json.loads(fakes.run(["diff", "-", "-o", "json"], play, wanted.encode()).stdout)


def test_diff_ends_with_a_summary_on_a_terminal(play, tmp_path):
    file = tmp_path / "table.rules"
    file.write_text(RULES.replace("-s sh", "-s rr", 1) + "-A -f 99 -s rr\n")
    assert seen(["diff", str(file)], play).text.splitlines()[-1] == "to do: 1 added, 1 edited"


def test_diff_tells_on_a_terminal_where_sh_has_another_order(play, tmp_path):
    lines = RULES.splitlines(True)
    file = tmp_path / "table.rules"
    file.write_text("".join([lines[0], *reversed(lines[1:4]), *lines[4:]]))
    ran = seen(["diff", str(file)], play)
    assert ran.status == 0
    assert " ".join(ran.text.split()) == (
        "nothing to do: the table is as wanted"
        " hint: 192.0.2.1:80/tcp has its servers in another order: made anew from the file, sh would send 50 % of its"
        " clients to other servers"
    )
    file.write_text(RULES)
    assert seen(["diff", str(file)], play).text.strip() == "nothing to do: the table is as wanted"
    assert fakes.run(["diff", "-"], play, RULES.encode()).stderr == ""


def test_documents_list_servers_as_they_have_to_be_added(play):
    for format in ("rules", "json", "yaml", "ndjson"):
        text = fakes.run(["show", "-o", format, "192.0.2.1:80"], play).stdout
        places = [text.index(f"10.2.0.{last}") for last in (4, 3, 2)]
        assert places == sorted(places), format
    assert fakes.run(["-Sn", "--nosort"], play).stdout.splitlines()[:4] == [
        line + " -w 1" * ("-w" not in line and "-r" in line) for line in RULES.splitlines()[:4]
    ]
    assert fakes.run(["-Sn"], play).stdout.index("10.2.0.2") < fakes.run(["-Sn"], play).stdout.index("10.2.0.3")


@pytest.mark.parametrize("verb", ["drain", "undrain"])
def test_drain_and_undrain_tell_a_person_whom_they_move(play, verb):
    if verb == "undrain":
        assert fakes.run(["drain", "10.2.0.3:8080", "--from", "192.0.2.1:80"], play).status == 0
    ran = seen([verb, "10.2.0.3:8080", "--from", "192.0.2.1:80"], play, columns=200)
    assert ran.status == 0
    assert "192.0.2.1:80/tcp  sh: " in ran.text
    assert "% of clients move (ideal " in ran.text


def test_apply_tells_whom_it_moves_before_it_asks(monkeypatch, play, tmp_path):
    monkeypatch.setattr(test_apply, "WANTED", RULES.replace("-a -t 192.0.2.1:80 -r 10.2.0.2:8080 -m\n", ""))
    status, screen = test_apply.on_terminal(kernel_with(RULES), tmp_path, "n\n")
    assert status == 2
    assert screen.splitlines() == [
        "- 192.0.2.1:80/tcp 10.2.0.2:8080  masquerade, weight 1",
        "192.0.2.1:80/tcp  sh: 59 % of clients move (ideal 25 %); with mh it would be 25 %;"
        " connections and persistent clients stay",
        "Go on with 1 deletion? [y/N] nothing was done",
    ]
