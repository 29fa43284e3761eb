"""G: the requirements of IPVS: modules, settings and privileges."""

from __future__ import annotations

from ....support.managers import ELSEWHERE
from ....table.notation import counted
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, note, warning
from ..queries import ours, setting
from ..snapshot import Snapshot

GUE_SINCE, GRE_SINCE = (5, 2), (5, 3)  # Linux
KUBE_PROXY, KUBE_PROXYS_DEVICE = "kube-proxy", "kube-ipvs0"
DEPRECATED = (
    "; kube-proxy's mode ipvs is deprecated: from Kubernetes 1.40 on it is off by default, and from 1.43 on for good,"
    " and kube-proxy then refuses to start in it (its mode nftables takes the place)"
)


def ipvs_is_there(snapshot: Snapshot) -> Findings:
    """IPVS is in the kernel."""
    if snapshot.ipvs is False:
        where = snapshot.standing.container
        yield failure(
            "kernel",
            "IPVS is neither loaded nor built in",
            f"this is a container ({where}): load the module outside of it, on the host"
            if where
            else "without the module, there are no virtual services",
            "modprobe ip_vs",
        )


def privilege(snapshot: Snapshot) -> Findings:
    """The table can be read."""
    if snapshot.services is not None or (snapshot.ipvs is False and snapshot.standing.privileged):
        return
    reason = snapshot.unseen.get("services", "nobody looked")
    if snapshot.standing.privileged and "Permission" not in reason:
        yield failure("table", f"can't be read: {reason}", "most checks can't be carried out")
        return
    inside = snapshot.standing.container or snapshot.standing.user_namespace
    yield failure(
        "privilege",
        "the table can't be read: CAP_NET_ADMIN is missing in this network's user namespace",
        "start the container with `--cap-add NET_ADMIN`, or look from the host"
        if inside
        else "most checks can't be carried out",
        "sudo pyipvsadm doctor",
    )


def namespaces(snapshot: Snapshot) -> Findings:
    """The services are in this network namespace."""
    if snapshot.services == ():
        for process, count in snapshot.elsewhere.items():
            yield note(
                "namespace",
                f"there is no service here, but {count} in the network namespace of process {process}",
                "each network namespace has a table of its own",
                ours("--netns", process, "show"),
            )


def modules_of_this_kernel(snapshot: Snapshot) -> Findings:
    """There are modules for the running kernel."""
    modules = snapshot.modules
    if snapshot.ipvs and modules.loadable is None and not snapshot.standing.container and modules.loaded:
        yield warning(
            "modules",
            f"there are no modules for the running kernel in /lib/modules/{snapshot.kernel}",
            "a scheduler that isn't loaded yet can't be loaded: adding a service with it fails with"
            " `No such file or directory`. Boot the installed kernel, or reinstall the modules of the running one",
        )


def ipv6_is_on(snapshot: Snapshot) -> Findings:
    """IPv6 is on where a service needs it."""
    services = [service for service in snapshot.seen("services") if ":" in service.address]
    if not services:
        return
    snapshot.sysctl("ipv4/conf/all/forwarding")  # raises UnseenError if no setting can be read
    if "net/ipv6/conf/all/disable_ipv6" not in snapshot.sysctls:
        why = "packets for it are dropped; boot without `ipv6.disable=1`"
        yield failure(services[0].service, "this kernel runs without IPv6", why)
    elif snapshot.sysctl("ipv6/conf/all/disable_ipv6"):
        again = dict.fromkeys(ours("vip", "add", service.address) for service in services)
        yield failure(
            services[0].service,
            "IPv6 is disabled on all devices",
            "packets for it are dropped, and devices have lost their IPv6 addresses",
            setting("ipv6/conf/all/disable_ipv6", 0),
            *again,
        )


def tunnels_of_this_kernel(snapshot: Snapshot) -> Findings:
    """The kernel knows the types of tunnels."""
    release = None
    for service in snapshot.seen("services"):
        for server in service.servers:
            kind = server.kind if server.tunnel else ""
            if not kind:
                continue
            release = release or snapshot.release()
            since = GUE_SINCE if kind == "gue" else (0, 0)
            if kind == "gre" or (server.tunnel and server.tunnel.checksum != "none"):
                since = GRE_SINCE
            if release < since:
                yield failure(
                    f"{service.service} {server.name}",
                    f"has a {kind} tunnel, on Linux {snapshot.kernel}",
                    f"its type and checksum need Linux {'.'.join(map(str, since))}; older kernels send ipip instead",
                    ours("set", service.service, server.name, "--ipip", "--tun-type", "ipip"),
                )


def managers(snapshot: Snapshot) -> Findings:
    """One program manages the table."""
    found = [name for name in snapshot.managers or () if name != ELSEWHERE]
    is_ipvs = KUBE_PROXY in found and any(link.name == KUBE_PROXYS_DEVICE for link in snapshot.links or ())
    mode = DEPRECATED if is_ipvs else ""
    if len(found) > 1:
        yield warning(
            "table",
            f"{' and '.join(found)} run here",
            "each of them reverts what the other changes: let only one of them manage IPVS" + mode,
        )
    for name in snapshot.managers or () if len(found) < 2 else ():
        yield note(
            "table",
            f"{name} runs here",
            "Docker's Swarm keeps tables in its own network namespaces; leave those alone"
            if name == ELSEWHERE
            else "it may revert changes that others make, at its next update;"
            f" `apply --only` leaves its services alone{mode}",
        )


