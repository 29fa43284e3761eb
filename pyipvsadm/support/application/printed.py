"""What libraries print, as typer and rich do their help: gathered, and printed as all else is."""

from __future__ import annotations

import io
import os
import re
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TextIO

from ...model import printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...world import World

WIDTHS = {"COLUMNS": range(20, 1000), "TERMINAL_WIDTH": range(20, 1000)}  # what libraries may be told
STYLE = re.compile(r"(\x1b\[[0-9;]*m)")


class Printed(io.StringIO):
    """Takes text in place of `stream`, of which it tells what libraries ask."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return bool(self._stream and self._stream.isatty())

    def fileno(self) -> int:
        """The stream's. Raises OSError without one."""
        if self._stream is None:
            raise OSError("no stream")
        return self._stream.fileno()

    def text(self) -> str:
        """All of it, as far as the stream's encoding has signs for it, for what writes UTF-8 or bytes as they are.

        Words that it tells of may hold anything: of escape sequences, only styles are left.
        """
        text = "".join(part if STYLE.match(part) else printable_lines(part) for part in STYLE.split(self.getvalue()))
        return text.encode(self._encoding, "replace").decode("utf-8", "surrogateescape")


@contextmanager
def by_others(world: World) -> Iterator[None]:
    """Print through `world` what libraries print meanwhile, for widths that make sense. Raises OutputError."""
    for name, widths in WIDTHS.items():
        said = os.environ.get(name, "")
        if said and not (said.isascii() and said.isdigit() and len(said) < 5 and int(said) in widths):
            del os.environ[name]
    out, told = Printed(sys.stdout), Printed(sys.stderr)
    with redirect_stdout(out), redirect_stderr(told):
        yield
    world.draw(out.text())
    if told.getvalue():
        world.tell(told.text().rstrip("\n"), drawn=True)
