"""Reads services as they were at one moment: the kernel sends a table in pieces, between which it may change."""

from __future__ import annotations

from errno import EBADMSG

from .wire import codec, schema
from .wire.answers import has_same_services, services_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from ..model import Service
    from . import Kernel
    from .transport import Transport

    Found = TypeVar("Found")

READINGS = 20  # attempts to read a table that keeps changing


class ChangedError(Exception):
    """The table changed while it was read."""


def steady_answers(transport: Transport, answers: list[bytes]) -> list[bytes]:
    """The first dump of services, from `answers` on, with the same keys as the dump after it. Raises OSError."""
    for _ in range(READINGS):
        if _still_there(transport, answers):
            return answers
        answers = transport.dump(schema.GET_SERVICE)
    raise _restless()


def at_one_moment(transport: Transport, read: Callable[[list[Service]], Found], stats: bool) -> Found:
    """What `read` returns for all services, if they are the same before and after; otherwise it is called again.

    Raises OSError.
    """
    for _ in range(READINGS):
        answers = transport.dump(schema.GET_SERVICE)
        found = read(services_in(answers, stats))
        if _still_there(transport, answers):
            return found
    raise _restless()


def steadily_shared(
    kernel: Kernel,
    transport: Transport,
    make: Callable[[list[Service], Kernel], Iterable[Found]],
    order: Callable[[list[Service]], list[Service]],
) -> Iterator[Found]:
    """What `Kernel.steadily_shared` yields: the second dump is made while a second process works. Raises OSError."""
    for _ in range(READINGS):
        answers = transport.dump(schema.GET_SERVICE)
        services = order(services_in(answers))

        def prove(answers: list[bytes] = answers) -> None:
            if len(answers) > 1 and not _still_there(transport, answers):
                raise ChangedError

        try:
            yield from kernel.shared(services, make, prove)
            return
        except ChangedError:
            continue
    raise _restless()


def _still_there(transport: Transport, answers: list[bytes]) -> bool:
    """Whether another dump has exactly the services of `answers`.

    Its request has the number of theirs, which were read to their end: idle services are the same bytes then.
    """
    number = codec.sequence_in(answers[0][codec.HEAD]) if answers else 0
    again = transport.dump(schema.GET_SERVICE, number)
    return b"".join(again) == b"".join(answers) or has_same_services(answers, again)


def _restless() -> OSError:
    return OSError(EBADMSG, "the table changes faster than it can be read")
