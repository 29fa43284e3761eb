"""Reads services as they were at one moment: the kernel sends a table in pieces, between which it may change."""

from __future__ import annotations

from ..model import Server, Stats, Table
from .transport import DUMP_TRIES, restless
from .wire import codec, schema
from .wire.answers import has_same_services, services_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeVar

    from ..model import Service
    from . import Kernel
    from .transport import Transport

    Found = TypeVar("Found")


class ChangedError(Exception):
    """The table changed while it was read."""


def steady_answers(transport: Transport, answers: list[bytes]) -> list[bytes]:
    """The first dump of services, from `answers` on, with the same keys as the dump after it. Raises OSError."""
    readings = _readings(transport)
    while not _still_there(transport, answers):
        answers = next(readings)
    return answers


def at_one_moment(transport: Transport, read: Callable[[list[Service]], Found], stats: bool) -> Found:
    """What `read` returns for all services, if they are the same before and after; otherwise it is called again.

    Raises OSError.
    """
    for answers in _readings(transport):
        found = read(services_in(answers, stats))
        if _still_there(transport, answers):
            break
    return found


def steadily_shared(
    kernel: Kernel,
    transport: Transport,
    make: Callable[[list[Service], Kernel], Iterable[Found]],
    order: Callable[[list[Service]], list[Service]],
) -> Iterator[Found]:
    """What `Kernel.steadily_shared` yields: the second dump is made while a second process works. Raises OSError."""
    for answers in _readings(transport):
        services = order(services_in(answers))

        def prove(answers: list[bytes] = answers) -> None:
            if len(answers) > 1 and not _still_there(transport, answers):
                raise ChangedError

        try:
            yield from kernel.shared(services, make, prove)
            return
        except ChangedError:
            continue


def table(kernel: Kernel, stats: bool) -> Table:
    """What `Kernel.table` returns: two processes read a large one. Raises OSError."""

    def make(services: list[Service], reader: Kernel) -> Iterator[Sequence[tuple[Any, ...]]]:
        for _, servers in reader.with_servers(services, stats, steady=True):
            yield servers if reader is kernel else list(map(_plain, servers))

    def read(services: list[Service]) -> tuple[tuple[Service, tuple[Server, ...]], ...]:
        rows = kernel.shared(services, make)
        return tuple((service, _records(its)) for service, its in zip(services, rows, strict=True))

    services = kernel.at_one_moment(read, stats)
    return Table(services=services, timeouts=kernel.timeouts(), daemons=tuple(kernel.daemons()))


def _plain(server: Server) -> tuple[Any, ...]:
    """The values of a server, without records, which `marshal` doesn't take."""
    return *server[:-1], server[-1] and server[-1][:]


def _records(servers: Sequence[tuple[Any, ...]]) -> tuple[Server, ...]:
    """Servers, which may be plain, as records."""
    if not servers or type(servers[0]) is Server:
        return tuple(servers)  # type: ignore[arg-type]
    return tuple(Server.make((*values[:-1], values[-1] and Stats.make(values[-1]))) for values in servers)


def _readings(transport: Transport) -> Iterator[list[bytes]]:
    """Dumps of services, as often as a table that keeps changing is read. Then raises OSError EBADMSG."""
    for _ in range(DUMP_TRIES):
        yield transport.dump(schema.GET_SERVICE)
    raise restless()


def _still_there(transport: Transport, answers: list[bytes]) -> bool:
    """Whether another dump has exactly the services of `answers`.

    Its request has the number of theirs, which were read to their end: idle services are the same bytes then.
    """
    number = codec.sequence_in(answers[0][codec.HEAD]) if answers else 0
    again = transport.dump(schema.GET_SERVICE, number)
    return b"".join(again) == b"".join(answers) or has_same_services(answers, again)
