"""A small network around a director: a client before it, two servers behind it, all in this process.

A socket stays in the namespace that it was made in, so no other process is needed.
"""

from __future__ import annotations

import socket
import subprocess
import time

from pyroute2 import IPRoute
from pyroute2.netlink import nlmsg

from .namespaces import IFF_UP, Namespace

VIP, VIP6 = "10.1.0.100", "2001:db8:9::100"
SERVERS = ("10.2.1.2", "10.2.2.2")
SERVERS6 = ("2001:db8:2:1::2", "2001:db8:2:2::2")
CLIENT, CLIENT6 = "10.1.0.2", "2001:db8:1::2"
VIP_DEVICE = "kube-ipvs0"
CLIENTS, VIPS = "10.9.0.0/16", "10.8.0.0/16"  # every address in them is the client's; the director's
TIMEOUT = 5  # seconds that a socket waits


class Network:
    """client -- director -- server 0, server 1. The VIPs are the director's, on a dummy device."""

    def __init__(self) -> None:
        self.director, self.client = Namespace(), Namespace()
        self.servers = (Namespace(), Namespace())
        self._sockets: list[socket.socket] = []
        links = [f"link add client type veth peer name eth0 netns {self.client.path()}"]
        links += ["addr add 10.1.0.1/24 dev client", "addr add 2001:db8:1::1/64 dev client nodad", "link set client up"]
        links += [f"link add {VIP_DEVICE} type dummy", f"link set {VIP_DEVICE} up"]
        links += [f"addr add {VIP}/32 dev {VIP_DEVICE}", f"addr add {VIP6}/128 dev {VIP_DEVICE} nodad"]
        for number, server in enumerate(self.servers, 1):
            links += [
                f"link add server{number} type veth peer name eth0 netns {server.path()}",
                f"addr add 10.2.{number}.1/24 dev server{number}",
                f"addr add 2001:db8:2:{number}::1/64 dev server{number} nodad",
                f"link set server{number} up",
            ]
        links += [f"route add {CLIENTS} via {CLIENT}", f"route add local {VIPS} dev lo"]
        ip(self.director, *links)
        _host(self.client, CLIENT, CLIENT6, "10.1.0.1", "2001:db8:1::1")
        ip(self.client, f"route add local {CLIENTS} dev lo")
        for number, server in enumerate(self.servers, 1):
            addresses = SERVERS[number - 1], SERVERS6[number - 1]
            _host(server, *addresses, f"10.2.{number}.1", f"2001:db8:2:{number}::1")
        settle(self.client, self.director, *self.servers)
        with self.director.entered():
            for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv4/vs/snat_reroute"):
                with open(f"/proc/sys/net/{name}", "w") as setting:
                    setting.write("1")

    def reply_directly(self) -> None:
        """Link each server with the client, and send replies there: where a server holds the VIP, the director
        would drop them, since they have a source that is its own.
        """
        for number, server in enumerate(self.servers, 1):
            near, far = f"10.3.{number}.1", f"10.3.{number}.2"
            link = f"link add direct{number} type veth peer name direct netns {server.path()}"
            ip(self.client, link, f"addr add {far}/24 dev direct{number}", f"link set direct{number} up")
            ip(server, f"addr add {near}/24 dev direct", "link set direct up", f"route add {CLIENT}/32 via {far}")
        settle(self.client, *self.servers)

    def socket(self, namespace: Namespace, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket in `namespace`, closed with the network."""
        with namespace.entered():
            made = socket.socket(family, kind, protocol)
        made.settimeout(TIMEOUT)
        self._sockets.append(made)
        return made

    def hold(self, connection: socket.socket) -> None:
        """Keep a connection open until the network is closed."""
        self._sockets.append(connection)

    def listen(self, address: str, port: int) -> socket.socket:
        """A server's TCP socket."""
        listening = self.socket(self._server(address), _family(address), socket.SOCK_STREAM)
        listening.bind((address, port))
        listening.listen(64)
        return listening

    def receive(self, address: str, port: int) -> socket.socket:
        """A server's UDP socket."""
        receiving = self.socket(self._server(address), _family(address), socket.SOCK_DGRAM)
        receiving.bind((address, port))
        return receiving

    def connect(self, address: str, port: int) -> socket.socket:
        """A TCP connection from the client."""
        connection = self.socket(self.client, _family(address), socket.SOCK_STREAM)
        connection.connect((address, port))
        return connection

    def datagram(self, address: str, port: int, payload: bytes) -> None:
        """A UDP datagram from the client."""
        self.socket(self.client, _family(address), socket.SOCK_DGRAM).sendto(payload, (address, port))

    def _server(self, address: str) -> Namespace:
        servers = SERVERS if "." in address else SERVERS6
        return self.servers[servers.index(address)]

    def close(self) -> None:
        """Take it all down."""
        for one in self._sockets:
            one.close()
        for namespace in (self.client, self.director, *self.servers):
            namespace.close()


def _family(address: str) -> int:
    return socket.AF_INET if "." in address else socket.AF_INET6


def _host(namespace: Namespace, address: str, address6: str, router: str, router6: str) -> None:
    lines = [f"addr add {address}/24 dev eth0", f"addr add {address6}/64 dev eth0 nodad", "link set eth0 up"]
    ip(namespace, *lines, f"route add default via {router}", f"route add default via {router6}")


def settle(*namespaces: Namespace) -> None:
    """Wait until all pairs of veth work: for up to a second after both ends are up, the kernel drops what they send."""
    for namespace in namespaces:
        with namespace.entered(), IPRoute() as rtnetlink:
            deadline = time.monotonic() + TIMEOUT
            while any(_is_settling(link) for link in rtnetlink.get_links()):
                assert time.monotonic() < deadline, "a pair of veth whose ends are up doesn't work"
                time.sleep(0.02)


def _is_settling(link: nlmsg) -> bool:
    info = link.get_attr("IFLA_LINKINFO")
    is_veth = bool(info) and info.get_attr("IFLA_INFO_KIND") == "veth"
    return is_veth and bool(link["flags"] & IFF_UP) and link.get_attr("IFLA_OPERSTATE") != "UP"


def ip(namespace: Namespace, *lines: str) -> None:
    """Carry out lines of `ip` in a namespace."""
    with namespace.entered():
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
