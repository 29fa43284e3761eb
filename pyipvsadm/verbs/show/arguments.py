"""The arguments of `show`."""

from __future__ import annotations

from ...documents import AS_IT_IS
from ...support.document_input import owners
from ...support.verb import verb
from . import Wishes, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    import typer

    from ...documents import Asked
    from ...support.arguments import Names, NoPager, Services, ShownAs
    from ...world import World


@verb(rank=10)
def show(
    world: World,
    services: Services = None,
    output: Annotated[
        ShownAs,
        typer.Option("--output", "-o", help="Output format."),
    ] = "table",
    plain: Annotated[bool, typer.Option("--plain", help="Print plain text, even on a terminal.")] = False,
    brief: Annotated[
        bool, typer.Option("--brief", help="Print a line for each service, with the sums of its servers.")
    ] = False,
    no_pager: NoPager = False,
    names: Names = None,
    asked: Asked = AS_IT_IS,
) -> int:
    """Show the current table.

    **json** is one document, and **ndjson** is a line for each service; both include counters (of 64 bits), rates per
    second and connections. **yaml** and **rules** contain the settings only. `check`, `diff` and `apply` read json,
    yaml and rules.

    With `--names`, each service is shown with its Kubernetes Service, and each server with its pod and node. The
    options for Kubernetes say which node this is.

    - `pyipvsadm show -o yaml > table.yaml` saves the table to a file

    - `pyipvsadm show -o json | jq '.services[].servers[] | select(.weight == 0)'` finds drained servers
    """
    wishes = Wishes(output=output, plain=plain, brief=brief, pager=not no_pager)
    return run(world, services or [], wishes, owners(world, names, asked))
