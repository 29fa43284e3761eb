"""Parses /proc/net/ip_vs and ip_vs_stats, which every user may read. Pure.

They lack the counters of services, the thresholds, and persistence in seconds.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6

from ..model import DIRECT, LOCAL, MASQUERADE, ONE_PACKET, TUNNEL, Info, Server, Service, Stats
from ..model import PROTOCOLS as NAMES

Group = tuple[Service, tuple[Server, ...]]

SOURCE = "proc"  # the name of this source in JSON
MARK, ARROW = "FWM", "->"
TITLES = 3  # lines above the first service
NUMBERS = {name.upper(): number for number, name in NAMES.items()}
FORWARDING = {"Masq": MASQUERADE, "Local": LOCAL, "Tunnel": TUNNEL, "Route": DIRECT}


def table(text: str) -> tuple[Info | None, list[Group]]:
    """The version and size in `text`, the content of ip_vs, and each service with its servers.

    Only the servers show whether a firewall mark is of IPv4 or IPv6; if two marks look the same, the first is kept.
    """
    lines = text.splitlines()
    found: dict[tuple[object, ...], Group] = {}
    service, servers = None, []
    for line in [*lines[TITLES:], ""]:
        words = line.split()
        if words[:1] == [ARROW]:
            servers.append(_server(words))
            continue
        if service:
            if service.fwmark is not None and servers:
                service = service.replace(af=servers[0].af)
            found.setdefault(service[:5], (service, tuple(servers)))
        service, servers = (_service(words) if words else None), []
    return _info(lines[0] if lines else ""), list(found.values())


def _info(line: str) -> Info | None:
    """The version and size in the first line, such as `IP Virtual Server version 1.2.1 (size=4096)`."""
    words = line.split()
    if len(words) != 6:
        return None
    major, minor, patch = map(int, words[4].split("."))
    return Info(version=major << 16 | minor << 8 | patch, size=int(words[5].strip("(size=)")))


def _service(words: list[str]) -> Service:
    """The service in a line such as `TCP  0A090001:0050 rr ops` or `FWM  00000011 rr`.

    Its persistence is left out: it is in jiffies of unknown length.
    """
    protocol, endpoint, scheduler, *rest = words
    flags = ONE_PACKET if "ops" in rest else 0
    if protocol == MARK:
        return Service(fwmark=int(endpoint, 16), scheduler=scheduler, flags=flags)
    address, port = _endpoint(endpoint)
    family = AF_INET if len(address) == 4 else AF_INET6
    number = NUMBERS.get(protocol, 0)
    return Service(af=family, protocol=number, address=address, port=port, scheduler=scheduler, flags=flags)


def _server(words: list[str]) -> Server:
    """The server in a line such as `-> 0A090101:0050      Masq    1      0          0`."""
    address, port = _endpoint(words[1])
    weight, active, inactive = map(int, words[3:6])
    forwarding = FORWARDING.get(words[2], MASQUERADE)
    return Server(address=address, port=port, forwarding=forwarding, weight=weight, active=active, inactive=inactive)


def _endpoint(text: str) -> tuple[bytes, int]:
    host, _, port = text.rpartition(":")
    return bytes.fromhex(host.strip("[]").replace(":", "")), int(port, 16)


def server_addresses(text: str) -> tuple[int, set[bytes]]:
    """How many services are in `text`, the content of ip_vs, and the packed addresses of all servers.

    Raises ValueError if the text has another form.
    """
    _, _title, *servers = text.split(f"\n  {ARROW} ")
    services = text.count("\n") - len(servers) - TITLES
    return services, {_endpoint(endpoint)[0] for endpoint in {line[: line.index(" ")] for line in servers}}


def ever_counted(text: str) -> int | None:
    """The connections that each processor has counted in `text`, the content of ip_vs_stats_percpu, summed up.

    Unlike all other counters, these are never set to 0. They count connections of services that were deleted, too.
    None if the text has another form.
    """
    rows = [line.split() for line in text.splitlines()]
    counts = [int(row[1], 16) for row in rows if len(row) == 6 and row[0] not in ("CPU", "~")]
    return sum(counts) if counts else None


def totals(text: str) -> Stats | None:
    """The five counters of the namespace in `text`, the content of ip_vs_stats, which is hexadecimal; None without."""
    lines = text.splitlines()
    if len(lines) < 3:
        return None
    return Stats(**dict(zip(Stats.FIELDS, (int(word, 16) for word in lines[2].split()), strict=False)))
