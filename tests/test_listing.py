"""Lists, byte for byte, as ipvsadm 1.31 was seen to print them."""

from __future__ import annotations

from socket import AF_INET6, inet_pton

import pytest

from pyipvsadm import listing
from pyipvsadm.listing import service_lines, service_sums
from pyipvsadm.model import Daemon, Info, Listing, Server, Service, Stats, Timeouts

from .fakes import FakeNames


def ip(text):
    return inet_pton(AF_INET6, text) if ":" in text else bytes(map(int, text.split(".")))


def service(address, port, scheduler="wlc", protocol=6, **more):
    packed = ip(address)
    return Service(
        af=2 if len(packed) == 4 else 10, protocol=protocol, address=packed, port=port, scheduler=scheduler, **more
    )


def server(address, port, forwarding=0, weight=1, active=0, inactive=0, **more):
    return Server(
        address=ip(address), port=port, forwarding=forwarding, weight=weight, active=active, inactive=inactive, **more
    )


MASQ, LOCAL, TUNNEL, ROUTE = range(4)
HTTP = service("10.1.0.100", 80, "rr")
HTTPS = service("10.1.0.100", 443, flags=1, timeout=300, netmask=0xFFFFFF00)
TABLE = [  # in the order in which they are listed
    (HTTP, [server("10.2.0.2", 8080, weight=3, active=1, inactive=1), server("10.2.0.3", 8080, active=2)]),
    (HTTPS, [server("10.2.0.2", 8443, active=1)]),
    (service("10.1.0.100", 53, protocol=17, flags=4), [server("10.2.0.2", 53)]),
    (service("10.1.0.100", 5060, "rr", 17, flags=1, timeout=60, engine="sip"), [server("10.2.0.2", 5060, inactive=1)]),
    (service("10.1.0.100", 5353, "sh", 17, flags=24), [server("10.2.0.2", 5353, inactive=1)]),
    (service("10.1.0.100", 9999, "lc", 132), [
        server("10.2.0.2", 9999, ROUTE), server("10.2.0.3", 9999, TUNNEL), server("127.0.0.1", 9999, ROUTE, weight=0),
    ]),
    (service("2001:db8:1::100", 80, "rr", flags=1, timeout=90, netmask=64), [server("2001:db8:2::2", 8080, active=1)]),
    (Service(fwmark=5, scheduler="rr", flags=1, timeout=120), [server("10.2.0.3", 8080, weight=2, active=1)]),
    (Service(af=10, fwmark=5, scheduler="mh"), [server("10.2.0.2", 0, TUNNEL), server("2001:db8:2::2", 0, TUNNEL)]),
]  # fmt: skip
PLAIN = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.1.0.100:80 rr
  -> 10.2.0.2:8080                Masq    3      1          1         |
  -> 10.2.0.3:8080                Masq    1      2          0         |
TCP  10.1.0.100:443 wlc persistent 300 mask 255.255.255.0
  -> 10.2.0.2:8443                Masq    1      1          0         |
UDP  10.1.0.100:53 wlc ops
  -> 10.2.0.2:53                  Masq    1      0          0         |
UDP  10.1.0.100:5060 rr persistent 60 pe sip
  -> 10.2.0.2:5060                Masq    1      0          1         |
UDP  10.1.0.100:5353 sh (sh-fallback,sh-port)
  -> 10.2.0.2:5353                Masq    1      0          1         |
SCTP 10.1.0.100:9999 lc
  -> 10.2.0.2:9999                Route   1      0          0         |
  -> 10.2.0.3:9999                Tunnel  1      0          0         |
  -> 127.0.0.1:9999               Route   0      0          0         |
TCP  [2001:db8:1::100]:80 rr persistent 90 mask 64
  -> [2001:db8:2::2]:8080         Masq    1      1          0         |
FWM  5 rr persistent 120
  -> 10.2.0.3:8080                Masq    2      1          0         |
FWM  5 IPv6 mh
  -> 10.2.0.2:0                   Tunnel  1      0          0         |
  -> [2001:db8:2::2]:0            Tunnel  1      0          0         |
"""  # a bar stands behind the blanks that end a line


def grouped(table):
    """`table` as the lists take it, in groups of two services."""
    pairs = [table[start : start + 2] for start in range(0, len(table), 2)]
    return [([service for service, _ in pair], [servers for _, servers in pair]) for pair in pairs]


def listed(table, names=None, info=None, **how):
    how = Listing(**how)
    return listing.header(info, how) + "".join(service_lines.table(grouped(table), how, names))


def test_the_whole_table():
    info = Info(version=0x010201, size=4096)
    assert listed(TABLE, info=info) == PLAIN.replace("|\n", "\n")


STATS = """\
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.1.0.100:80                       4       18       13      988      728
  -> 10.2.0.2:8080                       2       10        7      546      390
  -> 10.2.0.3:8080                       2        8        6      442      338
