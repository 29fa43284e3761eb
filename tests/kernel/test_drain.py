"""Drain under load: of 50 clients not one notices that a server leaves."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from .directors import InProcess, ipvsadm
from .network import SERVERS, VIP, Network

CLIENTS, FEW = 50, 10
REQUESTS = 20  # on one connection
PAUSE = 0.05  # seconds between two requests of a client
PATIENCE, BRIEF = 30, 2  # seconds that a client waits for an answer
PORTS = (8081, 8082)  # two real servers behind each address, so that enough are left
LEAVING = f"{SERVERS[0]}:{PORTS[0]}"
RULES = f"-A -t {VIP}:80 -s rr\n" + "".join(
    f"-a -t {VIP}:80 -r {address}:{port} -m -w 3\n" for address in SERVERS for port in PORTS
)
REQUEST = b"GET / HTTP/1.1\r\nHost: vip\r\n\r\n"


def answer(name: str) -> bytes:
    """What the HTTP server `name` says."""
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(name)}\r\n\r\n{name}".encode()


class Servers:
    """HTTP servers, all in one thread. `served` counts the requests of each, `open` its connections."""

    def __init__(self, listening: dict[str, socket.socket]) -> None:
        self._listening = listening
        self._ended = False
        self.served = dict.fromkeys(listening, 0)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for name, one in self._listening.items():
                selector.register(one, selectors.EVENT_READ, (name, True))
            while not self._ended:
                for key, _ in selector.select(0.2):
                    name, listens = key.data
                    if listens:
                        selector.register(key.fileobj.accept()[0], selectors.EVENT_READ, (name, False))
                    elif not self._answer(name, key.fileobj):
                        selector.unregister(key.fileobj)
                        key.fileobj.close()

    def _answer(self, name: str, connection: socket.socket) -> bool:
        """Answer a request, which comes in one piece; False at the end of the connection."""
        try:
            if not connection.recv(1 << 12).endswith(b"\r\n\r\n"):
                return False
            self.served[name] += 1
            connection.sendall(answer(name))
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._ended = True
        self._thread.join()


class Clients:
    """Each opens a connection, sends its requests over it, and opens the next. What fails is in `failures`."""

    def __init__(self, network: Network, count: int, patience: int, expected: set[bytes]) -> None:
        self._network, self._expected, self._patience = network, expected, patience
        self._ended = threading.Event()
        self._lock = threading.Lock()  # a thread enters a namespace alone: opening a socket takes no time
        self.failures: list[str] = []
        self.requests = [0] * count
        self.connections = [0] * count
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        while not self._ended.is_set():
            try:
                self._connection(number)
            except OSError as error:
                self.failures.append(f"client {number}: {error}")

    def _connection(self, number: int) -> None:
        with self._lock, self._network.client.entered():
            made = socket.socket()
        with made:
            made.settimeout(self._patience)
            made.connect((VIP, 80))
            for count in range(REQUESTS):
                made.sendall(REQUEST)
                if (got := made.recv(1 << 12)) not in self._expected:
                    self.failures.append(f"client {number}, request {count}: {got!r}")
                    return
                self.requests[number] += 1
                if self._ended.wait(PAUSE):
                    return
            self.connections[number] += 1

    def settle(self, connections: int) -> None:
        """Wait until each client has finished so many connections more."""
        wanted = [done + connections for done in self.connections]
        until = time.monotonic() + 60
        while any(done < want for done, want in zip(self.connections, wanted, strict=True)):
            assert time.monotonic() < until, "the clients hang"
            time.sleep(0.05)

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def network_at_work(count, patience):
    """The namespace of a director, its servers, and clients that are at work."""
    network = Network()
    try:
        listening = {f"{address}:{port}": network.listen(address, port) for address in SERVERS for port in PORTS}
        assert ipvsadm(network.director)("-R", RULES) == (0, "", "")
        servers = Servers(listening)
        try:
            clients = Clients(network, count, patience, {answer(name) for name in listening})
            try:
                clients.settle(1)
                yield InProcess(network.director), servers, clients
            finally:
                clients.close()
        finally:
            servers.close()
    finally:
        network.close()


@pytest.fixture
def at_work(request, monkeypatch, tmp_path):
    monkeypatch.setattr("pyipvsadm.support.state.FOLDER", str(tmp_path))
    with network_at_work(*request.param) as found:
        yield found


def rules(director):
    return sorted(director("-Sn").stdout.splitlines())


@pytest.mark.parametrize("at_work", [(CLIENTS, PATIENCE)], ids=["50 clients"], indirect=True)
def test_not_one_request_fails_from_start_to_removal(at_work):
    director, servers, clients = at_work
    assert servers.served[LEAVING] > 0
    ran = director(f"drain {LEAVING} --wait --remove --deadline 120s")
    assert ran.returncode == 0, ran
    assert ran.stdout == f"{VIP}:80/tcp {LEAVING}  weight 3 -> 0\n{VIP}:80/tcp {LEAVING}  removed\n"
    assert " active, " in ran.stderr
    assert f"{LEAVING} was empty and is removed from 1 service\n" in ran.stderr
    assert rules(director) == sorted(line for line in RULES.splitlines() if LEAVING not in line)
    served = servers.served[LEAVING]
    clients.settle(1)
    clients.close()
    assert clients.failures == []
    assert servers.served[LEAVING] == served
    assert min(clients.connections) >= 2
    assert sum(clients.requests) >= CLIENTS * REQUESTS * 2


@pytest.mark.parametrize("at_work", [(FEW, PATIENCE)], ids=["10 clients"], indirect=True)
def test_undrained_it_gets_connections_again(at_work):
    director, servers, clients = at_work
    assert director(f"drain {LEAVING} --wait --deadline 120s").returncode == 0
    served = servers.served[LEAVING]
    clients.settle(1)
    assert servers.served[LEAVING] == served
    ran = director(f"undrain {LEAVING} --ramp 2s")
    assert (ran.returncode, ran.stdout) == (0, f"{VIP}:80/tcp {LEAVING}  weight 0 -> 3\n")
    assert rules(director) == sorted(RULES.splitlines())
    clients.settle(1)
    clients.close()
    assert clients.failures == []
    assert servers.served[LEAVING] > served


@pytest.mark.parametrize("at_work", [(FEW, BRIEF)], ids=["10 clients"], indirect=True)
def test_removed_without_a_drain_requests_fail(at_work):
    """The control: the same clients, and the way that cuts them off."""
    director, _, clients = at_work
    assert director(f"-d -t {VIP}:80 -r {LEAVING}").returncode == 0
    until = time.monotonic() + 20
    while not clients.failures and time.monotonic() < until:
        time.sleep(0.1)
    assert clients.failures
