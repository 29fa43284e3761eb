"""The settings that an edit in the classic grammar has reset: it sets all that it doesn't name to defaults."""

from __future__ import annotations

from ..grammar import scan
from ..table.settings import changed, server_settings, service_settings, told_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Command, Server, Service

ROLES = {  # a setting: the roles of the options that name it
    "scheduler": ("scheduler",),
    "persistence": ("persistent",),
    "netmask": ("netmask",),
    "engine": ("pe",),
    "one_packet": ("ops",),
    "flags": ("sched-flags",),
    "forwarding": ("forwarding-method",),
    "weight": ("weight",),
    "upper_threshold": ("u-threshold",),
    "lower_threshold": ("l-threshold",),
    "tunnel": ("tun-type", "tun-port", "tun-nocsum", "tun-csum", "tun-remcsum"),
}


def resets(words: Sequence[str], command: Command, service: Service | None, server: Server | None) -> str:
    """The old settings of `service` or `server` that an edit by `words` has reset; empty if there are none."""
    if server and command.server:
        old, new = server_settings(server), server_settings(command.server)
    elif service and command.service:
        old, new = service_settings(service), service_settings(command.service)
    else:
        return ""
    given = {row.role for row, *_ in scan(words, []) if hasattr(row, "role")}
    lost = {name: pair for name, pair in changed(old, new).items() if given.isdisjoint(ROLES[name])}
    return f"options that were not given were reset: {told_changes(lost)}; `pyipvsadm set` keeps them" if lost else ""
