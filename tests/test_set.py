"""`set`: what is named changes, all else stays; and the hint about what `-e` and `-E` reset."""

from __future__ import annotations

import json
import os
import pty
import select
from errno import ENOENT, EPERM

import pytest

from pyipvsadm import cli
from pyipvsadm.kernel import Kernel

from . import fakes
from .ipvs import Ipvs
from .netlink import FAMILY, CannedSocket

RULES = """\
-A -t 192.0.2.1:80 -s sh -p 300 -M 255.255.255.0 -b sh-port
-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 5 -x 10 -y 5
-a -t 192.0.2.1:80 -r 198.51.100.2:80 -i -w 5 --tun-type gue --tun-port 6080 --tun-csum
-A -u 192.0.2.1:53 -s rr -p 60 --pe sip -o
-A -t [2001:db8::1]:80 -s rr -p 60 -M 64
-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -g
-A -f 7 -6 -s rr
-A -t 192.0.2.1:0 -s rr -p 60
"""
V, ONE, TWO = "192.0.2.1:80/tcp", "198.51.100.1:8080", "198.51.100.2:80"


@pytest.fixture
def ipvs():
    found = Ipvs()
    assert fakes.run(["-R"], found.play, RULES.encode()).status == 0
    found.changes = 0
    return found


def rules(ipvs):
    return fakes.run(["-S", "-n"], ipvs.play).stdout.splitlines()


def run(ipvs, line):
    return fakes.run(["set", *line.split()], ipvs.play, program="pyipvsadm")


