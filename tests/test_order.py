"""The order of lists, against a simulation of ipvsadm's: a merge sort by 32-bit differences taken as signed."""

from __future__ import annotations

from itertools import product
from struct import unpack

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyipvsadm.listing.order import in_order, servers_in_order
from pyipvsadm.model import Server, Service

from .properties import examples


def difference(a, b):
    """a - b in 32 bits, taken as signed."""
    return ((a - b + 2**31) & 0xFFFFFFFF) - 2**31


def first(*differences):
    return next((d for d in differences if d), 0)


def words(address):
    return unpack(f">{len(address) // 4}I", address)


def compare_services(a, b):
    """ipvsadm's comparison of two services."""
    addresses = (words(s.address) if s.address else (0,) * (1 if s.af == 2 else 4) for s in (a, b))
    return first(
        difference(a.fwmark or 0, b.fwmark or 0),
        a.af - b.af,
        (a.protocol or 0) - (b.protocol or 0),
        *(difference(x, y) for x, y in zip(*addresses, strict=False)),
        (a.port or 0) - (b.port or 0),
    )


def compare_servers(a, b):
    """ipvsadm's comparison of two servers: the left one's family tells how much of the address counts."""
    wide_a, wide_b = (words(s.address.ljust(16, b"\0")) for s in (a, b))
    count = 1 if a.af == 2 else 4
    return first(*(difference(x, y) for x, y in zip(wide_a[:count], wide_b[:count], strict=True)), a.port - b.port)


def merge_sort(items, compare):
    """The sort that ipvsadm was seen to use: the left half is n/2 rounded down, ties go left."""
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle], compare), merge_sort(items[middle:], compare)
    merged = []
    while left and right:
        merged.append((left if compare(left[0], right[0]) <= 0 else right).pop(0))
    return merged + left + right


def is_an_order(items, compare):
    """Whether `compare` puts `items` into one order, however they are sorted."""

    def sign(n):
        return (n > 0) - (n < 0)

    return all(sign(compare(a, b)) == -sign(compare(b, a)) for a, b in product(items, items)) and all(
        compare(a, c) < 0 for a, b, c in product(items, items, items) if compare(a, b) < 0 and compare(b, c) < 0
    )


edges = st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1, 0x0A000001, 0xC0A80001, 0x64400001])
word = st.one_of(edges, st.integers(0, 2**32 - 1), st.integers(0, 3))
near = st.integers(0, 5)
ip4 = word.map(lambda n: n.to_bytes(4, "big"))
ip6 = st.lists(st.one_of(near, word), min_size=4, max_size=4).map(lambda w: b"".join(n.to_bytes(4, "big") for n in w))
ports = st.integers(0, 3)
protocols = st.sampled_from([6, 17, 132])
services = st.one_of(
    st.builds(Service, protocol=protocols, address=ip4, port=ports),
    st.builds(Service, af=st.just(10), protocol=protocols, address=ip6, port=ports),
    st.builds(Service, af=st.sampled_from([2, 10]), fwmark=word.filter(bool)),
)
tcp = st.builds(Service, protocol=st.just(6), address=ip4, port=ports)
marks = st.builds(Service, fwmark=word.filter(bool))
tcp6 = st.builds(Service, af=st.just(10), protocol=st.just(6), address=ip6, port=ports)
servers4 = st.builds(Server, address=ip4, port=ports)
servers6 = st.builds(Server, address=ip6, port=ports)


def some(strategy):
    """Up to seven that differ: the kernel has none twice. Often two or three, which mostly have an order."""
    return st.one_of(st.lists(strategy, max_size=3, unique=True), st.lists(strategy, max_size=7, unique=True))


@examples(100)
@given(st.one_of(some(tcp), some(marks), some(tcp6), some(services)))
def test_services_are_in_ipvsadm_s_order_where_it_is_one(items):
    assume(is_an_order(items, compare_services))
    assert in_order(items) == merge_sort(items, compare_services)


@examples(100)
@given(st.one_of(some(servers4), some(servers6), some(st.one_of(servers4, servers6))))
def test_servers_are_in_ipvsadm_s_order_where_it_is_one(items):
    assume(is_an_order(items, compare_servers))
    assume(not any(a.af != b.af and words(a.address)[0] == words(b.address)[0] for a, b in product(items, items)))
    expected = merge_sort(items, compare_servers)
    assert in_order(items) == expected
    assert servers_in_order(list(items)) == expected


