"""What changes of a table do to the clients of its services: how many are sent elsewhere."""

from __future__ import annotations

from itertools import islice

from ...prediction.impact import Impact, impact, percent
from ...prediction.pools import HASHING, after
from ...table.comparison import BY_ORDER
from ...table.notation import spelled
from .kernel_pools import pools_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...model import Command, Table
    from ...prediction.pools import Pool
    from ...world import World

SHOWN = 10  # services of which it is told where nobody has asked


def impacts(before: Table, commands: Iterable[Command], most: int | None = None) -> dict[str, Impact]:
    """What `commands` do to the services of `before` that hash and stay, by name; of the first `most` alone."""
    about = _by_service(commands)
    hashing = {spelled(service) for service, _ in before.services if service.scheduler in HASHING}
    stay = (name for name, its in about.items() if not any(one.verb == "delete-service" for one in its))
    pools = pools_of(before, islice(filter(hashing.__contains__, stay), most))
    found = ((name, impact(pools[name], after(pools[name], its))) for name, its in about.items() if name in pools)
    return {name: what for name, what in found if what}


def impact_lines(before: Table, commands: Iterable[Command]) -> list[str]:
    """As `impacts`, a line each of those that move somebody, and not of too many."""
    found = impacts(before, commands, SHOWN).items()
    return [f"{name}  {line}\n" for name, what in found if (line := what.line())]


def tell(world: World, before: Table, commands: Iterable[Command]) -> None:
    """Tell a person who looks at stderr what `commands` do."""
    if world.watched:
        for line in impact_lines(before, commands):
            world.tell(line.removesuffix("\n"))


def order_notes(before: Table, wanted: Table, commands: Iterable[Command]) -> list[str]:
    """Which services will have their servers in another order than `wanted` says, and whom that order would move."""
    about = _by_service(commands)
    asked = {
        spelled(service): tuple(server[:2] for server in reversed(servers))
        for service, servers in wanted.services
        if service.scheduler == BY_ORDER
    }
    others = []
    for name, pool in pools_of(before, asked).items():
        then = after(pool, about.get(name, ()))
        order = [server[:2] for server in then.servers]
        if order != list(asked[name]) and sorted(order) == sorted(asked[name]):
            others.append((name, then, asked[name]))
    return [_order_note(*one) for one in others[:SHOWN]]


def _order_note(name: str, pool: Pool, order: Sequence[tuple[bytes, int]]) -> str:
    there = {member.server[:2]: member for member in pool.members}
    what = impact(pool, pool.replace(members=tuple(there[key] for key in order)))
    moved = percent(what.moved) if what else "some"
    return (
        f"{name} has its servers in another order: made anew from the file, {BY_ORDER} would send {moved} of its"
        " clients to other servers"
    )


def _by_service(commands: Iterable[Command]) -> dict[str, list[Command]]:
    found: dict[str, list[Command]] = {}
    for command in commands:
        if command.service:
            found.setdefault(spelled(command.service), []).append(command)
    return found
