"""Reads YAML as `show -o yaml` writes it, line by line: in a fifth of libyaml's time, and without loading it.

If a line isn't in that dialect, libyaml reads the whole text.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LINE = re.compile(r"(      - |  - |    |)(?:([a-z_]+):(?: (.+))?|(\{.*\}))")
ITEM = "      - {"  # the beginning of most lines: those of servers
ADDRESSED = re.compile(r'\{([a-z_]+): ("[0-9a-f:.]+"|[0-9]+(?:\.[0-9]+){3}), ')  # an item's beginning; the rest repeats
NAME = re.compile(r"fwmark:[0-9]+(?:/ipv6)?|[0-9]+(?:\.[0-9]+){3}:[0-9]+/[a-z0-9]+")  # an unquoted name of a service
TOKEN = re.compile(
    r'"[ !#-\[\]-~]*"|(?P<word>[A-Za-z_][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+){3})|[0-9]{1,18}(?![0-9])|, |: |[{}\[\]]'
)
NESTED = 8  # brackets in a line; for more, libyaml's reader counts the depth
WORDS = {"null": "null", "true": "true", "false": "false"}  # the words that aren't text


class OtherError(Exception):
    """The text isn't in the dialect."""


def data_of(text: str) -> dict[str, Any] | None:
    """The data in `text`, or None if it isn't in the dialect."""
    try:
        return _Lines().all(text)
    except OtherError:
        return None


class _Lines:
    """Reads the lines of one text. Its methods raise OtherError."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._lists: list[list[Any]] = []  # all lists so far
        self._known: dict[str, dict[str, Any]] = {}  # the values in the ends of items

    def all(self, text: str) -> dict[str, Any]:
        """Take all lines."""
        items: list[Any] | None = None
        inner: list[Any] | None = None
        mapping: dict[str, Any] | None = None
        for line in text.removesuffix("\n").split("\n"):
            if inner is not None and line.startswith(ITEM):
                inner.append(self._item(line[len(ITEM) - 1 :]))
                continue
            found = LINE.fullmatch(line)
            if found is None:
                raise OtherError
            indent, key, value, flow = found.groups()
            if indent == "" and key:
                items, inner, mapping = self._put(self._data, key, value), None, None
            elif indent == "  - " and items is not None:
                mapping = self._item(flow) if flow else {}
                items.append(mapping)
                inner = None if flow else self._put(mapping, key, value)
                mapping = None if flow else mapping
            elif indent == "    " and key and mapping is not None:
                inner = self._put(mapping, key, value)
            else:
                raise OtherError
        if not all(self._lists):
            raise OtherError  # a key without a value isn't an empty list
        return self._data

    def _put(self, mapping: dict[str, Any], key: str, value: str | None) -> list[Any] | None:
        """Put a value in its place, or, without a value, the list that begins here."""
        if key in mapping:
            raise OtherError
        if value is not None:
            mapping[key] = value if NAME.fullmatch(value) else _flow(value)
            return None
        begun: list[Any] = []
        mapping[key] = begun
        self._lists.append(begun)
        return begun

    def _item(self, text: str) -> dict[str, Any]:
        """The mapping in `text`."""
        found = ADDRESSED.match(text)
        if found is None:
            made = _flow(text)
            if not isinstance(made, dict):
                raise OtherError
            return made
        rest = text[found.end() :]
        known = self._known.get(rest)
        if known is None:
            known = self._known[rest] = _flow("{" + rest)
        if found[1] in known or found[1] in WORDS:
            raise OtherError
        return {found[1]: found[2].strip('"'), **known}


def _flow(text: str) -> Any:
    """The value in the one-line `text`, read as JSON after quoting its words."""
    pieces = []
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise OtherError
        word = found["word"]
        pieces.append(WORDS.get(word.lower(), f'"{word}"') if word else found[0])
        at = found.end()
    if text.count("{") + text.count("[") > NESTED:
        raise OtherError
    try:
        return json.loads("".join(pieces), object_pairs_hook=_mapping)
    except ValueError:
        raise OtherError from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise OtherError
    return made
