"""The usage errors of the library that reads a verb's words, in our wording: one line, and how to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from ...errors import UsageError
from ...grammar.suggestions import did_you_mean
from ...help.command_lines import Parameter, Verb
from ...help.verb_help import verb_named
from ...model import printable
from ..right_line import NUMBERS, lacks
from .other_words import INSTEAD, MEANT_BY, NAMED, NAMING, SYNONYMS, WRITTEN_TO

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = tuple[str, str]  # what is wrong, and a hint or "", in which `{called}` stands for the verb's command line

LIBRARY_ERROR: type[Exception] = typer.BadParameter.__mro__[1]  # click's, bundled with typer or imported


def ours(error: Any, program: str, verb: str) -> UsageError:
    """The library's `error` in the words of `verb`, as our error."""
    words = verb_words(error.ctx) if error.ctx else [verb]
    message, hint = WORDED.get(type(error).__name__, _other)(error, words)
    called = " ".join([program, *words])
    hint = hint.format(called=called) if hint else f"`{called} --help` explains it"
    return UsageError(printable(message), hint, getattr(error, "exit_code", None))


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
    return lacks(name, verb or Verb())


def _bad_value(error: Any, words: list[str]) -> Told:
    own = error.param
    if own is None:
        return error.message, ""
    name = next((name for name in own.opts if name.startswith("--")), own.metavar or own.name.upper())
    limits = own if hasattr(own, "min") else getattr(own, "type", None)  # on typer's parameters, or click's types
    low, high = getattr(limits, "min", None), getattr(limits, "max", None)
    if low is not None and high is not None:
        return f"{name}: give a number from {_digits(low)} to {_digits(high)}", ""
    word = error.message.partition("`")[2].partition("`")[0]
    verb = verb_named(words)
    rows = (*verb.options, *verb.arguments) if verb else ()
    row = next((row for row in rows if row.field == own.name), Parameter())
    if row.kind in NUMBERS:
        return f"{name}: give a number", ""
    choices = row.choices
    if name == "--output" and (file := WRITTEN_TO.fullmatch(word)):
        form = file[2].replace("yml", "yaml")
        return f"{name}: `{word}` is a file, not a format", f"write `-o {form} > {word}`" if form in choices else ""
    return f"{name}: {error.message}".rstrip("."), did_you_mean(word, choices)


def _digits(number: float) -> str:
    return str(int(number) if number == int(number) else number)


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
    meant = next((found.expand(hint) for found, hint in told if found), "")
    return (f"`{extra}`: one argument too many", meant) if extra else (error.message, "")


WORDED: dict[str, Callable[[Any, list[str]], Told]] = {  # by the name of the library's error class
    "NoSuchOption": _unknown_option,
    "MissingParameter": _missing,
    "BadParameter": _bad_value,
    "BadOptionUsage": _bad_use,
}
