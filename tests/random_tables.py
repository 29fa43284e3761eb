"""Random tables for Hypothesis: any that the kernel takes and ipvsadm can say, and such as have much in common."""

from __future__ import annotations

import random
import socket

from hypothesis import strategies as st

from pyipvsadm.model import DIRECT, LOCAL, MASQUERADE, TUNNEL, Daemon, Server, Service, Table, Timeouts

TCP, UDP, SCTP = 6, 17, 132
IPIP, GUE, GRE = range(3)
PERSISTENT, ONE_PACKET = 1, 4
IPV4, IPV6 = int(socket.AF_INET), int(socket.AF_INET6)


def packed(text: str) -> bytes:
    return socket.inet_pton(IPV6 if ":" in text else IPV4, text)


# Few, so that two tables have much in common.
KEYS = (
    *({"protocol": TCP, "address": packed("192.0.2.1"), "port": port} for port in (80, 443)),
    {"protocol": UDP, "address": packed("192.0.2.1"), "port": 80},
    {"protocol": SCTP, "address": packed("192.0.2.2"), "port": 80},
    {"af": IPV6, "protocol": TCP, "address": packed("2001:db8::1"), "port": 80},
    {"fwmark": 7},
    {"af": IPV6, "fwmark": 7},
)
ADDRESSES = {
    IPV4: [packed(f"198.51.100.{n}") for n in range(1, 5)],
    IPV6: [packed(f"2001:db8:1::{n}") for n in range(1, 5)],
}
# "none" is a service without a scheduler. sh and mh call two flags by names of their own.
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "sed", "nq", "fo", "ovf", "lblc", "lblcr", "none")
VARIANTS = 48  # of settings, for each service and server: one choice of Hypothesis's instead of eight


def _service(key, chance: random.Random) -> Service:
    """A service of this key, with any settings."""
    ipv6 = key.get("af") == IPV6
    settings = {"scheduler": chance.choice(SCHEDULERS), "flags": chance.choice((0, 0, 8, 16, 24, 32))}
    if chance.random() < 0.5:
        settings["flags"] |= PERSISTENT
        settings["timeout"] = chance.randint(1, 100000)
        settings["netmask"] = chance.choice((None, 64 if ipv6 else 0xFFFFFF00))
    if key.get("protocol") == UDP and chance.random() < 0.5:
        settings["flags"] |= ONE_PACKET
    return Service(**key, **settings)


def _server(address: bytes, chance: random.Random) -> Server:
    """A server at this address, with any settings."""
    upper = chance.choice((0, 0, 10, 20))
    settings = {
        "port": chance.choice((80, 8080)),
        "forwarding": chance.choice((MASQUERADE, LOCAL, TUNNEL, DIRECT)),
        "weight": chance.randint(0, 3),
        "upper_threshold": upper,
        "lower_threshold": chance.randint(0, upper),
    }
    if settings["forwarding"] == TUNNEL:
        settings["tunnel_type"] = kind = chance.choice((IPIP, GUE, GRE))
        settings["tunnel_port"] = 6080 if kind == GUE else 0
        settings["tunnel_flags"] = 0 if kind == IPIP else chance.randint(0, 1 if kind == GRE else 2)
    return Server(address=address, **settings)


def _daemon(state: int, chance: random.Random) -> Daemon:
    """A daemon, with what the kernel tells of it. Source: ip_vs_sync.c, start_sync_thread."""
    group = packed(chance.choice(("224.0.0.81", "224.0.0.82")))
    more = {"port": chance.choice((8848, 9999)), "ttl": chance.choice((1, 4)), "syncid": chance.randint(0, 3)}
    return Daemon(state=state, interface="lo", maxlen=chance.choice((1400, 9000)), group=group, **more)


def _variants(make, *arguments) -> list:
    return [make(*arguments, random.Random(f"{arguments} {number}")) for number in range(VARIANTS)]


SERVICES = [_variants(_service, key) for key in KEYS]
SERVERS = {af: [_variants(_server, address) for address in addresses] for af, addresses in ADDRESSES.items()}
DAEMONS = [_variants(_daemon, state) for state in (1, 2)]
PLAIN_TUNNEL = {"forwarding": TUNNEL, "tunnel_type": IPIP, "tunnel_port": 0, "tunnel_flags": 0}


def some(of: list) -> st.SearchStrategy:
    """Some of lists of variants, a variant of each."""
    indexes = st.lists(st.tuples(st.integers(0, len(of) - 1), st.integers(0, VARIANTS - 1)), max_size=len(of))
    return indexes.map(lambda chosen: [of[index][variant] for index, variant in dict(chosen).items()])


@st.composite
def similar_tables(draw, with_daemons: bool = True):
    """A table as the kernel tells of one, much like others. Some tunnels lead to servers of the other family."""
    found = []
    for service in draw(some(SERVICES)):
        its = draw(some(SERVERS[service.af]))
        if draw(st.integers(0, 7)) == 7:
            other = SERVERS[IPV6 if service.af == IPV4 else IPV4][0][0]
            its.append(other.replace(**PLAIN_TUNNEL))
        found.append((service, tuple(its)))
    running = draw(some(DAEMONS)) if with_daemons and not mixed(found) else []
    timeouts = Timeouts(**{name: draw(st.integers(1, 5)) * 100 for name in Timeouts.FIELDS})
    return Table(services=tuple(found), timeouts=timeouts, daemons=tuple(running))


