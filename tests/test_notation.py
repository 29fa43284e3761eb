"""The notation of services, servers and networks, written and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm.errors import UsageError
from pyipvsadm.model import Server, Service
from pyipvsadm.table.notation import network_of, server_of, service_of, spelled, spelled_server

ADDRESSES = st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16)
PORTS = st.integers(0, 65535)
V4, V6 = bytes((192, 168, 2, 10)), bytes.fromhex("20010db8000000000000000000000001")


@pytest.mark.parametrize(
    ("text", "service", "again"),
    [
        ("192.168.2.10:80/tcp", Service(protocol=6, address=V4, port=80), None),
        ("192.168.2.10:80", Service(protocol=6, address=V4, port=80), "192.168.2.10:80/tcp"),
        ("[2001:db8::1]:53/udp", Service(af=10, protocol=17, address=V6, port=53), None),
        ("[2001:DB8:0::1]:0/sctp", Service(af=10, protocol=132, address=V6, port=0), "[2001:db8::1]:0/sctp"),
        ("192.168.2.10:80/50", Service(protocol=50, address=V4, port=80), None),
        ("fwmark:7", Service(fwmark=7), None),
        ("fwmark:4294967295/ipv6", Service(af=10, fwmark=2**32 - 1), None),
    ],
)
def test_services(text, service, again):
    assert service_of(text) == service
    assert spelled(service) == (again or text)


@given(ADDRESSES, PORTS, st.sampled_from((6, 17, 132, 0, 1, 255, 65535)))
def test_any_service(address, port, protocol):
    service = Service(af=2 if len(address) == 4 else 10, protocol=protocol, address=address, port=port)
    assert service_of(spelled(service)) == service


@given(ADDRESSES, PORTS)
def test_any_server(address, port):
    server = Server(address=address, port=port)
    assert server_of(spelled_server(server)) == server


WRONG = ("", ":", "x", "192.168.2.10", "192.168.2.10:", "192.168.2.10:65536", "192.168.2.10:-1", "192.168.2.10: 80",
         "192.168.2:80", "192.168.2.010:80", "2001:db8::1:80", "[2001:db8::1]", "[2001:db8::1]80", "[192.168.2.10]:80",
         "[2001:db8::1%lo]:80", "192.168.2.10:\u0661", "a\0b:80", "\udcff:80", "host:80")  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [*WRONG, "fwmark:0", "fwmark:", "fwmark:4294967296", "fwmark:7/ipv4", "fwmark:7/", "1.2.3.4:80/", "1.2.3.4:80/x"],
)
def test_no_service(text):
    with pytest.raises(UsageError, match="is not a service") as raised:
        service_of(text)
    assert "fwmark:7" in raised.value.hint
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("text", [*WRONG, "192.168.2.10:80/tcp", "fwmark:7"])
def test_no_server(text):
    with pytest.raises(UsageError, match="is not a server") as raised:
        server_of(text)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.168.2.10", (V4, 32)),
        ("192.168.2.0/24", (bytes((192, 168, 2, 0)), 24)),
        ("0.0.0.0/0", (bytes(4), 0)),
        ("2001:db8::1", (V6, 128)),
        ("::/0", (bytes(16), 0)),
    ],
)
def test_networks(text, network):
    assert network_of(text) == network


def test_a_network_s_start_is_told():
    with pytest.raises(UsageError, match=r"starts at 192\.168\.2\.0"):
        network_of("192.168.2.10/24")


@pytest.mark.parametrize("text", ["", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0:80"])
def test_no_network(text):
    with pytest.raises(UsageError, match="is not a network"):
        network_of(text)
