"""`doctor`: why doesn't it balance? A snapshot of the machine, checks of it that are pure, and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import IpvsadmError, UsageError
from ...table.notation import address_of, spelled_address
from . import files, report
from .files import UNUSABLE
from .gathering import gather
from .judging import judge, restricted

if TYPE_CHECKING:
    from ...world import World

DIRECTOR, REAL_SERVER = "director", "real-server"


@dataclass(frozen=True)
class Wishes:
    """How to look: at these services or all, or as a real server of `vips`; `save` and `read` are files."""

    services: Sequence[str] = ()
    mode: str = DIRECTOR
    vips: Sequence[str] = ()
    output: str = "text"
    save: str | None = None
    read: str | None = None
    watch: float = 0  # seconds


def run(world: World, wishes: Wishes) -> int:
    """Look, and tell what is wrong; the exit status. Raises IpvsadmError, of status UNUSABLE."""
    try:
        vips = _vips(wishes)
        if wishes.read is not None:
            snapshot = files.load(wishes.read, world)
        else:
            snapshot = gather(world, 0 if vips else wishes.watch, vips)
        snapshot = replace(snapshot, vips=vips or snapshot.vips)
        if wishes.save is not None:
            files.save(snapshot, wishes.save, world)
            return 0
        snapshot, missing = restricted(snapshot, wishes.services)
    except UsageError as error:
        raise IpvsadmError(str(error), hint=error.hint, status=UNUSABLE) from None
    if missing:
        hint = "`pyipvsadm show` lists the services that there are"
        raise IpvsadmError(f"No such service: {', '.join(missing)}", hint=hint, status=UNUSABLE)
    findings = judge(snapshot)
    world.write(report.as_json(findings) if wishes.output == "json" else report.as_text(findings, world.columns))
    return report.status(findings)


def _vips(wishes: Wishes) -> tuple[str, ...]:
    """The addresses that a real server serves, in digits as the kernel has them. Raises UsageError."""
    if (wishes.mode == REAL_SERVER) != bool(wishes.vips):
        raise UsageError("`--mode real-server` and `--vip ADDRESS` go together")
    if wishes.vips and wishes.services:
        raise UsageError("a real server knows no services: name its addresses with `--vip`")
    try:
        return tuple(spelled_address(address_of(text)) for text in wishes.vips)
    except ValueError as error:
        raise UsageError(str(error)) from None
