"""Decides, from what `explain` observed, why the kernel refused a command, and what to type instead.

Each row of CAUSES is a refusal. Its result is a hint, empty if the observations don't explain the refusal.
"""

from __future__ import annotations

from _socket import AF_INET
from errno import EAFNOSUPPORT, EEXIST, EINVAL, ENETUNREACH, ENODEV, ENOENT, EOPNOTSUPP, ERANGE, ESRCH

from ..grammar.shell import command as typed
from ..grammar.shell import requoted
from ..grammar.suggestions import did_you_mean
from ..listing.rules import daemon_settings, daemon_state, rule, service_option
from ..model import MASQUERADE, Daemon, Server, Service, Timeouts, printable
from ..record import Record
from ..table.notation import spelled, spelled_address, spelled_server, unfit
from ..table.settings import changed, server_settings, service_settings, told
from .requirements import Machine, no_scheduler
from .similar import near_servers, near_services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model import Command

FEW = 3  # objects that are named; more are counted
SURE_TIMEOUT = (2**31 - 1) // 1000  # seconds that every kernel can count, at up to 1000 ticks per second
SET = "or single settings with `pyipvsadm set`"


class Seen(Record):
    """The observations: only those that the row of the refusal names.

    `service` and `servers` are those of the command; `broadcasts` are the broadcast addresses of
    this network namespace, in digits, and `ipv6` its interfaces with IPv6; `unrouted` means that
    it has never had an IPv4 address, not even that of `lo`.
    """

    __slots__ = ()
    services: tuple[Service, ...] = ()
    service: Service | None = None
    servers: tuple[Server, ...] = ()
    daemons: tuple[Daemon, ...] = ()
    interfaces: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()
    broadcasts: frozenset[str] = frozenset()
    unrouted: bool = False
    machine: Machine = Machine()


def service_exists(command: Command, seen: Seen) -> str:
    """The settings of the existing service, and the edit that turns it into the wanted one."""
    wanted, there = command.service, seen.service
    if wanted is None or there is None:
        return ""
    old, new = service_settings(there), service_settings(wanted)
    return _exists(spelled(there), command.replace(verb="edit-service"), told(old), bool(changed(old, new)))


def server_exists(command: Command, seen: Seen) -> str:
    """The same for a server."""
    wanted = command.server
    there = next((one for one in seen.servers if wanted and one[:2] == wanted[:2]), None)  # address and port
    if wanted is None or there is None:
        return ""
    old, new = server_settings(there), server_settings(wanted)
    return _exists(spelled_server(there), command.replace(verb="edit-server"), told(old), bool(changed(old, new)))


def _exists(name: str, edit: Command, settings: str, differs: bool) -> str:
    if not differs:
        return f"{name} already exists with these settings: {settings}"
    return f"{name} exists with other settings: {settings}; to change it: `{requoted(rule(edit))}`, {SET}"


def no_service(command: Command, seen: Seen) -> str:
    """Which services were probably meant, and how to add the missing one."""
    wanted = command.service
    if wanted is None:
        return ""
    near = near_services(wanted, seen.services)
    if near:
        there = _there_is([f"{spelled(one)} (`{service_option(one)}`)" for one in near])
    elif len(seen.services) > FEW:
        there = f"`-Ln` lists all {len(seen.services)} services"
    elif seen.services:
        from ..listing.order import services_in_order

        there = _there_is([spelled(one) for one in services_in_order(seen.services)])
    else:
        there = "the table is empty"
    add = f"; to add it: `-A {service_option(wanted)}`" if command.verb in ADDING else ""
    return f"there is no service {spelled(wanted)}; {there}{add}"


