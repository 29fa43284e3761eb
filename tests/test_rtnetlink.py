"""What is asked of rtnetlink, in how many system calls; the bytes are by hand, from linux/if_addr.h and rtnetlink.h."""

from __future__ import annotations

import socket
import struct
from errno import EEXIST
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.network import addresses, routes, rtnetlink
from pyipvsadm.network.destinations import RTA_DST, RTA_MULTIPATH, RTA_NH_ID, Destinations, contained

from .properties import examples

INDEX = 5
FOUR = bytes.fromhex(
    "28000000 1400 0106 00000000 00000000"  # 40 bytes, RTM_NEWADDR, REQUEST|EXCL|CREATE, the first and no process
    "02 20 00 00 05000000"  # AF_INET, /32, no flags, of global scope, device 5
    "0800 0200 c000020a"  # LOCAL 192.0.2.10
    "0800 0100 c000020a"  # ADDRESS, the same
)
SIX = bytes.fromhex(
    "0a 80 02 00 05000000"  # AF_INET6, /128, NODAD
    "1400 0200 20010db8 00000000 00000000 00000010"  # LOCAL 2001:db8::10
    "1400 0100 20010db8 00000000 00000000 00000010"
    "1400 0600 00000000 ffffffff 00000000 00000000"  # CACHEINFO: preferred for no time, valid for ever
)


class Kernel:
    """A socket that answers as rtnetlink: `refused` gives the errno of a request, `route` is the type of all routes."""

    def __init__(self, refused=lambda number: 0, route=None):
        self.calls, self.sent = 0, []
        self._refused, self._route, self._answers = refused, route, []

    def send(self, data):
        self.calls += 1
        start = 0
        while start < len(data):
            length, _, flags, number, _ = rtnetlink.HEADER.unpack_from(data, start)
            error = self._refused(len(self.sent))
            self.sent.append(data[start : start + length])
            if self._route is not None and not error:
                self._answers.append(
                    rtnetlink.question(24, struct.pack("=BBBBBBBBI", *[0] * 7, self._route, 0), 0, number)
                )
            if error or flags & rtnetlink.NLM_F_ACK:
                self._answers.append(rtnetlink.question(2, rtnetlink.ERROR.pack(-error), 0, number))
            start += length

    def recv(self, size):
        self.calls += 1
        answers, self._answers = b"".join(self._answers), []
        return answers

    def close(self):
        pass


@pytest.fixture
def changing(monkeypatch):
    """What changes addresses, with such a socket."""

    def made(kernel):
        monkeypatch.setattr(rtnetlink, "connect", lambda: kernel)
        return addresses.Changing()

    return made


def names(count):
    return [f"10.0.{one >> 8}.{one & 255}" for one in range(count)]


def test_an_address_is_bound_by_these_bytes(changing):
    kernel = Kernel()
    assert changing(kernel).change(True, ["192.0.2.10", "2001:db8::10"], INDEX) == [0, 0]
    first, second = kernel.sent
    assert first == FOUR
    assert second[16:] == SIX


