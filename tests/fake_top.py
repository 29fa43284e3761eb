"""`pyipvsadm` before a kernel in miniature, whose counters grow: for tests at terminals.

The environment tells the services (SERVICES) and after how many dumps reading fails (FAILS).
"""

from __future__ import annotations

import os
import sys
import time
from errno import EPERM

from pyipvsadm import cli
from pyipvsadm.kernel import Kernel

from .netlink import FAMILY, CannedSocket, done, error, message, nla, requests, server, service

STARTED = time.monotonic()
SERVICES = int(os.environ.get("SERVICES", "2"))
FAILS = int(os.environ.get("FAILS", "0"))
dumps = 0


def play(data: bytes) -> list[bytes]:
    global dumps
    ((flags, sequence, command, attributes),) = requests(data)
    if command == 15:
        return [message(sequence, 14, nla(1, b"\1\2\1\0") + nla(2, b"\0\x10\0\0"), 0)]
    if command == 13:
        return [message(sequence, 12, b"", 0)]
    if command == 11:
        return [done(sequence)]
    # as the kernel has it: 100 connections a second, told every two seconds
    count = 200 * int((time.monotonic() - STARTED) / 2)
    counters = (count, 10 * count, 8 * count, 1000 * count, 2**33 + 50000 * count, 0, 0, 0, 0, 0)
    if command == 4 and flags & 0x300:
        dumps += 1
        if FAILS and dumps > FAILS:
            return [error(sequence, EPERM)]
        found = [service(bytes((192, 168, n // 200, n % 200 + 1)), 80, counters=counters) for n in range(SERVICES)]
        return [*(message(sequence, 1, one) for one in found), done(sequence)]
    last = attributes[attributes.index(b"\xc0\xa8") + 3]
    found = [server(bytes((10, 2, last, n)), 8080, weight=n, active=n, counters=counters) for n in range(1, 5)]
    return [*(message(sequence, 5, one) for one in found), done(sequence)]


class Timed:
    """`play`, and how many seconds of a processor it has taken."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, data: bytes) -> list[bytes]:
        begun = time.process_time()
        answers = play(data)
        self.seconds += time.process_time() - begun
        return answers


if __name__ == "__main__":
    status = cli.main(["pyipvsadm", *sys.argv[1:]], cli.World("pyipvsadm", kernel=Kernel(CannedSocket(play), FAMILY)))
    sys.exit(status)
