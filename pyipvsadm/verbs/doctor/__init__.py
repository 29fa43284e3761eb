"""`doctor`: takes a snapshot of the machine, runs pure checks on it, and reports their findings."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ... import kernel
from ...errors import PIPE_CLOSED, IpvsadmError, OutputError, UsageError
from ...frozen import frozen, replaced
from ...table.notation import address_of, bare_address, spelled_address
from . import catalogue, report
from .checks import CHECKS
from .collection import collect
from .findings import DIRECTOR, REAL_SERVER, UNUSABLE
from .verdict import Each, judge, one_by_one, restricted

if TYPE_CHECKING:
    from ...world import World
    from .snapshot import Snapshot


@frozen
class Wishes:
    """The options of a run: which services to judge, or the `vips` of a real server; `save` and `read` are files."""

    services: Sequence[str] = ()
    mode: str = DIRECTOR
    vips: Sequence[str] = ()
    output: str = "text"
    save: str | None = None
    read: str | None = None
    watch: float = 0  # seconds
    lists: bool = False  # list the checks, and judge nothing
    explain: str | None = None  # the code of a check to explain, judging nothing
    checks: Sequence[str] = ()  # the codes of the checks to make; all if empty
    pager: bool = True  # for what doesn't fit on the terminal


@contextmanager
def keeping_all() -> Iterator[None]:
    """Turn garbage collection off in a `with` block: nearly all objects are used to the end, and collecting is slow."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()


@keeping_all()
def run(world: World, wishes: Wishes) -> int:
    """Take or read a snapshot, judge and report it; return the exit status. Raises IpvsadmError, of status UNUSABLE."""
    try:
        if wishes.lists or wishes.explain is not None:
            _print(_catalogue(wishes), world, wishes.pager)
            return 0
        catalogue.refuse_words(wishes.services)
        codes = [catalogue.named(code).code for code in wishes.checks]
        vips = _vips(wishes)
        if wishes.read is not None:
            from . import snapshot_file

            snapshot = snapshot_file.load(wishes.read, world)
        else:
            snapshot = collect(world, 0 if vips else wishes.watch, vips)
        snapshot = replaced(snapshot, vips=vips or snapshot.vips)
        if wishes.save is not None:
            from . import snapshot_file

            snapshot_file.save(snapshot, wishes.save, world)
            _print("", world, pager=False)
            return 0
        snapshot, missing = restricted(snapshot, wishes.services)
    except UsageError as error:
        raise IpvsadmError(str(error), hint=error.hint, status=UNUSABLE) from None
    if missing:
        hint = "`pyipvsadm show` lists the services that there are"
        raise IpvsadmError(f"No such service: {', '.join(missing)}", hint=hint, status=UNUSABLE)
    verdict = judge(snapshot, codes, _order(snapshot))
    told = report.as_json(verdict) if wishes.output == "json" else report.as_text(verdict, world.columns)
    _print(told, world, wishes.pager)
    return report.status(verdict.findings)


def _order(snapshot: Snapshot) -> Each:
    """How to make the checks: by two processes if there are many services."""
    if len(snapshot.services or ()) < kernel.MANY:
        return one_by_one
    from ...kernel.parallel import in_turn

    return in_turn


def _print(text: str, world: World, pager: bool) -> None:
    """Print a verdict. Raises OutputError with a status that no verdict has."""
    try:
        with world.paged(pager):
            world.draw(text)
        world.flush()
    except OutputError as error:
        if error.status != PIPE_CLOSED:
            error.status = UNUSABLE
        raise


def _catalogue(wishes: Wishes) -> str:
    """The list of checks, or the explanation of one, as text or JSON. Raises UsageError."""
    checks = CHECKS if wishes.explain is None else (catalogue.named(wishes.explain),)
    if wishes.output == "json":
        return catalogue.as_json(checks)
    return catalogue.as_text(checks) if wishes.explain is None else catalogue.explained(checks[0])


def _vips(wishes: Wishes) -> tuple[str, ...]:
    """The addresses that a real server serves, in digits as the kernel has them. Raises UsageError."""
    if (wishes.mode == REAL_SERVER) != bool(wishes.vips):
        lacking = "add `--mode real-server`" if wishes.vips else "name the virtual addresses with `--vip ADDRESS`"
        raise UsageError(
            "`--mode real-server` and `--vip ADDRESS` go together",
            hint=f"{lacking}; on a director, omit both: its table contains its addresses",
        )
    if wishes.vips and wishes.services:
        raise UsageError("a real server knows no services: name its addresses with `--vip`")
    try:
        return tuple(spelled_address(address_of(text)) for text in wishes.vips)
    except ValueError as error:
        hosts = [found for text in wishes.vips if (found := bare_address(text))]
        hint = f"`--vip` takes an address alone: `--vip {hosts[0]}`" if hosts else "write 192.168.2.10 or 2001:db8::10"
        raise UsageError(str(error), hint) from None
