"""What may ail a director, as rows: how to bring it about, and what clients see of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from pyipvsadm.kernel import Kernel
from pyipvsadm.model import DIRECT, Command, Server, Service
from pyipvsadm.table.notation import address_of

VIP, VIP6, ROUTED6 = "10.1.0.100", "2001:db8:1::100", "2001:db8:9::100"
IPTABLES = "iptables-legacy"
Act = str | Callable[[Any], None]
FAILURE, WARNING, NOTE = "failure", "warning", "note"


class Ailment(NamedTuple):
    """`acts` bring it about, each a command of the director, or of another namespace as "NAME: COMMAND".

    `check` is what doctor finds then, of `severity`. `passes` tells what becomes of requests meanwhile: True,
    False, or None if that says nothing. Advice is carried out in the namespace `mended_in`, and `also` is what
    it takes besides; `after` restores what was before.
    """

    check: str
    severity: str
    place: str
    acts: tuple[Act, ...]
    passes: bool | None = False
    request: dict[str, Any] = {}  # noqa: RUF012
    mended_in: str = "director"
    also: tuple[Act, ...] = ()
    after: tuple[Act, ...] = ()
    options: str = "--watch 0"
    looks: str = "director"  # the namespace that doctor looks at
    since: tuple[int, int] = (0, 0)  # Linux


def add(service: Service, *servers: Server) -> Callable[[Any], None]:
    """Adds what our command line refuses to add, but other programs don't."""

    def act(place):
        with place.namespaces["director"].entered():
            commands = [Command(verb="add-service", service=service)] if service.scheduler else []
            commands += [Command(verb="add-server", service=service, server=server) for server in servers]
            assert list(Kernel.open().submit(commands)) == []

    return act


def listen(address, port, name="director", kind=socket.SOCK_STREAM):
    return lambda place: place.answer(name, address, port, kind)


def silence(address, port):
    return lambda place: place.answering.remove(address, port)


def requested(number=4, **how):
    """So many requests, whatever comes of them; the kernel refreshes what it counts every two seconds."""

    def act(place):
        for _ in range(number):
            place.request(**how)

    return act


def refused(name, address, port):
    """A connection that doesn't come about."""

    def act(place):
        assert not place.request(address, port, name)

    return act


def datagrams(server, arrives=True, tries=1):
    """A datagram of one client's one port for UDP port 53, and whether it gets to a server, after some tries."""

    def act(place):
        with place.namespaces[server].entered():
            hearing = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with place.namespaces["client"].entered():
            sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with hearing, sending:
            hearing.bind(("0.0.0.0", 53))
            hearing.settimeout(0.6)
            sending.bind(("0.0.0.0", 5353))
            came = False
            for _ in range(tries):
                sending.sendto(b"?", (place.vip, 53))
                try:
                    hearing.recv(1)
                    came = True
                    break
                except TimeoutError:
                    continue
            assert came == arrives

    return act


def tcp(address, port, **settings):
    return Service(protocol=6, address=address_of(address), port=port, **settings)


COUNTED = "sleep 2.4"  # until the kernel tells what it has counted so far
FLUSH = (f"{IPTABLES} -F", f"{IPTABLES} -t nat -F", f"{IPTABLES} -t mangle -F", f"{IPTABLES} -t raw -F")
UNTRACK = ("sysctl -qw net.ipv4.vs.conntrack=0",)
OPEN = (*FLUSH, f"{IPTABLES} -P INPUT ACCEPT", f"{IPTABLES} -P FORWARD ACCEPT")
SIX = (  # a service of IPv6 on the address of a network card
    f"pyipvsadm -A -t [{VIP6}]:80 -s rr",
    f"pyipvsadm -a -t [{VIP6}]:80 -r [2001:db8:2:1::2]:80 -m",
    listen("2001:db8:2:1::2", 80, "server1"),
)
NO_SIX = (f"pyipvsadm -D -t [{VIP6}]:80", f"ip addr del {VIP6}/128 dev client", silence("2001:db8:2:1::2", 80))
TO_SIX = {"target": VIP6}
TRACKED = ("sysctl -qw net.ipv4.vs.conntrack=1", f"{IPTABLES} -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT")
STRICT = (*TRACKED[1:], f"{IPTABLES} -P FORWARD DROP")
MARKED = ("ip addr add 10.1.0.101/32 dev vip", "pyipvsadm -A -f 7 -s rr", "pyipvsadm -a -f 7 -r 10.2.1.2:80 -m")
UNMARKED = (*FLUSH, f"{IPTABLES} -t mangle -X", "pyipvsadm -D -f 7", "ip addr del 10.1.0.101/32 dev vip")
MARKING, TO_MARKED = f"{IPTABLES} -t mangle -A", "-d 10.1.0.101 -p tcp -j MARK --set-mark"
SET = f"pyipvsadm set {VIP}:80"
DIRECT_VIP = "10.3.0.100"

