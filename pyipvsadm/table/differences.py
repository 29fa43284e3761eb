"""The steps of a plan as what differs: for people a line each, for programs as plain data."""

from __future__ import annotations

from ..listing.rules import daemon_state
from ..record import Record
from .notation import spelled, spelled_server
from .settings import changed, daemon_settings, server_settings, service_settings, told, told_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .plan import Step
    from .settings import Settings

    Changed = dict[str, tuple[Any, Any]]

ADDED, REMOVED, EDITED = "+", "-", "~"
WORDS = {ADDED: "add", REMOVED: "remove", EDITED: "edit"}
SIGNS = {"add": ADDED, "start": ADDED, "delete": REMOVED, "stop": REMOVED, "edit": EDITED, "set": EDITED}


class Difference(Record):
    """What a step changes: of a service, of one of its servers, of a daemon, or of the timeouts.

    `settings` are those of what is added or removed, `changes` those that are edited. `why` is what the file's format
    knows of it.
    """

    __slots__ = ()
    sign: str = EDITED
    kind: str = "service"
    service: str = ""
    server: str = ""
    state: str = ""
    settings: Settings | None = None
    changes: Changed | None = None
    why: str = ""

    def line(self) -> str:
        """It as a line of text."""
        name = f"{self.service} {self.server}".strip() or f"{self.kind} {self.state}".strip()
        detail = told_changes(self.changes) if self.changes is not None else told(self.settings or {})
        return f"{self.sign} {name}  {detail}{f'  ({self.why})' if self.why else ''}\n"

    def data(self) -> dict[str, Any]:
        """It as JSON has it."""
        names = {name: value for name in ("service", "server", "state", "why") if (value := getattr(self, name))}
        if self.changes is None:
            return {"change": WORDS[self.sign], "kind": self.kind, **names, "settings": self.settings}
        changes = {name: {"old": old, "new": new} for name, (old, new) in self.changes.items()}
        return {"change": WORDS[self.sign], "kind": self.kind, **names, "changes": changes}


def differences(steps: Iterable[Step], why: Callable[[Step], str] | None = None) -> list[Difference]:
    """What `steps` change: service by service, then the timeouts and the daemons; `why` says why each is there."""
    steps = list(steps)
    restarted = {step.target for step in steps if step.command.verb == "start-daemon" and step.changes}
    groups: dict[object, list[Difference]] = {}
    for step in steps:
        if step.command.verb != "stop-daemon" or step.target not in restarted:
            found = _difference(step)
            found = found.replace(why=why(step)) if why else found
            groups.setdefault(found.service or found.kind, []).append(found)
    order = sorted(groups, key=lambda name: name in ("timeouts", "daemon"))
    return [found for name in order for found in sorted(groups[name], key=lambda found: bool(found.server))]


def summed_up(found: Iterable[Difference]) -> str:
    """How many changes of each kind there are, in words; empty if there are none."""
    signs = [one.sign for one in found]
    words = ((ADDED, "added"), (EDITED, "edited"), (REMOVED, "removed"))
    return ", ".join(f"{signs.count(sign)} {word}" for sign, word in words if sign in signs)


def _difference(step: Step) -> Difference:
    command, before = step.command, step.inverse
    sign = SIGNS[command.verb.partition("-")[0]]
    service = spelled(command.service) if command.service else ""
    if command.server and before.server:
        old, new, kind = server_settings(before.server), server_settings(command.server), "server"
    elif command.service and before.service:
        old, new, kind = service_settings(before.service), service_settings(command.service), "service"
    elif command.daemon:
        return _daemon_difference(step, sign)
    else:
        changes = {change.field: (change.old, change.new) for change in step.changes}
        return Difference(sign=sign, kind="timeouts", changes=changes)
    server = spelled_server(command.server) if command.server else ""
    told_by = {"changes": changed(old, new)} if sign == EDITED else {"settings": new}
    return Difference(sign=sign, kind=kind, service=service, server=server, **told_by)


def _daemon_difference(step: Step, sign: str) -> Difference:
    daemon = step.command.daemon
    assert daemon
    state = daemon_state(daemon)
    if not step.changes:
        return Difference(sign=sign, kind="daemon", state=state, settings=daemon_settings(daemon))
    old, new = (
        daemon_settings(daemon.replace(**{change.field: getattr(change, which) for change in step.changes}))
        for which in ("old", "new")
    )
    return Difference(sign=EDITED, kind="daemon", state=state, changes=changed(old, new))


def as_text(steps: Iterable[Step]) -> str:
    """What `steps` change, a line each."""
    return "".join(found.line() for found in differences(steps))
