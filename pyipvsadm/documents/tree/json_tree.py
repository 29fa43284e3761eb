"""Reads JSON: Python's own parser, which is fast, makes the data; JSON becomes events only to locate a problem."""

from __future__ import annotations

import json
import re
from bisect import bisect

from ...table.assembly import PROBLEMS
from ..formats import BrokenError
from ..schema_reader import PASSED
from . import Builder, Tree, too_deep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import Event

COUNTED = "counters"  # a key of the services and servers that `show` writes
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


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
        raise too_deep(1) from None
    except ValueError:  # Python's limit of 4300 digits
        found = re.search(r"[0-9]{1000}", text)
        raise BrokenError(text.count("\n", 0, found.start() if found else 0) + 1, "a number is too long") from None
    builder, events = Builder(), _json_events(text)
    if twice:
        builder.all(events, min(twice, PROBLEMS))
    return Tree(data, builder.problems, builder, events)


def _no_json(error: json.JSONDecodeError) -> BrokenError:
    """What is wrong, and where. A comma after the last item has words of its own, since versions of Python differ."""
    before = error.doc[: error.pos + error.doc.startswith(",", error.pos)].rstrip()
    after = error.doc[error.pos :].lstrip(", \t\r\n")[:1]
    if not before.endswith(",") or after not in ("}", "]"):
        from ..advice import of_json

        advice = of_json(error.doc, error.pos, error.msg)
        return BrokenError(error.lineno, f"isn't JSON: {error.msg}, at column {error.colno}{advice}")
    column = len(before) - before.rfind("\n") - 1
    return BrokenError(before.count("\n") + 1, f"isn't JSON: remove the comma before `{after}`, at column {column}")


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
