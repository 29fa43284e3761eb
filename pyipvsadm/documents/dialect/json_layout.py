"""Lays out JSON: a service and its servers are an item of a document, or a line. Loads no `json`."""

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


def line(own: str, servers: list[str]) -> str:
    """The line of a service, which is `own` without its last brace, and its servers; without its first brace."""
    return f'{own[1:]}, "servers": [{", ".join(servers)}]}}\n'


def lines(head: Settings, found: Iterable[str], rest: Table) -> Iterator[str]:
    """The lines that are `found`, of which some are joined by NUL. Each repeats `head`, except ROWS."""
    repeated = {key: value for key, value in head.items() if key != ROWS}
    start = f"{dumps(repeated)[:-1]}, " if repeated else "{"
    for one in found:
        yield start + one.replace("\0", start)


def item(own: str, servers: list[str]) -> str:
    """The lines of a service, which is `own` without its last brace, and its servers."""
    its = ",\n      ".join(servers)
    return f'    {own}, "servers": [' + (f"\n      {its}\n    ]}}" if its else "]}")


def document(head: Settings, items: Iterable[str], rest: Table) -> Iterator[str]:
    """One JSON document of `items`; `rest` is the table besides services."""
    yield "{\n" + "".join(f"  {dumps(key)}: {dumps(value)},\n" for key, value in head.items())
    yield f'  "version": {VERSION},\n  "services": ['
    start, end = "\n", "]"
    for one in items:
        yield start + one
        start, end = ",\n", "\n  ]"
    yield end
    if rest.timeouts is not None:
        yield f',\n  "timeouts": {dumps(rest.timeouts.asdict())}'
    if rest.daemons is not None:
        yield f',\n  "daemons": {dumps([daemon_data(daemon) for daemon in rest.daemons])}'
    if rest.addresses is not None:
        yield f',\n  "addresses": {dumps(list(map(spelled_address, rest.addresses)))}'
    yield "\n}\n"
