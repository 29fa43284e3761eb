"""The kernel's hashes of addresses: a multiplication for `sh` and `dh`, SipHash-1-3 for `mh`.

Source: ip_vs_sh.c, ip_vs_dh.c and ip_vs_mh.c, hash_32 in linux/hash.h, hsiphash_1u32 in lib/siphash.c (of 64 bits).
"""

from __future__ import annotations

from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GOLDEN, WORD, LONG = 0x61C88647, 0xFFFFFFFF, (1 << 64) - 1
FIRST, SECOND = 2654435761, 2654446892  # for mh's two hashes; each is both halves of its key
STATE = 0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573  # SipHash's initial state
LANE = 128  # bits for each number of 64 bits, so that sums and shifts don't overflow into the next one
TOGETHER = 512  # numbers that are hashed at once; they fit the processor's cache
NUMBER = "I12x"  # in its lane
BYTES = 4 << 56  # how many are hashed in each lane: SipHash ends its message with that


def fold(address: bytes) -> int:
    """The 32 bits that are hashed of a packed address: for IPv6, the exclusive or of its four words."""
    value = int.from_bytes(address, "big")
    if len(address) == 4:
        return value
    value ^= value >> 64
    return (value ^ value >> 32) & WORD


def multiplied(values: Iterable[int], bits: int) -> Iterator[int]:
    """The bucket of each of `values` among 2 ** `bits` buckets, by the kernel's hash_32."""
    shift = 32 - bits
    return ((value * GOLDEN & WORD) >> shift for value in values)


def siphashes(values: Sequence[int], key: int) -> Iterator[int]:
    """The hash of each of `values`, taken modulo 2^32, in order.

    Many values are hashed at once, side by side in one long integer, because Python adds hundreds of 64-bit numbers
    that way about as fast as two.
    """
    for first in range(0, len(values), TOGETHER):
        part = [value & WORD for value in values[first : first + TOGETHER]]
        lanes = Struct("<" + NUMBER * len(part))
        yield from lanes.unpack(_siphash(lanes.pack(*part), key))


def _siphash(lanes: bytes, key: int) -> bytes:
    count = len(lanes) * 8 // LANE
    ones = ((1 << LANE * count) - 1) // ((1 << LANE) - 1)
    mask = ones * LONG
    message = int.from_bytes(lanes, "little") | ones * BYTES
    a, b, c, d = (ones * (start ^ key) for start in STATE)
    a, b, c, d = _round(a, b, c, d ^ message, mask)
    a, c = a ^ message, c ^ ones * 0xFF
    for _ in range(3):
        a, b, c, d = _round(a, b, c, d, mask)
    return (a ^ b ^ c ^ d).to_bytes(len(lanes), "little")


def _round(a: int, b: int, c: int, d: int, mask: int) -> tuple[int, int, int, int]:
    """One round of SipHash, on each lane."""
    a = a + b & mask
    b = (b << 13 | b >> 51) & mask ^ a
    a = (a << 32 | a >> 32) & mask
    c = c + d & mask
    d = (d << 16 | d >> 48) & mask ^ c
    a = a + d & mask
    d = (d << 21 | d >> 43) & mask ^ a
    c = c + b & mask
    b = (b << 17 | b >> 47) & mask ^ c
    c = (c << 32 | c >> 32) & mask
    return a, b, c, d
