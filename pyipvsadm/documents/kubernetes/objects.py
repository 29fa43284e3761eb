"""Yields the objects of a text one at a time, so a large cluster never fills the memory.

A text consists of JSON or YAML documents, one after the other: objects, lists of objects (`kind: List`, or any other
kind that ends with List), and plain lists, as `jq .items` prints them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..formats import BrokenError
from ..tree.yaml_tree import yaml_events, yaml_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..tree import Event
    from .fields import Path

    Head = dict[str, Any]

DEPTH = 100  # levels of nesting in YAML; Python limits those of JSON
LISTS = 8  # levels of lists in lists
KEYS = 1000  # keys of an object or a list, which usually has about ten
WAITING = 100_000  # items without a kind, in a list whose own kind isn't known yet
BLANKS = re.compile(r"[ \t\n\r]*")
DECODE = json.JSONDecoder().raw_decode
LIST = "List"
CUT = "the text ends within an object: it was cut off"


class Found(NamedTuple):
    """An object, or a value that is in the place of one."""

    path: Path
    line: int
    data: Any


def objects(text: str) -> Iterator[Found]:
    """The objects in `text`. Raises BrokenError if it can't be parsed any further."""
    for document in _documents(text):
        waiting: list[Found] = []
        head: Head = {}
        for found, head in document:
            if found.data is head or _is_named(found.data, head):
                yield from _flat(found)
            elif len(waiting) < WAITING:
                waiting.append(found)
            else:
                raise BrokenError(found.line, f"more than {WAITING} items have no kind, and nor has their list")
        for found in waiting:
            _is_named(found.data, {"kind": "", **head})
            yield found


def _is_named(item: Any, head: Head) -> bool:
    """Give `item` a kind from its list if it has none; return False if the kind of the list isn't known yet."""
    if item.__class__ is not dict or "kind" in item:
        return True
    if "kind" not in head:
        return False
    item["kind"] = str(head["kind"]).removesuffix(LIST)
    item.setdefault("apiVersion", head.get("apiVersion"))
    return True


def _flat(found: Found, depth: int = 0) -> Iterator[Found]:
    """The objects in `found` if it is a list, otherwise itself."""
    data = found.data
    if data.__class__ is not dict or data.get("items").__class__ is not list or depth == LISTS:
        yield found
        return
    for index, item in enumerate(data["items"]):
        _is_named(item, data)
        yield from _flat(Found((*found.path, "items", index), found.line, item), depth + 1)


def _documents(text: str) -> Iterator[Iterable[tuple[Found, Head]]]:
    """The documents in `text`; each must be read to its end before the next one."""
    reading = Json(text)
    number = 0
    while sign := reading.next_document():
        path: Path = (number,) if number else ()
        if sign not in "[{":
            yield from _yaml_documents(text[reading.at :], number, reading.line())
            return
        yield reading.document(path)
        number += 1


class Json:
    """Reads JSON documents, and keeps the position up to which it has read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._line = 1
        self._counted = 0

    def line(self) -> int:
        """The number of the line at the current position."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def blanks(self) -> str:
        """Skip blanks; return the next character, or an empty string at the end."""
        self.at = BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def next_document(self) -> str:
        """Skip blanks and lines that separate documents; return the next character, or an empty string at the end."""
        while (sign := self.blanks()) == "-" and self.text.startswith("---", self.at):
            self.at += 3
        return sign

    def document(self, path: Path) -> Iterator[tuple[Found, Head]]:
        """The items of one document, each with the fields of its list read so far; or the document, with itself."""
        if self.text[self.at] == "[":
            yield from ((found, {"kind": ""}) for found in self._items(path))
            return
        head: Head = {}
        line = self.line()
        is_list = False
        for _ in self._separated("}"):
            key = self._value()
            if key.__class__ is not str or self.blanks() != ":":
                raise self._broken("a key and a colon should stand")
            self.at += 1
            if self.blanks() == "[" and key == "items":
                is_list = True
                yield from ((found, head) for found in self._items((*path, key)))
            else:
                _keep(head, key, self._value(), line)
        if not is_list:
            yield Found(path, line, head), head

    def _items(self, path: Path) -> Iterator[Found]:
        for index, _ in enumerate(self._separated("]")):
            line = self.line()
            yield Found((*path, index), line, self._value())

    def _separated(self, end: str) -> Iterator[None]:
        """Yield at the start of each of the values, separated by commas, up to `end`."""
        self.at += 1
        if self.blanks() == end:
            self.at += 1
            return
        while True:
            yield
            sign = self.blanks()
            self.at += 1
            if sign == end:
                return
            if sign != ",":
                self.at -= 1
                raise self._broken(f"a comma or `{end}` should stand")
            self.blanks()

    def _value(self) -> Any:
        try:
            value, self.at = DECODE(self.text, self.at)
        except json.JSONDecodeError as error:
            self.at = error.pos
            raise self._broken(error.msg) from None
        except RecursionError:
            raise BrokenError(self.line(), "is nested too deep for an object") from None
        except ValueError:  # Python's limit of 4300 digits
            raise BrokenError(self.line(), "isn't JSON of Kubernetes: a number is too long") from None
        return value

    def _broken(self, why: str) -> BrokenError:
        column = self.at - self.text.rfind("\n", 0, self.at)
        line = self.line()
        is_cut = not self.blanks() or why.startswith("Unterminated")
        return BrokenError(line, CUT if is_cut else f"isn't JSON: {why}, at column {column}")


