"""The article's walk: how a packet for a service's address comes to a server, and its answer back.

The VIP is bound to `kube-ipvs0`, a dummy device that no packet ever goes through. It is there so that routing
takes a packet for the VIP as the director's own and brings it to INPUT, where IPVS waits. IPVS rewrites the
destination to a server's (DNAT) and sends it on; the answer comes back through the director, which rewrites
its source to the VIP. The client never sees a server's address, and the server always sees the client's.

    on the client's link    CLIENT -> VIP
    on the server's link    CLIENT -> SERVER      the destination is rewritten
    on the server's link    SERVER -> CLIENT
    on the client's link    VIP    -> CLIENT      the source is rewritten
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import subprocess
from contextlib import contextmanager
from itertools import pairwise

import pytest

from ..network import CLIENT, CLIENT6, SERVERS, SERVERS6, VIP, VIP6, VIP_DEVICE, ip
from .traffic import Requests

ETH_P_ALL = 3
IP = (0x0800, 0x86DD)  # ETH_P_IP, ETH_P_IPV6
SCTP = 132
# the option, the kind of socket, the protocol
PROTOCOLS = {
    "TCP": ("-t", socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "UDP": ("-u", socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "SCTP": ("--sctp-service", socket.SOCK_STREAM, SCTP),
}
FAMILIES = {"IPv4": (socket.AF_INET, CLIENT, VIP, SERVERS[0]), "IPv6": (socket.AF_INET6, CLIENT6, VIP6, SERVERS6[0])}


@contextmanager
def capture(namespace):
    """What tells the steps of an IP packet through a namespace: the device, the source and the destination."""
    with namespace.entered():
        listening = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    listening.setblocking(False)

    def steps(protocol):
        found = []
        while True:
            try:
                packet, (device, ethertype, *_) = listening.recvfrom(2000)
            except BlockingIOError:
                return found
            step = (device, *ends(packet, protocol)) if ethertype in IP else ()  # ARP's bytes may look like anything
            if len(step) == 3 and step not in found:
                found.append(step)

    with listening:
        yield steps


def ends(packet, protocol):
    """A packet's source and destination, as (address, port); none if it's of another protocol."""
    six = packet[0] >> 4 == 6
    at = (8, 24, 40) if six else (12, 16, 20)
    if packet[6 if six else 9] != protocol:
        return ()
    ports = struct.unpack_from("!HH", packet, 40 if six else (packet[0] & 15) * 4)
    addresses = (str(ipaddress.ip_address(packet[start:end])) for start, end in pairwise(at))
    return tuple(zip(addresses, ports, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_walk(network, ipvs, protocol, family):
    option, kind, number = PROTOCOLS[protocol]
    af, client, vip, server = FAMILIES[family]
    virtual, real = (f"{vip}:80", f"{server}:8080") if family == "IPv4" else (f"[{vip}]:80", f"[{server}]:8080")
    ipvs(f"-A {option} {virtual} -s rr \n -a {option} {virtual} -r {real} -m")
    try:
        serving = network.socket(network.servers[0], af, kind, number)
    except OSError as problem:
        pytest.skip(f"this kernel has no sockets of {protocol}: {problem}")
    asking = network.socket(network.client, af, kind, number)
    serving.bind((server, 8080))
    asking.bind((client, 0))
    port = asking.getsockname()[1]

    with capture(network.director) as steps:
        if kind == socket.SOCK_DGRAM:
            asking.sendto(b"question", (vip, 80))
            question, seen = serving.recvfrom(100)
            serving.sendto(b"answer", seen)
        else:
            serving.listen()
            asking.connect((vip, 80))
            accepted, seen = serving.accept()
            asking.sendall(b"question")
            question = accepted.recv(100)
            assert accepted.getsockname()[:2] == (server, 8080)  # the server was called by its own name
            accepted.sendall(b"answer")
        answer, answered = asking.recvfrom(100)
        walked = steps(number)

    assert (question, answer) == (b"question", b"answer")
    assert seen[:2] == (client, port)  # the server sees the client, not the director
    if kind == socket.SOCK_DGRAM:
        assert answered[:2] == (vip, 80)  # and the client the VIP, not the server
    assert walked[:4] == [
        ("client", (client, port), (vip, 80)),
        ("server1", (client, port), (server, 8080)),
        ("server1", (server, 8080), (client, port)),
        ("client", (vip, 80), (client, port)),
    ]
    assert walked[4:] == []


def test_the_device_holds_the_address_and_needs_no_neighbours(network):
    """As kube-proxy makes it: a dummy that doesn't speak ARP, with host addresses."""
    with network.director.entered():
        shown = subprocess.run(["ip", "address", "show", VIP_DEVICE], text=True, capture_output=True, check=True).stdout
    assert "NOARP" in shown
    assert f"inet {VIP}/32 " in shown
    assert f"inet6 {VIP6}/128 " in shown


def test_nothing_comes_to_input_without_the_address(network, ipvs):
    """The same rules without the VIP on the device: routing sends the packet elsewhere, and IPVS never sees it."""
    ipvs(f"-A -u {VIP}:53 -s rr \n -a -u {VIP}:53 -r {SERVERS[0]}:5353 -m")
    requests = Requests(network)
    assert requests.served() == 0
    ip(network.director, f"addr del {VIP}/32 dev {VIP_DEVICE}")
    requests.send()
    assert requests.arrived(1, patience=0.5) == []
    ip(network.director, f"addr add {VIP}/32 dev {VIP_DEVICE}")
    assert requests.served() == 0
