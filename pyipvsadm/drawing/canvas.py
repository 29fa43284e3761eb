"""The canvas of a drawing, and the signs that it can show."""

from __future__ import annotations

from ..record import Record


class Signs(Record):
    """The signs other than letters: a bar and its half, a line, a warning, and a separator between words."""

    __slots__ = ()
    bar: str = "━"
    half: str = "╸"
    line: str = "─"
    trouble: str = "✗"
    dot: str = "·"


ASCII = Signs(bar="#", half="", line="-", trouble="!", dot="-")


class Canvas(Record):
    """A terminal, or output in the same form: its width and its abilities.

    Without `ansi`, it gets no escape sequences; without `colour`, it may still get bold and dim letters.
    """

    __slots__ = ()
    columns: int = 80
    ansi: bool = True
    colour: bool = True
    unicode: bool = True

    @property
    def signs(self) -> Signs:
        """The signs to draw with."""
        return Signs() if self.unicode else ASCII

    @property
    def gap(self) -> int:
        """The number of blanks between two columns."""
        return 2 if self.columns < 120 else 4
