"""The World: everything outside the process, such as its streams, the kernel, the resolver and the environment."""

from __future__ import annotations

import os
from errno import EPERM, EPIPE

from ..errors import OLDEST_IPVS, PIPE_CLOSED, IpvsadmError, OutputError, UnreachableError, UsageError, mismatch
from ..model import printable_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..drawing.canvas import Canvas
    from ..kernel import Kernel
    from ..names import Names
    from ..pager import Pages
    from ..progress import Progress

PIECE = 1 << 16  # bytes per read or write
STYLE = "PYIPVSADM_STYLE"  # `plain` or `rich`: how tables are shown, whatever stdout is
HINTS = "PYIPVSADM_HINTS"  # `always` or `never`: whether ipvsadm's commands print hints, whatever stderr is


class Unpaged:
    """A `with` block that leaves the output alone."""

    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, trace: object) -> None: ...


class World:
    """Everything outside the process: the streams, as file descriptors, the resolver, the kernel, the environment."""

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
        self.netns = ""  # the network namespace that was named and entered
        self.classic = False  # one of ipvsadm's commands runs, and scripts rely on its exact stderr
        self.posix = "POSIXLY_CORRECT" in os.environ or "POSIX_ME_HARDER" in os.environ
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self.looked_at = os.isatty(stdout)
        self._pieces: list[str] = []
        self._size = 0
        self._kernel = kernel
        self._handed = kernel is not None
        self._names = names
        self._progress: Progress | None = None
        self.pages: Pages | None = None  # what takes the output while a long one may need a pager

    def enter(self, netns: str) -> None:
        """Enter the network namespace `netns` and stay in it. Raises IpvsadmError."""
        from ..grammar.options import NETNS
        from ..namespaces import enter

        if self.netns:
            raise UsageError(f"`{NETNS}` is given twice", hint="name one network namespace")
        enter(netns)
        self.netns = netns

    @property
    def called(self) -> str:
        """How to call this program again so that it acts on the same table."""
        from ..grammar.options import NETNS
        from ..grammar.shell import command

        return command(self.program, *((NETNS, self.netns) if self.netns else ()))

    @property
    def kernel(self) -> Kernel:
        """IPVS, reached when first asked for. Raises UnreachableError."""
        if self._kernel is None:
            version = self.reach().info().version
            if version < OLDEST_IPVS:
                self.tell(mismatch(version))
        return self.reach()

    @property
    def readable(self) -> Kernel:
        """IPVS for those who only read: without privilege, what /proc shows to everybody. Raises UnreachableError."""
        try:
            return self.kernel
        except UnreachableError as error:
            if error.errno != EPERM:
                raise
            from ..kernel.unprivileged import LACKS, instead_of

            found = instead_of(error)
        self.note(LACKS)
        return found

    def reach(self, load: bool = True, again: bool = False) -> Kernel:
        """IPVS; loads its module only if `load` is set. `again` opens it anew. Raises UnreachableError."""
        if self._kernel is None or (again and not self._handed):
            from ..kernel import Kernel

            self._kernel = Kernel.open(load)
            self._kernel.second = lambda: Kernel.open(load=False)
        return self._kernel

    @property
    def names(self) -> Names:
        """The system's resolver."""
        if self._names is None:
            from ..names import Names

            self._names = Names()
        return self._names

    def resolver(self) -> Names:
        """As `names`, for those who ask only when they meet a name."""
        return self.names

    def write(self, text: str) -> None:
        """Print `text` on stdout, buffered in large pieces. A terminal doesn't get its control characters.

        Raises OutputError.
        """
        self.draw(printable_lines(text) if self.looked_at else text)

    def draw(self, text: str) -> None:
        """Print `text` with its escape sequences, which must all be ours. Raises OutputError."""
        self._pieces.append(text)
        self._size += len(text)
        if self._size >= PIECE:
            self.flush()

    def flush(self) -> None:
        """Write out what is buffered. Raises OutputError."""
        self.clear()
        data = "".join(self._pieces).encode("utf-8", "surrogateescape")
        self._pieces, self._size = [], 0
        if self.pages:
            self.pages.write(data)
        else:
            self.put(data)

    def put(self, data: bytes) -> None:
        """Write `data` on stdout. Raises OutputError."""
        try:
            while data:
                data = data[_waiting(os.write, self._stdout, data, "POLLOUT") :]
        except OSError as error:
            if error.errno == EPIPE:
                raise OutputError("", status=PIPE_CLOSED) from None
            raise OutputError(f"cannot write the output: {error.strerror}") from None

    def paged(self, wanted: bool = True) -> Pages | Unpaged:
        """A `with` block whose output goes through the pager if it is `wanted` and doesn't fit on the terminal."""
        if not wanted or not self.looked_at or os.environ.get("TERM") == "dumb":
            return Unpaged()
        from ..pager import Pages

        return Pages(self, self._stdout)

    def head(self, lines: int) -> None:
        """Say that the output begins with this many head lines, which a pager keeps on the screen if it can."""
        if self.pages:
            self.pages.heads = lines

    def progress(self) -> Progress | None:
        """A progress line for work that starts now, shown until something is printed; None without a terminal."""
        if self.watched:
            from ..progress import begin

            self._progress = begin(self._stderr)
        return self._progress

    def clear(self) -> None:
        """Remove the progress line from the screen."""
        if self._progress:
            self._progress.clear()

    def tell(self, message: str, hint: str = "", drawn: bool = False) -> None:
        """Print a message on stderr, with its hint if hints are shown, after flushing stdout.

        A terminal doesn't get its control characters, unless it is `drawn`: then they must all be ours.
        """
        self.flush()
        if self.pages and self.pages.later(message, hint):
            return
        text = (f"{message}\n" if message else "") + (f"hint: {hint}\n" if hint and self.hinting else "")
        if self.watched and not drawn:
            text = printable_lines(text)
        try:
            os.write(self._stderr, text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass  # stderr is closed, too

    @property
    def hinting(self) -> bool:
        """Whether hints are shown: scripts that run ipvsadm's commands get none, unless HINTS says otherwise."""
        wish = os.environ.get(HINTS)
        return not self.classic or wish == "always" or (wish != "never" and self.watched)

    @property
    def watched(self) -> bool:
        """Whether stderr is a terminal, and so read by a person."""
        return os.isatty(self._stderr)

    def canvas(self, plain: bool = False) -> Canvas | None:
        """The canvas for tables: a terminal, or what the environment asks for; None where tables are `plain` text."""
        if plain or not (self.looked_at or STYLE in os.environ):
            return None
        from .style import canvas_for

        return canvas_for(self, STYLE)

    @property
    def columns(self) -> int | None:
        """The width of the terminal on stdout; None if stdout isn't one, or the terminal doesn't report it."""
        try:
            return os.get_terminal_size(self._stdout).columns or None
        except OSError:
            return None

    @property
    def terminal(self) -> tuple[int, int] | None:
        """The descriptors for keys and for drawing; None if one isn't a terminal, or the terminal can't draw."""
        if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
            return None
        return (self._stdin, self._stdout) if os.isatty(self._stdin) and os.isatty(self._stdout) else None

    def rest(self, seconds: float) -> None:
        """Sleep for `seconds`. Raises OutputError as soon as the reader of stdout is gone."""
        from select import POLLERR, poll

        waiting = poll()
        waiting.register(self._stdout, 0)
        if any(what & POLLERR for _, what in waiting.poll(max(0, seconds * 1000))):
            raise OutputError("", status=PIPE_CLOSED)

    def note(self, *notes: str) -> None:
        """Print notes on stderr, if it is a terminal."""
        if notes and self.watched:
            for note in notes:
                self.tell("", note)

    def ask(self, question: str, terminal: str = "") -> str | None:
        """Ask the person at the terminal, and return the answer; None if there is no person.

        The answer comes from stdin, or from the file `terminal` where stdin carries other data.
        """
        if not (self.watched and (terminal or os.isatty(self._stdin))):
            return None
        try:
            source = os.open(terminal, os.O_RDONLY) if terminal else self._stdin
        except OSError:
            return None  # a process may have a terminal for its output, and none for its input
        self.flush()
        os.write(self._stderr, f"{printable_lines(question)} ".encode())
        try:
            answer: bytes = _waiting(os.read, source, PIECE, "POLLIN")
            return answer.decode("utf-8", "replace").strip()
        finally:
            if terminal:
                os.close(source)

    def chunks(self) -> Iterator[bytes]:
        """The input on stdin, as it arrives. A read error ends the input, as in ipvsadm's restore."""
        try:
            while chunk := os.read(self._stdin, PIECE):
                yield chunk
        except OSError:
            return

    def content(self) -> Iterator[bytes]:
        """All input on stdin, up to its end. Raises IpvsadmError if it can't be read."""
        try:
            while chunk := _waiting(os.read, self._stdin, PIECE, "POLLIN"):
                yield chunk
        except OSError as error:
            raise IpvsadmError(f"stdin can't be read: {error.strerror}", hint="nothing was done") from None

    def more(self) -> bool:
        """Whether input is waiting on stdin."""
        from select import select

        try:
            return bool(select([self._stdin], [], [], 0)[0])
        except (OSError, ValueError):
            return False


def _waiting(call: Callable[[int, Any], Any], file: int, argument: int | bytes, event: str) -> Any:
    """The result of os.read or os.write on `file`; waits for `event` if `file` is non-blocking. Raises OSError."""
    while True:
        try:
            return call(file, argument)
        except BlockingIOError:
            import select

            poll = select.poll()
            poll.register(file, getattr(select, event))
            poll.poll()