ADDRESSES = (
    Ailment("V1", FAILURE, "nat", (f"ip addr del {VIP}/32 dev vip",),
            after=(f"pyipvsadm vip rm {VIP}", f"ip addr add {VIP}/32 dev vip")),
    Ailment("V1", FAILURE, "direct", (f"ip addr del {DIRECT_VIP}/32 dev vip",),
            after=(f"pyipvsadm vip rm {DIRECT_VIP}", f"ip addr add {DIRECT_VIP}/32 dev vip")),
    Ailment("V2", FAILURE, "nat", (
        *SIX, f"client: ip addr add {VIP6}/128 dev eth0 nodad", f"ip addr add {VIP6}/128 dev client", "sleep 2",
    ), also=(f"client: ip addr del {VIP6}/128 dev eth0",), request=TO_SIX, after=NO_SIX),
    Ailment("V3", WARNING, "nat", (*SIX, f"ip addr add {VIP6}/128 dev client nodad"), True, TO_SIX, after=NO_SIX),
    Ailment("V4", FAILURE, "nat", MARKED, request={"target": "10.1.0.101"}, after=UNMARKED),
    Ailment("V4", FAILURE, "nat", (
        *MARKED, "client: ip route add 10.1.0.101 via 10.1.0.1", "ip addr del 10.1.0.101/32 dev vip",
        f"{IPTABLES} -t mangle -A PREROUTING -d 10.1.0.101 -p tcp -j MARK --set-mark 7",
    ), request={"target": "10.1.0.101"}, after=(
        "ip rule del fwmark 7", "ip route flush table 107", "ip addr add 10.1.0.101/32 dev vip",
        "client: ip route del 10.1.0.101", *UNMARKED,
    )),
    *(Ailment("V4", FAILURE, "nat", (*MARKED, *acts), request={"target": "10.1.0.101"}, after=UNMARKED) for acts in (
        (f"{MARKING} PREROUTING {TO_MARKED} 7", f"{MARKING} PREROUTING -p tcp -j MARK --set-mark 9"),  # overwritten
        (f"{MARKING} POSTROUTING {TO_MARKED} 7",),  # behind IPVS
        (f"{IPTABLES} -t mangle -N own", f"{MARKING} own {TO_MARKED} 7"),  # where nobody jumps to
        (f"{MARKING} PREROUTING -p tcp -j ACCEPT", f"{MARKING} PREROUTING {TO_MARKED} 7"),  # never reached
    )),
    Ailment("V5", WARNING, "nat", (
        add(tcp(VIP, 0, scheduler="rr"), Server(address=address_of("10.2.1.2"), forwarding=0)),
    ), True, after=(f"pyipvsadm -D -t {VIP}:0",)),
    Ailment("V6", WARNING, "nat", (listen(VIP, 80),), True, also=(silence(VIP, 80),)),
    Ailment("V6", WARNING, "nat", (listen("0.0.0.0", 80),), True, also=(silence("0.0.0.0", 80),)),
    Ailment("V8", FAILURE, "nat", (f"{IPTABLES} -A INPUT -d {VIP} -p tcp --dport 80 -j DROP",), after=FLUSH),
    Ailment("V8", FAILURE, "nat", (
        f"{IPTABLES} -A INPUT -i lo -j ACCEPT", f"{IPTABLES} -P INPUT DROP",
    ), after=OPEN),
    Ailment("V8", FAILURE, "nat", (
        f"{IPTABLES} -N own", f"{IPTABLES} -A own -p udp -j ACCEPT", f"{IPTABLES} -A own -j REJECT",
        f"{IPTABLES} -A INPUT -i client -j own",
    ), after=(*FLUSH, f"{IPTABLES} -X")),
    Ailment("V8", FAILURE, "nat", (f"{IPTABLES} -t raw -A PREROUTING -d 10.1.0.64/26 -j DROP",), after=FLUSH),
    Ailment("V8", FAILURE, "nat", (
        f"{IPTABLES} -t raw -A PREROUTING -d {VIP} -p tcp -j NOTRACK", f"{IPTABLES} -P INPUT DROP",
        f"{IPTABLES} -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
    ), after=OPEN),
    Ailment("V9", WARNING, "nat", (
        "ip link add away type veth peer name eth9 netns {client}", "ip link set away up",
        "ip addr add 10.4.0.1/24 dev away", "client: ip link set eth9 up", "client: ip addr add 10.4.0.2/24 dev eth9",
        "client: ip addr add 10.9.0.2/32 dev lo", "ip route add 10.9.0.0/24 via 10.4.0.2",
        "sysctl -qw net.ipv4.conf.client.rp_filter=1",
    ), request={"source": "10.9.0.2"}, options="--watch 2.7", after=(
        "ip link del away", "sysctl -qw net.ipv4.conf.client.rp_filter=0",
    )),
    Ailment("V10", WARNING, "direct", (
        f"ip addr del {DIRECT_VIP}/32 dev vip", f"ip addr add {DIRECT_VIP}/32 dev eth0",
        "ip link add eth5 type veth peer name spare netns {switch}", "ip addr add 10.3.0.9/24 dev eth5",
        "ip link set eth5 up", "switch: ip link set spare master br0", "switch: ip link set spare up",
    ), None, after=(
        "ip link del eth5", f"ip addr del {DIRECT_VIP}/32 dev eth0", f"ip addr add {DIRECT_VIP}/32 dev vip",
        "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0",
    )),
)  # fmt: skip
REDIRECTED = (
    *(Ailment("V14", FAILURE, "nat", acts, after=(*FLUSH, f"{IPTABLES} -t nat -X")) for acts in (
        (f"{IPTABLES} -t nat -A PREROUTING -d {VIP} -p tcp --dport 80 -j DNAT --to-destination 10.2.1.77:80",),
        (f"{IPTABLES} -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8088",),
        (f"{IPTABLES} -t nat -N DOCKER", f"{IPTABLES} -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
         f"{IPTABLES} -t nat -A DOCKER ! -i docker0 -p tcp --dport 80 -j DNAT --to-destination 10.2.1.77:80"),
    )),
    Ailment("V14", FAILURE, "nat", (f"{IPTABLES} -t nat -A PREROUTING -d 10.1.0.64/26 -j NETMAP --to 10.2.1.64/26",),
            after=FLUSH),
    Ailment("V14", WARNING, "nat", (f"{IPTABLES} -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --on-port 8088",),
            after=FLUSH),
    Ailment("V15", FAILURE, "nat", (
        "pyipvsadm -A -t 127.0.0.1:8081 -s rr", "pyipvsadm -a -t 127.0.0.1:8081 -r 10.2.1.2:80 -m -w 1",
        refused("director", "127.0.0.1", 8081),
    ), request={"target": "10.1.0.101", "port": 8081}, after=(
        "pyipvsadm -D -t 10.1.0.101:8081", "pyipvsadm vip rm 10.1.0.101",
    )),
)  # fmt: skip
ANSWERING = (
    Ailment("S11", FAILURE, "nat", (silence("10.2.1.2", 80), COUNTED, requested(8)), after=(
        listen("10.2.1.2", 80, "server1"), f"pyipvsadm set {VIP}:80 10.2.1.2:80 --weight 1", "sleep 10.5", requested(),
    )),
    Ailment("S11", FAILURE, "nat", (f"server1: {IPTABLES} -A INPUT -p tcp --dport 80 -j DROP", COUNTED,
        requested(8),
    ), after=(
        f"server1: {IPTABLES} -F", f"pyipvsadm set {VIP}:80 10.2.1.2:80 --weight 1", requested(),
    )),
    Ailment("S11", FAILURE, "direct", (f"server1: {IPTABLES} -A INPUT -p tcp --dport 80 -j REJECT", COUNTED,
        requested(8),
    ),
            after=(f"server1: {IPTABLES} -F", f"pyipvsadm set {DIRECT_VIP}:80 10.3.0.11:80 --weight 1", requested())),
    Ailment("S4", WARNING, "nat", (
        "sysctl -qw net.ipv4.vs.expire_nodest_conn=0", f"pyipvsadm -A -u {VIP}:53 -s rr",
        f"pyipvsadm -a -u {VIP}:53 -r 10.2.1.2:53 -m", datagrams("server1"), f"pyipvsadm -d -u {VIP}:53 -r 10.2.1.2:53",
        f"pyipvsadm -a -u {VIP}:53 -r 10.2.2.2:53 -m", datagrams("server2", arrives=False),
    ), None, also=(datagrams("server2", tries=3),), after=(
        f"pyipvsadm -D -u {VIP}:53", "sysctl -qw net.ipv4.vs.expire_nodest_conn=0",
    )),
)  # fmt: skip
GROUND = (
    Ailment("G5", FAILURE, "nat", (
        f"ip addr add {ROUTED6}/128 dev vip nodad", f"pyipvsadm -A -t [{ROUTED6}]:80 -s rr",
        f"pyipvsadm -a -t [{ROUTED6}]:80 -r [2001:db8:2:1::2]:80 -m", listen("2001:db8:2:1::2", 80, "server1"),
        "sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
    ), request={"target": ROUTED6}, also=(
        "ip addr add 2001:db8:1::1/64 dev client nodad", "ip addr add 2001:db8:2:1::1/64 dev server1 nodad",
        "ip addr add 2001:db8:2:2::1/64 dev server2 nodad", "sleep 2",
        requested(target=ROUTED6),
    ), after=(f"pyipvsadm -D -t [{ROUTED6}]:80", f"pyipvsadm vip rm {ROUTED6}", silence("2001:db8:2:1::2", 80))),
    Ailment("G8", WARNING, "nat", (
        "pyipvsadm --start-daemon backup --mcast-interface client", "sysctl -qw net.ipv4.vs.backup_only=1",
    ), after=("pyipvsadm --stop-daemon backup",)),
    Ailment("G11", WARNING, "nat", (
        "sysctl -qw net.ipv4.vs.am_droprate=1 net.ipv4.vs.drop_packet=3", "sleep 1.2",
    ), also=("sleep 1.2",)),
    Ailment("G12", WARNING, "nat", (
        f"{IPTABLES} -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT", "sysctl -qw net.ipv4.vs.conntrack=1",
        requested(), "outside: sysctl -qw net.netfilter.nf_conntrack_max=4",
    ), mended_in="outside", also=("outside: sysctl -qw net.netfilter.nf_conntrack_max=65536",),
        after=(*OPEN, *UNTRACK)),
)  # fmt: skip
NAT = (
    Ailment("N1", FAILURE, "nat", ("sysctl -qw net.ipv4.ip_forward=0",)),
    Ailment("N1", FAILURE, "nat", ("sysctl -qw net.ipv4.conf.server1.forwarding=0",)),
    Ailment("N2", FAILURE, "nat", (f"{IPTABLES} -P FORWARD DROP",), after=OPEN),
    Ailment("N2", FAILURE, "nat", (f"{IPTABLES} -A FORWARD -s 10.2.0.0/16 -o client -j REJECT",), after=OPEN),
    Ailment("N2", FAILURE, "nat", (f"{IPTABLES} -A OUTPUT -d 10.2.0.0/16 -p tcp --dport 80 -j DROP",), after=OPEN),
    *(Ailment("N2", FAILURE, "nat", (f"{IPTABLES} -t mangle -A POSTROUTING {what} -j DROP",), after=OPEN)
      for what in (f"-s {VIP}", "-d 10.2.0.0/16")),
    Ailment("N7", WARNING, "one leg", (
        "sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.eth0.send_redirects=1", requested(),
    ), None, also=("server1: ip route flush cache", "server2: ip route flush cache")),
    Ailment("N3", FAILURE, "one leg", (f"client: ip route change {DIRECT_VIP}/32 via 10.3.0.1", requested(1)), after=(
        *FLUSH, *UNTRACK, f"client: ip route change {DIRECT_VIP}/32 via 10.3.0.1 src 10.1.0.2",
    )),
    Ailment("N4", FAILURE, "nat", (
        "server1: ip route del default", f"pyipvsadm set {VIP}:80 10.2.2.2:80 --weight 0", COUNTED,
        "pyipvsadm -Z", requested(), COUNTED,
    ), mended_in="server1", also=(requested(1), COUNTED),
        after=(f"pyipvsadm set {VIP}:80 10.2.2.2:80 --weight 1",)),
    Ailment("N5", WARNING, "nat", (f"{IPTABLES} -t nat -A POSTROUTING -d 10.2.0.0/16 -j MASQUERADE",), True,
            after=(*FLUSH, *UNTRACK)),
    Ailment("N6", FAILURE, "nat", (
        f"{IPTABLES} -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", f"{IPTABLES} -P FORWARD DROP",
    ), after=(*OPEN, *UNTRACK)),
    Ailment("N6", FAILURE, "nat", (f"{IPTABLES} -A FORWARD -m state --state INVALID -j DROP",),
            after=(*OPEN, *UNTRACK)),
    *(Ailment("N12", FAILURE, "nat", (
        *TRACKED, f"{IPTABLES} -t raw -A PREROUTING -s 10.2.0.0/16 -p tcp -j {how}", *rest,
    ), after=(*OPEN, *UNTRACK)) for how, rest in (("NOTRACK", ()), ("CT --notrack", STRICT))),
    Ailment("N2", FAILURE, "nat", (
        *TRACKED, *STRICT, f"{IPTABLES} -t raw -A PREROUTING -d {VIP} -p tcp --dport 80 -j NOTRACK",
    ), after=(*OPEN, *UNTRACK)),
    Ailment("N2", FAILURE, "nat", (
        *STRICT, *UNTRACK, f"{IPTABLES} -t raw -A PREROUTING -s 10.2.0.0/16 -p tcp --sport 80 -j NOTRACK",
    ), after=OPEN),
    Ailment("N8", WARNING, "nat", (
        f"{IPTABLES} -t nat -A POSTROUTING -d 10.2.0.0/16 -j MASQUERADE", "sysctl -qw net.ipv4.vs.conntrack=1",
        f"pyipvsadm -A -t {VIP}:33000 -s rr", f"pyipvsadm -a -t {VIP}:33000 -r 10.2.1.2:80 -m",
    ), True, {"port": 33000}, after=(
        *FLUSH, *UNTRACK, "sysctl -qw net.ipv4.ip_local_reserved_ports=", f"pyipvsadm -D -t {VIP}:33000",
    )),
    *(Ailment("N11", FAILURE, "nat", (f"ip route add {type} 10.2.1.2/32",),
              also=(f"ip route del {type} 10.2.1.2/32",)) for type in ("unreachable", "blackhole")),
    Ailment("N9", WARNING, "hairpin", (f"pyipvsadm -d -t {VIP}:80 -r 10.2.2.2:80", requested(1, name="server1")),
            request={"name": "server1"}, after=(*FLUSH, *UNTRACK, f"pyipvsadm -a -t {VIP}:80 -r 10.2.2.2:80 -m")),
)  # fmt: skip
DIRECT_ROWS = (
    Ailment("D1", FAILURE, "tunnel", (
        "server1: ip addr add 10.5.0.11/32 dev lo", "ip route add 10.5.0.0/24 via 10.3.0.2",
        "client: ip route add 10.5.0.0/24 via 10.3.0.11", "client: sysctl -qw net.ipv4.ip_forward=1",
        f"pyipvsadm -a -t {VIP}:80 -r 10.5.0.11:80 -g",
    ), after=(f"pyipvsadm -d -t {VIP}:80 -r 10.5.0.11:80", "ip route del 10.5.0.0/24")),
    Ailment("D2", FAILURE, "direct", (
        f"pyipvsadm -d -t {DIRECT_VIP}:80 -r 10.3.0.11:80",
        add(tcp(DIRECT_VIP, 80), Server(address=address_of("10.3.0.11"), port=8080, forwarding=DIRECT)),
    ), True),
    Ailment("D3", FAILURE, "direct", (f"pyipvsadm -a -t {DIRECT_VIP}:80 -r {DIRECT_VIP}:80 -g",)),
    Ailment("D4", FAILURE, "direct", (
        "server1: ip link set eth0 down", "ip neigh flush to 10.3.0.11", requested(2), "sleep 0.1",
    ), after=(
        "server1: ip link set eth0 up", f"pyipvsadm set {DIRECT_VIP}:80 10.3.0.11:80 --weight 1", "sleep 1",
        requested(),
    )),
    Ailment("D4", FAILURE, "nat", (  # before any packet was sent there
        "ip link add dead type veth peer name spare netns {switch}", "ip addr add 10.8.0.1/24 dev dead",
        "ip link set dead up", f"pyipvsadm -a -t {VIP}:80 -r 10.8.0.2:80 -m",
    ), None, after=(f"pyipvsadm -d -t {VIP}:80 -r 10.8.0.2:80", "ip link del dead")),
    Ailment("D6", WARNING, "direct", (
        listen(DIRECT_VIP, 80), f"pyipvsadm -a -t {DIRECT_VIP}:80 -r 10.3.0.1 -g",
        "pyipvsadm --start-daemon backup --mcast-interface eth0",
    ), None, after=(
        "pyipvsadm --stop-daemon backup", f"pyipvsadm -d -t {DIRECT_VIP}:80 -r 10.3.0.1",
        "sysctl -qw net.ipv4.vs.backup_only=0", silence(DIRECT_VIP, 80),
    )),
)  # fmt: skip
TUNNELS = (
    Ailment("T1", WARNING, "tunnel", (f"{IPTABLES} -A OUTPUT -p icmp -j DROP", "ip link set eth1 mtu 1500"),
            request={"size": 8000}, after=(*FLUSH, "ip link set eth1 mtu 1600")),
    Ailment("T4", FAILURE, "tunnel", (f"{IPTABLES} -A OUTPUT -p 4 -j DROP",), after=FLUSH),
)  # fmt: skip
TABLE = (
    Ailment("S1", FAILURE, "nat", (
        f"pyipvsadm -d -t {VIP}:80 -r 10.2.1.2:80", f"pyipvsadm -d -t {VIP}:80 -r 10.2.2.2:80",
    ), after=(f"pyipvsadm -a -t {VIP}:80 -r 10.2.2.2:80 -m",)),
    Ailment("S1", FAILURE, "nat", (f"{SET} 10.2.1.2:80 --weight 0", f"{SET} 10.2.2.2:80 --weight 0")),
    Ailment("S1", FAILURE, "nat", (
        requested(), f"{SET} 10.2.1.2:80 --u-threshold 1", f"{SET} 10.2.2.2:80 --u-threshold 1",
    ), after=(f"{SET} 10.2.1.2:80 --u-threshold 0", f"{SET} 10.2.2.2:80 --u-threshold 0")),
    Ailment("S2", WARNING, "nat", (f"{SET} 10.2.1.2:80 --weight 3",), True,
            after=(f"{SET} --scheduler rr", f"{SET} 10.2.1.2:80 --weight 1")),
    Ailment("S3", WARNING, "nat", (
        "sysctl -qw net.ipv4.vs.expire_quiescent_template=0", f"{SET} --persistent 300",
        f"{SET} 10.2.1.2:80 --weight 0",
    ), True, after=(f"{SET} --no-persistent", f"{SET} 10.2.1.2:80 --weight 1")),
    Ailment("S9", WARNING, "nat", (
        "ip link add sync type dummy", "ip link set sync up multicast on", "ip addr add 10.6.0.1/24 dev sync",
        "pyipvsadm --start-daemon master --mcast-interface sync", "ip link set sync down",
    ), True, after=("pyipvsadm --stop-daemon master", "ip link del sync")),
    Ailment("S9", WARNING, "nat", (
        "pyipvsadm --start-daemon master --mcast-interface client", "ip link set client multicast off",
    ), True, after=("pyipvsadm --stop-daemon master",)),
    Ailment("S9", WARNING, "nat", (
        "pyipvsadm --start-daemon master --mcast-interface client", "ip link set client mtu 1400",
    ), True, after=("pyipvsadm --stop-daemon master", "ip link set client mtu 1500")),
    Ailment("S10", WARNING, "nat", (  # before any rule of a firewall
        "tc qdisc add dev client ingress",
        "tc filter add dev client parent ffff: protocol ip u32 match ip dport 80 0xffff action drop", COUNTED,
    ), False, options="--watch 2.7", also=("tc qdisc del dev client ingress",)),
)  # fmt: skip
AS_SERVER = f"--mode real-server --vip {DIRECT_VIP}"
AS_TUNNEL = f"--mode real-server --vip {VIP}"
REAL_SERVERS = (
    Ailment("D5", FAILURE, "direct", (f"server1: ip addr del {DIRECT_VIP}/32 dev lo",)),
    Ailment("D5", FAILURE, "direct", (
        f"server1: ip addr del {DIRECT_VIP}/32 dev lo", f"server1: ip addr add {DIRECT_VIP}/24 dev lo",
    )),
    Ailment("D5", FAILURE, "direct", (
        f"server1: ip addr del {DIRECT_VIP}/32 dev lo", f"server1: ip addr add {DIRECT_VIP}/32 dev eth0",
    ), None),
    Ailment("D5", FAILURE, "direct", ("server1: sysctl -qw net.ipv4.conf.all.arp_ignore=0",), None),
    Ailment("D5", WARNING, "direct", ("server1: sysctl -qw net.ipv4.conf.all.arp_announce=0",), None),
    Ailment("T2", FAILURE, "tunnel", ("server1: ip link set tunl0 down",)),
    Ailment("T2", FAILURE, "tunnel", ("server1: sysctl -qw net.ipv4.conf.tunl0.rp_filter=1",)),
)  # fmt: skip
REAL_SERVERS = tuple(
    one._replace(looks="server1", mended_in="server1", options=AS_SERVER if one.place == "direct" else AS_TUNNEL)
    for one in REAL_SERVERS
)
AILMENTS = (*GROUND, *ADDRESSES, *REDIRECTED, *ANSWERING, *NAT, *DIRECT_ROWS, *TUNNELS, *TABLE, *REAL_SERVERS)

