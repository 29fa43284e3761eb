"""Addresses and marks that are written in the way of another program: what is the matter, and how to write them."""

from __future__ import annotations

from _socket import AF_INET6, inet_aton, inet_pton

from ..model import PROTOCOLS, printable
from .options import LONG, SHORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .options import Option, Rule

ADDRESSED = "tur"  # the letters of options that take an address and a port
MARKED = "f"  # that of the option that takes a mark
LAST_PORT = 65535
LONGEST_PREFIX = 32  # of IPv4
MOST_DIGITS = 20  # of a number; more aren't read
EVERY = ("*", "any", "all")  # what other programs call all addresses


def mistaken_address(words: Sequence[str], ports: Callable[[], list[str]]) -> str:
    """What is the matter with an address or a mark in `words`, as a hint; empty if that isn't known.

    `ports` tells the names of ports.
    """
    for row, word in _pairs(words):
        if row.short in ADDRESSED and (found := _endpoint(word, ports)):
            return found
        if row.short in MARKED and (found := _mark(word)):
            return found
    return ""


def apart(words: Sequence[str]) -> str:
    """A port that stands apart from its address."""
    for option, host, port in zip(words, words[1:], words[2:], strict=False):
        if option[1:] in ADDRESSED and _is_number(port) and (_is_ipv4(host) or _is_ipv6(host)):
            return f"a port goes behind a colon: `{f'[{host}]' if ':' in host else host}:{port}`"
    return ""


def is_endpoint(word: str) -> bool:
    """Whether `word` is an address with a port, in digits."""
    host, colon, port = word.rpartition(":")
    return bool(colon) and _is_number(port) and (_is_ipv4(host) or _is_ipv6(host.strip("[]")))


def _pairs(words: Sequence[str]) -> Iterator[tuple[Rule | Option, str]]:
    """The options in `words` that have a letter, each with the word behind it."""
    for option, word in zip(words, words[1:], strict=False):  # noqa: RUF007 - itertools is loaded for many lines alone
        row = LONG.get(option[2:]) if option.startswith("--") else SHORT.get(option[1:])
        if row and row.short:
            yield row, word


def _mark(word: str) -> str:
    """A mark with more than its number."""
    number = word.removeprefix("fwmark").lstrip(":=").partition("/")[0].partition(":")[0]
    return f"a mark is a number alone: `-f {number}`" if number != word and _is_number(number) else ""


def _endpoint(word: str, ports: Callable[[], list[str]]) -> str:
    scheme, mark, rest = word.partition("://")
    if mark:
        return f"leave out `{printable(scheme)}://`: write `{printable(rest.rstrip('/'))}`"
    host, _, port = word.rpartition(":")
    number, slash, protocol = port.partition("/")
    if slash and _is_number(number) and protocol in PROTOCOLS.values():
        return f"the option says the protocol: write `{printable(host)}:{number}`"
    if host in EVERY:
        return "a service has one address; for several, mark their packets, and name the mark: `-f MARK`"
    if _is_number(port) and (len(port) > MOST_DIGITS or int(port) > LAST_PORT) and host:
        return f"`{printable(port[:20])}` is not a port: give a number from 1 to {LAST_PORT}"
    if found := _ipv6(word) if word.count(":") > 1 else _ipv4(word):
        return found
    if host and port and not port[0].isdigit():
        from .suggestions import did_you_mean

        return did_you_mean(port, ports(), form=f"{printable(host)}:{{}}")
    return ""


def _ipv4(word: str) -> str:
    """An IPv4 address, or a name, with a port that is missing, or behind something else than a colon."""
    host, colon, port = word.rpartition(":")
    numbers = (host or word).split(".")
    if host and not port:
        return f"the port behind `{printable(word)}` is missing: write `{printable(word)}80`"
    if colon and not host and _is_number(port):
        return f"the address before `{word}` is missing: write `192.0.2.1{word}`"
    if len(numbers) == 4 and all(map(_is_number, numbers)) and any(int(one[:MOST_DIGITS]) > 255 for one in numbers):
        return f"`{printable((host or word)[:60])}` is not an address: each of its numbers is at most 255"
    if host.startswith("[") and _is_ipv4(host[1:-1]) and _is_number(port):
        return f"brackets are for IPv6: write `{host[1:-1]}:{port}`"
    many = word.split(",")
    if many[1:] and all(_is_ipv4(one) or is_endpoint(one) for one in many):
        return "a command takes one address: write a command for each"
    for separator in ",/":
        host, found, port = word.partition(separator)
        if found and _is_number(port) and _is_ipv4(host):
            prefix = separator == "/" and int(port[:MOST_DIGITS]) <= LONGEST_PREFIX
            either = "a service has one address, without a prefix length; " if prefix else ""
            return f"{either}a port goes behind a colon: `{host}:{port}`"
    return ""


def _ipv6(word: str) -> str:
    """An IPv6 address whose brackets or whose port are missing or misplaced, or with what isn't part of it."""
    if word.startswith("[") and "]" not in word:
        return ""  # the reader says so
    inside, bracket, _ = word.removeprefix("[").partition("]")
    if word == f"[{inside}]" and _is_ipv6(inside):
        return f"a port follows the brackets: `[{inside}]:80`; without a port there are no brackets: `{inside}`"
    bare = word.replace("[", "").replace("]", "")
    for separator in ":.#":
        host, _, port = bare.rpartition(separator)
        plain, sign, extra = host.partition("%" if "%" in host else "/")
        if not _is_number(port) or not _is_ipv6(plain):
            continue
        if sign:
            return f"leave out `{sign}{printable(extra)}`: write `[{plain}]:{port}`"
        meant = f"[{host}]:{port}"
        return f"an IPv6 address before a port goes in brackets: `{meant}`" if meant != word else ""
    return f"`{printable(inside[:60])}` is not an IPv6 address" if bracket else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_ipv4(host: str) -> bool:
    try:
        return host.count(".") == 3 and len(inet_aton(host)) == 4
    except (OSError, ValueError):
        return False


def _is_ipv6(host: str) -> bool:
    try:
        return len(inet_pton(AF_INET6, host)) == 16
    except (OSError, ValueError):
        return False
