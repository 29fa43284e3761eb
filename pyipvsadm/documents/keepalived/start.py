"""Builds the table that keepalived makes at its start, before any health check has failed."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, IPPROTO_UDP

from ...grammar.schedulers import ENGINES, RARE, SCHEDULERS
from ...model import MASQUERADE, ONE_PACKET, PERSISTENT, TUNNEL, Server, Service
from ...table.notation import spelled_address, unfit
from ..states import Destination, Started
from .keyword_effects import IGNORED, READ_AS, USUAL
from .value_readers import LAST_32, WHOLE, Method, family
from .virtual import Entry, RealServer, VirtualServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..states import ServiceKey
    from .statements import Tell
    from .virtual import Group

COMMON = tuple(name for name in SCHEDULERS if name not in RARE)  # the schedulers that we expect of a kernel
MISSING = "missing from the table"  # a kind of note: the kernel refused something that keepalived believes to be there
NOWHERE = {AF_INET: b"\xff" * 4, AF_INET6: bytes(16)}  # the address that keepalived uses for a mark of 0
MAPPED = b"\0" * 10 + b"\xff\xff"  # the start of an IPv4 address in IPv6, which the kernel doesn't take as unicast


class Start:
    """Collects the services of virtual servers as keepalived starts them. `tell` takes notes."""

    def __init__(self, groups: dict[str, Group], tell: Tell) -> None:
        self.services: dict[ServiceKey, Started] = {}
        self._groups = groups
        self._of_ipv4: set[str] = set()  # groups whose marks have been used for IPv4
        self._tell = tell

    def add(self, virtual: VirtualServer) -> None:
        """Add the services of a virtual server, with their destinations."""
        if virtual.group and virtual.group not in self._groups:
            self._ignored(virtual, f"there is no group {virtual.group}")
        elif not virtual.servers:
            self._ignored(virtual, "it has no real servers")
        elif (found := self._entries(virtual)) is not None:
            self._surprises(virtual)
            quorate = self._quorate(virtual)
            model = self._model(virtual)
            services = [(self._service(virtual, model, entry), entry) for entry in found]
            for service, entry in services:
                if service is not None:
                    self._fill(virtual, service, entry, quorate)

    def _ignored(self, virtual: VirtualServer, why: str) -> None:
        self._tell(IGNORED, virtual.place, f"{why}: keepalived ignores the virtual server {virtual.title}")

    def _entries(self, virtual: VirtualServer) -> list[Entry] | None:
        """The addresses and marks of a virtual server, each with its family; None if keepalived ignores it."""
        if not virtual.group:
            af = virtual.entry.af or virtual.af or _common(virtual) or AF_INET
            return [Entry(address=NOWHERE[af], af=af) if virtual.entry.mark == 0 else virtual.entry.replace(af=af)]
        group = self._groups[virtual.group].entries
        families = {entry.af for entry in group if entry.af}
        if len(families) > 1 and any(not entry.af for entry in group):
            self._ignored(virtual, "a mark of its group has no family beside entries of both")
            return None
        if families - {virtual.af} and virtual.af:
            self._ignored(virtual, "its servers aren't of the address family of its group")
            return None
        unknown = virtual.af or next(iter(families), AF_INET)
        return [entry.replace(af=entry.af or unknown) for entry in group if entry.af or self._takes(virtual, unknown)]

    def _takes(self, virtual: VirtualServer, af: int) -> bool:
        """Whether a group's marks without a family are used for `af`: not for IPv6 after they were used for IPv4."""
        if af == AF_INET:
            self._of_ipv4.add(virtual.group)
        return virtual.group not in self._of_ipv4 or af == AF_INET

    def _surprises(self, virtual: VirtualServer) -> None:
        """Note where keepalived reads a virtual server in a way that may surprise."""
        marks = self._marks_alone(virtual)
        if virtual.protocol is None and not marks:
            self._tell("no protocol", virtual.place, f"no protocol: keepalived takes UDP for {virtual.title}")
        if virtual.ops and virtual.transport != IPPROTO_UDP and not marks:
            self._tell(IGNORED, virtual.place, f"ops is for UDP: keepalived resets it for {virtual.title}")
        if virtual.group and virtual.netmask not in (None, *WHOLE):
            self._tell(IGNORED, virtual.place, f"keepalived loses the granularity of the group {virtual.group}")
        if virtual.timeout is None and not virtual.granular and self._all_ports(virtual):
            message = f"port 0 of {virtual.title} makes it persistent, for {USUAL} s"
            self._tell("persistence", virtual.place, message)
        if virtual.sorry is not None:
            self._tell("sorry server", virtual.sorry.place, f"a sorry server of {virtual.title}")

    def _marks_alone(self, virtual: VirtualServer) -> bool:
        return all(entry.mark is not None for entry in self._stated(virtual))

    def _all_ports(self, virtual: VirtualServer) -> bool:
        """Whether one of its addresses is for all ports, which requires persistence."""
        return any(entry.mark is None and not entry.port for entry in self._stated(virtual))

    def _stated(self, virtual: VirtualServer) -> list[Entry]:
        """The addresses and marks of a virtual server as written; a mark of 0 outside a group doesn't count as one."""
        if virtual.group:
            return self._groups[virtual.group].entries
        return [Entry() if virtual.entry.mark == 0 else virtual.entry]

    def _model(self, virtual: VirtualServer) -> Service:
        """A service with the settings that all services of a virtual server share."""
        scheduler = virtual.scheduler or "wlc"
        timeout = virtual.timeout
        if timeout is None and (virtual.granular or self._all_ports(virtual)):
            timeout = USUAL
        engine = virtual.engine if timeout else None
        once = virtual.ops and (self._marks_alone(virtual) or virtual.transport == IPPROTO_UDP)
        return Service(
            scheduler=scheduler,
            flags=virtual.flags | (PERSISTENT if timeout else 0) | (ONE_PACKET if once else 0),
            timeout=timeout or 0,
            netmask=virtual.netmask if timeout and not virtual.group else None,
            engine=engine,
        )

    def _service(self, virtual: VirtualServer, model: Service, entry: Entry) -> Started | None:
        """The service of an entry, or the one that has its key already; None if the kernel refuses it."""
        if entry.mark == 0:
            message = "a mark of 0 in a group makes a service without address, which no table can hold: it is left out"
            self._tell(READ_AS, virtual.place, message)
            return None
        named = entry.mark is None
        service = model.replace(
            af=entry.af or AF_INET,
            protocol=virtual.transport if named else None,
            address=entry.address,
            port=entry.port if named else None,
            fwmark=entry.mark,
            netmask=None if model.netmask == WHOLE[entry.af == AF_INET6] else model.netmask,
        )
        if service[:5] not in self.services and (unknown := _unknown(service)):
            message = f"the kernel has no {unknown}, and refuses {virtual.title}: keepalived runs on without it"
            self._tell(MISSING, virtual.place, message)
            return None
        made = self.services.setdefault(service[:5], Started(service, virtual.place))
        if made.place != virtual.place:
            self._tell("merged", virtual.place, f"{virtual.title} is defined above: those settings stay")
        return made

    def _fill(self, virtual: VirtualServer, made: Started, entry: Entry, quorate: bool) -> None:
        """Add the destinations of a virtual server to one of its services."""
        for one in virtual.servers:
            up = quorate and not virtual.waits(one)
            stays = virtual.inhibits(one)
            weight = virtual.weight_of(one)
            server = _server(virtual, one, entry, weight if up else 0)
            if one.lower > one.upper:
                message = f"its lthreshold is above its uthreshold: the kernel refuses {_title(one)}"
                self._tell(MISSING, one.place, message)
                continue
            self._add(
                made,
                Destination(
                    server=server,
                    place=one.place,
                    present=up or stays,
                    weight=weight,
                    checked=virtual.checked(one),
                    stays=stays,
                    dynamic=any(checker.dynamic for checker in one.checkers),
                ),
            )
        if virtual.sorry is not None:
            self._add(made, _sorry(virtual, virtual.sorry, entry, quorate))

    def _add(self, made: Started, one: Destination) -> None:
        address = one.server.address
        why = unfit(address) or ("an IPv4 address in IPv6" if address[:12] == MAPPED else "")
        if why:
            message = f"{spelled_address(address)} is {why}: the kernel refuses it, and keepalived runs on"
            self._tell(MISSING, one.place, message)
        else:
            made.add(one)

    def _quorate(self, virtual: VirtualServer) -> bool:
        """Whether it starts with its servers rather than with its sorry server."""
        if virtual.sorry is None:
            return True
        total = sum(virtual.weight_of(one) for one in virtual.servers)
        live = sum(virtual.weight_of(one) for one in virtual.servers if not virtual.waits(one))
        quorum = min(virtual.quorum, total)
        hysteresis = virtual.hysteresis if virtual.hysteresis < quorum else (quorum - 1) & LAST_32
        if live < quorum + hysteresis:
            message = f"{virtual.title} starts with its sorry server: up is {live}, and it takes {quorum + hysteresis}"
            self._tell(READ_AS, virtual.place, message)
            return False
        return True


