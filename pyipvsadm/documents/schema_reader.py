"""Reads the parts of a document that are plainly valid, by the shipped JSON Schema, so pydantic isn't loaded.

`shape` checks all other parts: only it says what is wrong.
"""

from __future__ import annotations

import os
from types import SimpleNamespace

from ..errors import UsageError
from ..table.notation import SERVICE_FORMS, address_of, bare_address, service_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..model import Service

    Reader = Callable[[Any], Any]  # reads a value; raises ValueError if it isn't plain
    Part = tuple[dict[str, Reader | None], dict[str, Any], tuple[str, ...]]  # its readers, defaults and required keys

VERSION = 1
SCHEMA = "schema.json"
PASSED = frozenset(("owner", "connections", "counters", "rates", "time", "tables"))  # written by `show`, and not read


def version_of(number: Any) -> int:
    """The supported version, if `number` is that. Raises ValueError."""
    if type(number) is not int or number != VERSION:
        raise ValueError(f"should be {VERSION}, the only supported version of this format")
    return number


def whole(source: Any) -> None:
    """Nothing, if a document doesn't say that it was read from where not all is shown. Raises ValueError."""
    if source is not None:
        raise ValueError("the document was written without privilege, and lacks settings: write it with `sudo`")


def service_named(text: Any) -> Service:
    """The service that `text` names. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"is not a service: {SERVICE_FORMS}")
    try:
        return service_of(text)
    except UsageError as error:
        raise ValueError(f"{error}; {error.hint}") from None


def address_in(text: Any) -> bytes:
    """The address in `text`. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("should be an address in digits, without a port")
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (host.count(".") == 3 or host.startswith("[")):
        raise ValueError(f"has a port, which is a key of its own: `address: {host.strip('[]')}` and `port: {port}`")
    try:
        return address_of(text)
    except ValueError as error:
        alone, _, length = text.partition("/")
        if length.isdigit() and bare_address(text) == alone:
            raise ValueError(f"{error}; leave out the prefix length: write `{alone}`") from None
        raise


def group_in(text: Any) -> bytes | None:
    """The multicast address in `text`, if any. Raises ValueError."""
    if text is None:
        return None
    group = address_in(text)
    if not (224 <= group[0] < 240 if len(group) == 4 else group[0] == 0xFF):
        raise ValueError("should be a multicast address, such as 224.0.0.81 or ff02::81")
    return group


def mask_of(value: Any) -> str | int | None:
    """The netmask, of a family that is unknown here. Raises ValueError."""
    if value is None or isinstance(value, str) or (type(value) is int and 1 <= value <= 128):
        return value
    raise ValueError("should be a mask such as 255.255.255.0, or the length of a prefix, from 1 to 128")


def _addresses(value: Any) -> list[object] | None:
    """The addresses to be bound, each of which is read by itself. Raises ValueError."""
    if value is not None and type(value) is not list:
        raise ValueError
    return value


READERS: dict[str, Reader] = {  # of keys whose values are converted
    "version": version_of,
    "service": service_named,
    "address": address_in,
    "addresses": _addresses,
    "group": group_in,
    "netmask": mask_of,
    "source": whole,
}


def schema() -> str:
    """The JSON Schema of documents, as shipped."""
    with open(os.path.join(os.path.dirname(__file__), SCHEMA), encoding="utf-8") as file:
        return file.read()


class Plain:
    """Reads the parts of documents that are plainly valid, by their JSON Schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        services = schema["properties"]["services"]["items"]
        daemons = schema["properties"]["daemons"]["anyOf"][0]["items"]
        found = {"document": schema, "service": services, "server": services["properties"]["servers"]["items"]}
        self._parts = {kind: self._part(own) for kind, own in {**found, "daemon": daemons}.items()}

    def read(self, kind: str, raw: Any) -> Any:
        """The values of `raw`, read as a part of this `kind`; None if it isn't plain."""
        try:
            return _read(self._parts[kind], raw)
        except ValueError:
            return None

    def _part(self, schema: dict[str, Any]) -> Part:
        keys = schema["properties"]
        defaults = {key: own["default"] for key, own in keys.items() if "default" in own}
        return {key: self._key(key, own) for key, own in keys.items()}, defaults, tuple(schema.get("required", ()))

    def _key(self, key: str, schema: dict[str, Any]) -> Reader | None:
        if key in PASSED:
            return None
        return READERS.get(key) or self._value(schema)

    def _value(self, schema: dict[str, Any]) -> Reader:
        """A reader of values of this schema. Raises KeyError if the schema has an unknown keyword."""
        if "anyOf" in schema:
            inner, null = map(self._value, schema["anyOf"])
            return lambda value: null(value) if value is None else inner(value)
        if "$ref" in schema:
            part = self._part(self._schema["$defs"][schema["$ref"].rpartition("/")[2]])
            return lambda value: _read(part, value)
        if "enum" in schema:
            return _one_of(frozenset(schema["enum"]))
        if schema["type"] == "array":
            parts = schema["items"].get("type") == "object"  # these are checked one by one
            return _list(_same if parts else self._value(schema["items"]))
        return KINDS[schema["type"]](schema)


def _same(value: Any) -> Any:
    return value


def _list(inner: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if type(value) is list:
            return list(map(inner, value))
        raise ValueError

    return read


def _one_of(words: frozenset[str]) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is str and value in words:
            return value
        raise ValueError

    return read


def _integer(schema: dict[str, Any]) -> Reader:
    low, high = schema["minimum"], schema["maximum"]

    def read(value: Any) -> Any:
        if type(value) is int and low <= value <= high:
            return value
        raise ValueError

    return read


def _text(schema: dict[str, Any]) -> Reader:
    low, high = schema["minLength"], schema["maxLength"]

    def read(value: Any) -> Any:
        if type(value) is str and low <= len(value) <= high and value.isascii():
            return value
        raise ValueError

    return read


def _exactly(kind: type) -> Callable[[dict[str, Any]], Reader]:
    def read(value: Any) -> Any:
        if type(value) is kind:
            return value
        raise ValueError

    return lambda _: read


KINDS = {"integer": _integer, "string": _text, "boolean": _exactly(bool), "null": _exactly(type(None))}


def _read(part: Part, raw: Any) -> SimpleNamespace:
    """The values of a part. Raises ValueError if one isn't plain."""
    readers, defaults, needed = part
    if type(raw) is not dict:
        raise ValueError
    values = defaults.copy()
    try:
        for key, value in raw.items():
            read = readers[key]
            if read:
                values[key] = read(value)
    except KeyError:
        raise ValueError from None  # an unknown key
    for key in needed:
        if key not in values:
            raise ValueError
    return SimpleNamespace(**values)