def no_server(command: Command, seen: Seen) -> str:
    """Which servers of the service were probably meant; an edit without `-m` looks for the service's port."""
    service, wanted = command.service, command.server
    if service is None or wanted is None:
        return ""
    near = near_servers(wanted, seen.servers)
    hidden = next((one for one in near if one.address == wanted.address and one.forwarding == MASQUERADE), None)
    if hidden and command.verb == "edit-server" and wanted.forwarding != MASQUERADE:
        return (
            f"without `-m` the port is that of the service, {wanted.port}; {spelled_server(hidden)} exists, with"
            f" masquerading: add `-m`, or change single settings with"
            f" `pyipvsadm set {spelled(service)} {spelled_server(hidden)}`"
        )
    if near:
        there = _there_is([spelled_server(one) for one in near])
    elif len(seen.servers) > FEW:
        there = f"`-Ln {service_option(service)}` lists its {len(seen.servers)} servers"
    elif seen.servers:
        there = f"it has {_listed([spelled_server(one) for one in seen.servers])}"
    else:
        there = "it has none"
    return f"{spelled(service)} has no server {spelled_server(wanted)}; {there}"


def thresholds(command: Command, seen: Seen) -> str:
    """Which threshold is above the other."""
    server = command.server
    if server is None or server.lower_threshold <= server.upper_threshold:
        return ""
    lower, upper = server.lower_threshold, server.upper_threshold
    if not upper:
        return f"the lower threshold is {lower}, and the upper one is 0, for none: also give `-x`, at least {lower}"
    return f"the lower threshold, {lower}, exceeds the upper one, {upper}: `-y` must not exceed `-x`"


def unfit_server(command: Command, seen: Seen) -> str:
    """What is wrong with a server's address: the kernel has one error number for all reasons."""
    service, server = command.service, command.server
    if service is None or server is None:
        return ""
    address = spelled_address(server.address)
    what = unfit(server.address) or ("a broadcast address of this network" if address in seen.broadcasts else "")
    if what:
        return f"{address} is {what}: a server needs a unicast address"
    if seen.unrouted and server.af == AF_INET:
        return (
            "`lo` is down in this network namespace, so the kernel takes no IPv4 address for a unicast one:"
            " `ip link set lo up`"
        )
    if server.af != service.af and seen.daemons:
        states = _listed([daemon_state(daemon) for daemon in seen.daemons])
        return (
            f"while a synchronisation daemon runs ({states}), a server must have the address family of its service:"
            f" first `--stop-daemon {daemon_state(seen.daemons[0])}`"
        )
    return ""


def no_device(command: Command, seen: Seen) -> str:
    """Which interfaces there are for a daemon."""
    daemon = command.daemon
    if daemon is None or daemon.interface in seen.interfaces:
        return ""
    there = f"{_there_is(list(seen.interfaces))}; name one with `--mcast-interface`"
    near = did_you_mean(daemon.interface, seen.interfaces, there, form="--mcast-interface {}")
    return f"there is no interface `{printable(daemon.interface)}`; {near}"


def unreachable_group(command: Command, seen: Seen) -> str:
    """Why a daemon's interface doesn't reach its group."""
    daemon = command.daemon
    if daemon is None:
        return ""
    up = typed("ip", "link", "set", daemon.interface, "up")
    if daemon.group and len(daemon.group) == 16 and daemon.interface not in seen.ipv6:
        return (
            f"{daemon.interface} has no IPv6, which the group {spelled_address(daemon.group)} requires: it may be"
            f" down (`{up}`), have IPv6 turned off, or an MTU below 1280"
        )
    return f"{daemon.interface} is down: `{up}`"


def invalid_daemon(command: Command, seen: Seen) -> str:
    """Why the kernel refuses a daemon that the grammar accepts: two causes are left."""
    daemon = command.daemon
    if daemon and daemon.group and len(daemon.group) == 16 and daemon.interface not in seen.ipv6:
        return unreachable_group(command, seen)
    return "a daemon can't run while a service has a server of another address family: `-Ln` shows such servers"


