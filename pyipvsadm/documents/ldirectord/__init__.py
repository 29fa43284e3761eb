"""Reads an ldirectord.cf as the table that ldirectord 4.12 makes while all servers answer."""

from __future__ import annotations

import re
from _socket import AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP, inet_aton, inet_pton
from typing import TYPE_CHECKING

from ...grammar.schedulers import SCHEDULERS
from ...model import DIRECT, MASQUERADE, ONE_PACKET, PERSISTENT, TUNNEL, Server, Service
from ...names import Names
from ..remarks import Findings, Note
from ..states import Destination, Started, expected
from .blocks import Line, RefusedError, Virtual, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...table.assembly import Assembly
    from ..formats import Inputs

    Tell = Callable[[str, int, str], None]

KINDS = {"gate": DIRECT, "masq": MASQUERADE, "ipip": TUNNEL}
PROTOCOLS = {"tcp": IPPROTO_TCP, "udp": IPPROTO_UDP}
DOMAIN = 53  # the port whose protocol is UDP, if none is told
MOST = 100_000  # servers of one range
CHECKS = ("connect", "negotiate", "external", "external-perl", "ping")
DEFAULT = "wrr"
WHOLE = 0xFFFFFFFF, 128
LAST_MARK = 2**32 - 1

REQUEST_AND_RECEIVE = 2  # strings that a real= has before its thresholds
SCRIPTS = ("fallbackcommand", "callback", "checkcommand", "execute")

ENDPOINT = re.compile(r"(\[[^\]]*\]|[^:\[\]\s]+):\S+")
REAL = re.compile(r'(\S+)\s+(\S+)(?:\s+(\d+))?\s*((?:"[^"]*"[\s,]*)*)')
QUOTED = re.compile(r'"([^"]*)"')
THRESHOLD = re.compile(r"<([lu]):(\d+)>")


