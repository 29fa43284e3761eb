"""The input of a restore: bytes -> lines -> words, as ipvsadm splits them."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_LENGTH = 1 << 24  # bytes; ipvsadm has no bound, and uses up all memory
WORD_LENGTH = 4096  # bytes; ipvsadm cuts longer words into pieces
SEPARATORS = str.maketrans("\t\r", "  ")


class Lines:
    """Takes the input in pieces, and returns the complete lines.

    `dropped` is the number of a last line that ipvsadm drops: one without a newline that ends in
    two or more separators.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0
        self.dropped = 0

    def feed(self, piece: bytes, end: bool = False) -> Iterator[tuple[int, str]]:
        """The number and the text of each complete line. Raises UsageError if a line is too long."""
        text = self._rest + piece if self._rest else piece
        whole, newline, rest = text.rpartition(b"\n")
        self._rest = rest
        lines = whole.decode("utf-8", "surrogateescape").split("\n") if newline else []
        if end and rest:
            last = rest.decode("utf-8", "surrogateescape")
            if last[-2:].strip(" \t\r") or not last.strip(" \t\r"):
                lines.append(last)
            else:
                self.dropped = self._number + len(lines) + 1
        yield from enumerate(lines, self._number + 1)
        self._number += len(lines)
        if len(rest) > LINE_LENGTH:
            raise UsageError(f"line {self._number + 1} is too long", hint=f"the limit is {LINE_LENGTH} bytes")


def words(line: str) -> list[str]:
    """The words of one line, separated by blanks, tabs and carriage returns; no quotes or escapes.

    Drops the program's own name, wherever it stands, and comments.
    """
    if len(line) <= WORD_LENGTH and line.isprintable() and line.isascii():
        found = line.split()
    else:
        found = _pieces(line)
    if found and found[0].startswith("#"):
        return []
    return [word for word in found if word != "ipvsadm"] if "ipvsadm" in found else found


def _pieces(line: str) -> list[str]:
    """The words of a line with NULs or long words: a NUL ends a word, and long words are cut."""
    found = []
    for word in filter(None, line.translate(SEPARATORS).split(" ")):
        raw = word.encode("utf-8", "surrogateescape")
        for at in range(0, len(raw), WORD_LENGTH):
            found.append(raw[at : at + WORD_LENGTH].partition(b"\0")[0].decode("utf-8", "surrogateescape"))
    return found
