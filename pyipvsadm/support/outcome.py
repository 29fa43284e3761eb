"""What became of a plan, in words: what was done, or why it wasn't, and what is left to do."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

from .. import errors
from ..errors import IpvsadmError
from ..listing.rules import rule
from ..table.differences import as_text, differences, summed_up

if TYPE_CHECKING:
    from ..table.journal import Outcome
    from ..table.plan import Plan, Step

REFUSED, HALF_DONE = 1, 3  # exit statuses; by a signal, 128 and its number


def summary(plan: Plan) -> str:
    """What was done, in a line."""
    return f"done: {summed_up(differences(plan.steps))}"


def as_json(plan: Plan, outcome: Outcome | None = None) -> str:
    """What `plan` changes, and what became of it, if it was carried out, as JSON."""
    data: dict[str, object] = {
        "changed": bool(plan.steps) and (outcome is None or outcome.complete),
        "changes": [found.data() for found in differences(plan.steps)],
    }
    if outcome is None:
        data = {"dry_run": True, **data}
    else:
        data["refused"] = [
            {"command": rule(step.command), "why": str(errors.refusal(step.command.verb, errno))}
            for step, errno in outcome.refused
        ]
        data["taken_back"] = outcome.undone
        remains = outcome.remains
        data["remains"] = None if remains is None else [found.data() for found in differences(remains)]
    return json.dumps(data, indent=2) + "\n"


def failure(outcome: Outcome, plan: Plan, program: str, more: str = "", verb: str = "apply") -> IpvsadmError:
    """What to tell of a plan of `verb` that wasn't carried out, with what there is `more`, and the status of that."""
    message, hint = _reason(outcome, plan)
    if outcome.remains is None:
        return IpvsadmError(
            f"{message}\nwhat the table is now can't be told, as it can't be read",
            hint=f"`{program} {'diff FILE' if verb == 'apply' else 'show'}` tells, once it can",
            status=HALF_DONE,
        )
    if outcome.remains:
        return IpvsadmError(
            f"{message}\nnot all could be taken back; to have the table as it was before, it takes\n"
            f"{as_text(outcome.remains)}which these commands do:\n{_commands(outcome.remains, program)}",
            hint=f"{hint}; the same `{verb}` again goes on to the table that is wanted".removeprefix("; "),
            status=HALF_DONE,
        )
    count = f"{outcome.undone} of {len(plan.steps)} changes had been made, and were taken back: "
    message += f"\n{count if outcome.undone else ''}the table is as it was before{more}"
    status = 128 + outcome.stopped if outcome.stopped else REFUSED
    return IpvsadmError(message, hint, status)


def _reason(outcome: Outcome, plan: Plan) -> tuple[str, str]:
    """Why a plan was given up, and what may help."""
    if outcome.stopped:
        return f"stopped by {signal.Signals(outcome.stopped).name}", ""
    if outcome.broken:
        return f"the exchange with the kernel broke off: {outcome.broken}", ""
    steps = plan.steps
    (step, errno), *others = outcome.refused
    refusal = errors.refusal(step.command.verb, errno)
    more = f" (and {len(others)} more of this kind)" if others else ""
    message = (
        f"change {steps.index(step) + 1} of {len(steps)}, `{rule(step.command)}`: the kernel says: {refusal}{more}"
    )
    return message, refusal.hint


def _commands(steps: tuple[Step, ...], program: str) -> str:
    return "\n".join(f"  {program} {rule(step.command)}" for step in steps)
