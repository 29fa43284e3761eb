"""Small networks to be ill in: a client, a director and two servers that answer, by NAT, direct routing or tunnels.

The traffic of all of them is one thread, since a socket stays in the namespace that it was made in.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Iterable
from contextlib import nullcontext
from typing import ClassVar

from pyipvsadm import cli

from .answering import Answering, Shell
from .namespaces import Namespace
from .network import settle

PATIENCE = 10  # seconds that a client waits for what should come: a lost packet is sent again after one
GIVES_UP = 0.6  # and for what shouldn't
PORT = 80


class Place:
    """Namespaces by name, "client", "director", "server1" and "server2" among them, and sockets that answer in them."""

    vip = "10.1.0.100"
    servers = ("10.2.1.2", "10.2.2.2")
    way = "-m"
    listening: tuple[tuple[str, str, int], ...] = ()  # namespace, address, port

    def __init__(self) -> None:
        self._shells: dict[str, Shell] = {}
        self.namespaces = {name: Namespace() for name in ("client", "director", "server1", "server2", "switch")}
        self.run("director", ["modprobe dummy"])
        for name, lines in self.build().items():
            self.ip(name, lines)
        settle(*self.namespaces.values())
        self.answering = Answering()
        for place in self.listening:
            self.answer(*place)
        self.table()

    def build(self) -> dict[str, list[str]]:
        """What `ip` is told in each namespace, in this order."""
        raise NotImplementedError

    def table(self) -> None:
        """Fill the director's table."""
        self.pyipvsadm("director", f"-A -t {self.vip}:{PORT} -s rr")
        for server in self.servers:
            self.pyipvsadm("director", f"-a -t {self.vip}:{PORT} -r {server}:{PORT} {self.way}")

    def path(self, name: str) -> str:
        """A file that stands for a namespace."""
        return self.namespaces[name].path()

    def ip(self, name: str, lines: Iterable[str]) -> None:
        """Tell `ip` in a namespace."""
        with self.namespaces[name].entered():
            subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)

    def answer(self, name: str, address: str, port: int, kind: int = socket.SOCK_STREAM) -> None:
        """Let a socket of a namespace answer."""
        with self.namespaces[name].entered():
            self.answering.add(address, port, kind)

    def run(self, name: str, lines: Iterable[str]) -> None:
        """Carry out command lines in a namespace, `pyipvsadm`'s in this process. They have to succeed."""
        for line in lines:
            if line.startswith("pyipvsadm "):
                status, _, stderr = self.pyipvsadm(name, line.removeprefix("pyipvsadm "))
                assert status == 0, (line, stderr)
            else:
                status, told = self._shell(name).run(line)
                assert status == 0, (line, told)

    def _shell(self, name: str) -> Shell:
        if name not in self._shells:
            with self.namespaces[name].entered() if name != "outside" else nullcontext():
                self._shells[name] = Shell()
        return self._shells[name]

    def pyipvsadm(self, name: str, line: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Our program in a namespace, as (status, stdout, stderr)."""
        streams = [os.memfd_create("stream") for _ in range(3)]
        os.write(streams[0], stdin)
        os.lseek(streams[0], 0, os.SEEK_SET)
        try:
            with self.namespaces[name].entered():
                status = cli.main(["pyipvsadm", *shlex.split(line)], cli.World("pyipvsadm", *streams))
            out, err = (os.pread(stream, 1 << 20, 0).decode() for stream in streams[1:])
            return status, out, err
        finally:
            for stream in streams:
                os.close(stream)

    def request(
        self,
        target: str = "",
        port: int = PORT,
        name: str = "client",
        size: int = 4,
        source: str = "",
        patience: float = GIVES_UP,
        kind: int = socket.SOCK_STREAM,
    ) -> bool:
        """Whether a request of so many bytes is answered, within so many seconds a step."""
        with self.namespaces[name].entered():
            made = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, kind)
        with made:
            made.settimeout(patience)
            try:
                if source:
                    made.bind((source, 0))
                made.connect((target or self.vip, port))
                made.sendall(size.to_bytes(4, "big") + bytes(size))
                return made.recv(16) == b"done"
            except OSError:
                return False

    def knock(self, source: str = "") -> None:
        """Begin a connection, and give it up at once."""
        with self.namespaces["client"].entered():
            made = socket.socket()
        with made:
            made.setblocking(False)
            if source:
                made.bind((source, 0))
            made.connect_ex((self.vip, PORT))

    def requests(self, expected: bool = True, number: int = 4, **how) -> bool:
        """Whether all of so many requests are answered, as may be `expected`; the first that isn't ends it."""
        patience = PATIENCE if expected else GIVES_UP
        return all(self.request(patience=patience, **how) for _ in range(number))

    def close(self) -> None:
        """Take it all down."""
        self.answering.close()
        for shell in self._shells.values():
            shell.close()
        for namespace in self.namespaces.values():
            namespace.close()


class Nat(Place):
    """client -- director -- server1, server2, each on a link of its own. The VIP is on a dummy device."""

    listening = (("server1", "10.2.1.2", PORT), ("server2", "10.2.2.2", PORT))

    def build(self) -> dict[str, list[str]]:
        director = [
            f"link add client type veth peer name eth0 netns {self.path('client')}",
            *("addr add 10.1.0.1/24 dev client", "addr add 2001:db8:1::1/64 dev client nodad", "link set client up"),
            *("link add vip type dummy", f"addr add {self.vip}/32 dev vip", "link set vip up"),
        ]
        found = {"director": director}
        for number in (1, 2):
            director += [
                f"link add server{number} type veth peer name eth0 netns {self.path(f'server{number}')}",
                f"addr add 10.2.{number}.1/24 dev server{number}",
                f"addr add 2001:db8:2:{number}::1/64 dev server{number} nodad",
                f"link set server{number} up",
            ]
            found[f"server{number}"] = [
                f"addr add 10.2.{number}.2/24 dev eth0",
                f"addr add 2001:db8:2:{number}::2/64 dev eth0 nodad",
                *("link set eth0 up", f"route add default via 10.2.{number}.1"),
                f"route add default via 2001:db8:2:{number}::1",
            ]
        found["client"] = [
            *("addr add 10.1.0.2/24 dev eth0", "addr add 2001:db8:1::2/64 dev eth0 nodad", "link set eth0 up"),
            *("route add default via 10.1.0.1", "route add default via 2001:db8:1::1"),
        ]
        return found

    def table(self) -> None:
        self.run("director", ["sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"])
        super().table()


class Direct(Place):
    """All on one switch; the servers have the VIP on `lo`, and stay silent about it."""

    vip, servers, way = "10.3.0.100", ("10.3.0.11", "10.3.0.12"), "-g"
    listening = (("server1", "0.0.0.0", PORT), ("server2", "0.0.0.0", PORT))
    hosts: ClassVar = {"client": "10.3.0.2", "director": "10.3.0.1", "server1": "10.3.0.11", "server2": "10.3.0.12"}

    def build(self) -> dict[str, list[str]]:
        switch = ["link add br0 type bridge", "link set br0 up"]
        found = {"switch": switch}
        for name, address in self.hosts.items():
            switch += [
                f"link add {name} type veth peer name eth0 netns {self.path(name)}",
                *(f"link set {name} master br0", f"link set {name} up"),
            ]
            found[name] = [f"addr add {address}/24 dev eth0", "link set eth0 up"]
        found["director"] += ["link add vip type dummy", f"addr add {self.vip}/32 dev vip", "link set vip up"]
        for name in ("server1", "server2"):
            self.run(name, ["sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2"])
            found[name] += [f"addr add {self.vip}/32 dev lo"]
        return found


class OneLeg(Direct):
    """NAT with all on one switch; the client has an address of another network, behind its own on the switch."""

    servers, way = Direct.servers, "-m"

    def build(self) -> dict[str, list[str]]:
        found = super().build()
        for name in ("server1", "server2"):
            found[name] = [*found[name][:2], "route add default via 10.3.0.1"]
        found["client"] += ["addr add 10.1.0.2/32 dev lo", f"route add {self.vip}/32 via 10.3.0.1 src 10.1.0.2"]
        found["director"] += ["route add 10.1.0.0/24 via 10.3.0.2"]
        self.run("director", ["sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0"])
        self.run("director", ["sysctl -qw net.ipv4.conf.default.send_redirects=0"])
        return found


class Tunnel(Place):
    """client -- director -- a switch with the servers, which answer the client by its other link."""

    servers, way = ("10.3.0.11", "10.3.0.12"), "-i"
    listening = (("server1", "0.0.0.0", PORT), ("server2", "0.0.0.0", PORT))

    def build(self) -> dict[str, list[str]]:
        self.run("director", ["modprobe ipip"])
        switch = ["link add br0 mtu 1600 type bridge", "link set br0 up"]
        found = {"switch": switch}
        for name in ("client", "director", "server1", "server2"):
            switch += [
                f"link add {name} mtu 1600 type veth peer name eth1 mtu 1600 netns {self.path(name)}",
                *(f"link set {name} master br0", f"link set {name} up"),
            ]
        found["director"] = [
            f"link add client type veth peer name eth0 netns {self.path('client')}",
            *("addr add 10.1.0.1/24 dev client", "link set client up"),
            *("addr add 10.3.0.1/24 dev eth1", "link set eth1 up"),
            *("link add vip type dummy", f"addr add {self.vip}/32 dev vip", "link set vip up"),
        ]
        found["client"] = [
            *("addr add 10.1.0.2/24 dev eth0", "link set eth0 up", "addr add 10.3.0.2/24 dev eth1", "link set eth1 up"),
            "route add default via 10.1.0.1",
        ]
        for name, address in zip(("server1", "server2"), self.servers, strict=True):
            self.run(name, ["sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0"])
            found[name] = [
                *(f"addr add {address}/24 dev eth1", "link set eth1 up", f"addr add {self.vip}/32 dev tunl0"),
                *("link set tunl0 up", "route add 10.1.0.0/24 via 10.3.0.2"),
            ]
        return found


PLACES = {"nat": Nat, "direct": Direct, "tunnel": Tunnel, "one leg": OneLeg, "hairpin": Nat}
