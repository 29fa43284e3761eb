"""S: the table itself."""

from __future__ import annotations

from ..findings import Check, Findings, failure, note, warning
from ..snapshot import Server, Service, Snapshot, UnseenError
from .looking import addressed, setting, subject

IGNORE_WEIGHTS = {"rr": "wrr", "lc": "wlc", "dh": "sh"}  # a scheduler, and one like it that heeds weights
FALLBACK = {"sh": "sh-fallback", "mh": "mh-fallback"}
UDP, TCP = 17, 6
REUSE_SINCE = (5, 9)  # Linux
ENOUGH = 3  # packets


def has_usable_servers(snapshot: Snapshot) -> Findings:
    """S1."""
    for service in snapshot.seen("services"):
        if not service.servers:
            yield failure(
                service.service,
                "has no servers",
                "clients are refused",
                f"pyipvsadm -a {_option(service)} -r SERVER",
            )
        elif not any(server.weight for server in service.servers):
            yield failure(
                service.service,
                "all of its servers have weight 0",
                "none gets new connections",
                *(f"pyipvsadm set {service.service} {server.name} --weight 1" for server in service.servers),
            )
        elif all(not server.weight or _is_full(server) for server in service.servers):
            full = [server for server in service.servers if server.weight]
            yield failure(
                service.service,
                "all of its servers are overloaded: "
                + ", ".join(f"{server.name} has {_load(server)} of {server.upper_threshold}" for server in full),
                "none gets new connections until they end",
                *(
                    f"pyipvsadm set {service.service} {server.name} --u-threshold {2 * _load(server)}"
                    for server in full
                ),
            )


def _option(service: Service) -> str:
    name = service.service.partition("/")[0]
    if service.mark:
        return f"-f {service.mark}{' -6' if service.service.endswith('ipv6') else ''}"
    return f"{ {UDP: '-u', TCP: '-t'}.get(service.protocol, '--sctp-service') } {name}"


def _load(server: Server) -> int:
    return server.connections.active + server.connections.inactive


def _is_full(server: Server) -> bool:
    return bool(server.upper_threshold) and _load(server) >= server.upper_threshold


def weights_count(snapshot: Snapshot) -> Findings:
    """S2."""
    for service in snapshot.seen("services"):
        other = IGNORE_WEIGHTS.get(service.scheduler or "")
        if other and len({server.weight for server in service.servers if server.weight}) > 1:
            yield warning(
                service.service,
                f"its servers have different weights, which {service.scheduler} takes no notice of",
                "all get the same",
                f"pyipvsadm set {service.service} --scheduler {other}",
            )


def drained_servers_empty(snapshot: Snapshot) -> Findings:
    """S3."""
    for service in snapshot.seen("services"):
        if service.persistence is None:
            continue
        drained = [server for server in service.servers if not server.weight]
        if drained and not snapshot.sysctl("ipv4/vs/expire_quiescent_template"):
            yield warning(
                subject(service, drained[0]),
                "has weight 0, but clients that it knows still get there",
                "the service is persistent, and vs/expire_quiescent_template is 0",
                setting("ipv4/vs/expire_quiescent_template", 1),
            )


def datagrams_move_on(snapshot: Snapshot) -> Findings:
    """S4."""
    for service in addressed(snapshot):
        if service.protocol == UDP and not service.one_packet and not snapshot.sysctl("ipv4/vs/expire_nodest_conn"):
            yield warning(
                service.service,
                "datagrams of known clients go on to a server that was removed, and are lost",
                "a client that goes on sending keeps its entry alive; vs/expire_nodest_conn is 0",
                setting("ipv4/vs/expire_nodest_conn", 1),
            )
            return


def ports_are_reused(snapshot: Snapshot) -> Findings:
    """S5."""
    if not any(service.protocol == TCP for service in snapshot.seen("services")) or snapshot.release() >= REUSE_SINCE:
        return
    if snapshot.sysctl("ipv4/vs/conn_reuse_mode") and snapshot.sysctl("ipv4/vs/conntrack"):
        yield warning(
            "connections",
            f"vs/conn_reuse_mode and vs/conntrack are on, and Linux {snapshot.kernel} is older than 5.9",
            "a client that uses a port again waits for a second",
            setting("ipv4/vs/conn_reuse_mode", 0),
        )


