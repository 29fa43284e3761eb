"""Gives a listener that has dropped its privileges what `drain` recorded, which only root may read.

A child process stays root, but has no capabilities, no open files, and no right to write one. It receives one byte,
which names a namespace, and sends the record of that namespace; it does nothing else. It ignores the signals that end
the listener, and ends when nobody is left to ask.
"""

from __future__ import annotations

import json  # noqa: F401 - reads the record; can't be loaded later if the user nobody can't enter Python's folder
import os
import resource
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ....support import state
from . import privileges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..table_source import Recall

FAILED = 1  # the exit status
PATIENCE = 2.0  # seconds to wait for an answer
LENGTH = 4  # bytes that tell how many follow
UNREADABLE = b"\xff" * LENGTH
MOST_NAMESPACES = 256  # as many as a byte can name
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a group may get them, but the child ends last
LIMITS = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_NPROC: 0, resource.RLIMIT_CORE: 0}


@contextmanager
def recaller(namespaces: Sequence[int], recall: Recall) -> Iterator[Recall]:
    """`recall` for these namespaces, as it works once privileges are dropped. Raises IpvsadmError, OSError."""
    if os.geteuid() or len(namespaces) > MOST_NAMESPACES:
        yield recall  # there are no privileges that could be dropped
        return
    asking, answering = socket.socketpair()
    child = os.fork()
    if not child:
        _be_child(answering, namespaces)
    answering.close()
    asking.settimeout(PATIENCE)
    try:
        yield lambda namespace: _rows(asking, namespaces.index(namespace))
    finally:
        asking.close()
        os.waitpid(child, 0)


def _rows(asking: socket.socket, number: int) -> Sequence[dict[str, object]]:
    """The rows in the record of a namespace. Raises IpvsadmError."""
    try:
        asking.send(bytes((number,)))
        length = _received(asking, LENGTH)
        if length == UNREADABLE:
            raise ValueError("it is not as `drain` writes it")
        return state.rows_in(_received(asking, int.from_bytes(length, "little")))
    except (OSError, ValueError, RecursionError) as error:
        raise state.unreadable("drain", error) from error


def _received(asking: socket.socket, count: int) -> bytes:
    """So many bytes of an answer. Raises OSError; from then on nothing is received any more."""
    received = bytearray()
    try:
        while len(received) < count:
            piece = asking.recv(count - len(received))
            if not piece:
                raise ConnectionResetError("its reader has ended")
            received += piece
    except OSError:
        asking.close()  # a late answer would be taken for the next one
        raise
    return bytes(received)


def _be_child(answering: socket.socket, namespaces: Sequence[int]) -> None:
    """Answer until there is nobody to ask, and never return."""
    status = FAILED
    try:
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        _give_up(answering.fileno())
        while asked := answering.recv(1):
            answering.sendall(_answer(namespaces, asked[0]))
        status = 0
    finally:
        os._exit(status)


def _give_up(kept: int) -> None:
    """Close all files but `kept`, and drop all rights that a reader of one file doesn't need. Raises OSError."""
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    for limit, most in LIMITS.items():
        resource.setrlimit(limit, (most, most))
    privileges.hold_none()


def _answer(namespaces: Sequence[int], number: int) -> bytes:
    """How many bytes the record of the namespace with this number has, and these bytes."""
    try:
        content = state.content("drain", namespaces[number])
    except (OSError, ValueError, IndexError):
        return UNREADABLE
    return len(content).to_bytes(LENGTH, "little") + content
