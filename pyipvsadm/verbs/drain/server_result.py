"""The result for one server: lines at once for people, or JSON at the end for programs."""

from __future__ import annotations

from contextlib import contextmanager

from ...support.outcome import Result, data_of
from ...table.differences import EDITED, REMOVED, Difference
from ...table.notation import spelled, spelled_server
from ...table.settings import connections_of, server_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ...world import World
    from .places import Place


REFUSED = "refused"


class ServerResult:
    """Collects what `drain` or `undrain` does with the server `name`. `state` is a word for its last state."""

    def __init__(self, world: World, name: str, json: bool) -> None:
        self._world, self._name, self._json = world, name, json
        self._changes: list[Difference] = []
        self._more: dict[str, Any] = {}
        self._failed = Result()
        self.state = ""

    def weight(self, place: Place, old: int, new: int) -> None:
        """Add a change of a server's weight from `old` to `new`."""
        if old != new:
            self._changed(place, sign=EDITED, changes={"weight": (old, new)})

    def removed(self, place: Place) -> None:
        """Add the removal of the server from the service of `place`."""
        self._changed(place, sign=REMOVED, settings=server_settings(place.server))

    def refused(self, result: Result) -> None:
        """Replace the last change by `result`, because the kernel refused it and it was undone."""
        self._failed = result
        self.state = self.state or REFUSED

    def seen(self, places: Iterable[Place]) -> None:
        """Set the connections of the server to those of `places`."""
        self._more["connections"] = connections_of(place.server for place in places)

    def _changed(self, place: Place, **what: Any) -> None:
        service, server = spelled(place.service), spelled_server(place.server)
        self._changes.append(Difference(kind="server", service=service, server=server, **what))

    def say(self, line: str) -> None:
        """Print a line for people."""
        if not self._json:
            self._world.write(f"{line}\n")

    @contextmanager
    def told(self) -> Iterator[None]:
        """A `with` block that prints the JSON at its end, also after an error, if anything was tried."""
        try:
            yield
        finally:
            if self._json and self.state:
                more = {"server": self._name, "state": self.state, **self._more}
                self._world.write(self._failed.replace(changes=data_of(self._changes), complete=True).text(**more))
