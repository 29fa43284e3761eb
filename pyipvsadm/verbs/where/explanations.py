"""Explains in words which server each client gets."""

from __future__ import annotations

from operator import itemgetter

from ...prediction.choices import CONNECTION, DROPPED, PERSISTENCE, TURN, Choice
from ...prediction.clients import Client
from ...prediction.impact import Impact, percent, shares
from ...prediction.pools import MH_INDEX, MH_SIZES, Pool
from ...record import Record
from ...support.text_table import aligned
from ...table.notation import spelled_address, spelled_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model import Server

SHOWN = 10  # servers whose shares a line contains
SLOTS = {"sh": "bucket", "dh": "bucket", "mh": "entry"}
NOWHERE = (DROPPED, CONNECTION)  # reasons why no server gets a client
KINDS = {CONNECTION: "a connection", PERSISTENCE: "a persistence entry"}


class Answer(Record):
    """A pool, the pool after the change if one is assumed, and the choices of both for each client."""

    __slots__ = ()
    pool: Pool = Pool()
    then: Pool | None = None
    clients: tuple[Client, ...] = ()
    choices: tuple[Choice, ...] = ()
    later: tuple[Choice, ...] = ()
    assumed: bool = False
    impact: Impact | None = None

    def moves(self) -> str:
        """A line with the numbers of clients that get another server, or none, and for which that is unknown."""
        pairs = list(zip(self.choices, self.later, strict=True))
        known = [(end(now), end(then)) for now, then in pairs if is_known(now) and is_known(then)]
        unknown = len(pairs) - len(known)
        moved = sum(now != then for now, then in known)
        return f"{moved} of {len(pairs)} move" + (f"; of {unknown} that is unknown" if unknown else "")

    def each(self) -> str:
        """A line for each client."""
        rows = []
        for index, (client, choice) in enumerate(zip(self.clients, self.choices, strict=True)):
            row = [spelled_client(client), shown(choice), self.reason(choice, self.pool)]
            if self.then:
                later = self.later[index]
                stays = is_known(choice) and end(later) == end(choice)
                row[2:] = ["stays" if stays else f"-> {shown(later)}", self.reason(later, self.then)]
            rows.append(row)
        return aligned(rows)

    def reason(self, choice: Choice, pool: Pool) -> str:
        """The reason for a choice."""
        scheduler = pool.service.scheduler or ""
        if choice.seconds is not None:
            gone = "" if choice.server else "; its server isn't there any more"
            return f"{KINDS[choice.why]}, {choice.seconds} s left{gone}"
        if choice.slot is None:
            return f"{scheduler}: {choice.detail}" if scheduler else choice.detail
        told = f"{scheduler}, {SLOTS[scheduler]} {choice.slot}"
        return f"{told}: {choice.detail}" if choice.detail else told

    def notes(self) -> str:
        """Lines about all clients."""
        told = []
        if self.then and self.clients:
            told.append(self.moves())
        if self.impact:
            told.append(self.impact.line() or "nobody moves")
        elif self.then and not self.clients and self.pool.service.scheduler:
            unknown = "which clients move is unknown, unless a hash decides both before and after"
            told.append("nothing changes" if self.then == self.pool else unknown)
        told += self._turns()
        if self.assumed:
            told.append(
                f"the kernel's configuration can't be read: assuming the usual {MH_SIZES[MH_INDEX]} entries of mh"
            )
        return "".join(f"{line}\n" for line in told)

    def _turns(self) -> list[str]:
        """Lines with each server's share of clients, if turns decide, so that the server of a client is unknown."""
        return [
            f"{title} in turn: " + ", ".join(_spelled_shares(pool))
            for title, pool, choices in (("now", self.pool, self.choices), ("then", self.then, self.later))
            if pool and any(choice.why == TURN and not choice.server for choice in choices)
        ]


def _spelled_shares(pool: Pool) -> Iterator[str]:
    """The shares of the first servers of `pool`."""
    found = shares(pool)
    by_key = {server[:2]: server for server in pool.servers}
    for end, share in sorted(found.items(), key=itemgetter(1), reverse=True)[:SHOWN]:
        if end:
            yield f"{spelled_server(by_key[end])} {percent(share)}"
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more"


def end(choice: Choice) -> tuple[object, ...]:
    """A value that is equal for two choices of the same server."""
    return choice.server[:2] if choice.server else (None, choice.why == DROPPED)


def is_known(choice: Choice) -> bool:
    """Whether a choice says where the client goes, which may be that no server gets it."""
    return choice.server is not None or choice.why in NOWHERE


def shown(choice: Choice) -> str:
    """The server of a choice, as text."""
    if choice.server is None:
        return "none" if is_known(choice) else "?"
    return spelled_server(choice.server) if choice.certain else f"probably {spelled_server(choice.server)}"


def spelled_client(client: Client) -> str:
    """A client's name."""
    host = spelled_address(client.address)
    if client.port is None:
        return host
    return f"[{host}]:{client.port}" if ":" in host else f"{host}:{client.port}"


def name_of(server: Server | None) -> str | None:
    """A server's name; None for none."""
    return spelled_server(server) if server else None
