"""The usage errors of the library that reads a verb's words, in our wording: one line, and how to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ...grammar.suggestions import did_you_mean
from ...help.verb_help import verb_named
from ..right_line.refusals import lacks, refusal, wrong_value
from .other_words import INSTEAD, MEANT_BY, NAMED, NAMING, SYNONYMS, of_both, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...errors import UsageError
    from ..right_line.refusals import Told

LIBRARY_ERROR: type[Exception] = typer.BadParameter.__mro__[1]  # click's, bundled with typer or imported


def ours(error: Any, program: str, verb: str, line: Sequence[str] = ()) -> UsageError:
    """The library's `error` about `line`, the words behind `verb`, in our words."""
    words = verb_words(error.ctx) if error.ctx else [verb]
    message, hint = WORDED.get(type(error).__name__, _other)(error, words)
    told = message, renamed(verb, line) if hint == NAMED else hint
    return refusal(told, " ".join([program, *words]), getattr(error, "exit_code", None))


def verb_words(context: Any) -> list[str]:
    """The words that name the verb of `context`, without the program's name."""
    words: list[str] = []
    while context.parent:
        words.insert(0, context.info_name)
        context = context.parent
    return words


def _unknown_option(error: Any, words: list[str]) -> Told:
    known = [name for own in error.ctx.command.params for name in own.opts if name.startswith("--")]
    word = error.option_name.lstrip("-")
    verb = verb_named(words)
    chosen = [own.names[0] for own in (verb.options if verb else ()) if word in own.choices]
    if instead := INSTEAD.get((" ".join(words), error.option_name)):
        near = instead
    elif chosen:
        near = f"write `{'--output' if '--output' in chosen else chosen[0]} {word}`"
    elif error.option_name in NAMING:
        near = NAMED
    else:
        near = did_you_mean(word, [name[2:] for name in known], form="--{}")
    return f"{error.option_name}: unknown option", near


def _missing(error: Any, words: list[str]) -> Told:
    verb, name = verb_named(words), error.param.metavar or error.param.name.upper()
    return lacks(name, verb.arguments if verb else ())


def _bad_value(error: Any, words: list[str]) -> Told:
    own = error.param
    if own is None:
        return error.message, ""
    verb = verb_named(words)
    row = next((row for row in (*verb.options, *verb.arguments) if row.field == own.name), None) if verb else None
    return wrong_value(row, error.message) if row else (f"{own.opts[0]}: {error.message}".rstrip("."), "")


def _bad_use(error: Any, words: list[str]) -> Told:
    verb, name = verb_named(words), error.option_name
    if "requires" not in error.message:
        return f"{name}: option does not take an argument", f"`{{called}} --help` explains it; write `{name}` alone"
    value = next((row.value for row in (verb.options if verb else ()) if name in row.names), "")
    return f"{name}: missing argument", f"`{{called}} --help` explains it; write `{name} {value}`" if value else ""


def _other(error: Any, words: list[str]) -> Told:
    """An extra argument, or an unknown verb of a group."""
    commands = getattr(error.ctx.command, "commands", {}) if error.ctx else {}
    if commands:
        word = error.message.partition("'")[2].partition("'")[0]
        there = f"there are {', '.join(f'`{name}`' for name in commands)}"
        message = f"`{' '.join(words)} {word}`: unknown verb" if word else f"`{' '.join(words)}` takes a verb"
        return message, did_you_mean(SYNONYMS.get(word, word), commands, there)
    extra = error.message.partition(" (")[2].rpartition(")")[0]
    told = ((pattern.fullmatch(extra), hint) for verbs, pattern, hint in MEANT_BY if words[0] in verbs)
    first = str(error.ctx.params.get("server", "")) if error.ctx else ""
    meant = of_both(words[0], first, extra) or next((found.expand(hint) for found, hint in told if found), "")
    return (f"`{extra}`: one argument too many", meant) if extra else (error.message, "")


WORDED: dict[str, Callable[[Any, list[str]], Told]] = {  # by the name of the library's error class
    "NoSuchOption": _unknown_option,
    "MissingParameter": _missing,
    "BadParameter": _bad_value,
    "BadOptionUsage": _bad_use,
}
