"""What is asked of rtnetlink, in how many system calls; the bytes are by hand, from linux/if_addr.h and rtnetlink.h."""

from __future__ import annotations

import struct
from errno import EEXIST

import pytest

from pyipvsadm.network import addresses, routes, rtnetlink

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


def test_where_no_route_leads_nothing_is_local():
    assert routes.local_among(Kernel(refused=lambda number: 101, route=2), names(3)) == set()
