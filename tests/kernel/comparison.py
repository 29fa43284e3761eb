"""Whether two programs did the same, but for what we do otherwise on purpose."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from pyipvsadm.help.topics import TOPICS

from . import rawtable
from .directors import Answer, Director
from .namespaces import Namespace

PAUSES = (0, 0.2, 1)  # seconds before the tables are read: more than once only if they seem to differ


def signed(mark: str) -> str:
    """A mark as ipvsadm shows it."""
    return str((int(mark) + 2**31) % 2**32 - 2**31)


OURS = (  # what we print otherwise, on purpose: exceptions 1 and 3 of the issue
    (re.compile(r"( -x \d+)?( -y \d+)?(?= --tun|$)", re.M), ""),
    (re.compile(r"(?<= -f )\d+", re.M), lambda found: signed(found[0])),
    (
        re.compile(r"(?<=^FWM  )(\d+)( IPv6)?( {2,})?", re.M),
        lambda found: (signed(found[1]) + (found[2] or "")).ljust(len(found[0]) if found[3] else 0),
    ),
    (re.compile(r"(?<= -s [sm]h )(.*-b .*?),?flag-3$", re.M), r"\1"),
    (
        re.compile(
            "^(pyipvsadm v|Usage: |There is no topic "
            + "".join(f"|{re.escape(topic.title)}$" for topic in TOPICS)
            + ").*",
            re.M | re.S,
        ),
        "",
    ),
)
THEIRS = ((re.compile(r"^ipvsadm v1\.31.*", re.M | re.S), ""),)
SIZE = re.compile(r"\(size=\d+\)")  # of the table of connections, which Linux 7.2 lets grow
SINCE = (  # what ipvsadm says otherwise since one of Debian's versions, and we do: the pattern of before, and the words
    ("1.31-3", re.compile(r"^-6 used before -f$", re.M), "-6 must follow -f"),
)


def sized(text: str, namespace: Namespace) -> str:
    """`text`, recorded elsewhere, with the size that the table has here and now."""
    with namespace.entered():
        (size,) = SIZE.findall(Path("/proc/thread-self/net/ip_vs").read_text())
    return SIZE.sub(size, text)


@cache
def precedes(version: str) -> bool:
    """Whether the ipvsadm that is here comes before this one of Debian's: its own word for all of them is `v1.31`."""
    asked = ["dpkg-query", "-W", "-f", "${Version}", "ipvsadm"]
    here = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.partition(":")[2]
    return not subprocess.run(["dpkg", "--compare-versions", here, "lt", version], check=False).returncode


@cache
def keeps_order() -> bool:
    """Whether lists that nothing sorts have an order: from Linux 7.2 on, tables that grow turn it over at any time."""
    return tuple(map(int, platform.release().split("-")[0].split(".")[:2])) < (7, 2)


def compared(ours: Answer, theirs: Answer, table: rawtable.Table | None = None, *, unsorted: bool = False) -> str:
    """How two answers differ beyond what they may, of `table` if it's given; empty if they don't.

    `unsorted` is for lists that nothing has sorted.
    """
    ours = ours._replace(stdout=_normal(ours.stdout, OURS))
    theirs = theirs._replace(
        stdout=_normal(theirs.stdout, THEIRS),
        stderr=_normal(theirs.stderr, tuple((old, new) for since, old, new in SINCE if precedes(since))),
    )
    without_order = (table and not has_order(table)) or (unsorted and not keeps_order())
    if ours == theirs or (without_order and _lines_sorted(ours) == _lines_sorted(theirs)):
        return ""
    return f"ours   {ours}\ntheirs {theirs}"


def _lines_sorted(answer: Answer) -> Answer:
    return answer._replace(stdout="".join(sorted(answer.stdout.splitlines(True))))


def has_order(table: rawtable.Table) -> bool:
    """Whether ipvsadm's comparison, by the sign of 32-bit differences, gives an order of each list: exception 5."""
    return all(_in_half_a_circle(words) for listed in rawtable.lists(table) for words in _alternatives(listed))


def _alternatives(listed: list[tuple[int, ...]]) -> Iterator[list[int]]:
    """Of what is listed, the words that stand behind the same words before them."""
    for place in range(len(listed[0]) if listed else 0):
        groups: dict[tuple[int, ...], set[int]] = {}
        for words in listed:
            groups.setdefault(words[:place], set()).add(words[place])
        yield from map(sorted, groups.values())


def _in_half_a_circle(words: list[int]) -> bool:
    return any((before - word) % 2**32 <= 2**31 for before, word in zip([words[-1], *words], words, strict=False))


def _normal(text: str, changes: tuple) -> str:
    for pattern, new in changes:
        text = pattern.sub(new, text)
    return text


def tables(ours: Director, theirs: Director) -> str:
    """How the kernel's two tables differ; empty if they don't."""
    return patiently(lambda: _difference(ours.table(), theirs.table()))


def _difference(ours: rawtable.Table, theirs: rawtable.Table) -> str:
    return "".join(
        f"tables differ in {name}:\nours   {one}\ntheirs {other}\n"
        for name, one, other in zip(ours._fields, ours, theirs, strict=True)
        if one != other
    )


def patiently(found: Callable[[], str]) -> str:
    """What `found` finds, the last time if it's found again and again.

    All namespaces share the kernel's lists, and it goes on in them by counting: while it does away
    with a namespace that has been left, a dump in pieces may lack entries. So what differs is read again.
    """
    what = ""
    for pause in PAUSES:
        time.sleep(pause)
        if not (what := found()):
            break
    return what


def without_order(table: rawtable.Table) -> rawtable.Table:
    """A table whose servers have no order: a restore turns theirs round."""
    return table._replace(services=tuple((service, tuple(sorted(servers))) for service, servers in table.services))


def same(ours: Director, theirs: Director, line: str | list[str], stdin: str | bytes = b"") -> Answer:
    """Give a line to both, and raise AssertionError where what they do differs; ipvsadm's answer."""
    answers = ours(line, stdin), theirs(line, stdin)
    unsorted = "--nosort" in line or b"--nosort" in os.fsencode(stdin)
    if found := compared(*answers, unsorted=unsorted) or tables(ours, theirs):
        raise AssertionError(f"{line}: {found}")
    return answers[1]
