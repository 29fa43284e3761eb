"""Fast reading and writing of many similar messages, derived from the attribute table."""

from __future__ import annotations

from _operator import concat, itemgetter
from _socket import htons
from _struct import Struct
from itertools import islice, repeat

from ...record import keep
from .codec import BEFORE_SEQUENCE, BEHIND_SEQUENCE, PAYLOAD, Text, messages, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ...shapes import Endpoint
    from .codec import Kind, Rows

    Place = tuple[int, Kind]  # the offset of a value, and how to pack it

LAYOUTS = 64  # layouts that are kept; messages with further ones are read one by one
WORD = 4  # bytes
ALL_BITS = 255


class Layout:
    """The offsets of the fields in messages that have the length and the attributes of a model.

    `wanted` are the names of the wanted values, in order, each with its default if the model
    lacks it.
    """

    def __init__(self, rows: Rows, wanted: dict[str, Any], model: bytes) -> None:
        found = {}
        same = bytearray(b"\xff" * BEFORE_SEQUENCE + b"\0" * (len(model) - BEFORE_SEQUENCE))
        for field, kind, start, end in walk(rows, model, PAYLOAD, len(model)):
            if isinstance(kind, Text) and end + (-end & 3) <= len(model):
                end += -end & 3  # with padding, so that names of other lengths fit
                same[start - 2 : start] = b"\xff" * 2
            else:
                same[start - 4 : start] = b"\xff" * 4  # the attribute's own length and type
            found[field] = start, end, kind
        places = sorted((*found[field][:2], field) for field in wanted if field in found)
        format, at = "=", 0
        order: dict[str, int] = {}  # the index of each field in what struct unpacks
        for start, end, field in places:
            kind = found[field][2]
            size = kind.struct.size or end - start
            if size <= end - start:
                format += f"{start - at}x{kind.format or f'{size}s'}"
                at = start + size
                order[field] = len(order)
        self._length = len(model)
        self._struct = Struct(f"{format}{len(model) - at}x")
        self._end = at if len(order) == len(wanted) else len(model)  # no wanted value comes after this offset
        self._mask = int.from_bytes(same[: self._end], "little")  # the bits that must be the same, and their values
        self._same = int.from_bytes(model[: self._end], "little") & self._mask
        self._pick = _picker(order, wanted)
        names = [end + (-end & 3) for _, end, kind in found.values() if isinstance(kind, Text)]
        end = max(names, default=0) + WORD
        self._bytes = [(at, byte) for at, byte in enumerate(model[:end]) if same[at] == ALL_BITS]

    def read(self, received: bytes) -> list[tuple[Any, ...]] | None:
        """The values of each message in `received`, or None if a message doesn't fit.

        The same code writes all messages of a dump, so of those with the same length, only the first
        is checked in full. The others are checked as far as what follows the last name, since names differ in length.
        """
        if not self.fits(received):
            return None
        values = self._struct.iter_unpack(received)
        return self._pick(values) if self._pick else list(values)

    def fits(self, received: bytes) -> bool:
        """Whether all messages in `received` have the layout of the model, as far as `read` checks it."""
        count, rest = divmod(len(received), self._length)
        if rest or int.from_bytes(received[: self._end], "little") & self._mask != self._same:
            return False
        step = self._length
        return count == 1 or all(received[at::step].count(byte) == count for at, byte in self._bytes)


def _picker(order: dict[str, int], wanted: dict[str, Any]) -> Callable[[Iterable[Any]], list[Any]] | None:
    """A function that puts values from `order` into the order of `wanted`, with defaults; None if they are in it."""
    if list(order) == list(wanted):
        return None
    missing = tuple(instead for field, instead in wanted.items() if field not in order)
    absent = iter(range(len(order), len(wanted)))
    pick = itemgetter(*[order[field] if field in order else next(absent) for field in wanted])
    return lambda rows: list(map(pick, map(concat, rows, repeat(missing))))


