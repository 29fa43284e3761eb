"""Explains in words why the kernel's table may differ from the one that keepalived made at its start."""

from __future__ import annotations

from ...table.comparison import service_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...table.steps import Step
    from ..states import ServiceKey, Started

THRESHOLDS = {"upper_threshold", "lower_threshold"}


def why(step: Step, started: Mapping[ServiceKey, Started]) -> str:
    """A sentence that explains why the kernel's table may differ from the file by `step`; empty if unknown."""
    service, server, verb = step.command.service, step.command.server, step.command.verb
    if service is None:
        return ""
    known = service_key(service) in started
    reasons = {
        "delete-service": "not in the file: another's, or what a reload of a group has left behind",
        "edit-service": "keepalived doesn't correct a service that was there before it",
        "add-service": "missing in the kernel: removed since, or refused by it",
        "delete-server": "not in the file: keepalived leaves servers of others alone",
        "add-server": "missing in the kernel, and no check may have removed it",
    }
    if verb == "edit-server" and server is not None:
        if {change.field for change in step.changes} <= THRESHOLDS:
            return "a reload doesn't apply thresholds that have changed alone"
        return "keepalived doesn't correct a server that was there before it"
    return reasons.get(verb, "") if known or verb.endswith("service") else ""
