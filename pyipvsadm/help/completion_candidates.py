"""Finds the candidates for a command line's last word, for shells that complete words.

All shells show the same answer. `live` finds candidates on the machine.
"""

from __future__ import annotations

from ..grammar.options import LONG, NETNS, RULES
from ..record import Record
from .command_lines import Parameter, Verb, first_sentence
from .completion_values import timeouts, values, verb_values
from .typed_line import attached, fitting, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .completion_values import Live, Offer
    from .typed_line import Line, Row

FILES, DIRECTORIES, COMMAND = "files", "directories", "command"  # what a shell itself knows to complete
SHELLS = {"FILE": FILES, "DIR": DIRECTORIES}  # by the placeholder of the value
HELP = Parameter(names=("--help",), help="Show help.")  # which every verb has
EDIT = {rule.verb: rule.replace(needs=()) for rule in RULES if rule.verb in ("edit-service", "edit-server")}


class Answer(Record):
    """The words that would do, each with an explanation, in an order that makes sense.

    With `then`, what the shell knows to complete goes as well: files, directories, or a command
    that begins with the word of number `start`.
    """

    __slots__ = ()
    offers: tuple[Offer, ...] = ()
    then: str = ""
    start: int = 0


def verbs_for(words: Sequence[str]) -> tuple[Verb, ...]:
    """All verbs; none if `words` begin with an option, since their table loads slowly."""
    if words and words[0].startswith("-"):
        return ()
    from .verb_table import VERBS

    return VERBS


def complete(words: Sequence[str], live: Live, inside: bool = False) -> Answer:
    """What may take the place of the last of `words`, the program's name not among them.

    `inside` says that a network namespace was named by words that aren't among them.
    """
    before, current = list(words[:-1]), words[-1] if words else ""
    verbs = verbs_for(words)
    if inside and not before:
        elsewhere = {verb.name for verb in verbs if verb.passes}  # what runs elsewhere has namespaces of its own
        answer = _complete(verbs, before, current, live)
        return answer.replace(offers=tuple(offer for offer in answer.offers if offer[0] not in elsewhere))
    if inside or (before and before[0] not in {NETNS, *(verb.name for verb in verbs if not verb.passes)}):
        return _complete(verbs, before, current, live)
    if before[-1:] == [NETNS]:
        return Answer(offers=_matching(live.namespaces(), current))
    if current.startswith(f"{NETNS}="):
        return Answer(offers=_matching(((f"{NETNS}={name}", path) for name, path in live.namespaces()), current))
    answer = _complete(verbs, before, current, live)
    offer = (NETNS, "in this network namespace")
    if offer[0].startswith(current) and (current or not before):
        answer = answer.replace(offers=(*answer.offers, offer))
    return answer


def _complete(verbs: Sequence[Verb], before: list[str], current: str, live: Live) -> Answer:
    """As `complete`, of all but network namespaces."""
    for verb in verbs:
        if before and before[0] == verb.name:
            if verb.name == "set":
                return Answer(offers=_matching(_setting(verb, before[1:], current, live), current))
            return _of_verb(verb, before, 1, current, live)
    found: list[Offer] = [] if before else [(verb.name, first_sentence(verb.help)) for verb in verbs]
    line = read(before)
    if line:
        found += _words(line, current, live) if line.rule or line.awaits else _command(line, current, live)
    return Answer(offers=_matching(found, current))


def _matching(found: Iterable[Offer], current: str) -> tuple[Offer, ...]:
    return tuple(dict.fromkeys(offer for offer in found if offer[0].startswith(current)))


def _command(line: Line, current: str, live: Live) -> Iterator[Offer]:
    """The commands, where none has been given."""
    yield from _names(RULES)
    if len(current) > 2:
        yield from _bundle(line, current, live)


def _words(line: Line, current: str, live: Live) -> Iterator[Offer]:
    """What may follow `line`."""
    if line.awaits:
        yield from values(line.awaits, current, line, live)
        return
    if line.rule and line.rule.verb == "set":
        yield from timeouts(len(line.others), live)
    if line.rule and line.rule.verb == "help" and not line.others:
        from .topics import TOPICS  # which no other line has a use for

        yield from ((topic.name, topic.title) for topic in TOPICS)
    if current[:1] in ("", "-"):
        yield from _names(fitting(line))
        yield from _bundle(line, current, live)


