"""What is read of the director as a machine, against what `ip` was told to make of it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from pyipvsadm.network.facts import FOREVER, Address, Link, Neighbour, Reading
from pyipvsadm.network.routes import Route

from .namespaces import Namespace
from .network import CLIENT, SERVERS, VIP, VIP6, Network

IPV6_OFF = "/proc/sys/net/ipv6/conf/all/disable_ipv6"


@pytest.fixture
def network():
    made = Network()
    with made.director.entered():
        yield made
    made.close()


def ip(line):
    subprocess.run(["ip", *line.split()], check=True)


def test_links(network):
    with Reading() as found:
        links = {link.name: link for link in found.links()}
    assert {"lo", "kube-ipvs0", "client", "server1", "server2"} <= links.keys()
    assert (links["kube-ipvs0"].kind, links["client"].kind, links["lo"].kind) == ("dummy", "veth", "")
    assert links["client"].up
    ip("link set client mtu 1400")
    ip("link set client down")
    ip("link set server1 multicast off")
    with Reading() as found:
        links = {link.name: link for link in found.links()}
    assert (links["client"].up, links["client"].mtu) == (False, 1400)
    assert (links["server1"].multicast, links["server2"].multicast) == (False, True)
    assert isinstance(links["lo"], Link)


def test_addresses(network):
    ip("addr add 192.0.2.1 peer 192.0.2.2/32 dev client")
    ip("addr add 2001:db8:77::1/128 dev kube-ipvs0 preferred_lft 0 nodad")
    with Reading() as found:
        addresses = found.addresses()
    by_address = {one.address: one for one in addresses}
    assert by_address[VIP].__dict__ | {"flags": 0, "created": 0} == Address(VIP, 32, "kube-ipvs0", 0, FOREVER).__dict__
    assert (by_address["10.1.0.1"].prefix, by_address["10.1.0.1"].device) == (24, "client")
    assert "192.0.2.1" in by_address
    assert "192.0.2.2" not in by_address
    assert by_address["2001:db8:77::1"].preferred == 0
    assert not by_address[VIP6].tentative


def test_an_address_that_another_machine_has_is_a_duplicate(network):
    Path("/proc/sys/net/ipv6/conf/client/dad_transmits").write_text("1000")  # seconds that the kernel looks for it
    ip("addr add 2001:db8:1::3/64 dev client")  # nobody's
    ip("addr add 2001:db8:1::2/64 dev client")  # the client's
    with Reading() as found:
        assert next(one for one in found.addresses() if one.address == "2001:db8:1::3").tentative
        for _ in range(100):
            one = next(one for one in found.addresses() if one.address == "2001:db8:1::2")
            if one.duplicate:
                break
            time.sleep(0.05)
    assert one.duplicate
    assert not one.tentative


def routes(*addresses, mark=0):
    """The routes that are found to `addresses`."""
    with Reading() as found:
        return found.routes_to([(address, mark) for address in addresses])


def test_routes(network):
    ip("route add 198.51.100.0/24 via 10.2.1.2 mtu 1300")
    ip("route add 203.0.113.0/24 via inet6 2001:db8:2:1::2")
    ip("route add local 192.0.2.0/24 dev lo table 77")
    ip("rule add fwmark 7 lookup 77")
    no_way = Route("none", source="Network is unreachable")
    assert routes(VIP, SERVERS[0], "198.51.100.9", "192.0.2.5", "2001:db8:dead::1") == [
        Route("local", "lo", "", VIP),
        Route("unicast", "server1", "", "10.2.1.1"),
        Route("unicast", "server1", "10.2.1.2", "10.2.1.1", 1300),
        no_way,
        no_way,
    ]
    own, by_other_family, by_device = routes(VIP6, "203.0.113.9", "2001:db8:2:2::2")
    assert own.type == "local"
    assert by_other_family.gateway == "2001:db8:2:1::2"
    assert by_device.device == "server2"
    assert [one.type for one in routes("192.0.2.5", mark=7)] == ["local"]


def test_neighbours(network):
    with Reading() as found:
        assert not [one for one in found.neighbours() if one.address == CLIENT]
        ip(f"neigh add {CLIENT} dev client lladdr 02:00:00:00:00:02 nud permanent")
        assert Neighbour(CLIENT, "client", "permanent") in found.neighbours()


def test_without_ipv6(network):
    Path(IPV6_OFF).write_text("1")
    with Reading() as found:
        assert not [one for one in found.addresses() if ":" in one.address]
    (found,) = routes("2001:db8::1")
    assert found.type == "none"
    assert re.search("unreachable|not supported", found.source)


def test_each_reading_stays_with_its_namespace(network):
    inside = Reading()
    other = Namespace()
    with other.entered(), Reading() as found:
        assert {link.name for link in found.links() if link.kind in ("veth", "dummy")} == set()
        assert "kube-ipvs0" in {link.name for link in inside.links()}
    inside.close()
    other.close()


def test_it_takes_no_privilege(network):
    child = os.fork()
    if not child:
        status = 1
        try:
            os.setuid(65534)
            with Reading() as found:
                status = 0 if routes(VIP)[0].type == "local" and found.links() and found.addresses() else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
