"""Mistakes that people make with words: what a line looks like that was refused, and what was meant."""

from __future__ import annotations

from ..errors import OptionError
from ..model import printable
from . import scan
from .mistaken_addresses import apart, is_endpoint, mistaken_address
from .options import LONG, RULES, SHORT, Option, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEYED = {letter for rule in RULES for letter in rule.short if "service-address" in (*rule.needs, *rule.one)}
SERVING = {letter for rule in RULES for letter in rule.short if "real-server" in rule.needs}
BEGIN = "a line starts with a command, such as `-A`"
PROGRAMS = ("ipvsadm", "pyipvsadm", "sudo", "$", "#")
MASQUERADES, ROUTES, TUNNELS = "`-m` masquerades", "`-g` routes directly", "`-i` tunnels"
NAMED = "`-t 192.0.2.1:80` names protocol, address and port together"
OTHERS = {  # options that people try: what is typed
    **dict.fromkeys(("--nat", "--masq", "--snat"), MASQUERADES),
    **dict.fromkeys(("--dr", "--direct", "--route", "--gateway"), ROUTES),
    **dict.fromkeys(("--tun", "--tunnel"), TUNNELS),
    **dict.fromkeys(("--mode", "--method", "--forward", "--forwarding"), f"{MASQUERADES}, {ROUTES}, {TUNNELS}"),
    **dict.fromkeys(("--vip", "--virtual", "--service"), "`-t` names a TCP service, `-u` one of UDP, `-f` a mark"),
    **dict.fromkeys(("--rip", "--real", "--server", "--backend"), "`-r` names a server"),
    **dict.fromkeys(("--port", "--protocol", "--address", "--addr", "--ip"), NAMED),
    **dict.fromkeys(("--algo", "--algorithm", "--lb-algo"), "`-s` names the scheduler"),
    **dict.fromkeys(("-tcp", "--tcp"), "`-t` names a TCP service"),
    **dict.fromkeys(("-udp", "--udp"), "`-u` names a UDP service"),
    **dict.fromkeys(("-sctp", "--sctp"), "`--sctp-service` names an SCTP service"),
    **dict.fromkeys(("--yes", "--force"), "no command asks first: leave it out"),
    "--dry-run": "`-R --check` checks rules, and `apply --dry-run FILE` shows what would change",
    "--stat": "`--stats` shows counters",
}
SET = "write `--set TCP TCPFIN UDP`, in seconds: `--set 900 120 300`"
COMMANDS = {  # first words that aren't a command here: what is typed
    **dict.fromkeys(("-I", "-N"), "`-A` adds a service, and `-a` a server to it"),
    "-F": "`-C` deletes all services, and `-D` one",
    "-X": "`-D` deletes a service, and `-d` a server of it",
    **dict.fromkeys(("-set", "--timeout", "--timeouts"), SET),
    "-P": "`-A -t SERVICE -s SCHEDULER` says how a service chooses its servers",
}
BARE = {  # words without an option
    **dict.fromkeys(("nat", "masq", "masquerade", "masquerading"), f"{MASQUERADES}, without a word after it"),
    **dict.fromkeys(("dr", "gate", "route", "direct"), f"{ROUTES}, without a word after it"),
    **dict.fromkeys(("tun", "ipip", "tunnel"), f"{TUNNELS}, without a word after it"),
    "all": "without it, the command is for all: leave it out",
    "|": "a pipe stands outside of quotes",
    ">": "`>` stands outside of quotes",
    "\\": "a rule is one line: join it with the next one",
}
VERBOSE = ("-Lnv", "-Lvn", "-nvL", "-vnL", "-Lv")  # lists of iptables
LOOKALIKES = {  # characters that come with text from elsewhere: what each is, and what is typed
    "\u2010": ("a hyphen", "-"),
    "\u2011": ("a no-break hyphen", "-"),
    "\u2012": ("a figure dash", "-"),
    "\u2013": ("an en dash", "-"),
    "\u2014": ("an em dash", "-"),
    "\u2212": ("a minus sign", "-"),
    "\u00a0": ("a no-break space", " "),
    "\u202f": ("a narrow no-break space", " "),
    "\u200b": ("a space of no width", ""),
    "\u2018": ("a typographic quote", "'"),
    "\u2019": ("a typographic quote", "'"),
    "\u201c": ("a typographic quote", '"'),
    "\u201d": ("a typographic quote", '"'),
    "\uff1a": ("a full-width colon", ":"),
    "\uff0d": ("a full-width hyphen", "-"),
}


def mistaken(words: Sequence[str], ports: Callable[[], list[str]]) -> str:
    """What is the matter with the `words` of a line that was refused, as a hint; empty if that isn't known.

    `ports` tells the names of ports.
    """
    return next(filter(None, (row(words) for row in MISTAKES)), "") or mistaken_address(words, ports) or _extra(words)


def dashed(word: str) -> str:
    """A hint that names the command in `word`, which lacks its hyphens; empty if there is none."""
    letters = word[:1].isupper() and all(letter in SHORT for letter in word) and isinstance(SHORT[word[0]], Rule)
    written = f"-{word}" if letters else f"--{word}" if isinstance(LONG.get(word), Rule) else ""
    return f"a command begins with a hyphen: `{written}`" if written else ""


def lookalike(words: Sequence[str]) -> str:
    """A character that was pasted in place of another."""
    for word in words:
        for character in word:
            if character in LOOKALIKES:
                name, typed = LOOKALIKES[character]
                meant = {"": "leave it out", " ": "type a blank"}.get(typed, f"type `{typed}`")
                place = printable(word[:20].replace(character, typed)).strip()
                return f"{name} (U+{ord(character):04X}) stands in the word `{place}`: {meant}"
    return ""


