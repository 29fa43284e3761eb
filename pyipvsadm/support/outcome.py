"""The outcome of a plan in words: what was done, or why it failed, and what is left to do."""

from __future__ import annotations

from .. import errors
from ..errors import IpvsadmError
from ..grammar.shell import requoted
from ..listing.rules import rule
from ..record import Record
from ..table.differences import as_text, differences, signs_of, summed_up
from ..table.notation import spelled
from .signals import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Protocol

    from ..table.journal import Outcome
    from ..table.steps import Plan, Step

    Data = dict[str, Any]

    class Change(Protocol):
        """What can be told to people and to programs."""

        def line(self) -> str:
            """It as a line of text."""

        def data(self) -> Data:
            """It as JSON data."""


SHOWN = 3  # services that are named
REFUSED, HALF_DONE = 1, 3  # exit statuses; after a signal, 128 plus its number


def summary(plan: Plan) -> str:
    """What was done, in a line."""
    return f"done: {summed_up(signs_of(plan))}"


class Result(Record):
    """What verbs tell programs: the changes, those that were refused, how many of the others were taken back, and what
    would still restore the state before; None if that can't be known. `reordered` are the services that got their
    servers back in another order. A dry run makes no changes.
    """

    __slots__ = ()
    changes: tuple[Data, ...] = ()
    refused: tuple[Data, ...] = ()
    taken_back: int = 0
    remains: tuple[Data, ...] | None = ()
    reordered: tuple[str, ...] = ()
    complete: bool = True
    dry_run: bool = False

    def text(self, **more: object) -> str:
        """It as JSON, with what a verb has to tell `more`."""
        data = self.asdict()
        changed = data.pop("complete") and bool(self.changes)
        if data.pop("dry_run"):
            data = {"dry_run": True, "changes": self.changes}
        import json

        return json.dumps({"changed": changed, **data, **more}, indent=2) + "\n"


def result_of(plan: Plan, outcome: Outcome) -> Result:
    """What `plan` changes, and the `outcome` of it."""
    return Result(
        changes=data_of(differences(plan.steps)),
        refused=tuple(
            {"command": rule(step.command), "why": str(errors.refusal(step.command.verb, errno))}
            for step, errno in outcome.refused
        ),
        taken_back=outcome.undone,
        remains=None if outcome.remains is None else data_of(differences(outcome.remains)),
        reordered=tuple(map(spelled, outcome.reordered)),
        complete=outcome.complete,
    )


def data_of(changes: Iterable[Change]) -> tuple[Data, ...]:
    """`changes` as JSON data."""
    return tuple(change.data() for change in changes)


def failure(outcome: Outcome, plan: Plan, program: str, more: str = "", verb: str = "apply") -> IpvsadmError:
    """The error for a plan of `verb` that wasn't carried out, with its exit status; `more` extends the message."""
    message, hint = _reason(outcome, plan)
    if outcome.remains is None:
        return IpvsadmError(
            f"{message}\nthe state of the table is unknown, because it can't be read",
            hint=f"`{program} {'diff FILE' if verb == 'apply' else 'show'}` shows it, once it can be read",
            status=HALF_DONE,
        )
    if outcome.remains:
        return IpvsadmError(
            f"{message}\nnot everything could be undone; these changes restore the table as it was before:\n"
            f"{as_text(outcome.remains)}these commands make them:\n{_commands(outcome.remains, program)}",
            hint=f"{hint}; the same `{verb}` again completes the change".removeprefix("; "),
            status=HALF_DONE,
        )
    count = f"{outcome.undone} of {len(plan.steps)} changes were made and undone: "
    message += f"\n{count if outcome.undone else ''}the table is as it was before{more}{_reordered(outcome)}"
    status = 128 + outcome.stopped if outcome.stopped else REFUSED
    return IpvsadmError(message, hint, status)


def _reordered(outcome: Outcome) -> str:
    """What the roll-back couldn't restore: the order of servers, by which `sh` goes."""
    if not outcome.reordered:
        return ""
    names = ", ".join(map(spelled, outcome.reordered[:SHOWN]))
    others = len(outcome.reordered) - SHOWN
    more = f" and {others} more" if others > 0 else ""
    return f", except for the order of the servers of {names}{more}: sh may send clients to other servers"


def _reason(outcome: Outcome, plan: Plan) -> tuple[str, str]:
    """Why a plan was given up, and a hint."""
    if outcome.stopped:
        return f"stopped by {name_of(outcome.stopped)}", ""
    if outcome.broken:
        return f"the connection to the kernel broke: {outcome.broken}", ""
    steps = plan.steps
    (step, errno), *others = outcome.refused
    refusal = errors.refusal(step.command.verb, errno)
    more = f" (and {len(others)} more of this kind)" if others else ""
    message = (
        f"change {steps.index(step) + 1} of {len(steps)}, `{requoted(rule(step.command))}`:"
        f" the kernel says: {refusal}{more}"
    )
    return message, refusal.hint


def _commands(steps: tuple[Step, ...], program: str) -> str:
    return "\n".join(f"  {program} {requoted(rule(step.command))}" for step in steps)
