"""Reports the progress of a drain: one changing line on a terminal, elsewhere a line for each change."""

from __future__ import annotations

from .holders import Machine, endless, reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...world import World
    from .places import Place


def counts(places: Sequence[Place]) -> str:
    """The sums of connections in all `places`, as a phrase."""
    servers = [place.server for place in places]
    rows = (
        ("active", sum(server.active for server in servers)),
        ("inactive", sum(server.inactive for server in servers)),
        ("persistent", sum(server.persistent for server in servers)),
    )
    return ", ".join(f"{count} {word}" for word, count in rows)


def left(seconds: float) -> str:
    """A time such as `9:05`, in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Teller:
    """Reports the progress of the server `name` on stderr, and once each reason that keeps it busy.

    `drain` is the command that drains it; `removes` says whether that removes it in the end.
    """

    def __init__(self, world: World, name: str, machine: Machine, drain: str = "", removes: bool = False) -> None:
        self._world, self._name, self._machine = world, name, machine
        self._drain, self._removes = drain, removes
        self._whole = 0.0  # the seconds to wait in all
        self._progress = world.progress()
        self._last = ""
        self._said: set[str] = set()

    def tell(self, places: Sequence[Place], seconds: float) -> None:
        """Report the state of `places`; `seconds` are left to wait."""
        line = f"{self._name}: {counts(places)}"
        if not self._progress and line != self._last:
            self._world.tell(line)
        self._last = line
        self._tell_reasons(places)
        self._tell_weights(places)
        self._whole = max(self._whole, seconds)
        if self._machine.outlasted(self._whole - seconds):
            self._say("endless", endless(places, self._machine, self._drain, self._removes))
        if self._progress:
            self._progress.tell(f"{line}; {left(seconds)} left")

    def once(self, places: Sequence[Place]) -> None:
        """Report the state of `places` once, without waiting."""
        self._world.tell(f"{self._name}: {counts(places)}")
        self._tell_reasons(places)

    def _tell_reasons(self, places: Sequence[Place]) -> None:
        for kind, reason in reasons(places, self._machine).items():
            self._say(kind, f"busy: {reason}")

    def _tell_weights(self, places: Sequence[Place]) -> None:
        for place in places:
            if weight := place.server.weight:
                self._say(place.name, f"busy: {place.name} got weight {weight} from somebody else in the meantime")

    def _say(self, kind: str, text: str) -> None:
        if text and kind not in self._said:
            self._said.add(kind)
            self._world.tell(text)
