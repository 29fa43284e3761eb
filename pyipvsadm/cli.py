"""The process: argv, the World (streams, resolver, kernel), exit status. Alone prints errors."""

from __future__ import annotations

import gc
import os
import sys
from errno import EPIPE

from .errors import INTERRUPTED, LISTING, OLDEST_IPVS, PIPE_CLOSED, IpvsadmError, NoCommandError, OutputError, mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

    from .kernel import Kernel
    from .names import Names
    from .progress import Progress
    from .verbs.draw.canvas import Canvas

VERBS = (
    "show",
    "check",
    "diff",
    "apply",
    "set",
    "drain",
    "undrain",
    "top",
    "sandbox",
)  # those of verbs/app.py; all else is ipvsadm's grammar
COMPLETE = "__complete"  # the first word of a shell that asks for words
PIECE = 1 << 16  # bytes written or read at once
RARELY = 100_000  # objects more, before rubbish in circles is looked for: ours makes none, and a look takes long


STYLE = "PYIPVSADM_STYLE"  # which way tables are shown, whatever stdout is
COLUMNS = 80  # of a terminal that doesn't tell


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
        self.program = os.path.basename(program).replace("__main__.py", "pyipvsadm")
        self.posix = "POSIXLY_CORRECT" in os.environ or "POSIX_ME_HARDER" in os.environ
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._pieces: list[str] = []
        self._size = 0
        self._kernel = kernel
        self._names = names
        self._progress: Progress | None = None

    @property
    def kernel(self) -> Kernel:
        """IPVS, reached when first asked for. Raises UnreachableError."""
        if self._kernel is None:
            version = self.reach().info().version
            if version < OLDEST_IPVS:
                self.tell(mismatch(version))
        return self.reach()

    def reach(self, load: bool = True) -> Kernel:
        """IPVS, by loading its module only if we may. Raises UnreachableError."""
        if self._kernel is None:
            from .kernel import Kernel

            self._kernel = Kernel.open(load)
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
        self.clear()
        data = "".join(self._pieces).encode("utf-8", "surrogateescape")
        self._pieces, self._size = [], 0
        try:
            while data:
                data = data[os.write(self._stdout, data) :]
        except OSError as error:
            if error.errno == EPIPE:
                raise OutputError("", status=PIPE_CLOSED) from None
            raise OutputError(f"cannot write the output: {error.strerror}") from None

    def progress(self) -> Progress | None:
        """What shows how far work that begins now has come, until something is printed; None if nobody looks."""
        if self.watched:
            from .progress import begin

            self._progress = begin(self._stderr)
        return self._progress

    def clear(self) -> None:
        """Take what shows progress off the screen."""
        if self._progress:
            self._progress.clear()

    def tell(self, message: str, hint: str = "") -> None:
        """Print a message on stderr, with its hint, behind what stdout has got so far."""
        self.flush()
        text = (f"{message}\n" if message else "") + (f"hint: {hint}\n" if hint else "")
        try:
            os.write(self._stderr, text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass  # there is nobody left to tell

    @property
    def watched(self) -> bool:
        """Whether stderr is a terminal, at which a person looks."""
        return os.isatty(self._stderr)

    def canvas(self, plain: bool = False) -> Canvas | None:
        """What tables are drawn on: a terminal, or what the person wants; None where they are `plain` text."""
        style = os.environ.get(STYLE, "")
        if plain or style == "plain":
            return None
        if style not in ("", "rich"):
            self.note(f"{STYLE} may be `plain` or `rich`, and is neither: ignored")
        terminal = os.isatty(self._stdout)
        ansi = terminal and os.environ.get("TERM") != "dumb"
        if style != "rich" and not ansi:
            return None
        from .verbs.draw.canvas import Canvas

        return Canvas(
            columns=self._columns(terminal),
            ansi=ansi,
            colour=not os.environ.get("NO_COLOR"),
            unicode=_speaks_utf8(),
        )

    def _columns(self, terminal: bool) -> int:
        """The width of the terminal that stdout is, or else what COLUMNS says."""
        try:
            columns = os.get_terminal_size(self._stdout).columns if terminal else 0
        except OSError:
            columns = 0
        said = os.environ.get("COLUMNS", "")
        return columns or (int(said) if said.isascii() and said.isdigit() and 0 < len(said) < 5 else 0) or COLUMNS

    @property
    def terminal(self) -> tuple[int, int] | None:
        """What keys come from and what can be drawn on; None if a person isn't at both, or it can't be drawn on."""
        if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
            return None
        return (self._stdin, self._stdout) if os.isatty(self._stdin) and os.isatty(self._stdout) else None

    def rest(self, seconds: float) -> None:
        """Do nothing for so long. Raises OutputError as soon as nobody reads stdout any more."""
        from select import POLLERR, poll

        waiting = poll()
        waiting.register(self._stdout, 0)
        if any(what & POLLERR for _, what in waiting.poll(max(0, seconds * 1000))):
            raise OutputError("", status=PIPE_CLOSED)

    def note(self, *notes: str) -> None:
        """Say on stderr, if a person looks at it, what may surprise."""
        if notes and self.watched:
            for note in notes:
                self.tell("", note)

    def ask(self, question: str, terminal: str = "") -> str | None:
        """What the person at the terminal answers; None if there is none.

        The answer comes from stdin, or from the file `terminal` where stdin has something else to say.
        """
        if not (self.watched and (terminal or os.isatty(self._stdin))):
            return None
        try:
            source = os.open(terminal, os.O_RDONLY) if terminal else self._stdin
        except OSError:
            return None  # a process may have a terminal for its output, and none to be spoken to
        self.flush()
        os.write(self._stderr, f"{question} ".encode())
        try:
            return os.read(source, PIECE).decode("utf-8", "replace").strip()
        finally:
            if terminal:
                os.close(source)

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


def _speaks_utf8() -> bool:
    """Whether the locale takes more than ASCII. Python itself sets LC_CTYPE where there is none at all."""
    said = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "UTF-8")
    return "utf" in said.lower()


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
        world.clear()
        status = INTERRUPTED
    return status


