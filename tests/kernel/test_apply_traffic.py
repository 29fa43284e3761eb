"""Clients notice nothing of `apply`, however much it changes; of clearing and restoring they do."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from .directors import InProcess, ipvsadm
from .network import SERVERS, VIP, Network

OWN = range(8001, 8021)  # the ports of services that clients use
OTHERS = range(7001, 7101)  # those of others
TIMES = 50
# The ports of servers that are always there, and of those that come and go, from a service's. Each service has
# its own, since a client may use one port for two services, and a server couldn't tell its connections apart.
STAYING, GOING = 1000, 2000
PAUSE = 0.02  # seconds between two requests of a client


def own(weights, extra):
    """The rules of the services that clients use: the weights of servers that stay, and of those that may go."""
    lines = []
    for port in OWN:
        lines.append(f"-A -t {VIP}:{port} -s wrr")
        for address, weight in zip(SERVERS, weights, strict=True):
            lines.append(f"-a -t {VIP}:{port} -r {address}:{port + STAYING} -m -w {weight}")
        for address, weight in zip(SERVERS, extra, strict=False):
            lines.append(f"-a -t {VIP}:{port} -r {address}:{port + GOING} -m -w {weight}")
    return "\n".join(lines) + "\n"


def others(back):
    """The rules of all others, which differ each time in everything."""
    lines = []
    for port in OTHERS:
        if back and port % 10 == 0:
            continue
        scheduler = "wlc" if back and port % 20 == 1 else "rr"
        lines.append(f"-A -t {VIP}:{port} -s {scheduler}{f' -p {port}' if back else ''}")
        for number in range(2 + back, 5 + back):
            lines.append(f"-a -t {VIP}:{port} -r 198.51.100.{number}:80 -m -w {number * (1 + back)}")
    return "\n".join(lines) + "\n"


TURNS = (  # of the clients' services: new servers, other weights; drained; removed
    own((1, 1), ()),
    own((3, 1), (1, 2)),
    own((2, 0), (0, 0)),
)


class Clients:
    """A long connection to each service, on which something goes to and fro, and a stream of new ones."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._ended = threading.Event()
        self.failures: list[str] = []
        self.requests = self.pings = 0
        self._long = [network.connect(VIP, port) for port in OWN]
        self._threads = [threading.Thread(target=job, daemon=True) for job in (self._ping, self._stream)]
        for thread in self._threads:
            thread.start()

    def _ping(self) -> None:
        while not self._ended.is_set():
            for port, connection in zip(OWN, self._long, strict=True):
                try:
                    connection.sendall(b"ping")
                    if connection.recv(16) != b"pong":
                        self.failures.append(f"{port}: the long connection was closed")
                except OSError as error:
                    self.failures.append(f"{port}: the long connection: {error}")
                self.pings += 1
            time.sleep(PAUSE)

    def _stream(self) -> None:
        while not self._ended.is_set():
            for port in OWN:
                self._request(port)
                if self._ended.wait(PAUSE):
                    return

    def _request(self, port: int) -> None:
        with self._network.client.entered():
            made = socket.socket()
        try:
            with made:
                made.settimeout(5)
                made.connect((VIP, port))
                made.sendall(b"once")
                if made.recv(16) != b"done" or made.recv(16):
                    self.failures.append(f"{port}: the answer was cut")
        except OSError as error:
            self.failures.append(f"{port}: a request: {error}")
        self.requests += 1

    def settle(self) -> None:
        """Wait until what was on its way has arrived."""
        seen = self.requests
        until = time.monotonic() + 20
        while self.requests < seen + 2 and time.monotonic() < until:
            time.sleep(0.01)

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def serving(listening):
    """Answer on these sockets: pings forever, other things once."""
    ended = False

    def serve() -> None:
        with selectors.DefaultSelector() as selector:
            for one in listening:
                selector.register(one, selectors.EVENT_READ)
            while not ended:
                for key, _ in selector.select(0.2):
                    if key.fileobj in listening:
                        connection, _ = key.fileobj.accept()
                        selector.register(connection, selectors.EVENT_READ)
                        continue
                    try:
                        said = key.fileobj.recv(16)
                        if said == b"ping":
                            key.fileobj.sendall(b"pong")
                            continue
                        if said:
                            key.fileobj.sendall(b"done")
                    except OSError:
                        pass
                    selector.unregister(key.fileobj)
                    key.fileobj.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended = True
        thread.join()


@pytest.fixture
def clients():
    """Clients at work on services that are there, and the namespace of their director."""
    network = Network()
    try:
        ports = [port + offset for port in OWN for offset in (STAYING, GOING)]
        listening = {network.listen(address, port) for address in SERVERS for port in ports}
        assert ipvsadm(network.director)("-R", TURNS[0] + others(False)) == (0, "", "")
        with serving(listening):
            found = Clients(network)
            try:
                yield found, network.director
            finally:
                found.close()
    finally:
        network.close()


def test_apply_fails_no_request_and_no_connection(clients):
    found, namespace = clients
    director = InProcess(namespace)
    changes = 0
    for number in range(TIMES):
        rules = TURNS[(number + 1) % len(TURNS)] + others(number % 2 == 0)
        answer = director("apply -", rules)
        assert answer.returncode == 0, answer
        assert answer.stderr.startswith("done: "), answer
        changes += 1
        if number % 10 == 0:
            assert director("diff -", rules) == (0, "", "")
        found.settle()  # so that a server that was drained has nothing to do any more when it is removed
    found.close()
    assert found.failures == []
    assert changes == TIMES
    assert found.requests > 100
    assert found.pings > 100 * len(OWN)


def test_clearing_and_restoring_does(clients):
    """The control: the same clients, and the way that it is done without `apply`."""
    found, namespace = clients
    program = ipvsadm(namespace)
    for number in range(TIMES):
        assert program("-C").returncode == 0
        time.sleep(PAUSE)  # a restore comes from a shell, which has to start it
        assert program("-R", TURNS[0] + others(number % 2 == 0)).returncode == 0
        if found.failures:
            break
        found.settle()
    found.close()
    assert found.failures
