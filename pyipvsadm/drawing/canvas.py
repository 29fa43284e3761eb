"""The canvas of a drawing, and the signs that it can show."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = 80  # the width of a terminal that doesn't report one


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


def canvas(environ: Mapping[str, str], columns: int | None, ansi: bool) -> Canvas:
    """The canvas of an output whose width is `columns`, or unknown, in this environment."""
    return Canvas(
        columns=columns or _width(environ),
        ansi=ansi,
        colour=not environ.get("NO_COLOR"),
        unicode=_speaks_utf8(environ),
    )


def _width(environ: Mapping[str, str]) -> int:
    """The width in the variable COLUMNS, or a usual one."""
    said = environ.get("COLUMNS", "")
    return (int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 0) or COLUMNS


def _speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale allows more than ASCII. Python itself sets LC_CTYPE if no locale is set."""
    said = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(name))), "UTF-8")
    return "utf" in said.lower()
