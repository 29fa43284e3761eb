"""The World: all that lies outside of the process, as its streams, the kernel, the resolver and the environment."""

from __future__ import annotations

import os
from errno import EPIPE

from .errors import OLDEST_IPVS, PIPE_CLOSED, IpvsadmError, OutputError, UsageError, mismatch
from .model import printable_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .drawing.canvas import Canvas
    from .kernel import Kernel
    from .names import Names
    from .progress import Progress

PIECE = 1 << 16  # bytes written or read at once
STYLE = "PYIPVSADM_STYLE"  # which way tables are shown, whatever stdout is
HINTS = "PYIPVSADM_HINTS"  # `always` or `never`: whether ipvsadm's commands hint, whatever stderr is
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
        self.netns = ""  # the network namespace that was named, and entered
        self.classic = False  # a command of ipvsadm's runs, whose stderr scripts know to the byte
        self.posix = "POSIXLY_CORRECT" in os.environ or "POSIX_ME_HARDER" in os.environ
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._looked_at = os.isatty(stdout)
        self._pieces: list[str] = []
        self._size = 0
        self._kernel = kernel
        self._handed = kernel is not None
        self._names = names
        self._progress: Progress | None = None

    def enter(self, netns: str) -> None:
        """Be in the network namespace `netns` from here on. Raises IpvsadmError."""
        from .grammar.options import NETNS
        from .namespaces import enter

        if self.netns:
            raise UsageError(f"`{NETNS}` is given twice", hint="name one network namespace")
        enter(netns)
        self.netns = netns

    @property
    def called(self) -> str:
        """How to call this program again so that it acts on the same table."""
        from .grammar.options import NETNS
        from .grammar.shell import command

        return command(self.program, *((NETNS, self.netns) if self.netns else ()))

    @property
    def kernel(self) -> Kernel:
        """IPVS, reached when first asked for. Raises UnreachableError."""
        if self._kernel is None:
            version = self.reach().info().version
            if version < OLDEST_IPVS:
                self.tell(mismatch(version))
        return self.reach()

    def reach(self, load: bool = True, again: bool = False) -> Kernel:
        """IPVS, by loading its module only if we may. `again` reaches it anew. Raises UnreachableError."""
        if self._kernel is None or (again and not self._handed):
            from .kernel import Kernel

            self._kernel = Kernel.open(load)
        return self._kernel

    @property
    def second(self) -> Callable[[], Kernel] | None:
        """What reaches the same kernel from a second process; None without a second processor, or a way there."""
        if self._handed or len(os.sched_getaffinity(0)) < 2:
            return None
        from .kernel import Kernel

        return lambda: Kernel.open(load=False)

    @property
    def names(self) -> Names:
        """The system's resolver."""
        if self._names is None:
            from .names import Names

            self._names = Names()
        return self._names

    def write(self, text: str) -> None:
        """Print `text` on stdout, by and by in large pieces. A terminal gets no control characters of it.

        Raises OutputError.
        """
        self.draw(printable_lines(text) if self._looked_at else text)

    def draw(self, text: str) -> None:
        """Print `text` with the escape sequences in it, which are ours alone. Raises OutputError."""
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
                data = data[_write(self._stdout, data) :]
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

    def tell(self, message: str, hint: str = "", drawn: bool = False) -> None:
        """Print a message on stderr, with its hint if hints are shown, behind what stdout has got so far.

        A terminal gets no control characters of it, unless it is `drawn`: then they are ours alone.
        """
        self.flush()
        text = (f"{message}\n" if message else "") + (f"hint: {hint}\n" if hint and self.hinting else "")
        if self.watched and not drawn:
            text = printable_lines(text)
        try:
            os.write(self._stderr, text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass  # there is nobody left to tell

    @property
    def hinting(self) -> bool:
        """Whether hints are shown: not to scripts that run ipvsadm's commands, unless HINTS decides."""
        wish = os.environ.get(HINTS)
        return not self.classic or wish == "always" or (wish != "never" and self.watched)

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
            self.note(f"{STYLE} must be `plain` or `rich`; its value is ignored")
        terminal = os.isatty(self._stdout)
        ansi = terminal and os.environ.get("TERM") != "dumb"
        if style != "rich" and not ansi:
            return None
        try:
            from .drawing.canvas import Canvas
        except ModuleNotFoundError:  # rich isn't there, which plain text can do without
            if style:
                self.note(f"{STYLE}=rich needs the library rich, which isn't installed")
            return None
        return Canvas(
            columns=self.columns or _columns_said(),
            ansi=ansi,
            colour=not os.environ.get("NO_COLOR"),
            unicode=_speaks_utf8(),
        )

    @property
    def columns(self) -> int | None:
        """The width of the terminal that stdout is; None if it is none, or doesn't tell."""
        try:
            return os.get_terminal_size(self._stdout).columns or None
        except OSError:
            return None

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
        os.write(self._stderr, f"{printable_lines(question)} ".encode())
        try:
            return _read(source).decode("utf-8", "replace").strip()
        finally:
            if terminal:
                os.close(source)

    def chunks(self) -> Iterator[bytes]:
        """What comes on stdin, as it comes. What can't be read is the end, as it is for ipvsadm's restore."""
        try:
            while chunk := os.read(self._stdin, PIECE):
                yield chunk
        except OSError:
            return

    def content(self) -> Iterator[bytes]:
        """All that comes on stdin, waited for where it isn't there yet. Raises IpvsadmError if it can't be read."""
        try:
            while chunk := _read(self._stdin):
                yield chunk
        except OSError as error:
            raise IpvsadmError(f"stdin can't be read: {error.strerror}", hint="nothing was done") from None

    def more(self) -> bool:
        """Whether something waits on stdin."""
        from select import select

        try:
            return bool(select([self._stdin], [], [], 0)[0])
        except (OSError, ValueError):
            return False


def _read(file: int) -> bytes:
    """What comes in `file` next, waited for even if it is one that doesn't block. Raises OSError."""
    while True:
        try:
            return os.read(file, PIECE)
        except BlockingIOError:
            _await(file, "POLLIN")


def _write(file: int, data: bytes) -> int:
    """How much of `data` went into `file`, waited for even if it is one that doesn't block. Raises OSError."""
    while True:
        try:
            return os.write(file, data)
        except BlockingIOError:
            _await(file, "POLLOUT")


def _await(file: int, what: str) -> None:
    import select

    waiting = select.poll()
    waiting.register(file, getattr(select, what))
    waiting.poll()


def _columns_said() -> int:
    """The width that COLUMNS says, or a usual one."""
    said = os.environ.get("COLUMNS", "")
    return (int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 0) or COLUMNS


def _speaks_utf8() -> bool:
    """Whether the locale takes more than ASCII. Python itself sets LC_CTYPE where there is none at all."""
    said = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "UTF-8")
    return "utf" in said.lower()
