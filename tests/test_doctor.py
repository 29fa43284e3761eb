"""`doctor`: its words, its files, its report, and a machine that it can see little of."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from pyipvsadm.verbs.doctor import machine, report
from pyipvsadm.verbs.doctor.files import SHAPE
from pyipvsadm.verbs.doctor.findings import failure, note, warning
from pyipvsadm.verbs.doctor.snapshot import Connection, Listener, Modules, UnseenError

from . import fakes
from .test_doctor_checks import HEALTHY, SERVICE, VIP, Route
from .test_show import ANSI

ILL = replace(HEALTHY, routes={**HEALTHY.routes, VIP: Route("unicast", "eth0")})


def doctor(*words, snapshot=None):
    stdin = b"" if snapshot is None else SHAPE.dump_json(snapshot)
    given = ["--from", "-"] if snapshot is not None else []
    return fakes.run(["doctor", *given, *words], stdin=stdin, program="pyipvsadm")


def test_a_snapshot_comes_back_as_it_was():
    assert SHAPE.validate_json(SHAPE.dump_json(HEALTHY)) == HEALTHY
    saved = doctor("--save", "-", snapshot=HEALTHY)
    assert (saved.status, saved.stderr) == (0, "")
    assert SHAPE.validate_json(saved.stdout) == HEALTHY


def test_the_healthy():
    ran = doctor(snapshot=HEALTHY)
    assert (ran.status, ran.stdout, ran.stderr) == (0, "nothing is wrong, as far as can be told from here\n", "")


def test_a_failure_says_what_why_and_what_to_do():
    ran = doctor(snapshot=ILL)
    assert (ran.status, ran.stderr) == (2, "")
    assert (
        ran.stdout
        == """\
failure V1: 192.0.2.10: is no address of this machine: packets for it leave by eth0
    IPVS takes packets where they are delivered to this machine itself
    $ pyipvsadm vip add 192.0.2.10
1 failure
"""
    )


def test_json_tells_the_same():
    ran = doctor("-o", "json", snapshot=ILL)
    data = json.loads(ran.stdout)
    assert (ran.status, data["status"], data["version"]) == (2, 2, 1)
    assert data["counts"] == {"failure": 1, "warning": 0, "note": 0, "unknown": 0}
    assert data["findings"][0]["check"] == "V1"
    assert data["findings"][0]["commands"] == ["pyipvsadm vip add 192.0.2.10"]


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
    stdin = SHAPE.dump_json(HEALTHY) if text is None else text.encode("latin-1")
    ran = fakes.run(["doctor", "--from", "-", *words], stdin=stdin, program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith(message)


@pytest.mark.parametrize("words", [["--from", "/nowhere/at/all"], ["--from", "/"], ["--save", "/nowhere/at/all"]])
def test_files_that_can_t_be(words):
    given = ["--from", "-"] if "--save" in words else []
    ran = fakes.run(["doctor", *given, *words], stdin=SHAPE.dump_json(HEALTHY), program="pyipvsadm")
    assert (ran.status, ran.stdout) == (64, "")
    assert ran.stderr.startswith("cannot ")


def test_a_wrong_option_has_a_status_of_its_own(capfd):
    assert fakes.run(["doctor", "--nothing"], program="pyipvsadm").status == 64
    assert fakes.run(["doctor", "-o", "yaml"], program="pyipvsadm").status == 64
    assert fakes.run(["show", "-o", "nothing"], program="pyipvsadm").status == 2


MANY = [failure("a", f"seen {n}", "why", "sysctl -w net.ipv4.ip_forward=1") for n in range(12)]
SOME = [failure("a [b]", "seen", "why", "do it"), warning("b", "seen", "why"), note("c", "seen", "why")]


def test_of_many_findings_some_are_told():
    text = report.as_text(MANY, None)
    assert text.count("failure ") == 10
    assert text.splitlines()[-3:] == ["2 more like these; `-o json` tells all.", report.KEEP, "12 failures"]
    assert len(json.loads(report.as_json(MANY))["findings"]) == 12


@pytest.mark.parametrize(("findings", "status"), [([], 0), (SOME[2:], 0), (SOME[1:], 1), (SOME, 2)])
def test_statuses(findings, status):
    assert report.status(findings) == status


def test_a_terminal_gets_colour_and_words(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = report.as_text(SOME, 80)
    assert ANSI.search(text)
    plain = ANSI.sub("", text)
    for words in ("✗ failure", "! warning", "i note", "a [b]: seen", "$ do it", "1 failure, 1 warning, 1 note"):
        assert words in plain
    assert max(map(len, plain.splitlines())) <= 80
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in report.as_text(SOME, 80)


# The machine.


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
    for process, space in (("self", 1), ("77", 2)):
        (tmp_path / "proc" / process / "ns").mkdir()
        os.symlink(f"net:[{space}]", tmp_path / "proc" / process / "ns/net")
    write("run/systemd/netif/links/4", "ADMIN_STATE=configured\n")
    return tmp_path


def test_the_machine_is_read(root):
    assert machine.standing(root).privileged
    assert not machine.standing(root).user_namespace
    assert machine.listeners(root) == (Listener("tcp", "127.0.0.1", 8080), Listener("udp", "::", 53))
    count, found = machine.connections(root)
    assert count == 2
    assert found[0] == Connection("tcp", "10.1.0.2", "10.1.0.100", 80, "10.2.1.2", 8080, "ESTABLISHED")
    assert (found[1].client, found[1].port) == ("2001:db8::2", 53)
    assert machine.modules(root) == Modules(("ip_vs", "ip-x", "ip_tunnel"), ("ip_vs_wlc",))
    assert machine.sysctls(root) == {
        "net/ipv4/ip_forward": "1",
        "net/ipv4/ip_local_port_range": "32768 60999",
        "net/ipv4/vs/conntrack": "0",
        "net/ipv4/conf/eth0.7/rp_filter": "2",
    }
    assert machine.managers(root) == ("keepalived",)
    assert machine.elsewhere(root) == {"77": 1}
    assert machine.managed({"lo": 1, "vip": 4}, root) == {"vip": "systemd-networkd"}


def test_an_empty_machine_is_no_traceback(tmp_path):
    assert machine.sysctls(tmp_path) == {}
    assert not machine.standing(tmp_path).privileged
    assert machine.modules(tmp_path) == Modules((), None)
    assert (machine.managers(tmp_path), machine.elsewhere(tmp_path)) == ((), {})
    for see in (machine.listeners, machine.connections):
        with pytest.raises(UnseenError):
            see(tmp_path)