LOCAL = (  # a director that is a server of its own, beside another one
    "pyipvsadm -A -t 10.1.0.1:80 -s rr", "pyipvsadm -a -t 10.1.0.1:80 -r 10.1.0.1:8080 -m", listen("10.1.0.1", 8080),
)  # fmt: skip
BY_MARK = (
    *MARKED, f"{MARKING} PREROUTING -p tcp -d 10.1.0.101 -j MARK --set-mark 7", f"{MARKING} PREROUTING -p udp -j MARK"
    " --set-mark 9",
)  # fmt: skip
HARDENED = (  # what careful people have, and what lets clients in
    f"{IPTABLES} -A INPUT -s 203.0.113.7 -j DROP", f"{IPTABLES} -A INPUT -p tcp --tcp-flags ALL NONE -j DROP",
    f"{IPTABLES} -A INPUT -m state --state ESTABLISHED -j ACCEPT", f"{IPTABLES} -A INPUT -i lo -j ACCEPT",
    f"{IPTABLES} -A INPUT -d {VIP} -p tcp --dport 80 -j ACCEPT", f"{IPTABLES} -P INPUT DROP",
    f"{IPTABLES} -A FORWARD -d 203.0.113.7 -j DROP", f"{IPTABLES} -A FORWARD -s 10.2.0.0/16 -j ACCEPT",
    f"{IPTABLES} -P FORWARD DROP", f"{IPTABLES} -t nat -A PREROUTING -d 10.1.0.9 -p tcp -j DNAT --to 10.2.1.2",
)  # fmt: skip
DATAGRAMS = (
    f"pyipvsadm -A -u {VIP}:53 -s rr",
    *(f"pyipvsadm -a -u {VIP}:53 -r 10.2.{number}.2:53 -m" for number in (1, 2)),
    *(listen(f"10.2.{number}.2", 53, f"server{number}", socket.SOCK_DGRAM) for number in (1, 2)),
)
NO_DATAGRAMS = (f"pyipvsadm -D -u {VIP}:53", silence("10.2.1.2", 53), silence("10.2.2.2", 53))
BY_UDP = {"port": 53, "kind": socket.SOCK_DGRAM}
NAMES = ("client", "director", "server1", "server2")


