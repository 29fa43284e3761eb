"""YAML as `show -o yaml` writes it, read line by line: in a fifth of libyaml's time, and without loading that.

Where a line isn't of that dialect, the whole text is for libyaml.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LINE = re.compile(r"(      - |  - |    |)(?:([a-z_]+):(?: (.+))?|(\{.*\}))")
ITEM = "      - {"  # how most lines begin: a server's
ADDRESSED = re.compile(r'\{([a-z_]+): ("[0-9a-f:.]+"|[0-9]+(?:\.[0-9]+){3}), ')  # how an item begins; the rest recurs
NAME = re.compile(r"fwmark:[0-9]+(?:/ipv6)?|[0-9]+(?:\.[0-9]+){3}:[0-9]+/[a-z0-9]+")  # a service's, without quotes
TOKEN = re.compile(
    r'"[ !#-\[\]-~]*"|(?P<word>[A-Za-z_][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+){3})|[0-9]{1,18}(?![0-9])|, |: |[{}\[\]]'
)
NESTED = 8  # brackets of a line; more is for who counts the depth
WORDS = {"null": "null", "true": "true", "false": "false"}  # what isn't text


class OtherError(Exception):
    """The text isn't of the dialect."""


def data_of(text: str) -> dict[str, Any] | None:
    """What `text` says, or None if it isn't of the dialect."""
    try:
        return _Lines().all(text)
    except OtherError:
        return None


class _Lines:
    """Reads the lines of one text. Its methods raise OtherError."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._lists: list[list[Any]] = []  # all that were begun
        self._known: dict[str, dict[str, Any]] = {}  # what ends of items mean

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
            raise OtherError  # a key without a value is none of an empty list
        return self._data

    def _put(self, mapping: dict[str, Any], key: str, value: str | None) -> list[Any] | None:
        """Put a value where it belongs; the list that begins, where that is what follows."""
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
        """The mapping that is `text`."""
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
    """The value that `text` is, on one line: read as JSON, once words have their quotes."""
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
