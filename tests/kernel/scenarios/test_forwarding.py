"""The ways to a server: NAT, direct routing, and tunnels by IPIP, GUE and GRE.

With NAT the server gets the request at its own address. In all other modes it gets it as the client sent it,
to the VIP, which it therefore holds itself, on `lo`; it answers the client directly, past the director, from the
VIP. With direct routing the director just puts the server's MAC address on the frame, with a tunnel it wraps the
packet into one to the server, which has to unwrap it.
"""

from __future__ import annotations

import socket
import subprocess

import pytest

from ..network import CLIENT, SERVERS, VIP, ip

PORT, GUE_PORT = 53, 6080
MODES = {
    "nat": "-m",
    "direct routing": "-g",
    "ipip": "-i",
    "gue": f"-i --tun-type gue --tun-port {GUE_PORT}",
    "gre": "-i --tun-type gre",
}
# what makes a server unwrap what comes in a tunnel
UNWRAPPING = {
    "ipip": ["link add unwrap type ipip local {address}"],
    "gue": ["link add unwrap type ipip local {address}", f"fou add port {GUE_PORT} gue"],
    "gre": ["link add unwrap type gre local {address}"],
}


def prepare(network, mode):
    """Make the servers ready for it. Without what unwraps GUE the test is skipped."""
    if mode == "nat":
        return
    if mode == "gue" and subprocess.run(["modprobe", "fou"], check=False).returncode:
        pytest.skip("this kernel has no module fou, which unwraps GUE")
    network.reply_directly()
    for server, address in zip(network.servers, SERVERS, strict=True):
        with server.entered():
            for name, value in (("arp_ignore", "1"), ("arp_announce", "2")):
                with open(f"/proc/sys/net/ipv4/conf/all/{name}", "w") as setting:
                    setting.write(value)
        ip(server, f"addr add {VIP}/32 dev lo")
        for line in UNWRAPPING.get(mode, []):
            ip(server, line.format(address=address))
        if mode in UNWRAPPING:
            ip(server, "link set unwrap up")


def serve(network, mode):
    """The servers' sockets: at their own addresses, or at the VIP."""
    made = []
    for server, address in zip(network.servers, SERVERS, strict=True):
        one = network.socket(server, socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((address if mode == "nat" else VIP, PORT))
        made.append(one)
    return made


@pytest.mark.parametrize("mode", MODES)
def test_requests_reach_both_servers_and_answers_come_from_the_vip(network, ipvs, mode):
    prepare(network, mode)
    ipvs(f"-A -u {VIP}:{PORT} -s rr")
    for address in SERVERS:
        ipvs(f"-a -u {VIP}:{PORT} -r {address}:{PORT} {MODES[mode]}")
    serving = serve(network, mode)
    ways = {row.split()[2] for row in ipvs("-Ln").splitlines() if row.startswith("  -> 10.")}
    assert ways == {{"nat": "Masq", "direct routing": "Route"}.get(mode, "Tunnel")}
    answers = []
    for _ in range(4):
        asking = network.socket(network.client, socket.AF_INET, socket.SOCK_DGRAM)
        asking.bind((CLIENT, 0))
        asking.sendto(b"question", (VIP, PORT))
        answers.append(answer(serving, asking))
    assert sorted(answers) == [b"server 0", b"server 0", b"server 1", b"server 1"]


def answer(serving, asking):
    """Let the server that was asked say who it is, and hand on what the client hears from the VIP."""
    for number, one in enumerate(serving):
        one.settimeout(0.5)
        try:
            question, client = one.recvfrom(100)
        except TimeoutError:
            continue
        assert (question, client) == (b"question", asking.getsockname())
        one.sendto(b"server %d" % number, client)
        said, source = asking.recvfrom(100)
        assert source == (VIP, PORT)
        return said
    raise AssertionError("no server got the question")


@pytest.mark.parametrize("mode", UNWRAPPING)
def test_a_server_that_unwraps_nothing_hears_nothing(network, ipvs, mode):
    """The control: the same without the tunnel's end."""
    prepare(network, "direct routing")
    ipvs(f"-A -u {VIP}:{PORT} -s rr \n -a -u {VIP}:{PORT} -r {SERVERS[0]}:{PORT} {MODES[mode]}")
    serving = serve(network, mode)
    asking = network.socket(network.client, socket.AF_INET, socket.SOCK_DGRAM)
    asking.sendto(b"question", (VIP, PORT))
    with pytest.raises(AssertionError, match="no server got"):
        answer(serving, asking)