def six(device, way, *servers, via="2001:db8:3::1"):
    """A service of IPv6 for four hosts on one link, whose servers have the virtual address; how each gets it."""
    hosts = dict(zip(NAMES, (2, 1, 11, 12), strict=True))
    return (
        *(f"{name}: ip addr add 2001:db8:3::{host}/64 dev {device} nodad" for name, host in hosts.items()),
        f"ip addr add {ROUTED6}/128 dev vip nodad", f"client: ip route add {ROUTED6}/128 via {via}",
        *(f"{name}: {line}" for name in NAMES[2:] for line in servers),
        *(listen(ROUTED6, 80, name) for name in NAMES[2:]), f"pyipvsadm -A -t [{ROUTED6}]:80 -s rr",
        *(f"pyipvsadm -a -t [{ROUTED6}]:80 -r [2001:db8:3::{host}]:80 {way}" for host in (11, 12)),
    )  # fmt: skip


def no_six(device, servers):
    """What takes it down."""
    hosts = dict(zip(NAMES, (2, 1, 11, 12), strict=True))
    return (
        f"pyipvsadm -D -t [{ROUTED6}]:80", silence(ROUTED6, 80), f"client: ip route del {ROUTED6}/128",
        f"ip addr del {ROUTED6}/128 dev vip",
        *(f"{name}: ip addr del {ROUTED6}/128 dev {servers}" for name in NAMES[2:]),
        *(f"{name}: ip addr del 2001:db8:3::{host}/64 dev {device}" for name, host in hosts.items()),
    )  # fmt: skip


