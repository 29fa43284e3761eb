"""Work that goes on in a thread: who waits for the kernel leaves the processor to what can be done meanwhile."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread
from sys import setswitchinterval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Value = TypeVar("Value")

PROMPTLY = 0.0005  # seconds after which what has waited for the kernel goes on, however busy we are; CPython's is 5 ms


def begin(work: Callable[[], Value]) -> Callable[[], Value]:
    """Begin `work`. What is returned waits for its end, and returns or raises what it does; to be called once."""
    setswitchinterval(PROMPTLY)
    results: list[Value] = []
    failures: list[BaseException] = []
    under_way = allocate_lock()
    under_way.acquire()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as failure:
            failures.append(failure)
        finally:
            under_way.release()

    def end() -> Value:
        with under_way:
            if failures:
                raise failures.pop()
            return results.pop()

    try:
        start_new_thread(run, ())
    except RuntimeError:
        run()  # no thread can be had: then it isn't done meanwhile, but now
    return end
