"""`doctor`: its words, its files, its report, and a machine that it can see little of."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyipvsadm import cli
from pyipvsadm.support.managers import managers
from pyipvsadm.verbs.doctor import report, snapshot_file
from pyipvsadm.verbs.doctor.checks import CHECKS
from pyipvsadm.verbs.doctor.collection import proc
from pyipvsadm.verbs.doctor.findings import failure, note, warning
from pyipvsadm.verbs.doctor.snapshot import UnseenError
from pyipvsadm.verbs.doctor.snapshot_file import shape
from pyipvsadm.verbs.doctor.snapshot_values import Connection, Listener, Modules
from pyipvsadm.verbs.doctor.verdict import Verdict

from . import fakes
from .test_doctor_checks import (
    DROPPING,
    HEALTHY,
    MARK,
    MARKED,
    OPEN_INPUT,
    SERVICE,
    SIX,
    UDP,
    VIP,
    Daemon,
    Route,
    rules,
)
from .test_show import ANSI

NUMBER = sum("director" in row.modes for row in CHECKS)
ILL = replace(HEALTHY, routes={**HEALTHY.routes, VIP: Route("unicast", "eth0")})


def doctor(*words, snapshot=None):
    stdin = b"" if snapshot is None else shape().dump_json(snapshot)
    given = ["--from", "-"] if snapshot is not None else []
    return fakes.run(["doctor", *given, *words], stdin=stdin, program="pyipvsadm")


def test_a_snapshot_comes_back_as_it_was():
    assert shape().validate_json(shape().dump_json(HEALTHY)) == HEALTHY
    saved = doctor("--save", "-", snapshot=HEALTHY)
    assert (saved.status, saved.stderr) == (0, "")
    assert shape().validate_json(saved.stdout) == HEALTHY


def test_the_healthy():
    ran = doctor(snapshot=HEALTHY)
    assert (ran.status, ran.stdout, ran.stderr) == (0, f"{NUMBER} checks: {NUMBER} well; 3 packets seen in 3 s\n", "")


def test_a_failure_says_what_why_and_what_to_do():
    ran = doctor(snapshot=ILL)
    assert (ran.status, ran.stderr) == (2, "")
    assert (
        ran.stdout
        == f"""\