SERVICE = "-A -t 192.0.2.1:80 -s sh -p 300 -M 255.255.255.0 -b sh-port"
SERVER = "-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 5 -x 10 -y 5"
TUNNEL = "-a -t 192.0.2.1:80 -r 198.51.100.2:80 -i -w 5 --tun-type gue --tun-port 6080 --tun-csum"
IPV6 = "-A -t [2001:db8::1]:80 -s rr -p 60 -M 64"
UDP = "-A -u 192.0.2.1:53 -s rr -p 60 --pe sip -o"


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        (f"{V} --scheduler mh", SERVICE, "-A -t 192.0.2.1:80 -s mh -p 300 -M 255.255.255.0 -b mh-port"),
        ("192.0.2.1:80 -s mh -b mh-fallback", SERVICE, SERVICE.replace("sh", "mh").replace("mh-port", "mh-fallback")),
        (f"{V} --persistent 60", SERVICE, SERVICE.replace("300", "60")),
        (f"{V} --persistent", SERVICE, SERVICE.replace("300", "360")),
        (f"{V} --no-persistent", SERVICE, "-A -t 192.0.2.1:80 -s sh -b sh-port"),
        (f"{V} --no-netmask", SERVICE, SERVICE.replace(" -M 255.255.255.0", "")),
        (f"{V} -M 255.255.0.0", SERVICE, SERVICE.replace("255.255.255.0", "255.255.0.0")),
        (f"{V} --no-sched-flags", SERVICE, SERVICE.replace(" -b sh-port", "")),
        (f"{V} -bsh-fallback", SERVICE, SERVICE.replace("sh-port", "sh-fallback")),  # with an `h` and an `o` in it
        ("192.0.2.1:53/udp -o -s wrr", UDP, UDP.replace("-s rr", "-s wrr")),
        ("192.0.2.1:53/udp -s wrr -o", UDP, UDP.replace("-s rr", "-s wrr")),
        (f"{V} -b sh-port,flag-3", SERVICE, SERVICE.replace("sh-port", "sh-port,flag-3")),
        ("192.0.2.1:53/udp --no-ops --no-pe", UDP, "-A -u 192.0.2.1:53 -s rr -p 60"),
        ("192.0.2.1:53/udp --no-persistent", UDP, "-A -u 192.0.2.1:53 -s rr --pe sip -o"),
        ("[2001:db8::1]:80 -M 48", IPV6, IPV6.replace("-M 64", "-M 48")),
        ("fwmark:7/ipv6 --ops", "-A -f 7 -6 -s rr", "-A -f 7 -6 -s rr -o"),
        (f"{V} {ONE} --weight 0", SERVER, SERVER.replace("-w 5", "-w 0")),
        (f"--weight=7 {V} {ONE} -x20", SERVER, SERVER.replace("-w 5 -x 10", "-w 7 -x 20")),
        (f"{V} {ONE} -y 0 -x 0", SERVER, SERVER.replace(" -x 10 -y 5", "")),
        (f"{V} {TWO} -w 6", TUNNEL, TUNNEL.replace("-w 5", "-w 6")),
        (f"{V} {TWO} --tun-port 7000", TUNNEL, TUNNEL.replace("6080", "7000")),
        (f"{V} {TWO} --tun-type gre --tun-csum", TUNNEL, TUNNEL.replace("gue --tun-port 6080", "gre")),
        (f"{V} {TWO} --tun-type gre", TUNNEL, TUNNEL.replace("gue --tun-port 6080 --tun-csum", "gre --tun-nocsum")),
        (f"{V} {TWO} --masquerading", TUNNEL, "-a -t 192.0.2.1:80 -r 198.51.100.2:80 -m -w 5"),
        (f"{V} {TWO} -g", TUNNEL, "-a -t 192.0.2.1:80 -r 198.51.100.2:80 -g -w 5"),
    ],
)  # fmt: skip
def test_what_is_named_changes_and_all_else_stays(ipvs, line, old, new):
    before = rules(ipvs)
    assert old in before
    ran = run(ipvs, line)
    assert (ran.status, ran.stdout, ran.stderr, ipvs.changes) == (0, "", "", 1)
    assert rules(ipvs) == [new if found == old else found for found in before]
    assert run(ipvs, line).status == 0
    assert ipvs.changes == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "SERVICE [SERVER] SETTING... is missing"),
        (V, "nothing to set"),
        ("--weight 0", "which service?"),
        (f"{V} {ONE} {TWO} -w 1", "unexpected argument `198.51.100.2:80'"),
        ("192.0.2.1 -s rr", "is not a service"),
        ("192.0.2.1:http -s rr", "is not a service"),
        (f"{V} 198.51.100.1 -w 1", "is not a server"),
        (f"{V} {ONE} -w -1", "illegal weight specified"),
        (f"{V} {ONE} -w", "missing argument"),
        (f"{V} {ONE} --wieght 1", "unknown option"),
        (f"{V} {ONE} -w 1 -w 2", "`weight` is set twice"),
        (f"{V} {ONE} -m -g", "`forwarding-method` is set twice"),
        (f"{V} --persistent 3 --no-persistent", "`persistent` is set twice"),
        (f"{V} {ONE} -s rr", "`scheduler` is a setting of the service"),
        (f"{V} {ONE} --no-ops", "`ops` is a setting of the service"),
        (f"{V} -w 1", "`weight` is a setting of a server"),
        (f"{V} --numeric", "`--numeric` is not a setting"),
        (f"{V} -L", "`--list` is not a setting"),
        (f"{V} -t 192.0.2.1:80", "`--tcp-service` is not a setting"),
        (f"{V} -b mh-port", "incompatible scheduler flag"),
        (f"{V} --persistent 0", "invalid timeout value"),
        (f"{V} --ops", "One-Packet Scheduling is only for UDP"),
        ("192.0.2.1:0 --no-persistent", "Zero port specified"),
        (f"{V} {ONE} --tun-type gre", "Tunnel options conflict with forward method"),
        (f"{V} {ONE} -g", "without masquerading, the server gets the port of its service, 80"),
        (f"{V} {ONE} -i --tun-type gue", "without masquerading"),
        (f"{V} {TWO} --tun-type ipip --tun-port 3", "Illegal 'tun-port' option with the 'ipip' tunnel type"),
        (f"{V} {TWO} -m --tun-csum", "Tunnel options conflict with forward method"),
    ],
)
def test_wrong_words(ipvs, line, message):
    if "gue" in line:
        message = "You need to supply the 'tun-port' option for the 'gue' tunnel type"
    ran = run(ipvs, line)
    assert ran.status == 2
    assert line == "" or message in ran.message  # typer writes to the process's own stderr
    assert line == "" or ran.hints
    assert ipvs.changes == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("192.0.2.9:80 -s rr", "No such service"),
        ("fwmark:8 -s rr", "No such service"),
        (f"{V} 198.51.100.1:80 -w 1", "No such destination"),
        (f"192.0.2.9:80 {ONE} -w 1", "No such service"),
        (f"{V} {ONE} -y 100", "Numerical result out of range"),
        (f"{V} -s nosuch", "Scheduler or persistence engine not found"),
    ],
)
def test_refusals(ipvs, line, message):
    before = ipvs.snapshot()
    ran = run(ipvs, line)
    assert (ran.status, ran.message.strip()) == (1, message)
    assert ran.hints
    assert ipvs.snapshot() == before


