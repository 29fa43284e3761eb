"""Expands `~SEQ` and `~LST`: keepalived reads such a line once for each value of its variables."""

from __future__ import annotations

import re

from ...record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = re.compile(r"~(SEQx?|LST)\s*\(([^)]*)\)\s*(.*)", re.DOTALL)
NUMBER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)?")
ITEM = re.compile(r"\s*(?:\{([^{}]*)\}|([^\s,{}\"]*))\s*(,|$)")
NAME = re.compile(r"\w+")
DIGITS = 12  # a number with more digits is invalid


class Loop(Record):
    """A loop: its variables, a row of their values for each turn, and the line that is read in each turn."""

    __slots__ = ()
    names: tuple[str, ...] = ()
    turns: range | tuple[tuple[str, ...], ...] = ()
    spelling: str = "d"
    line: str = ""

    def values(self) -> Iterator[dict[str, str]]:
        """The values of the variables by name, for each turn."""
        for turn in self.turns:
            row = (format(turn, self.spelling),) if isinstance(turn, int) else turn
            yield dict(zip(self.names, row, strict=True))


def loop(text: str) -> Loop | None:
    """The loop in the line `text`; None if keepalived doesn't accept it, and leaves out the line."""
    found = HEAD.match(text)
    if not found:
        return None
    kind, inside, line = found.groups()
    if kind == "LST":
        return _list(inside, line)
    name, *words = re.split(r"\s*,\s*|\s+", inside.strip())
    numbers = [_number(word) for word in words]
    if not NAME.fullmatch(name) or None in numbers or len(numbers) not in (1, 2, 3):
        return None
    turns = _range([number or 0 for number in numbers])
    spelling = "x" if kind == "SEQx" else "d"
    return Loop(names=(name,), turns=turns, spelling=spelling, line=line) if turns else None


def _range(numbers: list[int]) -> range | None:
    """The range that `numbers` describe, as end, start and end, or start, step and end; None if it is invalid.

    It includes its end.
    """
    end = numbers[-1]
    start = numbers[0] if numbers[1:] else (-1 if end < 0 else 1)
    step = numbers[1] if numbers[2:] else (1 if end >= start else -1)
    if not step or (end - start) * step < 0:
        return None
    return range(start, end + (1 if step > 0 else -1), step)


def _number(word: str) -> int | None:
    """The number in `word`, written as in C: decimal, octal or hexadecimal; 0 if it is empty, None if it is invalid."""
    found = NUMBER.fullmatch(word)
    if not found or len(word) > DIGITS:
        return None
    digits = found[2] or "0"
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits.startswith("0") else 10
    return int(digits, base) * (-1 if found[1] == "-" else 1)


def _list(inside: str, line: str) -> Loop | None:
    """A loop over a list of values, or of groups of values in braces; None if it is invalid."""
    rows: list[tuple[str, ...]] = []
    at, more = 0, True
    while more:
        found = ITEM.match(inside, at)
        if not found:
            return None
        group = found[1]
        rows.append((found[2],) if group is None else tuple(word.strip() for word in group.split(",")))
        at, more = found.end(), found[3] == ","
    names, *values = rows
    if not values or not all(map(NAME.fullmatch, names)) or any(len(row) > len(names) for row in values):
        return None
    if any(re.search(r"\s", word) for row in values for word in row):
        return None
    filled = tuple(row + ("",) * (len(names) - len(row)) for row in values)
    return Loop(names=names, turns=filled, line=line)
