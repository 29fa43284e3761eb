"""Reads a verb's line by the verbs' table, and calls it without typer, which loads longer than most verbs run.

A line with a wrong value, or without a needed one, is refused in the same way. If a line holds anything that isn't
plain, such as a wrong word, typer reads the whole line.
"""

from __future__ import annotations

from ...grammar.options import NETNS
from ...help.command_lines import Parameter, Verb
from ...help.verb_table import VERBS
from ...record import Record
from ..verb import function_of
from .quantities import READERS
from .refusals import NUMBERS, lacks, not_one_of, refusal, wrong_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ...errors import UsageError
    from ...world import World
    from .refusals import Told

DIGITS = 10  # of a number; typer reads longer ones
NAMESPACE = Parameter(names=(NETNS,), value="NAME", field="")  # for every verb without its own
NOT_FREE = ("--", "--help", "-h")  # words that are never arguments


class UnsureError(Exception):
    """Only typer can read the line."""


class RefusedError(UnsureError):
    """Typer would refuse the line, and say what is `told`."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told = told


class Call(Record):
    """A call of a verb's function, or of a group's: the given fields, and the network namespace."""

    __slots__ = ()
    names: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}
    netns: str = ""

    def run(self, world: World) -> int:
        """Make the call, and return its exit status. Raises IpvsadmError."""
        if self.netns:
            world.enter(self.netns)
        function = function_of(self.names[0])
        for name in self.names[1:]:
            function = next(one for one in function.verb.verbs if one.__name__ == name)  # type: ignore[attr-defined]
        code = function.__code__
        taken = code.co_varnames[: code.co_argcount]
        values = {name: value for name, value in self.values.items() if name in taken}
        if "asked" in taken:
            from ..document_input.document_options import asked

            values["asked"] = asked(**{name: value for name, value in self.values.items() if name not in taken})
        return function(world, **values)


def call_of(words: Sequence[str]) -> Call | None:
    """The call that `words`, which begin with a verb, ask for; None if typer must read them. Raises UsageError."""
    try:
        names, row, rest = _parted(words)
        values = _values(row, rest)
    except UnsureError:
        return None
    return Call(names=tuple(names), netns=values.pop("", ""), values=values)


def refused(words: Sequence[str], program: str) -> UsageError | None:
    """The error of `words`, which begin with a verb, if a value is wrong or missing; None if typer must read them."""
    try:
        names, row, rest = _parted(words)
        _values(row, rest)
    except RefusedError as error:
        status = function_of(names[0]).verb.usage_status  # type: ignore[attr-defined]
        return refusal(error.told, " ".join([program, *names]), status)
    except UnsureError:
        pass
    return None


def _parted(words: Sequence[str]) -> tuple[list[str], Verb, list[str]]:
    """The names of the verb in `words`, its row, and the other words. Raises UnsureError, and UsageError."""
    row = _named(VERBS, words[0])
    names, rest = [row.name], whole(words)[1:]
    while row.verbs:
        if not rest:
            raise UnsureError
        row = _named(row.verbs, rest.pop(0))
        names.append(row.name)
    return names, row, rest


def whole(words: Sequence[str]) -> list[str]:
    """`words` with a group's default verb inserted if it is missing. Raises UsageError."""
    default = _named(VERBS, words[0]).default
    if default:
        from ...namespaces import parted

        _, rest = parted(words[1:])
        if not rest or (rest[0].startswith("-") and rest[0] not in ("--help", "-h")):
            return [words[0], default, *words[1:]]
    return list(words)


def _named(verbs: Sequence[Verb], name: str) -> Verb:
    for row in verbs:
        if row.name == name:
            return row
    raise UnsureError


def _values(row: Verb, words: Sequence[str]) -> dict[str, Any]:
    """The values in `words`, by field; the network namespace has the field "". Raises UnsureError.

    Typer reads the options in the order of the line, then the arguments, and refuses the first that is wrong; but it
    enters a network namespace first.
    """
    if row.passes or "" in words:
        raise UnsureError
    options = {name: own for own in row.options if own.field for name in own.names}
    options.setdefault(NETNS, NAMESPACE)
    values: dict[str, Any] = {}
    free = []
    wrong: list[Told] = []
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        own = options.get(name)
        if own is not None:
            if own.field in values and not own.many:
                raise UnsureError
            read = _value(own, next(left, "") if own.value and not equals else value, bool(equals), wrong)
            values[own.field] = [*values.get(own.field, ()), read] if own.many else read
        elif word == "-" or not word.startswith("-") or (row.lenient and word not in NOT_FREE):
            free.append(word)
        else:
            raise UnsureError
    values |= _arguments(row.arguments, free, wrong)
    if wrong:
        raise UnsureError if NAMESPACE.field in values else RefusedError(wrong[0])
    return values


def _arguments(rows: Sequence[Parameter], words: list[str], wrong: list[Told]) -> dict[str, Any]:
    """The values in `words`: each row takes one word, or all that are left. Adds to `wrong`. Raises UnsureError."""
    values: dict[str, Any] = {}
    for own in rows:
        taken, words = (words, []) if own.many else (words[:1], words[1:])
        if own.needed and not taken:
            if own.choices:
                raise UnsureError
            wrong.append(lacks(own.value, rows))
        if taken:
            read = [_value(own, word, False, wrong) if own.choices else word for word in taken]
            values[own.field] = read if own.many else read[0]
    if words:
        raise UnsureError
    return values


def _value(own: Parameter, text: str, equals: bool, wrong: list[Told]) -> Any:
    """The value of `own` in `text`, which follows an equals sign if `equals`. Adds to `wrong`. Raises UnsureError."""
    if not own.kind or (not own.value and equals):
        raise UnsureError
    if not own.value:
        return True
    if not text or (text.startswith("-") and text != "-"):
        raise UnsureError
    try:
        return _read(own, text)
    except ValueError as error:
        wrong.append(wrong_value(own, str(error)))
        return None


def _read(own: Parameter, text: str) -> Any:
    """The value of `own` in `text`. Raises ValueError if it is wrong for sure, and UnsureError."""
    if own.kind in READERS:
        return READERS[own.kind](text)
    if own.kind in NUMBERS:
        return _number(own, text)
    if own.choices and text not in own.choices:
        if text.lower() in own.choices:
            raise UnsureError
        raise ValueError(not_one_of(text, own.choices))
    return text


def _number(own: Parameter, text: str) -> float:
    if not own.most:
        raise UnsureError
    if text.isascii() and text.isdigit() and len(text) < DIGITS:
        if own.least <= int(text) <= own.most:
            number: float = NUMBERS[own.kind](text)
            return number
        raise ValueError
    float(text)
    raise UnsureError
