"""What serves the places of doctor's tests: a thread that answers requests, and shells that stay."""

from __future__ import annotations

import selectors
import socket
import subprocess
import threading
from contextlib import suppress

END = "-- end of the command, with status"


class Shell:
    """A shell of a namespace that stays: to start a process from a small one takes a tenth of the time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, line: str) -> tuple[int, str]:
        """The status of a command line, and what it printed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(f"{line} </dev/null; status=$?; echo; echo '{END}' $status\n")
        stdin.flush()
        told = []
        for told_line in stdout:
            if told_line.startswith(END):
                return int(told_line.split()[-1]), "".join(told)
            told.append(told_line)
        raise AssertionError(f"the shell ended at {line}")

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


class Answering:
    """A thread that answers requests: a length of four bytes, and as many bytes."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._left: dict[socket.socket, int] = {}
        self._heard: dict[tuple[str, int], socket.socket] = {}
        self._ended = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add(self, address: str, port: int, kind: int = socket.SOCK_STREAM) -> None:
        """Listen, in the namespace that this is called in, even before the address is there."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if kind == socket.SOCK_STREAM:
            made, act = socket.create_server((address, port), family=family), self._accept
        else:
            made, act = socket.socket(family, kind), self._reply
            made.bind((address, port))
        self._selector.register(made, selectors.EVENT_READ, act)
        self._heard[address, port] = made

    def remove(self, address: str, port: int) -> None:
        """Listen no more."""
        made = self._heard.pop((address, port))
        self._selector.unregister(made)
        made.close()

    def _serve(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(0.1):
                key.data(key.fileobj)

    def _accept(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        self._left[connection] = -1
        self._selector.register(connection, selectors.EVENT_READ, self._take)

    def _reply(self, hearing: socket.socket) -> None:
        _, client = hearing.recvfrom(1 << 16)
        with suppress(OSError):  # a rule may refuse that
            hearing.sendto(b"done", client)

    def _take(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(1 << 16)
            if data and self._left[connection] < 0:
                self._left[connection] = int.from_bytes(data[:4], "big") + 4
            self._left[connection] -= len(data)
            if data and self._left[connection] > 0:
                return
            if data:
                connection.sendall(b"done")
        except OSError:
            pass
        self._selector.unregister(connection)
        del self._left[connection]
        connection.close()

    def close(self) -> None:
        """Close all sockets."""
        self._ended = True
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
