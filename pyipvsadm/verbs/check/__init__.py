"""`check FILE`: finds the mistakes in a file."""

from __future__ import annotations

from ...errors import IpvsadmError
from ...support.document_input import read_document
from ...table.notation import sizes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...documents import Asked, Document
    from ...world import World

REFUSED = 1


def run(world: World, path: str, trial: bool, asked: Asked) -> int:
    """Check the file `path`, with a `trial` also in a sandbox's kernel; return the status. Raises IpvsadmError."""
    document = read_document(world, path, asked, checking=True)
    tried = ""
    if trial:
        from .trial import refusals

        if found := refusals(document):
            raise IpvsadmError(
                "\n".join(found),
                hint="the kernel of a sandbox refused this; the running kernel was not asked",
                status=REFUSED,
            )
        tried = ", and a kernel accepts it"
    world.write(f"{'stdin' if path == '-' else path}: right: {summary(document)}{tried}\n")
    return 0


def summary(document: Document) -> str:
    """A phrase with the numbers of services and servers in `document`."""
    return sizes(document.assembly.rows())
