"""Reads an object's fields. A field of the wrong type is reported, and then counts as missing.

null counts as missing, too, as it does in Kubernetes.
"""

from __future__ import annotations

import json
from _socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING, Any

from ...model import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Path = tuple[str | int, ...]
    Wrong = Callable[[Path, str], None]

SHOWN = 60  # characters of a wrong value that are shown
MAPPED = bytes(10) + b"\xff\xff"  # the start of an IPv4-mapped IPv6 address


class Part:
    """A mapping within an object, and its place. A missing field has an empty value."""

    __slots__ = ("_data", "path", "wrong")

    def __init__(self, data: Any, path: Path, wrong: Wrong) -> None:
        self._data = data
        self.wrong = wrong
        self.path = path

    def has(self, key: str) -> bool:
        """Whether there is a value at `key`."""
        return self._data.get(key) is not None

    def has_more(self, key: str) -> bool:
        """Whether there is a value at `key` that isn't empty or 0."""
        return bool(self._data.get(key))

    def text(self, key: str) -> str:
        """The text at `key`; empty if it is missing."""
        found = self._data.get(key)
        if found.__class__ is str:
            return found
        return self._missing(key, "text", "") if found is not None else ""

    def number(self, key: str, low: int, high: int) -> int | None:
        """The number at `key`; None if it is missing, or isn't from `low` to `high`, which is reported."""
        found = self._data.get(key)
        if found.__class__ is int and low <= found <= high:
            return found
        return None if found is None else self._missing(key, f"a number from {low} to {high}", None)

    def flag(self, key: str, default: bool) -> bool:
        """The boolean at `key`; `default` if it is missing."""
        found = self._data.get(key)
        if found.__class__ is bool:
            return found
        return self._missing(key, "true or false", default) if found is not None else default

    def part(self, key: str) -> Part:
        """The mapping at `key`; an empty one if it is missing."""
        found = self._data.get(key)
        if found is not None and found.__class__ is not dict:
            found = self._missing(key, "a mapping of keys to values", None)
        return Part(found or {}, (*self.path, key), self.wrong)

    def parts(self, key: str) -> Iterator[Part]:
        """The mappings in the list at `key`."""
        for index, found in enumerate(self._list(key)):
            path = (*self.path, key, index)
            if found.__class__ is dict:
                yield Part(found, path, self.wrong)
            else:
                self.wrong(path, f"should be a mapping of keys to values, not {shown(found)}")

    def looked_at(self, key: str) -> list[dict[str, Any]]:
        """The mappings in the list at `key`; other values aren't reported."""
        found = self._data.get(key)
        return [one for one in found if one.__class__ is dict] if found.__class__ is list else []

    def texts(self, key: str) -> list[tuple[Path, str]]:
        """The texts in the list at `key`, each with its place."""
        found = self._list(key)
        for index, value in enumerate(found):
            if value.__class__ is not str:
                self.wrong((*self.path, key, index), f"should be text, not {shown(value)}")
        return [((*self.path, key, index), value) for index, value in enumerate(found) if value.__class__ is str]

    def labels(self, key: str) -> dict[str, str]:
        """The texts in the mapping at `key`, by name."""
        part = self.part(key)
        return {name: part.text(name) for name in part._data}

    def address(self, key: str) -> bytes | None:
        """The packed address in the text at `key`; None if there is none."""
        text = self.text(key)
        return self.packed(text, (*self.path, key)) if text else None

    def addresses(self, key: str) -> list[bytes]:
        """The packed addresses in the list of texts at `key`."""
        found = [self.packed(text, path) for path, text in self.texts(key) if text]
        return [address for address in found if address is not None]

    def packed(self, text: str, path: Path) -> bytes | None:
        """The packed address in `text`, which is at `path`; None if it is wrong, which is reported."""
        try:
            return packed(text)
        except ValueError as error:
            self.wrong(path, str(error))
            return None

    def _list(self, key: str) -> list[Any]:
        found = self._data.get(key)
        if found is None:
            return []
        return found if found.__class__ is list else self._missing(key, "a list", [])

    def _missing(self, key: str, what: str, instead: Any) -> Any:
        """Report that `key` isn't `what` it should be, unless it is missing; return `instead`."""
        self.wrong((*self.path, key), f"should be {what}, not {shown(self._data[key])}")
        return instead


def packed(text: str) -> bytes:
    """A packed address, read as Go does: accepts leading zeros and IPv4-mapped IPv6 addresses. Raises ValueError."""
    try:
        if ":" not in text:
            return inet_pton(AF_INET, text if "0" not in text else _without_zeros(text))
        address = inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        raise ValueError(f"should be an address in digits, not {shown(text)}") from None
    return address[12:] if address.startswith(MAPPED) else address


def network(text: str) -> tuple[bytes, int]:
    """The packed address of a CIDR, with its host bits cleared, and its prefix length. Raises ValueError."""
    host, slash, length = text.partition("/")
    address = packed(host)
    bits = 8 * len(address)
    if not (slash and length.isascii() and length.isdigit() and len(length) < 4 and int(length) <= bits):
        raise ValueError(f"should be a CIDR such as 192.0.2.0/24, not {shown(text)}")
    behind = bits - int(length)
    return (int.from_bytes(address, "big") >> behind << behind).to_bytes(len(address), "big"), int(length)


def shown(value: Any) -> str:
    """A wrong value, for a message: `a mapping`, `a list`, or JSON of at most SHOWN characters."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = printable(json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else f'"{value[:SHOWN]}"')
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _without_zeros(text: str) -> str:
    return ".".join([number.lstrip("0") or "0" if number else "" for number in text.split(".")])
