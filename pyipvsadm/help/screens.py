"""Formats the tables of options and verbs as help screens."""

from __future__ import annotations

from ..errors import UsageError
from ..grammar.options import LONG, NETNS, RULES, Option, Rule
from ..grammar.schedulers import SCHEDULERS
from ..grammar.suggestions import did_you_mean
from ..model import printable
from .topics import ALIASES, TOPICS, Topic, brief, topic
from .verb_help import verb_help
from .verb_table import VERBS
from .wrapped_lines import explained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = (  # without the program's name
    ("-A -t 192.168.2.10:80 -s wlc", "create a service, as ipvsadm does"),
    ("apply table.yaml", "make the table that of a file"),
)


def usage(program: str, word: str = "") -> str:
    """The screen about `word`: a topic, a verb, or something in a topic; without a word, the overview."""
    if not word:
        return _overview(program)
    return _about(program, [word]) or _unknown(word) + "\n" + _screen(program, TOPICS[-1])


def asked(program: str, words: Sequence[str]) -> str:
    """The output of `help` with `words`, which name a verb, maybe by two words, or a topic. Raises UsageError."""
    if not words:
        return _overview(program)
    if found := _about(program, words):
        return found
    names = ", ".join(one.name for one in TOPICS)
    raise UsageError(_unknown(" ".join(words)), hint=f"there are {names}, and every verb and option")


def _about(program: str, words: Sequence[str]) -> str:
    """The screen about `words`; empty if there is none."""
    named = next((one for one in TOPICS if [one.name] == list(words)), None)
    if told := "" if named else verb_help(program, words):
        return told
    word = " ".join(words)
    found = named or topic(ALIASES.get(word, word))
    return _screen(program, found) if found else ""


def _unknown(word: str) -> str:
    shown = printable(word) if len(word) < 40 else f"{printable(word[:36])}..."
    words = (word for word in ALIASES if not word.startswith("-"))
    near = did_you_mean(
        word, dict.fromkeys([*(one.name for one in TOPICS), *(verb.name for verb in VERBS), *words, *LONG, *SCHEDULERS])
    )
    return f"There is no topic `{shown}`{near and f'; {near}'}"


def _overview(program: str) -> str:
    """Two examples, the verbs, the commands, and where to read on: all on one screen."""
    letters = " ".join(f"-{rule.short[0]}" for rule in RULES if rule.short)
    column = max(len(verb.name) for verb in VERBS) + 4
    lines = [
        f"Usage: {program} [{NETNS} NAME] VERB|COMMAND [OPTION...]",
        *explained((f"  {program} {line}", help) for line, help in EXAMPLES),
        *(f"{f'  {verb.name}':<{column}}{brief(verb.help)}" for verb in VERBS),
        f"Commands: {letters} ... (`-h commands`)",
        f"More: VERB -h, -h TOPIC (`-h topics` lists them), `{program} man`",
    ]
    return "".join(f"{line}\n" for line in lines)


def _screen(program: str, topic: Topic) -> str:
    """What there is to say about `topic`."""
    lines = [topic.title, *explained((_head(row), row.help) for row in topic.rows())]
    lines += explained((f"  {word}", help) for word, help in (topic.words or {}).items())
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