def _run(words: list[str], world: World) -> int:
    if words and words[0] in VERBS:  # a name alone: ipvsadm itself takes words before options
        from .verbs import app  # typer and rich: 150 ms that `-Ln` has no use for

        return app.run(words, world)
    if words and words[0] == COMPLETE:
        from . import complete

        return complete.run(words[1:], world)
    from . import classic  # here, so that `command` has its say before most is loaded

    try:
        return classic.run(words, world)
    except NoCommandError as error:
        if words and not words[0].startswith("-"):
            error.hint = _meant(words, error.hint)
        raise


def _meant(words: list[str], otherwise: str) -> str:
    """The verb that somebody may have meant by the first of `words`, as a hint."""
    from .text.nearest import did_you_mean

    if not any(word.startswith("-") for word in words):
        otherwise = f"there are the verbs {', '.join(VERBS)}; `-h` shows the commands"
    return did_you_mean(words[0], VERBS, otherwise)


def _save(words: list[str], world: World) -> int:
    """The script ipvsadm-save."""
    options = [word for word in words if word.startswith("-")]
    if any(word != "-n" for word in options):
        raise IpvsadmError(
            f"{world.program}: prints the table as rules, which {world.program.replace('save', 'restore')} reads\n"
            f"Usage: {world.program} [-n]    (-n: addresses and ports as numbers)",
            status=LISTING,
        )
    from . import classic

    return classic.run(["-S", *options[:1]], world)


def _restore(words: list[str], world: World) -> int:
    """The script ipvsadm-restore, which pays no heed to its arguments."""
    from .restore import replace

    replace(world)
    return 0


SCRIPTS = {"ipvsadm-save": _save, "ipvsadm-restore": _restore}


def _occupy_closed_streams() -> None:
    """Put something in the place of standard streams that are closed, or a socket would take it.

    What reads finds the end at once, what prints fails, and what is told is lost.
    """
    for stream, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(stream)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free: this one


def command() -> NoReturn:
    """Be the program by whose name we are called: `pyipvsadm`, a script of its, or a link named as ipvsadm's are."""
    gc.set_threshold(RARELY)
    _occupy_closed_streams()
    world = World(sys.argv[0] if sys.argv else "pyipvsadm")
    status = main(sys.argv, world, SCRIPTS.get(world.program.removeprefix("py")))
    os._exit(status)  # all is written: taking the interpreter down takes as long as many a command