def _bundle(line: Line, current: str, live: Live) -> Iterator[Offer]:
    """What makes `current` whole, which holds options and perhaps the start of a value."""
    prefix = attached(line, current)
    if prefix and line.awaits:
        for word, help in values(line.awaits, current[len(prefix) :], line, live):
            yield prefix + word, help
    elif prefix:
        yield prefix, ""


def _names(rows: Iterable[Row]) -> Iterator[Offer]:
    for row in rows:
        for letter in row.short:
            yield f"-{letter}", row.help
        yield f"--{row.name}", row.help


def _setting(verb: Verb, before: list[str], current: str, live: Live) -> Iterator[Offer]:
    """What may follow `set`: a service, a server of it, and settings, as the commands have them that set them anew."""
    off = [name for option in verb.options for name in option.names if name[2:] not in LONG and len(name) > 2]
    words = [word for word in before if word not in off]
    line = read(words, EDIT["edit-service"])
    if line is None:
        return
    if not line.awaits and not current.startswith("-"):
        for kind in ("SERVICE", "SERVER")[len(line.others) : len(line.others) + 1]:
            yield from verb_values(Parameter(value=kind), line.others, live)
    if line.others:
        if line.others[1:]:
            line.rule = EDIT["edit-server"]
        yield from _words(line, current, live)
    elif not line.awaits and current.startswith("-"):
        yield "--help", HELP.help
    if line.others and not line.others[1:] and not line.awaits and current[:1] in ("", "-"):
        yield from ((name, "") for name in off if name not in before and name[5:] not in line.roles)


def _of_verb(verb: Verb, words: list[str], at: int, current: str, live: Live) -> Answer:
    """What may follow `words`, of which those from `at` on are for `verb`."""
    given: list[Parameter] = []
    behind: list[str] = []
    awaits: Parameter | None = None
    for index in range(at, len(words)):
        word = words[index]
        if awaits:
            awaits = None
        elif word == "--" and verb.passes:
            return Answer(then=COMMAND, start=index + 1)
        elif word.startswith("-") and len(word) > 1:
            name, equals, _ = word.partition("=")
            option = next((option for option in verb.options if name in option.names + option.others), None)
            if option:
                given.append(option)
                awaits = option if option.value and not equals else None
        elif verb.verbs:
            inner = next((inner for inner in verb.verbs if inner.name == word), None)
            return _of_verb(inner, words, index + 1, current, live) if inner else Answer()
        elif verb.passes:
            return Answer(then=COMMAND, start=index)
        else:
            behind.append(word)
    if awaits:
        return _value(awaits, behind, current, live)
    if verb.passes and not current.startswith("-"):
        return Answer(then=COMMAND, start=len(words))
    return _next(verb, given, behind, current, live)


def _next(verb: Verb, given: list[Parameter], behind: list[str], current: str, live: Live) -> Answer:
    """What may come after these options and arguments of `verb`."""
    name, equals, rest = current.partition("=")
    for option in verb.options:
        if equals and option.value and name in option.names:
            answer = _value(option, behind, rest, live)
            return answer.replace(offers=tuple((f"{name}={word}", help) for word, help in answer.offers))
    found: list[Offer] = [(inner.name, first_sentence(inner.help)) for inner in verb.verbs]
    answer = Answer()
    argument = _argument(verb, len(behind))
    if argument and not current.startswith("-"):
        answer = _value(argument, behind, current, live)
        found += answer.offers
    if current.startswith("-") or not (found or answer.then):
        for option in (*verb.options, HELP):
            if option.many or option not in given:
                found += [(each, first_sentence(option.help)) for each in option.names + option.others]
    return answer.replace(offers=_matching(found, current))


def _argument(verb: Verb, index: int) -> Parameter | None:
    """The argument of number `index`."""
    if index < len(verb.arguments):
        return verb.arguments[index]
    return verb.arguments[-1] if verb.arguments and verb.arguments[-1].many else None


def _value(parameter: Parameter, behind: list[str], current: str, live: Live) -> Answer:
    """The candidates for the value of `parameter`, after the arguments `behind`."""
    found = verb_values(parameter, behind, live)
    return Answer(offers=_matching(found, current), then=SHELLS.get(parameter.value.strip("[]."), ""))
