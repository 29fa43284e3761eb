"""Options that take one of a few words: `Literal`, which typer reads by itself from 0.19 on alone."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer

if TYPE_CHECKING:
    from collections.abc import Callable


def choice(hint: Any) -> Any:
    """The annotation `hint` of a parameter, with a reader of the words if a Literal is what it takes."""
    words = _words(hint)
    if not words or get_origin(hint) is not Annotated:
        return hint
    wanted, info = get_args(hint)[:2]
    info = copy.copy(info)
    info.parser, info.metavar = _reader(words), info.metavar or f"[{'|'.join(words)}]"
    return Annotated[wanted, info]


def _words(hint: Any) -> tuple[str, ...]:
    """The words that `hint` allows; none if it isn't about words."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    inner = get_args(hint)[:1] if get_origin(hint) is Annotated else get_args(hint)
    return tuple(word for each in inner for word in _words(each))


def _reader(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(map(repr, words))}.")
        return text

    return read
