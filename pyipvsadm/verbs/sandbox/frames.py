"""The messages between the two sides on the control line.

A frame is a tuple of plain values, its name first, as `marshal` writes it (both sides run one and
the same interpreter), behind its length. To the inside go

    ("start", *Start(...))      once
    ("stdin", count)            so many bytes more lie in the ring
    ("eof",)                    and none will follow
    ("closed", stream)          nobody reads this stream (1 or 2) any more
    ("signal", number)          for the command
    ("hangup",)                 whoever was at the terminal has gone
    ("window", rows, columns)   the size of the terminal

and to the outside

    ("ready",)                  the lines are raw, say what to start
    ("started",)                the command runs
    ("refused", message, hint, status)   it doesn't, and why
    ("took", count)             so many bytes of the ring are free again
    ("closed", 0)               the command reads stdin no more
    ("ended", status, (stdout, stderr))  the status, and how many bytes it wrote

Bytes of stdout and stderr travel on lines of their own, unframed: a full one can't hold up the
other, nor this one. Those of stdin lie in a ring in memory that both sides see, the inside as a disk:
the kernel's serial line takes its input byte by byte, at some 2 MB/s.
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
CHUNK_BYTES = 1 << 16  # what is moved at once
LENGTH = Struct("=I")


class Start(Record):
    """What the inside has to know before the command can start, as the kernel has it: in bytes.

    `terminals` tells which of stdin, stdout and stderr are the terminal, `attributes` are that
    terminal's (termios), `window` its rows and columns. `merged` is whether stdout and stderr are
    one file. `folders` are those whose writes go through. `module` is whether ip_vs is loaded;
    `modules` is the folder with a folder of modules for each release of the kernel.
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
    """One frame, to be written."""
    body = marshal.dumps(frame)
    return LENGTH.pack(len(body)) + body


class Reader:
    """Takes bytes as they come, and gives the frames that are complete."""

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
