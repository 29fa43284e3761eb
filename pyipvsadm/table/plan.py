"""Pure: the current table and the wanted table -> the steps between, in an order that keeps services up.

A service that works before and after always has a usable server in between: additions come before
removals. Steps of one phase don't depend on each other; each phase builds on those before it, so
the kernel must answer it before the next one is sent.
"""

from __future__ import annotations

from itertools import repeat

from ..errors import UsageError
from ..kernel.validity import judge_daemon, judge_servers, judge_service, judge_timeouts
from ..model import Command, Daemon, Server, Service, Table, Timeouts
from ..record import Record
from .comparison import (
    Change,
    daemon_changes,
    plain_server,
    plain_service,
    server_changes,
    server_key,
    service_changes,
    service_key,
    timeouts_changes,
)
from .steps import Plan, Step, WholeSteps, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .comparison import Key
    from .steps import Steps

    Servers = tuple[Server, ...]
    Services = dict[Key, tuple[Service, Servers]]

# The phases, in their order.
(
    STOP_EARLY,
    ADD_SERVICES,
    FILL_SERVICES,
    ADD_SERVERS,
    WEIGHTS_UP,
    EDITS,
    WEIGHTS_DOWN,
    REMOVE_SERVERS,
    REMOVE_SERVICES,
    TIMEOUTS,
    STOP_DAEMONS,
    START_DAEMONS,
) = range(12)
WHOLE = {  # phases whose steps all have one verb
    ADD_SERVICES: "add-service",
    FILL_SERVICES: "add-server",
    ADD_SERVERS: "add-server",
    REMOVE_SERVERS: "delete-server",
    REMOVE_SERVICES: "delete-service",
}


class Scope(Record):
    """Part of a table: the services with addresses in some networks, and those with some firewall marks.

    A network is a packed address and a prefix length; a mark is a family and a number.
    """

    __slots__ = ()
    networks: tuple[tuple[bytes, int], ...] = ()
    marks: tuple[tuple[int, int], ...] = ()

    def holds(self, service: Service) -> bool:
        """Whether `service` is in the scope."""
        if service.fwmark is not None:
            return (service.af, service.fwmark) in self.marks
        address = service.address or b""
        return any(_inside(address, network, length) for network, length in self.networks)


def make_plan(
    now: Table,
    wanted: Table,
    *,
    prune: bool = True,
    keep_weights: bool = False,
    only: Scope | None = None,
    assembled: bool = False,
) -> Plan:
    """The steps from `now` to `wanted`. Raises UsageError if a table holds a service or server twice.

    Raises ValueError if `wanted` holds something that no kernel can have.

    Without `prune`, nothing is deleted; with `keep_weights`, existing servers keep their weights;
    with `only`, everything outside that scope stays unchanged, including timeouts and daemons.
    Counters and settings without an effect are ignored. Of a table that was `assembled` from a document
    without a problem, nothing is judged again: it is possible, holds nothing twice, and has no counters.
    """
    if not assembled:
        _judge(now, wanted)
    draft = _Draft(prune, keep_weights, assembled)
    draft.services(_by_key(now, only), _by_key(wanted, only))
    if only is None:
        draft.timeouts(now.timeouts or Timeouts(), wanted.timeouts or Timeouts())
        if wanted.daemons is not None:
            draft.daemons(now.daemons or (), wanted.daemons, _mixes_families(wanted))
    return draft.plan()


def _judge(now: Table, wanted: Table) -> None:
    """Raise ValueError if `wanted` holds something that no kernel can have; what `now` holds is possible."""
    known = dict(now.services)
    for service, servers in wanted.services:
        if known.get(service) is not servers:
            judge_service(service)
            judge_servers(service, servers)
    for daemon in wanted.daemons or ():
        judge_daemon(daemon)
    if wanted.timeouts:
        judge_timeouts(wanted.timeouts)


def without(now: Table, left_alone: Scope, wanted: Table) -> Table:
    """`now` without the services that `left_alone` holds and `wanted` lacks."""
    keys = {service_key(service) for service, _ in wanted.services}
    kept = (one for one in now.services if service_key(one[0]) in keys or not left_alone.holds(one[0]))
    return now.replace(services=tuple(kept))


