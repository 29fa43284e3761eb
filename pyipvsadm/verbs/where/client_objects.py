"""Formats the answers for programs: a JSON list of objects, one line each."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...prediction.impact import fair, shares
from ...table.notation import spelled_address
from .explanations import Answer, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...prediction.choices import Choice

TOGETHER = 1000  # lines per piece


def pieces(answer: Answer) -> Iterator[str]:
    """The text in pieces: an object for each client; without clients, one for each server."""
    lines = _clients(answer) if answer.clients else map(json.dumps, _servers(answer))
    start = "[\n  "
    while piece := ",\n  ".join(islice(lines, TOGETHER)):
        yield start + piece
        start = ",\n  "
    yield "[]\n" if start == "[\n  " else "\n]\n"


def _clients(answer: Answer) -> Iterator[str]:
    """The lines of clients. Clients often share a choice, whose text is made once. Addresses need no escapes."""
    made: dict[tuple[int, int], str] = {}
    later = answer.later or answer.choices
    for client, choice, then in zip(answer.clients, answer.choices, later, strict=True):
        key = id(choice), id(then)
        if key not in made:
            own = {**_choice(choice), "then": _choice(then)} if answer.then else _choice(choice)
            made[key] = json.dumps(own).removeprefix("{")
        port = "null" if client.port is None else client.port
        yield f'{{"client": "{spelled_address(client.address)}", "port": {port}, {made[key]}'


def _choice(choice: Choice) -> dict[str, Any]:
    return {"server": name_of(choice.server), "certain": choice.certain, "why": choice.why}


def _servers(answer: Answer) -> Iterator[dict[str, Any]]:
    """For each server, its share if that is known, and the share of its weight."""
    pools = [pool for pool in (answer.pool, answer.then) if pool]
    found = [(shares(pool), fair(pool.members), {one[:2]: one for one in pool.servers}) for pool in pools]
    for key in dict.fromkeys(key for by_hash, _, there in found for key in (*sorted(there), *by_hash)):
        told = [
            {
                "weight": there[key].weight if key in there else None,
                "share": by_hash.get(key, 0.0) if by_hash else None,
                "by_weight": by_weight.get(key, 0.0),
            }
            for by_hash, by_weight, there in found
        ]
        server = next((there[key] for _, _, there in found if key in there), None)
        yield {"server": name_of(server), **told[0], **({"then": told[1]} if answer.then else {})}
