"""`metrics`: the figures that a table gives, through the whole pipe, and what is written when."""

from __future__ import annotations

import errno
import json
import os
import stat
import struct

import pytest

from pyipvsadm.model import Server, Service, Stats
from pyipvsadm.support import state
from pyipvsadm.verbs.metrics import table_source, textfile
from pyipvsadm.verbs.metrics.exposition import ALL, Exposition, label_value
from pyipvsadm.verbs.metrics.readings import Reading
from pyipvsadm.verbs.metrics.series import COMPATIBLE, OWN

from .exposition import duplicates, needs_promtool, promtool, samples
from .fakes import quiet, run
from .netlink import daemon, nla, requests, server, service, small_kernel

VIP, ONE, TWO = bytes((10, 9, 0, 1)), bytes((10, 9, 1, 1)), bytes((10, 9, 1, 7))
SIX, SIX_SERVER = bytes.fromhex("fd000000000000000000000000000001"), bytes.fromhex("fd000001000000000000000000000001")
MOST = 2**64 - 1
COUNTERS = (MOST, 2**53 + 1, 2**32, 2**63, 9, 1, 2, 3, 4, 5)
GUE = nla(13, b"\1") + nla(14, struct.pack(">H", 6080)) + nla(15, struct.pack("=H", 1))
TABLE = [
    (
        service(VIP, 80, "wrr", flags=2 | 1, timeout=300, counters=COUNTERS),
        [
            server(ONE, 8080, 0, weight=3, active=10, inactive=2, upper=12, lower=5, persistent=4, counters=COUNTERS),
            server(TWO, 8080, 0, weight=0, active=1),
        ],
    ),
    (service(VIP, 9899, "sh", protocol=132, flags=2 | 16), [server(TWO, 9899, 2, weight=7, extra=GUE)]),
    (service(SIX, 80, "rr", protocol=17, flags=2 | 4), [server(SIX_SERVER, 80, 3, weight=2**31 - 1)]),
    (service(VIP, 81, "rr"), []),
]
WEB = {"local_address": "10.9.0.1", "local_port": "80", "local_mark": "", "proto": "TCP", "family": "ipv4"}
SCTP = {**WEB, "local_port": "9899", "proto": "SCTP"}
UDP6 = {**WEB, "local_address": "fd00::1", "proto": "UDP", "family": "ipv6"}
EMPTY = {**WEB, "local_port": "81"}
FIRST = {**WEB, "remote_address": "10.9.1.1", "remote_port": "8080"}
SECOND = {**FIRST, "remote_address": "10.9.1.7"}
TUNNEL = {**SCTP, "remote_address": "10.9.1.7", "remote_port": "9899"}
LAST = {**UDP6, "remote_address": "fd00:1::1", "remote_port": "80"}
FACTS = [  # name, labels, figure; None where there is no such series
    ("ipvs_up", {}, 1),
    ("ipvs_info", {"version": "1.2.1"}, 1),
    ("ipvs_connection_table_size", {}, 4096),
    ("ipvs_timeout_seconds", {"kind": "tcp"}, 900),
    ("ipvs_timeout_seconds", {"kind": "tcpfin"}, 120),
    ("ipvs_timeout_seconds", {"kind": "udp"}, 300),
    ("ipvs_sync_daemon_info", {"state": "backup", "interface": 'e"\\th\n0', "syncid": "7"}, 1),
    ("ipvs_service_info", {**WEB, "scheduler": "wrr", "flags": "", "engine": ""}, 1),
    ("ipvs_service_info", {**SCTP, "scheduler": "sh", "flags": "sh-port", "engine": ""}, 1),
    ("ipvs_service_info", {**UDP6, "scheduler": "rr", "flags": "ops", "engine": ""}, 1),
    ("ipvs_service_persistence_seconds", WEB, 300),
    ("ipvs_service_persistence_seconds", SCTP, None),
    ("ipvs_service_backends", WEB, 2),
    ("ipvs_service_backends", EMPTY, 0),
    ("ipvs_service_backends_available", WEB, 0),  # one is full, one drained
    ("ipvs_service_backends_available", SCTP, 1),
    ("ipvs_service_backends_available", EMPTY, 0),
    ("ipvs_service_connections_total", WEB, MOST),
    ("ipvs_service_incoming_packets_total", WEB, 2**53 + 1),
    ("ipvs_service_outgoing_packets_total", WEB, 2**32),
    ("ipvs_service_incoming_bytes_total", WEB, 2**63),
    ("ipvs_service_outgoing_bytes_total", WEB, 9),
    ("ipvs_service_connections_total", EMPTY, 0),
    ("ipvs_backend_info", {**FIRST, "forwarding": "masquerade", "tunnel": ""}, 1),
    ("ipvs_backend_info", {**TUNNEL, "forwarding": "tunnel", "tunnel": "gue:6080:csum"}, 1),
    ("ipvs_backend_info", {**LAST, "forwarding": "direct", "tunnel": ""}, 1),
    ("ipvs_backend_weight", FIRST, 3),
    ("ipvs_backend_weight", SECOND, 0),
    ("ipvs_backend_weight", LAST, 2**31 - 1),
    ("ipvs_backend_connections_active", FIRST, 10),
    ("ipvs_backend_connections_inactive", FIRST, 2),
    ("ipvs_backend_connections_persistent", FIRST, 4),
    ("ipvs_backend_upper_threshold", FIRST, 12),
    ("ipvs_backend_upper_threshold", SECOND, None),
    ("ipvs_backend_lower_threshold", FIRST, 5),
    ("ipvs_backend_drained", FIRST, 0),
    ("ipvs_backend_drained", SECOND, 1),
    ("ipvs_backend_connections_total", FIRST, MOST),
    ("ipvs_backend_incoming_packets_total", FIRST, 2**53 + 1),
    ("ipvs_backend_outgoing_packets_total", FIRST, 2**32),
    ("ipvs_backend_incoming_bytes_total", FIRST, 2**63),
    ("ipvs_backend_outgoing_bytes_total", TUNNEL, 0),
]


