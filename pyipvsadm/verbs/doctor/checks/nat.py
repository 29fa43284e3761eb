"""N: masquerading, where replies have to come back through the director."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..findings import Check, Findings, failure, note, warning
from ..firewall.rules import Drop, Firewall, Packet, Rule, drop_of, in_network, matches
from ..snapshot import Server, Service, Snapshot, UnseenError
from .looking import addressed, clients, family, inward, networks, pairs, setting, subject, told

NAT = "masquerade"
ENOUGH = 3  # packets or connections, to say something of all
TRANSLATES = ("masquerade", "snat")
TCP = 6


def forwarding_is_on(snapshot: Snapshot) -> Findings:
    """N1."""
    told_of = set()
    for service, server in pairs(snapshot, NAT):
        device = snapshot.route(server.address).device
        if ":" in server.address:
            names = ["ipv6/conf/all/forwarding"]
        else:
            names = ["ipv4/ip_forward", *([f"ipv4/conf/{device}/forwarding"] if device else [])]
        for name in names:
            if name not in told_of and not snapshot.sysctl(name):
                told_of |= {name, *names}  # the first sets the others
                yield failure(
                    subject(service, server),
                    f"net.{name.replace('/', '.')} is 0",
                    "replies of masqueraded servers are forwarded by this machine, and thrown away so",
                    setting(name, 1),
                )


def rules_forward(snapshot: Snapshot) -> Findings:
    """N2."""
    for name, packet, reply in _forward_drops(snapshot):
        if not _mended_by_conntrack(snapshot, packet):
            yield told(reply, packet, name, "replies", "they never reach the client")
    for service, server in pairs(snapshot, NAT):
        firewall: Firewall = snapshot.seen("firewall")
        out = {**_reply(snapshot, service, server), "in": None, "source": None, "source_port": None, "state": None}
        out |= {"target": server.address, "port": str(server.port) if server.port else None}
        device = snapshot.route(server.address).device
        if drop := drop_of(firewall, "output", {**out, "out": device}):
            yield told(drop, out, subject(service, server), "requests", "they never reach the server")


def rules_know_connections(snapshot: Snapshot) -> Findings:
    """N6."""
    for name, packet, reply in _forward_drops(snapshot):
        if _mended_by_conntrack(snapshot, packet):
            finding = told(reply, packet, name, "replies", "")
            yield replace(
                finding,
                why="with vs/conntrack=0, the connections of IPVS aren't tracked: rules that ask for their state"
                f" take replies for {packet['state']}",
                commands=(setting("ipv4/vs/conntrack", 1),),
            )


def _forward_drops(snapshot: Snapshot) -> Iterator[tuple[str, Packet, Drop]]:
    """What drops the replies of servers: the server's name, the reply, and what drops it."""
    out = inward(snapshot)
    for service, server in pairs(snapshot, NAT):
        firewall: Firewall = snapshot.seen("firewall")
        packet = {**_reply(snapshot, service, server), "out": out[0] if len(out) == 1 else None}
        for hook in ("prerouting", "forward"):
            if drop := drop_of(firewall, hook, packet):
                yield subject(service, server), packet, drop
                break


def _reply(snapshot: Snapshot, service: Service, server: Server) -> Packet:
    """What is known of a packet from a server to a client, as firewalls see it."""
    tracked = snapshot.sysctl("ipv4/vs/conntrack")
    state = "established" if tracked else "invalid" if service.protocol == TCP else "new"
    return {
        "family": family(server.address),
        "source": server.address,
        "protocol": str(service.protocol) if service.protocol else None,
        "source_port": str(server.port) if server.port else None,
        "in": snapshot.route(server.address).device or None,
        "state": state,
    }


def _mended_by_conntrack(snapshot: Snapshot, packet: Packet) -> bool:
    """Whether `packet` would pass if connections were tracked."""
    if packet["state"] == "established":
        return False
    known = {**packet, "state": "established"}
    return not any(drop_of(snapshot.seen("firewall"), hook, known) for hook in ("prerouting", "forward"))


def replies_pass_here(snapshot: Snapshot) -> Findings:
    """N3."""
    seen = clients(snapshot)
    on_link: dict[str, list[str]] = {}  # the networks of a device
    for service, server in pairs(snapshot, NAT):
        route = snapshot.route(server.address)
        if route.gateway or not seen:
            continue
        if route.device not in on_link:
            on_link[route.device] = networks(snapshot, route.device)
        for network in on_link[route.device]:
            near = [one for one, name in seen if one != server.address and name in ("", service.service)]
            near = [one for one in near if in_network(one, network)] if in_network(server.address, network) else []
            near = [one for one in near if not _translated(snapshot, _translations(snapshot), server, one)]
            if near:
                yield failure(
                    subject(service, server),
                    f"the client {near[0]} is in its network, {network}",
                    "the server answers it directly, past this machine, and the client doesn't know that answer."
                    " Let the server see this machine as the client, or use direct routing",
                    setting("ipv4/vs/conntrack", 1),
                    _masquerade(server, network),
                )
                break


def _masquerade(server: Server, source: str) -> str:
    program = "ip6tables" if ":" in server.address else "iptables"
    return f"{program} -t nat -A POSTROUTING -s {source} -d {server.address} -j MASQUERADE"


def _translations(snapshot: Snapshot) -> list[Rule]:
    """The rules that let servers see another address than the client's; those of chains that others jump to, too."""
    firewall: Firewall = snapshot.seen("firewall")
    chains = [chain for chain in firewall.chains if chain.hook in ("postrouting", "")]
    return [rule for chain in chains for rule in chain.rules if rule.action in TRANSLATES]