def _unknown(service: Service) -> str:
    """The scheduler or the engine of a service that is unknown to kernels; empty if they know both."""
    named = (service.scheduler, COMMON), (service.engine, ENGINES)
    return next((name for name, known in named if name and name not in known), "")


def _common(virtual: VirtualServer) -> int | None:
    """The address family that all servers have in common, the sorry server included; None if they have two."""
    servers = [*virtual.servers, *([virtual.sorry] if virtual.sorry else [])]
    families = {family(server.address) for server in servers}
    return families.pop() if len(families) == 1 else None


def _port(virtual: VirtualServer, server: RealServer, entry: Entry, method: Method) -> int:
    """The port of a server in the table: with NAT its own, otherwise the service's."""
    if method.forwarding != MASQUERADE:
        return entry.port
    if server.port or server is virtual.sorry or virtual.group or entry.mark is not None:
        return server.port
    return entry.port


def _sorry(virtual: VirtualServer, sorry: RealServer, entry: Entry, quorate: bool) -> Destination:
    """The sorry server as a destination.

    If it is also one of the real servers, that one's settings decide whether it stays, and it isn't added twice.
    """
    place = sorry.address, sorry.port
    twin = next((one for one in virtual.servers if (one.address, one.port) == place), None)
    stays = bool(sorry.inhibit) if twin is None else virtual.inhibits(twin)
    present = not quorate or (stays and twin is None)
    server = _server(virtual, sorry, entry, 0 if quorate else 1)
    return Destination(server=server, place=sorry.place, present=present, stays=stays, sorry=True)


def _server(virtual: VirtualServer, server: RealServer, entry: Entry, weight: int) -> Server:
    method = virtual.method_of(server)
    return Server(
        address=server.address,
        port=_port(virtual, server, entry, method),
        forwarding=method.forwarding,
        weight=weight,
        upper_threshold=server.upper,
        lower_threshold=server.lower,
        tunnel_type=method.tunnel_type if method.forwarding == TUNNEL else 0,
        tunnel_port=method.tunnel_port if method.forwarding == TUNNEL else 0,
        tunnel_flags=method.tunnel_flags if method.forwarding == TUNNEL else 0,
    )


def _title(server: RealServer) -> str:
    return spelled_address(server.address)


def destinations(made: Started) -> Iterator[Destination]:
    """The destinations of a service that are in the table at the start."""
    return (one for one in made.destinations.values() if one.present)
