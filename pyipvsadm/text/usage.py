"""The option table as help."""

from __future__ import annotations

from .. import __version__
from .options import NETNS, OPTIONS, RULES, Option, Rule

COMPATIBLE = "ipvsadm v1.31"
COLUMN = 34  # where explanations start


def version() -> str:
    """Our version, and the one that the classic grammar equals."""
    return f"pyipvsadm v{__version__} (compatible with {COMPATIBLE})\n"


def usage(program: str) -> str:
    """The classic grammar on a screen."""
    commands = "".join(map(_row, RULES))
    options = "".join(map(_row, OPTIONS))
    return (
        f"{version()}Usage: {program} COMMAND [OPTION...]\n"
        f"       {program} VERB ...      (`{program} VERB --help` explains one: sandbox)\n\n"
        f"Commands, the first word:\n{commands}\n"
        f"Options:\n{options}\n"
        f"Before everything else, or behind a verb, {NETNS} NAME|PID|PATH: in that network namespace.\n"
        "Schedulers: rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh; persistence engine: sip\n"
    )


def _row(row: Rule | Option) -> str:
    shorts = ", ".join(f"-{letter}" for letter in row.short)
    value = ""
    if row.value:
        value = f"[={row.value.strip('[]')}]" if row.value.startswith("[") else f" {row.value}"
    if row.name == "set":
        value = " tcp tcpfin udp"
    head = f"  {f'{shorts}, ' if shorts else ''}--{row.name}{value}"
    if len(head) >= COLUMN - 1:
        head += "\n" + " " * (COLUMN - 1)
    return f"{head:<{COLUMN - 1}} {row.help}\n"
