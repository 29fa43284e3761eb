"""N: masquerading: forwarding, and the settings that it depends on."""

from __future__ import annotations

from ....grammar.shell import command
from ....network.routes import Route
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failures, note, warning
from ..queries import (
    PROTOCOLS,
    addressed,
    answered,
    by_route,
    clients,
    family,
    hears,
    masquerade,
    pairs,
    routes_of,
    setting,
    subject,
    subjects,
    translated,
    unreachable,
)
from ..snapshot import NUMBER, Pair, Snapshot, UnseenError
from ..snapshot_values import Server, Service
from ..suspects import NAT


def forwarding_is_on(snapshot: Snapshot) -> Findings:
    """The kernel forwards packets."""
    known: dict[tuple[bool, str], str] = {}  # by family and device: the setting that is off, or nothing
    affected: dict[str, list[Pair]] = {}  # by that setting
    for pair in pairs(snapshot, NAT):
        address = pair[1].address
        device = snapshot.route(address).device
        place = ":" in address, device
        off = known.get(place)
        if off is None:
            off = known[place] = _unforwarded(snapshot, family(address), device)
        if off:
            affected.setdefault(off, []).append(pair)
    for off, those in affected.items():
        yield failures(
            subjects(those),
            f"net.{off.replace('/', '.')} is 0",
            "this machine must forward the replies of masqueraded servers, and drops them",
            setting(off, 1),
        )


def _unforwarded(snapshot: Snapshot, kind: str, device: str) -> str:
    """The setting because of which packets of a family aren't forwarded from `device`; empty if there is none."""
    names = ["ipv4/ip_forward", *([f"ipv4/conf/{device}/forwarding"] if device else [])]
    if kind == "ip6":
        names = ["ipv6/conf/all/forwarding"]
    return next((name for name in names if not snapshot.sysctl(name)), "")  # setting the first sets the others


def servers_have_a_route(snapshot: Snapshot) -> Findings:
    """Servers have a route."""
    has_ipv6 = snapshot.sysctls.get("net/ipv6/conf/all/disable_ipv6") == "0"  # otherwise G5
    there = (pair for pair in pairs(snapshot, NAT, "tunnel") if has_ipv6 or ":" not in pair[1].address)
    for seen, those in by_route(snapshot, there, _no_way).items():  # D1 is about direct routing
        yield failures(
            subjects(those),
            seen,
            "packets for it are dropped: add a route to the server, or delete the one that refuses it",
            *(routes_of(server.address) for _, server in those),
        )


def _no_way(route: Route) -> str:
    """Why servers can't be reached by `route`; empty if they can."""
    return "" if route.type == "local" else unreachable(route)


def translation_is_tracked(snapshot: Snapshot) -> Findings:
    """Rules that masquerade see what IPVS forwards."""
    masqueraded = list(pairs(snapshot, NAT))
    if not masqueraded or snapshot.sysctl("ipv4/vs/conntrack"):
        return
    for service, server in masqueraded:
        if translated(snapshot, server, None):
            yield warning(
                subject(service, server),
                "a rule masquerades packets to it, but vs/conntrack is 0",
                "such rules ignore packets that IPVS forwards, unless these are tracked",
                setting("ipv4/vs/conntrack", 1),
            )
            return


def no_redirects(snapshot: Snapshot) -> Findings:
    """No redirects to servers."""
    told_of = set()
    by_device: dict[str, list[str]] = {}
    for client in dict.fromkeys(client for client, _ in clients(snapshot)):
        by_device.setdefault(snapshot.route(client).device, []).append(client)
    masqueraded = pairs(snapshot, NAT)  # may raise UnseenError
    for service, server in masqueraded if by_device else ():
        device = snapshot.route(server.address).device
        if ":" in server.address or device in told_of:
            continue
        others = [client for client in by_device.get(device, ()) if client != server.address]
        if all(translated(snapshot, server, client) for client in others):
            continue
        if snapshot.effective(device, "send_redirects"):
            told_of.add(device)
            names = [one for one in ("all", device) if snapshot.sysctl(f"ipv4/conf/{one}/send_redirects")]
            yield warning(
                subject(service, server),
                f"replies arrive and leave by {device}, which sends redirects",
                "a redirect tells servers a route to clients around this machine, where replies aren't translated",
                *(setting(f"ipv4/conf/{one}/send_redirects", 0) for one in names),
            )


def ports_are_reserved(snapshot: Snapshot) -> Findings:
    """Ports of services are reserved."""
    masqueraded = list(pairs(snapshot, NAT))
    if not any(translated(snapshot, server, None) for _, server in masqueraded):
        return
    low, _, high = snapshot.sysctls.get("net/ipv4/ip_local_port_range", "").partition(" ")
    if not (NUMBER.fullmatch(low) and NUMBER.fullmatch(high)):
        raise UnseenError("net.ipv4.ip_local_port_range can't be read here")
    reserved = snapshot.sysctls.get("net/ipv4/ip_local_reserved_ports", "")
    ports = {service.port for service in addressed(snapshot) if int(low) <= service.port <= int(high)}
    ports = {port for port in ports if not _in_ranges(port, reserved)}
    if ports:
        listed = ",".join(filter(None, [reserved, *map(str, sorted(ports))]))
        yield warning(
            "masquerading",
            f"masqueraded connections may use ports of services: {', '.join(map(str, sorted(ports)))}",
            "replies to such connections are taken for requests to the service",
            setting("ipv4/ip_local_reserved_ports", listed),
        )


