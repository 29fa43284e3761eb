"""A plan: its steps, by phases."""

from __future__ import annotations

from _operator import itemgetter
from itertools import repeat

from ..model import Command
from ..record import Record
from ..shapes import SETTINGS, Shape
from .comparison import Change, server_key, service_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from ..model import Daemon, Server, Service
    from ..shapes import Alike
    from .comparison import Key

    Steps: TypeAlias = "tuple[Step, ...] | WholeSteps"


SHAPES = 64  # shapes of requests that are kept; others are made in full
WHERE, HOW = slice(4), slice(4, SETTINGS.stop)  # a server's address, port, forwarding and weight; its other settings
NOWHERE = b"", 0, 0, 0  # WHERE of no server
NO_MORE = Command()[4:]  # the fields of a Command behind its daemon
INVERSES = {  # of what is added or removed
    "add-service": "delete-service",
    "add-server": "delete-server",
    "delete-service": "add-service",
    "delete-server": "add-server",
    "start-daemon": "stop-daemon",
    "stop-daemon": "start-daemon",
}


class Step(Record):
    """A request, its inverse, and for an edit the changes."""

    __slots__ = ()
    command: Command = Command()
    inverse: Command = Command()
    changes: tuple[Change, ...] = ()

    @property
    def target(self) -> Key:
        """What the step changes: the keys of a service and its server or None, the state of a daemon, or nothing
        for the timeouts.
        """
        command = self.command
        if command.service:
            return service_key(command.service), server_key(command.server) if command.server else None
        return (command.daemon.state,) if command.daemon else ()


def whole(
    verb: str, service: Service | None = None, server: Server | None = None, daemon: Daemon | None = None
) -> Step:
    """The step that adds or removes something whole."""
    what = service, server, daemon, *NO_MORE
    return Step.make((Command.make((verb, *what)), Command.make((INVERSES[verb], *what)), ()))


class WholeSteps:
    """Steps of one verb that add or remove services, or servers of services. Each is made when it is looked at, since
    there may be thousands.
    """

    def __init__(
        self,
        verb: str,
        what: Sequence[tuple[Service, Server | None]],
        shapes: dict[tuple[object, ...], Shape] | None = None,
    ) -> None:
        self.verb = verb
        self._what = what
        self._shapes = {} if shapes is None else shapes  # of requests, by what they share

    @property
    def commands(self) -> Iterator[Command]:
        """The commands of the steps."""
        fields = repeat(self.verb), map(_service, self._what), map(_server, self._what), repeat(None)
        return map(_new, repeat(Command), zip(*fields, *map(repeat, NO_MORE)))  # noqa: B905 - repeated without end

    @property
    def requests(self) -> Iterator[Command | Alike]:
        """What asks the kernel for the steps, in compact form from the second one of a shape on.

        Of the service of a server, the compact form gives only the key.
        """
        before, virtual, shapes = None, (b"", 0), self._shapes
        key: tuple[object, ...] = ()
        for service, server in self._what:
            if service is not before and service.address is not None and service.port is not None:
                before, virtual = service, (service.address, service.port)
                key = service[:2] if server else (*service[:2], *service[4:])
            address, port, forwarding, weight = server[WHERE] if server else NOWHERE
            looks = key, len(address), forwarding, server[HOW] if server else None
            shape = shapes.get(looks)
            if shape is not None and service is before:
                yield shape, virtual, address, port, weight
                continue
            command = whole(self.verb, service, server).command
            if service is before and len(shapes) < SHAPES:
                shapes[looks] = Shape(command)
            yield command

    def __len__(self) -> int:
        return len(self._what)

    def __getitem__(self, which: slice) -> WholeSteps:
        return WholeSteps(self.verb, self._what[which], self._shapes)

    def __iter__(self) -> Iterator[Step]:
        return (whole(self.verb, *one) for one in self._what)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (WholeSteps, tuple)) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))


_new, _service, _server = tuple.__new__, itemgetter(0), itemgetter(1)


class Plan(Record):
    """Steps by phases. No phase is empty: without phases, there is nothing to do."""

    __slots__ = ()
    phases: tuple[Steps, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for phase in self.phases for step in phase)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands of the steps."""
        return tuple(command for phase in self.phases for command in commands_of(phase))


def commands_of(steps: Steps) -> Iterable[Command]:
    """The commands of `steps`."""
    return steps.commands if isinstance(steps, WholeSteps) else (step.command for step in steps)


def requests_of(steps: Steps) -> Iterable[Command | Alike]:
    """The commands of `steps`, in compact form where many are alike."""
    return steps.requests if isinstance(steps, WholeSteps) else commands_of(steps)
