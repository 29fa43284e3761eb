"""What `-S` prints: ipvsadm's lines, and what is ours beyond them; and that a restore reads it all back."""

from __future__ import annotations

import pytest

from pyipvsadm.grammar import parse
from pyipvsadm.grammar.input_lines import words
from pyipvsadm.listing import rules
from pyipvsadm.model import Command, Daemon, Server, Service, Timeouts

from .fakes import NAMES, FakeNames
from .test_listing import LOCAL, MASQ, ROUTE, TUNNEL, grouped, ip, server, service


def saved(table, names=None):
    return "".join(rules.table(grouped(table), names))


HTTP, SCTP = service("10.1.0.100", 80, "rr"), service("10.1.0.100", 9999, "lc", 132)
MARK6 = Service(af=10, fwmark=5, scheduler="mh")
TABLE = [
    (HTTP, [server("10.2.0.2", 8080, weight=3)]),
    (service("10.1.0.100", 443, flags=1, timeout=300, netmask=0xFFFFFF00), []),
    (service("10.1.0.100", 53, protocol=17, flags=4), []),
    (service("10.1.0.100", 5060, "rr", 17, flags=1, timeout=60, engine="sip"), []),
    (service("10.1.0.100", 5353, "sh", 17, flags=24), []),
    (SCTP, [server("10.2.0.2", 9999, ROUTE), server("10.2.0.3", 9999, TUNNEL, tunnel_type=2, tunnel_flags=1)]),
    (service("2001:db8:1::100", 80, "rr", flags=1, timeout=90, netmask=64), []),
    (MARK6, [
        server("10.2.0.2", 0, TUNNEL),
        server("2001:db8:2::2", 0, TUNNEL, tunnel_type=1, tunnel_port=6080, tunnel_flags=2),
    ]),
]  # fmt: skip
LINES = """\
-A -t 10.1.0.100:80 -s rr
-a -t 10.1.0.100:80 -r 10.2.0.2:8080 -m -w 3
-A -t 10.1.0.100:443 -s wlc -p 300 -M 255.255.255.0
-A -u 10.1.0.100:53 -s wlc -o
-A -u 10.1.0.100:5060 -s rr -p 60 --pe sip
-A -u 10.1.0.100:5353 -s sh -b sh-fallback,sh-port
-A --sctp-service 10.1.0.100:9999 -s lc
-a --sctp-service 10.1.0.100:9999 -r 10.2.0.2:9999 -g -w 1
-a --sctp-service 10.1.0.100:9999 -r 10.2.0.3:9999 -i -w 1 --tun-type gre --tun-csum
-A -t [2001:db8:1::100]:80 -s rr -p 90 -M 64
-A -f 5 -6 -s mh
-a -f 5 -6 -r 10.2.0.2:0 -i -w 1 --tun-type ipip
-a -f 5 -6 -r [2001:db8:2::2]:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum
"""


def test_the_table_that_was_captured():
    assert saved(TABLE) == LINES


@pytest.mark.parametrize(("of", "line"), [
    (service("10.0.0.1", 80, engine="sip"), "-A -t 10.0.0.1:80 -s wlc --pe sip"),
    (service("10.0.0.1", 80, netmask=0xFF000000), "-A -t 10.0.0.1:80 -s wlc"),
    (service("10.0.0.1", 80, "none"), "-A -t 10.0.0.1:80 -s none"),
    (service("10.0.0.1", 80, "rr", flags=32), "-A -t 10.0.0.1:80 -s rr -b flag-3"),
    (service("10.0.0.1", 80, protocol=1), "-A --xxx-service 10.0.0.1:80 -s wlc"),
    (service("10.0.0.1", 0, flags=1, timeout=5), "-A -t 10.0.0.1:0 -s wlc -p 5"),
    (service("10.0.0.1", 53, "mh", 17, flags=61, timeout=9, netmask=24, engine="sip"),
     "-A -u 10.0.0.1:53 -s mh -p 9 -M 0.0.0.24 --pe sip -o -b mh-fallback,mh-port,flag-3"),
    # What ipvsadm loses, or writes so that it can't be read.
    (service("10.0.0.1", 80, "sh", flags=32), "-A -t 10.0.0.1:80 -s sh -b flag-3"),
    (Service(fwmark=2**31, scheduler="rr"), "-A -f 2147483648 -s rr"),
    (Service(af=10, fwmark=2**32 - 1, scheduler="rr"), "-A -f 4294967295 -6 -s rr"),
])  # fmt: skip
def test_the_line_of_a_service(of, line):
    assert saved([(of, [])]) == line + "\n"


