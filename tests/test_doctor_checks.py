"""Each check of doctor, from snapshots made by hand: what makes it speak, and that it is silent of the healthy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pyipvsadm.network.facts import IFA_F_DADFAILED, Address, Link, Neighbour
from pyipvsadm.network.routes import Route
from pyipvsadm.verbs.doctor.checks import CHECKS
from pyipvsadm.verbs.doctor.firewall import iptables
from pyipvsadm.verbs.doctor.firewall.chains import Firewall
from pyipvsadm.verbs.doctor.snapshot import Snapshot
from pyipvsadm.verbs.doctor.snapshot_values import (
    Arrival,
    Connection,
    Connections,
    Counters,
    Daemon,
    Listener,
    ManagerFile,
    Modules,
    Server,
    Service,
    Standing,
    TableStatus,
    Timeouts,
    Tunnel,
)
from pyipvsadm.verbs.doctor.verdict import judge

VIP, VIP6, ONE, TWO, CLIENT = "192.0.2.10", "2001:db8::10", "10.2.0.2", "10.2.0.3", "198.51.100.7"
UP, NO_CARRIER = 0x11043, 0x1003  # up, broadcast, multicast; the first is running, and its link is there
SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/tcp_keepalive_time": "600",
    "net/ipv4/ip_local_port_range": "32768 60999",
    "net/ipv4/ip_local_reserved_ports": "",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/all/disable_ipv6": "0",
    "net/netfilter/nf_conntrack_count": "10",
    "net/netfilter/nf_conntrack_max": "1000",
    **{f"net/ipv4/conf/{device}/forwarding": "1" for device in ("all", "eth0", "eth1")},
    **{f"net/ipv4/conf/{device}/rp_filter": "0" for device in ("all", "eth0", "eth1", "tunl0")},
    **{f"net/ipv4/conf/{device}/arp_ignore": "1" for device in ("all", "eth0", "eth1", "tunl0")},
    **{f"net/ipv4/conf/{device}/arp_announce": "2" for device in ("all", "eth0", "eth1", "tunl0")},
    **{f"net/ipv4/conf/{device}/send_redirects": "0" for device in ("all", "eth0", "eth1")},
    **{f"net/ipv4/vs/{name}": "0" for name in (
        "backup_only", "conntrack", "drop_entry", "drop_packet", "secure_tcp", "expire_nodest_conn",
        "expire_quiescent_template", "conn_reuse_mode",
    )},
    "net/ipv4/vs/pmtu_disc": "1",
}  # fmt: skip
CROWDED = TableStatus(  # as Linux 7.2.7 told it of 20,000 connections
    20_000, 4096, 12, -4, {1: 2, 2: 13, 3: 36, 4: 102, 5: 189, 6: 281, 7: 3473}, threads=4, estimators=9_499_200
)
SERVICE = Service(f"{VIP}:80/tcp", "rr", servers=(Server(ONE, 8080, "masquerade"), Server(TWO, 8080, "masquerade")))
HEALTHY = Snapshot(
    taken="2026-01-01T00:00:00+00:00",
    kernel="6.1.0-18-amd64",
    watched=3,
    standing=Standing(privileged=True),
    sysctls=SYSCTLS,
    modules=Modules(("ip_vs", "ip_vs_rr"), ("ip_vs", "ip_vs_wlc")),
    ipvs=True,
    table_size=4096,
    services=(SERVICE,),
    timeouts=Timeouts(900, 120, 300),
    daemons=(),
    links=(
        Link(1, "lo", "", 0x49, 65536),
        Link(2, "eth0", "", UP, 1500),
        Link(3, "eth1", "", UP, 1600),
        Link(4, "kube-ipvs0", "dummy", 0x82, 1500),
    ),
    addresses=(
        Address("192.0.2.1", 24, "eth0"),
        Address("10.2.0.1", 24, "eth1"),
        Address(VIP, 32, "kube-ipvs0"),
    ),
    neighbours=(Neighbour(ONE, "eth1", "reachable"),),
    routes={
        VIP: Route("local", "lo"),
        VIP6: Route("local", "lo"),
        ONE: Route("unicast", "eth1", source="10.2.0.1"),
        TWO: Route("unicast", "eth1", source="10.2.0.1"),
        "2001:db8:2::2": Route("unicast", "eth1", source="2001:db8:2::1"),
        "10.2.0.1": Route("local", "lo"),
        "10.9.0.2": Route("unicast", "eth1", "10.2.0.254", "10.2.0.1"),
        "10.2.0.77": Route("unicast", "eth1"),
        CLIENT: Route("unicast", "eth0", "192.0.2.254", "192.0.2.1"),
    },
    connections=(Connection("tcp", CLIENT, VIP, 80, ONE, 8080, "ESTABLISHED"),),
    connection_count=1,
    arrivals=(Arrival("eth0", CLIENT, SERVICE.service, 3),),
    listeners=(Listener("tcp", "192.0.2.1", 22),),
    managers=(),
    firewall=Firewall(),
)


def rules(text, family="ip"):
    """A firewall of these lines of iptables-save."""
    return Firewall(iptables.chains(text, "iptables" if family == "ip" else "ip6tables", family))


def table(*services):
    return {"services": services}


def sysctls(**changes):
    return {"sysctls": {**SYSCTLS, **{f"net/{name.replace('__', '/')}": value for name, value in changes.items()}}}


def server(address=ONE, port=80, forwarding="direct", **settings):
    return Server(address, port, forwarding, **settings)


def with_server(*servers, **settings):
    return {**table(replace(SERVICE, servers=servers, **settings))}


def connection(client, to=ONE, state="ESTABLISHED"):
    return Connection("tcp", client, VIP, 80, to, 8080, state)


BUSY = Counters(9, 90, 0)
UDP = Service(f"{VIP}:53/udp", "rr", servers=(Server(ONE, 53, "masquerade"),))
MARKED = Service("fwmark:7", "rr", servers=(Server(ONE, 80, "masquerade"),))
SIX = Service(f"[{VIP6}]:80/tcp", "rr", servers=(Server("2001:db8:2::2", 80, "masquerade"),))
SIX_ADDRESS = Address(VIP6, 128, "eth0", preferred=0)
BACKUP = (Daemon("backup", "eth0"),)
MASQUERADE = "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -d 10.2.0.0/16 -j MASQUERADE\n"
MARK = "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 192.0.2.20/32 -p tcp -j MARK --set-xmark 0x7/0xffffffff\n"
FILTER = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
UNTRACKED = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {} -j {}\nCOMMIT\n"
FROM_SERVERS, TO_SERVICE = "-s 10.2.0.0/24 -p tcp -m tcp --sport 8080", "-d 192.0.2.10/32 -p tcp -m tcp --dport 80"
STATEFUL = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
STRICT = STATEFUL.replace("FORWARD ACCEPT", "FORWARD DROP")
TRACKS = {"ipv4__vs__conntrack": "1"}
DROPPING = FILTER.replace("FORWARD ACCEPT", "FORWARD DROP").replace("INPUT ACCEPT", "INPUT DROP")
OPEN_INPUT = "-A INPUT -d 192.0.2.10/32 -p tcp -m tcp --dport 80 -j ACCEPT\n"
NAT = "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n"
STUCK = with_server(replace(server(forwarding="masquerade"), counters=BUSY), server(TWO, forwarding="masquerade"))
TUNNELLED = with_server(server(forwarding="tunnel"))
F, W, N = "failure", "warning", "note"

ROWS = [  # a check, what it says, and how the healthy differs
    ("G1", F, {"ipvs": False, "services": None}),
    ("G2", F, {"standing": Standing(), "services": None}),
    ("G2", F, {"services": None, "unseen": {"services": "Permission denied"}}),  # root of a container, in another's net
    ("G2", F, {"services": None, "unseen": {"services": "no netlink"}}),
    ("G3", N, {"services": (), "elsewhere": {"77": 3}}),
    ("G4", W, {"modules": Modules(("ip_vs",), None)}),
    ("G5", F, {**table(SIX), **sysctls(ipv6__conf__all__disable_ipv6="1")}),
    ("G5", F, {**table(SIX), "sysctls": {k: v for k, v in SYSCTLS.items() if "ipv6" not in k}}),
    ("G6", F, {"kernel": "5.1.0", **with_server(server(forwarding="tunnel", tunnel=Tunnel("gue", 6080)))}),
    ("G6", F, {"kernel": "5.2.9", **with_server(server(forwarding="tunnel", tunnel=Tunnel("gre")))}),
    ("G7", N, {"managers": ("keepalived",)}),
    ("G7", W, {"managers": ("keepalived", "kube-proxy")}),
    ("G7", N, {"managers": ("keepalived", "dockerd")}),
    ("G17", W, {"manager_files": (ManagerFile("keepalived", "/etc/k.conf", ("- 10.0.0.1:80/tcp  rr",), 1),)}),
    ("G17", W, {"manager_files": (ManagerFile("ldirectord", "/etc/l.cf", unread="it can't be read"),)}),
    ("G17", N, {"manager_files": (ManagerFile("keepalived", "/etc/k.conf", states=2),)}),
    ("G13", N, {"firewall": Firewall(lacking=("nft",))}),
    ("G8", W, {"daemons": BACKUP, **sysctls(ipv4__vs__backup_only="1")}),
    ("G9", N, {"connection_count": 4 * 4096 + 1}),
    ("G14", W, {"status": CROWDED, "table_bits": 12}),
    ("G14", W, {"status": replace(CROWDED, bits=11, load_factor=1), "table_bits": 12}),
    ("G15", W, {"status": TableStatus(connections=950), **sysctls(ipv4__vs__conn_max="1000")}),
    ("G15", W, {"status": TableStatus(), **sysctls(ipv4__vs__conn_max="0")}),
    ("G16", N, {"status": TableStatus(threads=1, estimators=2)}),
    ("G10", W, with_server(*(server(f"10.2.{n >> 8}.{n & 255}", 80, "local") for n in range(20_000)))
        | {"routes": {VIP: Route("local", "lo")} | {f"10.2.{n >> 8}.{n & 255}": Route("local") for n in range(20_000)},
           "connections": (), "arrivals": ()}),
    *(("G11", W, sysctls(**{f"ipv4__vs__{name}": "3"})) for name in ("drop_entry", "drop_packet", "secure_tcp")),
    ("G12", W, sysctls(ipv4__vs__conntrack="1", netfilter__nf_conntrack_count="950")),
    ("V1", F, {"routes": {**HEALTHY.routes, VIP: Route("unicast", "eth0", "192.0.2.254")}}),
    ("V1", F, {"routes": {**HEALTHY.routes, VIP: Route("none", source="Network is unreachable")}}),
    ("V1", N, {"routes": {**HEALTHY.routes, VIP: Route("unicast", "eth0")}, "daemons": BACKUP}),
    ("V2", F, {**table(SIX), "addresses": (replace(SIX_ADDRESS, flags=IFA_F_DADFAILED),)}),
    ("V2", F, {**table(SIX), "addresses": (replace(SIX_ADDRESS, flags=0x40),)}),
    ("V3", W, {**table(SIX), "addresses": (replace(SIX_ADDRESS, preferred=3600),)}),
    ("V4", F, table(MARKED)),
    ("V4", F, {**table(MARKED), "firewall": rules(MARK.replace("0x7/", "0x8/"))}),
    *(("V4", F, {**table(MARKED), "firewall": rules(f"{MARK}-A PREROUTING -p tcp -j MARK --set-xmark {other}\n")})
      for other in ("0x9/0xffffffff", "0x100/0x100")),
    ("V4", F, {**table(MARKED), "firewall": rules(MARK.replace("PREROUTING", "POSTROUTING"))}),
    ("V4", F, {**table(MARKED), "firewall": rules(MARK.replace("PREROUTING", "OUTPUT"))}),
    ("V4", F, {**table(MARKED), "firewall": rules(MARK.replace("PREROUTING ACCEPT", "own -")
                                                  .replace("-A PREROUTING", "-A own"))}),
    ("V4", F, {**table(MARKED), "firewall": rules(MARK.replace("-A PREROUTING", "-A PREROUTING -p tcp -j ACCEPT\n"
                                                               "-A PREROUTING"))}),
    ("V4", N, {**table(MARKED), "firewall": rules("*mangle\n:PREROUTING ACCEPT [0:0]\n"
                                                  "-A PREROUTING -j CONNMARK --restore-mark\n")}),
    ("V4", F, {**table(MARKED), "firewall": rules(MARK),
               "marked_routes": {"7 192.0.2.20/32": Route("unicast", "eth0")}}),
    ("V5", W, table(replace(SERVICE, service=f"{VIP}:0/tcp"))),
    ("V6", W, {"listeners": (Listener("tcp", "0.0.0.0", 80),)}),
    ("V6", W, {"listeners": (Listener("tcp", "::", 80),)}),
    ("V7", N, {"listeners": (Listener("tcp", "0.0.0.0", 22),)}),
    ("V8", F, {"firewall": rules(DROPPING.replace("FORWARD DROP", "FORWARD ACCEPT"))}),
    ("V8", W, {"firewall": rules(FILTER + "-A INPUT -p tcp -m statistic --mode random --probability 0.5 -j DROP\n")}),
    *(("V14", F, {"firewall": rules(NAT + rule)}) for rule in (
        "-A PREROUTING -d 192.0.2.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.9:80\n",
        "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\n",
        "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
        "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\n",
    )),
    ("V14", W, {"firewall": rules(NAT + "-A PREROUTING -p tcp -m statistic --mode nth --every 2 --packet 0"
                                        " -j DNAT --to-destination 10.2.0.9\n")}),
    ("V15", F, {**table(replace(SERVICE, service="127.0.0.1:80/tcp"))}),
    ("V9", W, {"arrivals": (Arrival("eth1", CLIENT, SERVICE.service, 3),), **sysctls(ipv4__conf__eth1__rp_filter="1")}),
    ("V10", W, {
        "addresses": (Address("192.0.2.1", 24, "eth0"), Address("192.0.2.2", 24, "eth1"), Address(VIP, 32, "eth0")),
        **sysctls(ipv4__conf__all__arp_ignore="0", ipv4__conf__eth1__arp_ignore="0"),
    }),
    ("V12", W, {"large_receive": ("eth0",)}),
    ("V13", N, {"managed": {"kube-ipvs0": "NetworkManager"}}),
    ("N1", F, sysctls(ipv4__ip_forward="0")),
    ("N1", F, sysctls(ipv4__conf__eth1__forwarding="0")),
    ("N1", F, {**table(SIX), **sysctls(ipv6__conf__all__forwarding="0")}),
    ("N2", F, {"firewall": rules(DROPPING.replace("INPUT DROP", "INPUT ACCEPT"))}),
    ("N2", F, {"firewall": rules(FILTER + "-A OUTPUT -d 10.2.0.0/24 -p tcp -j REJECT\n")}),
    ("N3", F, {"connections": (connection("10.2.0.77", state="SYN_RECV"),)}),
    ("N4", F, with_server(replace(server(forwarding="masquerade"), counters=BUSY))),
    ("N4", F, with_server(
        replace(server(forwarding="masquerade"), counters=Counters(9, 90, 80), earlier=Counters(5, 50, 80)))),
    ("N4", N, table(replace(UDP, servers=(replace(UDP.servers[0], counters=BUSY),)))),
    ("N4", F, {**with_server(replace(server(forwarding="masquerade"), counters=BUSY)), "tried": {f"{ONE}:80": "open"}}),
    ("N5", W, {"firewall": rules(MASQUERADE)}),
    ("N6", F, {"firewall": rules(FILTER + "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n")}),
    ("N7", W, {
        "connections": (connection(CLIENT),), **sysctls(ipv4__conf__eth1__send_redirects="1"),
        "routes": {**HEALTHY.routes, CLIENT: Route("unicast", "eth1", "10.2.0.254")},
    }),
    ("N8", W, {
        **table(replace(SERVICE, service=f"{VIP}:33000/tcp")), "firewall": rules(MASQUERADE),
        **sysctls(ipv4__vs__conntrack="1"),
    }),
    ("N9", W, {**with_server(server(port=8080, forwarding="masquerade")),
               "connections": (connection(ONE, state="SYN_RECV"),)}),
    ("N10", N, {**with_server(server("10.2.0.1")), "listeners": (Listener("tcp", "0.0.0.0", 80),)}),
    ("N10", W, with_server(server("10.2.0.1", 8080, "masquerade"))),
    *(("N11", F, {**with_server(server(forwarding=way)), "routes": {**HEALTHY.routes, ONE: Route(type)}})
      for way in ("masquerade", "tunnel") for type in ("unreachable", "blackhole", "prohibit")),
    ("D1", F, with_server(server("10.9.0.2"))),
    ("D2", F, with_server(server(port=8080))),
    ("D2", F, with_server(server(port=8080, forwarding="tunnel"))),
    ("D3", F, with_server(server(VIP))),
    *(("N12", F, {**sysctls(**TRACKS), "firewall": rules(UNTRACKED.format(FROM_SERVERS, how) + rest)})
      for how in ("CT --notrack", "NOTRACK") for rest in (STATEFUL, STRICT, MASQUERADE)),
    ("N2", F, {**sysctls(**TRACKS), "firewall": rules(UNTRACKED.format(TO_SERVICE, "CT --notrack") + STRICT)}),
    ("N2", F, {**sysctls(**TRACKS), "firewall": rules(UNTRACKED.format("-p tcp", "CT --notrack") + STRICT)}),
    ("N2", F, {"firewall": rules(UNTRACKED.format(FROM_SERVERS, "CT --notrack") + STRICT)}),
    ("V8", F, {"firewall": rules(UNTRACKED.format(TO_SERVICE, "CT --notrack") + DROPPING.replace("FORWARD DROP",
        "FORWARD ACCEPT") + "-A INPUT -m state --state NEW,ESTABLISHED -j ACCEPT\n")}),
    *(("D4", F, {"links": (*HEALTHY.links[:2], Link(3, "eth1", "", NO_CARRIER, 1600)), **changes})
      for changes in ({}, with_server(server()), with_server(server(forwarding="tunnel")))),
    *(("D4", F, {"neighbours": (Neighbour(ONE, "eth1", state),)}) for state in ("failed", "incomplete")),
    ("D3", F, {**with_server(server(VIP, 80, "masquerade"))}),
    ("D3", F, {**with_server(server(VIP, 8080, "masquerade"))}),
    ("D6", W, {**with_server(server("10.2.0.1")), "daemons": BACKUP, "listeners": (Listener("tcp", "::", 80),)}),
    ("D7", N, with_server(server(counters=Counters(1, 5, 5)))),
    ("T1", W, {**TUNNELLED, "links": tuple(replace(link, mtu=1500) for link in HEALTHY.links)}),
    ("T3", F, with_server(server(forwarding="tunnel", tunnel=Tunnel("gue", 0)))),
    ("T4", F, {**TUNNELLED, "firewall": rules(FILTER + "-A OUTPUT -p ipencap -j DROP\n")}),
    ("T5", N, with_server(server("2001:db8:2::2", forwarding="tunnel"))),
    ("T5", F, {**with_server(server("2001:db8:2::2", forwarding="tunnel")), "daemons": (Daemon("master", "eth0"),)}),
    ("S1", F, with_server()),
    ("S1", F, with_server(server(weight=0), server(TWO, weight=0))),
    ("S1", F, with_server(server(upper_threshold=5, connections=Connections(2, 3)), server(TWO, weight=0))),
    ("S2", W, with_server(server(weight=2), server(TWO))),
    ("S3", W, with_server(server(weight=0), server(TWO), persistence=300)),
    ("S4", W, {**table(UDP), "connections": (Connection("udp", CLIENT, VIP, 53, TWO, 53, "UDP"),)}),
    ("S4", N, table(replace(UDP, servers=(
        replace(UDP.servers[0], weight=0, connections=Connections(0, 3)), replace(UDP.servers[0], address=TWO))))),
    ("S5", W, {"kernel": "5.4.0", **sysctls(ipv4__vs__conn_reuse_mode="1", ipv4__vs__conntrack="1")}),
    ("S6", N, {"connections": (replace(connection(CLIENT), expires=300),),
               **sysctls(ipv4__tcp_keepalive_time="7200")}),
    ("S7", W, with_server(server(upper_threshold=5, lower_threshold=6))),
    ("S8", N, with_server(server(weight=0), server(TWO), scheduler="sh")),
    ("S9", W, {"daemons": (Daemon("master", "eth7"),)}),
    ("S9", W, {"daemons": (Daemon("master", "kube-ipvs0"),)}),
    ("S9", W, {"daemons": (Daemon("master", "eth0", maxlen=9000),)}),
    ("S11", F, {**STUCK, "tried": {f"{ONE}:80": "refused"}}),
    ("S11", F, {**STUCK, "tried": {f"{ONE}:80": "silent"}}),
    ("S11", F, {**with_server(server(forwarding="masquerade"), server(TWO, forwarding="masquerade")),
                "states": {f"tcp {ONE}:80": {"CLOSE": 3}}}),
    ("S11", F, {**with_server(server(), server(TWO)), "stuck": {f"tcp {ONE}:80": 3}}),
    *(("S12", N, with_server(replace(server(), connections=Connections(0, 30)), server(TWO, **other), **how))
      for how, other in (({}, {}), ({"scheduler": "dh"}, {}), ({}, {"weight": 0}))),
    ("S12", N, table(replace(UDP, scheduler="lc", one_packet=True, servers=(
        replace(UDP.servers[0], counters=Counters(40, 40, 40)), replace(UDP.servers[0], address=TWO))))),
    ("S10", W, table(replace(SERVICE, counters=BUSY, earlier=BUSY))),
]  # fmt: skip


@pytest.mark.parametrize(("check", "severity", "changes"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)])
def test_a_check_speaks(check, severity, changes):
    findings = [one for one in judge(replace(HEALTHY, **changes)).findings if one.severity != "unknown"]
    found = [one for one in findings if one.check == check]
    assert found
    assert {one.severity for one in found} == {severity}
    assert all(one.subject and one.seen for one in found)
    assert {one.check for one in findings if one.severity in (F, severity)} == {check}, findings


def test_the_mode_of_kube_proxy_that_ends_is_told_where_it_runs():
    for managers, links, told in (
        (("kube-proxy",), HEALTHY.links, True),
        (("kube-proxy",), HEALTHY.links[:2], False),
        (("keepalived",), HEALTHY.links, False),
        (("keepalived", "kube-proxy"), HEALTHY.links, True),
    ):
        findings = judge(replace(HEALTHY, managers=managers, links=links)).findings
        (found,) = (one for one in findings if one.check == "G7")
        assert ("1.40" in found.why and "1.43" in found.why) == told


def test_every_check_has_a_row():
    assert {row.code for row in CHECKS if "director" in row.modes} == {row[0] for row in ROWS}


SILENT = [  # what might be taken for an ailment
    {},
    {"status": replace(CROWDED, chains={1: 1235, 2: 292, 3: 53, 4: 3, 5: 2}), "table_bits": 12,
     **sysctls(ipv4__vs__conn_max="1073741824")},
    {"status": TableStatus(threads=1), "connection_count": 4 * 4096 + 1},  # rows that are still to grow
    sysctls(ipv4__vs__conn_max="1000"),  # without a status to compare with
    {"services": (), "arrivals": ()},
    with_server(server(), server(TWO)),
    TUNNELLED,
    {**table(SIX), "addresses": (SIX_ADDRESS,)},
    {**table(MARKED), "firewall": rules(MARK), "marked_routes": {"7 192.0.2.20/32": Route("local", "lo")}},
    {**table(UDP), **sysctls(ipv4__vs__expire_nodest_conn="1")},
    sysctls(ipv4__vs__drop_entry="1"),  # which waits until memory is short
    {**sysctls(**TRACKS), "firewall": rules(UNTRACKED.format(FROM_SERVERS, "CT --notrack") + FILTER)},  # no tracking
    *({**sysctls(**TRACKS), "firewall": rules(UNTRACKED.format(what, how) + STATEFUL)} for what, how in (
        (f"{FROM_SERVERS} -d 203.0.113.7", "CT --notrack"), (FROM_SERVERS, "CT --helper ftp"), ("-i eth7", "NOTRACK"),
        (f"{FROM_SERVERS} -m string --string x", "NOTRACK"), (TO_SERVICE, "NOTRACK"), ("-p tcp", "CT --notrack"),
    )),
    {"firewall": rules(UNTRACKED.format(FROM_SERVERS, "NOTRACK") + STATEFUL)},  # with vs/conntrack=0
    {**sysctls(**TRACKS), "firewall": rules(UNTRACKED.format("-p tcp", "NOTRACK") + STRICT.replace("ESTABLISHED",
        "ESTABLISHED,UNTRACKED"))},
    {"links": (Link(2, "eth0", "", NO_CARRIER, 1500), *HEALTHY.links[2:])},  # which leads to no server
    {"firewall": rules(FILTER + "-A INPUT -s 10.0.0.0/8 -p udp -j DROP\n-A FORWARD -p icmp -j DROP\n")},
    {"firewall": rules(DROPPING + OPEN_INPUT + "-A FORWARD -s 10.2.0.0/24 -j ACCEPT\n")},
    *({"firewall": rules(FILTER + f"-A {chain} {rule} -j DROP\n")} for chain in ("INPUT", "FORWARD") for rule in (
        "-s 203.0.113.7" if chain == "INPUT" else "-d 203.0.113.7",  # a rule about single clients
        "-p tcp -m recent --update --name x",
        "-p tcp -m connlimit --connlimit-above 100",
        "-p tcp -m hashlimit --hashlimit-above 9/sec --hashlimit-mode srcip --hashlimit-name x",
        "-m set --match-set blocked src",
        "-m rpfilter --invert",
        "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
        "-p tcp -m tcp ! --tcp-flags SYN SYN -m conntrack --ctstate NEW",
        "-m pkttype --pkt-type broadcast",
        "-f",
    )),
    *({"firewall": rules(NAT + rule)} for rule in (
        "-A PREROUTING -d 192.0.2.99/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.9:80\n",
        "-A PREROUTING -s 203.0.113.7/32 -j DNAT --to-destination 10.2.0.9\n",
        "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.10:80\n",
        "-A PREROUTING -d 192.0.2.10/32 -j ACCEPT\n-A PREROUTING -p tcp -j REDIRECT --to-ports 8080\n",
        "-A PREROUTING -m addrtype ! --dst-type LOCAL -j REDIRECT\n",
    )),
    {**table(MARKED), "firewall": rules(MARK + "-A PREROUTING -p udp -j MARK --set-xmark 0x9/0xffffffff\n")},
    {**table(MARKED), "firewall": rules("*mangle\n:PREROUTING ACCEPT [0:0]\n:own - [0:0]\n"
        "-A PREROUTING -d 192.0.2.20/32 -j own\n-A own -p tcp -m tcp --dport 443 -j MARK --set-xmark 0x7/0xff\n")},
    {**table(MARKED), "firewall": rules(MARK.replace("PREROUTING", "INPUT"))},
    {**with_server(server("192.0.2.1", 8080, "masquerade")), "listeners": (Listener("tcp", "192.0.2.1", 8080),),
     "routes": {**HEALTHY.routes, "192.0.2.1": Route("local", "lo")}},  # local node
    {**table(replace(SERVICE, service="192.0.2.1:30080/tcp"),
             replace(SERVICE, servers=(server("192.0.2.1", 6443, "masquerade"),))),
     "listeners": (Listener("tcp", "0.0.0.0", 6443),),
     "addresses": (*HEALTHY.addresses[:2],), "routes": {**HEALTHY.routes, "192.0.2.1": Route("local", "lo")}},
    {"listeners": (Listener("tcp", "0.0.0.0", 22),), "addresses": (*HEALTHY.addresses[:2], Address(VIP, 24, "eth0"))},
    {"listeners": (Listener("tcp", "0.0.0.0", 22),),
     "firewall": rules(FILTER + "-A INPUT -d 192.0.2.10/32 -p tcp -m tcp --dport 22 -j REJECT\n")},
    {**table(UDP), **sysctls(ipv4__vs__expire_nodest_conn="0")},
    sysctls(ipv4__tcp_keepalive_time="7200"),
    with_server(replace(server(), connections=Connections(10, 9)), server(TWO)),
    with_server(replace(server(), connections=Connections(0, 30)), replace(server(TWO), connections=Connections(1, 0))),
    {**table(SIX), "addresses": (replace(SIX_ADDRESS, preferred=3600),),  # its label keeps it from being a source
     "routes": {**HEALTHY.routes, "2001:db8::11": Route("unicast", "eth0", source="2001:db8::1")}},
    {"firewall": rules(DROPPING + OPEN_INPUT + "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"),
     **sysctls(ipv4__vs__conntrack="1")},
    {"firewall": rules(MASQUERADE.replace("-d 10.2.0.0/16", "-s 10.2.0.0/16"))},  # for the servers' own ways out
    {"firewall": rules(MASQUERADE), **sysctls(ipv4__vs__conntrack="1")},
    {"listeners": (Listener("udp", VIP, 80), Listener("tcp", "192.0.2.1", 80))},
    {"daemons": (Daemon("master", "eth0", maxlen=1400),)},
    {"daemons": BACKUP, **with_server(server("10.2.0.1", 80, "local")), **sysctls(ipv4__vs__backup_only="1")},
    with_server(server(weight=3), server(TWO), scheduler="wrr"),
    with_server(server(upper_threshold=5, connections=Connections(9, 9)), server(TWO)),
    {"connections": (connection("10.2.0.77"),)},  # packets go both ways, whatever the network looks like
    {**table(replace(SERVICE, earlier=Counters(), counters=BUSY)),
     "firewall": rules(FILTER.replace("INPUT ACCEPT", "INPUT DROP"))},
    {**table(replace(MARKED, earlier=Counters(), counters=BUSY))},  # by something that sets marks unseen
    {"firewall": rules(FILTER.replace("FORWARD ACCEPT", "FORWARD DROP")), **with_server(
        replace(server(forwarding="masquerade"), earlier=Counters(), counters=Counters(9, 90, 90)))},
    with_server(replace(server(), counters=BUSY)),  # replies go past a director of direct routing
]  # fmt: skip


@pytest.mark.parametrize("changes", SILENT)
def test_the_healthy_hear_nothing(changes):
    assert judge(replace(HEALTHY, **changes)).findings == ()


@pytest.mark.parametrize("manager", ["keepalived", "kube-vip", "seesaw"])
def test_a_director_that_stands_by_is_not_told_to_take_the_address(manager):
    """Two directors with one address are worse than none."""
    away = replace(HEALTHY, managers=(manager,), routes={**HEALTHY.routes, VIP: Route("unicast", "eth0")})
    assert {(one.check, one.severity, one.commands) for one in judge(away).findings} == {("V1", N, ()), ("G7", N, ())}


OTHERS = [  # who has an address that a service is named by
    {"next_hops": (VIP,)},
    {"neighbours": (Neighbour(VIP, "eth0", "stale"),)},
    table(replace(SERVICE, servers=(server(VIP, 8080, "masquerade"), server(TWO, 8080, "masquerade")))),
]


@pytest.mark.parametrize("changes", OTHERS)
def test_nobody_is_told_to_bind_what_another_machine_has(changes):
    away = {"routes": {**HEALTHY.routes, VIP: Route("unicast", "eth0")}, "arrivals": (), "connections": ()}
    found = [one for one in judge(replace(HEALTHY, **{**away, **changes})).findings if one.check == "V1"]
    assert [one.commands for one in found] == [()]
    assert "cut that machine off" in found[0].why


REAL = replace(
    HEALTHY,
    vips=(VIP,),
    addresses=(Address(ONE, 24, "eth0"), Address(VIP, 32, "lo")),
    listeners=(Listener("tcp", "0.0.0.0", 80),),
)
TUNL0 = (*HEALTHY.links[:2], Link(9, "tunl0", "ipip", 0xC1, 1480))
REAL_ROWS = [
    ("D5", F, {"addresses": REAL.addresses[:1]}),
    ("D5", F, {"addresses": (Address(VIP, 24, "lo"),)}),
    ("D5", F, {"addresses": (Address(VIP, 32, "eth0"),)}),
    ("D5", F, sysctls(ipv4__conf__all__arp_ignore="0", ipv4__conf__eth0__arp_ignore="0")),
    ("D5", W, sysctls(ipv4__conf__all__arp_announce="0", ipv4__conf__eth0__arp_announce="1")),
    ("D5", W, {"listeners": (Listener("tcp", ONE, 80),)}),
    ("T2", F, {"links": (*TUNL0[:2], replace(TUNL0[2], flags=0x80)),
               "addresses": (Address(VIP, 32, "tunl0"),)}),
    ("T2", F, {"links": TUNL0, **sysctls(ipv4__conf__tunl0__rp_filter="1")}),
]  # fmt: skip


@pytest.mark.parametrize(("check", "severity", "changes"), REAL_ROWS)
def test_a_check_of_real_servers_speaks(check, severity, changes):
    findings = judge(replace(REAL, **changes)).findings
    assert {(one.check, one.severity) for one in findings if one.severity != N} == {(check, severity)}
    assert {row.code for row in CHECKS if "real-server" in row.modes} == {row[0] for row in REAL_ROWS}


@pytest.mark.parametrize("changes", [{}, {"links": TUNL0, "addresses": (Address(VIP, 32, "tunl0"),)}])
def test_healthy_real_servers_hear_nothing(changes):
    assert [one for one in judge(replace(REAL, **changes)).findings if one.severity != N] == []


@pytest.mark.parametrize("field", ["services", "firewall", "routes", "links", "addresses", "neighbours", "listeners",
                                   "arrivals", "daemons", "timeouts"])  # fmt: skip
def test_what_is_not_seen_is_unknown(field):
    extra = {"sysctls": SYSCTLS | {"net/ipv4/conf/all/rp_filter": "1"}}
    findings = judge(replace(HEALTHY, **{field: None}, unseen={field: "nobody may look"}, **extra)).findings
    assert "nobody may look" in [one.subject for one in findings if one.severity == "unknown"]
    assert all(one.check for one in findings)


@pytest.mark.parametrize("name", sorted(SYSCTLS))
def test_a_setting_that_is_missing_is_no_traceback(name):
    judge(replace(HEALTHY, sysctls={key: value for key, value in SYSCTLS.items() if key != name}))
    judge(replace(REAL, sysctls={}))


def test_nothing_at_all_is_unknown_not_well():
    (failure, *unknown) = judge(Snapshot()).findings
    assert failure.check == "G2"
    assert {one.severity for one in unknown} == {"unknown"}
