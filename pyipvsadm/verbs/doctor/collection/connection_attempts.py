"""Tries to connect to the servers that seem not to answer, all at once, and closes each connection immediately."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from errno import ECONNREFUSED, EINPROGRESS
from selectors import EVENT_WRITE, DefaultSelector

from ..suspects import OPEN, REFUSED, SILENT

PATIENCE = 1.2  # seconds; long enough to repeat a lost packet
MOST = 64  # servers


def tried(servers: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """The result of a connection to each server (name, address, port), by name: OPEN, REFUSED or SILENT."""
    found: dict[str, str] = {}
    waiting = 0
    with DefaultSelector() as selector:
        for name, address, port in list(servers)[:MOST]:
            made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            made.setblocking(False)
            error = made.connect_ex((address, port))
            if error == EINPROGRESS:
                selector.register(made, EVENT_WRITE, name)
                waiting += 1
            else:
                found[name] = _outcome(error)
                made.close()
        until = time.monotonic() + PATIENCE
        while waiting and (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                made = key.fileobj  # type: ignore[assignment]
                found[key.data] = _outcome(made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                selector.unregister(made)
                made.close()
                waiting -= 1
        for key in list(selector.get_map().values()):
            found[key.data] = SILENT
            os.close(key.fileobj.detach())  # type: ignore[union-attr]
    return found


def _outcome(error: int) -> str:
    return OPEN if not error else REFUSED if error == ECONNREFUSED else SILENT
