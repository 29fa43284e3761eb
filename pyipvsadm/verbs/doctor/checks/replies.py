"""N: the replies of masqueraded servers, which must return through the director."""

from __future__ import annotations

from collections.abc import Iterator

from ....grammar.shell import command
from ..findings import FAILURE, NOTE, WARNING, Check, Findings, failure, note
from ..firewall import remedies
from ..firewall.chains import Firewall, in_network
from ..firewall.packet_path import Hit, Packet, passage
from ..queries import (
    ARRIVING,
    TCP,
    answered,
    clients,
    family,
    first_packet,
    inward,
    masquerade,
    networks,
    pairs,
    setting,
    subject,
    takes_connections,
    told,
    translated,
)
from ..snapshot import Snapshot, UnseenError
from ..snapshot_values import Server, Service
from ..suspects import ENOUGH, NAT, UDP, recent

ONE_PACKET = "use direct routing, or turn off one-packet scheduling, with which the kernel can't recognize answers"
PASSING, LEAVING = ("prerouting", "forward"), ("postrouting",)  # hooks before and after the translation of a reply
SENDING = ("output", "postrouting")  # those of a request
Dropped = tuple[str, Packet, Hit]  # the subject, its packet that is dropped, and the rule that drops it


def rules_forward(snapshot: Snapshot) -> Findings:
    """The firewall forwards requests and replies."""
    for name, packet, hit in _forward_drops(snapshot, mended=False):
        yield told(hit, packet, name, "replies", "they never reach the client")
    for name, packet, hit in _output_drops(snapshot):
        yield told(hit, packet, name, "requests", "they never reach the server")


def rules_know_connections(snapshot: Snapshot) -> Findings:
    """Rules know the connections of IPVS."""
    for name, packet, hit in _forward_drops(snapshot, mended=True):
        yield told(hit, packet, name, "replies", "")._replace(
            why="with vs/conntrack=0, the connections of IPVS are not tracked, and rules that match a state take"
            f" replies for {packet['state']}",
            commands=(setting("ipv4/vs/conntrack", 1),),
        )


def _forward_drops(snapshot: Snapshot, *, mended: bool) -> Iterator[Dropped]:
    """The replies of servers that rules drop on all devices by which they could leave, if tracking `mended` that."""
    ways = inward(snapshot) if snapshot.seen("services") else []
    for service, server in pairs(snapshot, NAT):
        firewall: Firewall = snapshot.seen("firewall")
        if not firewall.looks_at((*PASSING, *LEAVING)):
            return
        reply = _reply(snapshot, service, server)
        if _half_tracked(snapshot, service, reply):
            continue
        sent = {**reply, "source": service.address or None, "source_port": str(service.port or "") or None, "in": None}
        for hooks, packet in ((PASSING, reply), (LEAVING, sent)):
            found = [passage(firewall, hooks, {**packet, "out": out}).drop for out in ways or [""]]
            drops = [one for one in found if one]
            if drops and len(drops) == len(found) and not _replied(server):
                told_of = {**packet, "out": ways[0] if len(ways) == 1 else None}
                if _mended_by_conntrack(snapshot, service, told_of, drops[0]) == mended:
                    yield subject(service, server), told_of, drops[0]
                break


def _replied(server: Server) -> bool:
    """Whether replies were counted while watching, which the kernel does after the rules."""
    return server.earlier is not None and server.counters.packets_out > server.earlier.packets_out


def _output_drops(snapshot: Snapshot) -> Iterator[Dropped]:
    """The requests to servers that rules drop."""
    for service, server in pairs(snapshot, NAT):
        firewall: Firewall = snapshot.seen("firewall")
        if not firewall.looks_at(SENDING):
            return
        packet = {
            "family": family(server.address),
            "protocol": str(service.protocol) if service.protocol else None,
            "target": server.address,
            "port": str(server.port) if server.port else None,
            "flags": "SYN" if service.protocol == TCP else "",
            "out": snapshot.route(server.address).device,
            "packet_type": "host",
            "fragment": "first",
        }
        if hit := passage(firewall, SENDING, packet).drop:
            yield subject(service, server), packet, hit


def _reply(snapshot: Snapshot, service: Service, server: Server) -> Packet:
    """The known properties of the first packet from a server to a client, as firewalls see it."""
    tracked = snapshot.sysctl("ipv4/vs/conntrack") and _request_state(snapshot, service) != "untracked"
    state = "established" if tracked else "invalid" if service.protocol == TCP else "new"
    return {
        **ARRIVING,
        "target_type": "unicast",
        "family": family(server.address),
        "source": server.address,
        "protocol": str(service.protocol) if service.protocol else None,
        "source_port": str(server.port) if server.port else None,
        "flags": "SYN,ACK" if service.protocol == TCP else "",
        "in": snapshot.route(server.address).device or None,
        "state": state,
    }


def _request_state(snapshot: Snapshot, service: Service) -> str | None:
    """What rules take a client's first packet for; None if that isn't certain."""
    firewall = snapshot.firewall
    if not (firewall and firewall.untracks and service.address):
        return "new"
    packet = first_packet(service)
    ways = [{**packet, "in": device} for device in inward(snapshot) or [""]]
    states = {passage(firewall, ("prerouting",), way).packet["state"] for way in ways}
    return states.pop() if len(states) == 1 else None


def _half_tracked(snapshot: Snapshot, service: Service, reply: Packet) -> Hit | None:
    """What keeps replies of TCP from being tracked where requests are; None if nothing certainly does."""
    firewall: Firewall = snapshot.seen("firewall")
    if not firewall.untracks or service.protocol != TCP or not service.address:
        return None
    if reply["family"] not in firewall.tracked or reply["state"] != "established":
        return None
    if _request_state(snapshot, service) != "new":
        return None
    return passage(firewall, ("prerouting",), reply).untracked


