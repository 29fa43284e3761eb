"""Reads the table repeatedly: what the kernel sends as the same bytes keeps its records."""

from __future__ import annotations

from .server_answers import AHEAD, groups_of
from .transport import DUMP_TRIES, LEAST_ROOM, restless
from .wire import codec, schema
from .wire.answers import server_keys, server_reader, servers_of_each, services_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..model import Server, Service
    from .transport import Transport
    from .wire import Encoder

    Told = tuple[bytes, list[Server]]  # an answer of the kernel, and its servers

KEY = 5  # the first fields of a Service, which tell it from others
HEAD = slice(4, 16)  # of a message: its type, flags, sequence number and port
SHORT = LEAST_ROOM * 2 // 3  # bytes that servers take in a single piece, even if a few more come
MANY = 16  # services whose servers are worth a call for all


class Repeated:
    """Readings of a table with its counters, one after the other.

    All requests have the same number, so that equal answers are equal bytes. That is safe as long as each answer is
    read to its end: after a failure, requests get another number.
    """

    def __init__(self, transport: Transport, encoder: Encoder) -> None:
        self._transport, self._encoder = transport, encoder
        self._number = 0  # of the requests, 0 for a new one
        self._pieces: list[bytes] = []  # of the last dump of services
        self._services: list[Service] = []
        self._servers: dict[bytes, Told] = {}  # by request
        self._server_reader = server_reader()

    def read(self, wanted: Iterable[Service] | None = None, steady: bool = False) -> list[tuple[Service, list[Server]]]:
        """All services, or the `wanted` ones, each with its servers, in the kernel's order.

        With `steady`, a dump in several pieces counts only if it has the keys of the one before it, as in
        `Kernel.services`. Raises OSError.
        """
        number, self._number = self._number, 0
        if not number:
            number = self._transport.numbers(1)
            self._pieces, self._services, self._servers = [], [], {}
        before, self._servers = self._servers, {}
        found: list[tuple[Service, list[Server]]] = []
        asked = self._all(number, steady) if wanted is None else wanted
        self._transport.renew()
        for family, group in groups_of(asked):
            found += zip(group, self._servers_of(group, family, number, before, steady), strict=True)
        self._number = number
        return found

    def _all(self, number: int, steady: bool) -> list[Service]:
        """All services: those of which nothing has changed are the same records as before."""
        for _ in range(DUMP_TRIES):
            before = self._services
            count = self._take(self._transport.dump(schema.GET_SERVICE, number))
            if not steady or count < 2 or _keys(before) == _keys(self._services):
                return self._services
        raise restless()

    def _take(self, answers: list[bytes]) -> int:
        """Make records of the services in `answers`, and return how many pieces that are."""
        pieces = list(map(_bare, answers))
        if pieces != self._pieces:
            now = services_in(answers, stats=True)
            same = len(now) == len(self._services)
            self._services = [
                old if old == new else new for old, new in zip(self._services if same else now, now, strict=True)
            ]
            self._pieces = pieces
        return len(pieces)

    def _servers_of(
        self, group: list[Service], family: int, number: int, before: dict[bytes, Told], steady: bool
    ) -> list[list[Server]]:
        """The servers of each of `group`, all of `family`: the same lists as `before` if nothing has changed."""
        questions = self._encoder.questions(schema.GET_DEST, codec.DUMP, number, group)
        answers = self._answers_to(questions, number, before, steady)
        bare = list(map(_bare, answers))
        nothing: Told = (b"", [])
        told = [before.get(one, nothing) for one in questions]
        changed = [at for at, (answer, (raw, _)) in enumerate(zip(bare, told, strict=True)) if answer != raw]
        if changed:
            fresh = servers_of_each(self._server_reader.each([answers[at] for at in changed]), family)
            for at, its in zip(changed, fresh, strict=True):
                told[at] = bare[at], its
        self._servers.update(zip(questions, told, strict=True))
        return [its for _, its in told]

    def _answers_to(self, questions: list[bytes], number: int, before: dict[bytes, Told], steady: bool) -> list[bytes]:
        """The answers to all `questions`. Those that were short `before` take a single call, if there are many."""
        keys = server_keys if steady else None
        short = [one for one in questions if one in before and len(before[one][0]) <= SHORT]
        if len(short) >= MANY:
            from .asynchronous_io import exchange

            found = self._transport.short_dumps(short, number, exchange(AHEAD, LEAST_ROOM, codec.DONE_LENGTH))
            answers = dict(zip(short, found, strict=False))
            rest = [one for one in questions if one not in answers]
            answers.update(zip(rest, self._transport.dumps(rest, number, keys), strict=True))
            return [answers[one] for one in questions]
        return list(self._transport.dumps(questions, number, keys))


def _bare(answer: bytes) -> bytes:
    """`answer` without what each of its messages begins with, which names the socket that asked."""
    return answer.replace(answer[HEAD], b"")


def _keys(found: list[Service]) -> list[tuple[Any, ...]]:
    return [one[:KEY] for one in found]
