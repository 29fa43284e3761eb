"""What may take the place of a line's last word, on a machine with this table."""

from __future__ import annotations

from _socket import AF_INET6

import pytest

from pyipvsadm.help.complete_command import without_netns
from pyipvsadm.help.completion_candidates import COMMAND, DIRECTORIES, FILES, complete
from pyipvsadm.model import GUE, MASQUERADE, ONE_PACKET, PERSISTENT, TUNNEL, Server, Service, Timeouts

from .fakes import NAMES, run

TCP, UDP, SCTP = 6, 17, 132
VIP = bytes((192, 0, 2, 10))
VIP6 = bytes.fromhex("20010db8000000000000000000000010")
WEB = Service(protocol=TCP, address=VIP, port=80, scheduler="wlc", flags=PERSISTENT, timeout=300)
TABLE = {
    WEB: [
        Server(address=bytes((10, 2, 0, 2)), port=8080, forwarding=MASQUERADE, weight=3),
        Server(address=bytes((10, 2, 0, 3)), port=8080, forwarding=TUNNEL, tunnel_type=GUE, tunnel_port=6080),
    ],
    Service(protocol=UDP, address=VIP, port=53, scheduler="rr", flags=ONE_PACKET): [],
    Service(af=AF_INET6, protocol=TCP, address=VIP6, port=443, scheduler="sh"): [Server(address=VIP6[:-1] + b"\2")],
    Service(protocol=SCTP, address=VIP, port=3868, scheduler="lc"): [],
    Service(fwmark=7, scheduler="wlc"): [Server(address=bytes((10, 2, 0, 9)))],
    Service(af=AF_INET6, fwmark=8, scheduler="mh"): [Server(address=VIP6, port=0)],
}


class Machine:
    """A machine with TABLE; without `privilege` it tells nothing of that."""

    names = NAMES

    def __init__(self, privilege=True):
        self.privilege = privilege

    def services(self):
        return list(TABLE) if self.privilege else []

    def servers(self, service):
        return next((servers for known, servers in TABLE.items() if known.key == service.key and self.privilege), [])

    def timeouts(self):
        return Timeouts(tcp=900, tcpfin=120, udp=300) if self.privilege else None

    def interfaces(self):
        return ["lo", "eth0"]

    def namespaces(self):
        return [("blue", "/run/netns/blue"), ("ingress_sbox", "/var/run/docker/netns/ingress_sbox")]


def words(line, privilege=True):
    """The words offered at the end of `line`, whose last word is what follows its last blank."""
    return [word for word, _ in complete(line.split(" "), Machine(privilege)).offers]


def explained(line):
    return dict(complete(line.split(" "), Machine()).offers)


@pytest.mark.parametrize(("line", "expected"), [
    ("-D -t ", ["192.0.2.10:80", "[2001:db8::10]:443"]),
    ("-D --tcp-service=", ["--tcp-service=192.0.2.10:80", "--tcp-service=[2001:db8::10]:443"]),
    ("-Dt", ["-Dt"]),
    ("-Dt1", ["-Dt192.0.2.10:80"]),
    ("-E -u ", ["192.0.2.10:53"]),
    ("-a --sctp-service ", ["192.0.2.10:3868"]),
    ("-L -f ", ["7", "8"]),
    ("-Z -t 192.0.2.10", ["192.0.2.10:80"]),
    ("-A -t ", []),
    ("-d -t 192.0.2.10:80 -r ", ["10.2.0.2:8080", "10.2.0.3:8080"]),
    ("-d -t vip.example:http -r 10.2.0.3", ["10.2.0.3:8080"]),
    ("-e -r ", []),
    ("-d -t 198.51.100.1:80 -r ", []),
    ("-d -f 8 -6 -r ", ["[2001:db8::10]:0"]),
    ("-d -f 8 -r ", []),
    ("-a -f 8 -6 -r ", ["10.2.0.2:8080", "10.2.0.3:8080", "[2001:db8::2]:0", "10.2.0.9:0"]),
    ("-A -s l", ["lc", "lblc", "lblcr"]),
    ("-A -s sh -b ", ["sh-fallback", "sh-port"]),
    ("-A -s sh -b sh-port,", ["sh-port,sh-fallback"]),
    ("-A -s sh -b sh-port", ["sh-port", "sh-port,sh-fallback"]),
    ("-A -s sh -b sh-port,sh-fallback", ["sh-port,sh-fallback"]),
    ("-A -s rr -b ", ["flag-1", "flag-2", "flag-3"]),
    ("-A -b mh", ["mh-fallback", "mh-port"]),
    ("-a -i --tun-type ", ["ipip", "gue", "gre"]),
    ("-A --pe ", ["sip"]),
    ("--start-daemon ", ["master", "backup"]),
    ("--start-daemon=m", ["--start-daemon=master"]),
    ("--start-daemon master --mcast-interface ", ["lo", "eth0"]),
    ("--set ", ["900", "0"]),
    ("--set 1 2 3", ["300"]),
    ("--set 1 2 3 ", []),
    ("-h s", ["service", "server", "schedulers"]),
    ("--help per", ["persistence"]),
    ("-h service ", []),
    ("-A -w ", []),
    ("-z ", []),
    ("-t ", []),
    ("-A -D ", []),
    ("nonsense", []),
])  # fmt: skip
def test_values(line, expected):
    assert words(line) == expected