def test_addresses_share_system_calls(changing):
    kernel = Kernel()
    assert changing(kernel).change(True, names(4000), INDEX) == [0] * 4000
    assert kernel.calls == 2 * -(-4000 // rtnetlink.BATCH)


def test_a_refusal_is_that_of_its_address_and_stops_nothing_of_its_write(changing):
    kernel = Kernel(refused=lambda number: EEXIST if number in (3, 127) else 0)
    errors = changing(kernel).change(True, names(130), INDEX)
    assert [index for index, error in enumerate(errors) if error == EEXIST] == [3, 127]
    assert set(errors) == {0, EEXIST}


@pytest.mark.parametrize(("kind", "local"), [(routes.LOCAL, True), (1, False)])
def test_which_addresses_are_local_takes_a_write_for_many(kind, local):
    kernel = Kernel(route=kind)
    assert routes.local_among(kernel, names(1000)) == (set(names(1000)) if local else set())
    assert kernel.calls == 2 * -(-1000 // rtnetlink.BATCH)


@pytest.mark.parametrize("count", [1000, 4000])
def test_destinations_of_one_route_are_one_question(count):
    kernel = Kernel(route=1)
    found = routes.routes_to(kernel, [(name, 0) for name in names(count)], {}, Destinations([DEFAULT]))
    assert found == [routes.Route("unicast")] * count
    assert kernel.calls == 2, "whatever the count"


def test_of_this_machine_each_destination_is_a_question_of_its_own():
    kernel = Kernel(route=routes.LOCAL)
    routes.routes_to(kernel, [(name, 0) for name in names(10)], {}, Destinations([DEFAULT]))
    assert len(kernel.sent) == 10


def test_each_mark_is_a_question_of_its_own():
    kernel = Kernel(route=1)
    routes.routes_to(kernel, [(name, mark) for name in names(10) for mark in (0, 7)], {}, Destinations([DEFAULT]))
    assert len(kernel.sent) == 2


def prefix(text, **more):
    """A route to `text`, as it is listed."""
    address, _, length = text.partition("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    return family, int(length), more.get("kind", 1), ({RTA_DST: packed} if any(packed) else {}) | more.get("found", {})


DEFAULT = prefix("0.0.0.0/0")
MANY = (DEFAULT, prefix("10.0.0.0/8"), prefix("10.1.0.0/16"), prefix("10.1.2.3/32"), prefix("192.0.2.0/25"))


@pytest.mark.parametrize(("prefixes", "one", "other", "alike"), [
    ((DEFAULT,), "192.0.2.1", "203.0.113.9", True),
    ((prefix("10.0.0.0/8"),), "192.0.2.1", "203.0.113.9", True),  # in none
    (MANY, "192.0.2.1", "192.0.2.127", True),
    (MANY, "192.0.2.1", "192.0.2.128", False),
    (MANY, "192.0.2.128", "11.0.0.1", True),
    (MANY, "10.1.2.2", "10.1.255.255", True),
    (MANY, "10.1.2.2", "10.2.2.2", False),
    (MANY, "10.1.2.2", "10.1.2.3", False),
    ((*MANY, prefix("10.1.128.0/17")), "10.1.2.2", "10.1.255.255", False),
    ((DEFAULT, prefix("2001:db8::/32")), "192.0.2.1", "203.0.113.9", True),
])  # fmt: skip
def test_destinations_are_alike_that_lie_in_the_same_prefixes(prefixes, one, other, alike):
    known = Destinations(prefixes)
    assert known.group(one)
    assert known.group(other)
    assert (known.group(one) == known.group(other)) is alike


BYTES = st.sampled_from((10, 11, 127, 224))
IPV4 = st.builds("{}.{}.{}.{}".format, BYTES, *3 * [st.sampled_from((0, 1, 127, 128, 255))])


@examples(200)
@given(
    networks=st.sets(st.builds("{}/{}".format, IPV4, st.integers(0, 32)), max_size=12),
    addresses=st.lists(IPV4 | st.just("2001:db8::1") | st.just("::ffff:10.0.0.1"), max_size=40),
)
def test_destinations_of_random_prefixes_are_grouped_as_ipaddress_contains_them(networks, addresses):
    known = {str(ip_network(network, strict=False)) for network in networks}
    destinations = Destinations(map(prefix, known))
    longest = {}
    for address in addresses:
        group = destinations.group(address)
        if not known or address.startswith(("127.", "224.")) or ":" in address:
            assert group == 0
        else:
            containing = [one for one in map(ip_network, known) if ip_address(address) in one]
            best = max(containing, key=lambda one: one.prefixlen, default=None)
            assert longest.setdefault(group, best) == best
            assert group
    assert len(set(longest.values())) == len(longest)


@pytest.mark.parametrize(("prefixes", "address"), [
    ((), "192.0.2.1"),  # no route was listed
    ((DEFAULT,), "2001:db8::1"),
    ((DEFAULT,), "0.0.0.0"), ((DEFAULT,), "127.0.0.2"), ((DEFAULT,), "224.0.0.18"), ((DEFAULT,), "255.255.255.255"),
    ((*MANY, prefix("198.18.0.0/15", found={RTA_MULTIPATH: b""})), "10.1.2.2"),
    ((*MANY, prefix("198.18.0.0/15", found={RTA_NH_ID: b"1234"})), "10.1.2.2"),
])  # fmt: skip
def test_a_destination_is_asked_about_alone(prefixes, address):
    assert Destinations(prefixes).group(address) == 0


@pytest.mark.parametrize(("prefixes", "address", "is_among"), [
    ((), "192.0.2.1", False),
    ((), "2001:db8::1", False),
    (MANY[1:], "192.0.2.127", True),
    (MANY[1:], "192.0.2.128", False),
    (MANY[1:], "11.0.0.1", False),
    (MANY[1:3], "10.2.2.2", True),
    (MANY[3:4], "10.1.2.3", True),
    (MANY[3:4], "10.1.2.2", False),
    ((DEFAULT,), "203.0.113.9", True),
    ((DEFAULT,), "2001:db8::1", False),  # of the other family
    ((prefix("::/0"),), "203.0.113.9", False),
    ((prefix("::/0"),), "2001:db8::1", True),
    ((prefix("2001:db8::/33"),), "2001:db8:7fff::1", True),
    ((prefix("2001:db8::/33"),), "2001:db8:8000::1", False),
    ((prefix("2001:db8::5/128"),), "2001:db8::5", True),
    (((28, 20, 1, {RTA_DST: bytes(4)}),), "192.0.2.1", False),  # a label of MPLS
    ((), "0.0.0.0", True), ((), "127.0.0.2", True), ((), "224.0.0.18", True), ((), "255.255.255.255", True),
    ((), "::", True), ((), "::1", True), ((), "fe80::1", True), ((), "ff02::1", True),
])  # fmt: skip
def test_what_a_prefix_contains_and_what_needs_no_route(prefixes, address, is_among):
    others = ["198.51.100.7", "2001:db8:ffff::7"]
    found = contained([others[0], address, others[1]], prefixes)
    assert (address in found) is is_among


LAYOUTS = (
    ((1, b"\0" * 4), (2, b"1234"), (3, b"eth0\0")),
    ((2, b"5678"), (1, b"\0" * 4), (3, b"eth1\0")),  # as long, and in another order
    ((1, b"\0" * 4), (2, b"9999"), (3, b"lo\0\0\0")),
    ((1, b""), (0x8002, b"12345678"), (3, b"eth0\0")),  # a flag, which isn't part of the number
    ((1, b"1"), (1, b"2")),  # one twice
    ((7, b"1234"),),
    (),
)


@pytest.mark.parametrize("order", [range(7), range(6, -1, -1), (0, 0, 2, 1, 0, 2, 3, 4, 4, 3, 5, 6, 5)])
def test_attributes_are_the_same_whatever_came_before(order):
    bodies = [
        b"head0000"
        + b"".join(
            rtnetlink.ATTRIBUTE.pack(rtnetlink.ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)
            for kind, value in LAYOUTS[number]
        )
        for number in order
    ]
    expected = [{kind & 0x3FFF: value for kind, value in LAYOUTS[number]} for number in order]
    assert list(rtnetlink.attributes_of_each(bodies, 8)) == expected
    cut = [body[:-1] for body in bodies if len(body) > 8]  # the padding of the last one may lack
    assert list(rtnetlink.attributes_of_each(cut, 8)) == [rtnetlink.attributes(body, 8) for body in cut]


def test_where_no_route_leads_nothing_is_local():
    assert routes.local_among(Kernel(refused=lambda number: 101, route=2), names(3)) == set()
