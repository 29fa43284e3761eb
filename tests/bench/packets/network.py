"""A client, a director and servers, each a network namespace; and datagrams that the kernel itself sends, by pktgen.

    client (any address of CLIENTS) -- director -- 10.254.0.2, servers (all addresses of SERVERS)

The director takes all of SERVICES for its own, as it would if they were bound.
"""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ...kernel.namespaces import Namespace
from .balancers import SERVER_PORT

SERVICES, SERVERS, CLIENTS = "10.96.0.0/12", "10.128.0.0/10", "10.241.{}.{}"
DIRECTOR_MAC, SERVERS_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
LINKS = """\
link add client address {director_mac} type veth peer name eth0 netns {client}
link add servers type veth peer name eth0 address {servers_mac} netns {servers}
address add 10.240.0.1/12 dev client
address add 10.254.0.1/24 dev servers
link set client up
link set servers up
neighbour add 10.254.0.2 lladdr {servers_mac} dev servers nud permanent
"""
CLIENT = "link set eth0 up\n"
SERVER = f"""\
address add 10.254.0.2/24 dev eth0
link set eth0 up
route add local {SERVERS} dev lo
route add default via 10.254.0.1
"""
ROUTES = f"""\
route add {SERVERS} via 10.254.0.2 dev servers
route add local {SERVICES} dev lo
"""
NO_IPV6, FORWARDS = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6"), Path("/proc/sys/net/ipv4/ip_forward")
PKTGEN = Path("/proc/net/pktgen")
FIRST_PORT, LAST_PORT = 1024, 65535
COUNTERS = Path("/proc/net/snmp")
QUEUE = Path("/proc/sys/net/core/netdev_max_backlog")
STARTED = re.compile(r"started: (\d+)us")
POLL, PATIENCE = 0.004, 100.0  # seconds


class PacketError(Exception):
    """Something that is to be measured doesn't work; the message says what."""


class Network:
    """The three namespaces, and sockets of the `servers` that are to be reached; `ip` is the program's command."""

    def __init__(self, ip: Sequence[str], servers: Sequence[str]) -> None:
        self.client, self.director, self.servers = namespaces = Namespace(), Namespace(), Namespace()
        for namespace in namespaces:
            with namespace.entered():
                NO_IPV6.write_text("1")  # which would look for neighbours meanwhile
        links = LINKS.format(
            director_mac=DIRECTOR_MAC, servers_mac=SERVERS_MAC, client=self.client.path(), servers=self.servers.path()
        )
        for namespace, commands in (
            (self.director, links), (self.client, CLIENT), (self.servers, SERVER), (self.director, ROUTES)
        ):  # fmt: skip
            with namespace.entered():
                subprocess.run([*ip, "-batch", "-"], input=commands, text=True, check=True)
        with self.director.entered():
            FORWARDS.write_text("1")
        with self.servers.entered():
            self._takers = [taker(server) for server in servers]
        self._sources = 0

    def send(self, target: str, port: int, datagrams: int) -> float:
        """Send datagrams, each from its own port; return the seconds until all have arrived. Raises PacketError.

        Each call has its own source address, so that no datagram belongs to an existing connection.
        """
        self._sources += 1
        expected = self._arrived() + datagrams
        with self.client.entered():
            generator = Generator(target, port, datagrams, CLIENTS.format(self._sources >> 8, self._sources & 255))
        until = time.monotonic() + PATIENCE
        while self._arrived() < expected:  # some wait in a queue while the sender is faster than the director
            if time.monotonic() > until:
                raise PacketError(f"{expected - self._arrived()} of {datagrams} datagrams to {target} did not arrive")
            time.sleep(POLL)
        ended = time.monotonic()
        with self.client.entered():
            return ended - generator.begun()

    def prove(self, target: str, port: int, datagrams: int) -> None:
        """Send datagrams, and raise PacketError if a server gets none of them."""
        self.send(target, port, datagrams)
        counts = [taken(one) for one in self._takers]
        if sum(counts) != datagrams or not all(counts):
            raise PacketError(f"{datagrams} datagrams to {target} went to the servers so: {counts}")

    def _arrived(self) -> int:
        """How many packets the servers have got."""
        with self.servers.entered():
            names, values = (line.split() for line in COUNTERS.read_text().splitlines() if line.startswith("Ip:"))
        return int(values[names.index("InDelivers")])


class Generator:
    """The kernel's packet generator, in the network namespace of its maker. The source port goes up with each packet.

    A thread waits for its end, which it reports a tenth of a second late.
    """

    def __init__(self, target: str, port: int, datagrams: int, source: str) -> None:
        for line in ("rem_device_all", "add_device eth0"):
            PKTGEN.joinpath("kpktgend_0").write_text(f"{line}\n")
        for line in (
            f"count {datagrams}", "delay 0", "clone_skb 0", "pkt_size 60", f"dst_mac {DIRECTOR_MAC}", f"dst {target}",
            f"udp_dst_min {port}", f"udp_dst_max {port}", f"src_min {source}", f"src_max {source}",
            f"udp_src_min {FIRST_PORT}", f"udp_src_max {LAST_PORT}",
        ):  # fmt: skip
            PKTGEN.joinpath("eth0").write_text(f"{line}\n")
        self._control = PKTGEN.joinpath("pgctrl").open("w")  # here, since /proc/net is that of the first thread
        self._waiting = threading.Thread(target=self._run)
        self._waiting.start()

    def _run(self) -> None:
        with self._control as control:
            control.write("start\n")

    def begun(self) -> float:
        """When it sent its first packet, by `time.monotonic`; waits for its end."""
        self._waiting.join()
        return int(STARTED.search(PKTGEN.joinpath("eth0").read_text())[1]) / 1e6


def taker(address: str) -> socket.socket:
    """A socket that receives the datagrams of a server, and drops those that it has no room for."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, SERVER_PORT))
    made.setblocking(False)
    return made


def taken(one: socket.socket) -> int:
    """Take all datagrams that wait at `one`; return their number."""
    count = 0
    while True:
        try:
            one.recv(1)
        except BlockingIOError:
            return count
        count += 1
