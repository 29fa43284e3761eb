"""T: tunnels to servers."""

from __future__ import annotations

from ....grammar.shell import command
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, note, warning
from ..firewall import protocols
from ..firewall.chains import Firewall
from ..firewall.packet_path import Packet, passage
from ..queries import clients, family, ours, outside, pairs, subject, told
from ..snapshot import Snapshot
from ..snapshot_values import Server, Service

OUTER = {"ip": 20, "ip6": 40}  # bytes of a header
KINDS = {"ipip": 0, "gre": 4, "gue": 12}  # bytes of the tunnel's header; gue has 8 of UDP and 4 of its own
LEAVING = ("output",)  # the hook that wrapped packets pass
CHECKSUMS = {("gre", "csum"): 4, ("gue", "remcsum"): 8}


def overhead(server: Server) -> int:
    """The number of bytes that a tunnel adds to a packet. Source: ip_vs_xmit.c, __ip_vs_get_out_rt."""
    kind, checksum = server.kind, server.tunnel.checksum if server.tunnel else ""
    return OUTER[family(server.address)] + KINDS.get(kind, 0) + CHECKSUMS.get((kind, checksum), 0)


def packets_fit(snapshot: Snapshot) -> Findings:
    """Packets fit into tunnels."""
    told_of = set()
    tunnelled = list(pairs(snapshot, "tunnel"))
    if not tunnelled:
        return
    sizes = {link.name: link.mtu for link in snapshot.seen("links")}
    wanted = _largest(snapshot, {snapshot.route(server.address).device for _, server in tunnelled})
    for service, server in tunnelled:
        route = snapshot.route(server.address)
        if route.device in told_of:
            continue
        room = (route.mtu or sizes.get(route.device, 0)) - overhead(server)
        if room >= wanted or _clamped(snapshot):
            continue
        told_of.add(route.device)
        found = snapshot.sysctl("ipv4/vs/pmtu_disc")
        lost = (
            "ICMP tells clients to send shorter packets, but is often filtered, and then long requests hang"
            if found
            else "longer ones are sent in fragments"
        )
        yield warning(
            subject(service, server),
            f"packets of clients have up to {wanted} bytes, but the tunnel by {route.device} takes {room}",
            f"{lost}. Raise the MTU at both ends of that link, or let servers announce a smaller MSS",
            command("ip", "link", "set", route.device, "mtu", wanted + overhead(server)),
        )


def _largest(snapshot: Snapshot, to_servers: set[str]) -> int:
    """The longest packet that clients may send: the MTU of the devices to known clients, or of others than servers'."""
    routes = snapshot.routes or {}
    devices = {routes[client].device for client, _ in clients(snapshot) if client in routes}
    links = outside(snapshot)
    by_name = {link.name: link.mtu for link in links}
    others = [link.mtu for link in links if link.name not in to_servers]
    known = [by_name[device] for device in devices if device in by_name]
    return max(known or others or list(by_name.values()) or [0])


def _clamped(snapshot: Snapshot) -> bool:
    """Whether a rule clamps the MSS; False if the firewall is unknown."""
    chains = snapshot.firewall.chains if snapshot.firewall else ()
    return any(rule.action == "clamp" for chain in chains for rule in chain.rules)


def gue_has_a_port(snapshot: Snapshot) -> Findings:
    """A gue tunnel has a port."""
    for service, server in pairs(snapshot, "tunnel"):
        if server.kind == "gue" and not (server.tunnel and server.tunnel.port):
            yield failure(
                subject(service, server),
                "its gue tunnel has no port",
                "packets to port 0 arrive nowhere; on the server, `ip fou add port 6080 gue` receives them",
                ours("set", service.service, server.name, "--tun-type", "gue", "--tun-port", 6080),
            )


def tunnels_get_out(snapshot: Snapshot) -> Findings:
    """The firewall lets tunnels out."""
    for service, server in pairs(snapshot, "tunnel"):
        firewall: Firewall = snapshot.seen("firewall")
        if not firewall.looks_at(LEAVING):
            return
        packet: Packet = {
            "family": family(server.address),
            "target": server.address,
            "protocol": _protocol(service, server),
            "port": str(server.tunnel.port) if server.kind == "gue" and server.tunnel else None,
        }
        drop = passage(firewall, LEAVING, {**packet, "out": snapshot.route(server.address).device or None}).drop
        if drop:
            yield told(drop, packet, subject(service, server), "packets of its tunnel", "they never reach the server")


def _protocol(service: Service, server: Server) -> str:
    """The number of the protocol of the packets of a tunnel."""
    inner = protocols.IPV6 if ":" in service.address or service.service.endswith("/ipv6") else protocols.IPIP
    return {"gue": protocols.UDP, "gre": protocols.GRE}.get(server.kind, inner)


def families_and_daemons(snapshot: Snapshot) -> Findings:
    """No daemon runs beside servers of another family."""
    for service in snapshot.seen("services"):
        six = ":" in service.address or service.service.endswith("/ipv6")
        for server in service.servers:
            if (":" in server.address) == six:
                continue
            why = "the kernel refuses to have both (Invalid argument)"
            if snapshot.seen("daemons"):
                yield failure(subject(service, server), "is of another family than its service, and a daemon runs", why)
            else:
                yield note(subject(service, server), "is of another family than its service, so no daemon can run", why)
            return


CHECKS: tuple[Check, ...] = (
    Check(
        "T1",
        "Packets fit into tunnels",
        (WARNING,),
        packets_fit,
        looks="the MTU to servers without the tunnel's headers, and the MTU to clients",
        matters="longer packets are fragmented or lost",
        mend="raise the MTU to the servers, or clamp the MSS",
    ),
    Check(
        "T3",
        "A gue tunnel has a port",
        (FAILURE,),
        gue_has_a_port,
        looks="the port of gue tunnels",
        matters="packets to port 0 arrive nowhere",
        mend="set the port on which the server receives gue",
    ),
    Check(
        "T4",
        "The firewall lets tunnels out",
        (FAILURE, WARNING),
        tunnels_get_out,
        looks="the rules that a tunnel's packets pass (output)",
        matters="packets that these rules drop never reach the server",
        mend="accept the tunnel's packets",
    ),
    Check(
        "T5",
        "No daemon runs beside servers of another family",
        (FAILURE, NOTE),
        families_and_daemons,
        looks="servers whose address family differs from their service's, and the synchronisation daemon",
        matters="the kernel refuses to have both",
        mend="stop the daemon, or use servers of one family",
    ),
)
