"""JSON and YAML as plain data, with the line of each value, and the syntax errors.

Both become events: "{", "}", "[", "]", or "=" for a value, each with its line number. YAML is read
only by its events, since its loaders recurse in C, and expand aliases without bounds. Python's own
parser, which is fast, reads JSON; JSON becomes events only to locate a problem.
"""

from __future__ import annotations

import json
import re
from bisect import bisect
from itertools import islice

from ...model import printable
from ...table.assembly import PROBLEMS, Problem
from ..formats import BrokenError
from ..schema_reader import PASSED
from . import quick_yaml, written_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ...table.assembly import Place

    Path = tuple[str | int, ...]
    Event = tuple[str, Any, int]

DEPTH = 32  # of nesting; a table has 6 levels
ALIASED = 500_000  # how many values all aliases together may stand for
DIGITS = 20  # of a number; longer numbers stay text
PIECE = 4096  # events that are taken at a time
NOTHING = object()
COUNTED = "counters"  # a key of the services and servers that `show` writes

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
NUMBER = re.compile(r"0|[-+]?[1-9][0-9]*")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


def _too_deep(line: int) -> BrokenError:
    return BrokenError(line, f"is nested more than {DEPTH} levels deep")


class Tree:
    """The data, the problems found while reading it, and the lines of its values.

    `builder` has the lines of all values, or else of those whose `events` it has taken: it takes more as far as lines
    are asked for, since the problems of a long document are at its beginning, or few.
    """

    def __init__(self, data: object, problems: list[Problem], builder: Builder, events: Iterable[Event] = ()) -> None:
        self.data = data
        self.problems = problems
        self._builder = builder
        self._events = iter(events)

    def line(self, place: Place) -> int:
        """The line of the value at the path `place`, or of its closest parent that has a line."""
        if isinstance(place, int):
            return place
        path, lines = _existing(self.data, place), self._builder.lines
        while path not in lines and (piece := list(islice(self._events, PIECE))):
            self._builder.all(piece)
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, 1)


def _existing(data: Any, path: Path) -> Path:
    """The beginning of `path` that leads to a value."""
    for number, step in enumerate(path):
        if not (step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))):
            return path[:number]
        data = data[step]
    return path


class Builder:
    """Builds data from events, and records the lines of values. Raises BrokenError."""

    def __init__(self) -> None:
        self.data: Any = NOTHING
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._stack: list[tuple[Any, Path]] = []
        self._key: Any = NOTHING

    def all(self, events: Iterable[Event], enough: int = PROBLEMS) -> Builder:
        """Take all events, as the next ones, or as many as hold `enough` problems."""
        for kind, value, line in events:
            if kind in "]}":
                self._stack.pop()
                self._key = NOTHING
            elif self._stack and isinstance(self._stack[-1][0], dict) and self._key is NOTHING:
                self._take_key(kind, value, line)
                if len(self.problems) >= enough:
                    break
            else:
                new: Any = value if kind == "=" else {} if kind == "{" else []
                path = self._put(new, line)
                if kind != "=":
                    if len(self._stack) == DEPTH:
                        raise _too_deep(line)
                    self._stack.append((new, path))
                self._key = NOTHING
        return self

    def _take_key(self, kind: str, value: Any, line: int) -> None:
        if kind != "=":
            raise BrokenError(line, "a key must be a word, not a list or a mapping")
        mapping, path = self._stack[-1]
        self._key = key = value if isinstance(value, str) else json.dumps(value)
        if key in mapping and len(self.problems) < PROBLEMS:
            place = (*path, key)
            self.problems.append(Problem(place=place, message="this key is there twice", other=self.lines[place]))
        mapping[key] = None
        self.lines[(*path, key)] = line

    def _put(self, value: Any, line: int) -> Path:
        """Put a value in its place, and return its path."""
        if not self._stack:
            if self.data is not NOTHING:
                raise BrokenError(line, "there is a second document, but a table is a single one")
            self.data = value
            self.lines[()] = line
            return ()
        holder, path = self._stack[-1]
        if isinstance(holder, dict):
            holder[self._key] = value
            return (*path, self._key)
        holder.append(value)
        self.lines[(*path, len(holder) - 1)] = line
        return (*path, len(holder) - 1)


def _no_json(error: json.JSONDecodeError) -> BrokenError:
    """What is wrong, and where. A comma after the last item has words of its own, since versions of Python differ."""
    before = error.doc[: error.pos + error.doc.startswith(",", error.pos)].rstrip()
    after = error.doc[error.pos :].lstrip(", \t\r\n")[:1]
    if not before.endswith(",") or after not in ("}", "]"):
        return BrokenError(error.lineno, f"isn't JSON: {error.msg}, at column {error.colno}")
    column = len(before) - before.rfind("\n") - 1
    return BrokenError(before.count("\n") + 1, f"isn't JSON: remove the comma before `{after}`, at column {column}")


def from_json(text: str) -> Tree:
    """The tree of the JSON `text`. Raises BrokenError."""
    twice = 0

    def mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal twice
        made = dict(pairs)
        twice += len(pairs) - len(made)
        if COUNTED in made:
            for key in PASSED:
                if type(made.get(key)) is dict:
                    made[key] = None  # known, and not read: what it holds is most of the file
        return made

    try:
        data = json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise _no_json(error) from None
    except RecursionError:
        raise _too_deep(1) from None
    except ValueError:  # Python's limit of 4300 digits
        found = re.search(r"[0-9]{1000}", text)
        raise BrokenError(text.count("\n", 0, found.start() if found else 0) + 1, "a number is too long") from None
    builder, events = Builder(), _json_events(text)
    if twice:
        builder.all(events, min(twice, PROBLEMS))
    return Tree(data, builder.problems, builder, events)


