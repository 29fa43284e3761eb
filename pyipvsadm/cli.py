"""The process: argv, the World (streams, resolver, kernel), exit status. Alone prints errors."""

from __future__ import annotations

import os
import sys
from errno import EPIPE

from . import classic
from .errors import LISTING, IpvsadmError, OutputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from .kernel import Kernel
    from .names import Names

VERBS = ("sandbox",)  # those of verbs/app.py; all else is ipvsadm's grammar
PIECE = 1 << 16  # bytes written or read at once
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED = 141  # 128 + SIGPIPE, of which ipvsadm dies


class World:
    """All that lies outside: the streams, as numbers of files, the resolver, the kernel, the environment."""

    def __init__(
        self,
        program: str = "pyipvsadm",
        stdin: int = 0,
        stdout: int = 1,
        stderr: int = 2,
        kernel: Kernel | None = None,
        names: Names | None = None,
    ) -> None:
        self.program = os.path.basename(program)
        self.posix = "POSIXLY_CORRECT" in os.environ or "POSIX_ME_HARDER" in os.environ
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._pieces: list[str] = []
        self._size = 0
        self._kernel = kernel
        self._names = names

    @property
    def kernel(self) -> Kernel:
        """IPVS, reached when first asked for. Raises UnreachableError."""
        if self._kernel is None:
            from .kernel import Kernel

            self._kernel = Kernel.open()
        return self._kernel

    @property
    def names(self) -> Names:
        """The system's resolver."""
        if self._names is None:
            from .names import Names

            self._names = Names()
        return self._names

    def write(self, text: str) -> None:
        """Print `text` on stdout, by and by in large pieces. Raises OutputError."""
        self._pieces.append(text)
        self._size += len(text)
        if self._size >= PIECE:
            self.flush()

    def flush(self) -> None:
        """See to it that all is printed. Raises OutputError."""
        data = "".join(self._pieces).encode("utf-8", "surrogateescape")
        self._pieces, self._size = [], 0
        try:
            while data:
                data = data[os.write(self._stdout, data) :]
        except OSError as error:
            if error.errno == EPIPE:
                raise OutputError("", status=PIPE_CLOSED) from None
            raise OutputError(f"cannot write the output: {error.strerror}") from None

    def tell(self, message: str, hint: str = "") -> None:
        """Print a message on stderr, with its hint, behind what stdout has got so far."""
        self.flush()
        text = (f"{message}\n" if message else "") + (f"hint: {hint}\n" if hint else "")
        try:
            os.write(self._stderr, text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass  # there is nobody left to tell

    def note(self, *notes: str) -> None:
        """Say on stderr, if a person looks at it, what may surprise."""
        if os.isatty(self._stderr):
            for note in notes:
                self.tell("", note)

    def chunks(self) -> Iterator[bytes]:
        """What comes on stdin, as it comes. Raises IpvsadmError."""
        try:
            while chunk := os.read(self._stdin, PIECE):
                yield chunk
        except OSError:
            return  # ipvsadm takes a closed stdin for an empty one

    def more(self) -> bool:
        """Whether something waits on stdin."""
        from select import select

        try:
            return bool(select([self._stdin], [], [], 0)[0])
        except (OSError, ValueError):
            return False


def main(argv: list[str], world: World, job: Callable[[list[str], World], int] | None = None) -> int:
    """Run one command line, and return the exit status. `world` is all that lies outside."""
    try:
        status = (job or _run)(argv[1:], world)
        world.flush()
    except IpvsadmError as error:
        status = error.status
        try:
            world.tell(str(error), error.hint)
        except OutputError as lost:
            status = lost.status
    except KeyboardInterrupt:
        status = INTERRUPTED
    return status


def _run(words: list[str], world: World) -> int:
    if words and words[0] in VERBS:  # a name alone: ipvsadm itself takes words before options
        from .verbs import app  # typer and rich: 150 ms that `-Ln` has no use for

        return app.run(words, world)
    return classic.run(words, world)


def _save(words: list[str], world: World) -> int:
    """The script ipvsadm-save."""
    options = [word for word in words if word.startswith("-")]
    if any(word != "-n" for word in options):
        raise IpvsadmError(
            f"{world.program}: prints the table as rules, which {world.program.replace('save', 'restore')} reads\n"
            f"Usage: {world.program} [-n]    (-n: addresses and ports as numbers)",
            status=LISTING,
        )
    return classic.run(["-S", *options[:1]], world)


def _restore(words: list[str], world: World) -> int:
    """The script ipvsadm-restore, which pays no heed to its arguments."""
    from .restore import replace

    replace(world)
    return 0


def command(job: Callable[[list[str], World], int] | None = None) -> NoReturn:
    """Be the program `pyipvsadm`."""
    status = main(sys.argv, World(sys.argv[0] if sys.argv else "pyipvsadm"), job)
    os._exit(status)  # all is written: taking the interpreter down takes as long as many a command


def save() -> NoReturn:
    """Be the program `pyipvsadm-save`."""
    command(_save)


def restore() -> NoReturn:
    """Be the program `pyipvsadm-restore`."""
    command(_restore)