@pytest.fixture(autouse=True)
def _outside(monkeypatch, tmp_path):
    """A /proc that shows that IPVS is there, and a drained server."""
    (tmp_path / "ip_vs").touch()
    monkeypatch.setattr(table_source, "PROC", str(tmp_path))
    monkeypatch.setattr(state, "FOLDER", str(tmp_path))
    row = {"service": "10.9.0.1:80/tcp", "server": "10.9.1.7:8080", "weight": 5, "left": 0}
    busy = {**row, "server": "10.9.1.1:8080"}  # which somebody has given a weight since
    (tmp_path / os.path.basename(state.path("drain"))).write_text(json.dumps([row, busy]))


def kernel(table=TABLE):
    return small_kernel(table, daemons=[daemon(2, 'e"\\th\n0', 7)])


def scraped(series, reading, keep=ALL):
    """The text of a single scrape."""
    return "".join(map(str, Exposition(series, keep)([reading])))


def told(*words, play=None):
    ran = run(["metrics", *words], play or kernel())
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout


@pytest.mark.parametrize(("name", "labels", "figure"), FACTS)
def test_each_figure_is_the_kernel_s(name, labels, figure):
    assert samples(told()).get((name, frozenset(labels.items()))) == figure


def test_every_series_is_among_the_facts():
    named = {row.name for row in OWN}
    assert {name for name, *_ in samples(told())} <= named
    others = {row.name for row in OWN if row.name.startswith("ipvs_connection_table_")} - {"ipvs_connection_table_size"}
    assert named - {name for name, *_ in FACTS} == others | {"ipvs_module_loaded", "ipvs_scrape_duration_seconds"}


def test_counters_have_all_their_digits():
    assert f" {MOST}\n" in told()
    assert f" {2**53 + 1}\n" in told()


@needs_promtool
@pytest.mark.parametrize("words", [(), ("--services-only",), ("--labels", "proto"), ("--compatible", "node_exporter")])
def test_promtool_has_nothing_against_it(words):
    assert promtool("check", "metrics", stdin=told(*words)) == ""


@pytest.mark.parametrize("text", ["a 1\na 2\n", 'a{b="1",c="2"} 1\na{c="2",b="1"} 1\n', "a{b=1} 1\n"])
def test_our_own_look_finds_what_promtool_does_not(text):
    assert len(duplicates(text)) == 1


