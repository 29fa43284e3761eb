"""Reads servers for long lists without making records; equal bytes are turned into text only once."""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET, AF_INET6
from _struct import Struct
from itertools import islice
from sys import byteorder

from ...record import KEPT
from . import schema
from .answers import server_reader, servers
from .codec import HEADER, PAYLOAD, walk
from .templates import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ...model import Server

ADDRESSES = {AF_INET: "4s12x", AF_INET6: "16s"}  # how each family uses the attribute
LEADS = {AF_INET: 3, AF_INET6: 16}  # bytes of an address that many servers share, or that are all of it
PORT = 2  # bytes
_span = itemgetter(2)


class Spans:
    """Reads servers as (address, port, told). `tell` returns what is told of a server, and may use only `fields`.

    The span of a server is all bytes from the first to the last of `fields`; `tell` is called once for equal spans.
    Where they are `cut`, servers are read as (lead, rest, told): their addresses and ports are as in shapes.Cut.
    """

    def __init__(self, fields: tuple[str, ...], tell: Callable[[Server], Any], cut: bool = False) -> None:
        self._fields = fields
        self._tell = tell
        self._cut = cut
        self._told: dict[bytes, Any] = {}
        self.reader = server_reader(any(field.startswith("stats.") for field in fields))
        self._places: Places | None = None

    def each(self, pieces: list[bytes], family: int) -> list[Any] | None:
        """The servers in each of `pieces`; None unless all have the same layout and are of `family`."""
        received = b"".join(pieces)
        if not received:
            return None
        places = self._places
        if places is None:
            places = self._places = Places(self._fields, received[: HEADER.unpack_from(received)[0]], self._cut)
        values = places.read(received, family)
        if values is None:
            return None
        told = self._learn(set(map(_span, values)), places)
        rows = iter([(address, port, told[span]) for address, port, span in values])
        return [tuple(islice(rows, len(piece) // places.length)) for piece in pieces]

    def _learn(self, spans: set[bytes], places: Places) -> dict[bytes, Any]:
        """The text of each of `spans`; for a new one, the plain reader reads the model message with this span in it."""
        told = self._told
        new = spans.difference(told)
        if len(told) + len(new) > KEPT:
            told.clear()
            new = spans
        if new:
            messages = b"".join([places.before + span + places.behind for span in new])
            told.update(zip(new, map(self._tell, servers(self.reader.all([messages]))), strict=True))
        return told


class Places:
    """The positions of the address, the port and the span of `fields` in messages with the layout of `model`."""

    def __init__(self, fields: tuple[str, ...], model: bytes, cut: bool) -> None:
        places = {name: (start, end) for name, _, start, end in walk(schema.DEST_ANSWER, model, PAYLOAD, len(model))}
        known = [places[field] for field in fields if field in places]
        self.length = len(model)
        self._structs: dict[int, Struct] = {}
        if not known or not {"address", "port", "af"} <= places.keys():
            return  # the message of an old kernel: `read` returns None
        first, last = min(known)[0], max(end for _, end in known)
        self.before, self.behind = model[:first], model[last:]
        (address, _), (port, _), (self._family, _) = places["address"], places["port"], places["af"]
        if address + 16 <= port and port + 2 <= first:
            span = f"{first - port - PORT}x{last - first}s{len(model) - last}x"
            if cut:
                formats = {af: f"{lead}s{port + PORT - address - lead}s" for af, lead in LEADS.items()}
            else:
                formats = {af: f"{format}{port - address - 16}xH" for af, format in ADDRESSES.items()}
            self._structs = {af: Struct(f">{address}x{format}{span}") for af, format in formats.items()}
        self._layout = Layout(schema.DEST_ANSWER, dict.fromkeys(("address", "port", *fields, "af")), model)

    def read(self, received: bytes, family: int) -> list[tuple[Any, ...]] | None:
        """(address, port, span) of each server in `received`, or (lead, rest, span).

        None unless all fit the model and are of `family`.
        """
        struct = self._structs.get(family)
        if struct is None or not self._layout.fits(received):
            return None
        for at, byte in enumerate(family.to_bytes(2, byteorder), self._family):
            if received[at :: self.length].count(byte) * self.length != len(received):
                return None
        return list(struct.iter_unpack(received))