failure V1: 192.0.2.10: is not an address of this machine, so packets for it leave by eth0
    IPVS handles only packets that are delivered to this machine
    $ pyipvsadm vip add 192.0.2.10
{NUMBER} checks: 1 failure, {NUMBER - 1} well; 3 packets seen in 3 s
"""
    )


def test_json_tells_the_same():
    ran = doctor("-o", "json", snapshot=ILL)
    data = json.loads(ran.stdout)
    assert (ran.status, data["status"], data["version"]) == (2, 2, 1)
    assert data["counts"] == {"failure": 1, "warning": 0, "note": 0, "unknown": 0}
    assert data["findings"][0]["check"] == "V1"
    assert data["findings"][0]["commands"] == ["pyipvsadm vip add 192.0.2.10"]


def test_json_tells_what_became_of_each_check():
    data = json.loads(doctor("-o", "json", snapshot=replace(ILL, links=None, unseen={"links": "?"})).stdout)
    outcomes = {row["check"]: row["outcome"] for row in data["checks"]}
    assert outcomes.keys() == {row.code for row in CHECKS if "director" in row.modes}
    assert (outcomes["V1"], outcomes["V3"], outcomes["S1"]) == ("failure", "unknown", "well")
    assert data["summary"].startswith(f"{NUMBER} checks: 1 failure, ")
    (why,) = [row["why"] for row in data["checks"] if row["check"] == "V3"]
    assert why in [row["subject"] for row in data["findings"] if row["severity"] == "unknown"]
    assert not any("why" in row for row in data["checks"] if row["check"] in ("V1", "S1"))


def test_without_traffic_nobody_is_well():
    """A clean bill without traffic is no healthy director: the checks that need some are named."""
    quiet = replace(HEALTHY, arrivals=(), connections=(), connection_count=0)
    needing = [row.code for row in CHECKS if row.traffic]
    expected = f"{NUMBER} checks: {NUMBER - len(needing)} well; no traffic seen: {', '.join(needing)} say nothing\n"
    assert doctor(snapshot=quiet).stdout == expected
    data = json.loads(doctor("-o", "json", snapshot=quiet).stdout)
    assert [row["check"] for row in data["checks"] if row["outcome"] == "silent"] == needing


def test_checks_are_rows():
    codes = [row.code for row in CHECKS]
    assert len(set(codes)) == len(codes)
    for row in CHECKS:
        assert row.title
        assert set(row.severities) <= {"failure", "warning", "note"}
        assert set(row.modes) <= {"director", "real-server"}
        assert set(row.told_by) <= set(codes)
        assert all(text and text[-1] != "." for text in (row.looks, row.matters, row.mend)), row.code
    listed = fakes.run(["doctor", "--list"], program="pyipvsadm")
    assert (listed.status, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == codes
    data = json.loads(fakes.run(["doctor", "--list", "-o", "json"], program="pyipvsadm").stdout)
    assert [row["code"] for row in data["checks"]] == codes


def test_a_check_is_explained():
    ran = fakes.run(["doctor", "--explain", "v1"], program="pyipvsadm")
    assert (ran.status, ran.stderr) == (0, "")
    row = next(row for row in CHECKS if row.code == "V1")
    assert all(text in ran.stdout for text in (row.code, row.title, row.looks, row.matters, row.mend, "failure"))
    ran = fakes.run(["doctor", "--explain", "V99"], program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith("there is no check `V99`\n")


def test_a_service_can_be_named():
    other = replace(SERVICE, service="192.0.2.99:80/tcp", servers=())
    both = replace(HEALTHY, services=(SERVICE, other), routes={**HEALTHY.routes, "192.0.2.99": Route("local", "lo")})
    assert doctor(snapshot=both).status == 2
    assert doctor("192.0.2.10:80", snapshot=both).status == 0
    assert doctor("192.0.2.99:80/tcp", snapshot=both).stdout.startswith("failure S1: 192.0.2.99:80/tcp: has no servers")


def test_a_real_server_s_addresses_may_be_named_for_a_snapshot():
    ran = doctor("--mode", "real-server", "--vip", "192.0.2.10", snapshot=replace(HEALTHY, addresses=()))
    assert ran.status == 2
    assert "ip addr add 192.0.2.10/32 dev lo" in ran.stdout


@pytest.mark.parametrize(("words", "text", "message"), [
    (["192.0.2.10"], None, "`192.0.2.10` is not a service: the port is missing"),
    (["192.0.2.77:80"], None, "No such service: 192.0.2.77:80/tcp"),
    (["--mode", "real-server"], None, "`--mode real-server` and `--vip ADDRESS` go together"),
    (["--vip", "192.0.2.10"], None, "`--mode real-server` and `--vip ADDRESS` go together"),
    (["--mode", "real-server", "--vip", "nobody"], None, "`nobody` is not an IPv4 address in digits"),
    (["--mode", "real-server", "--vip", VIP, "192.0.2.10:80"], None, "a real server knows no services"),
    ([], "", "cannot read the snapshot stdin: this isn't JSON"),
    ([], "\xff", "cannot read the snapshot stdin: this isn't"),
    ([], "[]", "cannot read the snapshot stdin: this is no snapshot of doctor's"),
    ([], '{"version": 1, "services": []}', "cannot read the snapshot stdin: this is no snapshot of doctor's"),
    ([], '{"version": 2, "unseen": {}}', "cannot read the snapshot stdin: its version is 2, and only 1 is known here"),
    ([], '{"version": 1, "unseen": {}, "links": 5}', "cannot read the snapshot stdin: links: Input should be"),
    ([], '{"version": 1, "unseen": {}, "services": [{"service": "x"}]}', "cannot read the snapshot stdin: `x` is not"),
])  # fmt: skip
def test_what_is_wrong_with_words_and_files(words, text, message):
    stdin = shape().dump_json(HEALTHY) if text is None else text.encode("latin-1")
    ran = fakes.run(["doctor", "--from", "-", *words], stdin=stdin, program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith(message)


def service_with(**server):
    """The services of a snapshot, of which one has a server that isn't as servers are."""
    whole = {"address": "10.0.0.1", "port": 80, "forwarding": "local", **server}
    return {"services": [{"service": "192.0.2.10:80/tcp", "servers": [whole]}]}


