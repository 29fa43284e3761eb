"""What stands for the world in unit tests: a resolver, streams as files, and a kernel's socket."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from typing import NamedTuple
from unittest import mock

from pyipvsadm import cli
from pyipvsadm.kernel import Kernel
from pyipvsadm.world import HINTS

from .netlink import FAMILY, CannedSocket

PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp"}


class FakeNames:
    """A resolver with these hosts and these services alone, of which it tells the rest in digits."""

    def __init__(self, hosts=(), services=()) -> None:
        self._hosts = dict(hosts)  # name: packed address
        self._services = dict(services)  # (name, protocol): port

    def __call__(self) -> FakeNames:
        """Itself, for those who load a resolver when they need it."""
        return self

    def address(self, host: str) -> bytes:
        try:
            return self._hosts[host]
        except KeyError:
            raise ValueError(f"`{host}` isn't known") from None

    def port(self, service: str, protocol: int) -> int:
        try:
            return self._services[service, PROTOCOLS[protocol]]
        except KeyError:
            raise ValueError(f"`{service}` isn't known") from None

    def ports(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in self._services))

    def host(self, address: bytes) -> str:
        for name, known in self._hosts.items():
            if known == address:
                return name
        return ".".join(map(str, address)) if len(address) == 4 else address.hex(":", 2)

    def service(self, port: int, protocol: int | None) -> str:
        for (name, known), number in self._services.items():
            if number == port and known == PROTOCOLS.get(protocol):
                return name
        return str(port)


NAMES = FakeNames(
    hosts={"localhost": b"\x7f\0\0\1", "vip.example": bytes((192, 0, 2, 10)), "mask.example": b"\xff\xff\0\0"},
    services={
        ("http", "tcp"): 80, ("www", "tcp"): 80, ("domain", "tcp"): 53, ("domain", "udp"): 53,
        ("tftp", "udp"): 69, ("diameter", "sctp"): 3868,
    },
)  # fmt: skip


class Ran(NamedTuple):
    """What a command line left behind, and the socket that it spoke to."""

    status: int
    stdout: str
    stderr: str
    socket: CannedSocket

    @property
    def message(self) -> str:
        """What stands on stderr, without hints."""
        return "".join(line for line in self.stderr.splitlines(keepends=True) if not line.startswith("hint: "))

    @property
    def hints(self) -> list[str]:
        """The hints alone."""
        return [line.removeprefix("hint: ") for line in self.stderr.splitlines() if line.startswith("hint: ")]


def quiet(data: bytes) -> list[bytes]:
    """A kernel that isn't to be asked."""
    raise AssertionError("this line needs no kernel")


def run(words, play=quiet, stdin: bytes = b"", names=NAMES, program="ipvsadm", job=None, hints="always") -> Ran:
    """Run one command line, all of it, against a kernel that answers as `play` does; PYIPVSADM_HINTS is `hints`."""
    socket = CannedSocket(play)
    with ExitStack() as open_files:
        given, out, err = (open_files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.flush()
        os.lseek(given.fileno(), 0, os.SEEK_SET)
        kernel = Kernel(socket, FAMILY)
        world = cli.World(program, given.fileno(), out.fileno(), err.fileno(), kernel=kernel, names=names)
        open_files.enter_context(mock.patch.dict(os.environ, {HINTS: hints}))
        status = cli.main([program, *words], world, *([job] if job else []))
        stdout, stderr = (os.pread(file.fileno(), 1 << 28, 0).decode("utf-8", "surrogateescape") for file in (out, err))
    return Ran(status, stdout, stderr, socket)
