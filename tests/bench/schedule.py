"""What is run, in which order: pure, so that the driver only has to do it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

SECONDS, PROCESSOR, MEMORY = "seconds", "processor", "memory"  # what is compared
GROUPS = STARTS, DOCUMENTS, LISTS, RESTORES, VERBS = ("start", "documents", "lists", "restore", "verbs")
PACKETS = "packets"  # a group of its own kind: it has neither tables nor pairs
OURS, THEIRS, NULL, BARE, IP, NFT = "ours", "theirs", "null", "bare", "ip", "nft"
ALONE, HELD, CLIENTS = "ours on one processor", "a process that holds the file", "clients"
SCREENS, LINES, SCRAPES = "screens", "lines", "scrapes"  # ours, as `watcher` runs it
IPTABLES, IPTABLES_SAVE = "iptables-legacy-restore", "iptables-legacy-save"
TASKSET, EXPORTER = "taskset", "prometheus-node-exporter"
ELSEWHERE = (IP, NFT, IPTABLES, IPTABLES_SAVE, TASKSET, EXPORTER)  # programs that rows need, and that may be missing
WATCHED = (SCREENS, LINES, SCRAPES, EXPORTER)  # the programs of which `watcher` prints the seconds
RESTORE, LIST, STATS, RATE, SAVE, CLEAR = "-R", "-Ln", "-Ln --stats", "-Ln --rate", "-Sn", "-C"
CHECK, APPLY, APPLY_ONE = "check", "apply (unchanged)", "apply (one weight)"
OBJECTS, LOADS = "check (objects of Kubernetes)", "json.loads"
KEEPALIVED, AS_RULES = "check (keepalived.conf)", "check (its rules)"
PIPE = "-Ln |"  # to a pipe, for the time to the first byte
LEFT = "left"  # what stands in the kernel after a program's -R, -C or -a, as ipvsadm shows it
START, LIST_EMPTY, ADD_SERVICE, ADD_SERVER = "python3 -I -c pass", "-Ln (empty)", "-A", "-a"
LISTINGS = (LIST, STATS, RATE, SAVE, PIPE)
RULES, CHANGED = "{rules}", "{changed}"  # the files with the table, and with the same but for one weight
JSON, YAML = "{json}", "{yaml}"  # the table as `show` writes it
DOCUMENT_ROWS = {  # of our program alone; with what each says on stderr
    CHECK: (("check", RULES), ""),
    APPLY: (("apply", RULES), ""),
    APPLY_ONE: (("apply", CHANGED), "done: 1 edited\n"),
}

SMALL = 5000  # rules: below, a run is short beside what measures its memory, and the first pair doesn't count
LARGE = 20000  # rules: above, ipvsadm is run in the first pair alone, or it would take all the time
PIPED = 3  # pairs that have a run to a pipe
SERVICE = ("-t", "192.0.2.1:80")
ONE = {
    LIST_EMPTY: ("-Ln",),
    ADD_SERVICE: ("-A", *SERVICE, "-s", "wlc"),
    ADD_SERVER: ("-a", *SERVICE, "-r", "198.51.100.1:80", "-m", "-w", "1"),
}


@dataclass(frozen=True)
class Step:
    """One process to run: `program` with `arguments`; `row` says what for.

    `restores` has it read the rules, `peak` its memory measured, `piped` the time to its first byte taken;
    where `timed` is false its duration doesn't count. It may say what begins as `says` on stderr, and end with one of
    `ends`. Where it is `compared`, all runs of the row must print the same. Its output may be kept `into` a file.
    """

    row: str
    program: str
    rules: int
    pair: int
    arguments: tuple[str, ...] = ()
    restores: bool = False
    piped: bool = False
    peak: bool = False
    timed: bool = True
    says: str = ""
    ends: tuple[int, ...] = (0,)
    into: str = ""
    compared: bool = True


def starts(pairs: int, groups: Collection[str] = GROUPS) -> Iterator[Step]:
    """The rows that hang on the program's start: single commands on an empty table. Pair 0 only warms up.

    The bare interpreter's start runs whatever the `groups`, since other rows are held against it as well.
    """
    for pair in range(pairs + 1):
        yield single(START, BARE, pair)
        if STARTS not in groups:
            continue
        for program in (OURS, THEIRS):
            yield single(LIST_EMPTY, program, pair)
        for program in (OURS, THEIRS):
            yield single(ADD_SERVICE, program, pair)
            yield single(ADD_SERVER, program, pair)
            yield left(ADD_SERVER, program, 0, pair)
            yield Step("reset", THEIRS, 0, pair, (CLEAR,), timed=False)


def single(row: str, program: str, pair: int) -> Step:
    """The step that measures one short command once."""
    return Step(row, program, 0, pair, ONE.get(row, ()), peak=pair == 0, timed=pair > 0)


def tables(rules: int, pairs: int, groups: Collection[str] = GROUPS) -> Iterator[Step]:
    """The rows of `groups` that a table of `rules` rules has; each begins and ends with an empty table."""
    if not {RESTORES, LISTS, DOCUMENTS} & {*groups}:
        return
    extra = 1 if rules < SMALL else 0
    for pair in range(pairs + extra):
        programs = (NULL, OURS) if rules > LARGE and pair else (NULL, OURS, THEIRS)
        restorers = programs if RESTORES in groups else (OURS,)  # one that fills the table, and isn't measured
        for program in restorers:
            for row in (RESTORE, CLEAR):
                if row == CLEAR and program == restorers[-1]:
                    yield from listings(rules, pair, programs, groups)
                made = step(row, program, rules, pair)
                yield made if RESTORES in groups else replace(made, timed=False, peak=False)
                if pair == 0 and RESTORES in groups:
                    yield left(row, program, rules, pair)


def listings(rules: int, pair: int, programs: tuple[str, ...], groups: Collection[str]) -> Iterator[Step]:
    """The rows that only read; what isn't worth its time each time is left out of large tables and late pairs."""
    listed = (LIST, SAVE) if rules > LARGE else LISTINGS if pair < PIPED else LISTINGS[:-1]
    for row in listed if LISTS in groups else (SAVE,) if DOCUMENTS in groups else ():  # `apply` is held against -Sn
        for program in programs[1:]:
            yield step(row, program, rules, pair)
        if row == LIST:
            yield step(row, NULL, rules, pair)
    if DOCUMENTS in groups and rules <= LARGE and pair < PIPED - 1:
        for row, (arguments, says) in DOCUMENT_ROWS.items():
            yield Step(row, OURS, rules, pair, arguments, timed=pair > 0 or rules >= SMALL, says=says)
        yield Step("reset", OURS, rules, pair, DOCUMENT_ROWS[APPLY][0], timed=False, says=DOCUMENT_ROWS[APPLY_ONE][1])


def step(row: str, program: str, rules: int, pair: int) -> Step:
    """The step that measures `row` once."""
    first = pair == 0
    arguments = tuple(row.removesuffix(" |").split())
    return Step(
        row,
        program,
        rules,
        pair,
        arguments,
        restores=row == RESTORE,
        piped=row == PIPE,
        peak=first and row != PIPE,
        timed=not first or rules >= SMALL,
    )


def left(row: str, program: str, rules: int, pair: int) -> Step:
    """The step that shows what the `row` of `program` left in the kernel: by ipvsadm, whoever `program` is."""
    return Step(f"{LEFT} by {row}", program, rules, pair, (SAVE,), timed=False)
