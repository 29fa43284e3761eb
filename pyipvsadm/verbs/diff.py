"""`diff FILE`: shows what `apply` would change."""

from __future__ import annotations

from itertools import groupby

from ..documents import AS_IT_IS
from ..support.current_table import differing_now, table_now
from ..support.document_input import read_document
from ..support.scope import scope_of
from ..support.verb import verb
from ..table.differences import differences, summed_up
from ..table.notation import service_of
from ..table.plan import make_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Annotated, Literal

    import typer

    from ..documents import Asked
    from ..documents.remarks import State
    from ..model import Table
    from ..prediction.impact import Impact
    from ..support.arguments import File, KeepWeights, NoPager, NoPrune, Only
    from ..table.differences import Difference
    from ..table.steps import Plan
    from ..world import World

SAME, DIFFERS = 0, 1


@verb(rank=30)
def diff(
    world: World,
    file: File,
    output: Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="Output format.")] = "text",
    no_prune: NoPrune = False,
    keep_weights: KeepWeights = False,
    only: Only = None,
    strict: Annotated[bool, typer.Option("--strict", help="Count as a difference what is only a state.")] = False,
    impact: Annotated[
        bool,
        typer.Option("--impact", help="Show how many clients the changes send to other servers, if that can be known."),
    ] = False,
    no_pager: NoPager = False,
    asked: Asked = AS_IT_IS,
) -> int:
    """Show what `apply` would change: `+` added, `-` removed, `~` edited, with the old and the new value.

    For a server that would be removed, it shows the connections that would end.

    If FILE belongs to another program, each line gives its reason. `=` is not a difference, but the state of a server,
    such as one that kube-proxy drains. The order of servers is not compared. If it differs and `sh` depends on it, a
    hint on a terminal says so.

    Exit status: 0 if nothing differs, 1 if something does, 2 if the comparison fails.
    """
    document = read_document(world, file, asked, compared=True)
    findings, scope = document.findings, scope_of(only)
    if findings.expected:
        wanted = document.table
        before, all_states = findings.expected(table_now(world), wanted)
    else:
        (before, wanted), all_states = differing_now(world, document), ()
    states = [one for one in all_states if scope is None or scope.holds(service_of(one.service))]
    plan = make_plan(before, wanted, prune=not no_prune, keep_weights=keep_weights, only=scope)
    found = differences(plan.steps, findings.why, before)
    moved = _impacts(before, plan) if impact else None
    is_same = not (plan.phases or (strict and states))
    with world.paged(not no_pager):
        world.write(as_json(is_same, found, states, moved) if output == "json" else as_text(found, states, moved))
    if world.watched and output == "text":
        world.tell(
            f"to do: {summed_up(one.sign for one in found)}" if found else "nothing to do: the table is as wanted"
        )
    if world.watched and only is None:
        from ..support.scheduling.effects import order_notes

        world.note(*order_notes(before, wanted, plan.commands))
    return SAME if is_same else DIFFERS


def _impacts(before: Table, plan: Plan) -> dict[str, Impact]:
    from ..support.scheduling.effects import impacts

    return impacts(before, plan.commands)


def as_text(found: Sequence[Difference], states: Iterable[State], moved: dict[str, Impact] | None) -> str:
    """The differences as lines, with the clients that move below those of their service; then the states."""
    lines = []
    for name, its in groupby(found, lambda one: one.service):
        lines += [one.line() for one in its]
        if moved and name in moved and (line := moved[name].line()):
            lines.append(f"  {line}\n")
    return "".join(lines + [_state_line(one) for one in states])


def _state_line(state: State) -> str:
    return f"= {state.service} {state.server}  {state.word}: {state.detail}\n"


def as_json(
    is_same: bool, found: Sequence[Difference], states: Sequence[State], moved: dict[str, Impact] | None
) -> str:
    """The differences, the states and the clients that move, as JSON."""
    data: dict[str, object] = {"same": is_same, "changes": [one.data() for one in found]}
    if states:
        data["states"] = [state.asdict() for state in states]
    if moved is not None:
        data["impact"] = [{"service": name, **what.asdict()} for name, what in moved.items()]
    import json

    return json.dumps(data, indent=2) + "\n"
