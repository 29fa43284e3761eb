"""The null client: sends the messages that a file holds and reads the answers, and understands nothing.

    python -I null.py FILE ack|dump

What it takes is the kernel's own share, and the limit of what any program in Python can reach. The file has
each write behind its length, 4 bytes; `ack` waits for the one answer of a write, `dump` for the end of its dump.
"""

from __future__ import annotations

import sys
from _socket import SOCK_RAW, socket

NETLINK, GENERIC = 16, 16  # AF_NETLINK, NETLINK_GENERIC; not in every _socket
ACK_HEAD = b"\x24\x00\x00\x00\x02\x00"  # 36 bytes, NLMSG_ERROR
DONE = b"\x14\x00\x00\x00\x03\x00"  # 20 bytes, NLMSG_DONE
LONG, SHORT = 32768, 4096  # room for a piece of a dump; the kernel clears as much memory for each


def main(path: str, answers: str) -> int:
    room = LONG  # for the first dump, of all services; those of the servers of each are short
    with open(path, "rb") as stream:
        kernel = connected()
        while head := stream.read(4):
            kernel.send(stream.read(int.from_bytes(head, "little")))
            answer = kernel.recv(room)
            if answers == "dump":
                while not answer.startswith(DONE, len(answer) - 20):
                    if answer.startswith(b"\x02\x00", 4):  # a refusal: no dump will come
                        return 1
                    answer = kernel.recv(room)
                if room == LONG:
                    kernel, room = connected(), SHORT  # the kernel remembers what room there was
            elif not answer.startswith(ACK_HEAD) or answer[16:20] != b"\0\0\0\0":
                return 1
    return 0


def connected() -> socket:
    """A socket to the kernel."""
    kernel = socket(NETLINK, SOCK_RAW, GENERIC)
    kernel.bind((0, 0))
    return kernel


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