def test_without_privilege(ipvs):
    ipvs.before = lambda number: EPERM
    ran = run(ipvs, f"{V} -s rr")
    assert ran.status == 2
    assert "Permission denied" in ran.message


def test_on_a_terminal_it_says_what_it_changed(ipvs):
    assert at_terminal(ipvs, f"set {V} {ONE} -w 3") == (0, f"~ {V} {ONE}  weight 5 -> 3\r\n")
    assert at_terminal(ipvs, f"set {V} {ONE} -w 3") == (0, "nothing to change: all is set as wanted\r\n")


def test_json_tells_programs_what_has_changed(ipvs):
    told = [json.loads(run(ipvs, f"{V} {ONE} -w 3 -o json").stdout) for _ in range(2)]
    change = {
        "change": "edit", "kind": "server", "service": V, "server": ONE,
        "changes": {"weight": {"old": 5, "new": 3}},
    }  # fmt: skip
    rest = {"refused": [], "taken_back": 0, "remains": [], "reordered": []}
    assert told == [{"changed": True, "changes": [change], **rest}, {"changed": False, "changes": [], **rest}]


def test_help_names_every_setting():
    ran = fakes.run(["set", "--help"])
    assert ran.status == 0
    shown = ran.stdout
    for name in ("--scheduler", "--persistent", "--no-persistent", "--weight", "--masquerading", "--tun-remcsum"):
        assert name in shown


class TestWhatAnEditResets:
    """`-e` and `-E` set all anew, as ipvsadm's do; at a terminal we say what that has reset."""

    @pytest.mark.parametrize(
        ("line", "hint"),
        [
            (f"-e -t 192.0.2.1:80 -r {ONE} -m -w 0", "upper_threshold 10 -> 0, lower_threshold 5 -> 0"),
            (f"-e -t 192.0.2.1:80 -r {ONE} -m -x 0 -y 0", "weight 5 -> 1"),
            ("-e -t 192.0.2.1:80 -r 198.51.100.2 -w 5", "forwarding tunnel -> direct, tunnel gue:6080:csum -> none"),
            ("-E -t 192.0.2.1:80", "scheduler sh -> wlc, persistence 300 -> none, netmask 255.255.255.0 -> none,"
                                   " flags sh-port -> none"),
            ("-E -t 192.0.2.1:80 -s sh -b sh-port -p 5", "netmask 255.255.255.0 -> none"),
            ("-E -u 192.0.2.1:53 -s lc -p 60", "engine sip -> none, one_packet yes -> no"),
        ],
    )  # fmt: skip
    def test_hint(self, ipvs, line, hint):
        assert at_terminal(ipvs, line) == (
            0,
            f"hint: options that were not given were reset: {hint}; `pyipvsadm set` keeps them\r\n",
        )
        assert ipvs.changes == 1

    @pytest.mark.parametrize(
        "line",
        [f"-e -t 192.0.2.1:80 -r {ONE} -m -w 9 -x 10 -y 5", "-E -f 7 -6 -s wlc", "-a -f 7 -6 -r [2001:db8::9]:1"],
    )
    def test_nothing_was_reset(self, ipvs, line):
        assert at_terminal(ipvs, line) == (0, "")

    def test_a_refused_edit_resets_nothing(self, ipvs):
        ipvs.before = lambda number: ENOENT
        status, screen = at_terminal(ipvs, "-E -t 192.0.2.1:80")
        assert status == 255
        assert "reset" not in screen
        assert at_terminal(ipvs, "-E -t 192.0.2.9:80")[0] == 255

    def test_without_a_terminal_nothing_is_read(self, ipvs):
        ran = fakes.run(["-E", "-t", "192.0.2.1:80"], ipvs.play)
        assert (ran.status, ran.stderr, len(ran.socket.sent)) == (0, "", 1)


def at_terminal(ipvs, line):
    """The status of a line, and what the screen shows."""
    terminal, end = pty.openpty()
    try:
        kernel = Kernel(CannedSocket(ipvs.play), FAMILY)
        status = cli.main(
            ["ipvsadm", *line.split()], cli.World("ipvsadm", stderr=end, kernel=kernel, names=fakes.NAMES)
        )
        shown = b""
        while select.select([terminal], [], [], 0.3)[0]:  # a terminal hands on what it got piece by piece
            shown += os.read(terminal, 1 << 16)
        return status, shown.decode()
    finally:
        os.close(terminal)
        os.close(end)
