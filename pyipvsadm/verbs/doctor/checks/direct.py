"""D: direct routing, and what servers on the link have in common."""

from __future__ import annotations

from ..findings import Check, Findings, failure, note, warning
from ..snapshot import Snapshot
from .looking import pairs, setting, subject, virtual_addresses

LOST = ("failed", "incomplete")  # states of neighbours


def servers_are_on_the_link(snapshot: Snapshot) -> Findings:
    """D1."""
    for service, server in pairs(snapshot, "direct"):
        route = snapshot.route(server.address)
        if route.gateway:
            yield failure(
                subject(service, server),
                f"is behind the router {route.gateway}",
                "direct routing leaves the client's packet as it is, so that no router can pass it on to the server;"
                " use a tunnel or masquerading",
                f"pyipvsadm set {service.service} {server.name} --ipip",
            )
        elif route.type != "unicast":
            yield failure(
                subject(service, server),
                f"there is no way to it ({route.source or route.type})",
                "packets can't be sent",
                f"ip route get {server.address}",
            )


def ports_stay(snapshot: Snapshot) -> Findings:
    """D2."""
    for service, server in pairs(snapshot, "direct", "tunnel"):
        if service.port and server.port != service.port:
            way = "-g" if server.forwarding == "direct" else "-i"
            yield failure(
                subject(service, server),
                f"is reached by {server.forwarding}, and has another port than the service",
                f"packets get there as clients sent them, for port {service.port}; only masquerading translates",
                f"pyipvsadm -d {_option(service.protocol)} {_endpoint(service.service)} -r {server.name}",
                f"pyipvsadm -a {_option(service.protocol)} {_endpoint(service.service)} -r {_host(server.address)}"
                f" {way} -w {server.weight}",
            )


def _option(protocol: int) -> str:
    return {17: "-u", 132: "--sctp-service"}.get(protocol, "-t")


def _endpoint(name: str) -> str:
    return name.partition("/")[0]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def servers_are_others(snapshot: Snapshot) -> Findings:
    """D3."""
    wanted = virtual_addresses(snapshot)
    for service in snapshot.seen("services"):
        for server in service.servers:
            if server.address in wanted:
                yield failure(
                    subject(service, server),
                    "has the address of a virtual service",
                    "packets for it come back to this machine; a server is named by an address of its own",
                    f"pyipvsadm -d {_option(service.protocol)} {_endpoint(service.service)} -r {server.name}",
                )


def servers_answer(snapshot: Snapshot) -> Findings:
    """D4."""
    told_of = set()
    lost = {(one.address, one.device): one.state for one in snapshot.seen("neighbours") if one.state in LOST}
    for service, server in pairs(snapshot):
        route = snapshot.route(server.address)
        hop = route.gateway or server.address
        state = lost.get((hop, route.device))
        if server.weight and state and (hop, service.service) not in told_of:
            told_of.add((hop, service.service))
            yield failure(
                subject(service, server),
                f"{hop} on {route.device} doesn't answer ({state})",
                "it is down, or in another network; until it's back, give it no connections",
                f"pyipvsadm set {service.service} {server.name} --weight 0",
            )


def no_loop(snapshot: Snapshot) -> Findings:
    """D6."""
    if not any(daemon.state == "backup" for daemon in snapshot.seen("daemons")):
        return
    for service in snapshot.seen("services"):
        for server in service.servers:
            own = server.forwarding != "masquerade" and snapshot.route(server.address).type == "local"
            if own and not snapshot.sysctl("ipv4/vs/backup_only"):
                yield warning(
                    subject(service, server),
                    "is this machine itself, which is the backup director as well",
                    "what the master sends to it, it balances again, and sends back: a loop",
                    setting("ipv4/vs/backup_only", 1),
                )
                return


def replies_go_past(snapshot: Snapshot) -> Findings:
    """D7."""
    found = [server for _, server in pairs(snapshot, "direct", "tunnel") if server.counters.packets_in]
    if found and not any(server.counters.packets_out for server in found):
        return  # as it should be: replies go past this machine, so that it counts none
    for server in found:
        if server.counters.packets_out:
            yield note(
                server.name,
                "answers through this machine",
                "with direct routing and tunnels it could answer clients by itself, which spares this machine",
            )


CHECKS: tuple[Check, ...] = (
    ("D1", servers_are_on_the_link),
    ("D2", ports_stay),
    ("D3", servers_are_others),
    ("D4", servers_answer),
    ("D6", no_loop),
    ("D7", replies_go_past),
)