def _translated(snapshot: Snapshot, rules: list[Rule], server: Server, client: str | None) -> bool:
    """Whether one of `rules` is about what `client` sends to `server`; None is a client of which nothing is known."""
    packet = {
        "family": family(server.address),
        "target": server.address,
        "source": client,
        "out": snapshot.route(server.address).device,
    }
    for rule in rules:
        about = client or all(match.field != "source" for match in rule.matches)
        if about and matches(rule, packet) is not False:
            return True
    return False


def replies_come_back(snapshot: Snapshot) -> Findings:
    """N4."""
    if snapshot.sysctls.get("net/ipv4/vs/run_estimation") == "0":
        raise UnseenError("counters stand still with vs/run_estimation=0")
    for service, server in pairs(snapshot, NAT):
        sent, answered = server.counters.packets_in, server.counters.packets_out
        if server.earlier and sent - server.earlier.packets_in >= ENOUGH:
            sent, answered = sent - server.earlier.packets_in, answered - server.earlier.packets_out
        if sent >= ENOUGH and answered == 0 and not service.one_packet:
            route = snapshot.route(server.address)
            own = route.source or "ADDRESS-OF-THIS-MACHINE"
            yield failure(
                subject(service, server),
                f"got {sent} packets, and no answer of it came through here",
                "with masquerading, a server's replies must come back through this machine: make it the server's"
                " gateway to the clients (this is for the server), if it is up at all",
                f"ip{' -6' if ':' in own else ''} route replace default via {own}",
            )


def translation_is_tracked(snapshot: Snapshot) -> Findings:
    """N5."""
    masqueraded = list(pairs(snapshot, NAT))
    if not masqueraded or snapshot.sysctl("ipv4/vs/conntrack"):
        return
    rules = _translations(snapshot)
    for service, server in masqueraded:
        if _translated(snapshot, rules, server, None):
            yield warning(
                subject(service, server),
                "a rule masquerades what is sent to it, and vs/conntrack is 0",
                "such rules take no notice of what IPVS forwards unless it is tracked",
                setting("ipv4/vs/conntrack", 1),
            )
            return


def no_redirects(snapshot: Snapshot) -> Findings:
    """N7."""
    told_of = set()
    seen = {(client, snapshot.route(client).device) for client, _ in clients(snapshot)}
    for service, server in pairs(snapshot, NAT):
        device = snapshot.route(server.address).device
        if ":" in server.address or device in told_of:
            continue
        others = [client for client, way in seen if way == device and client != server.address]
        rules = _translations(snapshot) if others else []
        if all(_translated(snapshot, rules, server, client) for client in others):
            continue
        if snapshot.effective(device, "send_redirects"):
            told_of.add(device)
            names = [one for one in ("all", device) if snapshot.sysctl(f"ipv4/conf/{one}/send_redirects")]
            yield warning(
                subject(service, server),
                f"replies come and go by {device}, which sends redirects",
                "it tells servers of a shorter way to clients, past this machine, where replies aren't translated",
                *(setting(f"ipv4/conf/{one}/send_redirects", 0) for one in names),
            )


def ports_are_reserved(snapshot: Snapshot) -> Findings:
    """N8."""
    masqueraded = list(pairs(snapshot, NAT))
    rules = _translations(snapshot) if masqueraded else []
    if not any(_translated(snapshot, rules, server, None) for _, server in masqueraded):
        return
    low, _, high = snapshot.sysctls.get("net/ipv4/ip_local_port_range", "").partition(" ")
    if not (low.isdecimal() and high.isdecimal()):
        raise UnseenError("net.ipv4.ip_local_port_range can't be read here")
    reserved = snapshot.sysctls.get("net/ipv4/ip_local_reserved_ports", "")
    ports = {service.port for service in addressed(snapshot) if int(low) <= service.port <= int(high)}
    ports = {port for port in ports if not _in_ranges(port, reserved)}
    if ports:
        listed = ",".join(filter(None, [reserved, *map(str, sorted(ports))]))
        yield warning(
            "masquerading",
            f"ports of services are also given to masqueraded connections: {', '.join(map(str, sorted(ports)))}",
            "replies to those are taken for requests to the service",
            setting("ipv4/ip_local_reserved_ports", listed),
        )


def _in_ranges(port: int, ranges: str) -> bool:
    """Whether `port` is in `ranges`, such as 80,8000-8010."""
    for one in filter(None, ranges.split(",")):
        low, _, high = one.partition("-")
        if int(low) <= port <= int(high or low):
            return True
    return False


def no_hairpin(snapshot: Snapshot) -> Findings:
    """N9."""
    seen = set(clients(snapshot))
    for service, server in pairs(snapshot, NAT):
        own = seen & {(server.address, ""), (server.address, service.service)}
        if own and not _translated(snapshot, _translations(snapshot), server, server.address):
            yield warning(
                subject(service, server),
                "is a client of the service, too",
                "what comes back to it from itself, it throws away; masquerade that",
                setting("ipv4/vs/conntrack", 1),
                _masquerade(server, server.address),
            )


def own_servers(snapshot: Snapshot) -> Findings:
    """N10."""
    for service in snapshot.seen("services"):
        for server in service.servers:
            if server.forwarding in ("direct", "tunnel") and snapshot.route(server.address).type == "local":
                yield note(
                    subject(service, server),
                    "is this machine itself",
                    f"its socket gets packets for the service's address and port ({service.port or 'any'});"
                    " only masquerading translates them",
                )


CHECKS: tuple[Check, ...] = (
    ("N1", forwarding_is_on),
    ("N2", rules_forward),
    ("N3", replies_pass_here),
    ("N4", replies_come_back),
    ("N5", translation_is_tracked),
    ("N6", rules_know_connections),
    ("N7", no_redirects),
    ("N8", ports_are_reserved),
    ("N9", no_hairpin),
    ("N10", own_servers),
)