def idle_connections_live(snapshot: Snapshot) -> Findings:
    """S6."""
    if not any(service.protocol == TCP for service in snapshot.seen("services")):
        return
    timeout, keepalive = snapshot.seen("timeouts").tcp, snapshot.sysctl("ipv4/tcp_keepalive_time")
    if timeout and timeout < keepalive:
        yield note(
            "timeouts",
            f"a connection that is idle for {timeout} s is forgotten, before a keepalive is due ({keepalive} s here)",
            "it hangs then; let programs send keepalives more often, or raise the timeout",
            f"pyipvsadm --set {keepalive + 60} 0 0",
        )


def thresholds_fit(snapshot: Snapshot) -> Findings:
    """S7."""
    for service in snapshot.seen("services"):
        for server in service.servers:
            if server.lower_threshold > server.upper_threshold > 0:
                yield warning(
                    subject(service, server),
                    f"its lower threshold {server.lower_threshold} is above the upper one, {server.upper_threshold}",
                    "the kernel refuses that",
                    f"pyipvsadm set {service.service} {server.name} --l-threshold {server.upper_threshold}",
                )


def hashes_have_a_fallback(snapshot: Snapshot) -> Findings:
    """S8."""
    for service in snapshot.seen("services"):
        flag = FALLBACK.get(service.scheduler or "")
        drained = [server for server in service.servers if not server.weight]
        if flag and drained and flag not in service.flags and len(drained) < len(service.servers):
            flags = ",".join((*service.flags, flag))
            yield note(
                subject(service, drained[0]),
                f"has weight 0, and {service.scheduler} has no fallback",
                "clients that it would serve are refused, though there are other servers",
                f"pyipvsadm set {service.service} --sched-flags {flags}",
            )


def daemons_can_talk(snapshot: Snapshot) -> Findings:
    """S9."""
    for daemon in snapshot.seen("daemons"):
        links = {link.name: link for link in snapshot.seen("links")}
        link = links.get(daemon.interface)
        name = f"{daemon.state} daemon"
        if not link:
            yield warning(
                name,
                f"its interface {daemon.interface} isn't there any more",
                "it does nothing: start it on another one",
                f"pyipvsadm --stop-daemon {daemon.state}",
            )
            continue
        if not link.up:
            yield warning(name, f"its interface {link.name} is down", "it does nothing", f"ip link set {link.name} up")
        if not link.multicast:
            yield warning(
                name,
                f"its interface {link.name} has no multicast",
                "connections are told to other directors by multicast",
                f"ip link set {link.name} multicast on",
            )
        if (daemon.maxlen or 0) > link.mtu:
            yield warning(
                name,
                f"its messages have up to {daemon.maxlen} bytes, and {link.name} takes {link.mtu}",
                "they are sent in fragments",
                f"ip link set {link.name} mtu {daemon.maxlen}",
            )


def packets_are_counted(snapshot: Snapshot) -> Findings:
    """S10."""
    if not snapshot.seen("services"):
        return
    if snapshot.sysctls.get("net/ipv4/vs/run_estimation") == "0":
        raise UnseenError("counters stand still with vs/run_estimation=0")
    arrivals = snapshot.seen("arrivals")
    for service in snapshot.services or ():
        came = [one for one in arrivals if one.service == service.service]
        if sum(one.packets for one in came) < ENOUGH or service.earlier is None:
            continue
        if service.counters.packets_in == service.earlier.packets_in:
            yield warning(
                service.service,
                f"packets for it come in by {', '.join(sorted({one.device for one in came}))}, and it counts none",
                "something throws them away before they get to IPVS",
                f"ip route get {service.address} from {came[0].client} iif {came[0].device}",
            )


CHECKS: tuple[Check, ...] = (
    ("S1", has_usable_servers),
    ("S2", weights_count),
    ("S3", drained_servers_empty),
    ("S4", datagrams_move_on),
    ("S5", ports_are_reused),
    ("S6", idle_connections_live),
    ("S7", thresholds_fit),
    ("S8", hashes_have_a_fallback),
    ("S9", daemons_can_talk),
    ("S10", packets_are_counted),
)
