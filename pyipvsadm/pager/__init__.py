"""Sends output that doesn't fit on the terminal through a pager, as git does."""

from __future__ import annotations

import os
from _signal import SIGINT, signal

from .pager_command import command_of, environment_for, keeps_heads, rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen
    from typing import Any, Self

    from ..world import World

SIGNALLED = 128  # a shell's exit statuses above it stand for signals


class QuitError(Exception):
    """The user left the pager and doesn't want to see the rest."""


class Pages:
    """Output of `world` that may need a pager, within a `with` block. The first `heads` lines stay on the screen."""

    def __init__(self, world: World, stdout: int) -> None:
        self._world, self._stdout = world, stdout
        self.heads = 0
        self._command = command_of(os.environ)
        self._data: list[bytes] = []  # what the terminal gets if the pager can't be run
        self._size = 0
        self._process: Popen[bytes] | None = None
        self._interrupted = False
        self._handler: Any = None
        self._late: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        if self._command:
            self._world.flush()
            self._world.pages = self
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        if self._world.pages is not self:
            return False
        quits = isinstance(error, QuitError)
        try:
            if not quits:
                self._world.flush()
        except QuitError:
            quits = True
        finally:
            self._world.pages = None
        if self._process:
            self._end()
        elif not quits:
            self._print()
        for message, hint in self._late:
            self._world.tell(message, hint)
        return quits

    def write(self, data: bytes) -> None:
        """Take more of the output. Raises QuitError if the user has left the pager."""
        self._data.append(data)
        self._size += len(data)
        if self._process:
            self._feed(data)
        elif self._command and not self._fits():
            self._start()
            self._feed(b"".join(self._data))
        elif not self._command:
            self._print()

    def later(self, message: str, hint: str) -> bool:
        """Whether a message has to wait for the end of the pager, and then is told."""
        if self._process:
            self._late.append((message, hint))
        return self._process is not None

    def _fits(self) -> bool:
        try:
            columns, lines = os.get_terminal_size(self._stdout)
        except OSError:
            return True
        return not columns or not lines or rows(b"".join(self._data), columns) < lines

    def _start(self) -> None:
        from subprocess import PIPE, Popen

        self._handler = signal(SIGINT, self._note)  # the terminal sends it to the pager, too, which goes on
        environment = environment_for(os.environ, self._kept_heads())
        self._process = Popen(self._command, shell=True, stdin=PIPE, stdout=self._stdout, env=environment)

    def _kept_heads(self) -> int:
        """How many head lines the pager is to keep: none where it can't, or would cut other lines that are too long."""
        columns, lines = os.get_terminal_size(self._stdout)
        data = b"".join(self._data)
        whole = rows(data, columns) == data.count(b"\n")
        return self.heads if self.heads and whole and self.heads * 3 <= lines and keeps_heads(self._command) else 0

    def _note(self, *_: object) -> None:
        self._interrupted = True

    def _feed(self, data: bytes) -> None:
        assert self._process
        assert self._process.stdin
        try:
            while data:
                data = data[os.write(self._process.stdin.fileno(), data) :]
        except BrokenPipeError:
            self._end()
            if self._command:
                raise QuitError from None

    def _end(self) -> None:
        """Wait until the pager ends; print everything if it failed."""
        process, self._process = self._process, None
        assert process
        assert process.stdin
        process.stdin.close()
        status = process.wait()
        signal(SIGINT, self._handler)
        if 0 < status < SIGNALLED and not self._interrupted:
            self._command = ""
            self._print()

    def _print(self) -> None:
        data, self._data = b"".join(self._data), []
        self._world.put(data)
