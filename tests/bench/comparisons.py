"""The rows that are one command of ours against another command: each is a row of a table.

A row that needs more than that (several sizes, memory, the null client) is in `schedule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .schedule import (
    BARE,
    DOCUMENTS,
    GROUPS,
    IP,
    JSON,
    LISTS,
    LOADS,
    NFT,
    OURS,
    RESTORE,
    RULES,
    STARTS,
    VERBS,
    YAML,
    Step,
)  # fmt: skip

STATS = (OURS, "-Ln", "--stats")
PASS = (BARE,)
AS_JSON, AS_YAML = ((OURS, "show", "-o", format, f">{format}") for format in ("json", "yaml"))
SAVED = (OURS, "-Sn")
AS_RULES = (*SAVED, ">saved")
DEVICE = "kube-ipvs0"
MADE, GONE = (IP, "link", "add", DEVICE, "type", "dummy"), (IP, "link", "delete", DEVICE)


@dataclass(frozen=True)
class Comparison:
    """`ours` against `other`, which is a program of `schedule` and its words: at most `bound` times its time.

    Both run on a table of `rules` rules, in a fresh network namespace. `once` are commands that prepare it, `before`
    those that precede each run; none of them is timed. A last word `>NAME` keeps the output as `{NAME}`. `ends` are the
    statuses with which ours may end, and `says` begins what it writes on stderr. Where it is `fresh`, each run has an
    empty table in a network namespace of its own, and the rules on stdin.
    """

    group: str
    row: str
    ours: tuple[str, ...]
    other: tuple[str, ...]
    bound: float
    rules: int = 0
    once: tuple[tuple[str, ...], ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    ends: tuple[int, ...] = (0,)
    says: str = ""
    fresh: bool = False

    @property
    def against(self) -> str:
        """The row under which the samples of `other` are kept."""
        return f"against {self.row}"

    @property
    def yardstick(self) -> str:
        """The other's name for the report."""
        program, *words = self.other
        return " ".join(words if program == OURS else [program, *words])


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(STARTS, "show (small)", ("show",), PASS, 4.0, rules=10),
    Comparison(STARTS, "vip (small)", ("vip",), PASS, 4.0, rules=10, ends=(0, 1)),
    Comparison(STARTS, "check (small)", ("check", RULES), PASS, 4.0, rules=10),
    Comparison(STARTS, "where (small)", ("where", "10.0.0.1:80", "192.0.2.1"), PASS, 5.0, rules=10),
    Comparison(STARTS, "metrics (small)", ("metrics",), PASS, 5.0, rules=10),
    Comparison(STARTS, "netns (small)", ("netns",), PASS, 4.0, rules=10),
    Comparison(STARTS, "__complete", ("__complete", "-D", "-t", ""), PASS, 1.8, rules=10),
    Comparison(STARTS, "doctor (empty)", ("doctor", "--watch", "0"), PASS, 10.0, ends=(0, 1)),
    Comparison(STARTS, "apply --help", ("apply", "--help"), PASS, 12.0),
    Comparison(STARTS, "apply --zork", ("apply", "--zork"), PASS, 12.0, ends=(2,), says="--zork: unknown option"),
    Comparison(STARTS, "vip zork", ("vip", "zork"), PASS, 12.0, ends=(2,), says="`vip zork`: unknown verb"),
    Comparison(STARTS, "check (no file)", ("check",), PASS, 12.0, ends=(2,), says="FILE is missing"),
    Comparison(DOCUMENTS, "check (JSON)", ("check", JSON), (LOADS, JSON), 4.0, rules=20000, once=(AS_JSON,)),
    Comparison(DOCUMENTS, "check (YAML)", ("check", YAML), (OURS, "check", RULES), 2.0, rules=20000, once=(AS_YAML,)),
    Comparison(DOCUMENTS, "diff (rules)", ("diff", "{saved}"), SAVED, 1.2, rules=20000, once=(AS_RULES,)),
    Comparison(DOCUMENTS, "diff (JSON)", ("diff", JSON), SAVED, 1.4, rules=20000, once=(AS_JSON,)),
    Comparison(DOCUMENTS, "diff (YAML)", ("diff", YAML), SAVED, 1.6, rules=20000, once=(AS_YAML,)),
    Comparison(
        DOCUMENTS, "apply (empty table)", ("apply", RULES), (OURS, RESTORE), 1.5,
        rules=20000, fresh=True, says="done: 20000 added\n",
    ),
    Comparison(LISTS, "show -o json", ("show", "-o", "json"), STATS, 1.3, rules=20000),
    Comparison(LISTS, "show -o ndjson", ("show", "-o", "ndjson"), STATS, 1.3, rules=20000),
    Comparison(VERBS, "vip", ("vip",), (OURS, "-Ln"), 1.5, rules=20000, ends=(0, 1)),
    Comparison(
        VERBS, "vip sync", ("vip", "sync"), (IP, "-batch", "{addresses}"), 2.0,
        rules=20000, once=(MADE,), before=(GONE, MADE),
    ),
    Comparison(VERBS, "doctor", ("doctor", "--watch", "0"), STATS, 3.0, rules=20000, ends=(0, 1, 2)),
    Comparison(
        VERBS, "doctor (4,000 firewall rules)", ("doctor", "--watch", "0"), STATS, 3.5,
        rules=20000, once=((NFT, "-f", "{firewall}"),), ends=(0, 1, 2),
    ),
)  # fmt: skip


def chosen(groups: Iterable[str] = GROUPS, most: int | None = None) -> list[Comparison]:
    """The comparisons of `groups` with tables of at most `most` rules, the smaller tables first."""
    found = [one for one in COMPARISONS if one.group in groups and (most is None or one.rules <= most)]
    return sorted(found, key=lambda one: one.rules)


def steps(one: Comparison, pairs: int) -> Iterator[Step]:
    """Fill the table, prepare, and let both take turns. Pair 0 only warms up."""
    yield Step(RESTORE, OURS, one.rules, 0, (RESTORE,), restores=True, timed=False)
    yield from (prepared(command, one.rules) for command in one.once)
    for pair in range(pairs + 1):
        for row, command, ends, says in (
            (one.row, (OURS, *one.ours), one.ends, one.says),
            (one.against, one.other, (0,), ""),
        ):
            yield from (prepared(before, one.rules) for before in one.before)
            yield Step(
                row, command[0], one.rules, pair, command[1:], restores=one.fresh, timed=pair > 0,
                ends=ends, says=says, compared=False,
            )  # fmt: skip


def prepared(command: tuple[str, ...], rules: int) -> Step:
    """A step that isn't measured."""
    words, into = (command[:-1], command[-1][1:]) if command[-1][0] == ">" else (command, "")
    return Step("preparation", words[0], rules, 0, words[1:], timed=False, compared=False, into=into)
