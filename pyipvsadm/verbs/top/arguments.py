"""The arguments of `top`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...documents import AS_IT_IS
from ...documents.owners import NOBODY
from ...support.document_input import owners
from ...support.verb import verb
from . import run

if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...documents import Asked
    from ...support.arguments import Names, Services
    from ...support.right_line.quantities import interval_seconds
    from ...world import World


@verb(rank=80)
def top(
    world: World,
    services: Services = None,
    interval: Annotated[
        float,
        typer.Option(metavar="SECONDS", parser=interval_seconds, help="The time between samples, from 0.2 to 3600."),
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one sample and end.")] = False,
    output: Annotated[
        Literal["text", "ndjson"],
        typer.Option("--output", "-o", help="Output format: text, or a line of JSON for each sample."),
    ] = "text",
    names: Names = None,
    asked: Asked = AS_IT_IS,
) -> int:
    """Watch rates and connections live: sorted by any column, filtered, folded. `?` lists the keys, `q` quits.

    `d` drains and `u` undrains the server at the cursor, in its service, once you confirm it with `y`; the
    question names the programs that may undo it. `v` groups services by their virtual addresses.

    Rates come from counters that the kernel refreshes every 2 seconds: a rate covers the interval, or the last
    2 seconds if the interval is shorter. The first sample is printed when all rates are known.

    - `pyipvsadm top --once` prints one sample as text

    - `pyipvsadm top -o ndjson | jq '.total.rates.connections'` prints the new connections per second
    """
    return run(world, services or [], interval, output, once, owners(world, names, asked) or NOBODY)
