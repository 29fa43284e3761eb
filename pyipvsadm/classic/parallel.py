"""Long lists on two processors: a child process renders the second half while the parent renders the first."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..kernel import Kernel
    from ..model import Service

SIGKILL = 9
OURS = 52  # per cent of the services: the child starts later, and copies the memory that it touches


class Child:
    """A process that runs `make`, and keeps the text that it yields until it is requested. Raises OSError."""

    def __init__(self, make: Callable[[], Iterable[str]]) -> None:
        self._file = os.memfd_create("second half")
        try:
            self._process = os.fork()
        except OSError:
            os.close(self._file)
            raise
        if not self._process:
            status = 1
            try:
                with open(self._file, "wb", closefd=False) as file:
                    for piece in make():
                        file.write(piece.encode("utf-8", "surrogateescape"))
                status = 0
            finally:
                os._exit(status)  # silently: if it failed, the parent does its work, and reports the error

    def text(self) -> str | None:
        """The whole text, once it is complete; None if `make` failed."""
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        if status:
            return None
        os.lseek(self._file, 0, os.SEEK_SET)
        with open(self._file, "rb", closefd=False) as file:
            return file.read().decode("utf-8", "surrogateescape")

    def end(self) -> None:
        """End the process."""
        if self._process:
            os.kill(self._process, SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._file)


def made(
    services: list[Service],
    make: Callable[[list[Service], Kernel], Iterable[str]],
    kernel: Kernel,
    second: Callable[[], Kernel],
) -> Iterator[str]:
    """What `make` yields for `services`, in their order; `second` reaches the kernel from another process.

    Raises what `make` raises: if the child fails, its part is made here.
    """
    child = None
    ours = len(services) * OURS // 100
    first, rest = services[:ours], services[ours:]
    try:
        child = Child(lambda: make(rest, second()))
    except OSError:
        pass  # no process, or no memory for one: everything is made here
    text = None
    try:
        yield from make(first, kernel)
        if child:
            text = child.text()
    finally:
        if child:
            child.end()
    if text is None:
        yield from make(rest, kernel)
    else:
        yield text
