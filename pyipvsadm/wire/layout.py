"""Fast reading and writing of many messages that look alike, derived from the attribute table."""

from __future__ import annotations

from _operator import concat, itemgetter
from _struct import Struct
from itertools import repeat

from .codec import ATTRIBUTE, NLA_F_NESTED, PAYLOAD, Text, encode, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..model import Server, Service
    from .codec import Rows

LAYOUTS = 64  # how many are kept; messages that differ more are read one by one
HEAD = 8  # bytes of a message that have to be the same: its length, its type and its flags
WORD = 4  # bytes, of which all lengths are multiples


class Layout:
    """Where the fields of messages lie that have the same length and the same attributes as a model.

    `wanted` are the names of the values wanted, in their order, each with what stands for it if the
    model lacks it.
    """

    def __init__(self, rows: Rows, wanted: dict[str, Any], model: bytes) -> None:
        found = {}
        same = bytearray(b"\xff" * HEAD + b"\0" * (len(model) - HEAD))
        for field, kind, start, end in walk(rows, model, PAYLOAD, len(model)):
            if isinstance(kind, Text) and end + (-end & 3) <= len(model):
                end += -end & 3  # with its padding, so that names of other lengths fit
                same[start - 2 : start] = b"\xff" * 2
            else:
                same[start - 4 : start] = b"\xff" * 4  # the attribute's own length and type
            found[field] = start, end, kind
        places = sorted((*found[field][:2], field) for field in wanted if field in found)
        format, at = "=", 0
        order: dict[str, int] = {}  # the place of each field among what struct unpacks
        for start, end, field in places:
            kind = found[field][2]
            size = kind.struct.size or end - start
            if size <= end - start:
                format += f"{start - at}x{kind.format or f'{size}s'}"
                at = start + size
                order[field] = len(order)
        self._length = len(model)
        self._struct = Struct(f"{format}{len(model) - at}x")
        self._varies = any(isinstance(kind, Text) for _, _, kind in found.values())
        self._end = at if len(order) == len(wanted) else len(model)  # nothing that is wanted stands behind it
        self._mask = int.from_bytes(same[: self._end], "little")  # what has to be the same, and what it is
        self._same = int.from_bytes(model[: self._end], "little") & self._mask
        self._pick = _picker(order, wanted)

    def read(self, received: bytes) -> list[tuple[Any, ...]] | None:
        """The values of each message in `received`, or None if one of them doesn't fit.

        All of a dump's messages are written by the same code, so of those with the same head only
        the first is looked at in full, unless there are names in them, whose lengths differ.
        """
        length, size = self._length, len(received)
        if size % length or not self._fits(received, 0):
            return None
        if size > length and not (self._all_fit(received) if self._varies else self._same_lengths(received)):
            return None
        values = self._struct.iter_unpack(received)
        return self._pick(values) if self._pick else list(values)

    def _fits(self, received: bytes, start: int) -> bool:
        """Whether the message at `start` has the same attributes as the model."""
        return int.from_bytes(received[start : start + self._end], "little") & self._mask == self._same

    def _all_fit(self, received: bytes) -> bool:
        return all(self._fits(received, start) for start in range(self._length, len(received), self._length))

    def _same_lengths(self, received: bytes) -> bool:
        lengths = memoryview(received).cast("I")[:: self._length // WORD].tolist()
        return lengths.count(self._length) == len(lengths)


def _picker(order: dict[str, int], wanted: dict[str, Any]) -> Callable[[Iterable[Any]], list[Any]] | None:
    """What puts values that come in `order` into that of `wanted`, with those that are missing; None if they are."""
    if list(order) == list(wanted):
        return None
    missing = tuple(instead for field, instead in wanted.items() if field not in order)
    absent = iter(range(len(order), len(wanted)))
    pick = itemgetter(*[order[field] if field in order else next(absent) for field in wanted])
    return lambda rows: list(map(pick, map(concat, rows, repeat(missing))))


class Reader:
    """Reads messages into tuples of values, each as struct unpacks it.

    `wanted` are the fields in their order, each with what stands for it where it's missing. It
    learns the layout of each kind of message that it meets.
    """

    def __init__(self, rows: Rows, wanted: dict[str, Any]) -> None:
        self._rows = rows
        self._wanted = wanted
        self._layouts: dict[bytes, list[Layout]] = {}  # by length, as messages begin with it
        self._count = 0

    def block(self, received: bytes) -> list[tuple[Any, ...]] | None:
        """The values of all messages in `received` if they look like one another and one met before."""
        for layout in self._layouts.get(received[:WORD], ()):
            values = layout.read(received)
            if values is not None:
                return values
        return None

    def one(self, message: bytes) -> tuple[Any, ...]:
        """The values of `message`, whatever it looks like."""
        values = self.block(message)
        if values is None:
            layout = Layout(self._rows, self._wanted, message)
            if self._count < LAYOUTS:
                self._layouts.setdefault(message[:WORD], []).append(layout)
                self._count += 1
            values = layout.read(message) or []
        return values[0]


class Packer:
    """Packs a nested attribute in which, from one to the next, only an address and a port change.

    All else is that of `model`. What stands in `later` rows is to be put behind what it packs, and
    counts in the attribute's length.
    """

    def __init__(self, number: int, rows: Rows, model: Service | Server, later: Rows = ()) -> None:
        length = 4 + len(encode(rows, model)) + len(encode(later, model))
        whole = ATTRIBUTE.pack(length, number | NLA_F_NESTED) + encode(rows, model)
        found = {field: start for field, _, start, _ in walk(rows, whole, 4, len(whole))}
        address, port = found["address"], found["port"]
        self._head = whole[:address]
        self._middle = whole[address + len(model.address or b"") : port]
        self._tail = whole[port + 2 :]

    def pack(self, address: bytes, port: int) -> bytes:
        """The attribute, with `address`, as long as the model's, and `port`."""
        return self._head + address + self._middle + port.to_bytes(2, "big") + self._tail
