"""Carries out a plan, records the steps that were done, and rolls back on failure.

The kernel has no transactions for IPVS: this is an ordered change with a rollback, and not atomic.
"""

from __future__ import annotations

from ..kernel import BATCH
from ..kernel.background import Uninterrupted, begin
from ..model import Table
from ..record import Record
from .comparison import server_key, service_key
from .plan import make_plan
from .steps import Step, requests_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from ..kernel import Kernel
    from ..model import Command, Service
    from .steps import Plan, Steps


class Outcome(Record):
    """The result of carrying out a plan.

    `done` is the number of steps in effect: all of them, or none as far as is known. If the plan was
    given up, one of these says why: `refused`, the steps, each with its errno; `stopped`, what `pause`
    returned; `broken`, how the socket failed. Then `undone` is the number of steps rolled back, and
    `remains` the steps that would still restore the old table: none if the rollback succeeded, None
    if that is unknown. `reordered` are the services whose servers are as before, but in another order:
    the kernel puts a server that is added again first.
    """

    __slots__ = ()
    done: int = 0
    refused: tuple[tuple[Step, int], ...] = ()
    stopped: int = 0
    broken: str = ""
    undone: int = 0
    remains: tuple[Step, ...] | None = ()
    reordered: tuple[Service, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the whole plan was carried out."""
        return not (self.refused or self.stopped or self.broken)


def carry_out(plan: Plan, kernel: Kernel, before: Table, pause: Callable[[int], int] = lambda done: 0) -> Outcome:
    """Carry out all of `plan` on the table `before`, or nothing.

    Each phase is sent in batches, and answered before the next phase is sent. `pause` is called
    before each batch with the number of steps done; a result other than 0 stops the plan.
    """
    return _Journal(kernel, before).run(plan, pause)


class _Journal:
    """One run of a plan."""

    def __init__(self, kernel: Kernel, before: Table) -> None:
        self._kernel = kernel
        self._before = before
        self._done: list[Steps] = []  # batches in the order in which they were carried out
        self._refusals: Callable[[], Iterable[tuple[int, int]]] = tuple  # waits for those of the last batch

    def run(self, plan: Plan, pause: Callable[[int], int]) -> Outcome:
        """Carry out `plan`; roll back if that fails."""
        try:
            outcome = self._forward(plan, pause)
        except BaseException as error:
            self._finish()
            outcome = self._back(Outcome(broken=str(error)))
            if isinstance(error, OSError):
                return outcome
            raise
        return outcome if outcome.complete else self._back(outcome)

    def _forward(self, plan: Plan, pause: Callable[[int], int]) -> Outcome:
        """Carry out `plan` until something stops it. While the kernel works on a batch, the next one is encoded."""
        done = 0
        for phase in plan.phases:
            for batch in _batches(phase):
                exchange = self._kernel.exchange(list(requests_of(batch)))
                if refused := self._refused():
                    return Outcome(refused=refused)
                if stopped := pause(done):
                    return Outcome(stopped=stopped)
                self._send(batch, exchange)
                done += len(batch)
        refused = self._refused()
        return Outcome(refused=refused) if refused else Outcome(done=done)

    def _send(self, batch: Steps, exchange: Callable[[], Iterator[tuple[int, int]]]) -> None:
        """Send a batch: a full one in a thread, another one at once.

        If that fails, it is perhaps done: the inverse of a step that wasn't done changes nothing.
        """
        self._done.append(batch)
        if len(batch) < BATCH:
            refusals = list(exchange())
            self._refusals = lambda: refusals
        else:
            with Uninterrupted():
                self._refusals = begin(exchange)

    def _refused(self) -> tuple[tuple[Step, int], ...]:
        """Wait for the last batch, and return the steps that the kernel refuses, which then aren't among those done."""
        with Uninterrupted():
            refusals, self._refusals = dict(self._refusals()), tuple
            if not refusals:
                return ()
            steps = tuple(self._done[-1])
            self._done[-1] = _without(steps, refusals)
        return tuple((steps[index], errno) for index, errno in refusals.items())

    def _finish(self) -> None:
        """Wait until no thread uses the socket any more."""
        try:
            self._refused()
        except BaseException:
            pass  # what failed first is told, and what it left undone is seen in the table

    def _back(self, outcome: Outcome) -> Outcome:
        """Roll back in reverse order, and read the table to see whether that worked."""
        for batch in reversed(self._done):
            self._undo(step.inverse for step in reversed(tuple(batch)))
        undone = sum(map(len, self._done))
        try:
            now = self._kernel.table()
        except OSError:
            return outcome.replace(undone=undone, remains=None)
        return outcome.replace(undone=undone, remains=self._remains(now), reordered=self._reordered(now))

    def _undo(self, commands: Iterable[Command]) -> None:
        try:
            for _ in self._kernel.submit(commands, checked=True):
                pass  # a refusal or a failure: the table shows what didn't work
        except OSError:
            pass

    def _remains(self, now: Table) -> tuple[Step, ...]:
        """The steps from the table `now` that revert what this run changed; others may change the rest."""
        changed = {step.target for batch in self._done for step in batch}
        steps = make_plan(now, self._before).steps
        bereft = {step.target[:1] for step in steps if step.command.verb == "add-server" and step.target in changed}
        return tuple(
            step
            for step in steps
            if step.target in changed or (step.command.verb == "add-service" and step.target[:1] in bereft)
        )

    def _reordered(self, now: Table) -> tuple[Service, ...]:
        """The services of which this run added servers again, so that the order of the same servers is another."""
        changed = {step.target[0] for batch in self._done for step in batch if step.command.verb == "delete-server"}
        order = {service_key(service): [server_key(one) for one in servers] for service, servers in now.services}
        return tuple(
            service
            for service, servers in self._before.services
            if (key := service_key(service)) in changed
            and (keys := [server_key(one) for one in servers]) != order.get(key)
            and sorted(keys) == sorted(order.get(key, ()))
        )


def _without(batch: Steps, refusals: Container[int]) -> Steps:
    return tuple(step for index, step in enumerate(batch) if index not in refusals)


def _batches(phase: Steps) -> Iterator[Steps]:
    """The steps of a phase in batches; a step about a daemon goes alone, since the kernel may not answer it."""
    size = 1 if next(iter(phase)).command.daemon else BATCH
    for first in range(0, len(phase), size):
        yield phase[first : first + size]
