"""The messages between the two sides of a sandbox, on the control line.

A frame is its length, and then a tuple of plain values, the name first, in the format of `marshal`,
as both sides run the same interpreter. The outside sends

    ("start", *Start(...))      what to start; sent once
    ("stdin", count)            `count` more bytes are in the ring
    ("eof",)                    stdin has ended
    ("closed", stream)          nobody reads this stream (1 or 2) any more
    ("signal", number)          a signal for the command
    ("hangup",)                 the terminal has been closed
    ("window", rows, columns)   the new size of the terminal

and the inside sends

    ("ready",)                  the lines are raw: `start` may be sent
    ("started",)                the command runs
    ("refused", message, hint, status)   the command can't be started, and why
    ("took", count)             `count` bytes of the ring have been read
    ("closed", 0)               the command has closed stdin
    ("ended", status, (stdout, stderr))  the command's status, and how many bytes it wrote to each

The bytes of stdout and stderr travel on two other lines, without frames, so that none of the lines
can block another. Those of stdin are in a ring in shared memory, which the inside sees as a disk,
because the kernel reads a serial line byte by byte, at about 2 MB/s.
"""

from __future__ import annotations

import marshal
from struct import Struct

from ...record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

RING_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16  # the largest number of bytes that is moved at once
LENGTH = Struct("=I")


class Start(Record):
    """What the inside must know to start the command. Texts are bytes, as in system calls.

    `terminals` says which of stdin, stdout and stderr are the terminal, `attributes` are its termios
    attributes, `window` its rows and columns. `merged` says whether stdout and stderr are the same
    file. Writes to `folders` reach the machine. `module` says whether to load ip_vs; `modules` is
    the folder that holds a folder of modules for each kernel release.
    """

    arguments: tuple[bytes, ...] = ()
    environment: tuple[tuple[bytes, bytes], ...] = ()
    folder: bytes = b"/"
    mask: int = 0o022
    folders: tuple[bytes, ...] = ()
    module: bool = True
    modules: bytes = b""
    terminals: tuple[bool, bool, bool] = (False, False, False)
    attributes: list[Any] | None = None
    window: tuple[int, int] = (24, 80)
    merged: bool = False


def pack(*frame: Any) -> bytes:
    """A frame as bytes."""
    body = marshal.dumps(frame)
    return LENGTH.pack(len(body)) + body


class Reader:
    """Takes bytes as they arrive, and yields complete frames."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[tuple[Any, ...]]:
        """Yield the frames that `data` completes."""
        self._pending += data
        while len(self._pending) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._pending)[0]
            if len(self._pending) < end:
                return
            body, self._pending = self._pending[LENGTH.size : end], self._pending[end:]
            yield marshal.loads(body)
