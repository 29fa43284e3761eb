"""The arguments of `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.verb import verb
from . import run

if TYPE_CHECKING:
    from typing import Annotated

    import typer

    from ...support.arguments import Services, ShownAs
    from ...world import World


@verb(rank=10)
def show(
    world: World,
    services: Services = None,
    output: Annotated[
        ShownAs,
        typer.Option("--output", "-o", help="What to print: for people, for programs, or for `apply` to read."),
    ] = "table",
    plain: Annotated[bool, typer.Option("--plain", help="Draw nothing, on terminals as well.")] = False,
) -> int:
    """Show the table as it is now.

    **json** is one document, and **ndjson** a line for each service; both tell counters (of 64 bits), rates per
    second and connections. **yaml** and **rules** are the settings alone. `check`, `diff` and `apply` read json,
    yaml and rules.

    - `pyipvsadm show -o yaml > table.yaml` keeps the table in a file

    - `pyipvsadm show -o json | jq '.services[].servers[] | select(.weight == 0)'` finds what is drained
    """
    return run(world, services or [], output, plain)
