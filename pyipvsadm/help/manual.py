"""Formats the tables as lists for the manual pages, in mdoc.

A page is prose. Its generated lists are between comments, `.\\" <name>` and `.\\" </name>`.
"""

from __future__ import annotations

from ..grammar.options import OPTIONS, RULES
from ..grammar.schedulers import ENGINES, FLAGS, SCHEDULERS, STATES, TUNNELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from ..grammar.options import Option, Rule
    from .command_lines import Parameter, Verb

    class Check(Protocol):
        """A row of doctor's checks: what this module takes of one."""

        code: str
        title: str
        severities: tuple[str, ...]
        looks: str
        matters: str
        mend: str


WIDTH = 78  # columns of a line
BEGIN, END = '.\\" <{}>\n', '.\\" </{}>\n'


def fill(page: str, lists: Mapping[str, str]) -> str:
    """`page` with `lists` in their places, of those that it has places for."""
    for name, content in lists.items():
        begin, end = BEGIN.format(name), END.format(name)
        if begin in page:
            before, _, rest = page.partition(begin)
            _, found, behind = rest.partition(end)
            if not found:
                raise ValueError(f"the list {name} has no end")
            page = f"{before}{begin}{content}{end}{behind}"
    return page


def lists() -> dict[str, str]:
    """The lists that the option table gives, by name."""
    made = {"synopsis": "".join(map(_synopsis, RULES)), "commands": _tagged((_head(rule), rule.help) for rule in RULES)}
    for fills in dict.fromkeys(option.fills for option in OPTIONS if option.fills):
        rows = [option for option in OPTIONS if option.fills == fills or (fills == "listing" and not option.fills)]
        made[f"options of {fills}"] = _tagged((_head(option), option.help) for option in rows)
    names = {"schedulers": SCHEDULERS, "engines": ENGINES, "flags": FLAGS, "tunnels": TUNNELS, "states": STATES}
    return made | {
        name: _tagged((f"Cm {_plain(word)}", help) for word, help in of.items()) for name, of in names.items()
    }


def verb_lists(verbs: Iterable[Verb]) -> dict[str, str]:
    """The lists that the verbs give: how each is called, and what it does."""
    verbs = list(verbs)
    return {
        "verbs' synopsis": "".join(f".Nm\n{_verb_line(each)}" for verb in verbs for each in _single(verb)),
        "verbs": "".join(_verb(verb) for verb in verbs),
    }


def fields(parameters: Iterable[Parameter]) -> str:
    """The keys of a part of a document."""
    return _tagged(
        (
            f"Cm {parameter.names[0]} : Ar {_plain(parameter.value)}" + ("" if parameter.needed else " Pq optional"),
            parameter.help,
        )
        for parameter in parameters
    )


def checks(rows: Iterable[Check]) -> dict[str, str]:
    """The list of doctor's checks."""
    # a code such as D1 may be the name of a macro
    return {"checks": _tagged((f"Cm \\&{row.code} Pq {' or '.join(row.severities)}", _check(row)) for row in rows)}


def _check(row: Check) -> str:
    """What a check is about, in sentences."""
    return f"{row.title}. Looks at {row.looks}. {row.matters[0].upper()}{row.matters[1:]}. Fix: {row.mend}"


def figures(rows: Iterable[tuple[str, str, str, str]]) -> str:
    """Series of metrics, each its name, its type, its unit and its meaning."""
    return _tagged((f"Cm {name} Pq {kind}{f', in {unit}' if unit else ''}", help) for name, kind, unit, help in rows)


def _tagged(items: Iterable[tuple[str, str]]) -> str:
    """A list of heads, in mdoc, with the sentence that explains each."""
    return ".Bl -tag -width Ds\n" + "".join(f".It {head}\n{text(_sentence(help))}" for head, help in items) + ".El\n"


def _head(row: Rule | Option) -> str:
    """How an option or a command is written, short and long, with its value."""
    names = [f"Fl {letter}" for letter in row.short] + [f"Fl \\-{_plain(row.name)}"]
    return " , ".join(names) + _ar(row)


def _ar(row: Rule | Option) -> str:
    if row.name == "set":
        return " Ar tcp tcpfin udp"
    if not row.value:
        return ""
    name = _plain(row.value.strip("[]"))
    return f" Op Ar {name}" if row.value.startswith("[") else f" Ar {name}"


