"""`apply FILE`: makes the table match a file without a gap in service, or leaves it unchanged."""

from __future__ import annotations

from .. import errors
from ..documents import AS_IT_IS
from ..errors import IpvsadmError, UsageError
from ..network import DEVICE
from ..record import Record
from ..support import managers
from ..support.current_table import table_now
from ..support.document_input import read_document
from ..support.lock import WAIT, alone
from ..support.outcome import Result, data_of, failure, result_of, summary
from ..support.scope import scope_of
from ..support.signals import Signals
from ..support.verb import verb
from ..table import journal
from ..table.differences import differences, removals
from ..table.journal import Outcome
from ..table.notation import counted
from ..table.plan import make_plan, without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Annotated

    import typer

    from ..documents import Asked
    from ..model import Table
    from ..support.arguments import Device, DryRun, File, KeepWeights, NoPrune, Only, Told, WaitLock
    from ..support.outcome import Change
    from ..table.plan import Scope
    from ..table.steps import Plan
    from ..world import World
    from .vip.with_apply import Vips

NOT_TRIED = errors.USAGE  # the exit status
CHANGED, ERROR = 2, 1  # exit statuses with `--detailed-exitcode`
SHOWN = 100  # deletions that the question shows
TERMINAL = "/dev/tty"


class Wishes(Record):
    """The options of `apply`: first those for `make_plan`."""

    __slots__ = ()
    prune: bool = True
    keep_weights: bool = False
    only: Scope | None = None
    dry_run: bool = False
    yes: bool = False
    force: bool = False
    vips: str = ""  # the device to bind addresses on; empty to bind none
    wait_lock: float = WAIT  # seconds
    left_alone: Scope | None = None  # services that are never deleted
    json: bool = False  # whether to print the result as JSON
    detailed: bool = False  # whether the exit status says if there was a change

    def plan(self, now: Table, wanted: Table) -> Plan:
        """The plan that changes the table `now` into `wanted`, which comes from a document."""
        if self.left_alone is not None:
            now = without(now, self.left_alone, wanted)
        return make_plan(now, wanted, prune=self.prune, keep_weights=self.keep_weights, only=self.only, assembled=True)

    def addresses(self, before: Table, plan: Plan, wanted: Table, world: World) -> Vips | None:
        """The addresses to bind and remove with `plan`; None without `--vips`. Raises IpvsadmError."""
        if not self.vips:
            return None
        from .vip.with_apply import Vips

        return Vips(world, self.vips, before, plan, self.only, self.prune, self.force, wanted.addresses)


@verb(rank=40)
def apply(
    world: World,
    file: File,
    dry_run: DryRun = False,
    no_prune: NoPrune = False,
    only: Only = None,
    keep_weights: KeepWeights = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Continue even if others keep changing the table; with `--vips`, also bind what another machine has.",
        ),
    ] = False,
    vips: Annotated[
        bool,
        typer.Option(
            "--vips",
            help="Also bind the addresses of the services before the table changes, as `vip sync` does, and remove"
            " unused ones afterwards.",
        ),
    ] = False,
    device: Device = None,
    wait_lock: WaitLock = WAIT,
    output: Told = "text",
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", help="Exit with 0 if there was nothing to do, 2 if there were changes, 1 for errors."
        ),
    ] = False,
    asked: Asked = AS_IT_IS,
) -> int:
    """Make the table match FILE, in an order that leaves no service without a server.

    What the kernel can change in place is never deleted and added again, so connections survive. If the kernel
    refuses a change, or on Ctrl-C, everything done so far is undone. Applying a file twice changes nothing.
    Timeouts and daemons that FILE does not mention stay as they are.

    On a terminal, `apply` asks before it deletes anything. Elsewhere it doesn't ask, but emptying the table requires
    `--yes`.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and undone; 2 wrong input, nothing tried;
    3 refused, and not everything could be undone; 130 or 143 stopped by a signal, and undone.
    """
    if device is not None and not vips:
        raise UsageError("`--device` without `--vips`", hint="add `--vips` to bind the addresses on it")
    wishes = Wishes(
        prune=not no_prune,
        keep_weights=keep_weights,
        only=scope_of(only),
        dry_run=dry_run,
        yes=yes,
        force=force,
        vips=(DEVICE if device is None else device) if vips else "",
        wait_lock=wait_lock,
        json=output == "json",
        detailed=detailed_exitcode,
    )
    try:
        return run(world, file, wishes, asked)
    except IpvsadmError as error:
        if wishes.detailed and error.status == CHANGED:
            error.status = ERROR
        raise


def run(world: World, path: str, wishes: Wishes, asked: Asked = AS_IT_IS) -> int:
    """Make the table match the file `path`; return the exit status. Raises IpvsadmError."""
    try:
        document = read_document(world, path, asked, shared=True)
        wanted = document.table
        wishes = wishes.replace(left_alone=document.findings.left_alone)
        if document.findings.rival:
            world.tell(f"note: {document.findings.rival}")
        if wishes.dry_run:
            before, plan = _planned(wanted, wishes, world)
            vips = wishes.addresses(before, plan, wanted, world)
            bound, unbound = (vips.wanted(), vips.unwanted([])) if vips else ([], [])
            changes: list[Change] = [*bound, *differences(plan.steps, now=before), *unbound]
            if wishes.json:
                world.write(Result(changes=data_of(changes), dry_run=True).text())
            else:
                world.write("".join(change.line() for change in changes))
            return _status(changes, wishes)
        with alone(world, wishes.wait_lock):
            return _apply(wanted, path, wishes, world)
    except KeyboardInterrupt:
        raise IpvsadmError("stopped: nothing was done", status=errors.INTERRUPTED) from None


