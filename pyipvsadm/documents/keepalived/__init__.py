"""Reads a keepalived.conf as the table that keepalived makes at its start.

`files` finds the included files, and `statements` turns the text into statements. Two modules read these, as
keepalived's two processes do: `launch` is the main process, and `parser` the checker. `keywords` is the table of
keywords, `start` builds the table, and `reasons` explains why the kernel's may differ. Compared with keepalived 2.2.7,
by running it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...record import Record
from ..remarks import Findings, Note
from ..states import expected
from .files import Files
from .launch import launches
from .parser import Parser
from .reasons import why
from .start import Start, destinations
from .statements import Lines, RefusedError

if TYPE_CHECKING:
    from ...table.assembly import Assembly, Place
    from ..formats import Inputs

NOTHING_RUNS = "a `}` is missing above: keepalived's main process finds no virtual_server, and starts none of them"

__all__ = ["Files", "Options", "read"]


class Options(Record):
    """What reading needs beside the text: the `id` that `@id` lines must have, and the `files` that may be included."""

    __slots__ = ()
    id: str = ""
    files: Files = Files()


def read(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the table that keepalived makes of `text` to `assembly`. A place in an included file names that file."""
    options = inputs.options if isinstance(inputs.options, Options) else Options()
    notes: list[Note] = []

    def tell(kind: str, place: Place, message: str) -> None:
        notes.append(Note(kind=kind, place=place, message=message))

    lines = Lines(options.files, options.id, tell)

    def line(place: Place) -> int:
        return place if isinstance(place, int) else lines.main.get(place, 1)

    def sorted_notes() -> tuple[Note, ...]:
        return tuple(sorted(notes, key=lambda note: line(note.place)))

    parser = Parser(tell)
    start = Start(parser.groups, tell)
    try:
        statements = tuple(lines.statements(text, os.path.dirname(inputs.path)))
        launched = launches(statements, tell)
        parser.read(statements)
        if parser.services and not launched:
            tell("missing from the table", parser.services[0].place, NOTHING_RUNS)
            parser.services.clear()
        for virtual in parser.services:
            start.add(virtual)
    except RefusedError as error:
        assembly.wrong(error.place, str(error))
        return Findings(line=line, notes=sorted_notes())
    for made in start.services.values():
        entry = assembly.service(made.service, made.place)
        for one in destinations(made):
            assembly.server(entry, one.server, one.place)
    return Findings(
        line=line,
        notes=sorted_notes(),
        expected=lambda now, wanted: expected(now, wanted, start.services),
        why=lambda step: why(step, start.services),
    )
