"""The steps of a plan as differences: a line each for people, plain data for programs."""

from __future__ import annotations

from _socket import IPPROTO_UDP
from itertools import chain, repeat

from ..listing.rules import daemon_state
from ..record import Record
from .comparison import server_key, service_key
from .notation import spelled, spelled_server
from .settings import changed, daemon_settings, server_settings, service_settings, told, told_changes
from .steps import WholeSteps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from ..model import Table
    from .settings import Settings
    from .steps import Plan, Step

    Changed = dict[str, tuple[Any, Any]]

ADDED, REMOVED, EDITED = "+", "-", "~"
WORDS = {ADDED: "add", REMOVED: "remove", EDITED: "edit"}
SIGNS = {"add": ADDED, "start": ADDED, "delete": REMOVED, "stop": REMOVED, "edit": EDITED, "set": EDITED}


class Difference(Record):
    """What a step changes in a service, one of its servers, a daemon, or the timeouts.

    `settings` are those of an added or removed object, `changes` those that are edited. `why` is the reason that the
    file's format gives. `active` is the number of connections that end with a removed server; for UDP, which has no
    active ones, all that the kernel remembers.
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
    active: int = 0

    def line(self) -> str:
        """The difference as a line of text."""
        name = f"{self.service} {self.server}".strip() or f"{self.kind} {self.state}".strip()
        detail = told_changes(self.changes) if self.changes is not None else told(self.settings or {})
        live = f"  ({self.active} active)" if self.active else ""
        return f"{self.sign} {name}{live}  {detail}{f'  ({self.why})' if self.why else ''}\n"

    def data(self) -> dict[str, Any]:
        """The difference as JSON data."""
        names = {
            name: value for name in ("service", "server", "state", "why", "active") if (value := getattr(self, name))
        }
        if self.changes is None:
            return {"change": WORDS[self.sign], "kind": self.kind, **names, "settings": self.settings}
        changes = {name: {"old": old, "new": new} for name, (old, new) in self.changes.items()}
        return {"change": WORDS[self.sign], "kind": self.kind, **names, "changes": changes}


def differences(
    steps: Iterable[Step], why: Callable[[Step], str] | None = None, now: Table | None = None
) -> list[Difference]:
    """What `steps` change: service by service, then the timeouts and the daemons. `why` gives the reason of a step.

    `now` provides the connections that end with removed servers.
    """
    steps = steps_told(list(steps))
    live = _live(now, {step.target[0] for step in steps if step.command.verb == "delete-server"}) if now else {}
    groups: dict[object, list[Difference]] = {}
    for step in steps:
        found = _difference(step)
        found = found.replace(why=why(step)) if why else found
        if step.command.verb == "delete-server" and (active := live.get(step.target, 0)):
            found = found.replace(active=active)
        groups.setdefault(found.service or found.kind, []).append(found)
    order = sorted(groups, key=lambda name: name in ("timeouts", "daemon"))
    return [found for name in order for found in sorted(groups[name], key=lambda found: bool(found.server))]


def _live(now: Table, services: set[object]) -> dict[object, int]:
    """The connections of each server of `services`, keyed by the target of a step about the server."""
    return {
        (key, server_key(server)): server.inactive if service.protocol == IPPROTO_UDP else server.active
        for service, servers in now.services
        if (key := service_key(service)) in services
        for server in servers
    }


def steps_told(steps: Sequence[Step]) -> list[Step]:
    """Those of `steps` that are told: a daemon that is restarted is one difference, and two steps."""
    restarted = {step.target for step in steps if step.command.verb == "start-daemon" and step.changes}
    return [step for step in steps if step.command.verb != "stop-daemon" or step.target not in restarted]


def sign_of(step: Step) -> str:
    """The sign of the difference that `step` makes."""
    return EDITED if step.changes else _sign(step.command.verb)


def _sign(verb: str) -> str:
    return SIGNS[verb.partition("-")[0]]


def signs_of(plan: Plan) -> Iterator[str]:
    """The sign of each difference that `plan` makes."""
    whole, others = _parted(plan)
    return chain(*(repeat(_sign(phase.verb), len(phase)) for phase in whole), map(sign_of, steps_told(others)))


def removals(plan: Plan) -> list[Step]:
    """The steps of `plan` that remove something, as they are told."""
    whole, others = _parted(plan)
    removing = [step for phase in whole if _sign(phase.verb) == REMOVED for step in phase]
    return removing + [step for step in steps_told(others) if sign_of(step) == REMOVED]


def _parted(plan: Plan) -> tuple[list[WholeSteps], list[Step]]:
    """The phases of `plan` whose steps have one verb, and the steps of all others."""
    whole = [phase for phase in plan.phases if isinstance(phase, WholeSteps)]
    return whole, [step for phase in plan.phases if isinstance(phase, tuple) for step in phase]


def summed_up(signs: Iterable[str]) -> str:
    """How many changes of each sign there are, in words; empty if there are none."""
    signs = list(signs)
    words = ((ADDED, "added"), (EDITED, "edited"), (REMOVED, "removed"))
    return ", ".join(f"{signs.count(sign)} {word}" for sign, word in words if sign in signs)


def _difference(step: Step) -> Difference:
    command, before = step.command, step.inverse
    sign = sign_of(step)
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


def as_text(steps: Iterable[Step], now: Table | None = None) -> str:
    """What `steps` change, a line each, with the connections in `now` that end with removed servers."""
    return "".join(found.line() for found in differences(steps, now=now))