def _blank(words: Sequence[str]) -> str:
    """A word with blanks around it, as quotes keep them."""
    word = next((word for word in words if word != word.strip()), "")
    return f"a blank stands in the word `{printable(word)}`: leave it out" if word.strip() else ""


def _shell(words: Sequence[str]) -> str:
    """What only a shell reads, in a line that none read: a variable, the end of a command, a comment."""
    word = next((word for word in words if word.startswith("$") and len(word) > 1), "")
    if word:
        return f"`{printable(word.partition(':')[0])}` isn't known: only a shell replaces variables"
    if words[-1].endswith(";"):
        return "leave out the `;` at the end"
    return "a comment takes a line of its own" if "#" in words[1:] else ""


def _program(words: Sequence[str]) -> str:
    """The name of a program in a line, as in rules that a script has."""
    if words[0] == "help" and words[1:]:
        return f"`-h {printable(words[1])}` explains it"
    first = words[0] if words[0].rpartition("/")[2] in PROGRAMS else ""
    return f"leave out the word `{printable(first)}`: {BEGIN}" if first else ""


def _command(words: Sequence[str]) -> str:
    """A command that isn't first, or that is another program's."""
    if words[0] in COMMANDS:
        return COMMANDS[words[0]]
    if words[0] not in ("-t", "-u", "-f", "-r", "-s", "-n"):
        return ""
    late = next((word for word in words if isinstance(SHORT.get(word[1:]), Rule) and word[0] == "-"), "")
    rest = " ".join(word for word in words if word != late)
    return f"start with a command: `{late} {printable(rest)}`" if late else ""


def _letter(words: Sequence[str]) -> str:
    """A letter that means something else here: an option in the wrong case, or one of another program."""
    for number, (option, value) in enumerate(zip(words, [*words[1:], ""], strict=False)):
        if option[:1] == "-" and option[1:2] != "-" and any(letter not in SHORT for letter in option[1:]):
            return ""  # the reader says so, or it is a value
        other = SHORT.get(option[1:].swapcase())
        if number and option[:1] == "-" and isinstance(SHORT.get(option[1:]), Rule) and isinstance(other, Option):
            return f"did you mean `{option.swapcase()}`?"
        if option == "-p" and value in ("tcp", "udp"):
            return f"`-p` makes a service persistent; `-{value[0]}` names a service of {value.upper()}"
        if option == "-t" and value in ("nat", "filter", "mangle", "raw"):
            return "there is only one table; `-t` names a TCP service"
    verbose = words[0] in VERBOSE or (words[0] in ("-L", "-l", "--list") and "-v" in words)
    return "`-v` shows the version; `-Ln --stats` shows counters" if verbose else ""


def _other(words: Sequence[str]) -> str:
    """An option that there isn't here, but by another name."""
    return next((OTHERS[name] for word in words if (name := word.partition("=")[0]) in OTHERS), "")


def _timeouts(words: Sequence[str]) -> str:
    """Timeouts by name, or with a unit."""
    wrong = len(words) > 4 or any(word.startswith("-") or "=" in word for word in words[1:])
    return SET if words[0] == "--set" and wrong else ""


def _whole_table(words: Sequence[str]) -> str:
    """One service for a command that is about all of them."""
    named = next((f"{a} {b}" for a, b in zip(words, words[1:], strict=False) if a in ("-t", "-u", "-f")), "")  # noqa: RUF007 - as for addresses
    if named and words[0] in ("-C", "--clear"):
        return f"that is for the whole table: `-D {printable(named)}` deletes one service"
    if named and words[0] in ("-S", "--save"):
        return "that is for the whole table: `show SERVICE -o rules` prints the rules of one service"
    return ""


def _file(words: Sequence[str]) -> str:
    """A file for a restore, which reads stdin, or for a save, which writes stdout."""
    first, equals, file = words[0].partition("=")
    word = next((word for word in words[1:] if not word.startswith(("-", "<", ">"))), "") or (equals and file)
    if word and first in ("-R", "--restore"):
        return f"rules come on stdin: `{first} < {printable(word)}`"
    if word and first in ("-S", "--save") and not _named(words):
        return f"rules go to stdout: `{first} > {printable(word)}`"
    return ""


def _named(words: Sequence[str]) -> bool:
    """Whether an option of `words` names a service."""
    return any(word in ("-t", "-u", "-f") for word in words)


def _bare(words: Sequence[str]) -> str:
    """A service without the option that names it."""
    if len(words) < 2 or words[0][1:] not in KEYED or words[1].startswith("-") or not is_endpoint(words[1]):
        return ""
    word = words[1]
    if words[0][1:] in SERVING and _named(words):
        return f"`-r {word}` names the server"
    return f"say which protocol: `{words[0]} -t {word}` for TCP, `-u` for UDP"


def _extra(words: Sequence[str]) -> str:
    """A word that no option takes."""
    extra: list[str] = []
    try:
        for _ in scan(words, extra):
            pass
    except OptionError:
        return ""
    if not extra or words[0][:1] != "-":
        return ""
    word = extra[0]
    if word in BARE:
        return BARE[word]
    from .schedulers import SCHEDULERS

    if word in SCHEDULERS:
        return f"`-s {word}` names the scheduler"
    if words[0][1:] in SERVING and (is_endpoint(word) or is_endpoint(f"{word}:80")):
        one = "a command takes one server: write a command for each"
        return one if "-r" in words else f"`-r {printable(word)}` names the server"
    return "`--mcast-interface` names the interface" if words[0] == "--start-daemon" and "-i" in words else ""


MISTAKES: tuple[Callable[[Sequence[str]], str], ...] = (
    *(lookalike, _blank, _program, _shell, _file, _bare, _letter, _command, _timeouts, _other, _whole_table, apart),
)
