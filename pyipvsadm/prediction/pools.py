"""A service and its servers as a scheduler sees them: in the kernel's order, with the weights that it remembers."""

from __future__ import annotations

from ..model import FLAG_1, FLAG_2, Server, Service
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..model import Command

FALLBACK, PORT = FLAG_1, FLAG_2  # the meaning of the flags for `sh` and `mh`
HASHING, TURNS = ("sh", "mh", "dh"), ("rr", "wrr")
SH_BITS, MH_INDEX = 8, 12  # the defaults of the kernel's build configuration
LOWEST, HIGHEST, EITHER, UNSURE = "lowest", "highest", "either", "unsure"  # weights at which `wrr` may begin
MH_SIZES = {8: 251, 9: 509, 10: 1021, 11: 2039, 12: 4093, 13: 8191, 14: 16381, 15: 32749, 16: 65521, 17: 131071}


class Member(Record):
    """A server of a pool. `last` is its last weight above 0, or 0 if it never had one; `mh` uses it.

    The kernel doesn't report `last` for a server with weight 0, so it may not be `known`.
    """

    __slots__ = ()
    server: Server = Server()
    last: int = 0
    known: bool = True

    @property
    def takes(self) -> bool:
        """Whether it gets new connections, as far as its counters show."""
        server = self.server
        return bool(server.weight) and not 0 < server.upper_threshold <= server.active + server.inactive

    @property
    def sure(self) -> bool:
        """Whether `takes` is certain.

        The kernel closes a server when a new connection reaches the upper threshold. It opens the server again when a
        connection ends and fewer remain than the lower threshold, or 3/4 of the upper one. It doesn't report which
        happened last, or whether the threshold was set below the existing connections, which closes nothing before 7.2.
        """
        server = self.server
        upper, lower = server.upper_threshold, server.lower_threshold
        count = server.active + server.inactive
        return not (server.weight and upper) or (count < lower if lower else count * 4 < upper * 3)


class Pool(Record):
    """A service and its servers in the kernel's order, the newest first.

    `sh_bits` and `mh_index` give the size of the kernel's tables: CONFIG_IP_VS_SH_TAB_BITS and _MH_TAB_INDEX.
    `begins` is the weight at which the first round begins; empty if a round has begun, and UNSURE if one may have.
    """

    __slots__ = ()
    service: Service = Service()
    members: tuple[Member, ...] = ()
    sh_bits: int = SH_BITS
    mh_index: int = MH_INDEX
    begins: str = ""

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers, in the kernel's order."""
        return tuple(member.server for member in self.members)

    @property
    def slots(self) -> int:
        """The number of slots in the table of a hashing scheduler."""
        return MH_SIZES[self.mh_index] if self.service.scheduler == "mh" else 1 << self.sh_bits

    @property
    def falls_back(self) -> bool:
        """Whether another server takes the clients of a server that is out of service."""
        return bool(self.service.flags & FALLBACK)

    @property
    def by_port(self) -> bool:
        """Whether the server depends on the client's port, too."""
        return self.service.scheduler in ("sh", "mh") and bool(self.service.flags & PORT)


def members(servers: Iterable[Server]) -> tuple[Member, ...]:
    """`servers` as members, with nothing known but what the kernel reports.

    The last weight of a server with weight 0 is assumed to be the most frequent weight of the others.
    """
    servers = tuple(servers)
    weights = [server.weight for server in servers if server.weight]
    usual = max(weights, key=weights.count, default=0)
    return tuple(
        Member(server=server, last=server.weight or usual, known=server.weight > 0 or not usual) for server in servers
    )


def after(pool: Pool, commands: Iterable[Command]) -> Pool:
    """`pool` after `commands` about it: a new server goes to the front, an edited one keeps its place."""
    for command in commands:
        change = CHANGES.get(command.verb)
        if change:
            pool = change(pool, command.service or pool.service, command.server or Server())
    return pool


def _add_service(pool: Pool, service: Service, server: Server) -> Pool:
    return pool.replace(service=service, members=(), begins=LOWEST)


def _add(pool: Pool, service: Service, server: Server) -> Pool:
    return _changed(pool, (Member(server=server, last=server.weight), *pool.members))


def _edit(pool: Pool, service: Service, server: Server) -> Pool:
    found = (_edited(member, server) if member.server[:2] == server[:2] else member for member in pool.members)
    return _changed(pool, found)


def _edited(member: Member, wanted: Server) -> Member:
    """`member` with the settings `wanted`. If its weight becomes 0, the last one is remembered."""
    old = member.server
    server = wanted.replace(active=old.active, inactive=old.inactive, persistent=old.persistent, stats=old.stats)
    return member.replace(server=server, last=server.weight or member.last, known=server.weight > 0 or member.known)


def _delete(pool: Pool, service: Service, server: Server) -> Pool:
    return _changed(pool, (member for member in pool.members if member.server[:2] != server[:2]))


def _changed(pool: Pool, found: Iterable[Member]) -> Pool:
    """`pool` with other members. A round that begins at the lowest weight still does; one at the highest may not."""
    return pool.replace(members=tuple(found), begins=EITHER if pool.begins == HIGHEST else pool.begins)


def _edit_service(pool: Pool, service: Service, server: Server) -> Pool:
    """`pool` with the settings of `service`. A new scheduler starts without memory."""
    same = service.scheduler == pool.service.scheduler
    return pool.replace(service=service, begins=pool.begins if same else HIGHEST)


CHANGES: dict[str, Callable[[Pool, Service, Server], Pool]] = {  # by the verb of a command
    "add-service": _add_service,
    "add-server": _add,
    "edit-server": _edit,
    "delete-server": _delete,
    "edit-service": _edit_service,
}
