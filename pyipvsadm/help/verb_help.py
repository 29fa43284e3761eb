"""The help of a verb, from the table of verbs: plain text for a screen of 80 columns."""

from __future__ import annotations

from ..grammar.options import NETNS
from .command_lines import Parameter, Verb
from .verb_table import VERBS
from .wrapped_lines import explained, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

COLUMN = 24  # where explanations begin at most; after a longer head, they get lines of their own
HELP = Parameter(names=("--help", "-h"), help="Show this help.")
INSIDE = Parameter(
    names=(NETNS,), value="NAME|PID|PATH", help="Act on this network namespace. May also come before the verb."
)


def verb_named(words: Sequence[str]) -> Verb | None:
    """The verb that `words` name; two words name a verb of a group."""
    found: Verb | None = None
    among = VERBS
    for word in words:
        found = next((verb for verb in among if verb.name == word), None)
        if found is None:
            return None
        among = found.verbs
    return found


def verb_help(program: str, words: Sequence[str]) -> str:
    """The help of the verb that `words` name; empty if there is none."""
    verb = verb_named(words)
    if verb is None:
        return ""
    lines = wrapped(f"Usage: {program} {usage_line(words, verb)}", 4)
    for paragraph in verb.help.strip().split("\n\n"):
        lines += [*([] if paragraph.startswith("- ") and lines[-1].startswith("  ") else [""]), *_paragraph(paragraph)]
    lines += ["", *_titled("Arguments:", ((each.value, _told(each)) for each in verb.arguments if each.help))]
    lines += _titled("Verbs:", ((each.name, each.help.partition("\n\n")[0]) for each in verb.verbs))
    lines += _titled("Options:", ((_names(each), _told(each)) for each in _options(verb)))
    return "".join(f"{line}\n" for line in lines)


def usage_line(words: Sequence[str], verb: Verb) -> str:
    """How `verb`, which `words` name, is called."""
    if verb.verbs:
        return f"{' '.join(words)} {'|'.join(each.name for each in verb.verbs)}"
    return " ".join([*words, "[OPTION...]", *map(argument, verb.arguments)])


def argument(of: Parameter) -> str:
    """An argument, as a usage line shows it."""
    more = "..." if of.many and "..." not in of.value else ""
    return f"{of.value}{more}" if of.needed or "[" in of.value else f"[{of.value}{more}]"


def _options(verb: Verb) -> Iterator[Parameter]:
    yield from verb.options
    if not verb.passes and not any(NETNS in each.names for each in verb.options):
        yield INSIDE
    yield HELP


def _names(of: Parameter) -> str:
    """The names of an option and its value: short names first."""
    names = sorted(of.names, key=lambda name: name.startswith("--"))
    return ", ".join((*names, *of.others)) + (f" {of.value}" if of.value else "")


def _told(of: Parameter) -> str:
    default = f" [{of.default}]" if of.default else ""
    return f"{of.help}{default}"


def _paragraph(markdown: str) -> list[str]:
    text = " ".join(markdown.split()).replace("**", "")
    return wrapped(f"  {text}", 4) if text.startswith("- ") else wrapped(text, 0)


def _titled(title: str, items: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = [(f"  {head}", " ".join(help.split()).replace("**", "")) for head, help in items]
    if rows:
        yield title
        yield from explained(rows, COLUMN)