@examples(50)
@given(st.lists(word, min_size=4, max_size=6, unique=True))
def test_services_are_in_plain_order_where_ipvsadm_has_none(numbers):
    items = [Service(protocol=6, address=number.to_bytes(4, "big"), port=80) for number in numbers]
    assume(not is_an_order(items, compare_services))
    assert in_order(items) == sorted(items, key=lambda service: service.address)


@examples(60)
@given(some(services), st.randoms())
def test_the_order_is_the_same_however_they_come(items, random):
    shuffled = random.sample(items, len(items))
    assert in_order(shuffled) == in_order(items)
    assert sorted(in_order(items), key=repr) == sorted(items, key=repr)


def ip(text):
    return bytes(map(int, text.split(".")))


def at(text, port=80):
    return Service(protocol=6, address=ip(text), port=port)


@pytest.mark.parametrize("addresses", [
    ("192.168.0.1", "10.0.0.1"),  # more than 2^31 apart
    ("192.168.0.1", "192.168.0.2", "10.0.0.1", "10.0.0.2"),
    ("10.0.0.1", "100.64.0.1", "127.255.255.255"),
    ("128.0.0.1", "255.255.255.255", "0.0.0.0"),
    ("0.0.0.0", "127.255.255.255"),
    # No order at all, and so the plain one: three within the whole circle, or two that are 2^31 apart.
    ("10.0.0.1", "100.64.0.1", "192.168.0.1"),
    ("10.0.0.1", "90.0.0.1", "172.16.0.1", "192.168.0.1"),
    ("0.0.0.0", "128.0.0.0"),
    ("1.0.0.0", "129.0.0.0"),
])  # fmt: skip
def test_the_order_of_addresses(addresses):
    expected = [at(address) for address in addresses]
    assert in_order(expected[::-1]) == expected
    assert in_order(sorted(expected)) == expected
    servers = [Server(address=ip(address), port=1) for address in addresses]
    assert servers_in_order(servers[::-1]) == servers


def test_the_order_of_a_whole_table():
    """By mark, family, protocol, address and port: of marks, IPv4 comes before IPv6."""
    expected = [
        at("10.0.0.1"), at("10.0.0.1", 443), at("10.0.0.2"),
        Service(protocol=17, address=ip("10.0.0.1"), port=53), Service(protocol=132, address=ip("10.0.0.1"), port=9),
        Service(af=10, protocol=6, address=bytes(16), port=80),
        Service(af=10, protocol=17, address=bytes(15) + b"\1", port=80),
        Service(fwmark=1), Service(af=10, fwmark=1), Service(fwmark=2),
    ]  # fmt: skip
    assert in_order(expected[::-1]) == expected


def test_a_mark_far_from_none_comes_before_everything():
    assert in_order([at("10.0.0.1"), Service(fwmark=2**32 - 1)]) == [Service(fwmark=2**32 - 1), at("10.0.0.1")]


def test_each_word_turns_by_itself():
    """Addresses of IPv6 turn within the words before; ports are plain numbers."""

    def six(*parts, port=80):
        return Service(af=10, protocol=6, address=b"".join(n.to_bytes(4, "big") for n in parts), port=port)

    expected = [six(1, 0, 0, 2**32 - 1), six(1, 0, 0, 0), six(1, 0, 0, 1), six(2, 2**31 + 5, 0, 0), six(2, 1, 0, 0)]
    assert in_order(expected[::-1]) == expected
    nested = [six(2**31 + 5, 0, 0, 2**32 - 1), six(2**31 + 5, 0, 0, 1), six(1, 0, 0, 2**32 - 1), six(1, 0, 0, 1)]
    assert in_order(nested[::-1]) == nested == merge_sort(sorted(nested, key=lambda s: s.key), compare_services)
    ports = [six(1, 0, 0, 0, port=port) for port in (0, 1, 32768, 65535)]
    assert in_order(ports[::-1]) == ports


def test_a_large_table_takes_no_slow_comparison():
    """The whole of it is sorted by keys: 20,000 in well under a second, wherever their gaps are."""
    items = [Service(protocol=6, address=(n * 214013 & 0xFFFFFFFF).to_bytes(4, "big"), port=80) for n in range(20000)]
    assert [service.key for service in in_order(items)] == sorted(service.key for service in items)


def test_none_and_one():
    assert in_order([]) == []
    assert servers_in_order([]) == []
    assert servers_in_order([Server(address=ip("10.0.0.1"))]) == [Server(address=ip("10.0.0.1"))]