def _planned(wanted: Table, wishes: Wishes, world: World) -> tuple[Table, Plan]:
    """The current table, and the plan from it to `wanted`. Raises IpvsadmError."""
    progress = world.progress()
    if progress:
        progress.tell("reading the table")
    before = table_now(world)
    if progress:
        progress.tell("comparing")
    return before, wishes.plan(before, wanted)


def _apply(wanted: Table, path: str, wishes: Wishes, world: World) -> int:
    """Make the table `wanted`, under the lock; return the exit status. Raises IpvsadmError."""
    before, plan = _planned(wanted, wishes, world)
    if plan.phases:
        ask(plan, before, path, wishes, world)
        before, plan = _as_of_now(before, plan, wanted, path, wishes, world)
    vips = wishes.addresses(before, plan, wanted, world)
    if not plan.phases:
        world.note("nothing to do: the table is as wanted")
    outcome: Outcome | None = None
    try:
        with Signals() as signals:
            if vips:
                vips.bind()
            outcome = _carry_out(plan, before, world, signals)
            if not outcome.complete:
                taken_back = vips.take_back() if vips and outcome.remains == () else ""
                raise failure(outcome, plan, world.called, taken_back)
            if plan.phases:
                world.tell(summary(plan))
                managers.tell(world)
            if vips:
                vips.release()
        return _status([*plan.phases, *(vips.changes if vips else ())], wishes)
    finally:
        if wishes.json:
            result = result_of(plan, outcome) if outcome else result_of(plan, Outcome()).replace(complete=False)
            world.write((vips.told(result) if vips else result).text())


def _status(changes: Sequence[object], wishes: Wishes) -> int:
    """The exit status on success."""
    return CHANGED if wishes.detailed and changes else 0


def _carry_out(plan: Plan, before: Table, world: World, signals: Signals) -> Outcome:
    """Carry out `plan` on the table `before`; between batches, check `signals` and show progress."""
    progress, total = world.progress(), sum(map(len, plan.phases))

    def pause(done: int) -> int:
        if progress:
            progress.tell(f"{done} of {total} changes")
        return signals.first

    return journal.carry_out(plan, world.kernel, before, pause)


def _as_of_now(agreed: Table, plan: Plan, wanted: Table, path: str, wishes: Wishes, world: World) -> tuple[Table, Plan]:
    """The table, read again, and the plan for it: still `plan` if the table `agreed` has not changed.

    Raises IpvsadmError if it changes again while the new plan is made.
    """
    before = table_now(world)
    fresh = plan if before == agreed else wishes.plan(before, wanted)
    if fresh == plan:
        return before, plan
    _ask_again(plan, fresh, before, path, wishes, world)
    before = table_now(world)
    last = wishes.plan(before, wanted)
    if last == fresh:
        return before, last
    if not wishes.force:
        raise IpvsadmError(
            "somebody else changed the table twice in the meantime: nothing was done",
            hint="find out who changes it, try again, or continue with `--force`",
            status=NOT_TRIED,
        )
    _ask_again(fresh, last, before, path, wishes, world)
    return before, last


def deletions(plan: Plan, before: Table | None = None) -> list[str]:
    """A line for each deletion of `plan`; given the table `before`, with the connections that it ends."""
    return [found.line() for found in differences(removals(plan), now=before)]


def _ask_again(agreed: Plan, plan: Plan, before: Table, path: str, wishes: Wishes, world: World) -> None:
    """Ask to confirm the deletions of `plan` if they differ from the `agreed` ones. Raises IpvsadmError."""
    if deletions(plan) != deletions(agreed):
        ask(plan, before, path, wishes, world)


def ask(plan: Plan, before: Table, path: str, wishes: Wishes, world: World) -> None:
    """Ask to confirm deletions. Raises IpvsadmError if they aren't confirmed."""
    lines = [] if wishes.yes else deletions(plan, before)
    if not lines:
        return
    more = f"... and {len(lines) - SHOWN} more, which `diff` shows\n" if len(lines) > SHOWN else ""
    what = counted(len(lines), "deletion")
    told = "".join(lines[:SHOWN]) + more + "".join(_impact(before, plan) if world.watched else ())
    answer = world.ask(f"{told}Go on with {what}? [y/N]", terminal=TERMINAL if path == "-" else "")
    if answer is None:
        if empties(plan, before):
            raise IpvsadmError(
                f"this would delete all services ({len(before.services)}): nothing was done",
                hint="to do it anyway, use `--yes`",
                status=NOT_TRIED,
            )
    elif answer.lower() not in ("y", "yes"):
        raise IpvsadmError("nothing was done", status=NOT_TRIED)


def _impact(before: Table, plan: Plan) -> list[str]:
    from ..support.scheduling.effects import impact_lines

    return impact_lines(before, plan.commands)


def empties(plan: Plan, before: Table) -> bool:
    """Whether `plan` deletes all services of the table `before`, and adds none."""
    verbs = [step.command.verb for step in plan.steps]
    return verbs.count("delete-service") == len(before.services) > 0 and "add-service" not in verbs
