"""The rows that are one command of ours against another command: each is a row of a table.

A row that needs more than that (several sizes, memory, the null client) is in `schedule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .schedule import (
    ALONE,
    BARE,
    CLIENTS,
    DOCUMENTS,
    ELSEWHERE,
    EXPORTER,
    GROUPS,
    HELD,
    IP,
    IPTABLES,
    IPTABLES_SAVE,
    JSON,
    LINES,
    LISTINGS,
    LISTS,
    LOADS,
    MEMORY,
    NFT,
    OURS,
    PIPE,
    PROCESSOR,
    RESTORE,
    RULES,
    SCRAPES,
    SCREENS,
    SECONDS,
    STARTS,
    TASKSET,
    THEIRS,
    VERBS,
    YAML,
    Step,
)  # fmt: skip
from .tables import NAMESPACES

STATS = (OURS, "-Ln", "--stats")
PASS = (BARE,)
AS_JSON, AS_YAML = ((OURS, "show", "-o", format, f">{format}") for format in ("json", "yaml"))
SAVED = (OURS, "-Sn")
AS_RULES = (*SAVED, ">saved")
DEVICE = "kube-ipvs0"
CONNECTED = (  # 50,000 connections of the one UDP service of a small table; their datagrams end in DEVICE
    (IP, "link", "add", DEVICE, "up", "type", "dummy"),
    (IP, "address", "add", "10.0.0.4/32", "dev", DEVICE),
    (IP, "route", "add", "172.16.0.0/12", "dev", DEVICE),
    (OURS, "--set", "900", "120", "3600"),
    (CLIENTS, "10.0.0.4", "53", "50000"),
)
IPTABLES_RULES = ((IPTABLES, "{iptables}"), (IPTABLES_SAVE,))  # which `doctor` runs: so it has to be there
TOP_LINES = ("top", "-o", "ndjson", "--interval", "0.2")
LISTEN = ("metrics", "--listen", "127.0.0.1:9796")
EXPORT = (
    EXPORTER, "--collector.disable-defaults", "--collector.ipvs", "--web.disable-exporter-metrics",
    "--web.listen-address=127.0.0.1:9100",
)  # fmt: skip
MADE, GONE = (IP, "link", "add", DEVICE, "type", "dummy"), (IP, "link", "delete", DEVICE)


@dataclass(frozen=True)
class Comparison:
    """`ours` against `other`, which is a program of `schedule` and its words: at most `bound` times its `figure`.

    Without `other`, at most `bound` milliseconds for `each` of so many things, and a bare start. `ours` are words of
    `program`.

    Both run on a table of `rules` rules, in a fresh network namespace. `once` are commands that prepare it, and make
    its `connections`, `before` those that precede each run, `after` those that follow all; none of them is timed. A
    last word `>NAME` keeps the output as `{NAME}`. `ends` are the statuses with which ours may end, and `says` begins
    what it writes on stderr. Where it is `fresh`, each run has an empty table in a network namespace of its own, and
    the rules on stdin. Memory is measured once, and that of a bare interpreter taken off.
    """

    group: str
    row: str
    ours: tuple[str, ...]
    other: tuple[str, ...]
    bound: float
    rules: int = 0
    connections: int = 0
    once: tuple[tuple[str, ...], ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    ends: tuple[int, ...] = (0,)
    says: str = ""
    fresh: bool = False
    program: str = OURS
    figure: str = SECONDS
    each: int = 0

    @property
    def size(self) -> int:
        """How many rules or connections it works on."""
        return max(self.rules, self.connections)

    @property
    def against(self) -> str:
        """The row under which the samples of `other` are kept."""
        return f"against {self.row}"

    @property
    def yardstick(self) -> str:
        """What it is held against, for the report."""
        if not self.other:
            return f"ms for each of {self.each}, without a bare start"
        program, *words = self.other
        if program == EXPORTER:
            return program
        return " ".join([*{OURS: [], THEIRS: ["ipvsadm"]}.get(program, [program]), *words])

    @property
    def needs(self) -> set[str]:
        """The programs that it takes besides those that are always there."""
        commands = (self.other or PASS, *self.once, *self.before, *self.after)
        needed = {command[0] for command in commands} | ({TASKSET} if self.program == ALONE else set())
        return needed & {*ELSEWHERE}


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(STARTS, "show (small)", ("show",), PASS, 4.0, rules=10),
    Comparison(STARTS, "vip (small)", ("vip",), PASS, 4.0, rules=10, ends=(0, 1)),
    Comparison(STARTS, "check (small)", ("check", RULES), PASS, 4.0, rules=10),
    Comparison(STARTS, "where (small)", ("where", "10.0.0.1:80", "192.0.2.1"), PASS, 5.0, rules=10),
    Comparison(STARTS, "metrics (small)", ("metrics",), PASS, 5.0, rules=10),
    Comparison(STARTS, "netns (small)", ("netns",), PASS, 4.0, rules=10),
    Comparison(STARTS, "apply (small)", ("apply", RULES), PASS, 4.0, rules=10),
    Comparison(STARTS, "diff (small)", ("diff", RULES), PASS, 4.0, rules=10),
    Comparison(STARTS, "set (small)", ("set", "10.0.0.1:80", "-s", "rr"), PASS, 4.0, rules=10),
    Comparison(STARTS, "check (small JSON)", ("check", JSON), PASS, 7.0, rules=10, once=(AS_JSON,)),
    Comparison(STARTS, "check (small YAML)", ("check", YAML), PASS, 7.0, rules=10, once=(AS_YAML,)),
    Comparison(
        STARTS, "drain (small)", ("drain", "172.16.0.1:80"), PASS, 5.0,
        rules=10, before=((OURS, "undrain", "172.16.0.1:80"),), says="172.16.0.1:80: ",
    ),
    Comparison(STARTS, "top --once (small)", ("top", "--once"), PASS, 5.0, rules=10, figure=PROCESSOR),
    Comparison(STARTS, "__complete", ("__complete", "-D", "-t", ""), PASS, 1.8, rules=10),
    Comparison(STARTS, "doctor (empty)", ("doctor", "--watch", "0"), PASS, 10.0, ends=(0, 1)),
    Comparison(STARTS, "apply --help", ("apply", "--help"), PASS, 12.0),
    Comparison(STARTS, "apply --zork", ("apply", "--zork"), PASS, 12.0, ends=(2,), says="--zork: unknown option"),
    Comparison(STARTS, "show -o zork", ("show", "-o", "zork"), PASS, 12.0, ends=(2,), says="--output: `zork` is not"),
    Comparison(STARTS, "vip zork", ("vip", "zork"), PASS, 12.0, ends=(2,), says="`vip zork`: unknown verb"),
    Comparison(STARTS, "check (no file)", ("check",), PASS, 12.0, ends=(2,), says="FILE is missing"),
    Comparison(DOCUMENTS, "check (JSON)", ("check", JSON), (LOADS, JSON), 4.0, rules=20000, once=(AS_JSON,)),
    Comparison(
        DOCUMENTS, "check (JSON): memory", ("check", JSON), (HELD, JSON), 3.0,
        rules=20000, once=(AS_JSON,), figure=MEMORY,
    ),
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
    Comparison(LISTS, "show -o yaml", ("show", "-o", "yaml"), STATS, 1.3, rules=20000),
    Comparison(
        LISTS, "-Lcn (50,000 connections)", ("-Lcn",), (THEIRS, "-Lcn"), 0.8,
        rules=20, connections=50000, once=CONNECTED,
    ),
    *(
        Comparison(
            LISTS, f"{row} (one processor)", tuple(row.split()), (THEIRS, *row.split()), 0.8,
            rules=20000, program=ALONE,
        )
        for row in LISTINGS if row != PIPE
    ),
    Comparison(VERBS, "vip", ("vip",), (OURS, "-Ln"), 1.5, rules=20000, ends=(0, 1)),
    Comparison(
        VERBS, "vip sync", ("vip", "sync"), (IP, "-batch", "{addresses}"), 2.0,
        rules=20000, once=(MADE,), before=(GONE, MADE), says="done: 4000 bound\n",
    ),
    Comparison(VERBS, "doctor", ("doctor", "--watch", "0"), STATS, 3.0, rules=20000, ends=(0, 1, 2)),
    Comparison(
        VERBS, "doctor (4,000 firewall rules)", ("doctor", "--watch", "0"), STATS, 3.5,
        rules=20000, once=((NFT, "-f", "{firewall}"),), ends=(0, 1, 2),
    ),
    Comparison(
        VERBS, "doctor (4,000 rules of iptables)", ("doctor", "--watch", "0"), STATS, 3.5,
        rules=20000, once=IPTABLES_RULES, ends=(0, 1, 2),
    ),
    Comparison(VERBS, "top: a sample", ("top", "20"), STATS, 0.6, rules=20000, program=SCREENS, figure=PROCESSOR),
    Comparison(
        VERBS, "top, 200 samples: memory", (*TOP_LINES, "195"), (LINES, *TOP_LINES, "1"), 1.05,
        rules=20000, program=LINES, figure=MEMORY,
    ),
    Comparison(
        VERBS, "metrics: a scrape", (*LISTEN, "10"), (*EXPORT, "10"), 0.5,
        rules=10000, program=SCRAPES, figure=PROCESSOR,
    ),
    Comparison(
        VERBS, "netns (200 namespaces)", ("netns",), (), 3.0,
        rules=10, once=((IP, "-batch", "{namespaces}"),), after=((IP, "-batch", "{no_namespaces}"),), each=NAMESPACES,
    ),
)  # fmt: skip


def chosen(groups: Iterable[str] = GROUPS, most: int | None = None) -> list[Comparison]:
    """The comparisons of `groups` with at most `most` rules, and as many connections, the smaller tables first."""
    found = [one for one in COMPARISONS if one.group in groups and (most is None or one.size <= most)]
    return sorted(found, key=lambda one: one.rules)


def steps(one: Comparison, pairs: int) -> Iterator[Step]:
    """Fill the table, prepare, and let both take turns. Pair 0 only warms up, or measures memory."""
    yield Step(RESTORE, OURS, one.rules, 0, (RESTORE,), restores=True, timed=False)
    yield from (prepared(command, one.rules) for command in one.once)
    memory = one.figure == MEMORY
    for pair in range(1 if memory else pairs + 1):
        for row, command, ends, says in (
            (one.row, (one.program, *one.ours), one.ends, one.says),
            *([(one.against, one.other, (0,), "")] if one.other else []),
        ):
            yield from (prepared(before, one.rules) for before in one.before)
            yield Step(
                row, command[0], one.rules, pair, command[1:], restores=one.fresh, timed=pair > 0, peak=memory,
                ends=ends, says=says, compared=False,
            )  # fmt: skip
    yield from (prepared(command, one.rules) for command in one.after)


def prepared(command: tuple[str, ...], rules: int) -> Step:
    """A step that isn't measured."""
    words, into = (command[:-1], command[-1][1:]) if command[-1][0] == ">" else (command, "")
    return Step("preparation", words[0], rules, 0, words[1:], timed=False, compared=False, into=into)