FWM  5 IPv6                              0        0        0        0        0
"""
RATE = """\
Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
  -> RemoteAddress:Port
TCP  10.1.0.100:80                       0        1        1       69       51
  -> 10.2.0.2:8080                       0        1        0       38       27
"""
THRESHOLDS = """\
Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn |
  -> RemoteAddress:Port
TCP  10.1.0.100:80 rr
  -> 10.2.0.2:8080                100        50         1          1         |
"""
PERSISTENT = """\
Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn |
  -> RemoteAddress:Port
TCP  10.1.0.100:443 wlc persistent 300 mask 255.255.255.0
  -> 10.2.0.2:8443                1         1           1          0         |
"""
TUNNELS = """\
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
SCTP 10.1.0.100:9999 lc
  -> 10.2.0.2:9999                Route   n/a           1      0          0         |
  -> 10.2.0.3:9999                Tunnel  gre:+c        1      0          0         |
FWM  5 IPv6 mh
  -> 10.2.0.2:0                   Tunnel  ipip          1      0          0         |
  -> [2001:db8:2::2]:0            Tunnel  gue:6080:r+c  1      0          0         |
"""


def counted(*values, rates=()):
    return Stats.make((*(values or (0,) * 5), *(rates or (0,) * 5)))


@pytest.mark.parametrize(("how", "table", "text"), [
    ({"stats": True}, [
        (HTTP.replace(stats=counted(4, 18, 13, 988, 728)), [
            server("10.2.0.2", 8080, stats=counted(2, 10, 7, 546, 390)),
            server("10.2.0.3", 8080, stats=counted(2, 8, 6, 442, 338)),
        ]),
        (Service(af=10, fwmark=5, scheduler="mh", stats=Stats()), []),
    ], STATS),
    ({"rate": True}, [
        (HTTP.replace(stats=counted(rates=(0, 1, 1, 69, 51))), [
            server("10.2.0.2", 8080, stats=counted(rates=(0, 1, 0, 38, 27))),
        ]),
    ], RATE),
    ({"thresholds": True}, [
        (HTTP, [server("10.2.0.2", 8080, weight=3, active=1, inactive=1, upper_threshold=100, lower_threshold=50)]),
    ], THRESHOLDS),
    ({"persistent_conn": True}, [(HTTPS, [server("10.2.0.2", 8443, active=1, persistent=1)])], PERSISTENT),
    ({"tun_info": True}, [
        (service("10.1.0.100", 9999, "lc", 132), [
            server("10.2.0.2", 9999, ROUTE),
            server("10.2.0.3", 9999, TUNNEL, tunnel_type=2, tunnel_flags=1),
        ]),
        (Service(af=10, fwmark=5, scheduler="mh"), [
            server("10.2.0.2", 0, TUNNEL),
            server("2001:db8:2::2", 0, TUNNEL, tunnel_type=1, tunnel_port=6080, tunnel_flags=2),
        ]),
    ], TUNNELS),
])  # fmt: skip
def test_the_other_columns(how, table, text):
    assert listed(table, **how) == text.replace("|\n", "\n")


@pytest.mark.parametrize(("how", "text"), [
    ({}, """\
Prot LocalAddress:Port            Scheduler  Servers      Weight  ActiveConn   InActConn
TCP  10.1.0.100:80                rr             1/3           4           7           9
FWM  5 IPv6                       mh             0/0           0           0           0
"""),
    ({"rate": True}, """\
