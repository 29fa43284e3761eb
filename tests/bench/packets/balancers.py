"""Pure: the same services for three balancers, as the text that the program of each one reads.

Rules and chains are those that kube-proxy writes for a UDP service with a cluster IP. Sources: `iptables-save` of its
iptables mode, and `nft list ruleset` of its nftables mode.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

SERVERS = 3  # of each service
PORT, SERVER_PORT = 53, 5353
PODS = "10.128.0.0/9"  # clients and servers: what comes from elsewhere is masqueraded
FIRST_SERVICE, FIRST_SERVER = IPv4Address("10.96.0.1"), IPv4Address("10.128.0.1")
MARK = "0x4000"  # of what is to be masqueraded


@dataclass(frozen=True)
class Service:
    """A service: its name and address, and the addresses of its servers."""

    name: str
    address: str
    servers: tuple[str, ...]

    @property
    def ends(self) -> list[str]:
        """Addresses and ports of the servers."""
        return [f"{server}:{SERVER_PORT}" for server in self.servers]


def services(count: int) -> list[Service]:
    """`count` services that have no address in common."""
    return [
        Service(
            name=f"default/service-{number}:dns",
            address=str(FIRST_SERVICE + number),
            servers=tuple(str(FIRST_SERVER + number * SERVERS + index) for index in range(SERVERS)),
        )
        for number in range(count)
    ]


def ipvs(services: Sequence[Service]) -> Iterator[str]:
    """The lines of `ipvsadm -R`."""
    for service in services:
        yield f"-A -u {service.address}:{PORT} -s rr\n"
        yield from (f"-a -u {service.address}:{PORT} -r {end} -m\n" for end in service.ends)


def ipvs_added(services: Sequence[Service]) -> Iterator[str]:
    """The lines that add the last service to a table with those before it."""
    return ipvs(services[-1:])


def iptables(services: Sequence[Service]) -> Iterator[str]:
    """The lines of `iptables-restore`."""
    yield "*nat\n"
    for chain in ("KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", *(c for s in services for c in chains(s))):
        yield f":{chain} - [0:0]\n"
    for hook in ("PREROUTING", "OUTPUT"):
        yield f'-A {hook} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n'
    yield '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING\n'
    yield f"-A KUBE-MARK-MASQ -j MARK --or-mark {MARK}\n"
    yield f"-A KUBE-POSTROUTING -m mark ! --mark {MARK}/{MARK} -j RETURN\n"
    yield f"-A KUBE-POSTROUTING -j MARK --xor-mark {MARK}\n"
    yield '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE\n'
    yield from map(portal, services)
    yield from (line for service in services for line in balancing(service))
    yield "COMMIT\n"


def iptables_added(services: Sequence[Service]) -> Iterator[str]:
    """The lines of `iptables-restore --noflush`: the last service's chains, and KUBE-SERVICES whole."""
    yield "*nat\n"
    yield from (f":{chain} - [0:0]\n" for chain in ("KUBE-SERVICES", *chains(services[-1])))
    yield from map(portal, services)
    yield from balancing(services[-1])
    yield "COMMIT\n"


def chains(service: Service) -> list[str]:
    """The chains of a service: its own, and one of each server."""
    return [f"KUBE-SVC-{digest(service.name)}", *(f"KUBE-SEP-{digest(service.name + end)}" for end in service.ends)]


def digest(text: str) -> str:
    """The hash of `text` for the name of a chain, which has room for 28 characters."""
    return b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16]


def portal(service: Service) -> str:
    """The rule that finds a service among all."""
    return (
        f'-A KUBE-SERVICES -d {service.address}/32 -p udp -m comment --comment "{service.name} cluster IP"'
        f" -m udp --dport {PORT} -j {chains(service)[0]}\n"
    )


def balancing(service: Service) -> Iterator[str]:
    """The rules that choose a server: each takes its share of what the rules before it left."""
    own, *ends = chains(service)
    yield (
        f'-A {own} ! -s {PODS} -d {service.address}/32 -p udp -m comment --comment "{service.name} cluster IP"'
        f" -m udp --dport {PORT} -j KUBE-MARK-MASQ\n"
    )
    for index, (end, chain) in enumerate(zip(service.ends, ends, strict=True)):
        left = len(ends) - index
        chance = f" -m statistic --mode random --probability {1 / left:.11f}" if left > 1 else ""
        yield f'-A {own} -m comment --comment "{service.name} -> {end}"{chance} -j {chain}\n'
    for server, end, chain in zip(service.servers, service.ends, ends, strict=True):
        comment = f'-m comment --comment "{service.name}"'
        yield f"-A {chain} -s {server}/32 {comment} -j KUBE-MARK-MASQ\n"
        yield f"-A {chain} -p udp {comment} -m udp -j DNAT --to-destination {end}\n"