@pytest.mark.parametrize(("text", "escaped"), [
    ("eth0", "eth0"), ('a"b', 'a\\"b'), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("%d%s", "%d%s"), ("é", "é"),
    ("\udcff", "�"), ("\\n", "\\\\n"), ("", ""),
])  # fmt: skip
def test_values_of_labels_are_escaped(text, escaped):
    assert label_value(text) == escaped
    mark = Service(fwmark=1, scheduler=text)
    groups = ((mark, (Server(address=ONE, stats=Stats()),)),)
    made = scraped(OWN, Reading(netns=text, loaded=True, groups=groups))
    assert f'ipvs_backend_weight{{netns="{escaped}",local_address=""' in made
    whole = text.replace("\udcff", "�")
    assert all(dict(labels)["netns"] == whole for _, labels in samples(made))


@pytest.mark.parametrize(("words", "name", "labels", "figure"), [
    (("--labels", "local_port"), "ipvs_backend_connections_active", {"local_port": "80"}, 11),
    (("--labels", "local_port"), "ipvs_backend_drained", {"local_port": "80"}, 1),
    (("--labels", "local_port"), "ipvs_backend_weight", {"local_port": "80"}, None),
    (("--labels", "local_port"), "ipvs_backend_weight", {"local_port": "9899"}, 7),  # the only one
    (("--labels", "local_port"), "ipvs_service_backends", {"local_port": "80"}, 3),
    (("--labels", ""), "ipvs_service_backends", {}, 4),
    (("--labels", ""), "ipvs_backend_connections_active", {}, 11),
    (("--labels", "remote_address, proto"), "ipvs_backend_weight", {"remote_address": "10.9.1.7", "proto": "TCP"}, 0),
    (("--services-only",), "ipvs_service_backends", WEB, 2),
    (("--services-only",), "ipvs_backend_weight", FIRST, None),
    (("--only", "fd00::/16"), "ipvs_service_backends", UDP6, 1),
    (("--only", "fd00::/16"), "ipvs_service_backends", WEB, None),
    (("--only", "fd00::/16"), "ipvs_backend_weight", FIRST, None),
])  # fmt: skip
def test_fewer_series_can_be_had(words, name, labels, figure):
    assert samples(told(*words)).get((name, frozenset(labels.items()))) == figure


STATS = """\
   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
   10E20    10E21        A        10C07F880                5

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        0        0                0                0
"""


def test_names_and_labels_of_node_exporter(tmp_path):
    (tmp_path / "ip_vs_stats").write_text(STATS)
    found = samples(told("--compatible", "node_exporter"))
    assert {name for name, _ in found} == {row.name for row in COMPATIBLE["node_exporter"]}
    totals = {name: value for (name, labels), value in found.items() if not labels}
    assert totals == {
        "node_ipvs_connections_total": 69152, "node_ipvs_incoming_packets_total": 69153,
        "node_ipvs_outgoing_packets_total": 10, "node_ipvs_incoming_bytes_total": 4496816256,
        "node_ipvs_outgoing_bytes_total": 5,
    }  # fmt: skip
    labels = {name: value for name, value in TUNNEL.items() if name != "family"}
    assert found["node_ipvs_backend_weight", frozenset(labels.items())] == 7


def test_a_mark_of_both_families_has_one_weight_or_none():
    groups = tuple((Service(af=af, fwmark=17), (Server(address=SIX_SERVER, weight=3, active=2),)) for af in (2, 10))
    reading = Reading(loaded=True, groups=groups)
    own = samples(scraped(OWN, reading))
    weights = {dict(labels)["family"]: value for (name, labels), value in own.items() if name == "ipvs_backend_weight"}
    assert weights == {"ipv4": 3, "ipv6": 3}
    keep = ["local_mark", "remote_address"]
    theirs = samples(scraped(COMPATIBLE["node_exporter"], reading, keep))
    labels = frozenset({"local_mark": "00000011", "remote_address": "fd00:1::1"}.items())
    assert theirs["node_ipvs_backend_connections_active", labels] == 4
    assert not any(name == "node_ipvs_backend_weight" for name, _ in theirs)


