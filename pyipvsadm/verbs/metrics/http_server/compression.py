"""Compresses texts with gzip, one after another. Pieces that the last text had, too, are not compressed again.

Each piece is compressed without reference to the others (RFC 1951 allows a stream to be cut where it is flushed), so
its compressed form can go into another stream. The checksum of a stream follows from those of its pieces.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

FAST = 1  # zlib's level
HEAD = bytes((31, 139, 8, 0, 0, 0, 0, 0, 4, 255))  # RFC 1952: deflated, no name, no time, fastest, unknown system
END = b"\3\0"  # an empty last block
POLYNOMIAL = 0xEDB88320  # of CRC-32; its bits, and those of all polynomials here, run from x^0 down to x^31
ONE = 1 << 31


class Compressor:
    """Compresses texts, and remembers the pieces of the last one."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(FAST, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._known: dict[Hashable, tuple[bytes, int, int, int]] = {}

    def __call__(self, pieces: Iterable[Hashable]) -> list[bytes]:
        """The text that `str` makes of all `pieces`, compressed, in pieces."""
        known, self._known = self._known, {}
        compressed, checksum, length = [HEAD], 0, 0
        for piece in pieces:
            found = known.get(piece)
            if found:
                deflated, size, before, after = found
                checksum = after ^ (_product(_shift(size), checksum ^ before) if checksum != before else 0)
            else:
                text = str(piece).encode()
                deflated, size, before = self._deflated(text), len(text), checksum
                checksum = after = zlib.crc32(text, checksum)
            self._known[piece] = deflated, size, before, after
            compressed.append(deflated)
            length += size
        trailer = checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")
        return [b"".join([*compressed, END, trailer])]

    def _deflated(self, text: bytes) -> bytes:
        return self._deflate.compress(text) + self._deflate.flush(zlib.Z_FULL_FLUSH)


@lru_cache(4096)
def _shift(size: int) -> int:
    """The factor by which a checksum is multiplied when `size` bytes follow: x^(8 * size)."""
    result, power = ONE, ONE >> 8
    while size:
        if size & 1:
            result = _product(result, power)
        power = _product(power, power)
        size >>= 1
    return result


def _product(one: int, other: int) -> int:
    """The product of two polynomials over GF(2), modulo POLYNOMIAL."""
    result = 0
    while one:
        if one & ONE:
            result ^= other
        one = one << 1 & 0xFFFFFFFF
        other = other >> 1 ^ (POLYNOMIAL if other & 1 else 0)
    return result
