"""The arguments of `drain`."""

from __future__ import annotations

from ...support.lock import WAIT
from ...support.verb import verb
from .course import Wishes, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...support.arguments import From, Server, Told, WaitLock
    from ...support.right_line.quantities import duration
    from ...world import World


@verb(rank=60)
def drain(
    world: World,
    server: Server,
    services: From = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the server's connections have ended.")] = False,
    deadline: Annotated[
        float | None,
        typer.Option(
            metavar="TIME",
            parser=duration,
            show_default=False,
            help="How long to wait, such as 60s, 10m or 1h. Implies `--wait`. Default: 10m.",
        ),
    ] = None,
    until: Annotated[
        Literal["active", "all"] | None,
        typer.Option(
            show_default=False,
            help="Which connections to wait for: the **active** ones, or **all**, with inactive and persistent ones."
            " Implies `--wait`. Default: active.",
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the server afterwards. Implies `--wait`.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Drain the server even if that leaves a service without a usable server.")
    ] = False,
    wait_lock: WaitLock = WAIT,
    output: Told = "text",
) -> int:
    """Stop new connections to a server, and let the existing ones finish.

    `drain` sets the server's weight to 0 in every service that has it, and changes nothing else; if one of these
    changes is refused, the others are undone. It prints the old weights, and records them in `/run/pyipvsadm` for
    `undrain`.

    While it waits, it reports which connections keep the server busy. For the kernel, UDP connections are never active,
    so **active** counts all UDP connections that it remembers. A UDP flow that continues may never time out: `drain`
    reports this, and `--remove` does not wait for such flows if `net.ipv4.vs.expire_nodest_conn` is 1, which sends
    their next packet to another server. Ctrl-C ends the waiting and leaves the server drained.

    Exit status: 0 empty, or drained without `--wait`; 1 nothing to drain, or refused by the kernel, and undone;
    2 wrong input, or the last usable server, nothing tried; 3 the deadline passed, or refused, and not everything
    could be undone; 130 or 143 stopped by a signal.

    - `pyipvsadm drain 10.2.0.2:8080 --wait --remove` takes a server out of service without cutting off clients
    """
    wishes = Wishes(
        server=server,
        services=tuple(services or ()),
        wait=wait or remove or deadline is not None or until is not None,
        deadline=600.0 if deadline is None else deadline,
        everything=until == "all",
        remove=remove,
        force=force,
        wait_lock=wait_lock,
        json=output == "json",
    )
    return run(world, wishes)