def manager_files(snapshot: Snapshot) -> Findings:
    """The table is the one in its manager's file."""
    for file in snapshot.manager_files:
        name, diff = f"{file.program}'s file {file.path}", ours("diff", "--from", file.program, file.path)
        if file.unread:
            why = "it can't be compared with the table, and the program may end when it reads the file again"
            yield warning(name, file.unread, why)
        more = file.count - len(file.differences)
        for line in file.differences:
            yield warning(name, f"the table differs from it: {line}", "", diff)
        if more:
            yield warning(name, f"the table differs from it in {more:,} more lines", "", diff)
        if file.states:
            why = f"{file.program} puts them back; `diff` names them"
            yield note(name, f"its health checks have changed {counted(file.states, 'server')}", why, diff)


def firewalls(snapshot: Snapshot) -> Findings:
    """The firewall's rules can be read."""
    for program in snapshot.firewall.lacking if snapshot.firewall else ():
        yield note(
            "firewall",
            f"{program} is installed, but this kernel doesn't support it",
            "the other checks assume that it has no rules",
        )


def backup_only(snapshot: Snapshot) -> Findings:
    """A backup director forwards."""
    daemons = snapshot.seen("daemons")
    if not any(daemon.state == "backup" for daemon in daemons) or not snapshot.sysctl("ipv4/vs/backup_only"):
        return
    own = [s for service in snapshot.seen("services") for s in service.servers if _local(snapshot, s.address)]
    if not own:
        yield warning(
            "synchronisation",
            "vs/backup_only is 1, and the backup daemon runs",
            "a backup director then forwards nothing; the setting is for directors that are also real servers",
            setting("ipv4/vs/backup_only", 0),
        )


def _local(snapshot: Snapshot, address: str) -> bool:
    return snapshot.route(address).type == "local"


CHECKS: tuple[Check, ...] = (
    Check(
        "G17",
        "The table is the one in its manager's file",
        (WARNING, NOTE),
        manager_files,
        looks="the table, and the file that a running keepalived or ldirectord was started with",
        matters="these programs correct neither what was in the table before them nor what others change",
        mend="compare the two with `diff`, and restart the program or correct what differs",
    ),
    Check(
        "G13",
        "The firewall's rules can be read",
        (NOTE,),
        firewalls,
        looks="nft and iptables, and whether the kernel supports what they list",
        matters="if it doesn't, the other checks take it that there are no rules",
        mend="none is needed unless the machine is meant to have firewall rules",
    ),
    Check(
        "G1",
        "IPVS is in the kernel",
        (FAILURE,),
        ipvs_is_there,
        looks="whether the kernel has IPVS, built in or as a loaded module",
        matters="without IPVS there is no table and no virtual service",
        mend="load the module `ip_vs`; for a container, load it on the host",
    ),
    Check(
        "G2",
        "The table can be read",
        (FAILURE,),
        privilege,
        looks="whether this process may read the table of its network namespace",
        matters="without CAP_NET_ADMIN, the kernel does not show the table, and most checks stay unknown",
        mend="run `doctor` as root, or give the container that capability",
    ),
    Check(
        "G3",
        "The services are in this network namespace",
        (NOTE,),
        namespaces,
        looks="other namespaces that have services, if the table here is empty",
        matters="each network namespace has its own table, and a packet meets only the table of its namespace",
        mend="name the namespace with `--netns`",
    ),
    Check(
        "G4",
        "There are modules for the running kernel",
        (WARNING,),
        modules_of_this_kernel,
        looks="/lib/modules, for modules of the running kernel",
        matters="after an upgrade without a reboot, the kernel can't load a scheduler that isn't loaded yet",
        mend="boot the installed kernel, or reinstall the modules of the running one",
    ),
    Check(
        "G5",
        "IPv6 is on where a service needs it",
        (FAILURE,),
        ipv6_is_on,
        looks="IPv6 services, and disable_ipv6",
        matters="with IPv6 disabled, the kernel drops their packets, and devices lose their IPv6 addresses",
        mend="set net.ipv6.conf.all.disable_ipv6 to 0, and bind the addresses again",
    ),
    Check(
        "G6",
        "The kernel knows the types of tunnels",
        (FAILURE,),
        tunnels_of_this_kernel,
        looks="the types and checksums of tunnels, and the kernel's release",
        matters="the type gue needs Linux 5.2, and gre and checksums need 5.3; an older kernel sends ipip instead",
        mend="use ipip, or a newer kernel",
    ),
    Check(
        "G7",
        "One program manages the table",
        (WARNING, NOTE),
        managers,
        looks="running programs that are known to change the table by themselves",
        matters="such a program reverts changes that others make, and two of them revert each other's",
        mend="change the table in that program's configuration; use `apply --only` to leave its services alone",
    ),
    Check(
        "G8",
        "A backup director forwards",
        (WARNING,),
        backup_only,
        looks="vs/backup_only, if the backup daemon runs",
        matters="with the value 1, a director that runs the backup daemon forwards nothing",
        mend="set vs/backup_only to 0, unless this machine is a real server of its own services",
    ),
)
