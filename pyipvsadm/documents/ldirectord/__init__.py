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
DOMAIN = 53  # the port whose protocol is UDP unless one is given
MOST = 100_000  # servers in one range
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
    """Add the table that ldirectord makes of `text` to `assembly`; places are line numbers."""
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
    """Makes services and their servers. `above` holds the global settings."""

    def __init__(self, above: Virtual, names: Names, tell: Tell) -> None:
        self._above = above
        self._names = names
        self._tell = tell
        self._seen: set[tuple[object, ...]] = set()  # services, by their keys

    def service(self, virtual: Virtual) -> tuple[Service | None, list[Destination]]:
        """The service of `virtual` and its servers; None and none if the kernel refuses it. Raises RefusedError."""
        service = self._named(virtual)
        if service[:5] in self._seen:
            raise RefusedError(virtual.head.number, "the same service is defined above")
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
            self._tell("missing from the table", virtual.head.number, f"{why}: ldirectord goes on without the service")
            return None, []
        return service, servers

    def _named(self, virtual: Virtual) -> Service:
        """The service with its key only. A number is a firewall mark, and so is the start of an address without a port.

        Raises RefusedError.
        """
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
        """The servers, as if all of them answer, and the fallback, which is present if there are none.

        Raises RefusedError.
        """
        check = virtual.told("checktype", "negotiate")
        if check not in (*CHECKS, "on", "off") and not re.fullmatch("[1-9][0-9]*", check):
            raise RefusedError(virtual.line("checktype"), f"`{check}` is not a type of check")
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
            raise RefusedError(line.number, f"`{kind.strip()}` is not one of {', '.join(KINDS)}")
        host, number = self._endpoint(value, virtual.af, line.number, service.protocol)
        return Server(address=host, port=_port(number, forwarding, service), forwarding=forwarding)

    def _reals(self, virtual: Virtual, service: Service, quiescent: bool) -> Iterable[tuple[Server, int]]:
        """The servers of all `real=`, each with its line number. Those of a `quiescent` service begin with weight 0.

        ldirectord edits a server if the kernel has one with the port in the file, and otherwise adds it. The kernel
        may replace that port by the service's; then ldirectord doesn't find the server, and the kernel refuses it.
        """
        found: dict[tuple[bytes, int], tuple[Server, int]] = {}
        for real in virtual.reals:
            for written in self._real(real, virtual, service):
                server = written.replace(port=_port(written.port, written.forwarding, service))
                if quiescent and server.port != written.port:
                    message = f"{real.value}: quiescent, and its port isn't the service's: its weight stays 0"
                    self._tell("weight", real.number, message)
                    server = server.replace(weight=0)
                if (server[:2] in found) == (written[:2] in found):
                    found[server[:2]] = server, real.number
                else:
                    message = f"{real.value}: the same server as one above: ldirectord goes on without this one"
                    self._tell("missing from the table", real.number, message)
        return found.values()

    def _real(self, line: Line, virtual: Virtual, service: Service) -> Iterator[Server]:
        """The servers of a `real=`, which may be a range of addresses, with the port as written.

        Raises RefusedError.
        """
        found = REAL.fullmatch(line.value)
        forwarding = KINDS.get(found[2]) if found else None
        if not found or forwarding is None:
            raise RefusedError(line.number, f"after the address comes one of {', '.join(KINDS)}, then a weight")
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
        """The packed address and the port in `text`, 0 for none; names are looked up. Raises RefusedError."""
        found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]+)(?::(\S+))?", text)
        if not found:
            raise RefusedError(line, f"`{text}` is not an address and port; IPv6 goes in brackets")
        host, name = self._host(found[1], af, line), found[2]
        if name is None:
            return host, 0
        try:
            number = int(name) if name.isdecimal() else self._port_named(name, protocol or IPPROTO_TCP)
        except ValueError:
            number = -1
        if not 0 <= number <= 65535:
            raise RefusedError(line, f"`{name}` is not a port")
        return host, number

    def _port_named(self, name: str, protocol: int) -> int:
        """The port with this name, for this protocol or else for the other one. Raises ValueError."""
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
            raise RefusedError(line, f"`{text}` is neither an address of this family nor its name")
        return found

    def _netmask(self, virtual: Virtual) -> int | None:
        value = virtual.told("netmask")
        if not value:
            return None
        if virtual.af == AF_INET6:
            mask = int(value) if value.isdecimal() else 0
            if not 1 <= mask <= 128:
                raise RefusedError(virtual.line("netmask"), "a netmask of IPv6 is a prefix length from 1 to 128")
        elif not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value):
            raise RefusedError(virtual.line("netmask"), "a netmask looks like 255.255.255.0")
        else:
            mask = int.from_bytes(inet_aton(value), "big")
        return None if mask == WHOLE[virtual.af == AF_INET6] else mask

    def _notes(self, virtual: Virtual) -> None:
        """Take notes of what a table can't hold."""
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
    """The port of a server in the table: its own with masq or under a firewall mark, otherwise the service's."""
    own = forwarding == MASQUERADE or service.fwmark is not None
    return number if own else service.port or 0


def _idle(one: Destination) -> Destination:
    return one.replace(server=one.server.replace(weight=0), weight=0)


def _refused(virtual: Virtual, service: Service) -> str:
    """Why ipvsadm or the kernel refuses a service; empty if they accept it."""
    if service.scheduler not in SCHEDULERS:
        return f"the kernel has no scheduler `{service.scheduler}`"
    if virtual.told("persistent") and not service.timeout:
        return "ipvsadm refuses a persistence of 0"
    if service.fwmark is not None:
        return "" if 0 < service.fwmark <= LAST_MARK else f"{service.fwmark} is not a firewall mark"
    return "" if service.port or service.timeout else "port 0 requires persistence"
