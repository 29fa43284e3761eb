"""`where SERVICE [CLIENT...]`: tells which server a client gets, and what a change would do."""

from __future__ import annotations

from ...errors import UsageError
from ...model import printable
from ...prediction.choices import Chooser
from ...prediction.impact import impact
from ...prediction.pools import after
from ...table.notation import address_of, service_of, spelled, spelled_address
from .explanations import Answer
from .kernel_state import expiry, remembered, situation
from .question import Change, client_of, clients_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...model import Service
    from ...prediction.clients import Client
    from ...world import World


def run(world: World, name: str, words: Sequence[str], file: str, change: Change, output: str) -> int:
    """Print where the clients go; return the exit status. Raises IpvsadmError."""
    key = _service(name, words)
    clients = [client_of(word, key) for word in words]
    if change.format and not change.table:
        raise UsageError("--from names the format of a table, but there is none", hint="name its file with `--table`")
    if file:
        if file == change.table == "-":
            raise UsageError("stdin can't be both the table and the clients", hint="name a file for one of them")
        clients += clients_in(file, key, world)
        if not clients:
            raise UsageError(f"{printable(file)} names no client", hint="it takes an address in each line")
    answer, is_reachable = _answer(world, key, clients, change)
    _print(answer, world, output, each=bool(clients) and not file)
    if not is_reachable:
        world.tell("this kernel has no IPVS: the table is taken for one that is applied to an empty one")
    return 0


def _service(name: str, words: Sequence[str]) -> Service:
    """The service `name`, before the `words` that name clients. Raises UsageError."""
    try:
        return service_of(name)
    except UsageError as error:
        try:
            first, client = spelled(service_of(words[0])), spelled_address(address_of(name))
        except (UsageError, ValueError, IndexError):
            raise error from None
        raise UsageError(str(error), hint=f"the service goes first: `where {first} {client}`") from None


def _answer(world: World, key: Service, clients: Sequence[Client], change: Change) -> tuple[Answer, bool]:
    """Where the clients go, now and after `change`, and whether the kernel has IPVS. Raises IpvsadmError."""
    planned = change.planned(key, world)
    schedulers = (change.scheduler, *(service.scheduler for service, _ in planned))
    now = situation(world, key, schedulers, is_planned=bool(planned))
    pool = now.pool
    commands = change.commands(pool.service, pool.servers, planned)
    then = after(pool, commands) if change.is_asked else None
    entries = remembered(world, pool.service, clients) if clients and now.reachable else {}
    forgets = expiry() if entries else None
    found = Answer(
        pool=pool,
        then=then,
        clients=tuple(clients),
        choices=tuple(Chooser(pool, entries, forgets).choose(clients)),
        later=tuple(Chooser(then, entries, forgets).choose(clients)) if then else (),
        assumed=now.assumed,
        impact=impact(pool, then) if then else None,
    )
    return found, now.reachable


def _print(answer: Answer, world: World, output: str, each: bool) -> None:
    """Print an answer: for `each` client, or how many clients each server gets."""
    if output == "json":
        from .client_objects import pieces

        for piece in pieces(answer):
            world.write(piece)
    elif each:
        world.write(answer.each())
    else:
        from .shares import shown

        canvas = world.canvas()
        (world.draw if canvas else world.write)(shown(answer, canvas))
    if output != "json":
        world.write(answer.notes())
