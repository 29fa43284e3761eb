"""Work that goes on in a thread: who waits for the kernel leaves the processor to what can be done meanwhile."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread
from sys import setswitchinterval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    Value = TypeVar("Value")

PROMPTLY = 0.0005  # seconds after which what has waited for the kernel goes on, however busy we are; CPython's is 5 ms


def begin(work: Callable[[], Iterable[Value]]) -> Callable[[], Iterator[Value]]:
    """Begin to gather what `work` yields. What is returned waits for its end, and yields and raises what it did."""
    setswitchinterval(PROMPTLY)
    results: list[Value] = []
    failures: list[BaseException] = []
    under_way = allocate_lock()
    under_way.acquire()

    def run() -> None:
        try:
            results.extend(work())
        except BaseException as failure:
            failures.append(failure)
        finally:
            under_way.release()

    def end() -> Iterator[Value]:
        with under_way:
            yield from results
            if failures:
                raise failures[0]

    try:
        start_new_thread(run, ())
    except RuntimeError:
        run()  # no thread can be had: then it isn't done meanwhile, but now
    return end
