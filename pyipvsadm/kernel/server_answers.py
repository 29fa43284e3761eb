"""Asks for the servers of many services, some services at a time, which is cheaper than one by one."""

from __future__ import annotations

from _operator import itemgetter
from itertools import groupby, islice

from .wire import codec, schema
from .wire.answers import server_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Service
    from .transport import Transport
    from .wire import Encoder

AHEAD = 64  # services


def groups_of(services: Iterable[Service]) -> Iterator[tuple[int, list[Service]]]:
    """Groups of up to AHEAD services of one family, each with that family."""
    for family, alike in groupby(services, itemgetter(0)):
        while group := list(islice(alike, AHEAD)):
            yield family, group


def server_answers(
    transport: Transport, encoder: Encoder, services: Iterable[Service], steady: bool
) -> Iterator[tuple[list[Service], int, list[bytes]]]:
    """Groups of services, as (services, their family, the answers about the servers of each).

    With `steady`, the servers of each service are read until two readings have the same keys. After a failure, the
    earlier answers are yielded, with their services, before it is raised.
    """
    transport.renew()
    keys = server_keys if steady else None
    for family, group in groups_of(services):
        number = transport.numbers(1)  # one number for all, since each is read to its end
        questions = encoder.questions(schema.GET_DEST, codec.DUMP, number, group)
        answers: list[bytes] = []
        failure = None
        try:
            answers.extend(transport.dumps(questions, number, keys))
        except OSError as error:
            failure = error
        yield group[: len(answers)], family, answers
        if failure:
            raise failure
