"""The table as rules: what `-S` prints and a restore reads."""

from __future__ import annotations

from _operator import itemgetter
from _socket import AF_INET, AF_INET6, inet_ntop

from ..grammar.options import RULES
from ..model import GRE, GUE, IPIP, MASTER, ONE_PACKET, PERSISTENT, PROTOCOLS, TUNNEL, Server
from ..record import keep
from . import numeric
from .service_lines import UNKNOWN, Settings, netmask, scheduler_flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Command, Daemon, Service, Timeouts
    from ..names import Names
    from ..shapes import Group

SERVICE_OPTIONS = {"tcp": "-t", "udp": "-u", "sctp": "--sctp-service", "": "--xxx-service"}
METHODS = ("-m", "-g", "-i", "-g", *[UNKNOWN] * 4)
VERBS = {row.verb: f"-{row.short}" if row.short else f"--{row.name}" for row in RULES}
CHECKSUMS = ("--tun-nocsum", "--tun-csum", "--tun-remcsum")


def table(groups: Iterable[Group], names: Names | None) -> Iterator[str]:
    """The lines of each group of services with their servers.

    `names` is None for numeric output, else no server is cut. What is told of a cut server is its `SERVER_END`.
    """
    settings, cut = Settings(service_settings), numeric.CutTexts()
    ends: dict[tuple[int, ...], str] = {}

    def lines(who: str, service: Service, servers: list[Server]) -> list[str]:
        if names:
            hosts = [endpoint(server.address, server.port, service.protocol, names) for server in servers]
        else:
            hosts = numeric.endpoints(servers)
        return [
            f"\n-a {who} -r {host} {ends.get(told := _settings(server)) or keep(ends, told, server_settings(server))}"
            for host, server in zip(hosts, servers, strict=True)
        ]

    for services, servers in groups:
        options = service_options(services, names)
        heads = [f"-A {who} {told}" for who, told in zip(options, settings.each(services), strict=True)]
        found = cut.lines(heads, [f"-a {who} -r " for who in options], servers)
        if found is None:
            found = [
                "".join((head, *lines(*one))) for head, *one in zip(heads, options, services, servers, strict=True)
            ]
        yield "\n".join((*found, ""))


_settings = itemgetter(slice(2, 9))  # the fields of a server that `server_settings` uses


def rule(command: Command) -> str:
    """The words, without the program's name, that ask for a change to the table."""
    verb, service, server, daemon, values, *_ = command
    parts = [VERBS[verb]]
    if service:
        parts.append(service_option(service))
    if server:
        parts.append(f"-r {endpoint(server.address, server.port, None, None)}")
    if daemon:
        full = verb == "start-daemon"
        parts.append(daemon_settings(daemon) if full else daemon_state(daemon))
    if verb in ("add-service", "edit-service") and service:
        parts.append(service_settings(service))
    elif verb in ("add-server", "edit-server") and server:
        parts.append(server_settings(server))
    elif values:
        parts += map(str, values)
    return " ".join(parts)


def service_options(services: list[Service], names: Names | None) -> list[str]:
    """The options that name `services`."""
    places = None if names else numeric.service_endpoints(services)
    if places is None:
        return [service_option(service, names) for service in services]
    options = [SERVICE_OPTIONS[PROTOCOLS.get(service[1] or 0, "")] for service in services]
    return [f"{option} {place}" for option, place in zip(options, places, strict=True)]


def service_option(service: Service, names: Names | None = None) -> str:
    """The option that names `service`."""
    if service.fwmark is not None:
        return f"-f {service.fwmark}{' -6' if service.af == AF_INET6 else ''}"
    option = SERVICE_OPTIONS[PROTOCOLS.get(service.protocol or 0, "")]
    return f"{option} {endpoint(service.address or b'', service.port or 0, service.protocol, names)}"


def service_settings(service: Service) -> str:
    """The options that give `service` its settings."""
    parts = [f"-s {service.scheduler}"]
    if service.flags & PERSISTENT:
        parts.append(f"-p {service.timeout}")
        if service.netmask is not None:
            parts.append(f"-M {netmask(service)}")
    if service.engine:
        parts.append(f"--pe {service.engine}")
    if service.flags & ONE_PACKET:
        parts.append("-o")
    if flags := scheduler_flags(service):
        parts.append(f"-b {flags}")
    return " ".join(parts)


def server_settings(server: Server) -> str:
    """The options that give `server` its settings."""
    text = f"{METHODS[server.forwarding]} -w {server.weight}"
    if server.upper_threshold:
        text += f" -x {server.upper_threshold}"
    if server.lower_threshold:
        text += f" -y {server.lower_threshold}"
    return text + tunnel_settings(server) if server.forwarding == TUNNEL else text


SERVER_END = _settings(Server.FIELDS), lambda server: f" {server_settings(server)}"


def tunnel_settings(server: Server) -> str:
    """The options that give a tunnel its kind."""
    checksum = CHECKSUMS[server.tunnel_flags] if server.tunnel_flags < len(CHECKSUMS) else CHECKSUMS[0]
    kinds = {
        IPIP: " --tun-type ipip",
        GUE: f" --tun-type gue --tun-port {server.tunnel_port} {checksum}",
        GRE: f" --tun-type gre {checksum}",
    }
    return kinds.get(server.tunnel_type, "")


def endpoint(address: bytes, port: int, protocol: int | None, names: Names | None) -> str:
    """ADDRESS:PORT, with names from `names` if they read back as the same numbers."""
    host = numeric.host(address)
    if not names:
        return f"{host}:{port}"
    if len(address) == 4:  # IPv6 names are never read back
        host = _checked(names.host(address), host, names.address, address)
    service = names.service(port, protocol)
    if protocol is not None:
        service = _checked(service, str(port), lambda name: names.port(name, protocol), port)
    return f"{host}:{service}"


def _checked(name: str, digits: str, read: object, value: object) -> str:
    """`name` if it is one word that `read` reads as `value`; else `digits`."""
    try:
        if name != digits and (name.split() != [name] or name.startswith("-") or read(name) != value):  # type: ignore[operator]
            return digits
    except ValueError:
        return digits
    return name


def timeouts(values: Timeouts) -> str:
    """The line that sets the timeouts."""
    return f"--set {values.tcp} {values.tcpfin} {values.udp}\n"


def daemons(values: Iterable[Daemon]) -> str:
    """The lines that start the daemons."""
    return "".join(f"--start-daemon {daemon_settings(daemon)}\n" for daemon in values)


def daemon_state(daemon: Daemon) -> str:
    """The option that distinguishes `daemon` from the other one that may run."""
    return "master" if daemon.state == MASTER else "backup"


def daemon_settings(daemon: Daemon) -> str:
    """The state of a daemon and the options that give it its settings."""
    parts = [f"{daemon_state(daemon)} --mcast-interface {daemon.interface}"]
    parts.append(f"--syncid {daemon.syncid}")
    if daemon.maxlen:
        parts.append(f"--sync-maxlen {daemon.maxlen}")
    if daemon.group:
        parts.append(f"--mcast-group {inet_ntop(AF_INET if len(daemon.group) == 4 else AF_INET6, daemon.group)}")
    if daemon.port:
        parts.append(f"--mcast-port {daemon.port}")
    if daemon.ttl:
        parts.append(f"--mcast-ttl {daemon.ttl}")
    return " ".join(parts)
