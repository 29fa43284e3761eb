"""Work on many services by two processors: a child process does the second half while the parent does the first."""

from __future__ import annotations

import os
from marshal import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from ..model import Service
    from . import Kernel

    Value = TypeVar("Value")

SIGKILL = 9
OURS = 52  # per cent of the services: the child starts later, and copies the memory that it touches


class Child:
    """A process that collects what `make` yields, and keeps it until it is requested. Raises OSError."""

    def __init__(self, make: Callable[[], Iterable[object]]) -> None:
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
                    file.write(dumps(list(make())))
                status = 0
            finally:
                os._exit(status)  # silently: if it failed, the parent does its work, and reports the error

    def values(self) -> list[object] | None:
        """All values, once they are complete; None if `make` failed."""
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        if status:
            return None
        os.lseek(self._file, 0, os.SEEK_SET)
        with open(self._file, "rb", closefd=False) as file:
            found: list[object] = loads(file.read())
        return found

    def end(self) -> None:
        """End the process."""
        if self._process:
            os.kill(self._process, SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._file)


def shared(
    services: list[Service],
    make: Callable[[list[Service], Kernel], Iterable[Value]],
    kernel: Kernel,
    second: Callable[[], Kernel],
) -> Iterator[Value]:
    """What `make` yields for `services`, in their order; `second` reaches the kernel from another process.

    The values must be such as `marshal` takes: no records. Raises what `make` raises: if the child fails, its part is
    made here.
    """
    child = None
    ours = len(services) * OURS // 100
    first, rest = services[:ours], services[ours:]
    try:
        child = Child(lambda: make(rest, second()))
    except OSError:
        pass  # no process, or no memory for one: everything is made here
    values = None
    try:
        yield from make(first, kernel)
        if child:
            values = child.values()
    finally:
        if child:
            child.end()
    yield from make(rest, kernel) if values is None else values  # type: ignore[misc]
