"""`diff FILE`: what `apply` would change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..support.current_table import table_now
from ..support.scope import scope_of
from ..support.verb import verb
from ..table.differences import as_text, differences
from ..table.plan import make_plan

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

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
) -> int:
    """Show what `apply` would change: `+` added, `-` removed, `~` edited, with the old and the new value.

    Exit status: 0 if nothing differs, 1 if something does, 2 if the comparison fails.
    """
    from ..documents import load

    wanted = load(file, world)
    plan = make_plan(table_now(world), wanted, prune=not no_prune, keep_weights=keep_weights, only=scope_of(only))
    world.write(as_json(plan) if output == "json" else as_text(plan.steps))
    return DIFFERS if plan.phases else SAME


def as_json(plan: Plan) -> str:
    """What `plan` changes, as JSON."""
    data = {"same": not plan.phases, "changes": [found.data() for found in differences(plan.steps)]}
    return json.dumps(data, indent=2) + "\n"