HEALTHY: tuple[tuple[str, tuple[Act, ...], dict[str, Any], tuple[Act, ...]], ...] = (
    ("nat", (), {}, ()),
    ("direct", (), {}, ()),
    ("tunnel", (), {}, ()),
    ("one leg", (), {}, ()),
    ("nat: local node", LOCAL, {"target": "10.1.0.1"}, ("pyipvsadm -D -t 10.1.0.1:80", silence("10.1.0.1", 8080))),
    ("nat: fwmark", BY_MARK, {"target": "10.1.0.101"}, UNMARKED),
    ("nat: fwmark at input", (*MARKED, f"{MARKING} INPUT -p tcp -d 10.1.0.101 -j MARK --set-mark 7"),
     {"target": "10.1.0.101"}, UNMARKED),
    ("nat: IPv6", (*(one.replace(VIP6, ROUTED6) if isinstance(one, str) else one for one in SIX),
                   f"ip addr add {ROUTED6}/128 dev vip nodad"), {"target": ROUTED6},
     (f"pyipvsadm -D -t [{ROUTED6}]:80", f"ip addr del {ROUTED6}/128 dev vip", silence("2001:db8:2:1::2", 80))),
    ("direct: IPv6", six("eth0", "-g", f"ip addr add {ROUTED6}/128 dev lo nodad"), {"target": ROUTED6},
     no_six("eth0", "lo")),
    ("tunnel: IPv6", (
        "modprobe ip6_tunnel", "ip addr add 2001:db8:1::1/64 dev client nodad",
        "client: ip addr add 2001:db8:1::2/64 dev eth0 nodad",
        *six("eth1", "-i", f"ip addr add {ROUTED6}/128 dev ip6tnl0 nodad", "ip link set ip6tnl0 up",
             "ip route add 2001:db8:1::/64 via 2001:db8:3::2", via="2001:db8:1::1 src 2001:db8:1::2"),
    ), {"target": ROUTED6}, (
        *no_six("eth1", "ip6tnl0"), "ip addr del 2001:db8:1::1/64 dev client",
        "client: ip addr del 2001:db8:1::2/64 dev eth0",
    )),
    ("nat: hardened", HARDENED, {}, OPEN),
    ("nat: persistent", (f"{SET} --persistent 300",), {}, (f"{SET} --no-persistent",)),
    ("nat: UDP", DATAGRAMS, BY_UDP, NO_DATAGRAMS),
    ("one leg: masqueraded", (
        f"{IPTABLES} -t nat -A POSTROUTING -d 10.3.0.0/24 -p tcp -m ipvs --vport 80 -j MASQUERADE",
        "sysctl -qw net.ipv4.vs.conntrack=1 net.ipv4.ip_local_port_range='32768 60999'",
    ), {}, (*FLUSH, *UNTRACK)),
)  # fmt: skip
