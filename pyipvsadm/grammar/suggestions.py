"""Suggestions for unknown words."""

from __future__ import annotations

from .shell import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 3  # names in one suggestion: more don't help
LONGEST = 40  # letters; longer words get no suggestion, since no name of ours is as long
OPTION, NOT = "--{}", "no-"  # the form of options; the beginning of those that turn something off
PART = 3  # letters that suffice to find a name by its middle; its beginning takes one less


SHOW = "`show` shows the table; so does `-Ln`, as ipvsadm does"
DRAIN = "`drain SERVER` takes a server out of service, and `undrain SERVER` puts it back"
MEANT = {  # words of other tools: their equivalents here
    **dict.fromkeys(("list", "ls", "status", "stat"), SHOW),
    **dict.fromkeys(("get", "describe", "info", "print", "display", "view"), SHOW),
    **dict.fromkeys(("service", "services", "server", "servers"), SHOW),
    **dict.fromkeys(("stats", "rate"), "`top` shows rates live; `-Ln --stats` and `-Ln --rate` list them"),
    **dict.fromkeys(("add", "create", "new"), "`-A` adds a service, and `-a` a server to it: `-A -t 192.168.2.10:80`"),
    **dict.fromkeys(("edit", "change", "modify"), "`set` changes single settings; `-E` and `-e` replace all of them"),
    **dict.fromkeys(("del", "delete", "remove", "rm"), "`-D` deletes a service, and `-d` a server of it"),
    **dict.fromkeys(("flush", "clear", "reset", "destroy"), "`-C` deletes all services; `-Z` zeroes the counters"),
    **dict.fromkeys(
        ("save", "dump", "export", "backup"), "`-Sn > FILE` saves the table; so does `show -o yaml > FILE`"
    ),
    **dict.fromkeys(("restore", "load", "import"), "`-R < FILE` carries out rules; `apply FILE` applies a table"),
    **dict.fromkeys(
        ("start", "stop"), "`--start-daemon` and `--stop-daemon` are for the daemons; IPVS itself always runs"
    ),
    **dict.fromkeys(("reload", "restart"), "`apply FILE` makes the table match FILE; IPVS itself always runs"),
    **dict.fromkeys(("disable", "cordon", "maint", "maintenance", "enable", "uncordon", "ready"), DRAIN),
    **dict.fromkeys(("connections", "connection", "conns", "conn", "sessions"), "`-Lnc` lists the connections"),
    **dict.fromkeys(("monitor", "watch", "live"), "`top` shows the table live"),
    **dict.fromkeys(("validate", "verify", "lint", "test"), "`check FILE` finds what is wrong with a file"),
    **dict.fromkeys(("plan", "preview", "compare"), "`diff FILE` shows what `apply FILE` would change"),
    **dict.fromkeys(("weight", "weights", "scale"), "`set SERVICE SERVER --weight N` changes a weight"),
    **dict.fromkeys(
        ("timeout", "timeouts", "set-timeout", "set-timeouts"),
        "`--set TCP TCPFIN UDP` sets the timeouts, in seconds; `-L --timeout` lists them",
    ),
    **dict.fromkeys(
        ("addr", "addresses", "bind"), "`vip` lists the virtual addresses, and `vip add ADDRESS` binds one"
    ),
    **dict.fromkeys(("daemon", "daemons", "sync"), "`--start-daemon master` starts a daemon; `-L --daemon` lists them"),
    **dict.fromkeys(("ns", "namespace", "namespaces"), "`netns` lists the namespaces; `--netns X -Ln` acts on one"),
    **dict.fromkeys(("exporter", "prometheus"), "`metrics` prints the counters for Prometheus"),
    **dict.fromkeys(("diagnose", "debug", "troubleshoot"), "`doctor` finds what keeps traffic from being balanced"),
    **dict.fromkeys(("ver", "version"), "`-v` shows the version"),
    **dict.fromkeys(("usage", "commands"), "`-h` shows the verbs and commands"),
}


UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}  # in seconds


def in_seconds(text: str) -> str:
    """The end of a hint, if `text` is a time with a unit: how to write it as a number of seconds."""
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    seconds = UNITS.get(text[len(digits) :], 0)
    known = seconds and digits.isascii() and digits.isdigit() and len(digits) < 8
    return f", without a unit: `{int(digits) * seconds}`" if known else ""


def meant(word: str) -> str:
    """A hint that names the equivalent here of another tool's `word`; empty if unknown."""
    return MEANT.get(word.removeprefix("--"), "")


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The names in `known` closest to `word`, at most MOST; none if too many are equally close.

    The same word in another case comes first; then names that it is the beginning or a part of; then
    those with the fewest differences, at most a third of its letters.
    """
    word, names = word.lower(), list(known)
    if not word or len(word) > LONGEST:
        return []
    for found in (
        [name for name in names if name.lower() == word],
        [name for name in names if name.startswith(word) and len(word) >= PART - 1],
        [name for name in names if word in name and len(word) >= PART],
    ):
        if 0 < len(found) <= MOST:
            return found
    steps = {name: _steps(word, name, max(len(word), len(name)) // 3) for name in names}
    least = min(filter(None, steps.values()), default=0)
    found = [name for name in names if least and steps[name] == least]
    return found if len(found) <= MOST else []


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", form: str = "{}") -> str:
    """A question that suggests the names in `known` closest to `word`, each in `form`; else `otherwise`.

    Who asks for what only can be turned off is told so: the option that turns it off is the opposite of what is meant.
    """
    names = nearest(word, known)
    if not names:
        return otherwise
    near = [f"`{form.format(quoted(name))}`" for name in names]
    told = " or ".join(filter(None, (", ".join(near[:-1]), near[-1])))
    if form == OPTION and not word.lower().startswith("no") and all(name.startswith(NOT) for name in names):
        return f"that is so without an option; {told} turns it off"
    return f"did you mean {told}?"


def _steps(one: str, other: str, most: int) -> int:
    """How many letters to add, remove, change or swap with the next one; 0 if more than `most`."""
    if abs(len(one) - len(other)) > most or len(set(one).difference(other)) > most:
        return 0
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                steps = min(steps, two_before[j - 2] + 1)
            row.append(steps)
        if min(row) > most:
            return 0
    return row[-1] if row[-1] <= most else 0