NFT_TABLE = f"""\
add table ip kube-proxy
add set ip kube-proxy cluster-ips {{ type ipv4_addr; }}
add map ip kube-proxy service-ips {{ type ipv4_addr . inet_proto . inet_service : verdict; }}
add chain ip kube-proxy services
add chain ip kube-proxy nat-prerouting {{ type nat hook prerouting priority -100; }}
add chain ip kube-proxy nat-output {{ type nat hook output priority -100; }}
add chain ip kube-proxy nat-postrouting {{ type nat hook postrouting priority 100; }}
add rule ip kube-proxy nat-prerouting jump services
add rule ip kube-proxy nat-output jump services
add rule ip kube-proxy nat-postrouting meta mark and {MARK} != 0 meta mark set meta mark xor {MARK} masquerade
add rule ip kube-proxy services ip daddr @cluster-ips ip saddr != {PODS} meta mark set meta mark or {MARK}
add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips
"""


def nftables(services: Sequence[Service]) -> Iterator[str]:
    """The lines of `nft -f`."""
    yield NFT_TABLE
    yield from (line for service in services for line in mapped(service))


def nftables_added(services: Sequence[Service]) -> Iterator[str]:
    """The lines that add the last service to a table with those before it."""
    return mapped(services[-1])


def mapped(service: Service) -> Iterator[str]:
    """The chain of a service, and its place in the map."""
    namespace, _, name = service.name.replace(":", "/").partition("/")
    chain = f"service-{digest(service.name)[:8]}-{namespace}/{name}"
    ends = ", ".join(f"{index} : {server} . {SERVER_PORT}" for index, server in enumerate(service.servers))
    yield f"add chain ip kube-proxy {chain}\n"
    yield (
        f"add rule ip kube-proxy {chain} meta l4proto udp"
        f" dnat ip to numgen random mod {len(service.servers)} map {{ {ends} }}\n"
    )
    yield f"add element ip kube-proxy cluster-ips {{ {service.address} }}\n"
    yield f"add element ip kube-proxy service-ips {{ {service.address} . udp . {PORT} : goto {chain} }}\n"


Lines = Callable[[Sequence[Service]], Iterator[str]]


@dataclass(frozen=True)
class Program:
    """A program that reads the `lines` of services from standard input; its name and words."""

    words: tuple[str, ...]
    lines: Lines


@dataclass(frozen=True)
class Balancer:
    """One way to balance: what loads its tables, what adds the last service, and `settings` below /proc/sys/net.

    Its `adders` are keyed by their names in the results.
    """

    name: str
    loads: tuple[Program, ...] = ()
    adders: Mapping[str, Program] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


RESTORE = ("iptables-legacy-restore",)
IPVS_TABLE = Program(("ipvsadm", "-R"), ipvs)
NONE = Balancer("none")
BALANCERS = (
    NONE,
    Balancer("IPVS", (IPVS_TABLE,), {name: Program((name, "-R"), ipvs_added) for name in ("ipvsadm", "pyipvsadm")}),
    Balancer(  # as kube-proxy has it: its rules for masquerading are there, and connections are tracked
        "IPVS, tracked", (Program(RESTORE, lambda _: iptables([])), IPVS_TABLE), settings={"ipv4/vs/conntrack": "1"}
    ),
    Balancer("iptables", (Program(RESTORE, iptables),), {"iptables": Program((*RESTORE, "--noflush"), iptables_added)}),
    Balancer(
        "nftables", (Program(("nft", "-f", "-"), nftables),), {"nftables": Program(("nft", "-f", "-"), nftables_added)}
    ),
)
PROGRAMS = {one.words[0] for balancer in BALANCERS for one in (*balancer.loads, *balancer.adders.values())}
ADDERS = tuple(name for balancer in BALANCERS for name in balancer.adders)
