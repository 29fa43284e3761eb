"""The distribution of clients over servers: for the whole hash space, or for counted clients."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ...model import printable
from ...prediction.choices import DROPPED, Chooser
from ...prediction.impact import fair, percent, shares
from ...support.text_table import aligned
from ...table.notation import spelled, spelled_server
from .explanations import end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...drawing.canvas import Canvas
    from ...prediction.choices import Choice
    from ...prediction.pools import Pool
    from .explanations import Answer

    Key = tuple[object, ...]
    Shares = dict[Key, float]
    Told = tuple[str, list[str | float]]

NOBODY, UNTOLD = (None, True), (None, False)  # the keys of clients without server, and with an unknown one
NAMES = {NOBODY: "(none)", UNTOLD: "(not known)"}
PARTS = 10_000  # of a share, as bars have them


def shown(answer: Answer, canvas: Canvas | None) -> str:
    """The share of each server, as text or drawn on `canvas`."""
    pools = [answer.pool, *([answer.then] if answer.then else [])]
    total = len(answer.clients)
    if total:
        counts = [_counts(choices) for choices in (answer.choices, answer.later)][: len(pools)]
        spread: list[Shares] = [{key: count / total for key, count in found.items()} for found in counts]
    else:
        spread = [{key or NOBODY: share for key, share in shares(pool).items()} for pool in pools]
    if not any(spread):
        titles = (spelled(answer.pool.service), "then")[: len(pools)]
        return aligned([_next(pool, title) for pool, title in zip(pools, titles, strict=True)])
    rows = list(_rows(pools, spread, total))
    columns = _columns(len(pools), total)
    return f"{_title(answer)}\n{_drawn(columns, rows, canvas) if canvas else _aligned(columns, rows)}"


def _counts(choices: Sequence[Choice]) -> Counter[Key]:
    """How often each server is chosen. Most clients share the same Choice objects, which are counted first."""
    found: Counter[Key] = Counter()
    kinds = {id(choice): choice for choice in choices}
    for number, count in Counter(map(id, choices)).items():
        found[end(kinds[number])] += count
    return found


def _title(answer: Answer) -> str:
    count = f"{len(answer.clients)} clients" if answer.clients else "shares of all clients"
    pools = [pool for pool in (answer.pool, answer.then) if pool]
    schedulers = dict.fromkeys(printable(pool.service.scheduler or "not there yet") for pool in pools)
    return f"{spelled(answer.pool.service)}  {', then '.join(schedulers)}, {count}"


def _next(pool: Pool, title: str) -> list[str]:
    """The lines to show if shares are unknown: which server gets the next connection."""
    choice = Chooser(pool).next()
    who = spelled_server(choice.server) if choice.server else "none" if choice.why == DROPPED else "can't be told"
    return [title, f"{pool.service.scheduler or 'not there yet'}: the next one: {who}; {choice.detail}"]


def _columns(pools: int, clients: int) -> list[tuple[str, bool]]:
    """The titles of the columns, and whether each contains shares, which may be drawn as bars."""
    if pools == 2:
        return [("Weight", False), ("Then", False), ("Share", True), ("Then", True)]
    return [("Weight", False), *([("Clients", False)] if clients else []), ("Share", True), ("By weight", False)]


def _rows(pools: list[Pool], spread: list[Shares], clients: int) -> Iterator[tuple[str, list[str | float]]]:
    """For each server, its name and its cells; shares are from 0 to 1."""
    there = [{server[:2]: server for server in pool.servers} for pool in pools]
    by_weight = fair(pools[0].members)
    for key in dict.fromkeys(key for found, own in zip(there, spread, strict=True) for key in (*sorted(found), *own)):
        server = next((found[key] for found in there if key in found), None)
        cells: list[str | float] = [str(found[key].weight) if key in found else "" for found in there]
        if len(pools) == 1 and clients:
            cells.append(str(round(spread[0].get(key, 0.0) * clients)))
        cells += [own.get(key, 0.0) if own else "" for own in spread]  # for some schedulers, shares are unknown
        if len(pools) == 1:
            cells.append(percent(by_weight.get(key, 0.0)) if server else "")
        yield spelled_server(server) if server else NAMES[key], cells


def _aligned(columns: list[tuple[str, bool]], rows: list[Told]) -> str:
    lines = [[name, *(cell if isinstance(cell, str) else percent(cell) for cell in cells)] for name, cells in rows]
    return aligned([["Server", *(head for head, _ in columns)], *lines], range(1, len(columns) + 1))


def _parts(share: float) -> tuple[int, int]:
    """A share as bars show it: in whole percent, rounded as in text, unless that is none or all."""
    whole = round(share * 100)
    return (whole, 100) if 0 < whole < 100 else (round(share * PARTS), PARTS)


def _drawn(columns: list[tuple[str, bool]], rows: list[Told], canvas: Canvas) -> str:
    from ...drawing import Drawing, rendered
    from ...drawing.layout import NUMBER, SHARE, Column, Row, lay_out

    heads = [Column(head=head, kind=SHARE if is_share else NUMBER) for head, is_share in columns]
    drawn = [
        Row(name=name, cells=tuple(cell if isinstance(cell, str) else _parts(cell) for cell in cells))
        for name, cells in rows
    ]
    return rendered(Drawing(lay_out("Server", heads, drawn, canvas)), canvas)
