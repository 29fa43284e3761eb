"""`diff FILE`: what `apply` would change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..classic import refused
from ..plan import Scope, make_plan
from ..text.differences import differences
from ..text.spelling import MARK, network_of, service_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Table
    from ..plan import Plan, Step
    from ..world import World

SAME, DIFFERS = 0, 1


def run(world: World, path: str, output: str, *, prune: bool, keep_weights: bool, only: Scope | None) -> int:
    """Print what differs between the table and the file `path`; the exit status. Raises IpvsadmError."""
    from .document import load

    wanted = load(path, world)
    plan = make_plan(table_now(world), wanted, prune=prune, keep_weights=keep_weights, only=only)
    world.write(as_json(plan) if output == "json" else as_text(plan.steps))
    return DIFFERS if plan.phases else SAME


def scope_of(words: Iterable[str]) -> Scope | None:
    """What is named by `words`, networks and marks; None, which is everything, without words. Raises UsageError."""
    words = list(words)
    marks = [service_of(word) for word in words if word.startswith(MARK)]
    networks = tuple(network_of(word) for word in words if not word.startswith(MARK))
    if not words:
        return None
    return Scope(networks=networks, marks=tuple((service.af, service.fwmark or 0) for service in marks))


def table_now(world: World) -> Table:
    """The kernel's table. Raises IpvsadmError."""
    try:
        return world.kernel.table()
    except OSError as error:
        raise refused("list", error.errno or 0) from error


def as_text(steps: Iterable[Step]) -> str:
    """What `steps` change, a line each."""
    return "".join(found.line() for found in differences(steps))


def as_json(plan: Plan) -> str:
    """What `plan` changes, as JSON."""
    data = {"same": not plan.phases, "changes": [found.data() for found in differences(plan.steps)]}
    return json.dumps(data, indent=2) + "\n"
