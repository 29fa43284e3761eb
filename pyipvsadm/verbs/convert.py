"""`convert FILE`: a table from any format that is read to any that is written."""

from __future__ import annotations

from ..documents import AS_IT_IS
from ..documents.formats import FORMATS
from ..support.documents import read_document
from ..support.verb import verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    import typer

    from ..documents import Asked
    from ..support.arguments import File, WrittenAs
    from ..world import World


@verb(rank=45)
def convert(
    world: World,
    file: File,
    output: Annotated[WrittenAs, typer.Option("--output", "-o", help="The format to write.")] = "yaml",
    asked: Asked = AS_IT_IS,
) -> int:
    """Print the table in FILE in another format, without touching the kernel.

    **json** and **yaml** have a key `addresses` where FILE says which addresses go with the table: those are bound by
    `vip sync FILE` and `apply --vips`. **rules** can't tell those.

    - `kubectl get services,endpointslices,nodes -A -o json | pyipvsadm convert --node worker-3 -` tells what kube-proxy
    makes of a cluster on a node

    Exit status: 0, or 2 if FILE is wrong.
    """
    document = read_document(world, file, asked)
    if output == "rules" and document.table.addresses:
        world.tell("note: rules can't tell which addresses are to be bound: json and yaml do")
    for piece in FORMATS[output].pieces(document.table):
        world.write(piece)
    return 0
