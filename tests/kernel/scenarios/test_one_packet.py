"""One-packet scheduling: each datagram of one socket is scheduled by itself, and no connection is kept.

DNS and SIP proxies want it: one busy client with one port would otherwise sit on one server for ever.
"""

from __future__ import annotations

import socket

import pytest

from ..network import SERVERS, VIP
from .traffic import Requests

DATAGRAMS = 10


@pytest.mark.parametrize(("options", "counts", "kept"), [("-o", {5}, 0), ("", {0, DATAGRAMS}, 1)])
def test_datagrams_of_one_socket(network, ipvs, options, counts, kept):
    ipvs(f"-A -u {VIP}:53 -s rr {options}")
    for address in SERVERS:
        ipvs(f"-a -u {VIP}:53 -r {address}:5353 -m")
    requests = Requests(network)
    sending = network.socket(network.client, socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(DATAGRAMS):
        sending.sendto(b"question", (VIP, 53))
    got = requests.arrived(DATAGRAMS)
    assert len(got) == DATAGRAMS
    assert {got.count(0), got.count(1)} == counts
    assert len([line for line in ipvs("-Lnc").splitlines() if line.startswith("UDP")]) == kept
