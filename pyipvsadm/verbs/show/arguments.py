"""The arguments of `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...documents import AS_IT_IS
from ...support.documents import owners
from ...support.verb import verb
from . import run

if TYPE_CHECKING:
    from typing import Annotated

    import typer

    from ...documents import Asked
    from ...support.arguments import Names, Services, ShownAs
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
    names: Names = None,
    asked: Asked = AS_IT_IS,
) -> int:
    """Show the table as it is now.

    **json** is one document, and **ndjson** a line for each service; both tell counters (of 64 bits), rates per
    second and connections. **yaml** and **rules** are the settings alone. `check`, `diff` and `apply` read json,
    yaml and rules.

    With `--names`, each service is told with the Service of Kubernetes that it belongs to, and each server with its pod
    and node; the options of Kubernetes say which node this is.

    - `pyipvsadm show -o yaml > table.yaml` keeps the table in a file

    - `pyipvsadm show -o json | jq '.services[].servers[] | select(.weight == 0)'` finds what is drained
    """
    return run(world, services or [], output, plain, owners(world, names, asked))
