"""Routes that are asked about for a whole group are those that the kernel tells of each destination alone."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from errno import EMSGSIZE
from ipaddress import IPv4Address

import pytest

from pyipvsadm.network.facts import Reading

from .namespaces import Namespace

BASE = (
    "link add one type dummy", "link set one up", "address add 192.0.2.1/24 dev one",
    "link add two type dummy", "link set two up", "address add 198.51.100.1/25 dev two",
)  # fmt: skip
KINDS = (  # of routes, by how often they are drawn
    *("via 192.0.2.254",) * 4, *("via 198.51.100.126 src 192.0.2.1",) * 2, "dev two", "via 192.0.2.9 mtu 1400",
    "via 198.51.100.2 table 7", "via 192.0.2.7 table 7",
)  # fmt: skip
TYPES = ("unreachable", "blackhole", "prohibit", "local", "broadcast", "throw")
HOPS = "nexthop via 192.0.2.254 nexthop via 198.51.100.126"
RULES = ("fwmark 7 lookup 7", "to {} lookup 7", "to {} prohibit", "from 192.0.2.1 lookup 7")
MARKS = (0, 7)


def ip(namespace, *lines):
    """Let `ip` carry out `lines`; what it refuses is left out."""
    with namespace.entered():
        subprocess.run(["ip", "-force", "-batch", "-"], input="\n".join(lines), text=True, capture_output=True)


def network(chance):
    length = chance.choice((8, 12, 16, 20, 24, 24, 28, 31, 32))
    number = chance.choice((0x0A000000, 0x0A010000, 0xC6120000)) | chance.getrandbits(16)
    return f"{IPv4Address(number >> 32 - length << 32 - length)}/{length}"


def destinations(chance):
    near = (0x0A000000, 0x0A010000, 0xC6120000, 0xC0000200, 0xC6336400)
    found = [str(IPv4Address(chance.choice(near) | chance.getrandbits(16))) for _ in range(300)]
    special = ["0.0.0.0", "127.0.0.1", "127.9.9.9", "224.0.0.18", "239.1.1.1", "255.255.255.255", "240.0.0.1"]
    return found + special + ["192.0.2.1", "192.0.2.255", "2001:db8::1", "::1"]


def told(opened, questions):
    """What is told of all together, and of each alone."""
    together = opened.routes_to(questions)
    alone = [opened.routes_to([question])[0] for question in questions]
    return dict(zip(questions, together, strict=True)), dict(zip(questions, alone, strict=True))


def refused(sender):
    """Whether a long datagram is refused, once the router has told that it is too long."""
    for _ in range(100):
        try:
            sender.send(bytes(1400))
        except OSError as error:
            return error.errno == EMSGSIZE
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("seed", range(12))
def test_of_random_routes_and_rules(seed):
    chance = random.Random(seed)
    lines = [f"route add {network(chance)} {chance.choice(KINDS)}" for _ in range(chance.randrange(60))]
    lines += [f"route add {chance.choice(TYPES)} {network(chance)}" for _ in range(chance.randrange(8))]
    lines += [f"rule add {chance.choice(RULES).format(network(chance))}" for _ in range(chance.randrange(5))]
    lines += ["route add default via 192.0.2.254"] * chance.randrange(2)
    lines += [f"route add {network(chance)} {HOPS}"] * (seed % 4 == 3)
    namespace = Namespace()
    try:
        ip(namespace, *BASE, *lines)
        with namespace.entered(), Reading() as opened:
            together, alone = told(opened, [(one, mark) for one in destinations(chance) for mark in MARKS])
    finally:
        namespace.close()
    assert together == alone
    assert len(set(alone.values())) > 3


NETWORKS = ("2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::80/121", "2001:db8::7/128", "::/0")


@pytest.mark.parametrize("seed", range(12))
def test_what_is_local_is_so_by_a_route_that_is_listed(seed):
    """Whatever the rules, tables and routes: as many addresses are local as where the kernel is asked about each."""
    chance = random.Random(seed)
    lines = [
        f"route add {chance.choice((*TYPES, 'local', 'local'))} {network(chance)} table {chance.choice((7, 254, 255))}"
        for _ in range(chance.randrange(12))
    ]
    lines += [f"route add local {chance.choice(NETWORKS)} dev lo table {chance.choice((7, 254))}"] * (seed % 3)
    lines += [f"rule add pref {chance.choice((0, 5, 40000))} {chance.choice(RULES).format(network(chance))}"]
    lines += [f"rule add lookup {chance.choice((7, 254))}"] * (seed % 2) + ["-6 rule add lookup 7"] * (seed % 2)
    six = [f"2001:db8:{chance.choice((0, 1, 2))}::{chance.randrange(256):x}" for _ in range(100)]
    six += ["2001:db9::1", "::", "::5", "fe80::5", "ff02::1"]
    namespace = Namespace()
    try:
        ip(namespace, *BASE, *["link set lo up"] * (seed % 2), *lines)
        asked = [*destinations(chance), *six]
        with namespace.entered(), Reading() as opened:
            assert opened.local_by_routes(asked) == opened.local_among(asked)
    finally:
        namespace.close()


def test_of_a_destination_behind_a_narrow_link():
    """What the kernel has learnt of one destination isn't told of its neighbours."""
    director, router, far = Namespace(), Namespace(), Namespace()
    try:
        ip(director, "link add eth0 type veth peer name eth1 netns " + router.path())
        ip(router, "link add eth2 mtu 1300 type veth peer name eth3 mtu 1300 netns " + far.path())
        ip(director, "address add 192.0.2.1/24 dev eth0", "link set eth0 up", "route add default via 192.0.2.2")
        ip(router, "address add 192.0.2.2/24 dev eth1", "link set eth1 up", "address add 10.0.0.1/8 dev eth2",
           "link set eth2 up")  # fmt: skip
        ip(far, "address add 10.0.0.2/8 dev eth3", "link set eth3 up", "route add default via 10.0.0.1")
        with router.entered(), open("/proc/sys/net/ipv4/ip_forward", "w") as forward:
            forward.write("1")
        with director.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
            sender.connect(("10.0.0.2", 9))
            assert refused(sender)
            with Reading() as opened:
                together, alone = told(opened, [(one, 0) for one in ("10.0.0.9", "10.0.0.2", "10.0.0.3")])
    finally:
        for namespace in (director, router, far):
            namespace.close()
    assert together == alone
    assert [route.mtu for route in together.values()] == [0, 1300, 0]
