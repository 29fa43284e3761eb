"""`diff FILE`: what `apply` would change."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from ..support.current_table import table_now
from ..support.scope import scope_of
from ..support.verb import verb
from ..table.differences import as_text, differences
from ..table.plan import make_plan

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ..model import Table
    from ..prediction.impact import Impact
    from ..support.arguments import File, KeepWeights, NoPrune, Only
    from ..table.plan import Plan
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
    impact: Annotated[
        bool, typer.Option("--impact", help="Tell how many clients that sends to other servers, where it can be known.")
    ] = False,
) -> int:
    """Show what `apply` would change: `+` added, `-` removed, `~` edited, with the old and the new value.

    The order of servers is not compared. If it differs and `sh` depends on it, a hint on a terminal says so.

    Exit status: 0 if nothing differs, 1 if something does, 2 if the comparison fails.
    """
    from ..documents import load

    wanted = load(file, world)
    before = table_now(world)
    plan = make_plan(before, wanted, prune=not no_prune, keep_weights=keep_weights, only=scope_of(only))
    found = _impacts(before, plan) if impact else {}
    world.write(as_json(plan, found if impact else None) if output == "json" else as_text_with(found, plan))
    if world.watched and only is None:
        from ..support.clients.effects import order_notes

        world.note(*order_notes(before, wanted, plan.commands))
    return DIFFERS if plan.phases else SAME


def _impacts(before: Table, plan: Plan) -> dict[str, Impact]:
    from ..support.clients.effects import impacts

    return impacts(before, plan.commands)


def as_text_with(found: dict[str, Impact], plan: Plan) -> str:
    """What `plan` changes, a line each, and below the lines of a service what was `found` of its clients."""
    if not found:
        return as_text(plan.steps)
    groups = groupby(differences(plan.steps), lambda one: one.service)
    lines = []
    for name, its in groups:
        lines += [one.line() for one in its]
        if name in found and (line := found[name].line()):
            lines.append(f"  {line}\n")
    return "".join(lines)


def as_json(plan: Plan, found: dict[str, Impact] | None = None) -> str:
    """What `plan` changes, as JSON, with what was `found` of the services' clients, if that was asked for."""
    data = {"same": not plan.phases, "changes": [one.data() for one in differences(plan.steps)]}
    if found is not None:
        data["impact"] = [{"service": name, **what.asdict()} for name, what in found.items()]
    return json.dumps(data, indent=2) + "\n"
