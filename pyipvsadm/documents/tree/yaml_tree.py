"""Reads YAML by its events, since PyYAML's loaders recurse in C and expand aliases without bounds."""

from __future__ import annotations

import re

from ...model import printable
from ..formats import BrokenError
from . import DEPTH, NOTHING, Builder, Tree, quick_yaml, too_deep, written_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from . import Event

ALIASED = 500_000  # how many values all aliases together may stand for
DIGITS = 20  # of a number; longer numbers stay text
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
NUMBER = re.compile(r"0|[-+]?[1-9][0-9]*")
INDENTED = "keys of one mapping begin in the same column, and so do the dashes of one list"
YAML_WORDS = (  # of what the parser says, a part; and what it means
    ("mapping values are not allowed", "a second `:` in a line, or a line that is indented deeper than its neighbours"),
    ("did not find expected key", INDENTED),
    ("did not find expected '-' indicator", INDENTED),
    ("expected <block end>", INDENTED),
    ("found unexpected end of stream", "a quote isn't closed"),
    ("found character that cannot start any token", "a word begins with a character that goes in quotes"),
)


def from_yaml(text: str) -> Tree:
    """The tree of the YAML `text`. Raises BrokenError."""
    found: object = written_yaml.data_of(text)
    if found is None:
        found = quick_yaml.data_of(text, resolved, DEPTH, NOTHING)
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


def yaml_problem(error: Exception, text: str) -> BrokenError:
    """Where and why `text` isn't YAML, with our wording for the two frequent reasons."""
    mark: Any = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
    line = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0))
    if "nesting depth" in what:  # PyYAML's own bound since 6.0.4, which may apply before we see an event
        return too_deep(line + 1)
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
            value = None if kind != "=" else resolved(event.value) if event.implicit[0] else event.value
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


def resolved(text: str) -> object:
    """The value of a plain word: YAML's words and decimal numbers; anything else stays text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if NUMBER.fullmatch(text) and len(text) <= DIGITS:
        return int(text)
    return text
