"""The arguments of `where`."""

from __future__ import annotations

from ...support.verb import verb
from . import run
from .question import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...world import World


@verb(rank=15)
def where(
    world: World,
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Such as 192.168.2.10:80/tcp or fwmark:7.", show_default=False)
    ],
    clients: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLIENT", help="An address, with a port or without. Default: the share of each server."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="SERVER", help="As if it were removed. Repeatable.")
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="SERVER", help="As if it were added: `10.2.0.9:8080 weight 2`. Repeatable."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="SERVER=N", help="As if it had this weight. Repeatable."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="NAME", help="As if the service had this one.")
    ] = None,
    table: Annotated[
        str | None, typer.Option("--table", metavar="FILE", help="As if this table were applied; `-` for stdin.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--clients", metavar="FILE", help="Count the clients in FILE, an address in each line; `-` for stdin."
        ),
    ] = None,
    output: Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="Output format.")] = "text",
) -> int:
    """Tell which server a client gets, and why; or what a change would do to that.

    It is exact where the kernel goes by a hash, by connections that it counts, or by an entry that it has for the
    client. What the kernel keeps to itself, as the place of rr in its round, is said. Nothing is changed, and no
    packet is sent.

    With a change, the server of today stands beside the one to be. **json** is a list, an object for each client.

    - `pyipvsadm where 192.168.2.10:80 203.0.113.9 --without 10.2.0.2:8080` tells where a client goes without a server

    - `cut -d ' ' -f 1 access.log | pyipvsadm where 192.168.2.10:80 --clients -` counts the clients of a log

    Exit status: 0, or 1 if there is no such service or it can't be read, 2 for wrong input.
    """
    change = Change(
        without=tuple(without or ()),
        added=tuple(with_ or ()),
        weights=tuple(weight or ()),
        scheduler=scheduler or "",
        table=table or "",
    )
    return run(world, service, clients or [], file or "", change, output)
