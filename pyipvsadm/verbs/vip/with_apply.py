"""`apply --vips`: binds addresses before the table changes, and removes unused ones afterwards.

This order ensures that the address of every service in the table belongs to the machine; otherwise, the kernel would
forward the packets. If an address can't be bound, that is known before anything else is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import IpvsadmError
from ...support.current_table import table_now
from ...support.outcome import data_of
from ...table.comparison import service_key
from . import ledger
from .actions import binding, summary
from .decisions import Change, said_of, to_unbind
from .other_machines import servers_of
from .transaction import UnboundError, carry_out, device_there, looked_at

if TYPE_CHECKING:
    from ...model import Service, Table
    from ...support.outcome import Result
    from ...table.plan import Scope
    from ...table.steps import Plan
    from ...world import World


class Vips:
    """The addresses that go with one `apply`, which holds the lock.

    They are the addresses of the services that exist after `plan` has changed the table `before`, within `only`, and
    within `said` if a document lists addresses.
    """

    def __init__(
        self,
        world: World,
        device: str,
        before: Table,
        plan: Plan,
        only: Scope | None = None,
        prune: bool = True,
        force: bool = False,
        said: tuple[bytes, ...] | None = None,
    ) -> None:
        """Raises IpvsadmError if there can't be such a device."""
        device_there(device)
        self._world, self._device, self._prune = world, device, prune
        self._after = services_after(before, plan)
        self.changes: list[Change] = []  # that were made; those that bind come first
        self._refused: UnboundError | None = None
        self._only, self._force, self._said = only, force, said
        self._servers = servers_of(before.services) | servers_added(plan)

    def wanted(self) -> list[Change]:
        """The changes that bind addresses, before the table changes. Raises IpvsadmError."""
        services = [service for service in self._after if self._only is None or self._only.holds(service)]
        used = said_of(services, self._said)
        return binding(self._world.note, used, self._device, lambda: self._servers, self._force, routed=True)

    def unwanted(self, services: list[Service]) -> list[Change]:
        """The changes that remove, at the end, the addresses that neither the new table nor `services` have.

        Raises IpvsadmError.
        """
        kept = said_of([*self._after, *services], self._said)
        return to_unbind(kept, looked_at(), ledger.load(), self._device) if self._prune else []

    def bind(self) -> None:
        """Make the `wanted` changes, all or none. Raises IpvsadmError."""
        wanted = self.wanted()
        self._carry_out(wanted)
        self.changes = wanted

    def take_back(self) -> str:
        """Undo `bind`, because the table doesn't get the services; return a message if that fails, or an empty one."""
        try:
            carry_out([change.inverse for change in reversed(self.changes) if change.address])
        except IpvsadmError as error:
            return f"\n{error}"
        self.changes = []
        return ""

    def release(self) -> None:
        """Remove the addresses that no service has any more, and report all changes. Raises IpvsadmError."""
        services = [service for service, _ in table_now(self._world).services]  # others may have added some
        gone = self.unwanted(services)
        self._carry_out(gone)
        self.changes += gone
        if self.changes:
            self._world.tell(summary(self.changes).replace("done", "addresses"))

    def _carry_out(self, changes: list[Change]) -> None:
        """Make `changes`, all or none. Raises IpvsadmError."""
        try:
            carry_out(changes)
        except UnboundError as error:
            self._refused = error
            raise

    def told(self, result: Result) -> Result:
        """The `result` of `apply` with the changes of addresses."""
        bound = data_of(one for one in self.changes if one.adds)
        unbound = data_of(one for one in self.changes if not one.adds)
        result = result.replace(changes=(*bound, *result.changes, *unbound))
        return self._refused.told(result) if self._refused else result


def servers_added(plan: Plan) -> set[bytes]:
    """The packed addresses of the servers that `plan` adds."""
    added = [step.command for step in plan.steps if step.command.verb == "add-server"]
    return servers_of((one.service, [one.server]) for one in added if one.service and one.server)


def services_after(before: Table, plan: Plan) -> list[Service]:
    """The services in the table after `plan` has been carried out."""
    commands = [step.command for step in plan.steps]
    gone = {service_key(one.service) for one in commands if one.verb == "delete-service" and one.service}
    kept = [service for service, _ in before.services if service_key(service) not in gone]
    return kept + [one.service for one in commands if one.verb == "add-service" and one.service]
