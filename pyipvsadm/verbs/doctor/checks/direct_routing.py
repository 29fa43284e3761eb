"""D: direct routing, and servers on the same link."""

from __future__ import annotations

from ....frozen import replaced
from ....network.routes import Route
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, failures, note, warning
from ..queries import (
    PROTOCOLS,
    addressed,
    bound_for_services,
    by_route,
    hears,
    named,
    ours,
    pairs,
    routes_of,
    setting,
    subject,
    subjects,
    unreachable,
    virtual_addresses,
)
from ..snapshot import Snapshot

LOST = ("failed", "incomplete")  # states of neighbours


def servers_are_on_the_link(snapshot: Snapshot) -> Findings:
    """Servers of direct routing are on a link."""
    for seen, those in by_route(snapshot, pairs(snapshot, "direct"), _no_link).items():
        if snapshot.route(those[0][1].address).gateway:
            yield failures(
                subjects(those),
                seen,
                "direct routing leaves the client's packet unchanged, so no router can forward it to the server;"
                " use a tunnel or masquerading",
                *(ours("set", service.service, server.name, "--ipip") for service, server in those),
            )
        else:
            ways = (routes_of(server.address) for _, server in those)
            yield failures(subjects(those), seen, "packets can't be sent to it", *ways)


def _no_link(route: Route) -> str:
    """Why servers by `route` are on no link; empty if they are."""
    return f"is behind the router {route.gateway}" if route.gateway else unreachable(route)


def ports_stay(snapshot: Snapshot) -> Findings:
    """Ports stay the same without masquerading."""
    for service, server in pairs(snapshot, "direct", "tunnel"):
        if server.port != service.port and service.port:
            way, name = ("-g", "direct routing") if server.forwarding == "direct" else ("-i", "a tunnel")
            yield failure(
                subject(service, server),
                f"is reached by {name}, but its port isn't the service's",
                f"packets arrive there unchanged, with port {service.port}; only masquerading translates ports",
                ours("-d", *named(service), "-r", server.name),
                ours("-a", *named(service), "-r", replaced(server, port=service.port).name, way, "-w", server.weight),
            )


def servers_are_others(snapshot: Snapshot) -> Findings:
    """Servers have addresses of their own."""
    wanted = virtual_addresses(snapshot)
    taken = {(service.protocol, service.address, service.port) for service in addressed(snapshot)}
    for service in snapshot.seen("services"):
        for server in service.servers:
            if server.address not in wanted:
                continue
            port = server.port if server.forwarding == "masquerade" or service.mark else service.port
            virtual = (service.protocol, server.address, port) in taken
            if not virtual and server.address not in bound_for_services(snapshot):
                continue  # this machine's own address, where a program may well listen
            if service.protocol not in PROTOCOLS or hears(snapshot, PROTOCOLS[service.protocol], server.address, port):
                continue
            yield failure(
                subject(service, server),
                "has the address and the port of a virtual service" if virtual else "has the address of a service",
                "packets for it come back to this machine, where no socket accepts them; give the server an address of"
                " its own",
                ours("-d", *named(service), "-r", server.name),
            )


def servers_answer(snapshot: Snapshot) -> Findings:
    """Servers answer their neighbours."""
    told_of = set()
    lost = {(one.address, one.device): one.state for one in snapshot.seen("neighbours") if one.state in LOST}
    dead = {link.name: "its link is down: no carrier" for link in snapshot.links or () if link.up and not link.carrier}
    others = pairs(snapshot)  # may raise UnseenError
    for service, server in others if lost or dead else ():
        route = snapshot.route(server.address)
        hop = route.gateway or server.address
        state = dead.get(route.device) or lost.get((hop, route.device))
        if server.weight and state and (hop, service.service) not in told_of:
            told_of.add((hop, service.service))
            yield failure(
                subject(service, server),
                f"{hop} on {route.device} doesn't answer ({state})",
                "it is down, or in another network; give it no connections until it is back",
                ours("set", service.service, server.name, "--weight", 0),
            )


def no_loop(snapshot: Snapshot) -> Findings:
    """A backup director does not balance twice."""
    if not any(daemon.state == "backup" for daemon in snapshot.seen("daemons")):
        return
    for service in snapshot.seen("services"):
        for server in service.servers:
            own = server.forwarding != "masquerade" and snapshot.route(server.address).type == "local"
            if own and not snapshot.sysctl("ipv4/vs/backup_only"):
                yield warning(
                    subject(service, server),
                    "is this machine itself, which is also the backup director",
                    "packets that the master sends here are balanced again, and may be sent back: a loop",
                    setting("ipv4/vs/backup_only", 1),
                )
                return


def replies_go_past(snapshot: Snapshot) -> Findings:
    """Replies go past the director."""
    found = [server for _, server in pairs(snapshot, "direct", "tunnel") if server.counters.packets_in]
    if found and not any(server.counters.packets_out for server in found):
        return  # as it should be: replies don't pass through this machine, so it counts none
    for server in found:
        if server.counters.packets_out:
            yield note(
                server.name,
                "answers through this machine",
                "with direct routing or a tunnel, it could answer clients directly, which relieves this machine",
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "D1",
        "Servers of direct routing are on a link",
        (FAILURE,),
        servers_are_on_the_link,
        looks="the routes to servers of direct routing",
        matters="a router can't pass the client's packet on to the server",
        mend="use a tunnel or masquerading",
        told_by=("G5",),
    ),
    Check(
        "D2",
        "Ports stay the same without masquerading",
        (FAILURE,),
        ports_stay,
        looks="the ports of services, and of servers by direct routing or tunnels",
        matters="packets reach the server unchanged, with the service's port",
        mend="give the server the service's port, or use masquerading",
    ),
    Check(
        "D3",
        "Servers have addresses of their own",
        (FAILURE,),
        servers_are_others,
        looks="servers whose address is a virtual address",
        matters="packets for such a server come back to this machine",
        mend="give the server an address of its own",
    ),
    Check(
        "D4",
        "Servers answer their neighbours",
        (FAILURE,),
        servers_answer,
        looks="the neighbour table's entries of servers and of routers to them, and the links of the devices to them",
        matters="a neighbour that doesn't answer is down, or in another network; a device without a link sends nothing",
        mend="give the server weight 0 until it is back",
        told_by=("D1",),
    ),
    Check(
        "D6",
        "A backup director does not balance twice",
        (WARNING,),
        no_loop,
        looks="servers that are this machine, if the backup daemon runs",
        matters="packets that the master sends here are balanced again, and sent back",
        mend="set vs/backup_only to 1",
    ),
    Check(
        "D7",
        "Replies go past the director",
        (NOTE,),
        replies_go_past,
        looks="replies of direct routing and tunnel servers that pass through this machine",
        matters="such servers could answer clients directly, which relieves this machine",
        mend="route the servers' replies around this machine",
    ),
)
