"""Reads a file as text, within bounds, and detects its format."""

from __future__ import annotations

import os
import stat
from itertools import chain

from ..errors import IpvsadmError
from ..model import printable
from ..record import Record
from .formats import FORMATS, READ, Format, by_content, by_extension, by_first_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from ..world import World

PIECE = 1 << 16  # bytes: the allocator uses the memory of such a piece again, and returns that of larger ones
PART = 1 << 16  # characters of a text that are split at once
HEAD = 1 << 16  # bytes in which a format is detected
LARGEST = max(format.limit for format in FORMATS.values())
OTHERS = {  # what the first line of a file begins with that no format reads, and whose file it is
    **dict.fromkeys(("global", "defaults", "frontend", "backend", "listen"), "haproxy.cfg"),
    **dict.fromkeys(("upstream", "server", "http", "stream", "events", "user", "worker_processes"), "nginx.conf"),
}
PACKED = {b"\x1f\x8b": "gunzip", b"BZ": "bunzip2", b"\xfd7": "unxz", b"(\xb5": "unzstd", b"PK": "unzip"}


class Source(Record):
    """A file's name for messages, its format, its size in bytes, and its content in pieces.

    Each call gives the pieces from the beginning. They raise IpvsadmError if the file can't be read, is too large for
    its format, or isn't text.
    """

    __slots__ = ()
    name: str = ""
    format: Format = Format()
    size: int = 0
    pieces: Callable[[], Iterable[bytes]] = tuple

    @property
    def text(self) -> str:
        """The whole text. Raises IpvsadmError."""
        return _text(b"".join(self.pieces()), self.name)

    def lines(self) -> Iterator[str]:
        """The lines, without holding all of them. Raises IpvsadmError, and UnicodeDecodeError."""
        return chain.from_iterable(block.split("\n") for block in self.blocks())

    def blocks(self) -> Iterator[str]:
        """Some lines at a time, without the end of the last one. Raises IpvsadmError, and UnicodeDecodeError."""
        held: list[bytes] = []
        coding = "utf-8-sig"
        for piece in self.pieces():
            whole, newline, rest = piece.rpartition(b"\n")
            if newline:
                yield b"".join([*held, whole]).decode(coding)
                held, coding = [], "utf-8"
            held.append(rest)
        if rest := b"".join(held):
            yield rest.decode(coding)


def read_source(path: str, world: World, format: str) -> Source:
    """The file `path`, or stdin for `-`, in the named format, or in the detected one.

    A regular file is read anew when its content is asked for; of anything else, the content is kept. Raises
    IpvsadmError, as the pieces of a Source do.
    """
    name = "stdin" if path == "-" else printable(path)
    pieces = _texts(world.content() if path == "-" else _pieces(path, name), name)
    head = b""
    while len(head) < HEAD and (piece := next(pieces, b"")):
        head += piece
    found = FORMATS[format] if format else _format(path, name, head.decode("utf-8-sig", "replace"))
    size = None if path == "-" else _size(path)
    if size is None:
        kept = list(_bounded(chain([head], pieces), name, found))
        return Source(name=name, format=found, size=sum(map(len, kept)), pieces=lambda: kept)
    pieces.close()
    return Source(
        name=name, format=found, size=size, pieces=lambda: _bounded(_texts(_pieces(path, name), name), name, found)
    )


def read_text(path: str, world: World) -> tuple[str, str]:
    """The name of the file `path`, or of stdin for `-`, and its text. Raises IpvsadmError."""
    name = "stdin" if path == "-" else printable(path)
    pieces = _texts(world.content() if path == "-" else _pieces(path, name), name)
    return name, _text(b"".join(_bounded(pieces, name, Format())), name)


def lines_of(text: str) -> Iterator[str]:
    """The lines of `text`, without holding all of them."""
    start, end = 0, len(text) - text.endswith("\n")
    while start <= end:
        stop = text.find("\n", min(start + PART, end), end)
        stop = end if stop < 0 else stop
        yield from text[start:stop].split("\n")
        start = stop + 1


