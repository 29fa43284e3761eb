"""The arguments of `where`."""

from __future__ import annotations

from ...support.verb import verb
from . import run
from .question import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...support.arguments import FormatName
    from ...world import World


@verb(rank=83)
def where(
    world: World,
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Such as 192.168.2.10:80/tcp or fwmark:7.", show_default=False)
    ],
    clients: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLIENT", help="An address, with or without a port. Default: show each server's share."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="SERVER", help="Assume that SERVER is removed. Repeatable.")
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="SERVER", help="Assume that it is added: `10.2.0.9:8080 weight 2`. Repeatable."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="SERVER=N", help="Assume that SERVER has this weight. Repeatable."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="NAME", help="Assume that the service has this scheduler.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="FILE",
            help="Assume that this table is applied, in which SERVICE may be new; `-` for stdin.",
        ),
    ] = None,
    format: Annotated[
        FormatName | None,
        typer.Option("--from", help="The format of that table. Default: detected by content and name."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--clients", metavar="FILE", help="Count the clients in FILE, one address a line; `-` for stdin."),
    ] = None,
    output: Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="Output format.")] = "text",
) -> int:
    """Tell which server a client gets and why, or what a change would do.

    The answer is exact if the kernel uses a hash, its counts of connections, or an entry for the client. If it depends
    on something that the kernel does not show, such as the position of `rr`, the answer says so. Nothing is changed,
    and no packet is sent.

    With a change, the current server is shown beside the future one. If this kernel has no IPVS, `--table` is enough:
    the table is taken for one that is applied to an empty one. **json** is a list with one object for each
    client.

    - `pyipvsadm where 192.168.2.10:80 203.0.113.9 --without 10.2.0.2:8080` shows where a client goes if a server leaves

    - `cut -d ' ' -f 1 access.log | pyipvsadm where 192.168.2.10:80 --clients -` counts the clients of an access log

    Exit status: 0 done; 1 no such service, or it can't be read; 2 wrong input.
    """
    change = Change(
        without=tuple(without or ()),
        added=tuple(with_ or ()),
        weights=tuple(weight or ()),
        scheduler=scheduler or "",
        table=table or "",
        format=format or "",
    )
    return run(world, service, clients or [], file or "", change, output)
