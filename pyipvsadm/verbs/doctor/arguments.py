"""The arguments of `doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.verb import verb
from . import Wishes, run

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...support.arguments import NoPager
    from ...world import World


@verb(rank=86, usage_status=64)
def doctor(
    world: World,
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="SERVICE", help="Judge only these services, such as 192.168.2.10:80/tcp."),
    ] = None,
    mode: Annotated[
        Literal["director", "real-server"], typer.Option(help="The role of this machine. A real server needs `--vip`.")
    ] = "director",
    vip: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A virtual address that this real server serves. Repeatable."),
    ] = None,
    watch: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=3600, help="How long to watch packets and counters.")
    ] = 3,
    output: Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="Output format.")] = "text",
    save: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a snapshot to FILE, and judge nothing; `-` for stdout."),
    ] = None,
    read: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE", help="Judge a snapshot that `--save` wrote, here or on another machine."
        ),
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="Run only this check, such as S6. Repeatable."),
    ] = None,
    lists: Annotated[bool, typer.Option("--list", help="List the checks, and judge nothing.")] = False,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="CHECK", help="Explain a check, such as V1: what it looks at, why it matters, how to fix it."
        ),
    ] = None,
    no_pager: NoPager = False,
) -> int:
    """Diagnose a director: find what keeps traffic from being balanced, and how to fix it.

    Looks at the table, addresses, routes, neighbours, kernel settings and firewall rules, and watches packets and
    counters for some seconds. Changes nothing, but tries a connection to a server that seems not to answer. Reports as
    unknown what it cannot see, which is mostly what needs root.

    Exit status: 0 nothing worse than a note; 1 warnings; 2 failures; 64 wrong words or files, nothing judged.
    """
    wishes = Wishes(
        services=services or [],
        mode=mode,
        vips=vip or [],
        output=output,
        save=save,
        read=read,
        watch=watch,
        checks=check or [],
        lists=lists,
        explain=explain,
        pager=not no_pager,
    )
    return run(world, wishes)
