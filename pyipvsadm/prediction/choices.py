"""Which server the kernel chooses, how certain that is, and why."""

from __future__ import annotations

from itertools import chain, repeat

from ..model import ONE_PACKET, Server
from ..record import Record
from .counts import BY_WEIGHT, LEAST, least
from .hashes import FIRST, fold, multiplied, siphashes
from .memory import Expiry, Memory
from .pools import HASHING, HIGHEST, LOWEST, MH_SIZES, TURNS, UNSURE, Pool
from .slots import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..listing.connections import Connection
    from .clients import Client, Entries

HASH, CONNECTION, PERSISTENCE, TURN, LESS, DROPPED, UNKNOWN = (
    *("hash", "connection", "persistence", "turn", "least", "dropped", "unknown"),
)
ITS_WEIGHT = "its server has weight 0"
NOBODY, ABSENT = "no server takes new connections", "there is no such service yet"
PLACE = "the next can't be told: the kernel keeps its place to itself"
UNTOLD = {  # by scheduler: what it chooses, where its next choice is unknown
    "rr": PLACE,
    "wrr": PLACE,
    "lblc": "the server that the kernel remembers for the destination, else as wlc",
    "lblcr": "one of the servers that the kernel remembers for the destination, else as wlc",
    "twos": "of two servers by chance, the one with fewer connections for its weight",
}
COUNTED, UNCOUNTED = "by the current connections", "every datagram, as with `-o` no connection is counted"
LATER = "it depends on the connections that begin before"
FIRST_TURN = "the first turn, as no connection was counted yet"
FIRST_PERHAPS = "the first turn, unless connections were counted before counters were set to 0"
EACH = "with `-o` each datagram gets another server"
WITHOUT_WEIGHT = "the kernel doesn't tell which entries a server of weight 0 still has"
BY_FALLBACK = "by fallback"
AT_LIMIT = "the kernel doesn't tell whether it holds a server for full"


class Choice(Record):
    """The server that a client gets, and why. Without `server`, it gets none, or which one is unknown; `why` says so.

    The choice is `certain` if nothing that the kernel doesn't report could change it. `slot` is the index in the
    table of a hashing scheduler. `seconds` is the remaining lifetime of the entry that decides.
    """

    __slots__ = ()
    server: Server | None = None
    certain: bool = False
    why: str = UNKNOWN
    slot: int | None = None
    seconds: int | None = None
    detail: str = ""


