"""A verb's command line as data: the source of its help, manual and completions.

`verb_table.py` holds the command lines of all verbs. `make generated` writes it from the typer application,
which loads too slowly for completion.
"""

from __future__ import annotations

from ..record import Record


class Parameter(Record):
    """An argument of a verb, or an option, which has `names`.

    `others` are the names that turn it off; `value` is what it takes, one of `choices` if there
    are any, and empty for a switch. One that is `many` may come again. `default` is what holds without it.

    `field` is what the verb's function calls it, empty where the verb reads it by itself. What it takes is a text, a
    number of its `kind`, from `least` to `most`, or what the reader named `kind` takes, of `quantities`; one without a
    kind is read by typer alone.
    """

    __slots__ = ()
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    value: str = ""
    choices: tuple[str, ...] = ()
    many: bool = False
    needed: bool = False
    default: str = ""
    field: str = ""
    kind: str = "text"
    least: float = 0
    most: float = 0
    help: str = ""


class Verb(Record):
    """A verb, or a group of `verbs`, of which `default` may be left out.

    What comes after the first argument of one that `passes` is not its own. One that is `lenient` takes options that
    are not its own for arguments.
    """

    __slots__ = ()
    name: str = ""
    help: str = ""
    options: tuple[Parameter, ...] = ()
    arguments: tuple[Parameter, ...] = ()
    passes: bool = False
    lenient: bool = False
    verbs: tuple[Verb, ...] = ()
    default: str = ""


def plain(text: str) -> str:
    """The first paragraph of `text`, which is Markdown, on a line and without its signs."""
    return " ".join(text.strip().partition("\n\n")[0].split()).replace("**", "").replace("`", "")


def first_sentence(text: str) -> str:
    """The first sentence of `text`, on a line and without its full stop, as shells show it beside a word."""
    return plain(text).partition(". ")[0].removesuffix(".")
