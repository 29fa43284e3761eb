"""A model of the table for `--check`: finds rules that fail because of earlier rules, whatever the kernel's table."""

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
    """Services, or the servers of one: which exist and which don't. `rest` applies to all others; None: unknown.

    `inside` holds what is known about the servers of each service.
    """

    __slots__ = ("_known", "inside", "rest")

    def __init__(self, rest: bool | None = None) -> None:
        self._known: dict[Key, bool] = {}
        self.inside: dict[Key, Part] = {}
        self.rest = rest

    def has(self, key: Key) -> bool | None:
        """Whether `key` exists; None if that is unknown."""
        return self._known.get(key, self.rest)

    def put(self, key: Key, there: bool) -> None:
        """Record whether `key` exists."""
        self._known[key] = there

    def servers(self, key: Key) -> Part:
        """What is known about the servers of a service."""
        return self.inside.setdefault(key, Part())


class Imagined:
    """What earlier rules tell about the table. `known` says whether a service's scheduler and engine are known."""

    def __init__(self, known: Callable[[Service], bool]) -> None:
        self._table = Part()
        self._known = known

    def exchange(self, batch: list[Command | Alike]) -> Callable[[], Iterator[tuple[int, int]]]:
        """A function that yields the index and the errno of each command in `batch` that every kernel refuses."""
        full = (one if isinstance(one, Command) else one[0].full(one) for one in batch)
        refused = [
            (index, errno) for index, one in enumerate(full) if (errno := JUDGES.get(one.verb, _well)(self, one))
        ]
        return lambda: iter(refused)

    def add_service(self, command: Command) -> int:
        """Check `-A`, and return the errno, or 0, like all methods below."""
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
        """Check `-E`."""
        assert command.service
        if missing := self._missing(command):
            return missing
        if not self._known(command.service):
            return ENOENT
        self._table.put(service_key(command.service), True)
        return 0

    def delete_service(self, command: Command) -> int:
        """Check `-D`."""
        assert command.service
        missing = self._missing(command)
        self._table.put(service_key(command.service), False)
        return missing

    def zero(self, command: Command) -> int:
        """Check `-Z`."""
        return self._missing(command) if command.service else 0

    def clear(self, command: Command) -> int:
        """Check `-C`: the table is fully known after it."""
        self._table = Part(rest=False)
        return 0

    def add_server(self, command: Command) -> int:
        """Check `-a`."""
        servers, key, errno = self._server(command)
        if errno or servers.has(key):
            return errno or EEXIST
        if unfit(key[0]):
            return EINVAL
        servers.put(key, True)
        return 0

    def edit_server(self, command: Command) -> int:
        """Check `-e`."""
        servers, key, errno = self._server(command)
        return errno or (ENOENT if servers.has(key) is False else 0)

    def delete_server(self, command: Command) -> int:
        """Check `-d`."""
        servers, key, errno = self._server(command)
        gone = servers.has(key) is False
        servers.put(key, False)
        return errno or (ENOENT if gone else 0)

    def _missing(self, command: Command) -> int:
        assert command.service
        return ESRCH if self._table.has(service_key(command.service)) is False else 0

    def _server(self, command: Command) -> tuple[Part, Key, int]:
        """What is known about the service's servers, the key of the server, and the errno of an earlier error, or 0."""
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
