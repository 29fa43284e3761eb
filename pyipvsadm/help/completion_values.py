"""The values that an option or a verb's argument may have, each with an explanation."""

from __future__ import annotations

from itertools import islice

from ..errors import IpvsadmError
from ..grammar.values import SCHEDULER_FLAGS, Known
from ..listing.order import in_order, servers_in_order
from ..listing.rules import endpoint, service_option
from ..model import Service
from ..table.settings import server_settings, service_settings, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Protocol

    from ..model import Server, Timeouts
    from ..names import Names
    from .command_lines import Parameter
    from .typed_line import Line, Row

    Offer = tuple[str, str]

    class Live(Protocol):
        """The values that this machine offers: none, rather than an error, if it can't be asked."""

        @property
        def names(self) -> Names: ...
        def services(self) -> list[Service]: ...
        def servers(self, service: Service) -> list[Server]: ...
        def timeouts(self) -> Timeouts | None: ...
        def interfaces(self) -> list[str]: ...
        def namespaces(self) -> list[tuple[str, str]]: ...


ELSEWHERE = 256  # services whose servers are offered to another one


def values(row: Row, typed: str, line: Line, live: Live) -> Iterable[Offer]:
    """What may be the value of `row`, of which `typed` is there, behind the rest of `line`."""
    kind = VALUES.get((row.value or "").strip("[]"))
    return kind(row, typed, line, live) if kind else ()


def _services(row: Row, typed: str, line: Line, live: Live) -> Iterator[Offer]:
    """The services that `row` may name: none, for one who adds another."""
    if line.rule is None or line.rule.verb == "add-service":
        return
    for service in in_order(live.services()):
        option, word, *_ = service_option(service).split(" ")
        if option in (f"-{row.short}", f"--{row.name}"):
            yield word, told(service_settings(service))


def _servers(row: Row, typed: str, line: Line, live: Live) -> Iterator[Offer]:
    """The servers of the line's service; for one who adds, those that other services have."""
    service = _service(line, live)
    if service is None or line.rule is None:
        return
    if line.rule.verb != "add-server":
        for server in servers_in_order(live.servers(service)):
            yield endpoint(server.address, server.port, None, None), told(server_settings(server))
        return
    from ..table.notation import spelled

    known = set(_words(live.servers(service)))
    for other in islice(in_order(live.services()), ELSEWHERE):
        for word in _words(live.servers(other)):
            if word not in known:
                yield word, f"a server of {spelled(other)}"


def _service(line: Line, live: Live) -> Service | None:
    """The service that `line` names."""
    known = Known(lambda: live.names)
    try:
        for option, value in line.given:
            if option.read and (option.role == "service-address" or option.name == "ipv6"):
                known.of("service").update(option.read(value, known))
    except IpvsadmError:
        return None
    return Service(**known.of("service")) if known.fields else None


def _words(servers: list[Server]) -> Iterator[str]:
    return (endpoint(server.address, server.port, None, None) for server in servers_in_order(servers))


def _flags(row: Row, typed: str, line: Line, live: Live) -> Iterator[Offer]:
    """The flags of the line's scheduler, behind those that are `typed` already."""
    from ..grammar.schedulers import FLAGS

    scheduler = line.value("scheduler")
    own = [name for name, (_, owner) in SCHEDULER_FLAGS.items() if owner and owner == scheduler]
    fitting = own or [name for name, (_, owner) in SCHEDULER_FLAGS.items() if not (owner and scheduler)]
    *before, last = typed.split(",")
    left = [name for name in fitting if name not in before]
    prefixes = ["".join(f"{name}," for name in before)]
    if last in left:
        prefixes.append(f"{prefixes[0]}{last},")
    for prefix in prefixes:
        yield from ((prefix + name, FLAGS[name]) for name in left if f"{name}," not in prefix)


def _table(name: str) -> Callable[[Row, str, Line, Live], Iterable[Offer]]:
    """Offers the table `name` of `schedulers`, which loads when it is asked for."""

    def offers(row: Row, typed: str, line: Line, live: Live) -> Iterable[Offer]:
        from ..grammar import schedulers

        found: dict[str, str] = getattr(schedulers, name)
        return found.items()

    return offers


def _interfaces(row: Row, typed: str, line: Line, live: Live) -> Iterable[Offer]:
    return ((name, "") for name in live.interfaces())


# By what the option table calls the value.
VALUES: dict[str, Callable[[Row, str, Line, Live], Iterable[Offer]]] = {
    "service-address": _services,
    "fwmark": _services,
    "server-address": _servers,
    "scheduler": _table("SCHEDULERS"),
    "flags": _flags,
    "engine": _table("ENGINES"),
    "type": _table("TUNNELS"),
    "state": _table("STATES"),
    "interface": _interfaces,
}


def timeouts(index: int, live: Live) -> Iterator[Offer]:
    """What may be the timeout of number `index` behind `--set`: what it is now, and what leaves it so."""
    now = live.timeouts()
    if now and index < len(now):
        yield str(now[index]), f"{now.FIELDS[index]}, seconds: as it is now"
        yield "0", f"{now.FIELDS[index]}: leave it as it is"


def verb_values(parameter: Parameter, behind: Sequence[str], live: Live) -> Iterator[Offer]:
    """The values for `parameter` of a verb, after the arguments `behind`."""
    from ..table.notation import service_of, spelled, spelled_address, spelled_server  # which options have no use for

    for choice in parameter.choices:
        yield choice, ""
    kind = parameter.value.strip("[].").split(" ")[0]
    if kind == "SERVICE":
        for service in in_order(live.services()):
            yield spelled(service), told(service_settings(service))
    elif kind == "SERVER" and not behind:
        found = (server for service in islice(in_order(live.services()), ELSEWHERE) for server in live.servers(service))
        yield from ((word, "") for word in dict.fromkeys(map(spelled_server, servers_in_order(list(found)))))
    elif kind == "SERVER":
        try:
            service = service_of(behind[0])
        except IpvsadmError:
            return
        for server in servers_in_order(live.servers(service)):
            yield spelled_server(server), told(server_settings(server))
    elif kind == "ADDRESS":
        addresses = (spelled_address(service.address) for service in in_order(live.services()) if service.address)
        yield from ((address, "") for address in dict.fromkeys(addresses) if address not in behind)
    elif kind == "INTERFACE":
        yield from ((name, "") for name in live.interfaces())
