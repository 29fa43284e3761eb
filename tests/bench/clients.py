"""Makes connections of one service: a datagram each from so many ports of this host.

python clients.py ADDRESS PORT COUNT
"""

from __future__ import annotations

import socket
import sys

FIRST = 2000  # the port of the first client


def send(address: str, port: int, count: int) -> None:
    """Send the datagrams. Nobody need answer them: IPVS makes the connections when it schedules them."""
    for number in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("", FIRST + number))
            client.sendto(b"", (address, port))


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
