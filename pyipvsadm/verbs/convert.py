"""`convert FILE`: reads a table in any format, and writes it in another."""

from __future__ import annotations

from ..documents import AS_IT_IS
from ..documents.formats import FORMATS
from ..support.document_input import read_document
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

    If FILE says which addresses belong to the table, **json** and **yaml** list them under the key `addresses`, and
    `vip sync FILE` and `apply --vips` bind them. **rules** cannot express them.

    - `kubectl get services,endpointslices,nodes -A -o json | pyipvsadm convert --node worker-3 -` shows the table
    that kube-proxy makes on a node

    Exit status: 0, or 2 if FILE is wrong.
    """
    document = read_document(world, file, asked)
    table = document.table
    if output == "rules" and table.addresses:
        world.tell("note: rules cannot express the addresses to bind: use json or yaml")
    for piece in FORMATS[output].pieces(table):
        world.write(piece)
    return 0