def _synopsis(rule: Rule) -> str:
    """How a command is called, with all that goes with it."""
    name = f"Fl {rule.short[0]}" if rule.short else f"Fl \\-{_plain(rule.name)}"
    lines = [f".Nm\n.{name}{_ar(rule)}\n"]
    lines += [f".{_role(role)}\n" for role in rule.needs]
    if rule.one:
        lines.append(f".Op {' | '.join(map(_role, rule.one))}\n")
    lines += [f".Op {_role(role)}\n" for role in rule.takes]
    return "".join(lines)


def _role(role: str) -> str:
    """The options of `role`, each by its shortest name."""
    if role == "service-address":
        return "Ar service"
    rows = [option for option in OPTIONS if option.role == role]
    return " | ".join(f"Fl {row.short or f'{chr(92)}-{_plain(row.name)}'}{_ar(row)}" for row in rows)


def _single(verb: Verb) -> list[Verb]:
    """`verb`, or those of a group, each named with the group before it."""
    inner = [each for group in verb.verbs for each in _single(group)]
    return [each.replace(name=f"{verb.name} Cm {each.name}") for each in inner] or [verb]


def _verb_line(verb: Verb) -> str:
    """How a verb is called."""
    words = [f"Cm {verb.name}"]
    if verb.options and not any("SETTING" in argument.value for argument in verb.arguments):
        words.append("Op Ar option ...")
    lines = [f".{word}\n" for word in words]
    lines += [f".{_argument(argument)}\n" for argument in verb.arguments]
    return "".join(lines)


def _argument(argument: Parameter) -> str:
    """An argument, whose value is written as in typer's help, such as `[SERVICE]...`, in mdoc."""
    value = argument.value
    if not argument.needed and "[" not in value:
        value = f"[{value}]{'...' if argument.many else ''}"
    made = []
    for word in value.replace("[", " [ ").replace("]", " ] ").replace("...", " ... ").split():
        if word in ("[", "]"):
            made.append({"[": "Oo", "]": "Oc"}[word])
        elif word == "--":
            made.append("Fl \\-")
        elif word == "...":
            made.append("Ns ...")
        else:
            made.append(f"Ar {word.lower()}")
    return " ".join(made)


def _verb(verb: Verb) -> str:
    """A verb: how it is called, its help, and its options."""
    head = f".It Xo\n{_verb_line(verb)}.Xc\n"
    body = _paragraphs(verb.help)
    options = _tagged((_option(option), option.help) for option in verb.options) if verb.options else ""
    inner = "".join(_verb(each) for each in verb.verbs)
    return head + body + options + (f".Bl -tag -width Ds\n{inner}.El\n" if inner else "")


def _option(option: Parameter) -> str:
    names = (f"Fl {_plain(name.removeprefix('-'))}" for name in option.names + option.others)
    value = option.value.strip("[]")
    shown = " | ".join(f"Cm {word}" for word in option.choices) if option.choices else f"Ar {_plain(value.lower())}"
    if option.value.startswith("["):
        shown = f"Op {shown}"
    return " , ".join(names) + (f" {shown}" if option.value else "")


def _paragraphs(markdown: str) -> str:
    """Paragraphs of Markdown, and lists whose items are paragraphs."""
    made, listing = "", False
    for part in markdown.strip().split("\n\n"):
        item = part.startswith("- ")
        if item and not listing:
            made += ".Bl -bullet\n"
        elif listing and not item:
            made += ".El\n"
        if made and not item:
            made += ".Pp\n"
        made += f".It\n{text(part[2:])}" if item else text(part)
        listing = item
    return made + (".El\n" if listing else "")


def _sentence(help: str) -> str:
    """`help`, a phrase, as a sentence."""
    end = "" if help.endswith(".") else "."
    return help[:1].upper() + help[1:] + end if help else ""


def text(markdown: str) -> str:
    """A paragraph of Markdown as lines of mdoc, each sentence on lines of its own."""
    lines = []
    line = ""
    for word in _marked(" ".join(markdown.split())).split(" "):
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
        if word[1:].endswith(".") and not word.endswith(".."):
            lines.append(line)
            line = ""
    return "".join(f"{_safe(each)}\n" for each in (*lines, line) if each)


def _safe(line: str) -> str:
    """`line`, no macro whatever it begins with."""
    return f"\\&{line}" if line[0] in ".'" else line


def _marked(markdown: str) -> str:
    """What Markdown marks, in troff: words to be typed between quotes, their hyphens those of a keyboard."""
    parts = markdown.replace("\\", "\\e").replace("**", "`").split("`")
    for index in range(1, len(parts), 2):
        parts[index] = f"\\(oq{_plain(parts[index])}\\(cq"
    return "".join(parts)


def _plain(word: str) -> str:
    """`word` with hyphens as they are typed."""
    return word.replace("-", "\\-")
