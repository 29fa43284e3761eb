"""An incomplete classic command line: what it says so far, and which options may follow."""

from __future__ import annotations

from ..errors import OptionError, UsageError
from ..grammar import check_listing, scan
from ..grammar.options import LONG, OPTIONS, SHORT, TUNNEL_ROLES, TUNNEL_RULES, Option, Rule
from ..model import TUNNEL, Listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = Rule | Option

PROBE = "-"  # a word that is neither an option nor an optional value


class Line:
    """The command, its options with their values, and the `others`: words that are neither.

    `awaits` is the option whose value comes next.
    """

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule = rule
        self.given: list[tuple[Option, str | None]] = []
        self.others: list[str] = []
        self.awaits: Row | None = None

    def add(self, row: Row, value: str | None) -> bool:
        """Take a command or an option; tell whether it may stand here."""
        if isinstance(row, Rule):
            if self.rule:
                return False
            self.rule = row
        elif self.rule is None:
            return False
        else:
            self.given.append((row, value))
        return True

    @property
    def roles(self) -> set[str]:
        """The roles of the options."""
        return {option.role for option, _ in self.given if option.role}

    def value(self, role: str) -> str:
        """The value of the option of this role; empty without."""
        return next((value or "" for option, value in self.given if option.role == role), "")

    def has(self, name: str) -> bool:
        """Whether the option of this name is there."""
        return any(option.name == name for option, _ in self.given)


def read(words: Sequence[str], rule: Rule | None = None) -> Line | None:
    """The line that begins with `words`; None if nothing can make it right any more.

    With a `rule`, they are options of that command, which isn't among them.
    """
    line = Line(rule)
    try:
        for row, value, _, at in scan([*words, PROBE], line.others):
            if at > len(words):
                line.awaits = row
            if not line.add(row, value):
                return None
    except OptionError:
        return None
    if line.awaits is None:
        del line.others[-1:]
    return line


def attached(line: Line, word: str) -> str:
    """Add `word`, which is being typed, to `line`; return the part of it that comes before a value.

    That is all of it if it is a bundle of short options, and nothing if it is, or begins, the name of one option.
    """
    if word.startswith("--"):
        name, equals, _ = word[2:].partition("=")
        row = LONG.get(name)
        if row and row.value and equals and line.add(row, None):
            line.awaits = row
            return word[: len(name) + 3]
        return ""
    for index, letter in enumerate(word[1:], 2):
        row = SHORT.get(letter)
        if row is None or not line.add(row, None):
            return ""
        if row.value and index < len(word):
            line.awaits = row
            return word[: index + (word[index] == "=")]
    return word if len(word) > 2 else ""


def fitting(line: Line) -> list[Option]:
    """The options that make sense next, those that the command needs first."""
    rule = line.rule
    if rule is None:
        return []
    found = [option for option in OPTIONS if _fits(option, rule, line)]
    return sorted(found, key=lambda option: option.role not in rule.needs)


def _fits(option: Option, rule: Rule, line: Line) -> bool:
    roles = line.roles
    if not option.role:
        return not line.has(option.name) and _fits_roleless(option.name, rule, line)
    if option.role in roles or option.role not in rule.needs + rule.one + rule.takes:
        return False
    if option.role in rule.one and roles.intersection(rule.one):
        return False
    if rule.verb == "list":
        return _fits_listing(option, line)
    if option.role == "ops":
        return "service-address" not in roles or line.has("udp-service") or line.has("fwmark-service")
    if option.role == "forwarding-method":
        return option.sets == ("forwarding", TUNNEL) or not any(role.startswith("tun-") for role in roles)
    return not option.role.startswith("tun-") or _fits_tunnel(option.role, line)


def _fits_roleless(name: str, rule: Rule, line: Line) -> bool:
    if name == "ipv6":
        return line.has("fwmark-service")
    return rule.verb == "list" and "nosort" not in line.roles


def _fits_listing(option: Option, line: Line) -> bool:
    """Whether `option` goes with the others that say how to list."""
    options = [option, *(given for given, _ in line.given)]
    ways = {each.sets[0]: True for each in options if each.fills == "listing" and each.sets}
    try:
        check_listing(Listing(**ways))
    except UsageError:
        return False
    return True


def _fits_tunnel(role: str, line: Line) -> bool:
    """Whether an option of a tunnel goes with the kind of tunnel, and with the others."""
    if not line.has("ipip") or role not in TUNNEL_ROLES:
        return line.has("ipip")
    kind = TUNNEL_RULES.get(line.value("tun-type") or "ipip")
    return kind is not None and (role in kind.needs or (role in kind.one and not line.roles.intersection(kind.one)))
