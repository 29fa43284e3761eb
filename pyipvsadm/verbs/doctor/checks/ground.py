"""G: the ground that IPVS stands on."""

from __future__ import annotations

from ..findings import Check, Findings, failure, note, warning
from ..snapshot import Snapshot
from .looking import setting

GUE_SINCE, GRE_SINCE, KTHREADS_SINCE = (5, 2), (5, 3), (6, 2)  # Linux
MANY = 20_000  # services and servers: their rates take some per cent of a processor, all in one timer
NEARLY_FULL = 0.9
DEFENCES = {"drop_entry": "connections", "drop_packet": "packets", "secure_tcp": "connections of slow clients"}


def ipvs_is_there(snapshot: Snapshot) -> Findings:
    """G1."""
    if snapshot.ipvs is False:
        where = snapshot.standing.container
        yield failure(
            "kernel",
            "IPVS is neither loaded nor built in",
            f"this is a container ({where}): the module has to be loaded outside of it, on the host"
            if where
            else "without the module, there are no virtual services",
            "modprobe ip_vs",
        )


def privilege(snapshot: Snapshot) -> Findings:
    """G2."""
    if snapshot.services is not None or (snapshot.ipvs is False and snapshot.standing.privileged):
        return
    reason = snapshot.unseen.get("services", "nobody looked")
    if snapshot.standing.privileged and "Permission" not in reason:
        yield failure("table", f"can't be read: {reason}", "most of what follows stays unknown")
        return
    inside = snapshot.standing.container or snapshot.standing.user_namespace
    yield failure(
        "privilege",
        "the table can't be read: CAP_NET_ADMIN is missing in this network's user namespace",
        "start the container with `--cap-add NET_ADMIN`, or look from the host"
        if inside
        else "most of what follows stays unknown",
        "sudo pyipvsadm doctor",
    )


def namespaces(snapshot: Snapshot) -> Findings:
    """G3."""
    if snapshot.services == ():
        for process, count in snapshot.elsewhere.items():
            yield note(
                "namespace",
                f"there is no service here, but {count} in the network namespace of process {process}",
                "each network namespace has a table of its own",
                f"pyipvsadm --netns {process} show",
            )


def modules_of_this_kernel(snapshot: Snapshot) -> Findings:
    """G4."""
    modules = snapshot.modules
    if snapshot.ipvs and modules.loadable is None and not snapshot.standing.container and modules.loaded:
        yield warning(
            "modules",
            f"there are no modules for the running kernel in /lib/modules/{snapshot.kernel}",
            "a scheduler that isn't loaded yet can't be loaded: to add a service with it fails with"
            " `No such file or directory`. Boot the kernel that is installed, or install the modules of this one again",
        )


def ipv6_is_on(snapshot: Snapshot) -> Findings:
    """G5."""
    services = [service for service in snapshot.seen("services") if ":" in service.address]
    if not services:
        return
    snapshot.sysctl("ipv4/conf/all/forwarding")  # or nothing can be read at all
    if "net/ipv6/conf/all/disable_ipv6" not in snapshot.sysctls:
        why = "packets for it are thrown away; boot without `ipv6.disable=1`"
        yield failure(services[0].service, "this kernel runs without IPv6", why)
    elif snapshot.sysctl("ipv6/conf/all/disable_ipv6"):
        again = dict.fromkeys(f"pyipvsadm vip add {service.address}" for service in services)
        yield failure(
            services[0].service,
            "IPv6 is disabled on all devices",
            "packets for it are thrown away, and IPv6 addresses are lost",
            setting("ipv6/conf/all/disable_ipv6", 0),
            *again,
        )


def tunnels_of_this_kernel(snapshot: Snapshot) -> Findings:
    """G6."""
    for service in snapshot.seen("services"):
        for server in service.servers:
            since = GUE_SINCE if server.kind == "gue" else (0, 0)
            if server.kind == "gre" or (server.tunnel and server.tunnel.checksum != "none"):
                since = GRE_SINCE
            if server.kind and snapshot.release() < since:
                yield failure(
                    f"{service.service} {server.name}",
                    f"a {server.kind} tunnel, on Linux {snapshot.kernel}",
                    f"that kind and its checksums take Linux {'.'.join(map(str, since))}; older ones send ipip",
                    f"pyipvsadm set {service.service} {server.name} --ipip --tun-type ipip",
                )


