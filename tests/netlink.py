"""The kernel's side of a conversation in bytes, written from the headers, and a socket that plays it.

Nothing here uses the code under test: struct alone makes these messages.
"""

from __future__ import annotations

import struct
from errno import ENOPROTOOPT
from socket import MSG_DONTWAIT

DONE, ERROR = 3, 2
CHANGES = (1, 2, 3, 5, 6, 7, 9, 10, 12, 16, 17)  # the commands that answer with an acknowledgement
MULTI = 2
FAMILY = 28


def nla(number: int, payload: bytes) -> bytes:
    """One attribute."""
    return struct.pack("=HH", len(payload) + 4, number) + payload + b"\0" * (-len(payload) % 4)


def message(sequence: int, command: int, payload: bytes, flags: int = MULTI, family: int = FAMILY) -> bytes:
    """A generic netlink message."""
    return struct.pack("=IHHIIBBH", 20 + len(payload), family, flags, sequence, 0, command, 1, 0) + payload


def error(sequence: int, errno: int) -> bytes:
    """A refusal, or an acknowledgement for errno 0, capped as NETLINK_CAP_ACK has it."""
    return struct.pack("=IHHIIi", 36, ERROR, 0x100, sequence, 0, -errno) + bytes(16)


def done(sequence: int, flags: int = MULTI, errno: int = 0) -> bytes:
    """The end of a dump."""
    return struct.pack("=IHHIIi", 20, DONE, flags, sequence, 0, -errno)


def stats(values: tuple[int, ...] = (0,) * 10) -> bytes:
    """The counters of 32 and of 64 bits, as the kernel sends both."""
    kinds = "IIIQQIIIII"
    narrow = b"".join(
        nla(n + 1, struct.pack("=" + kinds[n], v & (2**64 - 1 if kinds[n] == "Q" else 2**32 - 1)))
        for n, v in enumerate(values)
    )
    wide = b"".join(nla(n + 1, struct.pack("=Q", v)) for n, v in enumerate(values))
    return nla(10, narrow) + nla(12, wide)


def server(
    address: bytes,
    port: int,
    method: int = 0,
    weight: int = 1,
    active: int = 0,
    inactive: int = 0,
    upper: int = 0,
    lower: int = 0,
    persistent: int = 0,
    counters: tuple[int, ...] = (0,) * 10,
    extra: bytes = b"",
) -> bytes:
    """The attribute of a server, with what the kernel of Linux 6.1 tells, in its order."""
    u32 = lambda n, v: nla(n, struct.pack("=I", v))  # noqa: E731
    return nla(2, b"".join((
        nla(1, address.ljust(16, b"\0")), nla(2, struct.pack(">H", port)), u32(3, method), u32(4, weight),
        nla(13, b"\0"), nla(14, b"\0\0"), nla(15, b"\0\0"), u32(5, upper), u32(6, lower),
        u32(7, active), u32(8, inactive), u32(9, persistent),
        nla(11, struct.pack("=H", 2 if len(address) == 4 else 10)), extra, stats(counters),
    )))  # fmt: skip


def service(
    address: bytes,
    port: int,
    scheduler: str = "rr",
    protocol: int = 6,
    flags: int = 2,
    timeout: int = 0,
    netmask: bytes = b"\xff\xff\xff\xff",
    fwmark: int = 0,
    counters: tuple[int, ...] = (0,) * 10,
    extra: bytes = b"",
) -> bytes:
    """The attribute of a service, likewise."""
    if fwmark:
        key = nla(5, struct.pack("=I", fwmark))
    else:
        key = nla(2, struct.pack("=H", protocol)) + nla(3, address.ljust(16, b"\0")) + nla(4, struct.pack(">H", port))
    return nla(1, b"".join((
        nla(1, struct.pack("=H", 2 if len(address) == 4 else 10)), key, nla(6, scheduler.encode() + b"\0"),
        nla(7, struct.pack("=II", flags, 0xFFFFFFFF)), nla(8, struct.pack("=I", timeout)), nla(9, netmask), extra,
        stats(counters),
    )))  # fmt: skip


