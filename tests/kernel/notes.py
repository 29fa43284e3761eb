"""Ailments that are seldom, or no more than a note: as rows, and why some advice can't be followed here.

What is another kernel's is brought about by what this one pretends: `uname` says 2.6 to a process of the personality
UNAME26, and all else is as it is.
"""

from __future__ import annotations

import socket

from pyipvsadm.model import GUE, TUNNEL, Server
from pyipvsadm.table.notation import address_of

from .ailments import (
    FAILURE,
    FLUSH,
    LOCAL,
    NOTE,
    SET,
    UNTRACK,
    VIP,
    WARNING,
    Ailment,
    add,
    listen,
    requested,
    silence,
    tcp,
)
from .namespaces import libc

UNAME26 = 0x20000  # linux/personality.h
CLIENTS = [f"10.1.0.{number}" for number in range(20, 36)]
ELSEWHERE = {"G1", "G9", "G10"}  # in module_rows.py
UNFOLLOWED = {  # checks whose commands no test of the kernel carries out, and why
    "G2": "`sudo pyipvsadm doctor`: whoever is in a sandbox is root already, and has no sudo",
    "G14": "a crowded table of Linux 7.2 takes many thousands of connections",
    "G17": "`diff --from` only shows; what undoes the difference is told there",
    "G16": "est_nice is of Linux 6.2 on; more estimators than the threads have room for take hundreds of thousands",
    "V13": "`nmcli device set` and `networkctl status` take a system bus with their services, which a sandbox lacks",
    "S7": "the kernel refuses such thresholds, as a test below shows",
    "T3": "the kernel refuses such a tunnel, as a test below shows",
}


def pretend(personality):
    """Be a process of this personality."""

    def act(place):
        assert libc.personality(personality) >= 0

    return act


class Idle:
    """A connection that is opened, left alone, and used in the end."""

    def begin(self, place):
        with place.namespaces["client"].entered():
            self._socket = socket.create_connection((place.vip, 80), 5)

    def end(self, place):
        with self._socket:
            self._socket.sendall((4).to_bytes(4, "big") + bytes(4))
            assert self._socket.recv(16) == b"done"


def from_all(expected):
    """Whether each of many clients is answered."""

    def act(place):
        found = [place.request(source=client, patience=5 if expected else 0.6) for client in CLIENTS]
        assert all(found) == expected
        assert any(found)

    return act


def exposed(expected):
    """Whether port 2222 is reached by the virtual address; it always is by the machine's own one."""

    def act(place):
        assert place.request(port=2222) == expected
        assert place.request(target="10.1.0.1", port=2222, patience=5)

    return act


def datagram(count, port=514):
    """So many datagrams, whatever comes of them."""

    def act(place):
        for _ in range(count):
            place.request(port=port, kind=socket.SOCK_DGRAM, patience=0.05)

    return act


idle = Idle()
OLD = ("outside: ln -sfn $(uname -r) /lib/modules/$(setarch --uname-2.6 uname -r)", pretend(UNAME26))
AS_IT_IS = (pretend(0), "outside: rm /lib/modules/$(setarch --uname-2.6 uname -r)")
BY_GUE = Server(address=address_of("10.3.0.11"), port=80, forwarding=TUNNEL, tunnel_type=GUE, tunnel_port=6080)
REFUSED = {  # checks, and the server that each is about: EINVAL, or ERANGE
    "T3": BY_GUE.replace(tunnel_port=0),
    "S7": BY_GUE.replace(upper_threshold=5, lower_threshold=6),
}
ALONE = (f"pyipvsadm -d -t {VIP}:80 -r 10.3.0.11:80", f"pyipvsadm -d -t {VIP}:80 -r 10.3.0.12:80")
AGAIN = (
    f"pyipvsadm -d -t {VIP}:80 -r 10.3.0.11:80",
    *(f"pyipvsadm -a -t {VIP}:80 -r 10.3.0.{number}:80 -i" for number in (11, 12)),
)

NOTES = (
    Ailment("G6", FAILURE, "tunnel", (*OLD, *ALONE, add(tcp(VIP, 80), BY_GUE)),
            after=(*AS_IT_IS, *AGAIN)),
    Ailment("G15", WARNING, "nat", ("sysctl -qw net.ipv4.vs.conn_max=12", requested(20)),
            also=("sleep 2.5",), after=("sysctl -qw net.ipv4.vs.conn_max=1073741824",), since=(7, 2)),
    Ailment("S5", WARNING, "nat", (*OLD, "sysctl -qw net.ipv4.vs.conn_reuse_mode=1 net.ipv4.vs.conntrack=1"), True,
            after=(*AS_IT_IS, "sysctl -qw net.ipv4.vs.conn_reuse_mode=1", *UNTRACK)),
    Ailment("S6", NOTE, "nat", ("pyipvsadm --set 14 0 0", idle.begin, "sleep 7.5"), True, also=(idle.end,),
            after=("pyipvsadm --set 900 0 0",)),
    Ailment("S8", NOTE, "nat", (
        *(f"client: ip addr add {one}/24 dev eth0" for one in CLIENTS), f"{SET} --scheduler sh",
        f"{SET} 10.2.1.2:80 --weight 0", from_all(False),
    ), None, also=(from_all(True),), after=(
        f"pyipvsadm -E -t {VIP}:80 -s rr", f"{SET} 10.2.1.2:80 --weight 1",
        *(f"client: ip addr del {one}/24 dev eth0" for one in CLIENTS),
    )),
    Ailment("N10", WARNING, "nat", LOCAL[:2], request={"target": "10.1.0.1"}, also=(listen("10.1.0.1", 8080),),
            after=("pyipvsadm -D -t 10.1.0.1:80", silence("10.1.0.1", 8080))),
    Ailment("V7", NOTE, "nat", (listen("0.0.0.0", 2222), exposed(True)), True, also=(exposed(False),),
            after=(*FLUSH, silence("0.0.0.0", 2222))),
    Ailment("V12", WARNING, "direct", (  # forwarding switches it off; a bond alone of what this kernel has knows it
        "ip link add bond9 type bond", "ip link set bond9 up",
    ), True, after=("ip link del bond9",)),
    Ailment("N4", NOTE, "nat", (  # answers are sent, and nobody translates them
        f"pyipvsadm -A -u {VIP}:514 -s rr --ops", f"pyipvsadm -a -u {VIP}:514 -r 10.2.1.2:514 -m",
        listen("10.2.1.2", 514, "server1", socket.SOCK_DGRAM), datagram(8), "sleep 2.4",
    ), False, {"port": 514, "kind": socket.SOCK_DGRAM}, also=(
        f"pyipvsadm -E -u {VIP}:514 -s rr", datagram(8), "sleep 2.4",
    ), after=(f"pyipvsadm -D -u {VIP}:514", silence("10.2.1.2", 514))),
    Ailment("N4", NOTE, "nat", (  # another port: entries of the first stay for a while
        f"pyipvsadm -A -u {VIP}:515 -s rr", f"pyipvsadm -a -u {VIP}:515 -r 10.2.2.2:515 -m",
        listen("10.2.2.2", 515, "server2", socket.SOCK_DGRAM), "server2: iptables-legacy -A OUTPUT -p udp -j DROP",
        datagram(8, 515), "sleep 2.4",
    ), True, also=("server2: iptables-legacy -F", datagram(8, 515), "sleep 2.4"),
        after=(f"pyipvsadm -D -u {VIP}:515", silence("10.2.2.2", 515))),
)  # fmt: skip