def replies_are_tracked(snapshot: Snapshot) -> Findings:
    """Replies are tracked where requests are."""
    for service, server in pairs(snapshot, NAT):
        if not snapshot.seen("firewall").untracks:
            return
        reply = _reply(snapshot, service, server)
        if hit := _half_tracked(snapshot, service, reply):
            chain = hit.chain
            yield failure(
                subject(service, server),
                f"replies are not tracked ({chain.program}, {chain.family} {chain.table} {chain.name}): {hit.text}",
                "requests are, with vs/conntrack=1: so what clients send next is taken for a connection of its own, and"
                " its port may change; a rule before that one leaves replies alone",
                remedies.accept(chain, reply),
            )


def _mended_by_conntrack(snapshot: Snapshot, service: Service, packet: Packet, hit: Hit) -> bool:
    """Whether `packet`, which a rule drops, would pass if vs/conntrack were 1."""
    if snapshot.sysctl("ipv4/vs/conntrack") or _request_state(snapshot, service) != "new":
        return False
    known = {**packet, "state": "established"}
    hooks = LEAVING if hit.chain.hook in LEAVING else PASSING
    return passage(snapshot.seen("firewall"), hooks, known).drop is None


def replies_pass_here(snapshot: Snapshot) -> Findings:
    """Servers answer through this machine."""
    near: dict[str, list[Near]] = {}  # by device
    for service, server in pairs(snapshot, NAT):
        route = snapshot.route(server.address)
        if route.gateway:
            continue
        if route.device not in near:
            near[route.device] = _near(snapshot, route.device)
        for network, found in near[route.device]:
            if not in_network(server.address, network):
                continue
            there = [one for one, name in found if one != server.address and name in ("", service.service)]
            client = next((one for one in there if not translated(snapshot, server, one)), None)
            if client:
                yield failure(
                    subject(service, server),
                    f"the client {client} is in its network, {network}",
                    "the server answers it directly, around this machine, and the client doesn't recognize that answer."
                    " Masquerade these connections, or use direct routing",
                    setting("ipv4/vs/conntrack", 1),
                    masquerade(server, network),
                )
                break


Near = tuple[str, list[tuple[str, str]]]  # a network, and the clients in it, as `clients` returns them


def _near(snapshot: Snapshot, device: str) -> list[Near]:
    """The clients in each network of a device, except those that servers there answered through this machine."""
    seen, spoken = clients(snapshot), answered(snapshot)
    found = []
    for network in networks(snapshot, device):
        well = {client for client, server in spoken if in_network(server, network)}
        near = [one for one in seen if one[0] not in well and in_network(one[0], network)]
        found += [(network, near)] if near else []
    return found


def replies_come_back(snapshot: Snapshot) -> Findings:
    """Masqueraded servers' replies come back."""
    if snapshot.sysctls.get("net/ipv4/vs/run_estimation") == "0":
        raise UnseenError("counters stand still with vs/run_estimation=0")
    for service, server in pairs(snapshot, NAT):
        counts = recent(server)
        if counts.packets_in < ENOUGH or counts.packets_out:
            continue
        if service.protocol == UDP:
            yield note(
                subject(service, server),
                f"got {counts.packets_in:,} datagrams, and none of its answers was translated",
                "that is normal for logs, traps and flows; if clients expect answers, "
                + (ONE_PACKET if service.one_packet else "look at the server's route"),
            )
        elif takes_connections(snapshot, service, server):
            own = snapshot.route(server.address).source or "ADDRESS-OF-THIS-MACHINE"
            yield failure(
                subject(service, server),
                f"got {counts.packets_in:,} packets, but none of its answers came through here",
                "with masquerading, a server's replies must come back through this machine: make it the server's"
                " gateway to the clients (run this on the server)",
                command("ip", *(["-6"] if ":" in own else []), "route", "replace", "default", "via", own),
            )


CHECKS: tuple[Check, ...] = (
    Check(
        "N2",
        "The firewall forwards requests and replies",
        (FAILURE, WARNING),
        rules_forward,
        looks="rules for requests to servers (output, postrouting) and for replies (prerouting to postrouting)",
        matters="requests that they drop reach no server, and replies that they drop reach no client",
        mend="accept these packets",
    ),
    Check(
        "N3",
        "Servers answer through this machine",
        (FAILURE,),
        replies_pass_here,
        looks="clients in the network of a masqueraded server",
        matters="the server answers such a client directly, from its own address, which the client doesn't know",
        mend="masquerade these connections, or use direct routing",
        traffic=True,
    ),
    Check(
        "N4",
        "Masqueraded servers' replies come back",
        (FAILURE, NOTE),
        replies_come_back,
        looks="servers that got packets, but whose replies were never counted",
        matters="with masquerading, replies must pass through the director",
        mend="make this machine the server's gateway to its clients",
        traffic=True,
        told_by=(
            "N1",
            "N2",
            "N3",
            "N6",
            "N9",
            "N12",
            "V9",
            "D4",
        ),
    ),
    Check(
        "N6",
        "Rules know the connections of IPVS",
        (FAILURE, WARNING),
        rules_know_connections,
        looks="rules that match a connection's state, and vs/conntrack",
        matters="with vs/conntrack=0, such rules take replies for invalid or new",
        mend="set vs/conntrack to 1",
    ),
    Check(
        "N12",
        "Replies are tracked where requests are",
        (FAILURE,),
        replies_are_tracked,
        looks="rules that take the replies of masqueraded servers out of connection tracking (notrack, CT), and"
        " vs/conntrack",
        matters="with vs/conntrack=1, a connection of which only requests are tracked comes to nothing",
        mend="accept the replies before that rule",
    ),
)