def _size(path: str) -> int | None:
    """The size of the file `path` in bytes; None unless it is a regular one."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def _pieces(path: str, name: str) -> Iterator[bytes]:
    """The content of the file `path`, in pieces. Raises IpvsadmError."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise IpvsadmError(f"{name}: no such file", hint="name a file, or `-` for stdin") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise IpvsadmError(f"{name}: can't be read: {why}", hint="name a file that you are allowed to read") from None
    try:
        state = os.fstat(file)
        if stat.S_ISDIR(state.st_mode):
            raise IpvsadmError(f"{name}: is a directory", hint="name a file in it")
        if state.st_size > LARGEST:
            raise _too_large(name, LARGEST, "no format has as much")
        while piece := os.read(file, PIECE):
            yield piece
    except OSError as error:
        raise IpvsadmError(f"{name}: can't be read: {error.strerror}") from None
    finally:
        os.close(file)


def _texts(pieces: Iterable[bytes], name: str) -> Generator[bytes, None, None]:
    """`pieces`, checked to be text. Raises IpvsadmError."""
    first = b""
    for piece in pieces:
        first = first or piece
        if b"\0" in piece:
            tool = PACKED.get(piece[:2]) if piece is first else None
            hint = f"unpack it, with `{tool}`" if tool else "a table is text in UTF-8: rules, JSON or YAML"
            raise IpvsadmError(f"{name}: isn't text: it holds bytes of 0", hint=hint)
        yield piece


def _bounded(pieces: Iterable[bytes], name: str, format: Format) -> Iterator[bytes]:
    """`pieces`, checked against the size limit of `format`. Raises IpvsadmError."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > format.limit:
            raise _too_large(name, format.limit, f"it was taken for {format.name}; `--from` names another format")
        yield piece


def _too_large(name: str, limit: int, hint: str) -> IpvsadmError:
    return IpvsadmError(f"{name}: is larger than {limit >> 20} MiB, the limit for a table", hint=hint)


def _text(content: bytes, name: str) -> str:
    """`content` as text. Raises IpvsadmError, naming the line that isn't UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise IpvsadmError(
            f"{name}:{line}: isn't UTF-8: the byte 0x{content[error.start]:02x}",
            hint="convert it to UTF-8, such as with `iconv -f latin1 -t utf8`",
        ) from None


def _format(path: str, name: str, text: str) -> Format:
    """The format of a file, by its beginning `text` or its extension. Raises IpvsadmError."""
    if found := by_content(text):
        return found
    if path != "-" and (by_name := by_extension(os.path.splitext(path)[1])):
        if by_name.is_foreign(text):
            raise _misnamed(by_name, name, text)
        return by_name
    number, first = _first_line(text)
    if found := by_first_line(first):
        return found
    raise IpvsadmError(
        f"{name}:{number}: `{printable(first[:60])}` begins neither rules, nor JSON, nor YAML",
        hint="rules begin with `-A`, JSON with `{`, YAML with `version: 1`; `--from` names the format otherwise",
    )


def _misnamed(format: Format, name: str, text: str) -> IpvsadmError:
    """The error for a file that has the extension of `format`, but none of its content."""
    number, line = _first_line(text)
    found = by_first_line(line)
    whose = found.name if found else next((whose for word, whose in OTHERS.items() if line.split()[0] == word), "")
    known = f"`--from {whose}` reads it as such" if found else f"the formats are {', '.join(READ)}"
    return IpvsadmError(
        f"{name}:{number}: `{printable(line[:60])}`: the file is named like {format.name}'s, but holds no word of it"
        + (f"; it looks like {whose}" if whose else ""),
        hint=f"{known}; `--from {format.name}` reads it as {format.name} does, which skips all of it",
    )


def _first_line(text: str) -> tuple[int, str]:
    """The first line with content, with its number."""
    number = 0
    for number, each in enumerate(text.split("\n"), 1):
        line = each.strip()
        if line and not line.startswith("#"):
            return number, line
    return number, ""
