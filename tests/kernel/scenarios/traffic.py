"""Requests of a client, and which server got each."""

from __future__ import annotations

import ipaddress
import select
import socket
import subprocess
import time
from collections.abc import Iterable

import pytest

from ..namespaces import Namespace
from ..network import CLIENTS, SERVERS, VIP, VIPS, Network

PATIENCE = 3  # seconds that a request may take
PORT, SERVER_PORT = 53, 5353
MARK = 5


def source(number: int) -> str:
    """One of the client's addresses."""
    return str(ipaddress.ip_network(CLIENTS)[number])


def destination(number: int) -> str:
    """One of the director's addresses."""
    return str(ipaddress.ip_network(VIPS)[number])


class Requests:
    """UDP requests, each of a socket of its own; the servers listen from the beginning."""

    def __init__(self, network: Network, port: int = SERVER_PORT, bound: Iterable[str] = SERVERS) -> None:
        self._network = network
        self._servers = []
        for namespace, address in zip(network.servers, bound, strict=True):
            receiving = network.socket(namespace, socket.AF_INET, socket.SOCK_DGRAM)
            receiving.bind((address, port))
            self._servers.append(receiving)

    def send(self, *, by: str = "", to: str = VIP, port: int = PORT) -> None:
        """Send one and don't wait; `by` is the client's address."""
        # it stays open, since IPVS would take another with the same port for the same connection
        sending = self._network.socket(self._network.client, socket.AF_INET, socket.SOCK_DGRAM)
        sending.bind((by, 0))
        sending.sendto(b"question", (to, port))

    def arrived(self, count: int, patience: float = PATIENCE) -> list[int]:
        """The numbers of the servers that got the next `count` requests: fewer if no more came in time."""
        got: list[int] = []
        until = time.monotonic() + patience
        while len(got) < count:
            ready, _, _ = select.select(self._servers, [], [], max(0, until - time.monotonic()))
            if not ready:
                break
            for one in ready:
                one.recv(1000)
                got.append(self._servers.index(one))
        return got

    def served(self, **how: object) -> int:
        """The number of the server that gets a request."""
        self.send(**how)  # type: ignore[arg-type]
        got = self.arrived(1)
        assert got, f"no server got the request {how}"
        return got[0]


def mark_what_is_for(namespace: Namespace, network: str, mark: int = MARK) -> None:
    """A firewall's rule that gives a mark to all that comes for `network`. Without any firewall the test is skipped."""
    rule = ["-t", "mangle", "-A", "PREROUTING", "-d", network, "-j", "MARK", "--set-mark", str(mark)]
    chain = f"type filter hook prerouting priority mangle; ip daddr {network} mark set {mark};"
    nft = ["nft", f"table ip marking {{ chain marks {{ {chain} }}; }}"]
    # user-mode Linux comes without nftables for IPv4
    problems = []
    for way in (["iptables-legacy", *rule], ["iptables", *rule], nft):
        try:
            with namespace.entered():
                done = subprocess.run(way, text=True, capture_output=True)
        except FileNotFoundError:
            problems.append(f"{way[0]}: not installed")
            continue
        if not done.returncode:
            return
        problems.append(f"{way[0]}: {done.stderr.strip()}")
    pytest.skip(f"nothing here can mark packets: {'; '.join(problems)}")
