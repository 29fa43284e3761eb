"""What is said of a value that is wrong or missing, whoever reads the line."""

from __future__ import annotations

from ...errors import UsageError
from ...help.verb_help import argument
from ...model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...help.command_lines import Parameter

    Told = tuple[str, str]  # what is wrong, and a hint or "", in which `{called}` stands for the verb's command line

NUMBERS = {"int": int, "float": float}
WRITTEN = {"json": "json", "yaml": "yaml", "yml": "yaml", "rules": "rules"}  # extensions, and their formats


def refusal(told: Told, called: str, status: int | None) -> UsageError:
    """The error that says what is `told` of the command line `called`."""
    message, hint = map(printable, told)
    return UsageError(message, (hint or "`{called} --help` explains it").replace("{called}", called), status)


def lacks(name: str, arguments: Sequence[Parameter]) -> Told:
    """The argument `name` is missing; the verb takes `arguments`."""
    return f"{name.strip('{}')} is missing", f"write `{{called}} {' '.join(map(argument, arguments))}`"


def not_one_of(text: str, words: Iterable[str]) -> str:
    """Why `text` isn't a choice."""
    return f"`{text}` is not one of {', '.join(words)}"


def wrong_value(own: Parameter, why: str) -> Told:
    """The value of `own` is wrong; `why` says so of one that isn't a number."""
    name = next((name for name in own.names if name.startswith("--")), own.field.upper())
    if own.kind in NUMBERS:
        limits = f" from {own.least:g} to {own.most:.10g}" if own.most else ""
        return f"{name}: give a number{limits}", ""
    word = why.partition("`")[2].partition("`")[0]
    stem, _, extension = word.rpartition(".")
    if name == "--output" and stem and not any(map(str.isspace, stem)) and (form := WRITTEN.get(extension)):
        hint = f"write `-o {form} > {word}`" if form in own.choices else ""
        return f"{name}: `{word}` is a file, not a format", hint
    return f"{name}: {why}".rstrip("."), _near(word, own.choices) if own.choices else ""


def _near(word: str, choices: Sequence[str]) -> str:
    from ...grammar.suggestions import did_you_mean

    return did_you_mean(word, choices)
