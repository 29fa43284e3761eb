"""Words of other tools, and of ipvsadm, behind a verb: how to get the same there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...grammar.shell import command

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMING = {  # options of ipvsadm that name a service or a server: which, and its name here
    "-t": ("service", "{}"),
    "-u": ("service", "{}/udp"),
    "-f": ("service", "fwmark:{}"),
    "-r": ("server", "{}"),
}
NAMED = "verbs take names alone: 192.168.2.10:80/tcp is a service, and so is fwmark:7; 10.2.0.2:8080 is a server"
SYNONYMS = {  # words of other tools for a verb of a group
    **dict.fromkeys(("remove", "delete", "del", "unbind"), "rm"),
    **dict.fromkeys(("list", "show"), "ls"),
    **dict.fromkeys(("bind", "create"), "add"),
}
FILED = ("check", "diff", "apply", "convert")
DEADLINE = "`--deadline` says how long to wait, such as `--deadline 10m`"
FROM = "`--from SERVICE` drains the server in one service only"
NETNS = "to act on a namespace, name it before a command"
MEANT_BY = (  # verbs, what an extra argument looks like that is meant otherwise, and the hint on how
    (("drain",), re.compile(r"[0-9]+[a-z]*"), DEADLINE),
    (("drain", "undrain"), re.compile(r"from (\S+)"), r"`--from \1` names the service"),
    (("drain",), re.compile(r"[0-9.:\[\]a-f ]*[.:].*"), "`drain` takes one server at a time"),
    (("undrain",), re.compile(r"([0-9]+)"), r"`--weight \1` gives the server that weight"),
    (("undrain",), re.compile(r"[0-9.:\[\]a-f ]*[.:].*"), "`undrain` takes one server at a time"),
    (("netns",), re.compile(r"list|ls|show|all"), "without a name, all namespaces are listed"),
    (("netns",), re.compile(r"([\w./-]+)"), rf"{NETNS}: `--netns \1 -Ln`"),
    (("diff",), re.compile(r".*"), "`diff FILE` compares one file with the kernel's table"),
    (("convert",), re.compile(r"(?:> )?(\S+)\.(json|yaml|rules)"), r"it prints the table: `-o \2 > \1.\2`"),
    (FILED, re.compile(r".*"), "`{called} --help` explains it; name one file at a time"),
    (("metrics",), re.compile(r"start|serve|run|listen"), "`--listen PORT` serves until it is ended"),
)
BOTH = (  # verbs, what the first argument and an extra one look like, and the hint on how to name both
    (("drain", "undrain"), re.compile(r"(\S+) (\S+/(?:tcp|udp|sctp)|fwmark:\S+)"), r"`{called} \1 --from \2` does it"),
    (("drain", "undrain"), re.compile(r"(\S+/(?:tcp|udp|sctp)|fwmark:\S+) (\S+)"), r"`{called} \2 --from \1` does it"),
    (("drain", "undrain"), re.compile(r"(\S+:\S+) (\S*[.:]\S*)"),
     r"if \1 is a service: `{called} \2 --from \1`; of servers, name one at a time"),
)  # fmt: skip
RENAMED = {  # by verb: what a line names in ipvsadm's way, and how its words begin here
    **dict.fromkeys(("drain", "undrain"), ("server", "--from", "service")),
    **dict.fromkeys(("show", "top", "doctor", "where"), ("service",)),
}
FILE = "the file is named without an option: `{called} FILE`"
PRUNED = "`apply` removes what the file lacks, without an option; `--no-prune` keeps it"
DRY = "`--dry-run` shows what would change"
YES = "`--yes` also deletes all services"
ALL = "without a name, all services are shown"
DRAINED = "a drained server has weight 0, as `show` tells; `show -o rules | grep -e '-w 0'` lists them"
COUNTED = "`-Ln --stats` and `-Ln --rate` list counters and rates, `top` shows rates live, and `-o json` has both"
CONNECTIONS = "`-Lnc` lists the connections"
INSTEAD = {  # (verb, option of other tools): how to get the same here
    (verb, option): hint
    for verbs, options, hint in (
        (FILED, ("-f", "--file"), FILE),
        (("check", "diff", "apply"), ("--format",), "`--from` names the file's format"),
        (("convert",), ("--input", "-i"), "`--from` names the file's format"),
        (("convert",), ("--to", "--format"), "`-o FORMAT` says what to write"),
        (("check",), ("-o", "--output", "--json"), "`convert -o json FILE` prints the table as JSON"),
        (("apply",), ("-n", "--check", "--test", "--diff", "--plan"), DRY),
        (("apply", "diff"), ("--prune", "--delete", "--purge"), PRUNED),
        (("apply",), ("-y", "--auto-approve", "--assume-yes"), YES),
        (("diff",), ("--dry-run", "-n", "--check"), "`diff` changes nothing: leave it out"),
        (("diff",), ("-u", "-r", "-q", "--brief", "--quiet"), "the exit status says whether they differ: 0 or 1"),
        (("drain",), ("--timeout", "--time"), DEADLINE),
        (("drain",), ("-w",), "`--wait` waits until the server is empty"),
        (("drain",), ("--yes", "-y", "-f"), "`--force` also drains the last server of a service"),
        (("drain", "undrain"), ("--service", "--svc", "--in"), FROM),
        (("drain",), ("--weight",), "a drained server has weight 0; `set SERVICE SERVER --weight N` sets another one"),
        (("drain", "undrain"), ("--all", "-a"), "without `--from`, all services of the server are meant"),
        (("drain", "undrain"), ("--list", "--ls", "--status", "-l"), DRAINED),
        (("drain",), ("--dry-run", "-n"), "`where SERVICE --without SERVER` tells where its clients would go"),
        (("drain",), ("--ramp",), "`undrain` has a ramp; `drain` stops new connections at once"),
        (("show",), ("--watch", "-w", "--live"), "`top` shows the table live"),
        (("show",), ("-n", "--numeric"), "verbs always print numbers: leave it out"),
        (("show",), ("--all", "-a", "-A", "-l", "-L", "--list"), ALL),
        (("show",), ("--stats", "--stat", "--rate", "--rates", "--counters"), COUNTED),
        (("show",), ("-c", "--connections", "--connection"), CONNECTIONS),
        (("show",), ("--sort",), "services are in the order of `-L`; `top` sorts by columns"),
        (("show",), ("--server", "--service"), NAMED),
        (("top",), ("-d", "-i", "--delay"), "`--interval` sets the seconds of a sample"),
        (("top",), ("-n", "-b", "--batch", "-1"), "`--once` prints one sample"),
        (("top",), ("--json",), "write `-o ndjson`"),
        (("top",), ("--sort",), "the keys `<` and `>` choose the column to sort by"),
        (("netns",), ("-l", "--list", "--all", "-a"), "without an option, all namespaces are listed"),
        (("netns",), ("-L", "-A", "-a", "-S"), f"{NETNS}: `--netns X -Ln`"),
        (("metrics",), ("--port", "-p"), "`--listen PORT` serves at a port"),
        (("metrics",), ("-o", "--output", "--format", "--json"), "it prints Prometheus's text; `show -o json` is JSON"),
        (("completion",), ("--bash", "--zsh", "--fish"), "the shell is named without hyphens: `{called} bash`"),
        (("doctor",), ("--fix", "--repair"), "`doctor` changes nothing: it prints the commands"),
        (("doctor",), ("-v", "--verbose"), "`--explain CHECK` explains a check"),
        (("doctor",), ("--service",), "services are named without an option: `{called} 192.168.2.10:80`"),
    )
    for verb in verbs
    for option in options
}


def renamed(verb: str, line: Sequence[str]) -> str:
    """A hint with the words `line` of `verb`, which name services and servers in ipvsadm's way, as the verb takes them.

    Where that isn't known, it is NAMED.
    """
    found: dict[str, str] = {}
    rest = []
    words = iter(line)
    for word in words:
        what, form = NAMING.get(word, ("", ""))
        if what and what not in found:
            found[what] = form.format(next(words, ""))
        else:
            rest.append(word)
    order = RENAMED.get(verb, ())
    if not found or {*found} != {*order} - {"--from"} or not all(found.values()):
        return NAMED
    return f"verbs take names alone: `{{called}} {command(*(found.get(word, word) for word in order), *rest)}`"


def of_both(verb: str, first: str, extra: str) -> str:
    """A hint where `extra` follows the only argument `first` that `verb` takes; empty if it isn't known."""
    for verbs, pattern, hint in BOTH:
        if verb in verbs and (found := pattern.fullmatch(f"{first} {extra}")):
            return found.expand(hint)
    return ""
