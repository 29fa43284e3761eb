"""Mistakes that people make with words: what a line looks like that was refused, and what was meant."""

from __future__ import annotations

from _socket import AF_INET6, inet_aton, inet_pton

from ..model import printable
from .options import LONG, RULES, SHORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ADDRESSED = "tufr"  # the letters of options that take an address and a port
KEYED = {letter for rule in RULES for letter in rule.short if "service-address" in (*rule.needs, *rule.one)}
BEGIN = "a line starts with a command, such as `-A`"
PROGRAMS = ("ipvsadm", "pyipvsadm", "sudo")
OTHERS = {  # options that people try: what is typed
    **dict.fromkeys(("--nat", "--masq", "--snat"), "`-m` masquerades"),
    **dict.fromkeys(("--dr", "--direct", "--route", "--gateway"), "`-g` routes directly"),
    **dict.fromkeys(("--tun", "--tunnel"), "`-i` tunnels"),
    **dict.fromkeys(("--vip", "--virtual", "--service"), "`-t` names a TCP service, `-u` one of UDP, `-f` a mark"),
    **dict.fromkeys(("--rip", "--real", "--server", "--backend"), "`-r` names a server"),
    **dict.fromkeys(("--port", "--protocol"), "`-t 192.0.2.1:80` names protocol, address and port together"),
    **dict.fromkeys(("-tcp", "--tcp"), "`-t` names a TCP service"),
    **dict.fromkeys(("-udp", "--udp"), "`-u` names a UDP service"),
    **dict.fromkeys(("-sctp", "--sctp"), "`--sctp-service` names an SCTP service"),
    "--stat": "`--stats` shows counters",
}
LAST_PORT = 65535
LONGEST_PREFIX = 32  # of IPv4
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
}


def mistaken(words: Sequence[str], ports: Callable[[], list[str]]) -> str:
    """What is the matter with the `words` of a line that was refused, as a hint; empty if that isn't known.

    `ports` tells the names of ports.
    """
    return next(filter(None, (row(words) for row in MISTAKES)), "") or _address(words, ports)


def _lookalike(words: Sequence[str]) -> str:
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


def _program(words: Sequence[str]) -> str:
    """The name of a program in a line, as in rules that a script has."""
    return f"leave out the word `{words[0]}`: {BEGIN}" if words[0] in PROGRAMS else ""


def _other(words: Sequence[str]) -> str:
    """An option that there isn't here, but by another name."""
    return next((OTHERS[word] for word in words if word in OTHERS), "")


def _whole_table(words: Sequence[str]) -> str:
    """One service for a command that is about all of them."""
    named = next((f"{a} {b}" for a, b in zip(words, words[1:], strict=False) if a in ("-t", "-u", "-f")), "")  # noqa: RUF007 - as in _address
    if named and words[0] in ("-C", "--clear"):
        return f"that is for the whole table: `-D {printable(named)}` deletes one service"
    if named and words[0] in ("-S", "--save"):
        return "that is for the whole table: `show SERVICE -o rules` prints the rules of one service"
    return ""


def _file(words: Sequence[str]) -> str:
    """A file for a restore, which reads stdin."""
    if words[0] not in ("-R", "--restore"):
        return ""
    word = next((word for word in words[1:] if not word.startswith("-")), "")
    return f"rules come on stdin: `{words[0]} < {printable(word)}`" if word else ""


def _bare(words: Sequence[str]) -> str:
    """A service without the option that names it."""
    if len(words) < 2 or words[0][1:] not in KEYED or words[1].startswith("-") or not _is_endpoint(words[1]):
        return ""
    word = words[1]
    return f"say which protocol: `{words[0]} -t {word}` for TCP, `-u` for UDP"


def _address(words: Sequence[str], ports: Callable[[], list[str]]) -> str:
    """The address of a service or a server that is written in a way of another program."""
    for option, word in zip(words, words[1:], strict=False):  # noqa: RUF007 - itertools is loaded for many lines alone
        row = LONG.get(option[2:]) if option.startswith("--") else SHORT.get(option[1:])
        if row and row.short and row.short in ADDRESSED and (found := _endpoint(word, ports)):
            return found
    return ""


def _endpoint(word: str, ports: Callable[[], list[str]]) -> str:
    scheme, mark, rest = word.partition("://")
    if mark:
        return f"leave out `{printable(scheme)}://`: write `{printable(rest.rstrip('/'))}`"
    host, comma, port = word.partition(",")
    if comma and port.isdigit() and _is_ipv4(host):
        return f"a port goes behind a colon: `{host}:{port}`"
    host, _, port = word.rpartition(":")
    number, slash, protocol = port.partition("/")
    if slash and number.isdigit() and protocol in ("tcp", "udp", "sctp"):
        return f"the option says the protocol: write `{printable(host)}:{number}`"
    if host and not port and word.count(":") == 1:
        return f"the port behind `{printable(word)}` is missing: write `{printable(word)}80`"
    if port.isdigit() and int(port) > LAST_PORT and host:
        return f"`{printable(port[:20])}` is not a port: give a number from 1 to {LAST_PORT}"
    numbers = (host or word).split(".")
    if len(numbers) == 4 and all(one.isdigit() for one in numbers) and any(int(one) > 255 for one in numbers):
        return f"`{printable((host or word)[:60])}` is not an address: each of its numbers is at most 255"
    if host.count(":") > 1 and not host.startswith("[") and port.isdigit() and _is_ipv6(host):
        return f"an IPv6 address before a port goes in brackets: `[{host}]:{port}`"
    if not host and port.isdigit() and word.startswith(":"):
        return f"the address before `{word}` is missing: write `192.0.2.1{word}`"
    host, slash, port = word.partition("/")
    if slash and port.isdigit() and _is_ipv4(host):
        either = "a service has one address, without a prefix length; " if int(port[:6]) <= LONGEST_PREFIX else ""
        return f"{either}a port goes behind a colon: `{host}:{port}`"
    host, _, port = word.rpartition(":")
    if host and port and not port[0].isdigit():
        from .suggestions import did_you_mean

        return did_you_mean(port, ports(), form=f"{printable(host)}:{{}}")
    return ""


def _is_endpoint(word: str) -> bool:
    host, colon, port = word.rpartition(":")
    return bool(colon) and port.isdigit() and (_is_ipv4(host) or _is_ipv6(host.strip("[]")))


def _is_ipv4(host: str) -> bool:
    try:
        return host.count(".") == 3 and len(inet_aton(host)) == 4
    except OSError:
        return False


def _is_ipv6(host: str) -> bool:
    try:
        return len(inet_pton(AF_INET6, host)) == 16
    except (OSError, ValueError):
        return False


def _apart(words: Sequence[str]) -> str:
    """A port that stands apart from its address."""
    for option, host, port in zip(words, words[1:], words[2:], strict=False):
        if option[1:] in ADDRESSED and port.isdigit() and (_is_ipv4(host) or _is_ipv6(host)):
            return f"a port goes behind a colon: `{f'[{host}]' if ':' in host else host}:{port}`"
    return ""


MISTAKES: tuple[Callable[[Sequence[str]], str], ...] = (
    *(_lookalike, _blank, _program, _file, _bare, _other, _whole_table, _apart),
)