def managers(snapshot: Snapshot) -> Findings:
    """G7."""
    for name in snapshot.managers or ():
        yield note(
            "table",
            f"{name} runs here",
            "it keeps a table of its own: what is changed by hand may be undone at its next turn;"
            " `apply --only` leaves alone what isn't ours",
        )


def backup_only(snapshot: Snapshot) -> Findings:
    """G8."""
    daemons = snapshot.seen("daemons")
    if not any(daemon.state == "backup" for daemon in daemons) or not snapshot.sysctl("ipv4/vs/backup_only"):
        return
    own = [s for service in snapshot.seen("services") for s in service.servers if _local(snapshot, s.address)]
    if not own:
        yield warning(
            "synchronisation",
            "vs/backup_only is 1, and the backup daemon runs",
            "a director does not forward anything then; that is meant for one that is a real server as well",
            setting("ipv4/vs/backup_only", 0),
        )


def _local(snapshot: Snapshot, address: str) -> bool:
    return snapshot.route(address).type == "local"


def connection_table(snapshot: Snapshot) -> Findings:
    """G9."""
    size, count = snapshot.table_size, snapshot.connection_count
    if size and count is not None and count > 4 * size:
        yield note(
            "connections",
            f"{count} connections in a table of {size} rows",
            "looking one up takes long; the size is set when the module is loaded",
            "echo options ip_vs conn_tab_bits=18 > /etc/modprobe.d/ip_vs.conf",
        )


def estimation(snapshot: Snapshot) -> Findings:
    """G10."""
    services = snapshot.seen("services")
    count = len(services) + sum(len(service.servers) for service in services)
    if (
        count > MANY
        and snapshot.release() < KTHREADS_SINCE
        and snapshot.sysctls.get("net/ipv4/vs/run_estimation") != "0"
    ):
        yield warning(
            "rates",
            f"the rates of {count} services and servers are computed every two seconds in one timer",
            "that stops packets for as long; kernels from 6.2 on do it beside",
            setting("ipv4/vs/run_estimation", 0),
        )


def defences(snapshot: Snapshot) -> Findings:
    """G11."""
    if not snapshot.seen("services"):
        return
    for name, what in DEFENCES.items():
        value = snapshot.sysctl(f"ipv4/vs/{name}")
        if value >= 2:  # 1 waits until memory gets short, and becomes 2 then
            yield warning(
                "defence against floods",
                f"vs/{name} is {value}, which is at work",
                f"{what} are dropped at random" + (", since memory is short" if value == 2 else ""),
                setting(f"ipv4/vs/{name}", 0),
            )


def conntrack_table(snapshot: Snapshot) -> Findings:
    """G12."""
    if not snapshot.seen("services") or not snapshot.sysctl("ipv4/vs/conntrack"):
        return
    if "net/netfilter/nf_conntrack_max" not in snapshot.sysctls:
        return  # nothing tracks connections here
    count, limit = (snapshot.sysctl(f"netfilter/nf_conntrack_{name}") for name in ("count", "max"))
    if limit and count > NEARLY_FULL * limit:
        yield warning(
            "conntrack",
            f"{count} of {limit} entries are taken",
            "with vs/conntrack=1 each connection takes one; when it is full, new connections are dropped",
            setting("netfilter/nf_conntrack_max", 2 * limit),
        )


CHECKS: tuple[Check, ...] = (
    ("G1", ipvs_is_there),
    ("G2", privilege),
    ("G3", namespaces),
    ("G4", modules_of_this_kernel),
    ("G5", ipv6_is_on),
    ("G6", tunnels_of_this_kernel),
    ("G7", managers),
    ("G8", backup_only),
    ("G9", connection_table),
    ("G10", estimation),
    ("G11", defences),
    ("G12", conntrack_table),
)