def test_each_of_several_readings_has_its_own_labels_and_figures():
    """Whatever was kept of the reading before: a server more, another server, other figures, another setting."""

    def reading(*servers, **settings):
        return Reading(loaded=True, groups=((Service(fwmark=1, **settings), servers),))

    first = Server(address=ONE, weight=3, stats=Stats())
    readings = [
        reading(first), reading(first, Server(address=TWO, stats=Stats())), reading(Server(address=TWO, stats=Stats())),
        reading(first.replace(weight=4, stats=Stats(packets_in=5))), reading(first, scheduler="sh"), Reading(),
        reading(first.replace(forwarding=2)), Reading(loaded=True), Reading(),
    ]  # fmt: skip
    write = Exposition(OWN)
    for one in (*readings, *reversed(readings)):
        assert "".join(map(str, write([one]))) == scraped(OWN, one)
        assert "".join(map(str, write([one, one.replace(netns="a")]))).count('netns="a"') > 0


@pytest.mark.parametrize(("words", "message", "status"), [
    (["--textfile", "x.prom", "--compatible", "node_exporter"], "`--compatible` does not go with `--textfile`", 2),
    (["--netns", "a", "--compatible", "node_exporter"], "`--compatible` exports one network namespace", 2),
    (["--netns", "a", "--netns", "a"], "`--netns` names a network namespace twice", 2),
    (["--netns", "no-such-namespace"], "there is no network namespace `no-such-namespace`", 2),
    (["--textfile", "x.prom", "--listen", "9796"], "`--textfile` and `--listen` exclude each other", 2),
    (["--rules", "--dashboard"], "`--rules` and `--dashboard` exclude each other", 2),
    (["--labels", "remote_adress"], "`remote_adress` is no label that can be kept", 2),
    (["--labels", "family", "--compatible", "node_exporter"], "`family` is no label that can be kept", 2),
    (["--listen", "zork"], "`zork` is not an address to listen at", 2),
    (["--listen", "65536"], "`65536` is not an address to listen at", 2),
    (["--listen", "::1:9796"], "`::1:9796` is not an address to listen at", 2),
    (["--listen", "example.org:80"], "`example.org` is not an address in digits", 2),
    (["--listen", "192.0.2.1:9796"], "can't listen at 192.0.2.1:9796: Cannot assign requested address", 1),
    (["--only", "10.9.0.1/8"], "`10.9.0.1/8` is not a network: that network starts at 10.0.0.0", 2),
])  # fmt: skip
def test_wrong_words_say_what_is_wrong_and_how_to_go_on(words, message, status):
    ran = run(["metrics", *words], kernel())
    assert (ran.status, ran.stdout) == (status, "")
    assert ran.message.startswith(message)
    assert len(ran.hints) == 1


def test_a_table_that_changes_all_the_time_is_an_error():
    def play(data):
        ((flags, sequence, command, _),) = requests(data)
        if command == 4 and flags & 0x300:
            return [struct.pack("=IHHIIi", 20, 3, 2 | 0x10, sequence, 0, 0)]  # NLM_F_DUMP_INTR
        return kernel()(data)

    ran = run(["metrics"], play)
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.message == "The table changes faster than it can be read\n"


def test_what_a_dump_tells_twice_counts_once():
    twice = [TABLE[0], TABLE[0], (TABLE[1][0], TABLE[1][1] * 2)]
    assert samples(told(play=kernel(twice)))["ipvs_service_backends", frozenset(SCTP.items())] == 1


def test_memory_that_can_not_be_read_leaves_its_series_out(tmp_path):
    (tmp_path / os.path.basename(state.path("drain"))).write_text("zork")
    text = told()
    assert "\nipvs_backend_drained" not in text
    assert text.endswith("# ipvs_backend_drained is left out: what drain remembers can't be read by this user\n")


PROC = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A090001:0050 wrr persistent 30000 FFFFFFFF
  -> 0A090101:1F90      Masq    3      10         2         
SCTP  0A090001:26AB sh  
  -> 0A090107:26AB      Tunnel  7      0          0         
UDP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0050 rr ops  
  -> [fd00:0001:0000:0000:0000:0000:0000:0001]:0050      Route   2147483647 0          0         
FWM  00000011 rr 
  -> [fd00:0001:0000:0000:0000:0000:0000:0009]:0000      Route   6      0          0         
FWM  00000011 rr ops 
FWM  00000012 rr 
  -> 0A090101:0000      Route   6      0          0         
FWM  00000013 rr 
  -> 0A090101:0000      Tunnel  6      0          0         
