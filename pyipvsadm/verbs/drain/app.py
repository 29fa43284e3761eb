"""The arguments of `drain` and `undrain`, and nothing more."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 30 * 86400  # seconds


def duration(text: str) -> float:
    """The seconds that `text` means, such as `60`, `60s`, `10m` or `1h`. Raises typer's usage error."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    if number.isascii() and number.isdigit() and len(number) < 10 and 1 <= int(number) * UNITS[unit] <= LONGEST:
        return float(int(number) * UNITS[unit])
    raise typer.BadParameter("give a time from 1s to 30d, such as 60s, 10m or 1h")


Server = Annotated[
    str,
    typer.Argument(
        metavar="SERVER",
        help="Such as 10.2.0.2:8080 or [2001:db8::2]:8080, or an address alone for all its ports.",
        show_default=False,
    ),
]
From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="SERVICE", help="Only in this service. Repeatable. Default: in all that have it."),
]


def drain(
    context: typer.Context,
    server: Server,
    services: From = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until its connections have ended.")] = False,
    deadline: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=duration,
            show_default=False,
            help="How long to wait: 60s, 10m or 1h. Implies `--wait`. Default: 10m.",
        ),
    ] = None,
    until: Annotated[
        Literal["active", "all"] | None,
        typer.Option(
            show_default=False,
            help="Which connections to wait for: the **active**, or **all**, inactive and persistent too."
            " Implies `--wait`. Default: active.",
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Then remove it. Implies `--wait`.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if that leaves a service without a server that has a weight.")
    ] = False,
) -> None:
    """Let a server get no new connections, and those that it has come to their end.

    Its weight becomes 0 in every service that has it, and all else stays; if one of these changes is refused, those
    that were made are taken back. The weights are printed, and remembered for `undrain` in `/run/pyipvsadm`.

    What keeps the server busy is told. Of UDP, the kernel has no active connections: with **active**, those count
    that it remembers. Ctrl-C ends the waiting, and leaves the server drained.

    Exit status: 0 empty, or drained without `--wait`; 1 nothing to drain, or refused by the kernel, and taken back;
    2 wrong input, or the last server, nothing tried; 3 the deadline passed, or refused, and not all could be taken
    back; 130 or 143 stopped by a signal.

    - `pyipvsadm drain 10.2.0.2:8080 --wait --remove` takes a server out of service without cutting anybody off
    """
    from .draining import Wishes, run

    wishes = Wishes(
        server=server,
        services=tuple(services or ()),
        wait=wait or remove or deadline is not None or until is not None,
        deadline=600.0 if deadline is None else deadline,
        everything=until == "all",
        remove=remove,
        force=force,
    )
    raise typer.Exit(run(context.obj, wishes))


def undrain(
    context: typer.Context,
    server: Server,
    services: From = None,
    ramp: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=duration,
            show_default=False,
            help="Raise the weight in steps, over 60s, 10m or 1h. Default: at once.",
        ),
    ] = None,
    weight: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=2**31 - 1, show_default=False, help="The weight, instead of those remembered."
        ),
    ] = None,
) -> None:
    """Give a server the weights back that it had before `drain`.

    A server that comes back empty would get all new connections from schedulers that look for the least: with
    `--ramp` its weight rises from 1. Ctrl-C leaves it where it is then, and the same command goes on from there.

    Exit status: 0 done, or nothing to do; 1 no such server, no weight remembered, or refused by the kernel, and taken
    back; 2 wrong input; 3 refused, and not all could be taken back; 130 or 143 stopped by a signal.
    """
    from .undraining import run

    raise typer.Exit(run(context.obj, server, services or [], ramp or 0.0, weight))
