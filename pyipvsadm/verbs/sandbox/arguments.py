"""The arguments of `sandbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.verb import verb

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...support.right_line.quantities import memory_size
    from ...world import World


@verb(rank=120, passes=True)
def sandbox(
    world: World,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND [ARG]...]", help="The command to run. Default: a shell."),
    ] = None,
    write: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="Keep what is written below DIR. Repeatable."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.001, help="Stop a command that runs longer, with status 124."),
    ] = None,
    memory: Annotated[str, typer.Option(metavar="SIZE", parser=memory_size, help="The memory of the kernel.")] = "512M",
    kernel: Annotated[
        Literal["uml", "host"],
        typer.Option(
            help="**uml** boots its own kernel, as an ordinary process. **host** uses the running kernel with a"
            " new network namespace: this requires root and IPVS, and what is written stays."
        ),
    ] = "uml",
    uml: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The user-mode Linux kernel to boot. Default: `linux.uml` on the path."),
    ] = None,
    module: Annotated[
        bool, typer.Option("--module/--no-module", help="Load ip_vs before COMMAND runs, or don't.")
    ] = True,
) -> int:
    """Run COMMAND, or a shell, as root of a throw-away kernel with IPVS.

    A user-mode Linux kernel boots within a second. It requires neither root nor KVM nor IPVS on this machine, and
    leaves the machine's own tables alone. COMMAND sees this machine's files, its working folder and environment. What
    it writes is thrown away with the kernel, except in folders named by `--write`. Streams, signals and exit status are
    passed on as if COMMAND ran here. In an ordinary user's sandbox, `id` says root, but files are as readable and
    writable as for that user.

    The sandbox protects from mistakes, but it is no jail: root inside can reach whatever its user can reach outside.

    The kernel comes from Debian's packages `user-mode-linux` and `kmod`. `--uml` names another one, whose modules are
    looked for in `../lib/uml/modules` beside it, and then in `/usr/lib/uml/modules`.

    - `pyipvsadm sandbox` opens a shell; `exit` leaves it

    - `pyipvsadm sandbox -- pyipvsadm -Ln` runs one command

    - `pyipvsadm sandbox --write . --timeout 60 -- pytest` keeps the files that pytest writes here
    """
    from .request import Request

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
