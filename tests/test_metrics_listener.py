"""What `metrics --listen` answers, and how little clients can take of it. Sockets are real, readings are not."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import threading
import time
from contextlib import closing, contextmanager
from random import Random

import pytest

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.model import Stats
from pyipvsadm.verbs.metrics.http_server import _bound, address_of, listener
from pyipvsadm.verbs.metrics.http_server.compression import Compressor
from pyipvsadm.verbs.metrics.http_server.http_request import Request, request_in
from pyipvsadm.verbs.metrics.http_server.listener import Ending, Listener
from pyipvsadm.verbs.metrics.http_server.responses import Answers
from pyipvsadm.verbs.metrics.readings import Reading

BODY = "# a comment\nzork 1\n"
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
END = b"\r\n"


@pytest.mark.parametrize(("received", "request_"), [
    (GET, None),
    (GET + END, Request(path="/metrics")),
    (b"GET /metrics HTTP/1.0\n\n", Request(path="/metrics")),
    (b"HEAD /metrics?x=1 HTTP/1.1\r\n\r\n", Request(path="/metrics", head_only=True)),
    (b"GET / HTTP/1.1\r\n\r\n", Request(path="/")),
    (b"GET /foo HTTP/1.1\r\n\r\n", Request(status=404, path="/foo")),
    (b"POST /metrics HTTP/1.1\r\n\r\n", Request(status=405, path="/metrics")),
    (b"POST /foo HTTP/1.1\r\n\r\n", Request(status=404, path="/foo")),
    (b"GET /metrics\r\n\r\n", Request(status=400)),
    (b"GET metrics HTTP/1.1\r\n\r\n", Request(status=400)),
    (b"\r\n\r\n", Request(status=400)),
    (b"\x16\x03\x01\0\0\r\n\r\n", Request(status=400)),
    (b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 4000, Request(status=431)),
    (GET + b"Accept-Encoding: gzip, deflate\r\n" + END, Request(path="/metrics", gzip=True)),
    (GET + b"accept-encoding: br, GZIP;q=0.5\r\n" + END, Request(path="/metrics", gzip=True)),
    (GET + b"Accept-Encoding: gzip;q=0\r\n" + END, Request(path="/metrics")),
    (GET + b"Accept-Encoding: gzip; q=0.0\r\n" + END, Request(path="/metrics")),
    (GET + b"Accept-Encoding: *\r\n" + END, Request(path="/metrics", gzip=True)),
    (GET + b"Accept-Encoding: identity\r\n" + END, Request(path="/metrics")),
])  # fmt: skip
def test_requests(received, request_):
    assert request_in(received) == request_


@pytest.mark.parametrize(("text", "address"), [
    ("9796", ("127.0.0.1", 9796)), (":9796", ("127.0.0.1", 9796)), ("10.0.0.1:0", ("10.0.0.1", 0)),
    ("[::1]:9796", ("::1", 9796)), ("0.0.0.0:9796", ("0.0.0.0", 9796)),
])  # fmt: skip
def test_addresses(text, address):
    assert address_of(text) == address


class Source:
    """What is read: counted, and broken at will."""

    def __init__(self) -> None:
        self.count = 0
        self.error: Exception | None = None
        self.told: list[str] = []
        self.body = BODY

    def read(self):
        self.count += 1
        if self.error:
            raise self.error
        return [Reading(totals=Stats(connections=self.count))]

    def write(self, readings):
        yield self.body
        yield f"count {readings[0].totals.connections}\n"


@contextmanager
def serving(monkeypatch, patience=1.0):
    """A listener in a thread, and what it reads; its port."""
    monkeypatch.setattr(listener, "PATIENCE", patience)
    monkeypatch.setattr(listener, "TICK", 0.05)
    source, listening = Source(), _bound("127.0.0.1", 0)
    answers = Answers(source.read, source.write, source.told.append)
    made = Listener(listening, answers, answers.forget)
    port = listening.getsockname()[1]
    with Ending() as ending:
        thread = threading.Thread(target=made.run, args=[ending])
        thread.start()
        try:
            yield source, port, made
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            thread.join(10)
    assert not thread.is_alive()


def test_a_signal_that_comes_before_the_first_client_ends_it():
    listening = _bound("127.0.0.1", 0)
    before = signal.getsignal(signal.SIGTERM)
    with Ending() as ending:
        os.kill(os.getpid(), signal.SIGTERM)
        Listener(listening, lambda request: [], lambda: None).run(ending)
    assert listening.fileno() == -1
    assert signal.getsignal(signal.SIGTERM) == before


def connect(port):
    return closing(socket.create_connection(("127.0.0.1", port), timeout=10))


def ask(port, request=GET + END):
    """The head and the body of an answer."""
    with connect(port) as client:
        client.sendall(request)
        return whole(client)


def whole(client):
    received = bytearray()
    while piece := client.recv(1 << 20):
        received += piece
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.mark.parametrize(("line", "status", "content"), [
    ("GET /metrics", "200 OK", BODY + "count 1\n"),
    ("HEAD /metrics", "200 OK", ""),
    ("GET /", "200 OK", '<!DOCTYPE html>\n<title>pyipvsadm</title>\n<p><a href="/metrics">Metrics of IPVS</a>\n'),
    ("GET /x", "404 Not Found", "Not Found\n"),
    ("PUT /", "405 Method Not Allowed", "Method Not Allowed\n"),
])  # fmt: skip
def test_answers(monkeypatch, line, status, content):
    with serving(monkeypatch) as (_, port, _):
        head, body = ask(port, f"{line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert head.splitlines()[0] == f"HTTP/1.1 {status}"
    assert body.decode() == content
    assert f"Content-Length: {len(content)}" in head or line.startswith("HEAD")
    assert ("Allow: GET, HEAD" in head) == status.startswith("405")


@pytest.mark.parametrize("seed", range(20))
def test_compressed_texts_are_what_was_written_however_much_is_as_it_was(seed):
    """Texts in a row, of pieces that come back at other places, grow, shrink, are empty, and stand there twice."""
    random, compress = Random(seed), Compressor()
    for _ in range(8):
        pieces = [random.choice("abcé") * random.choice((0, 1, 700, 70_000)) for _ in range(random.randrange(12))]
        assert gzip.decompress(b"".join(compress(pieces))).decode() == "".join(pieces)


def test_what_is_as_it_was_is_not_made_again():
    class Once(str):
        made = 0

        def __str__(self):
            Once.made += 1
            return str.__str__(self)

        __hash__ = str.__hash__

    compress = Compressor()
    for pieces in (("a", "b"), ("z", "a", "b"), ("b", "z")):
        told = b"".join(compress(map(Once, pieces)))
        assert gzip.decompress(told).decode() == "".join(pieces)
    assert Once.made == 3


def test_gzip_is_for_those_who_take_it(monkeypatch):
    with serving(monkeypatch) as (_, port, _):
        head, body = ask(port, GET + b"Accept-Encoding: gzip\r\n" + END)
        assert "Content-Encoding: gzip" in head
        assert gzip.decompress(body).decode() == BODY + "count 1\n"
        head, body = ask(port)
        assert "Content-Encoding" not in head
        assert "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
        assert body.decode() == BODY + "count 1\n"


def test_one_reading_serves_a_second(monkeypatch):
    with serving(monkeypatch) as (source, port, _):
        assert len({ask(port)[1] for _ in range(10)}) == 1
        assert source.count == 1
        time.sleep(1.1)
        assert ask(port)[1].endswith(b"count 2\n")


def test_what_can_not_be_read_is_a_500_with_the_reason_that_is_told_once(monkeypatch):
    with serving(monkeypatch) as (source, port, _):
        for error, reason in (
            (OSError(74, "the table changes faster than it can be read"), "The table changes faster"),
            (IpvsadmError("zork", hint="mend it"), "zork\nmend it\n"),
        ):
            source.error, source.told[:] = error, []
            for _ in range(3):
                head, body = ask(port)
                assert head.startswith("HTTP/1.1 500 ")
                assert reason in body.decode()
            assert len(source.told) == 1
        source.error = None
        assert ask(port)[0].startswith("HTTP/1.1 200 ")


def test_200_clients_that_send_nothing_keep_nobody_waiting_and_are_cut_off(monkeypatch):
    with serving(monkeypatch, patience=2.0) as (_, port, made):
        start = time.monotonic()
        silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(200)]
        assert ask(port)[0].startswith("HTTP/1.1 200 ")
        assert time.monotonic() - start < 2.0, "others were waited for"
        assert len(made._clients) <= listener.OPEN
        for client in silent:
            assert client.recv(1) == b""
            client.close()
        assert ask(port)[0].startswith("HTTP/1.1 200 ")


def test_who_takes_the_answer_slowly_is_cut_off_and_only_so_many_are_answered_at_once(monkeypatch):
    with serving(monkeypatch) as (source, port, made):
        source.body = BODY * (1 << 20)  # more than the kernel takes for a client that doesn't read
        slow = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(listener.ANSWERED + 2)]
        for client in slow:
            client.sendall(GET + END)
        time.sleep(0.3)
        clients = list(made._clients.values())
        assert sum(bool(client.left) for client in clients) == listener.ANSWERED
        assert sum(client.request is not None for client in clients) == len(slow)
        until = time.monotonic() + 10
        while made._clients and time.monotonic() < until:
            time.sleep(0.05)
        assert not made._clients
        source.body = BODY
        assert ask(port)[1].startswith(BODY.encode())
        for client in slow:
            assert client.recv(8) == b"HTTP/1.1", "who waits for another's end isn't late"
            client.close()


def test_a_request_may_come_in_pieces_and_its_client_may_have_said_all(monkeypatch):
    with serving(monkeypatch) as (_, port, _), connect(port) as client:
        for byte in GET + END:
            client.sendall(bytes((byte,)))
        client.shutdown(socket.SHUT_WR)
        assert whole(client)[0].startswith("HTTP/1.1 200 ")


def test_clients_that_go_away_do_no_harm(monkeypatch):
    with serving(monkeypatch) as (source, port, made):
        source.body = BODY * (1 << 18)
        for said in (b"", GET, GET + END):
            with connect(port) as client:
                client.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
                )  # so that it ends with a RST
                client.sendall(said)
        assert ask(port)[0].startswith("HTTP/1.1 200 ")
        time.sleep(1.5)
        assert not made._clients


def test_no_file_is_left_open(monkeypatch):
    before = len(os.listdir("/proc/self/fd"))
    with serving(monkeypatch) as (_, port, _):
        for _ in range(20):
            ask(port)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_port_in_use_says_so():
    with closing(_bound("127.0.0.1", 0)) as taken, pytest.raises(IpvsadmError) as raised:
        _bound("127.0.0.1", taken.getsockname()[1])
    assert str(raised.value).endswith(": Address already in use")
    assert raised.value.hint.startswith("another program listens there")
