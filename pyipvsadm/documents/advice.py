"""Says how to go on where a document is wrong in a frequent way: in its lines, its values, or as JSON."""

from __future__ import annotations

import re

from ..grammar.mistakes import lookalike
from ..grammar.suggestions import in_seconds
from ..model import printable
from ..table.notation import bare_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

EMPTY = {  # by format: what an empty file should hold
    "yaml": "the file is empty: a table without services is `version: 1` and `services: []`",
    "json": 'the file is empty: a table without services is `{"version": 1, "services": []}`',
}
LINES = (  # what a line looks like, and what is told of it
    (re.compile(r"\{\{.*\}\}|\{%.*%\}"), "a template has to be rendered first"),
    (re.compile(r"(<{7}|={7}|>{7})( |$)"), "a conflict of two versions has to be resolved first"),
)
JSON = (  # what stands where JSON ends to be JSON, a part of what its parser says, and what is told
    (re.compile(r"\s*$"), "", "the file ends here: a bracket or a quote isn't closed"),
    (re.compile(r"'"), "", "text goes in double quotes"),
    (re.compile(r"//|/\*|#"), "", "JSON has no comments"),
    (re.compile(r"(True|False)\b"), "", "write `true` or `false`"),
    (re.compile(r"None\b"), "", "write `null`"),
    (re.compile(r"\w"), "property name", "a key goes in double quotes"),
    (re.compile(r"[\"{\[]"), "delimiter", "a comma is missing before it"),
)
SECOND = "a table is one document; lines as `show -o ndjson` prints them aren't read"
KEYS = {  # words of other tools for a key
    **dict.fromkeys(("method", "mode", "forward", "lb_kind", "lvs_method"), "forwarding"),
    **dict.fromkeys(("algorithm", "algo", "lb_algo", "lvs_sched", "balance"), "scheduler"),
    **dict.fromkeys(("ip", "host", "rip", "target"), "address"),
    **dict.fromkeys(("timeout", "persistence_timeout", "sticky"), "persistence"),
    **dict.fromkeys(("backends", "real_servers", "realservers", "endpoints", "destinations"), "servers"),
    **dict.fromkeys(("vip", "name", "virtual", "virtual_server", "listen"), "service"),
}
QUOTED = re.compile(r"0|[1-9][0-9]{0,9}")


def of_line(line: str) -> str:
    """What is suspicious in a line that has a problem, as the end of a message; empty if nothing is."""
    found = lookalike(line.split(" ")) or next((told for pattern, told in LINES if pattern.search(line)), "")
    return f"; {found}" if found else ""


def of_json(text: str, at: int, message: str) -> str:
    """What stands at `at`, where the parser gave up with `message`, as the end of a message; empty if unknown."""
    if message == "Extra data":
        return f"; {SECOND}"
    if not at and re.match(r"---|version\s*:", text):
        return "; it looks like YAML: `--from yaml` reads it as such"
    if not at and text.startswith("-"):
        return "; it looks like rules: `--from rules` reads it as such"
    found = next((told for pattern, part, told in JSON if part in message and pattern.match(text, at)), "")
    return f"; {found}" if found else ""


def of_key(word: str, keys: Container[str]) -> str:
    """The key that is meant by a `word` of another tool, as the end of a message; empty if unknown."""
    meant = KEYS.get(word.lower(), "")
    return f"; did you mean `{meant}`?" if meant in keys else ""


def of_text(value: str, keys: Container[str]) -> str:
    """How to write a text that stands in place of a mapping with these `keys`, as the end of a message."""
    key, colon, rest = value.partition(":")
    host = bare_address(value)
    if colon and rest and key in keys:
        return f"; put a blank behind `{key}:`"
    if host and "service" in keys:
        return f"; write `service: {printable(value)}`"
    if host and "address" in keys:
        return f"; write `address: {host}` and `port: {printable(value.rpartition(':')[2])}`"
    return "; these are rules: `--from rules` reads them" if value.startswith(("-A ", "-a ")) else ""


def of_number(value: object) -> str:
    """How to write a text that stands in place of a number, as the end of a message."""
    if not isinstance(value, str):
        return ""
    return f"; without quotes: `{value}`" if QUOTED.fullmatch(value) else in_seconds(value)
