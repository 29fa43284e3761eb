"""`apply FILE`: makes the table what a file says, without a gap in service, or leaves it as it is."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from .. import errors, journal
from ..errors import IpvsadmError
from ..plan import make_plan
from ..record import Record
from ..text.differences import ADDED, EDITED, REMOVED, differences
from ..text.rules import rule
from ..text.spelling import counted
from .diff import as_text, table_now

if TYPE_CHECKING:
    from types import FrameType
    from typing import Self

    from ..journal import Outcome
    from ..model import Table
    from ..plan import Plan, Scope, Step
    from ..world import World
    from .vip.applying import Vips

NOT_TRIED, REFUSED, HALF_DONE = errors.USAGE, 1, 3  # exit statuses; by a signal, 128 and its number
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOWN = 100  # deletions that are shown before it is asked about them
TERMINAL = "/dev/tty"


class Wishes(Record):
    """What was asked for: `make_plan`'s part of it, and the rest."""

    __slots__ = ()
    prune: bool = True
    keep_weights: bool = False
    only: Scope | None = None
    dry_run: bool = False
    yes: bool = False
    force: bool = False
    vips: str = ""  # the device to bind addresses on; none, to leave them alone

    def plan(self, now: Table, wanted: Table) -> Plan:
        """The plan from the one table to the other."""
        return make_plan(now, wanted, prune=self.prune, keep_weights=self.keep_weights, only=self.only)

    def addresses(self, before: Table, plan: Plan, world: World) -> Vips | None:
        """The addresses that go with `plan`, if they are to be bound. Raises IpvsadmError."""
        if not self.vips:
            return None
        from .vip.applying import Vips

        return Vips(world, self.vips, before, plan, self.only, self.prune)


def run(world: World, path: str, wishes: Wishes) -> int:
    """Make the table what the file `path` says; the exit status. Raises IpvsadmError where that fails."""
    from .document import load

    progress = world.progress()
    try:
        wanted = load(path, world)
        if progress:
            progress.tell("reading the table")
        before = table_now(world)
        if progress:
            progress.tell("comparing")
        plan = wishes.plan(before, wanted)
        if wishes.dry_run:
            vips = wishes.addresses(before, plan, world)
            world.write(vips.shown(as_text(plan.steps)) if vips else as_text(plan.steps))
            return 0
        if plan.phases:
            ask(plan, before, path, wishes, world)
            before, plan = _as_of_now(plan, wanted, path, wishes, world)
        vips = wishes.addresses(before, plan, world)
    except KeyboardInterrupt:
        raise IpvsadmError("stopped: nothing was done", status=errors.INTERRUPTED) from None
    if not plan.phases:
        world.note("nothing to do: the table is as wanted")
    with Signals() as signals:
        if vips:
            vips.bind()
        outcome = _carry_out(plan, before, world, signals)
        if not outcome.complete:
            taken_back = vips.take_back() if vips and outcome.remains == () else ""
            raise failure(outcome, plan, world.called, taken_back)
        if plan.phases:
            world.tell(summary(plan))
        if vips:
            vips.release()
    return 0


def _carry_out(plan: Plan, before: Table, world: World, signals: Signals) -> Outcome:
    """Carry out `plan` on the table `before`, heeding `signals` and showing progress between batches."""
    progress, total = world.progress(), len(plan.steps)

    def pause(done: int) -> int:
        if progress:
            progress.tell(f"{done} of {total} changes")
        return signals.first

    return journal.carry_out(plan, world.kernel, before, pause)


def _as_of_now(plan: Plan, wanted: Table, path: str, wishes: Wishes, world: World) -> tuple[Table, Plan]:
    """The table read again, and the plan for it: `plan`, unless the table has changed meanwhile.

    Raises IpvsadmError where it changes again while that new plan is made.
    """
    before = table_now(world)
    fresh = wishes.plan(before, wanted)
    if fresh == plan:
        return before, plan
    _ask_again(plan, fresh, before, path, wishes, world)
    before = table_now(world)
    last = wishes.plan(before, wanted)
    if last == fresh:
        return before, last
    if not wishes.force:
        raise IpvsadmError(
            "the table was changed twice while this was about to change it: nothing was done",
            hint="find out who else changes it, try again, or go on regardless with `--force`",
            status=NOT_TRIED,
        )
    _ask_again(fresh, last, before, path, wishes, world)
    return before, last


def deletions(plan: Plan) -> list[str]:
    """What `plan` deletes, a line each."""
    return [found.line() for found in differences(plan.steps) if found.sign == REMOVED]


def _ask_again(agreed: Plan, plan: Plan, before: Table, path: str, wishes: Wishes, world: World) -> None:
    """See to it that what `plan` deletes is meant, if that isn't what was agreed upon."""
    if deletions(plan) != deletions(agreed):
        ask(plan, before, path, wishes, world)


def ask(plan: Plan, before: Table, path: str, wishes: Wishes, world: World) -> None:
    """See to it that deletions are meant. Raises IpvsadmError if they aren't."""
    lines = [] if wishes.yes else deletions(plan)
    if not lines:
        return
    more = f"... and {len(lines) - SHOWN} more, which `diff` shows\n" if len(lines) > SHOWN else ""
    what = counted(len(lines), "deletion")
    answer = world.ask(
        f"{''.join(lines[:SHOWN])}{more}Go on with {what}? [y/N]", terminal=TERMINAL if path == "-" else ""
    )
    if answer is None:
        if empties(plan, before):
            raise IpvsadmError(
                f"this would delete all services, {len(before.services)} of them: nothing was done",
                hint="if that is meant, say so with `--yes`",
                status=NOT_TRIED,
            )
    elif answer.lower() not in ("y", "yes"):
        raise IpvsadmError("nothing was done", status=NOT_TRIED)


def empties(plan: Plan, before: Table) -> bool:
    """Whether `plan` leaves no service of the table `before`, nor adds one."""
    verbs = [step.command.verb for step in plan.steps]
    return verbs.count("delete-service") == len(before.services) > 0 and "add-service" not in verbs


class Signals:
    """Takes note of the first signal that asks to end, for who looks at `first`; those that come later change nothing.

    Signals that were ignored before stay so.
    """

    def __init__(self) -> None:
        self.first = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.first = self.first or number


def summary(plan: Plan) -> str:
    """What was done, in a line."""
    signs = [found.sign for found in differences(plan.steps)]
    words = ((ADDED, "added"), (EDITED, "edited"), (REMOVED, "removed"))
    return f"done: {', '.join(f'{signs.count(sign)} {word}' for sign, word in words if sign in signs)}"


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
