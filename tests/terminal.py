"""What a person sees: a command line run with its streams on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from threading import Thread
from typing import NamedTuple

from pyipvsadm import cli
from pyipvsadm.kernel import Kernel

from .fakes import NAMES, quiet
from .netlink import FAMILY, CannedSocket

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
OURS = ("NO_COLOR", "TERM", "COLUMNS", "FORCE_COLOR", "PAGER", "PYIPVSADM_STYLE", "LC_ALL", "LC_CTYPE", "LANG")


class Seen(NamedTuple):
    """The status, and what came to the terminal from both streams, with its escape sequences."""

    status: int
    raw: str

    @property
    def text(self) -> str:
        """What can be read of it."""
        return ANSI.sub("", self.raw)


@contextmanager
def environment(**wanted: str) -> Iterator[None]:
    """An environment in which of all that matters to a drawing only this is set."""
    before = {name: os.environ.pop(name, None) for name in OURS}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, list[bytes]]]:
    """A terminal so wide, and a list that holds what came to it once it's closed."""
    ours, theirs = pty.openpty()
    came: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(ours, 1 << 16):
                came.append(data)
        except OSError:
            pass  # nobody has the other end open any more

    reader = Thread(target=read)
    reader.start()
    try:
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        yield theirs, came
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)


def seen(words, play=quiet, columns: int = 80, stdin: int = 0, names=NAMES, program="pyipvsadm", **variables) -> Seen:
    """Run a command line at a terminal so wide, with these environment variables."""
    usual = {"TERM": "xterm", "LANG": "C.UTF-8", "PAGER": "cat"}
    with environment(**{**usual, **variables}), terminal(columns) as (tty, came):
        world = cli.World(program, stdin, tty, tty, kernel=Kernel(CannedSocket(play), FAMILY), names=names)
        status = cli.main([program, *words], world)
    return Seen(status, b"".join(came).decode().replace("\r\n", "\n"))