def _yaml_documents(text: str, number: int, first: int) -> Iterator[Iterable[tuple[Found, Head]]]:
    """The documents of `text`, which is YAML and begins at line `first`; the first of them has this `number`."""
    events = _shifted(text, first - 1)
    for event in events:
        yield _yaml_document(event, events, (number,) if number else ())
        number += 1


def _shifted(text: str, lines: int) -> Iterator[Event]:
    """The YAML events of `text`, with `lines` added to their line numbers. Raises BrokenError."""
    import yaml

    try:
        for kind, value, line in yaml_events(text):
            yield kind, value, line + lines
    except yaml.YAMLError as error:
        broken = yaml_problem(error, text)
        raise BrokenError(broken.line + lines, str(broken)) from None
    except BrokenError as broken:
        raise BrokenError(broken.line + lines, str(broken)) from None


def _yaml_document(first: Event, events: Iterator[Event], path: Path) -> Iterator[tuple[Found, Head]]:
    """As `Json.document`, for the YAML document whose `first` event has been read."""
    kind, value, line = first
    head: Head = {}
    if kind == "[":
        yield from ((found, {"kind": ""}) for found in _yaml_items(events, path))
    elif kind != "{":
        if value is not None:
            yield Found(path, line, value), {"kind": ""}
    else:
        is_list = False
        for key in _up_to("}", events):
            behind = next(events)
            if _key(key) == "items" and behind[0] == "[":
                is_list = True
                yield from ((found, head) for found in _yaml_items(events, (*path, "items")))
            else:
                _keep(head, _key(key), _built(behind, events), line)
        if not is_list:
            yield Found(path, line, head), head


def _yaml_items(events: Iterator[Event], path: Path) -> Iterator[Found]:
    for index, event in enumerate(_up_to("]", events)):
        yield Found((*path, index), event[2], _built(event, events))


def _keep(head: Head, key: str, value: Any, line: int) -> None:
    """Add a key to the known fields of a document, which begins at `line`. Raises BrokenError if there are too many."""
    head[key] = value
    if len(head) > KEYS:
        raise BrokenError(line, f"has more than {KEYS} keys, which no object has")


def _built(first: Event, events: Iterator[Event], depth: int = 0) -> Any:
    """The value whose `first` event has been read. Raises BrokenError if it is nested too deep."""
    kind, value, line = first
    if kind == "=":
        return value
    if depth == DEPTH:
        raise BrokenError(line, f"is nested more than {DEPTH} deep, which no object is")
    if kind == "[":
        return [_built(event, events, depth + 1) for event in _up_to("]", events)]
    return {_key(key): _built(next(events), events, depth + 1) for key in _up_to("}", events)}


def _up_to(end: str, events: Iterator[Event]) -> Iterator[Event]:
    """The first event of each value up to the event named `end`; the caller reads the other events of the value."""
    for event in events:
        if event[0] == end:
            return
        yield event


def _key(event: Event) -> str:
    kind, value, line = event
    if kind != "=":
        raise BrokenError(line, "a key is a word, not a list or a mapping")
    return value if isinstance(value, str) else json.dumps(value)
