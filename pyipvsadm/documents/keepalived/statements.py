"""Reads a keepalived.conf as statements: includes the files, replaces the definitions, and unrolls the loops."""

from __future__ import annotations

import os
import re

from ...record import Record
from .sequences import loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from ...table.assembly import Place
    from .files import Files

    Tell = Callable[[str, Place, str], None]

DEEPEST = 32  # how deep files, definitions and loops may be nested
MOST_FILES, MOST_TURNS, MOST_REPLACED = 10_000, 100_000, 1000
LONGEST = 1 << 20  # characters of a line after its definitions are replaced

PLAIN = re.compile(r'([^"#!$~@{}]*)([{}]?)\s*')
QUOTED = re.compile(r'"[^"]*"|["#!]')
BRACE = re.compile(r'"[^"]*"|[{}]')
WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
DEFINITION = re.compile(r"(?:@\S*\s+)?\$[A-Za-z_]\w*=")
DEFINED = re.compile(r"\$([A-Za-z_]\w*)=(.*)", re.DOTALL)
USED = re.compile(r"\$\{(\w+)(?:\s+([0-9]+)(?:\s+[0-9]+)?)?\}|\$(\w+)(?=\s|$)")
INCLUDE = re.compile(r"include([rmwba]?)\s+(.+)")
WILD = re.compile(r"[*?\[{]")
RANDOM = "_RANDOM"
CHECKS = {"match": "m", "wildcard_match": "w"}  # checks of includes that matter if a pattern matches no file
LETTERS = {"a": "mw", "m": "m", "w": "w"}  # by the letter after `include`: its checks