class CannedSocket:
    """Answers each write with what `play` makes of it: a list of datagrams, or of errors. Counts calls."""

    def __init__(self, play, namespace: bytes | None = b"here") -> None:
        self._play = play
        self._namespace = namespace
        self._waiting: list[bytes | OSError] = []
        self.sent: list[bytes] = []
        self.options: list[tuple[object, ...]] = []
        self.rooms: list[int] = []  # for what is received
        self.calls = 0

    @property
    def requests(self) -> list[tuple[int, int, int, bytes]]:
        """All requests so far: each its flags, sequence number, command and attributes."""
        return [request for write in self.sent for request in requests(write)]

    def send(self, data: bytes) -> int:
        self.calls += 1
        self.sent.append(data)
        self._waiting += self._play(data)
        return len(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        self.calls += 1
        self.rooms.append(size)
        if flags == MSG_DONTWAIT and not self._waiting:
            raise BlockingIOError
        assert self._waiting, "the program waits for an answer that never comes"
        answer = self._waiting.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def setsockopt(self, *option) -> None:
        self.options.append(option)

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Its network namespace; old kernels don't tell."""
        assert (level, option, size) == (1, 71, 8), "SOL_SOCKET, SO_NETNS_COOKIE of asm-generic/socket.h"
        if self._namespace is None:
            raise OSError(ENOPROTOOPT, "Protocol not available")
        return self._namespace

    def setblocking(self, flag: bool) -> None:
        """It never waits."""

    def fileno(self) -> int:
        """It has no file: what goes around it fails."""
        return -1

    def close(self) -> None:
        """Nothing of a fake is left open."""


def requests(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """The requests in one write: each its flags, sequence number, command and attributes."""
    found = []
    while data:
        length, _, flags, sequence, _, command, _, _ = struct.unpack_from("=IHHIIBBH", data)
        found.append((flags, sequence, command, data[20:length]))
        data = data[length:]
    return found


def timeouts(tcp: int, tcpfin: int, udp: int) -> bytes:
    """The attributes of the answer about timeouts."""
    return b"".join(nla(n, struct.pack("=I", value)) for n, value in ((4, tcp), (5, tcpfin), (6, udp)))


def daemon(state: int, interface: str = "lo", syncid: int = 0, rest: bytes = b"") -> bytes:
    """The attribute of a daemon, of which a kernel tells `rest` as well."""
    u32 = lambda n, v: nla(n, struct.pack("=I", v))  # noqa: E731
    return nla(3, u32(1, state) + nla(2, interface.encode() + b"\0") + u32(3, syncid) + rest)


def small_kernel(
    services: list[tuple[bytes, list[bytes]]] = (), piece: int = 16, refuse=None, daemons: list[bytes] = ()
):
    """What a kernel with this table answers: `services` are pairs of a service's and its servers' attributes.

    `refuse` is given the number of a change, from 0 on, its command and its attributes, and returns
    the errno that is answered, if any.
    """
    changes = [0]
    table = {_key(attribute): (attribute, servers) for attribute, servers in services}

    def play(data: bytes) -> list[bytes]:
        answers: list[bytes] = []
        for flags, sequence, command, attributes in requests(data):
            if command in CHANGES:
                errno = refuse(changes[0], command, attributes) if refuse else 0
                changes[0] += 1
                if errno or flags & 4:
                    answers.append(error(sequence, errno or 0))
            elif command == 13:
                answers.append(message(sequence, 12, timeouts(900, 120, 300), 0))
            elif command == 11:
                answers += [message(sequence, 9, daemon) for daemon in daemons]
                answers.append(done(sequence))
            elif command == 4 and not flags & 0x300:
                known = table.get(_key(attributes))
                answers.append(message(sequence, 1, known[0], 0) if known else error(sequence, 3))
            elif command == 15:
                answers.append(
                    message(sequence, 14, nla(1, struct.pack("=I", 0x010201)) + nla(2, struct.pack("=I", 4096)), 0)
                )
            elif command == 4:
                answers += _pieces([message(sequence, 1, attribute) for attribute, _ in services], piece)
                answers.append(done(sequence))
            elif command == 8:
                _, servers = table.get(_key(attributes), (b"", []))
                answers += _pieces([message(sequence, 5, dest) for dest in servers], piece)
                answers.append(done(sequence))
            else:
                answers.append(error(sequence, 95))
        return answers

    return play


def _pieces(messages: list[bytes], piece: int) -> list[bytes]:
    return [b"".join(messages[at : at + piece]) for at in range(0, len(messages), piece)]


def _key(attributes: bytes) -> bytes:
    """The attributes that make up the key of a service: family, protocol, address and port, 44 bytes."""
    return attributes[4:48]
