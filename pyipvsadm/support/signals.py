"""Records the signals that ask a program to end, for verbs that finish their work or roll it back first."""

from __future__ import annotations

from _signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, getsignal, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Self

SIGNALS = (SIGINT, SIGTERM, SIGHUP)  # numbers: the names are in `signal`, which loads slower than a verb runs


class Signals:
    """Records the first signal that asks the program to end in `first`; later ones change nothing.

    Ignored signals stay ignored.
    """

    def __init__(self) -> None:
        self.first = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if getsignal(number) != SIG_IGN:
                self._before[number] = signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.first = self.first or number


def name_of(number: int) -> str:
    """The name of a signal, such as SIGTERM."""
    from signal import Signals as Names

    return Names(number).name
