"""The option that every verb takes: `--netns`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import UsageError
from ...grammar.options import NETNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...world import World

ALONE = ("sandbox",)  # verbs that don't use a network namespace of this machine
SEVERAL = ("metrics",)  # verbs that take several, by an option of their own


def command(app: typer.Typer, verb: str, world: World) -> Any:
    """`app` as typer runs it for `verb`: each verb has `--netns` after its own options. Raises UsageError."""
    if world.netns and verb in ALONE:
        raise UsageError(
            f"`{NETNS}` does not apply to `{verb}`, which has its own network namespaces",
            hint=f"commands that run there follow `--`: `pyipvsadm sandbox -- pyipvsadm {NETNS} X -Ln`",
        )
    made = typer.main.get_command(app)
    option = typer.main.get_command(_every_verb).params[0]
    option.expose_value = False  # the option acts when it is read
    for each in _with_inner(made):
        if each.name not in ALONE + SEVERAL:
            each.params.append(option)
    return made


def _with_inner(group: Any) -> Iterator[Any]:
    for verb in group.commands.values():
        yield verb
        if hasattr(verb, "commands"):
            yield from _with_inner(verb)


def _enter(context: typer.Context, netns: str | None) -> None:
    if netns is not None:
        context.obj.enter(netns)


_every_verb = typer.Typer()


@_every_verb.command()
def _options(
    netns: Annotated[
        str | None,
        typer.Option(
            NETNS,
            metavar="NAME|PID|PATH",
            callback=_enter,
            is_eager=True,
            help="Act on this network namespace. May also come before the verb.",
        ),
    ] = None,
) -> None:
    """What every verb takes."""
