"""`top`: a live view of rates and connections; one sample as text; samples as lines of JSON."""

from __future__ import annotations

from time import monotonic, time
from typing import TYPE_CHECKING

from ...classic.commands import refused
from ...documents.owners import NOBODY, Owners
from ...errors import UsageError
from ...kernel import hash_tables
from ...support.current_table import named
from ...table.notation import service_of
from .feed import Lines, feed
from .sample import follow
from .view import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...world import World
    from .feed import Reader
    from .sample import Sample


def run(world: World, names: Sequence[str], interval: float, output: str, once: bool, owners: Owners = NOBODY) -> int:
    """Show what `names` name, or all, until the user has seen enough, and return the status. Raises IpvsadmError."""
    wanted = [service_of(name) for name in dict.fromkeys(names)]
    terminal = world.terminal
    if output == "text" and not once and terminal is None:
        raise UsageError(
            "top: the live view needs a terminal",
            hint="`pyipvsadm top --once` prints one sample as text, `pyipvsadm top -o ndjson` each as a line of JSON",
        )
    kernel = world.readable if once or output != "text" else world.kernel
    try:
        for service in wanted:
            named(kernel, service)
        if output == "text" and not once and terminal:
            from .drain_command import carry_out
            from .live import live

            return live(*terminal, feed(kernel, wanted), interval, lambda one: carry_out(one, world), owners)
        return _printed(world, feed(kernel, wanted), interval, output, once, owners, kernel.source)
    except OSError as error:
        raise refused("list", error.errno or 0) from error


def _printed(
    world: World, reader: Reader, interval: float, output: str, once: bool, owners: Owners, source: str
) -> int:
    """Print samples, one or until we're interrupted; the first when all rates are known, if they ever are."""
    lines = Lines(owners, source)
    for sample in _samples(world, reader, interval, owners):
        if sample.settled or source:
            for piece in lines.of(sample, time()) if output == "ndjson" else plain(sample, world.columns):
                world.write(piece)
            world.flush()
            if once:
                break
    return 0


def _samples(world: World, reader: Reader, interval: float, owners: Owners) -> Iterator[Sample]:
    """A sample every `interval` seconds, without end."""
    due = monotonic()
    sample = None
    while True:
        table = reader()
        if table is not None:
            sample = follow(sample, table, monotonic(), owners.brief)._replace(tables=hash_tables.now())
            yield sample
        due = max(due + interval, monotonic())
        world.rest(due - monotonic())
