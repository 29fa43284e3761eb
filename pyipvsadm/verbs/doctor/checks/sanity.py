"""S: the table itself."""

from __future__ import annotations

from ....grammar.shell import command
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, note, warning
from ..queries import addressed, is_full, load, named, ours, setting, subject
from ..snapshot import Snapshot
from ..snapshot_values import Connection

IGNORE_WEIGHTS = {"rr": "wrr", "lc": "wlc", "dh": "sh"}  # those that ignore weights: one that doesn't
FALLBACK = {"sh": "sh-fallback", "mh": "mh-fallback"}
UDP, TCP = 17, 6
REUSE_SINCE = (5, 9)  # Linux


def has_usable_servers(snapshot: Snapshot) -> Findings:
    """Services have usable servers."""
    for service in snapshot.seen("services"):
        if not service.servers:
            yield failure(
                service.service,
                "has no servers",
                "clients are refused",
                ours("-a", *named(service), "-r", "SERVER"),
            )
        elif not any(server.weight for server in service.servers):
            yield failure(
                service.service,
                "all of its servers have weight 0",
                "none of them gets new connections",
                *(ours("set", service.service, server.name, "--weight", 1) for server in service.servers),
            )
        elif all(not server.weight or is_full(server) for server in service.servers):
            full = [server for server in service.servers if server.weight]
            yield failure(
                service.service,
                "all of its servers are overloaded: "
                + ", ".join(f"{server.name} has {load(server)} of {server.upper_threshold}" for server in full),
                "none of them gets new connections until some of these end",
                *(ours("set", service.service, server.name, "--u-threshold", 2 * load(server)) for server in full),
            )


def weights_count(snapshot: Snapshot) -> Findings:
    """The scheduler heeds the weights."""
    for service in snapshot.seen("services"):
        other = IGNORE_WEIGHTS.get(service.scheduler or "")
        if other and len({server.weight for server in service.servers if server.weight}) > 1:
            yield warning(
                service.service,
                f"its servers have different weights, which {service.scheduler} ignores",
                "all servers get the same share",
                ours("set", service.service, "--scheduler", other),
            )


def drained_servers_empty(snapshot: Snapshot) -> Findings:
    """Drained servers become empty."""
    for service in snapshot.seen("services"):
        if service.persistence is None:
            continue
        drained = [server for server in service.servers if not server.weight]
        if drained and not snapshot.sysctl("ipv4/vs/expire_quiescent_template"):
            yield warning(
                subject(service, drained[0]),
                "has weight 0, but clients that it knows still come back to it",
                "the service is persistent, and vs/expire_quiescent_template is 0",
                setting("ipv4/vs/expire_quiescent_template", 1),
            )


def datagrams_move_on(snapshot: Snapshot) -> Findings:
    """Datagrams leave removed servers."""
    udp = [one for one in addressed(snapshot) if one.protocol == UDP and not one.one_packet]
    if not udp or snapshot.sysctl("ipv4/vs/expire_nodest_conn"):
        return
    removed = _removed_servers(snapshot)
    for service in udp:
        drained = [server for server in service.servers if not server.weight and load(server)]
        if gone := removed.get((service.address, service.port)):
            yield warning(
                service.service,
                f"datagrams of known clients still go to {gone}, which was removed, and are lost",
                "a client that keeps sending keeps its entry alive, as vs/expire_nodest_conn is 0",
                setting("ipv4/vs/expire_nodest_conn", 1),
            )
        elif drained:
            yield note(
                subject(service, drained[0]),
                f"is drained, but there are still {load(drained[0]):,} entries of clients for it",
                "once it is removed, the datagrams of these clients are lost, unless vs/expire_nodest_conn is 1",
                setting("ipv4/vs/expire_nodest_conn", 1),
            )


def _removed_servers(snapshot: Snapshot) -> dict[tuple[str, int], str]:
    """Addresses of servers that have UDP entries but aren't in their service, by the service's address and port."""
    there = {
        (service.address, service.port, server.address, server.port)
        for service in (addressed(snapshot) if snapshot.connections else ())
        for server in service.servers
    }
    found = {}
    for one in snapshot.connections or ():
        for port in (one.port, 0):
            place = one.address, port, one.server, one.server_port
            if one.protocol == "udp" and place not in there and (*place[:3], 0) not in there:
                found[one.address, port] = one.server
    return found


def ports_are_reused(snapshot: Snapshot) -> Findings:
    """Ports are used again without delay."""
    if not any(service.protocol == TCP for service in snapshot.seen("services")) or snapshot.release() >= REUSE_SINCE:
        return
    if snapshot.sysctl("ipv4/vs/conn_reuse_mode") and snapshot.sysctl("ipv4/vs/conntrack"):
        yield warning(
            "connections",
            f"vs/conn_reuse_mode and vs/conntrack are on, and Linux {snapshot.kernel} is older than 5.9",
            "a client that reuses a port waits for a second",
            setting("ipv4/vs/conn_reuse_mode", 0),
        )


def idle_connections_live(snapshot: Snapshot) -> Findings:
    """Idle connections outlive keepalives."""
    timeout = snapshot.seen("timeouts").tcp
    if any(_is_idle(one, timeout) for one in snapshot.connections or ()):
        yield from keepalives_come_late(snapshot)


def _is_idle(connection: Connection, timeout: int) -> bool:
    """Whether a connection has been idle for more than half of the timeout."""
    return connection.state == "ESTABLISHED" and connection.expires is not None and connection.expires < timeout / 2