class Reader:
    """Reads messages into tuples of values, as struct unpacks them.

    `wanted` are the fields in order, each with its default if it is missing. The reader learns
    the layout of each kind of message that it meets.
    """

    def __init__(self, rows: Rows, wanted: dict[str, Any]) -> None:
        self._rows = rows
        self._wanted = wanted
        self._layouts: dict[bytes, list[Layout]] = {}  # by the length in bytes that each message begins with
        self._count = 0

    def block(self, received: bytes) -> list[tuple[Any, ...]] | None:
        """The values of all messages in `received` if they are alike and have a known layout."""
        for layout in self._layouts.get(received[:WORD], ()):
            values = layout.read(received)
            if values is not None:
                return values
        return None

    def all(self, pieces: list[bytes]) -> list[tuple[Any, ...]]:
        """The values of all messages in `pieces`, whatever their layout."""
        values = []
        for piece in pieces:
            values += self.block(piece) or [self.one(message) for *_, message in messages(piece)]
        return values

    def each(self, pieces: list[bytes]) -> list[list[tuple[Any, ...]]]:
        """As `all`, with a list for each piece; reads all pieces at once if they are alike."""
        values = self.block(b"".join(pieces))
        if values is None:
            return [self.all([piece]) for piece in pieces]
        length = sum(map(len, pieces)) // len(values)
        rows = iter(values)
        return [list(islice(rows, len(piece) // length)) for piece in pieces]

    def one(self, message: bytes) -> tuple[Any, ...]:
        """The values of `message`, whatever its layout."""
        values = self.block(message)
        if values is None:
            layout = Layout(self._rows, self._wanted, message)
            if self._count < LAYOUTS:
                self._layouts.setdefault(message[:WORD], []).append(layout)
                self._count += 1
            values = layout.read(message) or []
        return values[0]


class Stencil:
    """Frames requests that equal `model` except for their sequence number and a few values that `rows` locate in it:
    the address and port of the service, and the address, port and weight of the server.
    """

    def __init__(self, rows: Rows, model: bytes) -> None:
        found = {field: (start, kind) for field, kind, start, _ in walk(rows, model, PAYLOAD, len(model))}
        service = [found[field] for field in ("service.address", "service.port") if field in found]
        server = [found[field] for field in ("server.address", "server.port", "server.weight") if field in found]
        self.start = _start(model, service, server[0][0] if server else len(model))
        self.frame = _frame(model, server)


def _start(model: bytes, service: list[Place], end: int) -> Callable[[Endpoint], bytes]:
    """A function that packs the bytes from the sequence number to `end`, given a service's address and port."""
    format, (first, *others) = _cut(model, service, end)
    if not service:  # a mark, which is the same in all
        return lambda virtual: first
    pack, (second, last) = Struct(f"={format}").pack, others
    return lambda virtual: pack(first, virtual[0], second, htons(virtual[1]), last)


def _frame(model: bytes, server: list[Place]) -> Callable[[int, bytes, bytes, int, int], bytes]:
    """A function that packs a request: sequence number, start, and the server's address, port and weight."""
    format, (_, *between) = _cut(model, server, len(model))
    pack, head = Struct(f"={BEFORE_SEQUENCE}sI{format}").pack, model[:BEFORE_SEQUENCE]
    if not server:
        return lambda number, start, address, port, weight: pack(head, number, start)
    ports: dict[int, int] = {}
    if len(server) == 2:
        first, last = between
        return lambda number, start, address, port, weight: pack(
            head, number, start, address, first, ports.get(port) or keep(ports, port, htons(port)), last
        )
    first, second, last = between
    return lambda number, start, address, port, weight: pack(
        head, number, start, address, first, ports.get(port) or keep(ports, port, htons(port)), second, weight, last
    )


def _cut(model: bytes, places: list[Place], end: int) -> tuple[str, list[bytes]]:
    """The format of the bytes after the sequence number up to `end`, with values at `places`; and the other bytes."""
    format, rest, at = "", [], BEHIND_SEQUENCE
    for start, kind in places:
        format += f"{start - at}s{kind.format}"
        rest.append(model[at:start])
        at = start + kind.struct.size
    return f"{format}{end - at}s", [*rest, model[at:end]]