"""  # noqa: W291 - as the kernel writes it


def test_without_privilege_what_proc_shows_is_told(tmp_path, monkeypatch):
    (tmp_path / "ip_vs").write_text(PROC)
    monkeypatch.setattr(
        table_source.Source, "_asked", lambda *_: (_ for _ in ()).throw(table_source.UnreachableError("", "", 1))
    )
    text = told()
    found = samples(text)
    assert "# ipvs_up is 0: IPVS takes CAP_NET_ADMIN, even to list; /proc tells the rest\n" in text
    assert found["ipvs_up", frozenset()] == 0
    assert found["ipvs_module_loaded", frozenset()] == 1
    assert found["ipvs_connection_table_size", frozenset()] == 4096
    assert found["ipvs_backend_weight", frozenset(LAST.items())] == 2**31 - 1
    assert found["ipvs_backend_connections_active", frozenset(FIRST.items())] == 10
    info = {**TUNNEL, "forwarding": "tunnel", "tunnel": ""}
    assert found["ipvs_backend_info", frozenset(info.items())] == 1
    services = [dict(labels) for name, labels in found if name == "ipvs_service_info"]
    marks = [(one["local_mark"][-2:], one["family"]) for one in services if one["proto"] == "FWM"]
    assert marks == [("11", "ipv6"), ("11", ""), ("12", "ipv4"), ("13", "")]  # tunnels do not tell
    names = {name for name, _ in found}
    assert not names & {"ipvs_service_persistence_seconds", "ipvs_backend_upper_threshold", "ipvs_timeout_seconds"}
    assert not any(name.endswith("_total") for name in names)


def test_without_ipvs_that_is_told_and_nobody_asked(tmp_path):
    (tmp_path / "ip_vs").unlink()
    text = told(play=quiet)
    assert "ipvs_module_loaded 0\n" in text
    assert "ipvs_up 0\n" in text
    assert text.endswith("# ipvs_up is 0: this kernel has no IPVS, or its module isn't loaded\n")
    assert len(samples(text)) == 3


STATUS = """\
Conns:\t1200
Conn buckets:\t4096 (12 bits, lfactor -4)
Conn buckets empty:\t3000 (73%)
Conn buckets len-1:\t1000 (91%)
Conn buckets len-2:\t96 (8%)
Conn buckets len-3:\t0 (0%)
Services:\t3
Service buckets:\t16 (4 bits, lfactor -3)
Service buckets len-7:\t3 (100%)
Stats thread slots:\t1 (max 1)
"""


def test_linux_7_tells_of_the_connection_table(tmp_path):
    (tmp_path / "ip_vs_status").write_text(STATUS)
    found = samples(told())
    assert found["ipvs_connection_table_connections", frozenset()] == 1200
    assert found["ipvs_connection_table_buckets", frozenset()] == 4096
    assert found["ipvs_connection_table_longest_chain", frozenset()] == 2


def test_a_file_is_replaced_as_a_whole_and_can_be_read_by_others(tmp_path):
    path = tmp_path / "ipvs.prom"
    path.write_text("old")
    before = os.umask(0o077)
    try:
        assert told("--textfile", str(path)) == ""
    finally:
        os.umask(before)
    assert samples(path.read_text())["ipvs_service_backends", frozenset(WEB.items())] == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [name for name in os.listdir(tmp_path) if "prom" in name] == ["ipvs.prom"]


def test_the_old_file_stays_where_the_new_one_can_not_be_written(tmp_path):
    path = tmp_path / "ipvs.prom"
    path.write_text("old")

    def pieces():
        yield "new"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(textfile.IpvsadmError, match=r"ipvs.prom can't be written: No space left on device"):
        textfile.replace(str(path), pieces())
    assert path.read_text() == "old"
    assert [name for name in os.listdir(tmp_path) if "prom" in name] == ["ipvs.prom"]


@pytest.mark.parametrize(("path", "message"), [
    ("/dev/null", "/dev/null is no ordinary file"),
    ("", "`--textfile` names no file"),
    ("/no/such/folder/x.prom", "/no/such/folder/x.prom can't be written: No such file or directory"),
    ("/", "/ is no ordinary file"),
])  # fmt: skip
def test_what_is_no_file_stays_as_it_is(path, message):
    ran = run(["metrics", "--textfile", path], kernel())
    assert ran.status in (1, 2)
    assert ran.message.startswith(message)
