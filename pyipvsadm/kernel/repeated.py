"""Reads the table again and again: what the kernel tells in the same bytes as before keeps its records."""

from __future__ import annotations

from _operator import itemgetter
from itertools import groupby, islice

from .wire import codec, schema
from .wire.answers import server_reader, servers_of_each, service_reader, services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Server, Service
    from .transport import Transport
    from .wire import Encoder

    Told = tuple[bytes, list[Server]]  # what the kernel said, and what that means


class Repeated:
    """Readings of a table with its counters, one after the other.

    All requests have the same number, so that the same answers are the same bytes. That is safe as long as each is read
    to its end: after a failure they get another one.
    """

    def __init__(self, transport: Transport, encoder: Encoder, ahead: int) -> None:
        self._transport, self._encoder, self._ahead = transport, encoder, ahead
        self._number = 0  # of the requests, 0 for a new one
        self._pieces: list[bytes] = []  # of the last dump of services
        self._services: list[Service] = []
        self._servers: dict[bytes, Told] = {}  # by request
        self._service_reader, self._server_reader = service_reader(), server_reader()

    def read(self, wanted: Iterable[Service] | None = None) -> list[tuple[Service, list[Server]]]:
        """All services, or those that are `wanted`, each with its servers, in the kernel's order. Raises OSError."""
        number, self._number = self._number, 0
        if not number:
            number = self._transport.numbers(1)
            self._pieces, self._services, self._servers = [], [], {}
        before, self._servers = self._servers, {}
        found: list[tuple[Service, list[Server]]] = []
        self._transport.renew()
        for family, alike in groupby(self._all(number) if wanted is None else wanted, itemgetter(0)):
            while group := list(islice(alike, self._ahead)):
                found += zip(group, self._servers_of(group, family, number, before), strict=True)
        self._number = number
        return found

    def _all(self, number: int) -> list[Service]:
        """All services: those of which nothing has changed are the same records as before."""
        pieces = self._transport.dump(schema.GET_SERVICE, number)
        if pieces != self._pieces:
            now = services(self._service_reader.all(pieces))
            same = len(now) == len(self._services)
            self._services = [
                old if old == new else new for old, new in zip(self._services if same else now, now, strict=True)
            ]
            self._pieces = pieces
        return self._services

    def _servers_of(
        self, group: list[Service], family: int, number: int, before: dict[bytes, Told]
    ) -> list[list[Server]]:
        """The servers of each of `group`, all of `family`: the same lists as `before` if nothing has changed."""
        question = self._encoder.question
        questions = [question(schema.GET_DEST, codec.DUMP, number, service) for service in group]
        answers = list(self._transport.dumps(questions, number))
        nothing: Told = (b"", [])
        told = [before.get(one, nothing) for one in questions]
        changed = [at for at, (answer, (raw, _)) in enumerate(zip(answers, told, strict=True)) if answer != raw]
        if changed:
            fresh = servers_of_each(self._server_reader.each([answers[at] for at in changed]), family)
            for at, its in zip(changed, fresh, strict=True):
                told[at] = answers[at], its
        self._servers.update(zip(questions, told, strict=True))
        return [its for _, its in told]
