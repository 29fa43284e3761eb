"""Reads the files of /proc that grow long, in large pieces."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1 << 16  # bytes: the kernel gives less, but looks for its place in a long list again at each read


def lines(path: str) -> Iterator[str]:
    """The lines of the file at `path`, without their ends. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        begun = b""
        while piece := os.read(file, PIECE):
            whole, end, rest = piece.rpartition(b"\n")
            if end:
                yield from _text(begun + whole).split("\n")
                begun = rest
            else:
                begun += piece
        if begun:
            yield _text(begun)
    finally:
        os.close(file)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
