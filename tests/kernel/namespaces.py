"""Network namespaces, by system call: one costs some milliseconds, and no process."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from struct import pack

CLONE_NEWNET = 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 1, 0x40  # linux/sockios.h, linux/if.h

libc = ctypes.CDLL(None, use_errno=True)


def _succeed(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


class Namespace:
    """A network namespace of its own, with `lo` up. It lives as long as this object or a process in it."""

    def __init__(self) -> None:
        before = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            _succeed(libc.unshare(CLONE_NEWNET), "unshare")
            self._file = os.open("/proc/self/ns/net", os.O_RDONLY)
            with socket.socket() as any_socket:
                ioctl(any_socket, SIOCSIFFLAGS, pack("16sH22x", b"lo", IFF_UP | IFF_RUNNING))
        finally:
            _succeed(libc.setns(before, CLONE_NEWNET), "setns")
            os.close(before)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside, with what is started or opened meanwhile."""
        before = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            _succeed(libc.setns(self._file, CLONE_NEWNET), "setns")
            yield
        finally:
            _succeed(libc.setns(before, CLONE_NEWNET), "setns")
            os.close(before)

    def path(self) -> str:
        """A file of this process that stands for the namespace."""
        return f"/proc/{os.getpid()}/fd/{self._file}"

    def close(self) -> None:
        """Give it up."""
        os.close(self._file)