class _Draft:
    """A plan under construction."""

    def __init__(self, prune: bool, keep_weights: bool, assembled: bool) -> None:
        self._whole: dict[int, list[tuple[Service, Server | None]]] = {phase: [] for phase in WHOLE}
        self._others: dict[int, list[Step]] = {phase: [] for phase in range(START_DAEMONS + 1) if phase not in WHOLE}
        self._prune = prune
        self._keep_weights = keep_weights
        self._assembled = assembled

    def plan(self) -> Plan:
        """The plan of all that was planned."""
        phases: dict[int, Steps] = {phase: tuple(steps) for phase, steps in self._others.items()}
        phases.update((phase, WholeSteps(WHOLE[phase], what)) for phase, what in self._whole.items())
        return Plan(phases=tuple(phases[phase] for phase in sorted(phases) if phases[phase]))

    def services(self, now: Services, wanted: Services) -> None:
        """Plan the changes of all services and their servers."""
        for key, (service, servers) in wanted.items():
            if key not in now:
                self._add_service(plain_service(service), servers)
                continue
            old, old_servers = now[key]
            if changes := service_changes(old, service):
                self._edit(EDITS, "edit-service", changes, plain_service(old), plain_service(service))
            before, after = [server[:9] for server in old_servers], [server[:9] for server in servers]
            if after != before and after[::-1] != before:  # the kernel lists the last one first
                self._servers(plain_service(old), old_servers, servers)
        if self._prune:
            for service, servers in sorted((now[key] for key in now.keys() - wanted.keys()), key=_sort_key):
                self._remove_service(plain_service(service), servers)

    def _add_service(self, service: Service, servers: Servers) -> None:
        if not self._assembled:
            _judge_keys(servers)
            servers = tuple(map(plain_server, servers))
        self._whole[ADD_SERVICES].append((service, None))
        self._whole[FILL_SERVICES].extend(zip(repeat(service), servers))

    def _servers(self, service: Service, old: Servers, new: Servers) -> None:
        """Plan the changes of an existing service's servers."""
        now, wanted = _by_server_key(old), _by_server_key(new)
        for key, server in wanted.items():
            if key not in now:
                self._whole[ADD_SERVERS].append((service, plain_server(server)))
            elif server[:9] != now[key][:9]:
                self._edit_server(service, now[key], server)
        if self._prune:
            for key, server in now.items():
                if key not in wanted:
                    self._remove_server(service, server)

    def _edit_server(self, service: Service, old: Server, new: Server) -> None:
        if self._keep_weights:
            new = new.replace(weight=old.weight)
        if changes := server_changes(old, new):
            rise = new.weight - old.weight
            phase = WEIGHTS_UP if rise > 0 else WEIGHTS_DOWN if rise < 0 else EDITS
            self._edit(phase, "edit-server", changes, service, service, plain_server(old), plain_server(new))

    def _remove_service(self, service: Service, servers: Servers) -> None:
        """Remove the servers one by one before the service, so that each step has one inverse."""
        for server in servers:
            self._remove_server(service, server)
        self._whole[REMOVE_SERVICES].append((service, None))

    def _remove_server(self, service: Service, server: Server) -> None:
        self._whole[REMOVE_SERVERS].append((service, plain_server(server)))

    def _edit(
        self,
        phase: int,
        verb: str,
        changes: tuple[Change, ...],
        old: Service,
        new: Service,
        old_server: Server | None = None,
        new_server: Server | None = None,
    ) -> None:
        command = Command(verb=verb, service=new, server=new_server)
        inverse = Command(verb=verb, service=old, server=old_server)
        self._others[phase].append(Step(command=command, inverse=inverse, changes=changes))

    def timeouts(self, now: Timeouts, wanted: Timeouts) -> None:
        """Plan the changes of the timeouts."""
        changes = timeouts_changes(now, wanted)
        if changes:
            command = Command(verb="set", timeouts=Timeouts(**{change.field: change.new for change in changes}))
            inverse = Command(verb="set", timeouts=Timeouts(**{change.field: change.old for change in changes}))
            self._others[TIMEOUTS].append(Step(command=command, inverse=inverse, changes=changes))

    def daemons(self, now: tuple[Daemon, ...], wanted: tuple[Daemon, ...], mixed: bool) -> None:
        """Plan the changes of the daemons: a daemon can't be changed, only stopped and restarted.

        If the wanted families are `mixed`, which the kernel allows only without daemons, the daemons stop first.
        """
        running = {daemon.state: daemon for daemon in now}
        asked = {daemon.state: daemon for daemon in wanted}
        if len(asked) < len(wanted):
            raise UsageError("a daemon is in the table twice", hint="one master and one backup can run")
        changes = {state: daemon_changes(running[state], asked[state]) for state in running.keys() & asked.keys()}
        for state, daemon in running.items():
            if changes.get(state) or (self._prune and state not in asked):
                self._others[STOP_EARLY if mixed else STOP_DAEMONS].append(whole("stop-daemon", daemon=daemon))
        for state, daemon in asked.items():
            if changes.get(state) or state not in running:
                step = whole("start-daemon", daemon=daemon).replace(changes=changes.get(state, ()))
                self._others[START_DAEMONS].append(step)


def _by_key(table: Table, only: Scope | None) -> Services:
    """The services of `table` that `only` holds, by key. Raises UsageError if one occurs twice."""
    entries = [entry for entry in table.services if only is None or only.holds(entry[0])]
    found = {service_key(entry[0]): entry for entry in entries}
    if len(found) < len(entries):
        raise UsageError("a service is in the table twice", hint="a table holds each service once")
    return found


def _by_server_key(servers: Servers) -> dict[Key, Server]:
    _judge_keys(servers)
    return {server_key(server): server for server in servers}


def _judge_keys(servers: Servers) -> None:
    """Raise UsageError if a server occurs twice."""
    if len(set(map(server_key, servers))) < len(servers):
        raise UsageError("a server is in its service twice", hint="a service holds each server once")


def _sort_key(entry: tuple[Service, Servers]) -> int:
    return entry[0].key


def _mixes_families(table: Table) -> bool:
    """Whether a service has a server of another family, which a tunnel may lead to."""
    return any(server.af != service.af for service, servers in table.services for server in servers)


def _inside(address: bytes, network: bytes, length: int) -> bool:
    """Whether `address` starts with the first `length` bits of `network`."""
    shift = 8 * len(network) - length
    return len(address) == len(network) and (
        int.from_bytes(address, "big") >> shift == int.from_bytes(network, "big") >> shift
    )
