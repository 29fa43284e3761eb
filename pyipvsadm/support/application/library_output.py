"""Collects what libraries print, such as the help by typer and rich, and prints it like all other output."""

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

WIDTHS = {"COLUMNS": range(20, 1000), "TERMINAL_WIDTH": range(20, 1000)}  # the widths that libraries may get
STYLE = re.compile(r"(\x1b\[[0-9;]*m)")


class Printed(io.StringIO):
    """Collects text in place of `stream`, and answers libraries' questions about it."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The stream's encoding."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return bool(self._stream and self._stream.isatty())

    def fileno(self) -> int:
        """The stream's descriptor. Raises OSError if it has none."""
        if self._stream is None:
            raise OSError("no stream")
        return self._stream.fileno()

    def text(self) -> str:
        """The collected text, limited to the characters of the stream's encoding, for writing as UTF-8 or raw bytes.

        Quoted words may hold anything: of escape sequences, only styles are kept.
        """
        text = "".join(part if STYLE.match(part) else printable_lines(part) for part in STYLE.split(self.getvalue()))
        return text.encode(self._encoding, "replace").decode("utf-8", "surrogateescape")


@contextmanager
def by_others(world: World) -> Iterator[None]:
    """Print through `world` what libraries print meanwhile, with sensible widths. Raises OutputError."""
    for name, widths in WIDTHS.items():
        said = os.environ.get(name, "")
        if said and not (said.isascii() and said.isdigit() and len(said) < 5 and int(said) in widths):
            del os.environ[name]
    out, told = Printed(sys.stdout), Printed(sys.stderr)
    with redirect_stdout(out), redirect_stderr(told):
        yield
    with world.paged():
        world.draw(out.text())
    if told.getvalue():
        world.tell(told.text().rstrip("\n"), drawn=True)
