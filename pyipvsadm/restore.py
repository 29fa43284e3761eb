"""`-R`: carries out the rules on stdin as they come, in their order, many in one write."""

from __future__ import annotations

from .classic import carry_out, refused, transport
from .errors import IpvsadmError, NoCommandError
from .kernel import BATCH
from .text.lines import Lines
from .text.parse import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cli import World
    from .model import Command

BATCHED = {  # what only changes the table, and may share a write with what stands behind it
    *("add-service", "edit-service", "delete-service", "add-server", "edit-server", "delete-server"),
    *("zero", "clear", "set"),
}


def restore(command: Command, world: World) -> None:
    """Carry out the rules on stdin. Raises IpvsadmError where ipvsadm's restore would fail."""
    world.kernel  # noqa: B018: without IPVS there is nothing to read for
    run = Run(world, check=command.restoring.check)
    run.all()
    failed = run.failed if command.restoring.strict or command.restoring.check else run.last
    if failed:
        raise IpvsadmError("", status=failed)


class Run:
    """One restore: the rules that wait for their write, and how the lines before them fared."""

    def __init__(self, world: World, check: bool = False) -> None:
        self._world = world
        self._check = check
        self._waiting: list[tuple[int, Command]] = []
        self.last = 0  # the status of the last line
        self.failed = 0  # of the last line that failed

    def all(self) -> None:
        """Carry out all lines."""
        lines = Lines()
        for chunk in self._world.chunks():
            for number, words in lines.feed(chunk):
                self._line(number, words)
            if not self._world.more():
                self._flush()
        for number, words in lines.feed(b"", end=True):
            self._line(number, words)
        self._flush()
        if lines.dropped:
            self._world.note(f"line {lines.dropped}: without an end, and with blanks there, it was dropped")

    def _line(self, number: int, words: list[str]) -> None:
        """Take one line: into the batch, or, what isn't for it, carried out at once."""
        world = self._world
        try:
            command = parse(words, world.names, world.program, world.posix)
            if command.verb == "restore":
                raise _nested(world)
            if command.verb in BATCHED:
                self._waiting.append((number, command))
                if len(self._waiting) >= BATCH:
                    self._flush()
                return
            self._flush()
            if not self._check:
                carry_out(command, world)
            self.last = 0
        except IpvsadmError as error:
            self._flush()
            self._failed(number, error)
            return
        if command.verb in ("help", "version"):
            raise _Ended("", status=0)

    def _flush(self) -> None:
        """Send what waits, and tell what the kernel refuses of it."""
        waiting, self._waiting = self._waiting, []
        if not waiting or self._check:
            return
        self.last = 0
        try:
            for index, errno in self._world.kernel.submit(command for _, command in waiting):
                number, command = waiting[index]
                error = refused(command.verb, errno)
                self._failed(number, error)
                self.last = error.status if index == len(waiting) - 1 else 0
        except OSError as error:
            raise transport(waiting[-1][1].verb, error) from error

    def _failed(self, number: int, error: IpvsadmError) -> None:
        """Tell what is wrong with a line, and end if ipvsadm ends there."""
        hint = f"line {number}: {error.hint}" if error.hint else f"line {number}"
        if error.stops and not self._check:
            raise type(error)(str(error), hint, error.status)
        self.last = self.failed = error.status
        self._world.tell(str(error), hint)


class _Ended(IpvsadmError):
    """A line that ends a restore, and is no error."""


def _nested(world: World) -> NoCommandError:
    return NoCommandError(
        f"Try `{world.program} -h' or '{world.program} --help' for more information.",
        hint="a restore can't begin another",
    )
