"""Random tables, for Hypothesis: all that a kernel takes and ipvsadm can say."""

from __future__ import annotations

from hypothesis import strategies as st

from pyipvsadm.model import DIRECT, MASQUERADE, TUNNEL, Daemon, Server, Service, Table, Timeouts

AF_INET, AF_INET6 = 2, 10
TCP, UDP, SCTP = 6, 17, 132
DAYS_31 = 31 * 86400
U31 = 2**31 - 1
# "none" is a service without a scheduler. sh and mh call two flags by names of their own.
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "none")

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
    af = draw(st.sampled_from((AF_INET, AF_INET6)))
    persistence = draw(st.sampled_from((None, None, 1, 300, DAYS_31)))
    netmask = draw(st.sampled_from((None, 0xFFFFFF00, 128, 1, 0) if af == AF_INET else (None, 64, 1, 127)))
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
        fields.update(protocol=protocol, address=draw(addresses4 if af == AF_INET else addresses6), port=port)
        one_packet = protocol == UDP and draw(st.booleans())
    return Service(**fields).replace(flags=fields["flags"] | (4 if one_packet else 0))


@st.composite
def servers(draw, service: Service):
    """A server that `service` can have."""
    forwarding = draw(st.sampled_from((MASQUERADE, TUNNEL, DIRECT)))
    own, other = (addresses4, addresses6) if service.af == AF_INET else (addresses6, addresses4)
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
def tables(draw, beside: bool = True):
    """A whole table; without what is `beside` services, which not every kernel can take, if so wished."""
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
