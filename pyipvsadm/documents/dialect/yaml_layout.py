"""Lays out YAML: a service is lines of settings, and a server a line. Loads neither `json` nor `re`."""

from __future__ import annotations

from _json import encode_basestring

from ...table.notation import spelled_address
from ...table.settings import daemon_data
from ..schema_reader import VERSION
from .json_layout import encoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ...model import Table
    from ...table.settings import Settings

DEFAULTS: Settings = {  # left out
    **dict.fromkeys(("persistence", "netmask", "engine", "tunnel", "maxlen", "group", "port", "ttl")),
    **dict.fromkeys(("upper_threshold", "lower_threshold"), 0),
    "one_packet": False,
    "flags": [],
}
SMALL, DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz"), frozenset("0123456789")
WORD = SMALL | frozenset(map(str.upper, SMALL)) | DIGITS | {"_", "-"}
NOT_BARE = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))  # YAML's reserved words
_encode = encoder(encode_basestring)


def item(own: str, servers: list[str]) -> str:
    """The lines of a service, which has its `own`, and its servers."""
    its = "\n      - ".join(["\n    servers:", *servers]) if servers else ""
    return f"  - {own}{its}\n"


def document(items: Iterable[str], rest: Table) -> Iterator[str]:
    """One YAML document of `items`; `rest` is the table besides services."""
    start = f"version: {VERSION}\nservices:\n"
    for one in items:
        yield start + one
        start = ""
    yield start and f"version: {VERSION}\nservices: []\n"
    if rest.timeouts is not None:
        yield f"timeouts: {flow(rest.timeouts.asdict())}\n"
    if rest.daemons is not None:
        lines = [f"  - {flow(plain(daemon_data(daemon)))}\n" for daemon in rest.daemons]
        yield "daemons:\n" + "".join(lines) if lines else "daemons: []\n"
    if rest.addresses is not None:
        yield f"addresses: {scalar(list(map(spelled_address, rest.addresses)))}\n"


def lines(data: Settings) -> str:
    """The settings of a service, a line each."""
    return "\n    ".join([f"{key}: {scalar(value)}" for key, value in plain(data).items()])


def plain(data: Settings) -> Settings:
    """`data` without most defaults."""
    return {key: value for key, value in data.items() if key not in DEFAULTS or value != DEFAULTS[key]}


def flow(data: Settings) -> str:
    """A mapping on one line."""
    return "{" + ", ".join([f"{key}: {scalar(value)}" for key, value in data.items()]) + "}"


def scalar(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return flow(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if isinstance(value, str) and _is_bare(value):
        return value
    return "".join(_encode(value, 0))  # JSON is valid YAML, too


def _is_bare(text: str) -> bool:
    """Whether `text` needs no quotes: a word, an IPv4 address, or the name of its service or of a mark's."""
    name, colon, end = text.partition(":")
    if text[:1] not in DIGITS and not colon:
        return WORD.issuperset(text) and text[:1].isalpha() and text.lower() not in NOT_BARE
    port, slash, kind = end.partition("/")
    if colon and not (port and DIGITS.issuperset(port) and (SMALL | DIGITS).issuperset(kind)):
        return False
    if name == "fwmark":
        return kind == "ipv6" or not slash
    parts = name.split(".")
    return len(parts) == 4 and all(part and DIGITS.issuperset(part) for part in parts) and bool(kind) == bool(colon)