class Chooser:
    """Chooses servers for many clients of one pool; computes each slot of its table only once."""

    def __init__(self, pool: Pool, entries: Entries | None = None, expiry: Expiry | None = None) -> None:
        self.pool = pool
        self.slots = slots(pool)
        self._servers = pool.servers
        self._by_port = pool.by_port
        self._memory = Memory(pool, entries, expiry or Expiry()) if entries else None
        self._one_packet = bool(pool.service.flags & ONE_PACKET)
        self._takes = [member.takes for member in pool.members]
        self._doubtful = [not member.sure for member in pool.members]
        self._sure = pool.service.scheduler != "mh" or all(member.known for member in pool.members)

    def choose(self, clients: Sequence[Client]) -> Iterator[Choice]:
        """The choice for each of `clients`, in order."""
        hashed = self.pool.service.scheduler in HASHING and not self.pool.service.engine
        answers = self._hashed(clients) if hashed else self._one_after_the_other(len(clients))
        memory = self._memory
        if not memory:
            return iter(answers)
        return (
            self._kept(found, memory) if (found := memory.of(client)) else answer
            for client, answer in zip(clients, answers, strict=True)
        )

    def _one_after_the_other(self, count: int) -> Iterable[Choice]:
        """The choices for `count` new clients: the first is known; those after it depend on what the first ones do."""
        if not count:
            return ()
        found = self.next()
        counts = found.why == LESS and self.pool.service.scheduler not in BY_WEIGHT and not self._one_packet
        depends = counts or found.detail in (FIRST_TURN, FIRST_PERHAPS)
        return chain((found,), repeat(Choice(why=found.why, detail=LATER) if depends else found, count - 1))

    def next(self) -> Choice:
        """The choice for the next client, by a scheduler that doesn't consider who the client is."""
        scheduler = self.pool.service.scheduler or ""
        usable = [index for index, takes in enumerate(self._takes) if takes]
        if not scheduler:
            return Choice(certain=True, why=DROPPED, detail=ABSENT)
        if self.pool.service.engine:
            return Choice(detail=f"kept together by {self.pool.service.engine}, which looks into the packet")
        if not usable:
            return Choice(certain=not any(self._doubtful), why=DROPPED, detail=NOBODY)
        if scheduler in LEAST:
            return self._least(scheduler, usable)
        why = TURN if scheduler in TURNS else UNKNOWN
        if len(usable) == 1:
            only = self._servers[usable[0]]
            return Choice(server=only, certain=not any(self._doubtful), why=why, detail="the only one that is left")
        if why == TURN and self.pool.begins and not self._one_packet:
            return self._first_turn(scheduler, usable)
        told = UNTOLD.get(scheduler, "what it does isn't known")
        return Choice(why=why, detail=f"{EACH}; {told}" if self._one_packet and why == TURN else told)

    def _least(self, scheduler: str, usable: list[int]) -> Choice:
        """The server with the least load. It is certain if no server whose state is unknown has less."""
        servers = self._servers
        either = [index for index, doubtful in enumerate(self._doubtful) if doubtful or self._takes[index]]
        index = least(scheduler, servers, usable)
        certain = index == least(scheduler, servers, either) and (index is None or not self._doubtful[index])
        if index is None:
            return Choice(certain=certain, why=DROPPED, detail="no server has room")
        detail = UNCOUNTED if self._one_packet else COUNTED
        return Choice(server=servers[index], certain=certain, why=LESS, detail=detail)

    def _first_turn(self, scheduler: str, usable: list[int]) -> Choice:
        """The first server in the list; for `wrr`, if it begins at the highest weight, the first of that weight."""
        head, heaviest = usable[0], max(usable, key=lambda index: self._servers[index].weight)
        first = {LOWEST: head, HIGHEST: heaviest if scheduler == "wrr" else head}
        index = first.get(self.pool.begins, head)
        told = FIRST_PERHAPS if self.pool.begins == UNSURE else FIRST_TURN
        certain = self.pool.begins in first or (first[HIGHEST] == head and told == FIRST_TURN)
        certain = certain and not any(self._doubtful)
        return Choice(server=self._servers[index], certain=certain, why=TURN, detail=told)

    def _kept(self, found: Sequence[Connection], memory: Memory) -> Choice:
        """The choice by entries of the kernel's list. A connection to a server that was removed leads to none."""
        servers = list(dict.fromkeys(server for one in found for server in memory.servers(one)))
        one = found[0]
        why = CONNECTION if one.client_port else PERSISTENCE
        whole = self.pool.service.port or not found[-1].client_port  # else another port has another connection
        certain = bool(whole) and len(servers) == 1 and all(memory.is_settled(one, servers[0]) for one in found)
        server = servers[0] if servers else None
        return Choice(server=server, certain=certain, why=why, seconds=one.seconds, detail=one.state)

    def _hashed(self, clients: Sequence[Client]) -> Iterable[Choice]:
        """The choice for each client, by its slot."""
        if not self.slots:
            return repeat(Choice(certain=self._sure, why=DROPPED, detail=NOBODY), len(clients))
        if self.pool.service.scheduler == "dh":
            return repeat(self._by_destination(), len(clients))
        keys = [self._key(client) for client in clients]
        found = list(zip(keys, self._first_slots(keys), strict=True))
        by_slot = {slot: choice for slot in {slot for _, slot in found} if (choice := self._at(slot))}
        others = self._sent_on([(key, slot) for key, slot in found if key is not None and slot not in by_slot])
        unknown = Choice(detail=f"the client's port counts, too, as {self.pool.service.scheduler}-port is set")
        return [unknown if key is None else by_slot.get(slot) or next(others) for key, slot in found]

    def _key(self, client: Client) -> int | None:
        """The number that the scheduler hashes for a client; None if that requires a port that is unknown."""
        if not self._by_port:
            return fold(client.address)
        return None if client.port is None else fold(client.address) + client.port

    def _first_slots(self, keys: Sequence[int | None]) -> Iterable[int]:
        known = [key or 0 for key in keys]
        if self.pool.service.scheduler == "mh":
            size = MH_SIZES[self.pool.mh_index]
            return (found % size for found in siphashes(known, FIRST))
        return multiplied(known, self.pool.sh_bits)

    def _by_destination(self) -> Choice:
        service = self.pool.service
        if service.address is None:
            return Choice(detail="the destination's address counts, which a mark doesn't tell")
        (slot,) = multiplied((fold(service.address),), self.pool.sh_bits)
        return self._first(slot)

    def _at(self, slot: int) -> Choice | None:
        """The choice for all clients that hash to `slot`; None if the fallback hashes each of them again."""
        if self._takes[self.slots[slot]] or not self.pool.falls_back:
            return self._first(slot)
        if not any(self._takes):
            return self._told(slot, None, any(self._doubtful), NOBODY)
        return self._next_bucket(slot) if self.pool.service.scheduler == "sh" else None

    def _first(self, slot: int) -> Choice:
        """The choice without fallback: only the slot's own server counts."""
        index = self.slots[slot]
        server = self._servers[index]
        if self._takes[index]:
            return self._told(slot, server, self._doubtful[index])
        return self._told(slot, None, self._doubtful[index], "its server is full" if server.weight else ITS_WEIGHT)

    def _next_bucket(self, slot: int) -> Choice:
        """The choice by the fallback of `sh`, which tries other buckets in turn."""
        doubtful, size = False, len(self.slots)
        for other in (slot, *((2 * slot + step) % size for step in range(size))):
            index = self.slots[other]
            doubtful = doubtful or self._doubtful[index]
            if self._takes[index]:
                return self._told(slot, self._servers[index], doubtful, BY_FALLBACK)
        return self._told(slot, None, doubtful, NOBODY)

    def _sent_on(self, clients: Sequence[tuple[int, int]]) -> Iterator[Choice]:
        """The choices by the fallback of `mh`, which hashes again and again; a client is given as its key and slot."""
        size = len(self.slots)
        found: list[Choice] = [Choice(why=DROPPED, detail=NOBODY)] * len(clients)
        doubtful = [self._doubtful[self.slots[slot]] for _, slot in clients]
        told: dict[tuple[int, int, bool], Choice] = {}
        waiting, step = list(range(len(clients))), 0
        while waiting and step < size:
            tried = siphashes([clients[one][0] + (clients[one][1] + step) % size for one in waiting], FIRST)
            still = []
            for one, place in zip(waiting, tried, strict=True):
                index = self.slots[place % size]
                doubtful[one] = doubtful[one] or self._doubtful[index]
                if not self._takes[index]:
                    still.append(one)
                    continue
                key = clients[one][1], index, doubtful[one]
                if key not in told:
                    told[key] = self._told(key[0], self._servers[index], doubtful[one], BY_FALLBACK)
                found[one] = told[key]
            waiting, step = still, step + 1
        return iter(found)

    def _told(self, slot: int, server: Server | None, doubtful: bool, detail: str = "") -> Choice:
        """The choice of `server` at `slot`; uncertain if `doubtful`, or if last weights are unknown to us."""
        doubt = AT_LIMIT if doubtful else "" if self._sure else WITHOUT_WEIGHT
        why = HASH if server else DROPPED
        told = "; ".join(filter(None, (detail, doubt)))
        return Choice(server=server, certain=not doubt, why=why, slot=slot, detail=told)