def keepalives_come_late(snapshot: Snapshot) -> Findings:
    """A note if IPVS forgets idle connections before a keepalive is due, whether there are any now or not."""
    if not any(service.protocol == TCP for service in snapshot.seen("services")):
        return
    timeout, keepalive = snapshot.seen("timeouts").tcp, snapshot.sysctl("ipv4/tcp_keepalive_time")
    if timeout and timeout < keepalive:
        yield note(
            "timeouts",
            f"IPVS forgets a connection that is idle for {timeout} s, before a keepalive is due ({keepalive} s here)",
            "the connection then hangs; let programs send keepalives more often, or raise the timeout",
            ours("--set", keepalive + 60, 0, 0),
        )


def thresholds_fit(snapshot: Snapshot) -> Findings:
    """Thresholds fit."""
    for service in snapshot.seen("services"):
        for server in service.servers:
            if server.lower_threshold > server.upper_threshold > 0:
                yield warning(
                    subject(service, server),
                    f"its lower threshold {server.lower_threshold} is above the upper one, {server.upper_threshold}",
                    "the kernel refuses such thresholds",
                    ours("set", service.service, server.name, "--l-threshold", server.upper_threshold),
                )


def hashes_have_a_fallback(snapshot: Snapshot) -> Findings:
    """Hashes have a fallback."""
    for service in snapshot.seen("services"):
        flag = FALLBACK.get(service.scheduler or "")
        drained = [server for server in service.servers if not server.weight]
        if flag and drained and flag not in service.flags and len(drained) < len(service.servers):
            flags = ",".join((*service.flags, flag))
            yield note(
                subject(service, drained[0]),
                f"has weight 0, and {service.scheduler} has no fallback",
                "clients whose hash leads to it are refused, although there are other servers",
                ours("set", service.service, "--sched-flags", flags),
            )


def daemons_can_talk(snapshot: Snapshot) -> Findings:
    """The synchronisation daemon can talk."""
    for daemon in snapshot.seen("daemons"):
        links = {link.name: link for link in snapshot.seen("links")}
        link = links.get(daemon.interface)
        name = f"{daemon.state} daemon"
        if not link:
            yield warning(
                name,
                f"its interface {daemon.interface} no longer exists",
                "the daemon does nothing: start it on another interface",
                ours("--stop-daemon", daemon.state),
            )
            continue
        if not link.up:
            yield warning(
                name,
                f"its interface {link.name} is down",
                "the daemon does nothing",
                command("ip", "link", "set", link.name, "up"),
            )
        if not link.multicast:
            yield warning(
                name,
                f"its interface {link.name} doesn't support multicast",
                "the daemon sends connections to other directors by multicast",
                command("ip", "link", "set", link.name, "multicast", "on"),
            )
        if (daemon.maxlen or 0) > link.mtu:
            yield warning(
                name,
                f"its messages have up to {daemon.maxlen} bytes, but the MTU of {link.name} is {link.mtu}",
                "long messages are sent in fragments",
                command("ip", "link", "set", link.name, "mtu", str(daemon.maxlen)),
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "S1",
        "Services have usable servers",
        (FAILURE,),
        has_usable_servers,
        looks="the servers of each service, with their weights and thresholds",
        matters="a service without a usable server refuses its clients",
        mend="add a server, or raise a weight or a threshold",
    ),
    Check(
        "S2",
        "The scheduler heeds the weights",
        (WARNING,),
        weights_count,
        looks="different weights under a scheduler that ignores them",
        matters="all servers get the same share",
        mend="use the weighted variant of that scheduler",
    ),
    Check(
        "S3",
        "Drained servers become empty",
        (WARNING,),
        drained_servers_empty,
        looks="servers of weight 0 in persistent services",
        matters="clients that the server knows still come back to it",
        mend="set vs/expire_quiescent_template to 1",
    ),
    Check(
        "S4",
        "Datagrams leave removed servers",
        (WARNING, NOTE),
        datagrams_move_on,
        looks="entries of UDP services for removed or drained servers, and vs/expire_nodest_conn",
        matters="a client that keeps sending keeps its entry for a removed server alive, and its datagrams are lost",
        mend="set vs/expire_nodest_conn to 1",
    ),
    Check(
        "S5",
        "Ports are used again without delay",
        (WARNING,),
        ports_are_reused,
        looks="vs/conn_reuse_mode and vs/conntrack, on kernels before 5.9",
        matters="a client that reuses a port waits for a second",
        mend="set vs/conn_reuse_mode to 0",
    ),
    Check(
        "S6",
        "Idle connections outlive keepalives",
        (NOTE,),
        idle_connections_live,
        asked=keepalives_come_late,
        looks="connections that have long been idle, the TCP timeout of IPVS, and the time until keepalives",
        matters="IPVS forgets an idle connection before its keepalive is due, and the connection hangs",
        mend="raise the timeout, or send keepalives more often",
    ),
    Check(
        "S7",
        "Thresholds fit",
        (WARNING,),
        thresholds_fit,
        looks="lower thresholds that exceed the upper ones",
        matters="the kernel refuses such thresholds",
        mend="lower the lower threshold",
    ),
    Check(
        "S8",
        "Hashes have a fallback",
        (NOTE,),
        hashes_have_a_fallback,
        looks="servers of weight 0 under `sh` or `mh`",
        matters="clients whose hash leads to such a server are refused",
        mend="set the scheduler's fallback flag",
    ),
    Check(
        "S9",
        "The synchronisation daemon can talk",
        (WARNING,),
        daemons_can_talk,
        looks="the daemon's interface, its MTU and multicast",
        matters="a daemon whose interface can't send keeps the connections to itself",
        mend="bring the interface up, or start the daemon on another one",
    ),
)