SERVICE = {"-t", "--tcp-service", "-u", "--udp-service", "--sctp-service", "-f", "--fwmark-service"}
SETTINGS = {"-s", "--scheduler", "-p", "--persistent", "-M", "--netmask", "--pe", "-b", "--sched-flags"}
OPS, IPV6 = {"-o", "--ops"}, {"-6", "--ipv6"}
SERVER = {"-w", "--weight", "-x", "--u-threshold", "-y", "--l-threshold"}
METHODS = {"-g", "--gatewaying", "-i", "--ipip", "-m", "--masquerading"}
ADDRESS = {"-r", "--real-server"}
CHECKSUMS = {"--tun-nocsum", "--tun-csum"}
COLUMNS = {"--stats", "--rate", "--thresholds"}
LIST = {
    "-n",
    "--numeric",
    "--persistent-conn",
    "--nosort",
    "--sort",
    "--syncid",
    "-X",
    "--exact",
    "--tun-info",
    "--brief",
    "--plain",
    "--no-pager",
}
ONE = {"-c", "--connection", "--timeout", "--daemon"}
SYNC = {"--mcast-interface", "--syncid", "--mcast-group", "--mcast-port", "--mcast-ttl", "--sync-maxlen"}


@pytest.mark.parametrize(("line", "expected"), [
    ("-A -", SERVICE | SETTINGS | OPS),
    ("-A -t 192.0.2.1:80 -", SETTINGS),
    ("-A -u 192.0.2.1:80 ", SETTINGS | OPS),
    ("-A -f 1 -", SETTINGS | OPS | IPV6),
    ("-A -f 1 -6 -", SETTINGS | OPS),
    ("-A -t x -s rr -p -", SETTINGS - {"-s", "--scheduler", "-p", "--persistent"}),
    ("-A -t x --sche", {"--scheduler"} | {"--sched-flags"}),
    ("-D -t 192.0.2.10:80 -", set()),
    ("-D -f 7 -", IPV6),
    ("-a -", SERVICE | ADDRESS | SERVER | METHODS),
    ("-a -t x -r y -m -", SERVER),
    ("-a -t x -r y -i -", SERVER | {"--tun-type"}),
    ("-a -t x -r y -i --tun-type gue -", SERVER | {"--tun-port", "--tun-remcsum"} | CHECKSUMS),
    ("-a -t x -r y -i --tun-type gre -", SERVER | CHECKSUMS),
    ("-a -t x -r y -i --tun-type gre --tun-csum -", SERVER),
    ("-a -t x -r y --tun-type gre -", SERVER | {"-i", "--ipip"}),
    ("-d -t x -", ADDRESS),
    ("-C -", set()),
    ("-L -", SERVICE | LIST | ONE | COLUMNS),
    ("-L -c -", LIST),
    ("-Lc -", LIST),
    ("-L --timeout -", LIST - {"--persistent-conn"}),
    ("-L --stats -", (SERVICE | LIST | COLUMNS) - {"--stats"}),
    ("-L --nosort --thr", {"--thresholds"}),
    ("-S -", {"-n", "--numeric", "--all", "--nosort", "--no-pager"}),
    ("-R -", {"--check", "--strict"}),
    ("-Z -", SERVICE),
    ("--start-daemon master -", SYNC),
    ("--stop-daemon master -", {"--syncid"}),
    ("-Ln", {"-Ln"}),
    ("-Lz", set()),
])  # fmt: skip
def test_options_that_still_make_sense(line, expected):
    assert set(words(line)) == expected


