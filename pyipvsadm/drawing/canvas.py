"""What is drawn on, and the signs that it can show."""

from __future__ import annotations

from ..record import Record


class Signs(Record):
    """The signs beyond letters: those of a bar and its half, of a line, of trouble, and between words."""

    __slots__ = ()
    bar: str = "━"
    half: str = "╸"
    line: str = "─"
    trouble: str = "✗"
    dot: str = "·"


ASCII = Signs(bar="#", half="", line="-", trouble="!", dot="-")


class Canvas(Record):
    """A terminal, or what is to look like one: its width, and what it understands.

    Without `ansi` there are no escape sequences at all; without `colour` there may be bold and dim letters.
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
        """How many blanks part two columns."""
        return 2 if self.columns < 120 else 4
