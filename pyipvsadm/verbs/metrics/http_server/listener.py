"""An HTTP server for Prometheus: one thread, with bounds on connections, time and memory.

A client has PATIENCE seconds to send its request, and as long again to read the response. Silent clients delay nobody;
if there are too many, the oldest are disconnected. At most ANSWERED responses are sent at the same time; who waits for
that isn't late.
"""

from __future__ import annotations

import selectors
import signal
import socket
from collections import deque
from itertools import islice
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from .http_request import MOST, request_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from .http_request import Request

    Answer = list[bytes]  # in pieces, the first of which is its head

PATIENCE = 5.0  # seconds for a client to send its request, and to read the response
ANSWERED = 4  # requests at once
OPEN = 64  # connections at once
AT_ONCE = 16  # pieces
TICK = 0.25  # seconds between two searches for late clients


class Client:
    """A connection: receives the `request`, sends what is `left` of the answer, and waits for the client to close."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received = b""
        self.request: Request | None = None
        self.left: deque[memoryview] = deque()
        self.until = monotonic() + PATIENCE


class Ending:
    """Handles SIGTERM in a `with` block: sets `asked`, and makes `woken` readable."""

    def __init__(self) -> None:
        self.asked = False
        self._waker, self.woken = socket.socketpair()

    def __enter__(self) -> Self:
        self._waker.setblocking(False)
        self._before = signal.signal(signal.SIGTERM, self._ask)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, self._before)
        self._waker.close()
        self.woken.close()

    def _ask(self, *_: object) -> None:
        self.asked = True


class Listener:
    """Accepts clients on `listening`, and sends them the result of `answer`. `rest` is called regularly."""

    def __init__(self, listening: socket.socket, answer: Callable[[Request], Answer], rest: Callable[[], None]) -> None:
        self._listening, self._answer, self._rest = listening, answer, rest
        self._selector = selectors.DefaultSelector()
        self._clients: dict[socket.socket, Client] = {}  # the oldest first
        self._waiting: deque[Client] = deque()  # for an answer
        listening.setblocking(False)
        self._selector.register(listening, selectors.EVENT_READ)

    def run(self, ending: Ending) -> None:
        """Serve until `ending` has received its signal."""
        self._selector.register(ending.woken, selectors.EVENT_READ)
        try:
            while not ending.asked:
                self._step()
        finally:
            for one in (self._listening, *self._clients):
                one.close()
            self._selector.close()

    def _step(self) -> None:
        for key, _ in self._selector.select(TICK):
            if key.fileobj is self._listening:
                self._accept()
            elif client := self._clients.get(key.fileobj):  # type: ignore[call-overload]
                self._heed(client)
        now = monotonic()
        for client in [one for one in self._clients.values() if one.until < now]:
            self._close(client)
        while self._waiting and sum(bool(one.left) for one in self._clients.values()) < ANSWERED:
            self._begin(self._waiting.popleft())
        self._rest()

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError:
            return  # the client is gone, or too many files are open until late clients are disconnected
        connection.setblocking(False)
        if len(self._clients) >= OPEN:
            silent = (one for one in self._clients.values() if one.request is None)
            self._close(next(silent, None) or next(iter(self._clients.values())))
        self._clients[connection] = Client(connection)
        self._selector.register(connection, selectors.EVENT_READ)

    def _heed(self, client: Client) -> None:
        """Continue with `client`, which has sent data or accepts more."""
        try:
            if client.left:
                self._send(client)
                return
            said = client.connection.recv(MOST)
        except BlockingIOError:
            return
        except OSError:
            self._close(client)
            return
        if not said:
            self._close(client)
        elif client.request is None:
            self._take(client, said)

    def _take(self, client: Client, said: bytes) -> None:
        """Add received bytes to the request of `client`. If that is complete, the client waits, and isn't read."""
        client.received += said
        client.request = request_in(client.received)
        if client.request:
            client.received = b""
            client.until = inf
            self._selector.unregister(client.connection)
            self._waiting.append(client)

    def _begin(self, client: Client) -> None:
        """Make the answer to `client`, if it is still connected. The time for this makes no other client late."""
        if client.connection not in self._clients or client.request is None:
            return
        start = monotonic()
        pieces = self._answer(client.request)
        took = monotonic() - start
        for one in self._clients.values():
            one.until += took
        client.until = monotonic() + PATIENCE
        client.left.extend(map(memoryview, pieces[:1] if client.request.head_only else filter(None, pieces)))
        self._selector.register(client.connection, selectors.EVENT_WRITE)

    def _send(self, client: Client) -> None:
        """Send some pieces. After the last one, the client closes: if we did, it could lose the answer."""
        sent = client.connection.sendmsg(list(islice(client.left, AT_ONCE)))
        while client.left and sent >= len(client.left[0]):
            sent -= len(client.left.popleft())
        if client.left:
            client.left[0] = client.left[0][sent:]
        else:
            client.connection.shutdown(socket.SHUT_WR)
            self._selector.modify(client.connection, selectors.EVENT_READ)

    def _close(self, client: Client) -> None:
        del self._clients[client.connection]
        if client.connection in self._selector.get_map():
            self._selector.unregister(client.connection)
        client.connection.close()
