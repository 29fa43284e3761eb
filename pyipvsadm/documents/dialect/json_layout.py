"""Lays out JSON: a service is a text without its last brace, and its servers are texts. Loads no `json`."""

from __future__ import annotations

from _json import encode_basestring_ascii, make_encoder

from ...table.notation import spelled_address
from ...table.settings import daemon_data
from ..schema_reader import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, NoReturn

    from ...kernel.hash_tables import HashTables
    from ...model import Table
    from ...table.settings import Settings

    Texts = Iterable[tuple[str, list[str]]]


def _refuse(value: object) -> NoReturn:
    raise TypeError(value)


DIGITS = 3  # after the point of a time in seconds
ROWS = "tables"  # the kernel's hash tables


def encoder(text: Callable[[str], str]) -> Any:
    """A function that yields the pieces of a value, as json.dumps writes it, with `text` for its texts."""
    return make_encoder(None, _refuse, text, None, ": ", ", ", False, False, True)


_encode = encoder(encode_basestring_ascii)


def dumps(value: Any) -> str:
    """`value` as json.dumps writes it."""
    return "".join(_encode(value, 0))


def live_data(clock: float, rows: HashTables | None = None) -> Settings:
    """The facts about a live table: when it was read, in seconds since 1970, and the kernel's hash tables, if known."""
    return {"time": round(clock, DIGITS), **({ROWS: rows.data()} if rows else {})}


def head(source: str, live: Settings | None) -> Settings:
    """The beginning of the output: the facts about a `live` table, and its source; nothing for a document."""
    return {**(live or {}), **({"source": source} if source else {})}


def lines(head: Settings, groups: Texts, rest: Table) -> Iterator[str]:
    """A line of JSON for each service. Each repeats `head`, except ROWS."""
    repeated = {key: value for key, value in head.items() if key != ROWS}
    start = f"{dumps(repeated)[:-1]}, " if repeated else "{"
    for own, servers in groups:
        yield f'{start}{own[1:]}, "servers": [{", ".join(servers)}]}}\n'


def document(head: Settings, groups: Texts, rest: Table) -> Iterator[str]:
    """One JSON document with a line for each service and each server; `rest` is the table besides services."""
    yield "{\n" + "".join(f"  {dumps(key)}: {dumps(value)},\n" for key, value in head.items())
    yield f'  "version": {VERSION},\n  "services": ['
    start, end = "\n", "]"
    for own, servers in groups:
        its = ",\n      ".join(servers)
        yield f'{start}    {own}, "servers": [' + (f"\n      {its}\n    ]}}" if its else "]}")
        start, end = ",\n", "\n  ]"
    yield end
    if rest.timeouts is not None:
        yield f',\n  "timeouts": {dumps(rest.timeouts.asdict())}'
    if rest.daemons is not None:
        yield f',\n  "daemons": {dumps([daemon_data(daemon) for daemon in rest.daemons])}'
    if rest.addresses is not None:
        yield f',\n  "addresses": {dumps(list(map(spelled_address, rest.addresses)))}'
    yield "\n}\n"