Prot LocalAddress:Port            Scheduler  Servers         CPS       InPPS      OutPPS       InBPS      OutBPS
TCP  10.1.0.100:80                rr             1/3           0           1           1          69     500000K
FWM  5 IPv6                       mh             0/0           0           0           0           0           0
"""),
])  # fmt: skip
def test_a_brief_list_has_a_line_for_each_service(how, text):
    servers = [
        server("10.2.0.2", 80, weight=4, active=5, inactive=9),
        server("10.2.0.3", 80, weight=0, active=1),
        server("10.2.0.4", 80, weight=0, active=1),
    ]
    table = [
        (HTTP.replace(stats=counted(rates=(0, 1, 1, 69, 500_000_000))), servers),
        (Service(af=10, fwmark=5, scheduler="mh", stats=Stats()), []),
    ]
    listing = Listing(brief=True, numeric=True, **how)
    assert service_sums.header(None, listing) + "".join(service_sums.table(grouped(table), listing, None)) == text


@pytest.mark.parametrize("how", [
    {}, {"stats": True}, {"rate": True}, {"thresholds": True}, {"persistent_conn": True}, {"tun_info": True},
])  # fmt: skip
def test_an_empty_table_has_its_headers(how):
    text = listed([], info=Info(version=0x010201, size=4096), **how)
    assert text.startswith("IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port")
    assert text.count("\n") == 3


@pytest.mark.parametrize(("how", "head"), [
    ({"stats": True, "rate": True, "thresholds": True, "persistent_conn": True, "tun_info": True}, "Conns"),
    ({"rate": True, "thresholds": True, "persistent_conn": True, "tun_info": True}, "CPS"),
    ({"thresholds": True, "persistent_conn": True, "tun_info": True}, "Uthreshold"),
    ({"persistent_conn": True, "tun_info": True}, "PersistConn"),
    ({"tun_info": True}, "TunnelInfo"),
    ({"exact": True, "nosort": True}, "Scheduler Flags"),
])  # fmt: skip
def test_the_first_of_several_columns_wins(how, head):
    assert head in listed([], **how)


@pytest.mark.parametrize(("value", "scaled", "exact"), [
    (0, "        0", "        0"),
    (12345678, " 12345678", " 12345678"),
    (99_999_999, " 99999999", " 99999999"),
    (100_000_000, "  100000K", " 100000000"),
    (999_999_999, "  999999K", " 999999999"),
    (10**9, "    1000M", " 1000000000"),
    (4294967295, "    4294M", " 4294967295"),
    (10**11 - 1, "   99999M", " 99999999999"),
    (10**11, "     100G", " 100000000000"),
    (10**14 - 1, "   99999G", " 99999999999999"),
    (10**14, "     100T", " 100000000000000"),
    (2**64 - 1, "18446744T", " 18446744073709551615"),
])  # fmt: skip
def test_the_scale_of_counters(value, scaled, exact):
    one = [(HTTP.replace(stats=counted(value, 1, 2, 3, 4)), [server("10.2.0.2", 80, stats=counted(5, 6, 7, 8, value))])]
    start, rest = "TCP  10.1.0.100:80".ljust(33), "        1        2        3        4\n"
    end = "  -> " + "10.2.0.2:80".ljust(28) + "        5        6        7        8"
    assert listed(one, stats=True).split("Port\n", 2)[-1] == f"{start}{scaled}{rest}{end}{scaled}\n"
    assert listed(one, stats=True, exact=True).split("Port\n", 2)[-1] == f"{start}{exact}{rest}{end}{exact}\n"


def test_the_rates_of_servers_scale_in_their_last_two_columns_alone():
    big = counted(rates=(10**9,) * 5)
    rows = listed([(HTTP.replace(stats=big), [server("10.2.0.2", 80, stats=big)])], rate=True).splitlines()[2:]
    assert rows == [
        "TCP  10.1.0.100:80".ljust(33) + "    1000M" * 5,
        "  -> " + "10.2.0.2:80".ljust(28) + " 1000000000" * 3 + "    1000M" * 2,
    ]


@pytest.mark.parametrize(("of", "text"), [
    (service("10.0.0.1", 80, protocol=1), "?    10.0.0.1:80 wlc"),
    (Service(fwmark=2**31, scheduler="wlc"), "FWM  2147483648 wlc"),  # ipvsadm: -2147483648
    (Service(fwmark=2**32 - 1, scheduler="wlc"), "FWM  4294967295 wlc"),
    (service("10.0.0.1", 80, "none"), "TCP  10.0.0.1:80 none"),
    (service("10.0.0.1", 80, "rr", flags=56), "TCP  10.0.0.1:80 rr (flag-1,flag-2,flag-3)"),
    (service("10.0.0.1", 80, "rr", flags=16), "TCP  10.0.0.1:80 rr (flag-2)"),
    (service("10.0.0.1", 80, "mh", flags=24), "TCP  10.0.0.1:80 mh (mh-fallback,mh-port)"),
    (service("10.0.0.1", 80, "sh", flags=48), "TCP  10.0.0.1:80 sh (sh-port)"),
    (service("10.0.0.1", 80, "sh", flags=32), "TCP  10.0.0.1:80 sh ()"),
    (service("10.0.0.1", 80, engine="sip"), "TCP  10.0.0.1:80 wlc"),  # without persistence it isn't shown
    (service("10.0.0.1", 80, netmask=0xFF000000), "TCP  10.0.0.1:80 wlc"),
    (service("10.0.0.1", 80, flags=1, timeout=1, netmask=24), "TCP  10.0.0.1:80 wlc persistent 1 mask 0.0.0.24"),
    (service("10.0.0.1", 80, flags=1, timeout=1, netmask=0), "TCP  10.0.0.1:80 wlc persistent 1 mask 0.0.0.0"),
    (service("::1", 80, "sh", 17, flags=45, timeout=5, netmask=1, engine="sip"),
     "UDP  [::1]:80 sh (sh-fallback) persistent 5 mask 1 pe sip ops"),
])  # fmt: skip
def test_the_line_of_a_service(of, text):
    assert listed([(of, [])]).splitlines()[2] == text


@pytest.mark.parametrize(("of", "text"), [
    (server("10.0.0.2", 80, LOCAL), "Local   n/a           1      0          0         "),
    (server("10.0.0.2", 80, 4), "(null)  n/a           1      0          0         "),
    (server("10.0.0.2", 80, 7), "(null)  n/a           1      0          0         "),
    (server("10.0.0.2", 80, MASQ, tunnel_type=1), "Masq    n/a           1      0          0         "),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=1, tunnel_port=1),
     "Tunnel  gue:1:-c      1      0          0         "),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=1, tunnel_port=65535, tunnel_flags=2),
     "Tunnel  gue:65535:r+c 1      0          0         "),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=2), "Tunnel  gre:-c        1      0          0         "),
    (server("10.0.0.2", 80, TUNNEL, tunnel_type=3), "Tunnel  n/a           1      0          0         "),
    (server("10.0.0.2", 80, weight=2**31 - 1, active=2**32 - 1, inactive=10**9),
     "Masq    n/a           2147483647 4294967295 1000000000"),
])  # fmt: skip
def test_the_line_of_a_server(of, text):
    assert listed([(HTTP, [of])], tun_info=True).splitlines()[3] == "  -> 10.0.0.2:80                  " + text


HOSTS = FakeNames(
    hosts={
        "vip.example": ip("192.0.2.1"),
        "a-rather-long-host-name-for-a-virtual-service.example": ip("192.0.2.2"),
        "exactly-24-characters-xx": ip("192.0.2.3"),
        "x" * 70: ip("192.0.2.4"),
        "v6host.example": ip("2001:db8::1"),
        "y" * 70: ip("2001:db8::2"),
    },
    services={("http", "tcp"): 80, ("domain", "udp"): 53},
)


@pytest.mark.parametrize(("of", "text"), [
    (service("192.0.2.1", 80), "TCP  vip.example:http wlc"),
    (service("192.0.2.1", 81), "TCP  vip.example:81 wlc"),
    (service("192.0.2.1", 80, protocol=17), "UDP  vip.example:80 wlc"),
    (service("192.0.2.1", 53, protocol=17), "UDP  vip.example:domain wlc"),
    (service("192.0.2.9", 80), "TCP  192.0.2.9:http wlc"),
    (service("192.0.2.2", 80), "TCP  a-rather-long-host-name-for- wlc"),
    (service("192.0.2.3", 80), "TCP  exactly-24-characters-xx:htt wlc"),
    (service("2001:db8::1", 80), "TCP  [v6host.example]:http wlc"),
    (service("2001:db8::2", 80), f"TCP  [{'y' * 58} wlc"),
])  # fmt: skip
def test_names_in_place_of_numbers(of, text):
    assert listed([(of, [])], HOSTS).splitlines()[2] == text


@pytest.mark.parametrize(("of", "who", "text"), [
    (HTTP, server("192.0.2.1", 80), "vip.example:http            "),
    (HTTP, server("192.0.2.2", 80), "a-rather-long-host-name-for-"),
    (HTTP, server("192.0.2.3", 80), "exactly-24-characters-xx:htt"),
    (HTTP, server("2001:db8::1", 80, TUNNEL), "[v6host.example]:http       "),
    (HTTP, server("2001:db8::2", 80, TUNNEL), "[" + "y" * 58),
    (Service(fwmark=5, scheduler="rr"), server("192.0.2.1", 80), "vip.example:80              "),
])  # fmt: skip
def test_names_of_servers_are_cut_for_ipv4_and_push_the_columns_for_ipv6(of, who, text):
    row = listed([(of, [who])], HOSTS).splitlines()[3]
    assert row.startswith(f"  -> {text} {'Masq' if who.forwarding == MASQ else 'Tunnel'} ")


def test_the_timeouts():
    assert service_lines.timeouts(Timeouts(tcp=900, tcpfin=120, udp=300)) == "Timeout (tcp tcpfin udp): 900 120 300\n"


@pytest.mark.parametrize(("daemons", "text"), [
    ([], ""),
    ([Daemon(state=1, interface="lo", syncid=0, maxlen=1472, group=ip("224.0.0.81"), port=8848, ttl=1)],
     "master sync daemon (mcast=lo, syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n"),
    ([Daemon(state=1, interface="eth0", syncid=7), Daemon(state=2, interface="eth1", syncid=255, group=ip("ff02::81"))],
     "master sync daemon (mcast=eth0, syncid=7)\nbackup sync daemon (mcast=eth1, syncid=255, group=ff02::81)\n"),
])  # fmt: skip
def test_the_daemons(daemons, text):
    assert service_lines.daemons(daemons) == text