def _json_events(text: str) -> Iterator[Event]:
    """The events of the JSON `text`. Values other than keys don't matter."""
    ends = [found.start() for found in re.finditer("\n", text)]
    for found in TOKEN.finditer(text):
        token = found[0]
        line = bisect(ends, found.start()) + 1
        if token in "[]{}":
            yield token, None, line
        elif token[0] == '"':
            yield "=", json.loads(token), line
        elif token not in ":,":
            yield "=", token, line


def from_yaml(text: str) -> Tree:
    """`text`, which is YAML. Raises BrokenError."""
    found: object = written_yaml.data_of(text)
    if found is None:
        found = quick_yaml.data_of(text, _resolved, DEPTH, NOTHING)
    if found is not NOTHING:
        return Tree(found, [], Builder(), yaml_events(text))
    import yaml

    try:
        builder, events = Builder(), yaml_events(text)
        builder.all(events)
    except yaml.YAMLError as error:
        raise yaml_problem(error, text) from None
    data = None if builder.data is NOTHING else builder.data
    return Tree(data, builder.problems, builder, events)


INDENTED = "keys of one mapping begin in the same column, and so do the dashes of one list"
YAML_WORDS = (  # of what the parser says, a part; and what it means
    ("mapping values are not allowed", "a second `:` in a line, or a line that is indented deeper than its neighbours"),
    ("did not find expected key", INDENTED),
    ("did not find expected '-' indicator", INDENTED),
    ("expected <block end>", INDENTED),
    ("found character that cannot start any token", "a word begins with a character that goes in quotes"),
)


def yaml_problem(error: Exception, text: str) -> BrokenError:
    """Where and why `text` isn't YAML, with our wording for the two frequent reasons."""
    mark: Any = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
    line = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0))
    if "nesting depth" in what:  # PyYAML's own bound since 6.0.4, which may apply before we see an event
        return _too_deep(line + 1)
    around = "\n".join(text.split("\n")[max(0, line - 1) : line + 1])
    why = ""
    if re.search(r"(^|\n)\s*\t", around):
        why = "; indent YAML with blanks, not with tabs"
    elif re.search(r":\s+\[[0-9A-Fa-f]*:", around):
        why = '; put an IPv6 address in quotes: "[2001:db8::1]:80/tcp"'
    else:
        why = "".join(f": {words}" for part, words in YAML_WORDS if part in what)
    return BrokenError(line + 1, f"isn't YAML: {what}{why}")


def yaml_events(text: str) -> Iterator[Event]:
    """The events of `text`, with aliases replaced by their values."""
    import yaml

    starts = {
        yaml.MappingStartEvent: "{",
        yaml.MappingEndEvent: "}",
        yaml.SequenceStartEvent: "[",
        yaml.SequenceEndEvent: "]",
        yaml.ScalarEvent: "=",
    }
    anchors = Anchors()
    parsed: Iterable[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for event in parsed:
        kind = starts.get(type(event), "")
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            yield from anchors.events(str(event.anchor), line)
        elif kind:
            if getattr(event, "tag", None) is not None:
                raise BrokenError(line, f"the tag {printable(event.tag)} can't be read: leave it out")
            value = None if kind != "=" else _resolved(event.value) if event.implicit[0] else event.value
            made = kind, value, line
            anchors.take(made, getattr(event, "anchor", None))
            yield made


class Anchors:
    """The values of YAML's anchors, as events, within bounds: aliases of aliases grow without limit."""

    def __init__(self) -> None:
        self._complete: dict[str, list[Event]] = {}
        self._open: list[tuple[str, int, list[Event]]] = []  # name, depth at its start, events
        self._depth = 0
        self._aliased = 0

    def take(self, event: Event, anchor: str | None) -> None:
        """Record an event, which may have an anchor."""
        kind = event[0]
        if anchor is not None:
            self._complete.pop(anchor, None)
            self._open.append((anchor, self._depth, []))
        for _, _, events in self._open:
            events.append(event)
        self._depth += (kind in "{[") - (kind in "}]")
        while self._open and self._open[-1][1] == self._depth:
            name, _, events = self._open.pop()
            self._complete[name] = events

    def events(self, name: str, line: int) -> Iterator[Event]:
        """The events that the alias `name` stands for. Raises BrokenError."""
        events = self._complete.get(name)
        if events is None:
            raise BrokenError(line, f"the alias *{printable(name)} refers to an incomplete value")
        self._aliased += len(events)
        if self._aliased > ALIASED:
            raise BrokenError(line, f"aliases expand to more than {ALIASED} values: use fewer")
        for kind, value, _ in events:
            for _, _, open_events in self._open:
                open_events.append((kind, value, line))
            yield kind, value, line


def _resolved(text: str) -> object:
    """The value of a plain word: YAML's words and decimal numbers; anything else stays text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if NUMBER.fullmatch(text) and len(text) <= DIGITS:
        return int(text)
    return text