WRONG = [  # what no machine has, as a change of a snapshot
    service_with(address="$(id)"),
    service_with(forwarding="x"),
    service_with(port=-1),
    service_with(weight=2**31),
    service_with(counters={"packets_in": -1}),
    {"services": [{"service": "192.0.2.10:80/tcp", "counters": {"connections": -1}}]},
    {"addresses": [{"address": "192.0.2.10", "prefix": 64, "device": "eth0"}]},
    {"addresses": [{"address": "192.0.2.10;id", "prefix": 24, "device": "eth0"}]},
    {"links": [{"index": 1, "name": "a/b"}]},
    {"links": [{"index": 1, "name": "sixteen-letters-"}]},
    {"links": [{"index": 1, "name": "eth0\n    $ rm -rf /"}]},
    {"links": {"name": "eth0"}},
    {"routes": {"nowhere": {"type": "local"}}},
    {"routes": {"192.0.2.10": {"type": "unicast", "gateway": "`id`"}}},
    {"listeners": [{"protocol": "tcp", "address": "*", "port": 80}]},
    {"vips": ["nobody"]},
    {"connections": [{"protocol": "tcp", "client": "x", "address": "192.0.2.10", "port": 80, "server": "10.0.0.1",
                      "server_port": 80, "state": "x"}]},
]  # fmt: skip


@pytest.mark.parametrize("changes", WRONG)
def test_what_no_machine_has_is_refused(changes):
    data = {**json.loads(shape().dump_json(HEALTHY)), **changes}
    ran = fakes.run(["doctor", "--from", "-"], stdin=json.dumps(data).encode(), program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith("cannot read the snapshot stdin: ")
    assert all(line.isprintable() for line in ran.stderr.splitlines())
    assert len(ran.stderr.splitlines()) == 2


@pytest.mark.parametrize("depth", [5_000, 300_000])
@pytest.mark.parametrize("start", ['{"version": 1, "unseen": {}, "services": ', ""])
def test_deep_json_ends_in_words(depth, start):
    ran = fakes.run(["doctor", "--from", "-"], stdin=(start + "[" * depth).encode(), program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert "Traceback" not in ran.stderr


def test_a_snapshot_has_bounds(monkeypatch):
    monkeypatch.setattr(snapshot_file, "LIMIT", 1 << 12)
    ran = fakes.run(["doctor", "--from", "-"], stdin=b" " * 5000, program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith("cannot read the snapshot stdin: it is larger than")
    assert fakes.run(["doctor", "--from", "/dev/zero"], program="pyipvsadm").status == 64


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20),
    st.lists(st.text(max_size=3)),
    st.sampled_from(["--5", "9" * 5000, "a;id", "\x1b[1m", "::", "0.0.0.0", "10.0.0.1/8", "1-2", "\u0665", "@set"]),
)  # fmt: skip


def places(data, path=()):
    """All places of a document, as paths."""
    yield path
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


RULES_OF = rules(DROPPING + OPEN_INPUT + "-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK SYN -j DROP\n" + MARK)
BUSY_SNAPSHOT = json.loads(shape().dump_json(replace(
    HEALTHY, services=(SERVICE, MARKED, UDP, SIX), firewall=RULES_OF, daemons=(Daemon("master", "eth0"),),
    managed={"eth0": "NetworkManager"}, marked_routes={"7 192.0.2.20/32": Route("unicast", "eth0")},
)))  # fmt: skip
PLACES = [path for path in places(BUSY_SNAPSHOT) if path]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3), st.booleans())
def test_no_snapshot_makes_a_traceback(changes, real):
    data = json.loads(json.dumps(BUSY_SNAPSHOT))
    for path, value in changes:
        holder = data
        try:
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    words = ["--mode", "real-server", "--vip", VIP] if real else []
    ran = fakes.run(["doctor", "--from", "-", *words], stdin=json.dumps(data).encode(), program="pyipvsadm")
    assert ran.status in (0, 1, 2, 64)
    assert all(line.isprintable() for line in (ran.stdout + ran.stderr).splitlines())


def test_a_full_disk_is_no_verdict():
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    for words in ([], ["-o", "json"], ["--save", "-"], ["--list"]):
        with open("/dev/full", "wb") as full:
            stdin = os.memfd_create("stdin")
            os.write(stdin, shape().dump_json(HEALTHY))
            os.lseek(stdin, 0, os.SEEK_SET)
            world = cli.World("pyipvsadm", stdin, full.fileno(), os.open(os.devnull, os.O_WRONLY))
            assert cli.main(["pyipvsadm", "doctor", "--from", "-", *words], world) == 64
            os.close(stdin)


