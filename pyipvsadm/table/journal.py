"""Carries out a plan, keeps account of what was done, and takes it back where it can't be finished.

The kernel knows no transaction for IPVS: this is ordered change with a way back, and not atomic.
"""

from __future__ import annotations

from ..kernel import BATCH
from ..model import Table
from ..record import Record
from .plan import Step, make_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ..kernel import Kernel
    from ..model import Command
    from .plan import Plan


class Outcome(Record):
    """How it went.

    `done` is how many steps stand: all of them, or none that is known of. If it was given up, one
    of these says why: `refused`, steps each with its errno; `stopped`, what `pause` said; `broken`,
    how the socket failed. Then `undone` is how many steps were taken back, and `remains` what it
    would still take to have the table as it was: nothing, if all went well; None if that can't be
    told.
    """

    __slots__ = ()
    done: int = 0
    refused: tuple[tuple[Step, int], ...] = ()
    stopped: int = 0
    broken: str = ""
    undone: int = 0
    remains: tuple[Step, ...] | None = ()

    @property
    def complete(self) -> bool:
        """Whether all was carried out."""
        return not (self.refused or self.stopped or self.broken)


def carry_out(plan: Plan, kernel: Kernel, before: Table, pause: Callable[[int], int] = lambda done: 0) -> Outcome:
    """Carry out `plan` on the table `before`, or none of it.

    Each phase goes in batches, and is answered before the next is sent. `pause` is called before
    each batch, with the number of steps done; what it returns, if not 0, gives the plan up.
    """
    return _Journal(kernel, before).run(plan, pause)


class _Journal:
    """One run of a plan."""

    def __init__(self, kernel: Kernel, before: Table) -> None:
        self._kernel = kernel
        self._before = before
        self._done: list[list[Step]] = []  # batch by batch, in the order in which they were carried out

    def run(self, plan: Plan, pause: Callable[[int], int]) -> Outcome:
        """Carry out `plan`; if that fails, take back what was done."""
        done = 0
        for phase in plan.phases:
            for batch in _batches(phase):
                if stopped := pause(done):
                    return self._back(Outcome(stopped=stopped))
                try:
                    refusals = dict(self._kernel.submit((step.command for step in batch), checked=True))
                except BaseException as error:
                    self._done.append(batch)  # perhaps: the inverse of what wasn't done changes nothing
                    outcome = self._back(Outcome(broken=str(error)))
                    if isinstance(error, OSError):
                        return outcome
                    raise
                self._done.append([step for index, step in enumerate(batch) if index not in refusals])
                done += len(self._done[-1])
                if refusals:
                    return self._back(Outcome(refused=tuple((batch[n], errno) for n, errno in refusals.items())))
        return Outcome(done=done)

    def _back(self, outcome: Outcome) -> Outcome:
        """Take back what was done, in reverse, and look at the table to see whether that worked."""
        for batch in reversed(self._done):
            self._undo(step.inverse for step in reversed(batch))
        try:
            remains = self._remains()
        except OSError:
            remains = None
        return outcome.replace(undone=sum(map(len, self._done)), remains=remains)

    def _undo(self, commands: Iterable[Command]) -> None:
        try:
            for _ in self._kernel.submit(commands, checked=True):
                pass  # a refusal, as a failure: the table will tell what didn't work
        except OSError:
            pass

    def _remains(self) -> tuple[Step, ...]:
        """The steps from the table as it is to the one before, of what was changed here. Others may change the rest."""
        changed = {step.target for batch in self._done for step in batch}
        steps = make_plan(self._kernel.table(), self._before).steps
        bereft = {step.target[:1] for step in steps if step.command.verb == "add-server" and step.target in changed}
        return tuple(
            step
            for step in steps
            if step.target in changed or (step.command.verb == "add-service" and step.target[:1] in bereft)
        )


def _batches(phase: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps of a phase as they share writes; those about daemons go alone, as the kernel may forget to answer."""
    size = 1 if phase[0].command.daemon else BATCH
    for first in range(0, len(phase), size):
        yield list(phase[first : first + size])
