"""Allows one change at a time: a lock on the table and the virtual addresses of a network namespace.

A command that reads, plans and writes a table holds the lock from the read to the end of the write. The lock is a
file in the folder of `state`, which is private to its owner.
"""

from __future__ import annotations

import os
import sys
import time
from fcntl import LOCK_EX, LOCK_NB, flock

from ..errors import IpvsadmError
from ..model import printable
from . import state
from .signals import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..world import World

WAIT = 30.0  # default seconds to wait
SILENT = 1.0  # seconds until a message says who holds the lock
SLICE = 0.05  # seconds between two tries
HOLDER = 4096  # bytes about who holds the lock
BUSY = 1  # the exit status


def _never() -> int:
    return 0


def alone(world: World, seconds: float = WAIT, stopped: Callable[[], int] = _never) -> state.Opened:
    """Hold the lock of this network namespace, after waiting up to `seconds` for it.

    `stopped` returns the number of a signal that ends the wait, or 0. Raises IpvsadmError when it is entered.
    """
    return state.Opened(lambda: _locked(world, seconds, stopped))


def _locked(world: World, seconds: float, stopped: Callable[[], int]) -> int:
    """The lock file, with the lock. Raises IpvsadmError."""
    try:
        with state.folder(make=True) as inside:
            lock = state.open_private(inside, state.file_name("table", "lock"), os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise state.unwritable(error) from error
    try:
        _wait(lock, world, seconds, stopped)
        _sign(lock)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _wait(lock: int, world: World, seconds: float, stopped: Callable[[], int]) -> None:
    start = time.monotonic()
    told = False
    while not _taken(lock):
        waited = time.monotonic() - start
        if number := stopped():
            raise IpvsadmError(
                f"stopped by {name_of(number)} while it waited for {_holder(lock)}",
                hint="nothing was done",
                status=128 + number,
            )
        if waited >= seconds:
            raise IpvsadmError(
                f"the table is being changed by {_holder(lock)}: nothing was done",
                hint=f"waited {waited:.0f} s; `--wait-lock SECONDS` waits longer",
                status=BUSY,
            )
        if waited >= SILENT and not told:
            told = True
            world.tell(f"waiting for {_holder(lock)}, which is changing the table")
        time.sleep(min(SLICE, max(0.0, seconds - waited)))


def _taken(lock: int) -> bool:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(lock: int) -> None:
    """Write the holder into the lock file; if there is no room for it, others can't name the holder."""
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()} {' '.join(sys.argv[1:])}".encode("utf-8", "surrogateescape")[:HOLDER], 0)
    except OSError:
        pass


def _holder(lock: int) -> str:
    """The holder of the lock: its process and command."""
    number, _, words = os.pread(lock, HOLDER, 0).decode("utf-8", "replace").partition(" ")
    return f"process {printable(number)} (`{printable(words)}`)" if number else "another process"
