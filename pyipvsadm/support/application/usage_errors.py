"""The usage errors of the library that reads a verb's words, in our wording: one line, and how to go on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import typer

from ...errors import UsageError
from ...grammar.suggestions import did_you_mean
from ...help.verb_help import argument, verb_named
from ...model import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = tuple[str, str]  # what is wrong, and a hint or "", in which `{called}` stands for the verb's command line

NAMING = ("-t", "-u", "-f", "-r")  # options of ipvsadm that name a service or a server
SYNONYMS = {  # words of other tools for a verb of a group
    **dict.fromkeys(("remove", "delete", "del", "unbind"), "rm"),
    **dict.fromkeys(("list", "show"), "ls"),
    **dict.fromkeys(("bind", "create"), "add"),
}
DEADLINE = "`--deadline` says how long to wait, such as `--deadline 10m`"
MEANT_BY = (  # a verb, what an extra argument looks like that is meant otherwise, and the hint on how
    ("drain", re.compile(r"[0-9]+[a-z]*"), DEADLINE),
    ("drain", re.compile(r"[0-9.:\[\]a-f ]*[.:].*"), "`drain` takes one server at a time"),
    ("netns", re.compile(r"list|ls|show|all"), "without a name, all namespaces are listed"),
    ("netns", re.compile(r"([\w./-]+)"), r"to act on a namespace, name it before a command: `--netns \1 -Ln`"),
)
FILE = "the file is named without an option: `{called} FILE`"
INSTEAD = {  # (verb, option of other tools): how to get the same here
    **dict.fromkeys(((verb, "-f") for verb in ("check", "diff", "apply", "convert")), FILE),
    **dict.fromkeys(((verb, "--file") for verb in ("check", "diff", "apply", "convert")), FILE),
    **dict.fromkeys(((verb, "--format") for verb in ("check", "diff", "apply")), "`--from` names the file's format"),
    **dict.fromkeys((("apply", word) for word in ("-n", "--check", "--test")), "`--dry-run` shows what would change"),
    **dict.fromkeys((("convert", word) for word in ("--to", "--format")), "`-o FORMAT` says what to write"),
    **dict.fromkeys((("drain", word) for word in ("--timeout", "--time")), DEADLINE),
    ("drain", "--weight"): "a drained server has weight 0; `set SERVICE SERVER --weight N` sets another one",
    **dict.fromkeys((("show", word) for word in ("--watch", "-w", "--live")), "`top` shows the table live"),
    **dict.fromkeys((("show", word) for word in ("-n", "--numeric")), "verbs always print numbers: leave it out"),
    **dict.fromkeys((("top", word) for word in ("-d", "-i", "--delay")), "`--interval` sets the seconds of a sample"),
    **dict.fromkeys((("top", word) for word in ("-n", "-b", "--batch")), "`--once` prints one sample"),
    ("top", "--sort"): "the keys `<` and `>` choose the column to sort by",
}
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
    chosen = next((own for own in (verb.options if verb else ()) if word in own.choices), None)
    if chosen:
        near = f"write `{chosen.names[0]} {word}`"
    elif instead := INSTEAD.get((" ".join(words), error.option_name)):
        near = instead
    elif error.option_name in NAMING:
        near = "verbs take names alone: 192.168.2.10:80/tcp is a service, and so is fwmark:7; 10.2.0.2:8080 is a server"
    else:
        near = did_you_mean(word, [name[2:] for name in known], form="--{}")
    return f"{error.option_name}: unknown option", near


def _missing(error: Any, words: list[str]) -> Told:
    verb = verb_named(words)
    name = error.param.metavar or error.param.name.upper()
    return (
        f"{name.strip('{}')} is missing",
        f"write `{{called}} {' '.join(map(argument, verb.arguments))}`" if verb else "",
    )


def _bad_value(error: Any, words: list[str]) -> Told:
    own = error.param
    if own is None:
        return error.message, ""
    name = next((name for name in own.opts if name.startswith("--")), own.metavar or own.name.upper())
    limits = own if hasattr(own, "min") else getattr(own, "type", None)  # on typer's parameters, or click's types
    low, high = getattr(limits, "min", None), getattr(limits, "max", None)
    if low is not None and high is not None:
        return f"{name}: give a number from {low:g} to {high:g}", ""
    word = error.message.partition("`")[2].partition("`")[0]
    verb = verb_named(words)
    rows = (*verb.options, *verb.arguments) if verb else ()
    choices = next((row.choices for row in rows if row.field == own.name), ())
    return f"{name}: {error.message}".rstrip("."), did_you_mean(word, choices)


def _bad_use(error: Any, words: list[str]) -> Told:
    how = "missing argument" if "requires" in error.message else "option does not take an argument"
    return f"{error.option_name}: {how}", ""


def _other(error: Any, words: list[str]) -> Told:
    """An extra argument, or an unknown verb of a group."""
    commands = getattr(error.ctx.command, "commands", {}) if error.ctx else {}
    if commands:
        word = error.message.partition("'")[2].partition("'")[0]
        there = f"there are {', '.join(f'`{name}`' for name in commands)}"
        message = f"`{' '.join(words)} {word}`: unknown verb" if word else f"`{' '.join(words)}` takes a verb"
        return message, did_you_mean(SYNONYMS.get(word, word), commands, there)
    extra = error.message.partition(" (")[2].rpartition(")")[0]
    told = ((pattern.fullmatch(extra), hint) for verb, pattern, hint in MEANT_BY if verb == words[0])
    meant = next((found.expand(hint) for found, hint in told if found), "")
    return (f"`{extra}`: one argument too many", meant) if extra else (error.message, "")


WORDED: dict[str, Callable[[Any, list[str]], Told]] = {  # by the name of the library's error class
    "NoSuchOption": _unknown_option,
    "MissingParameter": _missing,
    "BadParameter": _bad_value,
    "BadOptionUsage": _bad_use,
}
