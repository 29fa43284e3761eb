"""`undrain SERVER`: restores the weights that a server had before `drain`, at once or in steps."""

from __future__ import annotations

from ..errors import IpvsadmError
from ..support import managers
from ..support.current_table import table_now
from ..support.lock import WAIT, alone
from ..support.scheduling import effects
from ..support.signals import name_of
from ..support.verb import verb
from ..table.plan import make_plan
from .drain import wait
from .drain.change import change, load, store, tidy
from .drain.course import NOTHING, found
from .drain.places import all_places, ramp, remembered, with_weights
from .drain.server_result import ServerResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Annotated

    import typer

    from ..model import Table
    from ..support.arguments import From, Server, Told, WaitLock
    from ..support.right_line.quantities import duration
    from ..table.comparison import Key
    from ..world import World
    from .drain.places import Place, Weights
    from .drain.wait import Timer

    Lock = Callable[[], AbstractContextManager[object]]  # the lock, while a step is made

UNDRAINED, RISING, SAME = "undrained", "rising", "not drained"  # states of a server, for programs


@verb(rank=70)
def undrain(
    world: World,
    server: Server,
    services: From = None,
    ramp: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=duration,
            show_default=False,
            help="Raise the weight in steps over this time, such as 60s, 10m or 1h. Default: at once.",
        ),
    ] = None,
    weight: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=2**31 - 1,
            show_default=False,
            help="Set this weight instead of the recorded ones.",
        ),
    ] = None,
    wait_lock: WaitLock = WAIT,
    output: Told = "text",
) -> int:
    """Restore the weights that a server had before `drain`.

    Schedulers that look for the fewest connections would send all new ones to a server that comes back empty: with
    `--ramp` its weight rises from 1. Ctrl-C leaves the weight where it is, and the same command continues from there.

    Exit status: 0 done, or nothing to do; 1 no such server, no weight recorded, or refused by the kernel, and undone;
    2 wrong input; 3 refused, and not everything could be undone; 130 or 143 stopped by a signal.
    """
    return run(world, server, services or [], ramp or 0.0, weight, wait_lock, output == "json")


def run(
    world: World,
    server: str,
    services: Sequence[str],
    seconds: float,
    weight: int | None,
    wait_lock: float,
    json: bool = False,
) -> int:
    """Restore weights, and return the exit status. `seconds` is the ramp's length, 0 for none. Raises IpvsadmError."""
    result = ServerResult(world, server, json)
    with wait.Clock() as clock, result.told():

        def lock() -> AbstractContextManager[object]:
            return alone(world, wait_lock, lambda: clock.first)

        with lock():
            table, places, wanted = _wanted(world, server, services, weight)
        if not wanted:
            result.state = SAME
            return _nothing(world, server, places)
        effects.tell(world, table, make_plan(table, with_weights(table, wanted)).commands)
        now = {key: places[key].server.weight for key in wanted}
        reached = now.copy()
        try:
            _climb(world, server, places, wanted, reached, ramp(now, wanted, seconds), clock, lock, result)
        finally:
            result.state = result.state or (UNDRAINED if reached == wanted else RISING)
            for key, each in reached.items():
                result.weight(places[key], now[key], each)
        for key, each in wanted.items():
            result.say(f"{places[key].name}  weight {now[key]} -> {each}")
    managers.tell(world)
    return 0


def _wanted(
    world: World, server: str, services: Sequence[str], weight: int | None
) -> tuple[Table, dict[Key, Place], dict[Key, int]]:
    """The table, the server's places in it, and the wanted weights that differ from the current ones."""
    table, places = found(world, server, services, "undrain")
    before = {} if weight is not None else load(table)
    wanted = {}
    for place in places:
        to = weight if weight is not None else before[place.key].weight if place.key in before else None
        if to is not None and to != place.server.weight:
            wanted[place.key] = to
        elif to is None and not place.server.weight and before:
            world.tell(f"{place.name} stays at weight 0: no other weight is recorded")
    return table, {place.key: place for place in places}, wanted


def _nothing(world: World, server: str, places: Mapping[Key, Place]) -> int:
    """Report why there is nothing to do; return the exit status. Raises IpvsadmError if no weight is known."""
    if any(not place.server.weight for place in places.values()):
        raise IpvsadmError(
            f"no weight is recorded for {server}",
            hint="nothing was done; give the weight with `--weight N`",
            status=NOTHING,
        )
    world.note("nothing to do: it isn't drained")
    return 0


def _climb(
    world: World,
    server: str,
    places: Mapping[Key, Place],
    wanted: Weights,
    reached: dict[Key, int],
    steps: Sequence[tuple[float, Weights]],
    clock: Timer,
    lock: Lock,
    result: ServerResult,
) -> None:
    """Make the steps, each at its time; `reached` contains the weights of the last one.

    Raises IpvsadmError if one is refused or a signal arrives.
    """
    start, progress = clock.now(), world.progress()
    for number, (at, weights) in enumerate(steps, 1):
        while (left := start + at - clock.now()) > 0 and not clock.first:
            clock.rest(left)
        if clock.first:
            raise _stopped(server, places, wanted, reached, clock.first)
        with lock():
            _step(world, places, wanted, reached, weights, result)
        reached.update(weights)
        if number == len(steps):
            continue
        line = ", ".join(f"{places[key].name}: weight {reached[key]} of {wanted[key]}" for key in wanted)
        if progress:
            progress.tell(f"step {number} of {len(steps)}: {line}")
        else:
            world.tell(line)
    world.clear()


def _step(
    world: World,
    places: Mapping[Key, Place],
    wanted: Weights,
    expected: Weights,
    weights: Weights,
    result: ServerResult,
) -> None:
    """Set and record `weights`. Raises IpvsadmError, also if others have changed the weights meanwhile."""
    table = table_now(world)
    there = all_places(table)
    before = load(table)
    for key, weight in expected.items():
        if key not in there or there[key].server.weight != weight:
            now = f"got weight {there[key].server.weight}" if key in there else "was removed"
            raise IpvsadmError(
                f"{places[key].name} {now} by somebody else in the meantime: its weight stays unchanged",
                hint="the same `undrain` starts from there",
                status=NOTHING,
            )
    rising = {key: remembered(places[key], wanted[key], left) for key, left in weights.items()}
    all_of_them = {**before, **rising}
    store(all_of_them.values())
    try:
        change(world, table, with_weights(table, weights), "undrain", result)
    except IpvsadmError:
        tidy([all_of_them[key] for key in before])
        raise
    done = {key for key, weight in weights.items() if weight == wanted[key]}
    tidy([one for key, one in all_of_them.items() if key not in done])


def _stopped(server: str, places: Mapping[Key, Place], wanted: Weights, reached: Weights, number: int) -> IpvsadmError:
    """The message about a ramp that a signal ended."""
    lines = "\n".join(f"{places[key].name}  weight {reached[key]} of {wanted[key]}" for key in wanted)
    return IpvsadmError(
        f"stopped by {name_of(number)}: the weights of {server} stay where they are\n{lines}",
        hint="the same `undrain` continues from there, without `--ramp` at once; `drain` takes the server out again",
        status=128 + number,
    )