def test_a_check_can_be_asked_for():
    """One that speaks where traffic shows its cause speaks then of what would come of it."""
    slow = replace(HEALTHY, sysctls={**HEALTHY.sysctls, "net/ipv4/tcp_keepalive_time": "7200"})
    assert "S6" not in doctor(snapshot=slow).stdout
    ran = doctor("--check", "s6", snapshot=slow)
    assert ran.stdout.startswith("note S6: timeouts: ")
    assert ran.stdout.splitlines()[-1].startswith("1 check: 1 note")
    assert doctor("--check", "V99", snapshot=slow).status == 64


@pytest.mark.parametrize("words", [["--from", "/nowhere/at/all"], ["--from", "/"], ["--save", "/nowhere/at/all"]])
def test_files_that_can_t_be(words):
    given = ["--from", "-"] if "--save" in words else []
    ran = fakes.run(["doctor", *given, *words], stdin=shape().dump_json(HEALTHY), program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith("cannot ")


def test_a_wrong_option_has_a_status_of_its_own(capfd):
    assert fakes.run(["doctor", "--nothing"], program="pyipvsadm").status == 64
    assert fakes.run(["doctor", "-o", "yaml"], program="pyipvsadm").status == 64
    assert fakes.run(["show", "-o", "nothing"], program="pyipvsadm").status == 2


def verdict(*findings):
    return Verdict(findings, {"V1": "failure", "V2": "well"})


MANY = verdict(*(failure("a", f"seen {n}", "why", "sysctl -w net.ipv4.ip_forward=1") for n in range(12)))
SOME = [failure("a [b]", "seen", "why", "do it"), warning("b", "seen", "why"), note("c", "seen", "why")]


def test_of_many_findings_some_are_told():
    text = report.as_text(MANY, None)
    assert text.count("failure ") == 10
    assert text.splitlines()[-3:] == [
        "2 more like these; `-o json` tells all.",
        report.KEEP,
        "2 checks: 12 failures, 1 well",
    ]
    assert len(json.loads(report.as_json(MANY))["findings"]) == 12


@pytest.mark.parametrize(("findings", "status"), [([], 0), (SOME[2:], 0), (SOME[1:], 1), (SOME, 2)])
def test_statuses(findings, status):
    assert report.status(findings) == status


def test_a_terminal_gets_colour_and_words(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = report.as_text(verdict(*SOME), 80)
    assert ANSI.search(text)
    plain = ANSI.sub("", text)
    for words in ("✗ failure", "! warning", "i note", "a [b]: seen", "$ do it", "1 failure, 1 warning, 1 note, 1 well"):
        assert words in plain
    assert max(map(len, plain.splitlines())) <= 80
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in report.as_text(verdict(*SOME), 80)


# The proc.


@pytest.fixture
def root(tmp_path):
    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    write("proc/self/status", "Name:\tx\nCapEff:\t0000000000001000\n")
    write("proc/self/uid_map", "         0          0 4294967295\n")
    write("proc/net/tcp", "  sl  local_address rem_address   st\n"
          "   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:1F91 00000000:0000 01 0\n")  # fmt: skip
    write("proc/net/udp", "  sl  local\n")
    write("proc/net/udp6", "  sl  local\n   0: 00000000000000000000000000000000:0035 0:0 07 0\n")
    write("proc/net/ip_vs_conn", "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
          "TCP 0A010002 C350 0A010064 0050 0A020102 1F90 ESTABLISHED     899\n"
          "UDP [2001:0db8:0000:0000:0000:0000:0000:0002] C350 [2001:0db8:0000:0000:0000:0000:0000:0064] 0035"
          " [2001:0db8:0000:0000:0000:0000:0000:0102] 0035 UDP 300\n")  # fmt: skip
    write("proc/modules", "ip_vs 200704 3 ip_vs_rr, Live 0x0\nip-x 1 0 - Live 0x0\n")
    write(f"lib/modules/{os.uname().release}/modules.builtin", "kernel/net/ipv4/ip-tunnel.ko\n")
    write(f"lib/modules/{os.uname().release}/modules.dep", "kernel/net/netfilter/ipvs/ip_vs_wlc.ko.xz: x\na/b.ko:\n")
    write("proc/sys/net/ipv4/ip_forward", "1\n")
    write("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    write("proc/sys/net/ipv4/vs/conntrack", "0\n")
    write("proc/sys/net/ipv4/conf/eth0.7/rp_filter", "2\n")
    write("proc/77/comm", "keepalived\n")
    write("proc/77/net/ip_vs", "IP Virtual Server version 1.2.1 (size=4096)\nTCP  0A000001:0050 rr\n  -> x\n")
    write("proc/78/comm", "keepalived\n")
    write("proc/79/comm", "perl\n")
    write("proc/79/cmdline", "/usr/bin/perl\0-w\0/usr/sbin/ldirectord\0start\0")
    write("proc/80/comm", "kube-proxy\n")  # of another network namespace
    for process, space in (("self", 1), ("77", 2), ("78", 1), ("79", 1), ("80", 2)):
        (tmp_path / "proc" / process / "ns").mkdir()
        os.symlink(f"net:[{space}]", tmp_path / "proc" / process / "ns/net")
    write("run/systemd/netif/links/4", "ADMIN_STATE=configured\n")
    return tmp_path


def test_the_machine_is_read(root):
    assert proc.standing(root).privileged
    assert not proc.standing(root).user_namespace
    assert proc.listeners(root) == (Listener("tcp", "127.0.0.1", 8080), Listener("udp", "::", 53))
    seen = proc.connections(root=root)
    assert seen.count == 2
    assert seen.states == {"tcp 10.2.1.2:8080": {"ESTABLISHED": 1}, "udp [2001:db8::102]:53": {"UDP": 1}}
    found = seen.first
    assert found[0] == Connection("tcp", "10.1.0.2", "10.1.0.100", 80, "10.2.1.2", 8080, "ESTABLISHED", 899)
    assert (found[1].client, found[1].port) == ("2001:db8::2", 53)
    assert proc.modules(root) == Modules(("ip_vs", "ip-x", "ip_tunnel"), ("ip_vs_wlc",))
    assert proc.sysctls(root) == {
        "net/ipv4/ip_forward": "1",
        "net/ipv4/ip_local_port_range": "32768 60999",
        "net/ipv4/vs/conntrack": "0",
        "net/ipv4/conf/eth0.7/rp_filter": "2",
    }
    assert managers(root) == ("keepalived", "ldirectord")
    assert proc.elsewhere(root) == {"77": 1}
    assert proc.managed({"lo": 1, "vip": 4}, root) == {"vip": "systemd-networkd"}


def test_an_empty_machine_is_no_traceback(tmp_path):
    assert proc.sysctls(tmp_path) == {}
    assert not proc.standing(tmp_path).privileged
    assert proc.modules(tmp_path) == Modules((), None)
    assert (managers(tmp_path), proc.elsewhere(tmp_path)) == ((), {})
    for see in (proc.listeners, proc.connections):
        with pytest.raises(UnseenError):
            see(root=tmp_path)


ENTRY = "TCP 0A010002 {:04X} 0A010064 0050 0A020102 0050 {} {}\n"


@pytest.mark.parametrize(("entries", "stuck"), [
    ([("SYN_RECV", 50), ("SYN_RECV", 40), ("SYN_RECV", 30)], 3),
    ([("SYN_RECV", 50), ("ESTABLISHED", 600), ("FIN_WAIT", 60)], 1),  # answered 60 seconds ago, and then no more
    ([("SYN_RECV", 50), ("SYN_RECV", 40), ("ESTABLISHED", 899)], 0),  # answered a second ago
    ([("SYN_RECV", 50), ("TIME_WAIT", 105), ("SYN_RECV", 40)], 1),
    ([("CLOSE", 9), ("ESTABLISHED", 899)], 0),
    ([], 0),
])  # fmt: skip
def test_connections_are_stuck_since_the_last_answer(tmp_path, entries, stuck):
    (tmp_path / "proc/net").mkdir(parents=True)
    lines = [ENTRY.format(number, *entry) for number, entry in enumerate(entries)]
    (tmp_path / "proc/net/ip_vs_conn").write_text("head\n" + "".join(lines))
    assert proc.connections(root=tmp_path).stuck == ({"tcp 10.2.1.2:80": stuck} if stuck else {})
