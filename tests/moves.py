"""Who moves as ten servers change: the table of the manual, and `python -m tests.moves` prints it.

Each row is the average over ten orders of the servers, each with another one of them that changes.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from pyipvsadm.model import FLAG_1, Command, Server, Service
from pyipvsadm.prediction.impact import ideal, moved, percent
from pyipvsadm.prediction.pools import Pool, after
from pyipvsadm.support.text_table import aligned

NEW = Server(address=bytes((10, 2, 0, 99)), port=80)

Change = Callable[[Pool, Server], Pool]


class Row(NamedTuple):
    """What changes, of ten servers of a weight; with a fallback, or without."""

    told: str
    weight: int
    change: Change
    flags: int = 0


def _edit(**settings: int) -> Change:
    return lambda pool, server: after(pool, [Command(verb="edit-server", server=server.replace(**settings))])


def _leave(pool: Pool, server: Server) -> Pool:
    return after(pool, [Command(verb="delete-server", server=server)])


def _join(pool: Pool, server: Server) -> Pool:
    return after(pool, [Command(verb="add-server", server=NEW.replace(weight=server.weight))])


def _sorted(pool: Pool, server: Server) -> Pool:
    return pool.replace(members=tuple(sorted(pool.members, key=lambda member: member.server, reverse=True)))


ROWS = (
    Row("one leaves", 1, _leave),
    Row("one joins", 1, _join),
    Row("one gets weight 2", 1, _edit(weight=2)),
    Row("one of weight 10 gets 20", 10, _edit(weight=20)),
    Row("one of weight 10 gets 11", 10, _edit(weight=11)),
    Row("one gets weight 0", 1, _edit(weight=0)),
    Row("the same, with a fallback", 1, _edit(weight=0), FLAG_1),
    Row("one of weight 10 gets 0", 10, _edit(weight=0)),
    Row("added anew, by address", 1, _sorted),
)


def pool_of(scheduler: str, row: Row, seed: int) -> Pool:
    """Ten servers that were added in some order."""
    servers = [Server(address=bytes((10, 2, 0, number)), port=80, weight=row.weight) for number in range(2, 12)]
    Random(seed).shuffle(servers)
    service = Service(protocol=6, address=bytes((192, 168, 2, 10)), port=80, scheduler=scheduler, flags=row.flags)
    return after(Pool(service=service), [Command(verb="add-server", server=server) for server in servers])


def cells(row: Row) -> list[str]:
    """What changes, and the shares of clients that move with sh, with mh, and that would have to."""
    told = [row.told]
    for scheduler in ("sh", "mh"):
        pools = [pool_of(scheduler, row, seed) for seed in range(10)]
        told.append(_average([moved(pool, row.change(pool, pool.servers[n])) for n, pool in enumerate(pools)]))
    return [*told, percent(ideal(pools[0], row.change(pools[0], pools[0].servers[0])))]


def _average(found: list[tuple[float, float]]) -> str:
    gone, dropped = (sum(each) / len(found) for each in zip(*found, strict=True))
    words = [percent(gone)] if round(gone, 4) or not dropped else []
    return " and ".join([*words, *([f"{percent(dropped)} dropped"] if dropped else [])])


def table() -> str:
    """The table in mdoc."""
    lines = aligned([["what changes", "sh", "mh", "ideal"], *map(cells, ROWS)])
    return f".Bd -literal -offset indent\n{lines}.Ed\n"


if __name__ == "__main__":
    print(table(), end="")