def test_what_is_needed_comes_first():
    assert words("-a -")[:2] == ["-t", "--tcp-service"]
    assert words("-a -t x -")[:2] == ["-r", "--real-server"]


def test_the_first_word_is_a_verb_or_a_command():
    assert {"show", "apply", "sandbox", "-A", "--add-service", "--set", "-h"} <= set(words(""))
    assert words("sh") == ["show"]
    assert words("--sa") == ["--save"]
    assert words("foo -A")[:1] == ["-A"]  # as ipvsadm, which takes words before options
    assert "show" not in words("foo ")


@pytest.mark.parametrize(("line", "expected"), [
    ("show ", ["192.0.2.10:80/tcp", "192.0.2.10:53/udp", "192.0.2.10:3868/sctp", "[2001:db8::10]:443/tcp", "fwmark:7",
               "fwmark:8/ipv6"]),
    ("show fwmark:7 fw", ["fwmark:7", "fwmark:8/ipv6"]),
    ("show -o ", ["table", "json", "yaml", "ndjson", "rules"]),
    ("show --output=y", ["--output=yaml"]),
    ("show --o", ["--output"]),
    ("set 192.0.2.10:8", ["192.0.2.10:80/tcp"]),
    ("set 192.0.2.10:80/tcp 10.2.0.2", ["10.2.0.2:8080"]),
    ("set 192.0.2.10:80 --scheduler w", ["wrr", "wlc"]),
    ("set 192.0.2.10:80 --s", ["--scheduler", "--sched-flags"]),
    ("set 192.0.2.10:80 --no-p", ["--no-persistent", "--no-pe"]),
    ("set 192.0.2.10:80 --no-pe --no-p", ["--no-persistent"]),
    ("set 192.0.2.10:80 10.2.0.2:8080 --w", ["--weight"]),
    ("set 192.0.2.10:80 10.2.0.2:8080 -w ", []),
    ("set -", ["--help", "--netns"]),
    ("drain 10.2.0.2", ["10.2.0.2:8080"]),
    ("drain 10.2.0.2:8080 --until ", ["active", "all"]),
    ("drain 10.2.0.2:8080 --from 192.0.2.10:8", ["192.0.2.10:80/tcp"]),
    ("sandbox --kernel ", ["uml", "host"]),
    ("apply --dr", ["--dry-run"]),
    ("apply --dry-run --dr", []),
    ("vip ", ["ls", "add", "rm", "sync"]),
    ("vip add ", ["192.0.2.10", "2001:db8::10"]),
    ("vip rm 192.0.2.10 ", ["2001:db8::10"]),
    ("vip sync --device ", ["lo", "eth0"]),
    ("vip --netns b", ["blue"]),
    ("vip ls --netns b", ["blue"]),
])  # fmt: skip
def test_verbs(line, expected):
    assert words(line) == expected


@pytest.mark.parametrize(("line", "expected"), [
    ("--netn", ["--netns"]),
    ("--netns ", ["blue", "ingress_sbox"]),
    ("--netns in", ["ingress_sbox"]),
    ("--netns=b", ["--netns=blue"]),
    ("show --netn", ["--netns"]),
    ("show --netns ", ["blue", "ingress_sbox"]),
    ("set 192.0.2.10:80 --netns=", ["--netns=blue", "--netns=ingress_sbox"]),
    ("sandbox --netn", []),
    ("-L --netn", []),
    ("-A --netns ", []),
])  # fmt: skip
def test_network_namespaces(line, expected):
    assert words(line) == expected