@pytest.mark.parametrize(("who", "rest"), [
    (server("10.0.0.2", 80), "-r 10.0.0.2:80 -m -w 1"),
    (server("10.0.0.2", 80, LOCAL), "-r 10.0.0.2:80 -g -w 1"),
    (server("10.0.0.2", 80, ROUTE, weight=0), "-r 10.0.0.2:80 -g -w 0"),
    (server("10.0.0.2", 80, 5), "-r 10.0.0.2:80 (null) -w 1"),
    (server("10.0.0.2", 80, MASQ, tunnel_type=2), "-r 10.0.0.2:80 -m -w 1"),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=2), "-r 10.0.0.2:80 -i -w 1 --tun-type gre --tun-nocsum"),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=1, tunnel_port=9),
     "-r 10.0.0.2:80 -i -w 1 --tun-type gue --tun-port 9 --tun-nocsum"),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=3), "-r 10.0.0.2:80 -i -w 1"),
    (server("2001:db8::2", 80, TUNNEL), "-r [2001:db8::2]:80 -i -w 1 --tun-type ipip"),
    # Thresholds, which ipvsadm reads, and doesn't save.
    (server("10.0.0.2", 80, upper_threshold=10), "-r 10.0.0.2:80 -m -w 1 -x 10"),
    (server("10.0.0.2", 80, lower_threshold=5, upper_threshold=10), "-r 10.0.0.2:80 -m -w 1 -x 10 -y 5"),
    (server("10.0.0.2", 80, TUNNEL, upper_threshold=1), "-r 10.0.0.2:80 -i -w 1 -x 1 --tun-type ipip"),
])  # fmt: skip
def test_the_line_of_a_server(who, rest):
    assert saved([(HTTP, [who])]).splitlines()[1] == f"-a -t 10.1.0.100:80 {rest}"


HOSTS = FakeNames(
    hosts={
        "vip.example": ip("192.0.2.1"), "long-" * 15 + "name": ip("192.0.2.2"), "v6.example": ip("2001:db8::1"),
        "-dash": ip("192.0.2.4"), "two words": ip("192.0.2.5"),
    },
    services={("http", "tcp"): 80, ("domain", "udp"): 53, ("-x", "tcp"): 90},
)  # fmt: skip


class OneWay(FakeNames):
    """A resolver whose names lead elsewhere."""

    def address(self, host):
        return ip("203.0.113.1")

    def port(self, service, protocol):
        return 1


@pytest.mark.parametrize(("names", "of", "text"), [
    (HOSTS, service("192.0.2.1", 80), "-t vip.example:http"),
    (HOSTS, service("192.0.2.1", 53), "-t vip.example:53"),
    (HOSTS, service("192.0.2.1", 53, protocol=17), "-u vip.example:domain"),
    (HOSTS, service("192.0.2.3", 80), "-t 192.0.2.3:http"),
    (HOSTS, service("192.0.2.2", 80), "-t " + "long-" * 15 + "name:http"),  # in full: cut, it wouldn't read back
    # What doesn't read back is written in numbers.
    (HOSTS, service("2001:db8::1", 80), "-t [2001:db8::1]:http"),
    (HOSTS, service("192.0.2.4", 90), "-t 192.0.2.4:90"),
    (HOSTS, service("192.0.2.5", 80), "-t 192.0.2.5:http"),
    (OneWay({"vip.example": ip("192.0.2.1")}, {("http", "tcp"): 80}), service("192.0.2.1", 80), "-t 192.0.2.1:80"),
])  # fmt: skip
def test_names_are_written_where_they_read_back(names, of, text):
    assert saved([(of, [])], names) == f"-A {text} -s wlc\n"


def test_a_mark_s_servers_have_ports_in_digits():
    assert saved([(Service(fwmark=1, scheduler="rr"), [server("192.0.2.1", 80)])], HOSTS).splitlines()[1] == (
        "-a -f 1 -r vip.example:80 -m -w 1"
    )


def test_timeouts_and_daemons_on_request():
    assert rules.timeouts(Timeouts(tcp=900, tcpfin=120, udp=300)) == "--set 900 120 300\n"
    daemons = [
        Daemon(state=1, interface="eth0", syncid=3, maxlen=1472, group=ip("224.0.0.81"), port=8848, ttl=1),
        Daemon(state=2, interface="lo", syncid=0, group=ip("ff02::81")),
    ]
    assert rules.daemons(daemons) == (
        "--start-daemon master --mcast-interface eth0 --syncid 3 --sync-maxlen 1472 --mcast-group 224.0.0.81"
        " --mcast-port 8848 --mcast-ttl 1\n"
        "--start-daemon backup --mcast-interface lo --syncid 0 --mcast-group ff02::81\n"
    )
    for line, daemon in zip(rules.daemons(daemons).splitlines(), daemons, strict=True):
        assert parse(line.split(), NAMES) == Command(verb="start-daemon", daemon=daemon)


FULL = [
    *TABLE,
    (service("10.0.0.1", 80, "sh", flags=32), [server("10.0.0.2", 81, upper_threshold=2**31 - 1, lower_threshold=1)]),
    (Service(fwmark=2**32 - 1, scheduler="rr", flags=5, timeout=2678400, netmask=0), [server("10.0.0.2", 65535)]),
    (service("::", 1, "mh", 132, flags=56), []),
    (service("10.0.0.1", 0, flags=1, timeout=1, engine="sip"), [server("10.0.0.2", 0, ROUTE)]),
]


def test_what_is_saved_reads_back_as_the_same_table():
    expected = []
    for of, servers in FULL:
        expected.append(Command(verb="add-service", service=of))
        key = Service(af=of.af, protocol=of.protocol, address=of.address, port=of.port, fwmark=of.fwmark)
        expected += [Command(verb="add-server", service=key, server=Server(**who.asdict())) for who in servers]
    found = [parse(words(line), NAMES) for line in saved(FULL).splitlines()]
    assert found == expected
