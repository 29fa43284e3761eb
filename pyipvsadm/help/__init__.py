"""The option table as help, a screen at a time."""

from __future__ import annotations

from .. import __version__
from ..grammar.options import NETNS, RULES, Option, Rule
from ..model import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .topics import Topic

COMPATIBLE = "ipvsadm v1.31-5"  # the newest of Debian's
WIDTH, HEIGHT = 79, 23  # of a screen of 80 columns and 24 lines: the shell's next prompt takes one


def version() -> str:
    """Our version, and the one that the classic grammar equals."""
    return f"pyipvsadm v{__version__} (compatible with {COMPATIBLE})\n"


def usage(program: str, word: str = "") -> str:
    """The screen about `word`, a topic or what stands in one; without it, or where it's none, about all."""
    from ..grammar.suggestions import did_you_mean
    from .topics import TOPICS, topic

    if found := topic(word):
        return _screen(program, found)
    names = [one.name for one in TOPICS]
    if not word:
        return _overview(program, names)
    shown = printable(word) if len(word) < 40 else f"{printable(word[:36])}..."
    near = did_you_mean(word, names)
    return f"There is no topic `{shown}`{near and f'; {near}'}\n{_overview(program, names)}"


def _overview(program: str, topics: Iterable[str]) -> str:
    """The commands, the verbs, and what there is more help about."""
    from .verb_table import VERBS

    lines = [
        version().rstrip(),
        f"Usage: {program} [{NETNS} NAME] COMMAND [OPTION...]   `-h TOPIC` explains more",
        *_explained((_head(rule), rule.help) for rule in RULES),
        *_wrapped(f"Topics: {' '.join(topics)}", 8),
        *_wrapped(f"Verbs (VERB --help): {' '.join(verb.name for verb in VERBS)}", 21),
    ]
    return "".join(f"{line}\n" for line in lines)


def _screen(program: str, topic: Topic) -> str:
    """What there is to say about `topic`."""
    lines = [topic.title, *_explained((_head(row), row.help) for row in topic.rows())]
    lines += _explained((f"  {word}", help) for word, help in (topic.words or {}).items())
    if topic.examples:
        lines += ["Examples:", *(f"  {program} {example}" for example in topic.examples)]
    if topic.see:
        lines += [f"See also: {', '.join(f'`-h {name}`' for name in topic.see)}"]
    return "".join(f"{line}\n" for line in lines)


def _head(row: Rule | Option) -> str:
    """The names of a command or an option, and its value."""
    shorts = ", ".join(f"-{letter}" for letter in row.short)
    value = ""
    if row.value:
        value = f"[={row.value.strip('[]')}]" if row.value.startswith("[") else f" {row.value}"
    if row.name == "set":
        value = " tcp tcpfin udp"
    return f"  {f'{shorts}, ' if shorts else ''}--{row.name}{value}"


def _explained(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each head, and in a column its explanation, on as many lines as it takes."""
    items = list(items)
    column = max((len(head) for head, _ in items), default=0) + 2
    for head, help in items:
        yield from _wrapped(f"{head:<{column}}{help}", column)


def _wrapped(text: str, indent: int) -> list[str]:
    """`text` on lines of WIDTH, all but the first indented."""
    lines = []
    while len(text) > WIDTH:
        at = text.rfind(" ", indent + 1, WIDTH + 1)
        at = at if at > 0 else WIDTH
        lines.append(text[:at].rstrip())
        text = " " * indent + text[at:].lstrip()
    return [*lines, text]