@pytest.mark.parametrize(("line", "netns", "rest"), [
    ("--netns blue -D -t ", "blue", "-D -t "),
    ("--netns=blue sh", "blue", "sh"),
    ("show --netns blue fw", "blue", "show fw"),
    ("set 192.0.2.10:80 --netns=blue -", "blue", "set 192.0.2.10:80 -"),
    ("sandbox -- pyipvsadm --netns blue ", None, None),
    ("-L --netns blue ", None, None),
    ("--netns ", None, None),
    ("--netns blue", None, None),
    ("", None, None),
])  # fmt: skip
def test_a_namespace_that_is_named_is_taken_out_of_the_line(line, netns, rest):
    line = line.split(" ")
    assert without_netns(line) == (netns, line if rest is None else rest.split(" "))


def test_inside_of_a_namespace_no_other_is_offered():
    offered = [word for word, _ in complete([""], Machine(), inside=True).offers]
    assert {"show", "-A"} <= set(offered)
    assert not {"sandbox", "--netns"} & set(offered)


def test_of_a_namespace_that_cannot_be_entered_nothing_is_told():
    assert run(["__complete", "--netns", "no-such-namespace", "-D", "-t", ""]).stdout == "words\n"
    assert run(["__complete", "show", "--netns=no-such-namespace", "-o", "t"]).stdout == "words\ntable\n"


@pytest.mark.parametrize(("line", "then", "start"), [
    ("apply ", FILES, 0),
    ("check --trial table", FILES, 0),
    ("sandbox --write ", DIRECTORIES, 0),
    ("sandbox ", COMMAND, 1),
    ("sandbox -- pyipvsadm -L", COMMAND, 2),
    ("sandbox --write out --timeout=3 sh -c ", COMMAND, 4),
    ("sandbox --memory ", "", 0),
])  # fmt: skip
def test_what_the_shell_completes_by_itself(line, then, start):
    answer = complete(line.split(" "), Machine())
    assert (answer.then, answer.start, answer.offers) == (then, start, ())


def test_explanations():
    assert explained("-D -t 192")["192.0.2.10:80"] == "wlc, persistence 300"
    assert explained("-d -t 192.0.2.10:80 -r ") == {
        "10.2.0.2:8080": "masquerade, weight 3",
        "10.2.0.3:8080": "tunnel, weight 1, tunnel gue:6080:none",
    }
    assert explained("-S --")["--numeric"] == "show addresses and ports as numbers"
    assert explained("sh")["show"] == "Show the current table"
    assert all("\n" not in help and "\t" not in help for help in explained("").values())


def test_without_privilege_there_is_nothing_live_and_everything_else():
    assert words("-D -t ", privilege=False) == words("show fw", privilege=False) == []
    assert words("-d -t 192.0.2.10:80 -r ", privilege=False) == words("--set ", privilege=False) == []
    assert words("-A -s wl", privilege=False) == ["wlc"]


def test_the_answer_as_shells_read_it():
    assert run(["__complete", "-S", "--"]).stdout.splitlines() == [
        "words",
        "--numeric\tshow addresses and ports as numbers",
        "--nosort\tlist services and servers in the kernel's order",
        "--all\talso save timeouts and daemons (not in ipvsadm)",
        "--no-pager\tdon't send a long list through a pager (not in ipvsadm)",
    ]
    assert run(["__complete", "sandbox", "--", "ls", ""]).stdout == "command 2\n"
    assert run(["__complete", "check", ""]).stdout == "files\n"
    assert run(["__complete"]).stdout.startswith("words\n")


@pytest.mark.parametrize(
    "line", ["\udcff -", "-A -t \udcff -r \x00", "set [ ", "-d -t [ -r ", "-f 99999999999 -6 ", "-" * 999]
)
def test_whatever_is_typed_there_is_an_answer(line):
    assert run(["__complete", *line.split(" ")]).status == 0
