"""Work in a background thread: while one thread waits for the kernel, another uses the processor."""

from __future__ import annotations

from _signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from _thread import allocate_lock, start_new_thread
from sys import setswitchinterval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    Value = TypeVar("Value")

PROMPTLY = 0.0005  # seconds until a thread that waited for the kernel resumes, at the latest; CPython's default is 5 ms


def begin(work: Callable[[], Iterable[Value]]) -> Callable[[], Iterator[Value]]:
    """Start collecting what `work` yields. The returned function waits for its end, and yields or raises the same."""
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
        run()  # no thread can be started: do the work now
    return end


class Uninterrupted:
    """Delays an interrupt from the keyboard until the block ends."""

    def __enter__(self) -> None:
        self._before = pthread_sigmask(SIG_BLOCK, (SIGINT,))

    def __exit__(self, *_: object) -> None:
        pthread_sigmask(SIG_SETMASK, self._before)
