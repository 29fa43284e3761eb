"""Work on many services by two processors: a child process does one part while the parent does the other."""

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
OURS = 54  # per cent of the services: the child starts later, and copies the memory that it touches


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


def has_processors() -> bool:
    """Whether a second process has a processor of its own."""
    return len(os.sched_getaffinity(0)) > 1


def begun(make: Callable[[], Iterable[object]]) -> Child | None:
    """A child that collects what `make` yields; None if it has no processor, or no memory."""
    if not has_processors():
        return None
    try:
        return Child(make)
    except OSError:
        return None


def begun_with(kernel: Kernel, make: Callable[[Kernel], Iterable[object]]) -> Child | None:
    """A child that collects what `make` yields, given the same kernel; None where `kernel` has no second."""
    second = kernel.second
    return begun(lambda: make(second())) if second else None


def shared(
    services: list[Service],
    make: Callable[[list[Service], Kernel], Iterable[Value]],
    kernel: Kernel,
    prove: Callable[[], None] | None = None,
) -> Iterator[Value]:
    """What `make` yields for `services`, in their order: for some of them in a child.

    The values must be such as `marshal` takes: no records. Raises what `make` raises, and `prove`, which is called
    first: if the child fails, its part is made here.
    """
    ours = len(services) * OURS // 100
    first, rest = services[:ours], services[ours:]
    child = begun_with(kernel, lambda other: make(rest, other))
    values = None
    try:
        if prove:
            prove()
        yield from make(first, kernel)
        if child:
            values = child.values()
    finally:
        if child:
            child.end()
    yield from make(rest, kernel) if values is None else values  # type: ignore[misc]


def in_turn(count: int, make: Callable[[int], Value]) -> list[Value]:
    """What `make` returns for each number below `count`, which is below 256, in order, without asking the kernel.

    Two processes take the next number as soon as they are done with one. The values must be such as `marshal` takes.
    Raises what `make` raises: what the child fails at is made here.
    """
    left, end = os.pipe2(os.O_CLOEXEC)
    os.write(end, bytes(range(count)))
    os.close(end)

    def taken() -> Iterator[tuple[int, Value]]:
        while number := os.read(left, 1):
            yield number[0], make(number[0])

    child = None
    try:
        child = begun(taken)
        found: dict[int, Value] = dict(taken())
        if child:
            found.update(child.values() or ())  # type: ignore[arg-type]
    finally:
        os.close(left)
        if child:
            child.end()
    return [found[number] if number in found else make(number) for number in range(count)]
