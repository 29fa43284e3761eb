"""Random tables that the kernel takes, for Hypothesis; and a model of what it does with a command."""

from __future__ import annotations

import random
import socket

from hypothesis import strategies as st

from pyipvsadm.model import Command, Daemon, Server, Service, Table, Timeouts

TCP, UDP, SCTP = 6, 17, 132
MASQUERADE, LOCAL, TUNNEL, DIRECT = range(4)
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
def tables(draw, with_daemons: bool = True):
    """A whole table, as the kernel tells of one. Some tunnels lead to servers of the other family."""
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


class Model:
    """What the kernel does with a command: a table that changes, and refusals. Source: ip_vs_ctl.c."""

    def __init__(self, table: Table) -> None:
        self.services = {self._key(service): service for service, _ in table.services}
        self.servers = {self._key(service): {self._key2(one): one for one in its} for service, its in table.services}
        self.timeouts = table.timeouts or Timeouts()
        self.daemons = {daemon.state: daemon for daemon in table.daemons or ()}

    @staticmethod
    def _key(service: Service):
        return service.af, service.protocol, service.address, service.port, service.fwmark

    @staticmethod
    def _key2(server: Server):
        return server.address, server.port

    def carry_out(self, command: Command) -> bool:
        """Whether the kernel takes `command`, which is then done."""
        return getattr(self, command.verb.replace("-", "_"))(command)

    def add_service(self, command):
        key = self._key(command.service)
        if key in self.services or command.service.scheduler not in SCHEDULERS:
            return False
        self.services[key], self.servers[key] = command.service, {}
        return True

    def edit_service(self, command):
        key = self._key(command.service)
        if key not in self.services or command.service.scheduler not in SCHEDULERS:
            return False
        self.services[key] = command.service
        return True

    def delete_service(self, command):
        key = self._key(command.service)
        return self.services.pop(key, None) is not None and self.servers.pop(key) is not None

    def add_server(self, command):
        its = self.servers.get(self._key(command.service))
        if its is None or self._key2(command.server) in its or not self._fits(command):
            return False
        its[self._key2(command.server)] = command.server
        return True

    def edit_server(self, command):
        its = self.servers.get(self._key(command.service))
        if its is None or self._key2(command.server) not in its or not self._fits(command):
            return False
        its[self._key2(command.server)] = command.server
        return True

    def _fits(self, command):
        server = command.server
        if len(server.address) != len(ADDRESSES[command.service.af][0]) and (
            server.forwarding != TUNNEL or self.daemons
        ):
            return False
        return server.lower_threshold <= server.upper_threshold

    def delete_server(self, command):
        its = self.servers.get(self._key(command.service))
        return its is not None and its.pop(self._key2(command.server), None) is not None

    def set(self, command):
        changed = {name: value for name, value in command.timeouts.asdict().items() if value}
        self.timeouts = self.timeouts.replace(**changed)
        return True

    def start_daemon(self, command):
        if command.daemon.state in self.daemons or mixed(self.table().services):
            return False
        self.daemons[command.daemon.state] = command.daemon
        return True

    def stop_daemon(self, command):
        return self.daemons.pop(command.daemon.state, None) is not None

    def table(self) -> Table:
        """The table that it is now."""
        found = tuple((service, tuple(self.servers[key].values())) for key, service in self.services.items())
        return Table(services=found, timeouts=self.timeouts, daemons=tuple(self.daemons.values()))


def canonical(table: Table):
    """A table with its parts in one order, and without what has no effect, to be compared."""
    return (
        sorted(
            (repr(_settled(service)), sorted(repr(_settled_server(server)) for server in its))
            for service, its in table.services
        ),
        table.timeouts,
        sorted(map(repr, table.daemons or ())),
    )


def _settled(service: Service) -> Service:
    return service if service.flags & PERSISTENT else service.replace(timeout=0)


def _settled_server(server: Server) -> Server:
    kept = {
        None: {"tunnel_type": 0, "tunnel_port": 0, "tunnel_flags": 0},
        IPIP: {"tunnel_port": 0, "tunnel_flags": 0},
        GRE: {"tunnel_port": 0},
    }.get(server.tunnel_type if server.forwarding == TUNNEL else None, {})
    return server.replace(**kept, active=0, inactive=0, persistent=0, stats=None)
