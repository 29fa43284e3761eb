"""Changes the weights of servers, or removes them, as one change with rollback. Records the old weights."""

from __future__ import annotations

from contextlib import suppress

from ...errors import IpvsadmError
from ...support import state
from ...support.outcome import failure, result_of
from ...table import journal
from ...table.plan import make_plan
from .places import Weight, still_true

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...model import Table
    from ...table.comparison import Key
    from ...world import World
    from .server_result import ServerResult

VERB = "drain"  # the verb to which the state belongs


def load(table: Table) -> dict[Key, Weight]:
    """The recorded weights of servers that are as `drain` left them, by Place.key. Raises IpvsadmError."""
    try:
        weights = [_weight(row) for row in state.load(VERB)]
        if len({one.key for one in weights}) != len(weights):
            raise ValueError("a server has two weights")
        return still_true(weights, table)
    except (KeyError, TypeError, ValueError) as error:
        raise state.unreadable(VERB, error) from error
    except IpvsadmError as error:
        if error.status == state.REFUSED:
            raise
        raise state.unreadable(VERB, error) from error


def _weight(row: dict[str, object]) -> Weight:
    """The Weight in a row of the file. Raises KeyError, TypeError."""
    names, numbers = (row["service"], row["server"]), (row["weight"], row["left"])
    if not all(isinstance(name, str) for name in names) or not all(type(number) is int for number in numbers):
        raise TypeError("a name or a weight is of the wrong kind")
    if not all(isinstance(number, int) and 0 <= number < 2**31 for number in numbers):
        raise ValueError("a weight is out of range")
    return Weight.make((*names, *numbers))


def store(weights: Iterable[Weight]) -> None:
    """Replace the recorded weights, before a change. Raises IpvsadmError."""
    try:
        state.store(VERB, [weight.asdict() for weight in weights])
    except OSError as error:
        raise state.unwritable(error) from error


def tidy(weights: Iterable[Weight]) -> None:
    """Replace the recorded weights after a change; if that fails, outdated weights stay recorded, which is harmless."""
    with suppress(IpvsadmError):
        store(weights)


def change(world: World, before: Table, wanted: Table, verb: str, result: ServerResult, stopped: int = 0) -> None:
    """Change the table `before` into `wanted`, or not at all; the signal `stopped` ends it. Raises IpvsadmError."""
    plan = make_plan(before, wanted)
    outcome = journal.carry_out(plan, world.kernel, before, lambda done: stopped)
    if not outcome.complete:
        result.refused(result_of(plan, outcome))
        raise failure(outcome, plan, world.called, verb=verb)
