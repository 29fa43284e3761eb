"""The arguments of `check`."""

from __future__ import annotations

from ...documents import AS_IT_IS
from ...support.verb import verb
from . import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    import typer

    from ...documents import Asked
    from ...support.arguments import File
    from ...world import World


def print_schema(context: object, wanted: bool) -> None:
    """Print the JSON Schema of documents, and end."""
    if wanted:
        import typer

        from ...documents.schema_reader import schema

        world: World = context.obj  # type: ignore[attr-defined]
        world.write(schema())
        raise typer.Exit


@verb(rank=20)
def check(
    world: World,
    file: File,
    trial: Annotated[
        bool,
        typer.Option("--trial", help="Also load the table into the kernel of a sandbox, and report what it refuses."),
    ] = False,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", callback=print_schema, is_eager=True, help="Print the JSON Schema of the JSON and YAML formats."
        ),
    ] = False,
    asked: Asked = AS_IT_IS,
) -> int:
    """Check a file that describes the table, without touching the kernel.

    All errors are reported at once, with their lines. Exit status: 0 if the file is right, 2 if it isn't, 1 if only
    the kernel of a `--trial` refuses something.
    """
    return run(world, file, trial, asked)
