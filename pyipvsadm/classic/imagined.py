"""A table in the mind: which rules fail by those that stand before them, whatever the kernel's table is."""

from __future__ import annotations

from errno import EEXIST, EINVAL, ENOENT, ERANGE, ESRCH

from ..model import Command
from ..table.comparison import server_key, service_key
from ..table.notation import unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Service
    from ..shapes import Alike
    from ..table.comparison import Key

    Judge = Callable[["Imagined", Command], int]


class Part:
    """Services, or the servers of one: which are there, and which aren't. `rest` says it of others; None: who knows.

    `inside` holds what is known of the servers of each service.
    """

    __slots__ = ("_known", "inside", "rest")

    def __init__(self, rest: bool | None = None) -> None:
        self._known: dict[Key, bool] = {}
        self.inside: dict[Key, Part] = {}
        self.rest = rest

    def has(self, key: Key) -> bool | None:
        """Whether it is there; None if that isn't known."""
        return self._known.get(key, self.rest)

    def put(self, key: Key, there: bool) -> None:
        """Know whether it is there."""
        self._known[key] = there

    def servers(self, key: Key) -> Part:
        """What is known of the servers of a service."""
        return self.inside.setdefault(key, Part())


class Imagined:
    """What a table is known to be, by the rules before, to what `exchange` gets. `known` tells names of schedulers."""

    def __init__(self, known: Callable[[Service], bool]) -> None:
        self._table = Part()
        self._known = known

    def exchange(self, batch: list[Command | Alike]) -> Callable[[], Iterator[tuple[int, int]]]:
        """What yields the index and the errno of each of `batch` that any kernel refuses."""
        full = (one if isinstance(one, Command) else one[0].full(one) for one in batch)
        refused = [
            (index, errno) for index, one in enumerate(full) if (errno := JUDGES.get(one.verb, _well)(self, one))
        ]
        return lambda: iter(refused)

    def add_service(self, command: Command) -> int:
        """Judge `-A`, as all others here: the errno, or 0."""
        assert command.service
        key = service_key(command.service)
        if self._table.has(key):
            return EEXIST
        if not self._known(command.service):
            return ENOENT
        self._table.put(key, True)
        self._table.inside[key] = Part(rest=False)
        return 0

    def edit_service(self, command: Command) -> int:
        """Judge `-E`."""
        assert command.service
        if missing := self._missing(command):
            return missing
        if not self._known(command.service):
            return ENOENT
        self._table.put(service_key(command.service), True)
        return 0

    def delete_service(self, command: Command) -> int:
        """Judge `-D`."""
        assert command.service
        missing = self._missing(command)
        self._table.put(service_key(command.service), False)
        return missing

    def zero(self, command: Command) -> int:
        """Judge `-Z`."""
        return self._missing(command) if command.service else 0

    def clear(self, command: Command) -> int:
        """Judge `-C`: behind it, all is known."""
        self._table = Part(rest=False)
        return 0

    def add_server(self, command: Command) -> int:
        """Judge `-a`."""
        servers, key, errno = self._server(command)
        if errno or servers.has(key):
            return errno or EEXIST
        if unfit(key[0]):
            return EINVAL
        servers.put(key, True)
        return 0

    def edit_server(self, command: Command) -> int:
        """Judge `-e`."""
        servers, key, errno = self._server(command)
        return errno or (ENOENT if servers.has(key) is False else 0)

    def delete_server(self, command: Command) -> int:
        """Judge `-d`."""
        servers, key, errno = self._server(command)
        gone = servers.has(key) is False
        servers.put(key, False)
        return errno or (ENOENT if gone else 0)

    def _missing(self, command: Command) -> int:
        assert command.service
        return ESRCH if self._table.has(service_key(command.service)) is False else 0

    def _server(self, command: Command) -> tuple[Part, Key, int]:
        """What is known of the servers of its service, the key of its server, and what is wrong before that counts."""
        service, server = command.service, command.server
        assert service
        assert server
        errno = self._missing(command) or (ERANGE if server.lower_threshold > server.upper_threshold else 0)
        return (Part() if errno else self._table.servers(service_key(service))), server_key(server), errno


def _well(imagined: Imagined, command: Command) -> int:
    return 0


JUDGES: dict[str, Judge] = {
    "add-service": Imagined.add_service,
    "edit-service": Imagined.edit_service,
    "delete-service": Imagined.delete_service,
    "zero": Imagined.zero,
    "clear": Imagined.clear,
    "add-server": Imagined.add_server,
    "edit-server": Imagined.edit_server,
    "delete-server": Imagined.delete_server,
}