def read(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Give the table that ldirectord makes of `text` to `assembly`; places are the numbers of lines."""
    notes: list[Note] = []

    def tell(kind: str, line: int, message: str) -> None:
        notes.append(Note(kind=kind, place=line, message=message))

    try:
        above, virtuals = gathered(text)
        maker = Maker(above, inputs.names(), tell)
        made = [(virtual, *maker.service(virtual)) for virtual in virtuals]
    except RefusedError as error:
        assembly.wrong(error.line, str(error))
        return Findings(notes=tuple(notes))
    started: dict[tuple[object, ...], Started] = {}
    for virtual, service, servers in made:
        if service is None:
            continue
        entry = assembly.service(service, virtual.head.number)
        started[service[:5]] = whole = Started(service, virtual.head.number)
        for one in servers:
            whole.add(one)
            if one.present:
                assembly.server(entry, one.server, one.place)
    return Findings(notes=tuple(notes), expected=lambda now, wanted: expected(now, wanted, started))


class Maker:
    """Makes services. `above` are the settings of all of them."""

    def __init__(self, above: Virtual, names: Names, tell: Tell) -> None:
        self._above = above
        self._names = names
        self._tell = tell
        self._seen: set[tuple[object, ...]] = set()  # services, by their keys

    def service(self, virtual: Virtual) -> tuple[Service | None, list[Destination]]:
        """The service that `virtual` is, None if the kernel doesn't take it, with its servers."""
        service = self._named(virtual)
        if service[:5] in self._seen:
            raise RefusedError(virtual.head.number, "the service is there before")
        self._seen.add(service[:5])
        scheduler = virtual.told("scheduler", DEFAULT)
        seconds = int(virtual.told("persistent", "0"))
        once = virtual.told("ops") == "yes" and service.protocol == IPPROTO_UDP
        service = service.replace(
            scheduler=scheduler,
            flags=(PERSISTENT if seconds else 0) | (ONE_PACKET if once else 0),
            timeout=seconds,
            netmask=self._netmask(virtual) if seconds else None,
        )
        self._notes(virtual)
        servers = self._servers(virtual, service)
        if why := _refused(virtual, service):
            self._tell("missing from the table", virtual.head.number, f"{why}: ldirectord runs on without the service")
            return None, []
        return service, servers

    def _named(self, virtual: Virtual) -> Service:
        """The service with its key: a mark is a number, and so is what an address without a port begins with."""
        value, line = virtual.head.value, virtual.head.number
        protocol = virtual.told("protocol")
        mark = None if ENDPOINT.fullmatch(value) else re.match(r"\d+", value)
        if mark:
            if mark[0] != value:
                message = f"`{value}` has no port: ldirectord takes {mark[0]} for a firewall mark"
                self._tell("read otherwise", line, message)
            if protocol not in ("", "fwm"):
                raise RefusedError(virtual.line("protocol"), "the protocol of a firewall mark is fwm")
            return Service(af=virtual.af, fwmark=int(mark[0]))
        if protocol not in ("", *PROTOCOLS):
            raise RefusedError(virtual.line("protocol"), f"the protocol of an address is {' or '.join(PROTOCOLS)}")
        host, number = self._endpoint(value, virtual.af, line, IPPROTO_TCP)
        kind = PROTOCOLS.get(protocol, IPPROTO_UDP if number == DOMAIN else IPPROTO_TCP)
        return Service(af=virtual.af, protocol=kind, address=host, port=number)

    def _servers(self, virtual: Virtual, service: Service) -> list[Destination]:
        """The servers, all of which answer, and the fallback, which is there if there are none."""
        check = virtual.told("checktype", "negotiate")
        if check not in (*CHECKS, "on", "off") and not re.fullmatch("[1-9][0-9]*", check):
            raise RefusedError(virtual.line("checktype"), f"`{check}` is no type of check")
        quiescent = virtual.told("quiescent", self._above.told("quiescent", "no")) == "yes"
        checked, never = check != "on", check == "off"
        servers = {
            server[:2]: Destination(server=server, place=place, weight=server.weight, checked=checked, stays=quiescent)
            for server, place in self._reals(virtual, service, quiescent)
        }
        key = "fallback6" if virtual.af == AF_INET6 else "fallback"
        line = virtual.settings.get(key) or self._above.settings.get(key)
        last = self._fallback(line, virtual, service) if line else None
        if never:
            what = "every server has weight 0" if quiescent else "no server is ever put in the table"
            self._tell("read otherwise", virtual.line("checktype"), f"checktype=off: {what}, and the fallback is there")
            servers = {key: _idle(one) for key, one in servers.items() if quiescent}
        found = list(servers.values())
        if line and last:
            found.append(Destination(server=last, place=line.number, present=never or not servers, sorry=True))
        return found

    def _fallback(self, line: Line, virtual: Virtual, service: Service) -> Server:
        value, _, kind = line.value.partition(" ")
        forwarding = KINDS.get(kind.strip() or "gate")
        if forwarding is None:
            raise RefusedError(line.number, f"`{kind.strip()}` is none of {', '.join(KINDS)}")
        host, number = self._endpoint(value, virtual.af, line.number, service.protocol)
        return Server(address=host, port=_port(number, forwarding, service), forwarding=forwarding)

    def _reals(self, virtual: Virtual, service: Service, quiescent: bool) -> Iterable[tuple[Server, int]]:
        """The servers of all `real=`, each with its line. Of a `quiescent` service, all begin with weight 0.

        ldirectord edits a server that it finds by the port that is written, and else adds it; where the kernel has it
        otherwise, by the service's port, that is refused.
        """
        found: dict[tuple[bytes, int], tuple[Server, int]] = {}
        for real in virtual.reals:
            for written in self._real(real, virtual, service):
                server = written.replace(port=_port(written.port, written.forwarding, service))
                if quiescent and server.port != written.port:
                    message = f"{real.value}: quiescent, its port isn't the service's: it never gets its weight back"
                    self._tell("weight", real.number, message)
                    server = server.replace(weight=0)
                if (server[:2] in found) == (written[:2] in found):
                    found[server[:2]] = server, real.number
                else:
                    message = f"{real.value}: the same server as one above, which stays: ldirectord runs on without it"
                    self._tell("missing from the table", real.number, message)
        return found.values()

    def _real(self, line: Line, virtual: Virtual, service: Service) -> Iterator[Server]:
        """The servers of a `real=`, which may be a range of addresses, with the port that is written."""
        found = REAL.fullmatch(line.value)
        forwarding = KINDS.get(found[2]) if found else None
        if not found or forwarding is None:
            raise RefusedError(line.number, f"behind the address goes one of {', '.join(KINDS)}, and then a weight")
        thresholds = {
            name: int(value)
            for quoted in QUOTED.findall(found[4])[REQUEST_AND_RECEIVE:]
            for name, value in THRESHOLD.findall(quoted)
        }
        first, arrow, rest = found[1].partition("->")
        last, number = self._endpoint(rest if arrow else first, virtual.af, line.number, service.protocol)
        start = self._host(first, virtual.af, line.number) if arrow else last
        low, high = (int.from_bytes(one, "big") for one in (start, last))
        if not 0 <= high - low < MOST:
            raise RefusedError(line.number, f"the range {found[1]} isn't one of 1 to {MOST} addresses")
        for value in range(low, high + 1):
            yield Server(
                address=value.to_bytes(len(start), "big"),
                port=number,
                forwarding=forwarding,
                weight=int(found[3] or 1),
                upper_threshold=thresholds.get("u", 0),
                lower_threshold=thresholds.get("l", 0),
            )

    def _endpoint(self, text: str, af: int, line: int, protocol: int | None) -> tuple[bytes, int]:
        """Address and port, where names are looked up; 0 for no port. IPv6 stands in brackets."""
        found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]+)(?::(\S+))?", text)
        if not found:
            raise RefusedError(line, f"`{text}` is no address and port; IPv6 stands in brackets")
        host, name = self._host(found[1], af, line), found[2]
        if name is None:
            return host, 0
        try:
            number = int(name) if name.isdecimal() else self._port_named(name, protocol or IPPROTO_TCP)
        except ValueError:
            number = -1
        if not 0 <= number <= 65535:
            raise RefusedError(line, f"`{name}` is no port")
        return host, number

    def _port_named(self, name: str, protocol: int) -> int:
        """The port that a name has, of this protocol or else of the other. Raises ValueError."""
        try:
            return self._names.port(name, protocol)
        except ValueError:
            return self._names.port(name, IPPROTO_TCP if protocol == IPPROTO_UDP else IPPROTO_UDP)

    def _host(self, text: str, af: int, line: int) -> bytes:
        bare = text.strip("[]")
        try:
            return inet_pton(af, bare)
        except (OSError, ValueError):
            pass
        try:
            found = self._names.address(bare)
        except ValueError:
            found = b""
        if len(found) != (4 if af == AF_INET else 16):
            raise RefusedError(line, f"`{text}` is no address of this family, nor a name of one")
        return found

    def _netmask(self, virtual: Virtual) -> int | None:
        value = virtual.told("netmask")
        if not value:
            return None
        if virtual.af == AF_INET6:
            mask = int(value) if value.isdecimal() else 0
            if not 1 <= mask <= 128:
                raise RefusedError(virtual.line("netmask"), "the netmask of IPv6 is a length from 1 to 128")
        elif not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value):
            raise RefusedError(virtual.line("netmask"), "the netmask is one such as 255.255.255.0")
        else:
            mask = int.from_bytes(inet_aton(value), "big")
        return None if mask == WHOLE[virtual.af == AF_INET6] else mask

    def _notes(self, virtual: Virtual) -> None:
        """Tell what no table can say."""
        check = virtual.told("checktype", "negotiate")
        if check not in ("on", "off"):
            self._tell("health check", virtual.line("checktype"), f"checktype={check}: a table checks nobody's health")
        for key in ("fallback", "fallback6"):
            if key in virtual.settings or key in self._above.settings:
                line = virtual.settings.get(key) or self._above.settings[key]
                self._tell("fallback", line.number, f"{key}={line.value}: in the table while no server is up")
        for block in (virtual, self._above):
            for key in SCRIPTS:
                if key in block.settings:
                    self._tell("script", block.line(key), f"{key}={block.told(key)}: a table runs no scripts")
        if "scheduler" not in virtual.settings:
            self._tell("scheduler", virtual.head.number, f"no scheduler: ldirectord takes {DEFAULT}, not wlc")


def _port(number: int, forwarding: int, service: Service) -> int:
    """The port that a server gets: its own with masq and under a mark, else the service's."""
    own = forwarding == MASQUERADE or service.fwmark is not None
    return number if own else service.port or 0


def _idle(one: Destination) -> Destination:
    return one.replace(server=one.server.replace(weight=0), weight=0)


def _refused(virtual: Virtual, service: Service) -> str:
    """Why ipvsadm or the kernel doesn't take a service; empty if they do."""
    if service.scheduler not in SCHEDULERS:
        return f"the kernel has no scheduler `{service.scheduler}`"
    if virtual.told("persistent") and not service.timeout:
        return "ipvsadm takes no persistence of 0"
    if service.fwmark is not None:
        return "" if 0 < service.fwmark <= LAST_MARK else f"{service.fwmark} is no firewall mark"
    return "" if service.port or service.timeout else "port 0 takes persistence"
