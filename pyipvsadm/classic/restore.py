"""`-R`: carries out the rules on stdin as they arrive, in order, many in one write."""

from __future__ import annotations

from ..errors import INTERRUPTED, IpvsadmError, NoCommandError, OutputError
from ..grammar.input_lines import Lines
from ..grammar.input_lines import words as words_of
from ..grammar.patterns import Parser
from ..kernel import BATCH
from ..kernel.background import Uninterrupted, begin
from ..model import Command
from .commands import carry_out, refused, transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..kernel import Kernel
    from ..shapes import Alike
    from ..world import World

    Exchange = Callable[[list[Command | Alike]], Callable[[], Iterator[tuple[int, int]]]]

BATCHED = {  # commands that only change the table, and may share a write with the next ones
    *("add-service", "edit-service", "delete-service", "add-server", "edit-server", "delete-server"),
    *("zero", "clear", "set"),
}

NEWLINE = b"\n"


def restore(command: Command, world: World) -> None:
    """Carry out the rules on stdin. Raises IpvsadmError if ipvsadm's restore would fail."""
    check = command.restoring.check
    world.classic = not check  # ipvsadm has no `--check`
    run = Run(world, None if check else world.kernel)
    run.all(world.chunks())
    failed = run.failed if command.restoring.strict or check else run.last
    if failed:
        raise IpvsadmError("", status=failed)


def replace(world: World) -> None:
    """Clear the table, and carry out the rules on stdin, as the script ipvsadm-restore does.

    It reads all rules first, since they may come from the table that it clears.
    """
    rules = b"".join(world.content())
    carry_out(Command(verb="clear"), world)
    run = Run(world, world.kernel, rules)
    run.all([rules])
    if run.last:
        raise IpvsadmError("", status=run.last)


class Run:
    """One restore: the rules that wait for their write, and the results of the lines before them.

    Without a `kernel`, it checks all lines, each against the table that the lines before leave, and carries out none.
    `known` are the lines, if all of them, and so their number, are known in advance.
    """

    def __init__(self, world: World, kernel: Kernel | None, known: bytes = b"") -> None:
        self._world = world
        self._kernel = kernel
        self._exchange = kernel.exchange if kernel else _imagined()
        self._parser = Parser(world.resolver, world.program, world.posix)
        self._waiting: list[tuple[int, Command | Alike]] = []
        self._sent: list[tuple[int, Command | Alike]] = []  # the rules before, which the kernel is working on
        self._refusals: Callable[[], Iterable[tuple[int, int]]] = tuple  # waits for the kernel's refusals
        self._done = 0  # the number of the last line that was carried out
        self._progress = world.progress()
        self._of = f" of {known.count(NEWLINE)}" if known and self._progress else ""
        self.last = 0  # the exit status of the last line
        self.failed = 0  # the exit status of the last line that failed

    def all(self, chunks: Iterable[bytes]) -> None:
        """Carry out all lines of an input that arrives in `chunks`."""
        lines = Lines()
        try:
            for chunk in chunks:
                self._lines(lines.feed(chunk))
                if not self._world.more():
                    self._flush()
            self._lines(lines.feed(b"", end=True))
            self._flush()
        except KeyboardInterrupt:
            self._settle()
            done = f"line {self._done} was the last" if self._done else "no line has been"
            raise IpvsadmError("interrupted", hint=f"{done} carried out", status=INTERRUPTED) from None
        if lines.dropped:
            self._world.note(f"line {lines.dropped}: dropped, because it has no line end and ends with blanks")

    def _lines(self, lines: Iterable[tuple[int, str]]) -> None:
        """Take some lines: batch each, or, if it can't be batched, carry it out at once."""
        parse, waiting = self._parser.line, self._waiting
        for number, text in lines:
            try:
                command = parse(text)
            except IpvsadmError as error:
                self._flush()
                if self._world.hinting:
                    from ..grammar.mistakes import mistaken

                    error.hint = mistaken(words_of(text), lambda: self._world.names.ports()) or error.hint
                self._failed(number, error)
                continue
            if command is None:
                continue
            if type(command) is Command and not self._batched(number, command):
                self._flush()
                self._alone(number, command)
                continue
            waiting.append((number, command))
            if len(waiting) >= BATCH:
                self._send(ahead=True)

    def _batched(self, number: int, command: Command) -> bool:
        """Whether `command` can be batched. Prints its notes."""
        if command.verb not in BATCHED:
            return False
        if command.notes:
            self._world.note(*(f"line {number}: {note}" for note in command.notes))
        return True

    def _alone(self, number: int, command: Command) -> None:
        """Carry out a line that can't be batched."""
        if command.verb == "restore":
            self._failed(number, _nested(self._world))
            return
        self.last = 0
        if self._kernel:
            self._done = number
            try:
                carry_out(command, self._world)
            except OutputError:
                raise  # not the fault of this line
            except IpvsadmError as error:
                self._failed(number, error)
        if command.verb in ("help", "version"):
            raise IpvsadmError("", status=0)  # these end a restore, and aren't errors

    def _flush(self) -> None:
        """Carry out all waiting rules."""
        self._send()
        self._settle()

    def _send(self, ahead: bool = False) -> None:
        """Settle the rules sent before, and send the waiting ones: now, in a thread, if `ahead`, else on `_settle`."""
        waiting = self._waiting[:]
        self._waiting.clear()
        if self._progress and len(waiting) >= BATCH:  # and so not during typing
            self._progress.tell(f"line {waiting[-1][0]}{self._of}")
        if not waiting:
            return
        exchange = self._exchange([command for _, command in waiting])
        self._settle()
        with Uninterrupted():
            self._sent, self._refusals = waiting, begin(exchange) if ahead and self._kernel else exchange

    def _settle(self) -> None:
        """Wait for the sent rules, and report those that the kernel refuses. An interrupt waits until that is done."""
        if not self._sent:
            return
        with Uninterrupted():
            sent, refusals = self._sent, self._refusals
            self._sent = []
            self._done, self.last = (sent[-1][0] if self._kernel else 0), 0
            try:
                for index, errno in refusals():
                    number, command = sent[index]
                    error = refused(_verb(command), errno)
                    self._failed(number, error)
                    self.last = error.status if index == len(sent) - 1 else 0
            except OSError as error:
                raise transport(_verb(sent[-1][1]), error) from error

    def _failed(self, number: int, error: IpvsadmError) -> None:
        """Report the error in a line, and end if ipvsadm ends there."""
        hint = f"line {number}: {error.hint}" if error.hint else f"line {number}"
        if error.stops and self._kernel:
            error.hint = hint
            raise error
        self.last = self.failed = error.status
        self._world.tell(str(error), hint)


def _imagined() -> Exchange:
    """The substitute for a kernel if lines are only checked."""
    from ..explain import machine
    from ..explain.requirements import are_known
    from .table_model import Imagined

    return Imagined(lambda service: are_known(service, machine)).exchange


def _verb(command: Command | Alike) -> str:
    return command.verb if isinstance(command, Command) else command[0].command.verb


def _nested(world: World) -> NoCommandError:
    return NoCommandError(
        f"Try `{world.program} -h' or '{world.program} --help' for more information.",
        hint="a restore can't start another restore",
    )