class RefusedError(Exception):
    """keepalived makes no table of the file: at this place it ends, loops forever, or is stopped by a signal."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class Statement(Record):
    """The words up to a brace or the end of the line; `opens` if `{` follows, `closes` if it is only a `}`."""

    __slots__ = ()
    place: Place = 0
    words: tuple[str, ...] = ()
    opens: bool = False
    closes: bool = False


class Lines:
    """Reads the files of one configuration. `main` maps a place in any file to the line of the first one."""

    def __init__(self, files: Files, id: str, tell: Tell) -> None:
        self._files = files
        self._id = id
        self._tell = tell
        self._definitions = {"_HASH": "#", "_BANG": "!", "_INSTANCE": id}
        self._checks: set[str] = set()
        self._opened = self._turns = 0
        self.main: dict[Place, int] = {}

    def statements(self, text: str, folder: str) -> Iterator[Statement]:
        """The statements of the first file, which contains `text` and is in `folder`. Raises RefusedError."""
        for number, line in _logical(text):
            yield from self._line(line, number, folder, 0)

    def _line(self, text: str, place: Place, folder: str, depth: int) -> Iterator[Statement]:
        """The statements of a line; what follows a brace is read as another line. Raises RefusedError."""
        if depth > DEEPEST:
            raise RefusedError(place, "definitions, loops and files are nested without end")
        if (plain := _plain(text, place)) is not None:
            yield plain
            return
        rest: str | None = text
        while rest is not None:
            rest = yield from self._part(self._asked(self._bare(rest, place)), place, folder, depth)

    def _part(self, text: str, place: Place, folder: str, depth: int) -> Generator[Statement, None, str | None]:
        """Yield the statements of a line up to its first brace; return what follows the brace, or None."""
        if definition := DEFINED.match(text):
            self._definitions[definition[1]] = definition[2].strip()
        elif text.startswith(("~SEQ", "~LST")):
            yield from self._turned(text, place, folder, depth)
        elif (replaced := self._replaced(text, place, folder)) != text:
            for line in replaced.split("\n"):
                yield from self._line(line, place, folder, depth + 1)
        elif include := INCLUDE.fullmatch(text):
            yield from self._included(include[1], include[2].strip(), place, folder, depth)
        elif text:
            return (yield from self._split(text, place))
        return None

    def _asked(self, text: str) -> str:
        """`text` without the `@id` before it; empty if that isn't our id."""
        if not text.startswith("@"):
            return text
        word, *rest = text.split(None, 1)
        return rest[0] if rest and self._ours(word[1:]) else ""

    def _bare(self, text: str, place: Place) -> str:
        """`text` without its comment, and without what follows an unclosed quote."""
        definition = DEFINITION.match(text.lstrip())
        if definition and "\n" in text:
            return text.strip()  # the comments are removed later, when its lines are used
        for found in QUOTED.finditer(text):
            if found[0] == '"' and not definition:
                self._tell("quote", place, "a quote is not closed: keepalived drops the rest of the line")
            if len(found[0]) == 1 and not (found[0] == '"' and definition):
                return text[: found.start()].strip()
        return text.strip()

    def _ours(self, word: str) -> bool:
        """Whether lines with the id `word` are for us; `^` before it negates."""
        return word[1:] != self._id if word.startswith("^") else word == self._id

    def _turned(self, text: str, place: Place, folder: str, depth: int) -> Iterator[Statement]:
        found = loop(text)
        if found is None:
            self._tell("loop", place, f"`{text.split(')')[0]})` is not a valid loop: keepalived skips the line")
            return
        for values in found.values():
            self._turns += 1
            if self._turns > MOST_TURNS:
                raise RefusedError(place, f"~SEQ and ~LST make more than {MOST_TURNS} lines")
            self._definitions.update(values)
            yield from self._line(found.line, place, folder, depth + 1)

    def _replaced(self, text: str, place: Place, folder: str) -> str:
        """`text` with its definitions replaced, up to the first one that has several lines. Raises RefusedError."""
        for _ in range(MOST_REPLACED):
            found = next((one for one in USED.finditer(text) if self._known(one[1] or one[3])), None)
            if found is None:
                return text
            name = found[1] or found[3]
            if name == RANDOM:
                self._tell("random", place, "${_RANDOM}: another number at each start; here, the lowest one")
            value = folder if name == "_PWD" else self._definitions.get(name, found[2] or "0")
            text = text[: found.start()] + value + text[found.end() :]
            if "\n" in value:
                return text
            if len(text) > LONGEST:
                break
        raise RefusedError(place, "definitions contain themselves, so replacing them never ends")

    def _known(self, name: str) -> bool:
        return name in self._definitions or name in (RANDOM, "_PWD")

    def _included(self, letter: str, pattern: str, place: Place, folder: str, depth: int) -> Iterator[Statement]:
        names = self._files.matching(pattern, folder)
        if names and depth >= DEEPEST:
            raise RefusedError(place, f"more than {DEEPEST} files include each other, without end")
        if not names:
            checks = self._checks | set(LETTERS.get(letter, ""))
            if "w" in checks or ("m" in checks and not WILD.search(pattern)):
                raise RefusedError(place, f"keepalived ends: this include requires `{pattern}`, which does not exist")
            self._tell("include", place, f"`{pattern}` does not exist: keepalived goes on without it")
        for name in names:
            text = self._files.text(name)
            self._opened += 1
            if self._opened > MOST_FILES:
                raise RefusedError(place, f"more than {MOST_FILES} files are included")
            if text is None:
                self._tell("include", place, f"`{name}` can't be read, or isn't a file: keepalived goes on without it")
                continue
            checks = self._checks.copy()
            for number, line in _logical(text):
                inner: Place = (os.path.basename(name), number)
                self.main.setdefault(inner, place if isinstance(place, int) else self.main[place])
                yield from self._line(line, inner, os.path.dirname(name), depth + 1)
            self._checks = checks

    def _check_includes(self, words: tuple[str, ...]) -> None:
        """Carry out `include_check`: without words it checks everything; `+` and `-` add and remove checks."""
        if not all(word[:1] in "+-" for word in words) or not words:
            self._checks = set() if words else set(CHECKS.values())
        for word in words:
            letter = {CHECKS[word.lstrip("+-")]} if word.lstrip("+-") in CHECKS else set()
            self._checks = self._checks - letter if word.startswith("-") else self._checks | letter

    def _split(self, text: str, place: Place) -> Generator[Statement, None, str | None]:
        """Yield the statements up to the first brace; return what follows the brace, or None."""
        brace = next((found for found in BRACE.finditer(text) if len(found[0]) == 1), None)
        words = tuple(_words(text if brace is None else text[: brace.start()]))
        opens = brace is not None and brace[0] == "{"
        if words[:1] == ("include_check",):
            self._check_includes(words[1:])
        if words or opens:
            yield Statement(place=place, words=words, opens=opens)
        if brace is None:
            return None
        if not opens:
            yield Statement(place=place, closes=True)
        return text[brace.end() :]


def _plain(text: str, place: Place) -> Statement | None:
    """The statement on a line that holds one and has nothing to replace, as most do; None for any other line."""
    found = PLAIN.fullmatch(text)
    if found is None:
        return None
    words, brace = tuple(found[1].split()), found[2]
    if words and not words[0].startswith("include") and brace != "}":
        return Statement.make((place, words, brace == "{", False))
    return Statement(place=place, closes=True) if brace == "}" and not words else None


def _words(text: str) -> Iterator[str]:
    """The words in `text`; double quotes, which are removed, keep blanks within a word."""
    for found in WORD.finditer(text):
        yield found[2] if found[1] is None else found[1]


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a file as (number, text); a definition over several lines is one line, with the first number."""
    lines = enumerate(text.split("\n"), 1)
    for number, line in lines:
        line = line.rstrip()
        if not line.endswith("\\"):
            yield number, line
        elif not DEFINITION.match(line.lstrip()):
            yield number, f"{line[:-1].rstrip()}\\"
        else:
            parts = [line]
            while parts[-1].endswith("\\"):
                parts.append(next(lines, (0, ""))[1].rstrip())
            yield number, "\n".join([part.removesuffix("\\") for part in parts])