def _in_ranges(port: int, ranges: str) -> bool:
    """Whether `port` is in `ranges`, such as 80,8000-8010."""
    for one in filter(None, ranges.split(",")):
        low, _, high = one.partition("-")
        if all(NUMBER.fullmatch(end) for end in (low, high or low)) and int(low) <= port <= int(high or low):
            return True
    return False


def no_hairpin(snapshot: Snapshot) -> Findings:
    """No server is a client of its own."""
    seen, well = set(clients(snapshot)), answered(snapshot)
    masqueraded = pairs(snapshot, NAT)  # may raise UnseenError
    for service, server in masqueraded if seen else ():
        own = seen & {(server.address, ""), (server.address, service.service)}
        if own and (server.address, server.address) not in well and not translated(snapshot, server, server.address):
            yield warning(
                subject(service, server),
                "is also a client of the service",
                "it drops packets that come back to it from its own address; masquerade these",
                setting("ipv4/vs/conntrack", 1),
                masquerade(server, server.address),
            )


def own_servers(snapshot: Snapshot) -> Findings:
    """Servers on this machine get their packets."""
    snapshot.seen("services")
    for service, server in snapshot.returned:
        if server.forwarding not in ("direct", "tunnel", "masquerade"):
            continue
        if server.forwarding != "masquerade":
            yield note(
                subject(service, server),
                "is this machine itself",
                f"its socket gets packets for the service's address and port ({service.port or 'any'});"
                " only masquerading translates them",
            )
        if service.protocol in PROTOCOLS and server.weight and not _is_heard(snapshot, service, server):
            yield warning(
                subject(service, server),
                "is this machine itself, but no socket listens on that address and port",
                "its clients are refused",
                command("ss", "-lnp"),
            )


def _is_heard(snapshot: Snapshot, service: Service, server: Server) -> bool:
    """Whether a socket of this machine accepts the packets that IPVS delivers to `server`, which is this machine."""
    address, port = server.address, server.port
    if server.forwarding != "masquerade":
        address, port = service.address, service.port or port
    return hears(snapshot, PROTOCOLS[service.protocol], address, port)


CHECKS: tuple[Check, ...] = (
    Check(
        "N1",
        "The kernel forwards packets",
        (FAILURE,),
        forwarding_is_on,
        looks="ip_forward, and the forwarding of the servers' devices",
        matters="this machine forwards the replies of masqueraded servers, and drops them if forwarding is off",
        mend="set net.ipv4.ip_forward or net.ipv6.conf.all.forwarding to 1",
    ),
    Check(
        "N5",
        "Rules that masquerade see what IPVS forwards",
        (WARNING,),
        translation_is_tracked,
        looks="MASQUERADE or SNAT rules for servers, and vs/conntrack",
        matters="such rules ignore packets that IPVS forwards, unless these are tracked",
        mend="set vs/conntrack to 1",
    ),
    Check(
        "N7",
        "No redirects to servers",
        (WARNING,),
        no_redirects,
        looks="devices that have clients and servers behind them, and their send_redirects",
        matters="a redirect tells servers a route around this machine, on which replies aren't translated",
        mend="set send_redirects to 0",
        traffic=True,
        told_by=("N3",),
    ),
    Check(
        "N8",
        "Ports of services are reserved",
        (WARNING,),
        ports_are_reserved,
        looks="the range of local ports, if connections to servers are masqueraded",
        matters="replies to a masqueraded connection that uses a service's port are taken for requests to the service",
        mend="add the ports to net.ipv4.ip_local_reserved_ports",
    ),
    Check(
        "N9",
        "No server is a client of its own",
        (WARNING,),
        no_hairpin,
        looks="servers among the clients that were seen",
        matters="a server drops packets that come back to it from itself",
        mend="masquerade what servers send to themselves",
        traffic=True,
    ),
    Check(
        "N10",
        "Servers on this machine get their packets",
        (WARNING, NOTE),
        own_servers,
        looks="servers whose address is this machine's own, and the sockets that listen here",
        matters="without a socket, clients are refused; only masquerading translates addresses and ports",
        mend="start the program that should listen, or use masquerading if the port differs",
    ),
    Check(
        "N11",
        "Servers have a route",
        (FAILURE,),
        servers_have_a_route,
        looks="the routes to masqueraded and tunnelled servers",
        matters="packets for a server without a route are dropped",
        mend="add a route to the server, or delete the one that refuses it",
    ),
)
