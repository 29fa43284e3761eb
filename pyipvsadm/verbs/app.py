"""The typer application: each verb's arguments, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import UsageError
from . import everywhere
from .arguments.doctor import Doctor, doctor
from .arguments.sandbox import sandbox
from .arguments.top import top
from .drain.app import drain, undrain
from .set import settings_help
from .vip.app import DEVICE, Device, whole
from .vip.app import app as vip_app

if TYPE_CHECKING:
    from ..world import World

app = typer.Typer(name="pyipvsadm", add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")


def run(words: list[str], world: World) -> int:
    """Run the verb `words[0]` with its arguments; the exit status. Raises IpvsadmError."""
    try:
        everywhere.command(app, words[0], world)(whole(words), prog_name=world.program, obj=world)
    except SystemExit as ended:  # typer has printed its help or its usage error
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def said(context: typer.Context, parameter: str) -> bool:
    """Whether the command line gives `parameter`, and not its default alone."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


@app.callback()
def verbs() -> None:
    """Virtual services of the Linux kernel (IPVS): the modern verbs beside ipvsadm's options."""


File = Annotated[str, typer.Argument(metavar="FILE", help="A table as rules, JSON or YAML; `-` for stdin.")]
NoPrune = Annotated[bool, typer.Option("--no-prune", help="Delete nothing that FILE lacks.")]
KeepWeights = Annotated[bool, typer.Option("--keep-weights", help="Leave the weights of servers that are there.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="CIDR|fwmark:N",
        help="Leave all services alone but those with an address in this network, or of this mark. Repeatable.",
    ),
]


@app.command()
def diff(
    context: typer.Context,
    file: File,
    output: Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="How to tell.")] = "text",
    no_prune: NoPrune = False,
    keep_weights: KeepWeights = False,
    only: Only = None,
) -> None:
    """Show what `apply` would change: `+` added, `-` removed, `~` edited, with the old and the new value.

    Exit status: 0 if all is the same, 1 if it differs, 2 if that can't be told.
    """
    from . import diff as verb

    scope = verb.scope_of(only or [])
    raise typer.Exit(verb.run(context.obj, file, output, prune=not no_prune, keep_weights=keep_weights, only=scope))


@app.command()
def apply(
    context: typer.Context,
    file: File,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")] = False,
    no_prune: NoPrune = False,
    only: Only = None,
    keep_weights: KeepWeights = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask about deletions.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Go on though others keep changing the table.")] = False,
    vips: Annotated[
        bool,
        typer.Option(
            "--vips",
            help="Bind the addresses of the services as well, as `vip sync` does: before the table is changed; those"
            " that no service has any more are taken away behind that.",
        ),
    ] = False,
    device: Device = DEVICE,
) -> None:
    """Make the table what FILE says, in an order that leaves no service without a server.

    What the kernel can change in place is never deleted and added anew, so connections live. If the kernel
    refuses a change, or at Ctrl-C, all that was done is taken back. Applying a file twice changes nothing.
    Timeouts and daemons that FILE doesn't mention are left as they are.

    Deletions are asked about on a terminal. Elsewhere they aren't, but to empty the table takes `--yes`.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input, nothing
    tried; 3 refused, and not all could be taken back; 130 or 143 stopped by a signal, and taken back.
    """
    from . import apply as verb
    from .diff import scope_of

    if said(context, "device") and not vips:
        raise UsageError("`--device` without `--vips`", hint="add `--vips` to have the addresses on it")
    wishes = verb.Wishes(
        prune=not no_prune,
        keep_weights=keep_weights,
        only=scope_of(only or []),
        dry_run=dry_run,
        yes=yes,
        force=force,
        vips=device if vips else "",
    )
    raise typer.Exit(verb.run(context.obj, file, wishes))


@app.command(name="set", context_settings={"ignore_unknown_options": True}, epilog=settings_help())
def set_(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="SERVICE [SERVER] SETTING...", show_default=False)],
) -> None:
    """Change the settings that are named of a live service or server, and keep all others.

    A service is `192.168.2.10:80/tcp` (`/tcp` may be left out), `[2001:db8::1]:53/udp`, `fwmark:7` or
    `fwmark:7/ipv6`; a server is `10.2.0.2:8080`.

    Exit status: 0 done; 1 refused by the kernel; 2 wrong input.
    """
    from . import set as verb

    raise typer.Exit(verb.run(context.obj, words))


app.command()(top)
app.command()(drain)
app.command()(undrain)
app.command(cls=Doctor)(doctor)
app.command(context_settings={"allow_interspersed_args": False})(sandbox)


@app.command()
def show(
    context: typer.Context,
    services: Annotated[
        list[str] | None,
        typer.Argument(metavar="SERVICE", help="Such as 192.168.2.10:80/tcp or fwmark:7. Default: all."),
    ] = None,
    output: Annotated[
        Literal["table", "json", "yaml", "ndjson", "rules"],
        typer.Option("--output", "-o", help="What to print: for people, for programs, or for `apply` to read."),
    ] = "table",
    plain: Annotated[bool, typer.Option("--plain", help="Draw nothing, on terminals as well.")] = False,
) -> None:
    """Show the table as it is now.

    **json** is one document, and **ndjson** a line for each service; both tell counters (of 64 bits), rates per
    second and connections. **yaml** and **rules** are the settings alone. `check`, `diff` and `apply` read json,
    yaml and rules.

    - `pyipvsadm show -o yaml > table.yaml` keeps the table in a file

    - `pyipvsadm show -o json | jq '.services[].servers[] | select(.weight == 0)'` finds what is drained
    """
    from .show import run

    raise typer.Exit(run(context.obj, services or [], output, plain))


@app.command()
def netns(
    context: typer.Context,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="How to tell.")] = "table",
) -> None:
    """List the network namespaces of this machine that hold services, with how many.

    Those are looked into that have a name, below `/run/netns` or `/var/run/docker/netns`, and those that a process is
    in. The first column is what goes behind `--netns`; the one where `pyipvsadm` runs is marked by the word `here`.

    What may not be looked into is told as unknown.

    Exit status: 0, or 1 if something is unknown.
    """
    from .netns import run

    raise typer.Exit(run(context.obj, output))


app.add_typer(vip_app, name="vip")


def print_schema(context: typer.Context, wanted: bool) -> None:
    """Print the JSON Schema of documents, and end."""
    if wanted:
        from .document import schema

        context.obj.write(schema())
        raise typer.Exit


@app.command()
def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Rules, JSON or YAML; `-` is stdin.")],
    trial: Annotated[
        bool, typer.Option("--trial", help="Load it into the kernel of a sandbox as well, and tell what that refuses.")
    ] = False,
    schema: Annotated[
        bool,
        typer.Option("--schema", callback=print_schema, is_eager=True, help="Print the JSON Schema of JSON and YAML."),
    ] = False,
) -> None:
    """Judge a file that says what the table should be, without touching the kernel.

    All that is wrong with it is told at once, with its lines. The status is 0 if all is right, 2 if not, and 1
    if only the kernel of a `--trial` refuses something.
    """
    from .check import run

    raise typer.Exit(run(context.obj, file, trial))