def mixed(found) -> bool:
    """Whether a service has a server of another family, with which no daemon can run."""
    return any(len(server.address) != len(ADDRESSES[service.af][0]) for service, its in found for server in its)


DAYS_31 = 31 * 86400
U31 = 2**31 - 1

addresses4 = st.tuples(st.sampled_from((10, 192)), *[st.integers(1, 254)] * 3).map(bytes)
addresses6 = st.binary(min_size=14, max_size=14).map(lambda tail: b"\x20\x01" + tail)
ports = st.sampled_from((1, 53, 80, 65535))
weights = st.sampled_from((0, 1, 2, 100, U31))
thresholds = st.tuples(st.sampled_from((0, 1, 50, U31)), st.sampled_from((0, 1, 50, U31))).map(sorted)
# The kind of a tunnel, its port and its checksums, as far as they go together.
tunnels = st.one_of(
    st.just((0, 0, 0)),
    st.tuples(st.just(1), st.sampled_from((1, 6080, 65535)), st.integers(0, 2)),
    st.tuples(st.just(2), st.just(0), st.integers(0, 1)),
)


@st.composite
def services(draw):
    """A service of any kind, with settings that go together."""
    af = draw(st.sampled_from((IPV4, IPV6)))
    persistence = draw(st.sampled_from((None, None, 1, 300, DAYS_31)))
    netmask = draw(st.sampled_from((None, 0xFFFFFF00, 128, 1, 0) if af == IPV4 else (None, 64, 1, 127)))
    fields = {
        "af": af,
        "scheduler": draw(st.sampled_from(SCHEDULERS)),
        "flags": draw(st.sampled_from((0, 8, 16, 32, 24, 56))) | (persistence is not None),
        "timeout": persistence or 0,
        "netmask": netmask,
        "engine": draw(st.sampled_from((None, None, "sip"))),
    }
    if draw(st.integers(0, 3)) == 0:
        fields["fwmark"] = draw(st.sampled_from((1, 7, 2**31, 2**32 - 1)))
        one_packet = draw(st.booleans())
    else:
        protocol = draw(st.sampled_from((TCP, UDP, SCTP)))
        port = draw(ports if persistence is None else st.one_of(ports, st.just(0)))
        fields.update(protocol=protocol, address=draw(addresses4 if af == IPV4 else addresses6), port=port)
        one_packet = protocol == UDP and draw(st.booleans())
    return Service(**fields).replace(flags=fields["flags"] | (4 if one_packet else 0))


@st.composite
def servers(draw, service: Service):
    """A server that `service` can have."""
    forwarding = draw(st.sampled_from((MASQUERADE, TUNNEL, DIRECT)))
    own, other = (addresses4, addresses6) if service.af == IPV4 else (addresses6, addresses4)
    kept = forwarding == MASQUERADE or service.fwmark is not None  # ipvsadm gives others the service's port
    kind, tunnel_port, checksum = draw(tunnels) if forwarding == TUNNEL else (0, 0, 0)
    lower, upper = draw(thresholds)
    return Server(
        address=draw(st.one_of(own, other) if forwarding == TUNNEL else own),
        port=draw(ports) if kept else service.port,
        forwarding=forwarding,
        weight=draw(weights),
        upper_threshold=upper,
        lower_threshold=lower,
        tunnel_type=kind,
        tunnel_port=tunnel_port,
        tunnel_flags=checksum,
    )


def timeouts():
    """Timeouts, some of which may stay as they are."""
    return st.builds(Timeouts, **dict.fromkeys(Timeouts.FIELDS, st.sampled_from((0, 1, 900, DAYS_31))))


@st.composite
def daemons(draw):
    """No daemon, one of a kind, or both."""
    groups = (None, bytes((224, 0, 0, 81)), b"\xff\x02" + bytes(13) + b"\x51")
    return tuple(
        Daemon(
            state=state,
            interface=draw(st.sampled_from(("eth0", "lo", "0", "null", "a.b-c@d:1"))),
            syncid=draw(st.sampled_from((0, 1, 255))),
            maxlen=draw(st.sampled_from((None, 1, 65507))),
            group=draw(st.sampled_from(groups)),
            port=draw(st.sampled_from((None, 1, 8848))),
            ttl=draw(st.sampled_from((None, 1, 255))),
        )
        for state in (1, 2)
        if draw(st.booleans())
    )


@st.composite
def any_tables(draw, beside: bool = True):
    """A table of any kind; without what is `beside` services, which not every kernel can take, if so wished."""
    whole = []
    for service in draw(st.lists(services(), max_size=5, unique_by=lambda service: service[:5])):
        own = draw(st.lists(servers(service), max_size=5, unique_by=lambda server: server[:2]))
        whole.append((service, tuple(own)))
    if not beside:
        return Table(services=tuple(whole))
    return Table(
        services=tuple(whole),
        timeouts=draw(st.one_of(st.none(), timeouts())),
        daemons=draw(st.one_of(st.none(), daemons())),
    )