def daemon_runs(command: Command, seen: Seen) -> str:
    """The settings of the daemon, which is already running."""
    running = next((one for one in seen.daemons if command.daemon and one.state == command.daemon.state), None)
    if running is None:
        return ""
    state = daemon_state(running)
    return (
        f"it already runs, with `--start-daemon {requoted(daemon_settings(running))}`; `--stop-daemon {state}` stops it"
    )


def no_daemon(command: Command, seen: Seen) -> str:
    """Which daemon runs instead of the one to stop."""
    if command.daemon is None:
        return ""
    other = next((daemon_state(one) for one in seen.daemons if one.state != command.daemon.state), None)
    if other is None:
        return "no master and no backup is running"
    return f"a {other} is running, not a {daemon_state(command.daemon)}: `--stop-daemon {other}` stops it"


def no_ipv6(command: Command, seen: Seen) -> str:
    """Whether the kernel or its IPVS lacks IPv6."""
    if seen.ipv6:
        return "this kernel has IPv6, but its IPVS was built without it (CONFIG_IP_VS_IPV6)"
    return "this kernel has no IPv6, or it is turned off (`ipv6.disable=1`)"


def long_timeout(command: Command, seen: Seen) -> str:
    """Which timeout is too long for some kernels: the limit depends on the tick rate."""
    values = command.timeouts or Timeouts()
    long = [value for value in values if value > SURE_TIMEOUT]
    return f"{max(long)} s exceed what this kernel can count; {SURE_TIMEOUT} s are safe" if long else ""


def scheduler(command: Command, seen: Seen) -> str:
    """Which scheduler or engine isn't found."""
    return no_scheduler(command.service, seen.machine) if command.service else ""


def _there_is(names: list[str]) -> str:
    return f"there {'is' if len(names) == 1 else 'are'} {_listed(names)}"


def _listed(names: list[str]) -> str:
    """`names` as a list in a sentence."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


ADDING = ("add-server", "edit-server", "edit-service")  # commands that may need the missing service

Cause = tuple["tuple[str, ...]", "Callable[[Command, Seen], str]"]
_NO_SERVICE: Cause = (("services",), no_service)
_NO_SERVER: Cause = (("servers",), no_server)
_SCHEDULER: Cause = (("machine",), scheduler)
_UNFIT: Cause = (("broadcasts", "unrouted", "daemons"), unfit_server)
CAUSES: dict[tuple[str | None, int], Cause] = {  # (verb, errno): the observations to make, and what decides
    ("add-service", EEXIST): (("service",), service_exists),
    ("add-service", ENOENT): _SCHEDULER,
    ("edit-service", ENOENT): _SCHEDULER,
    ("edit-service", ESRCH): _NO_SERVICE,
    ("delete-service", ESRCH): _NO_SERVICE,
    ("zero", ESRCH): _NO_SERVICE,
    ("list", ESRCH): _NO_SERVICE,
    ("add-server", ESRCH): _NO_SERVICE,
    ("edit-server", ESRCH): _NO_SERVICE,
    ("delete-server", ESRCH): _NO_SERVICE,
    ("add-server", EEXIST): (("servers",), server_exists),
    ("edit-server", ENOENT): _NO_SERVER,
    ("delete-server", ENOENT): _NO_SERVER,
    ("add-server", ERANGE): ((), thresholds),
    ("edit-server", ERANGE): ((), thresholds),
    ("add-server", EINVAL): _UNFIT,
    ("edit-server", EINVAL): _UNFIT,
    ("start-daemon", EEXIST): (("daemons",), daemon_runs),
    ("start-daemon", ENODEV): (("interfaces",), no_device),
    ("start-daemon", ENETUNREACH): (("ipv6",), unreachable_group),
    ("start-daemon", EINVAL): (("ipv6",), invalid_daemon),
    ("stop-daemon", ESRCH): (("daemons",), no_daemon),
    ("set", EINVAL): ((), long_timeout),
    (None, EAFNOSUPPORT): (("ipv6",), no_ipv6),
    (None, EOPNOTSUPP): (("ipv6",), no_ipv6),
}
