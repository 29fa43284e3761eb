"""JSON and YAML as plain data, with the line of each value.

Both become events: "{", "}", "[", "]", or "=" for a value, each with its line number.
"""

from __future__ import annotations

import json
from itertools import islice

from ...table.assembly import PROBLEMS, Problem
from ..formats import BrokenError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ...table.assembly import Place

    Path = tuple[str | int, ...]
    Event = tuple[str, Any, int]

DEPTH = 32  # of nesting; a table has 6 levels
PIECE = 4096  # events that are taken at a time
NOTHING = object()


def too_deep(line: int) -> BrokenError:
    """The error for a value in this line that lies too deep."""
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
                        raise too_deep(line)
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
