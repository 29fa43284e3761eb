"""The arguments of `sandbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.verb import verb

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...world import World


def memory_size(text: str) -> str:
    """`text` as the kernel takes it, such as `512M`. Raises typer's usage error."""
    from typer import BadParameter

    number, unit = text[:-1], text[-1:].upper()
    if not (number.isascii() and number.isdecimal() and unit in ("M", "G")):
        raise BadParameter("give a number and a unit, such as 512M or 2G")
    if int(number) * (1024 if unit == "G" else 1) < 64:
        raise BadParameter("the kernel needs 64M at least")
    return number + unit


@verb(rank=120, passes=True)
def sandbox(
    world: World,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND [ARG]...]", help="What to run there. Default: a shell."),
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="Let writes below DIR through to this machine. Repeatable."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.001, help="End a command that runs longer, with status 124."),
    ] = None,
    memory: Annotated[str, typer.Option(metavar="SIZE", parser=memory_size, help="The memory of the kernel.")] = "512M",
    kernel: Annotated[
        Literal["uml", "host"],
        typer.Option(
            help="**uml** boots a kernel of its own, as an ordinary process. **host** takes the running"
            " kernel and a new network namespace: it needs root and IPVS, and files are this machine's own,"
            " so that writes stay."
        ),
    ] = "uml",
    uml: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The kernel to boot, a user-mode Linux. Default: `linux.uml` on the path."),
    ] = None,
    module: Annotated[
        bool, typer.Option("--module/--no-module", help="Load ip_vs before COMMAND runs, or leave it out.")
    ] = True,
) -> int:
    """Run COMMAND, or a shell, as root of a throw-away kernel with IPVS.

    A user-mode Linux kernel boots within a second, without root, KVM or IPVS on this machine, whose own
    tables stay untouched. COMMAND sees this machine's files, its working folder and environment; what it
    writes is thrown away with the kernel, but for the folders named by `--write`. Its streams, signals
    and exit status are passed on as if it ran here. To an ordinary user's sandbox, files are as readable
    and writable as to that user, although `id` says root.

    It protects from mistakes, and is no jail: who is root inside can reach what its user can reach outside.

    The kernel comes from Debian's packages `user-mode-linux` and `kmod`. One from another place is named by `--uml`;
    its modules are looked for in `../lib/uml/modules` beside it, and then in `/usr/lib/uml/modules`.

    - `pyipvsadm sandbox` is a shell; `exit` leaves it

    - `pyipvsadm sandbox -- pyipvsadm -Ln` is one command

    - `pyipvsadm sandbox --write . --timeout 60 -- pytest` lets a report out
    """
    from .requested import Request

    request = Request(
        command=tuple(command or ()),
        write=tuple(write or ()),
        timeout=timeout,
        memory=memory,
        uml=uml or "",
        module=module,
    )
    if kernel == "host":
        from . import running_kernel

        return running_kernel.run(request)
    from . import host

    return host.run(request)
