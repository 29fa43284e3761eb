"""The arguments of `drain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.lock import WAIT
from ...support.verb import verb
from .course import Wishes, run

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...support.arguments import From, Server, WaitLock, duration
    from ...world import World


@verb(rank=60)
def drain(
    world: World,
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
    wait_lock: WaitLock = WAIT,
) -> int:
    """Let a server get no new connections, and those that it has come to their end.

    Its weight becomes 0 in every service that has it, and all else stays; if one of these changes is refused, those
    that were made are taken back. The weights are printed, and remembered for `undrain` in `/run/pyipvsadm`.

    What keeps the server busy is told. Of UDP, the kernel has no active connections: with **active**, those count
    that it remembers. Flows that go on for a whole UDP timeout may never end: that is told, and `--remove` waits for
    them no longer where `net.ipv4.vs.expire_nodest_conn` is 1, by which their next packet goes elsewhere. Ctrl-C ends
    the waiting, and leaves the server drained.

    Exit status: 0 empty, or drained without `--wait`; 1 nothing to drain, or refused by the kernel, and taken back;
    2 wrong input, or the last server, nothing tried; 3 the deadline passed, or refused, and not all could be taken
    back; 130 or 143 stopped by a signal.

    - `pyipvsadm drain 10.2.0.2:8080 --wait --remove` takes a server out of service without cutting anybody off
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
    )
    return run(world, wishes)
