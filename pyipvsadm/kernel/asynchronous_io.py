"""Sends many requests and receives their answers by one system call: Linux's asynchronous I/O, io_submit(2).

It serves sockets at once and in order. A call costs as much as the kernel's work for a service with a few servers, and
a dump takes three of them: to send the request, and to receive the answer and its end.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NUMBERS = {  # of io_setup, io_submit and io_getevents, by machine
    "x86_64": (206, 209, 208),
    "aarch64": (0, 2, 4),
    "riscv64": (0, 2, 4),
}
UNKNOWN = (-1, -1, -1)
READ, WRITE = 0, 1  # linux/aio_abi.h: IOCB_CMD_PREAD, IOCB_CMD_PWRITE
CALL = "16xH2xiQQ24x"  # struct iocb: what is done, the file, the address and the length in bytes
CALLS = Struct(f"={3 * CALL}")
CALL_BYTES, EVENT_BYTES, WORD = 64, 32, 8
RESULT = slice(2, None, EVENT_BYTES // WORD)  # struct io_event: the third word
REQUEST = 256  # bytes, on average

libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
libc.syscall.argtypes = [ctypes.c_long] * 6


class Exchange:
    """Up to `most` requests, each with room for an answer of `room` bytes, and for `last` bytes of a second one."""

    def __init__(self, most: int, room: int, last: int) -> None:
        self._room, self._last, self._most = room, last, most
        self._sent, self._received = bytearray(most * REQUEST), bytearray(most * (room + last))
        self._calls, self._events = bytearray(3 * most * CALL_BYTES), bytearray(3 * most * EVENT_BYTES)
        first = _place(self._calls)
        self._order = (ctypes.c_uint64 * (3 * most))(*range(first, first + len(self._calls), CALL_BYTES))
        self._context = ctypes.c_ulong(0)
        setup, self._submit, self._events_of = _numbers()
        self._works = setup >= 0 and not libc.syscall(setup, 3 * most, ctypes.addressof(self._context), 0, 0, 0)

    def __call__(self, sock: int, requests: Sequence[bytes]) -> list[bytes]:
        """What the non-blocking socket `sock` receives for each of `requests`: its answer, and a second one behind it.

        Nothing if a call fails or an answer finds no room; more may wait to be received then. Nothing, either, if the
        kernel, or a filter of system calls, doesn't offer it.
        """
        data, count = b"".join(requests), 3 * len(requests)
        if not self._works or not 0 < len(requests) <= self._most or len(data) > len(self._sent):
            return []
        self._sent[: len(data)] = data
        self._write_down(sock, map(len, requests))
        context, events = self._context.value, _place(self._events)
        done = libc.syscall(self._submit, context, count, ctypes.addressof(self._order), 0, 0)
        if done > 0:
            self._works = libc.syscall(self._events_of, context, done, done, events, 0) == done
        results = memoryview(self._events).cast("q")[RESULT][:count].tolist()
        sizes, rests = results[1::3], results[2::3]
        if done < count or min(results[0::3]) < 0 or min(sizes) < 0 or max(sizes) >= self._room:
            return []  # an answer that fills its room may have been cut off
        received, places = memoryview(self._received), range(0, len(self._received), self._room + self._last)
        return [
            b"".join((received[at : at + size], received[at + self._room : at + self._room + max(0, rest)]))
            for at, size, rest in zip(places, sizes, rests, strict=False)
        ]

    def _write_down(self, sock: int, lengths: Iterable[int]) -> None:
        """Fill in the calls: to send a request of each of `lengths`, and to receive twice."""
        start, into = _place(self._sent), _place(self._received)
        room, last, pack = self._room, self._last, CALLS.pack
        calls = []
        for length in lengths:
            calls.append(pack(WRITE, sock, start, length, READ, sock, into, room, READ, sock, into + room, last))
            start += length
            into += room + last
        self._calls[: len(calls) * CALLS.size] = b"".join(calls)


exchange = cache(Exchange)  # all tables of a process share one, which a single thread uses


def _numbers() -> tuple[int, int, int]:
    """The numbers of the system calls; negative ones if they are unknown."""
    return NUMBERS.get(os.uname().machine, UNKNOWN) if sys.maxsize > 1 << 32 else UNKNOWN


def _place(buffer: bytearray) -> int:
    """The address of `buffer`, which never grows."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
