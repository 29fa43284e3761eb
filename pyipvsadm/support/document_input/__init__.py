"""Reads a document for a verb, and prints the notes on it."""

from __future__ import annotations

from ...documents import DocumentError, read
from ...errors import IpvsadmError, UsageError
from ...grammar.shell import command
from ...model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...documents import Asked, Document
    from ...documents.owners import Owners
    from ...documents.remarks import Note
    from ...world import World

QUIET = ("beside the table",)  # kinds of notes that every file of a format has: printed only on request


def read_document(
    world: World, path: str, asked: Asked, checking: bool = False, compared: bool = False, shared: bool = False
) -> Document:
    """The document in the file `path`, after printing its notes. Raises IpvsadmError.

    It may have only what differs from the kernel's table if it is to be `compared` with that, by `differing_now`;
    where it is `shared`, a second process may read a part of it.
    Where the file is wrong, the hint names the verb `check`, unless it is `checking`.
    """
    try:
        document = read(path, world, asked, compared, shared)
    except DocumentError as error:
        if not checking and path != "-":
            error.hint += f"; `{command('pyipvsadm', 'check', printable(path))}` checks the file again"
        raise
    for line in noted(document, asked.notes):
        world.tell(line)
    return document


def owners(world: World, path: str | None, asked: Asked) -> Owners | None:
    """The owners of services and servers according to the file `path`, if given. Raises IpvsadmError."""
    if path is None:
        if asked.format or asked.notes:
            raise UsageError("options for reading a file, but no file", hint="name a file with `--names FILE`")
        return None
    document = read_document(world, path, asked)
    if document.findings.owners is None:
        raise IpvsadmError(
            f"{document.name}: the format `{document.format}` names no owners",
            hint="Kubernetes objects do: `kubectl get services,endpointslices,nodes -A -o json`",
        )
    return document.findings.owners


def noted(document: Document, every: bool) -> list[str]:
    """The notes of a document, a line each: all of them, or one of each kind with their number."""
    kinds: dict[str, list[Note]] = {}
    for note in document.findings.notes:
        kinds.setdefault(note.kind, []).append(note)
    if every:
        return [_line(document, note) for notes in kinds.values() for note in notes]
    told = [notes for kind, notes in kinds.items() if kind not in QUIET]
    return [_line(document, notes[0]) + _more(len(notes) - 1) for notes in told]


def _line(document: Document, note: Note) -> str:
    where = f"{document.name}:{document.findings.line(note.place)}: " if note.place else ""
    return printable(f"note: {where}{note.message}")


def _more(count: int) -> str:
    return f" (and {count} more of this kind, which `--notes` lists)" if count else ""
