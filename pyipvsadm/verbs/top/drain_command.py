"""Drains and undrains a server from the view, without waiting for anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...errors import IpvsadmError
from ...world import World
from .. import undrain
from ..drain import course

if TYPE_CHECKING:
    from .keys import Change


def carry_out(change: Change, world: World) -> str:
    """Carry out `change`, and return the result as a line.

    It doesn't wait for the lock, so that the view goes on. Raises IpvsadmError if a signal ends it.
    """
    with _Written() as out, _Written() as err:
        inner = World(world.program, -1, out.file, err.file, kernel=world.kernel)
        inner.netns = world.netns
        try:
            if change.verb == "drain":
                course.run(inner, course.Wishes(server=change.server, services=(change.service,), wait_lock=0))
            else:
                undrain.run(inner, change.server, [change.service], 0, None, 0)
            inner.flush()
        except IpvsadmError as error:
            if error.status > SIGNALLED:
                raise
            return f"{change.verb}: {error}".partition("\n")[0]
        return ", ".join([*out.lines(), *err.lines()])


SIGNALLED = 128  # exit statuses above it stand for signals


class _Written:
    """A file in memory that replaces a stream."""

    def __enter__(self) -> _Written:
        self.file = os.memfd_create("written")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.file)

    def lines(self) -> list[str]:
        """The lines that were written."""
        size = os.fstat(self.file).st_size
        return os.pread(self.file, size, 0).decode("utf-8", "replace").splitlines()
