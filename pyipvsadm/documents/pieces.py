"""Plain data -> the pieces of a table, and all problems in them."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton

from ..errors import UsageError
from ..grammar.values import STATES, TUNNELS, scheduler_flags
from ..model import GRE, GUE, IPIP, ONE_PACKET, PERSISTENT, Daemon, Server, Service, Timeouts, printable
from ..table import settings
from ..table.notation import parts, service_of, spelled_address
from .schema_reader import address_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..table.assembly import Assembly, Entry
    from .schema_reader import Plain
    from .shape import Shape
    from .tree import Path

PARTS = ("family", "protocol", "address", "port", "fwmark")
KEYS = 1000  # of a mapping; one with more isn't checked
KINDS = {  # what pydantic finds: how we say it
    "int_type": "should be a whole number",
    "bool_type": "should be true or false",
    "string_type": "should be text",
    "list_type": "should be a list",
}
NAME = 16  # characters; all names of schedulers and engines are shorter
SHOWN = 40  # characters of a wrong value in a message
WHOLE = 0xFFFFFFFF, 128  # the netmask that covers a whole address, for IPv4 and for IPv6
CHECKSUMS = {IPIP: ("none",), GUE: settings.CHECKSUMS, GRE: settings.CHECKSUMS[:2]}
NO_TUNNEL, UNCOUNTED = Server()[6:9], Server()[9:]  # the last fields of a server, from `tunnel_type` and `active` on


def read(data: object, plain: Plain, assembly: Assembly) -> None:
    """Add the pieces in `data` to `assembly`; places are paths."""
    reading = Reading(assembly, plain)
    document = reading.checked("document", data, ())
    if not isinstance(data, dict):
        return
    for index, raw in enumerate(_list(data.get("services"))):
        reading.service(raw, ("services", index))
    if document is not None and document.timeouts is not None:
        assembly.timeouts(Timeouts(**_values(document.timeouts)))
    if isinstance(data.get("daemons"), list):
        assembly.all_daemons()
    for index, raw in enumerate(_list(data.get("daemons"))):
        reading.daemon(raw, ("daemons", index))
    if document is not None and document.addresses is not None:
        assembly.all_addresses()
        for index, raw in enumerate(document.addresses):
            reading.address(raw, ("addresses", index))


def _list(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else []


class Reading:
    """Reads the parts of one document."""

    def __init__(self, assembly: Assembly, plain: Plain) -> None:
        self._assembly = assembly
        self._plain = plain

    def wrong(self, path: Path, message: str) -> None:
        """Record a problem."""
        self._assembly.wrong(path, message)

    def checked(self, part: str, raw: object, path: Path) -> Any:
        """`raw` as that part of a document, without unknown keys; None if it isn't one. Records all problems."""
        found = self._plain.read(part, raw)
        if found is not None:
            return found
        from .shape import PARTS

        return self._judged(PARTS[part], raw, path)

    def _judged(self, kind: type[Shape], raw: object, path: Path) -> Shape | None:
        """`raw` as a `kind`, checked by pydantic."""
        from pydantic import ValidationError

        if isinstance(raw, dict) and len(raw) > KEYS:
            self.wrong(path, f"there are {len(raw)} keys here, but only {len(kind.model_fields)} are known")
            return None
        if isinstance(raw, dict) and isinstance(flags := raw.get("flags"), list) and len(flags) > KEYS:
            self.wrong((*path, "flags"), f"there are {len(flags)} flags here, and no scheduler has as many")
            return None
        try:
            return kind.model_validate(raw)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        for found in problems:
            self._take(found, kind, path)
        unknown = [found for found in problems if found["type"] == "extra_forbidden" and len(found["loc"]) == 1]
        if isinstance(raw, dict) and len(unknown) == len(problems):
            return self._judged(kind, {key: value for key, value in raw.items() if key in kind.model_fields}, path)
        return None

    def _take(self, found: Any, kind: type[Shape], path: Path) -> None:
        """Record a problem that pydantic found."""
        where = (*path, *(step for step in found["loc"] if isinstance(step, int) or step in _steps(kind, found)))
        self.wrong(where, self._message(found, kind))

    def _message(self, found: Any, kind: type[Shape]) -> str:
        """The problem's message: our wording where pydantic's doesn't say how to go on."""
        from .advice import of_key, of_number, of_text

        what, loc = found["type"], found["loc"]
        if what == "extra_forbidden":
            from .shape import NESTED

            known = NESTED[loc[0]].model_fields if loc[1:] else kind.model_fields
            return f"unknown key{of_key(str(loc[-1]), known) or self._assembly.suggestion(str(loc[-1]), known)}"
        if what == "missing":
            field = kind.model_fields[loc[-1]]
            return f"is missing: {field.description}" + (f", such as {field.examples[0]}" if field.examples else "")
        if what in ("model_type", "model_attributes_type"):
            how = of_text(found["input"], kind.model_fields) if isinstance(found["input"], str) else ""
            return f"should be a mapping of keys to values, not {_shown(found['input'])}{how}"
        if what == "value_error":
            return str(found["msg"]).removeprefix("Value error, ")
        if what == "literal_error":
            expected = found["ctx"]["expected"].replace("'", "")
            names = expected.replace(" or ", ", ").split(", ")
            near = self._assembly.suggestion(found["input"], names) if isinstance(found["input"], str) else ""
            return f"should be {expected}, not {_shown(found['input'])}{near if 'did you mean' in near else ''}"
        should = KINDS.get(what) or found["msg"].replace("Input should", "should")
        how = of_number(found["input"]) if what == "int_type" else ""
        if what == "list_type" and isinstance(found["input"], str):
            how = f"; write `[{found['input'][:60]}]`"
        return f"{should}, not {_shown(found['input'])}{how}"

    def address(self, raw: object, path: Path) -> None:
        """Read an address that is to be bound."""
        try:
            address = address_in(raw)
        except ValueError as error:
            self.wrong(path, str(error))
        else:
            self._assembly.address(address, path)

    def service(self, raw: Any, path: Path) -> None:
        """Read a service and its servers, even if one of them is invalid."""
        assembly = self._assembly
        found = self.checked("service", raw, path)
        if found is not None:
            entry: Entry | None = assembly.service(self._settled(found, path), path)
        else:
            entry = self._broken(raw, path)
        servers = raw.get("servers") if isinstance(raw, dict) else None
        for index, server in enumerate(_list(servers)):
            self._server(server, entry, (*path, "servers", index))

    def _broken(self, raw: object, path: Path) -> Entry | None:
        """Check the valid parts of an invalid service."""
        if not isinstance(raw, dict):
            return None
        for key, judge in (("scheduler", self._assembly.scheduler), ("engine", self._assembly.engine)):
            if isinstance(raw.get(key), str) and 0 < len(raw[key]) < NAME:
                judge(raw[key], path)
        try:
            return self._assembly.claim(service_of(str(raw.get("service"))), path)
        except UsageError:
            return None

    def _settled(self, found: Any, path: Path) -> Service:
        """The Service for `found`."""
        service: Service = found.service
        its = parts(service)
        for name in PARTS:
            given = getattr(found, name)
            if isinstance(given, bytes):
                given = spelled_address(given)
            if given is not None and given != its.get(name):
                self.wrong((*path, name), f"is a part of `service`, which says {its.get(name, 'nothing of it')}")
        flags = ONE_PACKET if found.one_packet else 0
        for index, name in enumerate(found.flags):
            try:
                flags |= scheduler_flags(name, found.scheduler)
            except UsageError as error:
                self.wrong((*path, "flags", index), f"`{name}` doesn't go with `{found.scheduler}`: {error.hint}")
        if found.persistence is not None:
            flags |= PERSISTENT
        return service.replace(
            scheduler=found.scheduler,
            flags=flags,
            timeout=found.persistence or 0,
            netmask=self._netmask(found.netmask, service, (*path, "netmask")),
            engine=found.engine,
        )

    def _netmask(self, netmask: str | int | None, service: Service, path: Path) -> int | None:
        """The netmask, in the notation for the family of its service."""
        if netmask is None:
            return None
        mask: int | None = None
        if service.af != AF_INET:
            mask = netmask if isinstance(netmask, int) else None
        elif isinstance(netmask, str):
            try:
                mask = int.from_bytes(inet_pton(AF_INET, netmask), "big")
            except (OSError, ValueError):
                mask = None
        if mask is None:
            form = "a mask such as 255.255.255.0" if service.af == AF_INET else "the length of a prefix, such as 64"
            self.wrong(path, f"should be {form}, not {_shown(netmask)}")
        return None if mask == WHOLE[service.af == AF_INET6] else mask

    def _server(self, raw: object, entry: Entry | None, path: Path) -> None:
        """Read a server of the service in `entry`, or only check it if the service is unknown."""
        found = self.checked("server", raw, path)
        if found is None:
            return
        tunnel = self._tunnel(found, path)
        if entry is None:
            return
        port = (entry.service.port or 0) if found.port is None else found.port
        forwarding = settings.FORWARDING.index(found.forwarding)
        thresholds = found.upper_threshold, found.lower_threshold
        server = Server.make((found.address, port, forwarding, found.weight, *thresholds, *tunnel, *UNCOUNTED))
        self._assembly.server(entry, server, path)

    def _tunnel(self, found: Any, path: Path) -> tuple[int, int, int]:
        """The type, port and flags of the tunnel in `found`, as a Server has them."""
        tunnel = found.tunnel
        if tunnel is None:
            return NO_TUNNEL
        where = (*path, "tunnel")
        kind = TUNNELS[tunnel.type]
        if found.forwarding != "tunnel":
            self.wrong(where, f"requires `forwarding: tunnel`, not {found.forwarding}")
        if kind == GUE and tunnel.port is None:
            self.wrong(where, "a gue tunnel needs a port, such as `port: 6080`")
        if kind != GUE and tunnel.port is not None:
            self.wrong((*where, "port"), f"a tunnel of type {tunnel.type} has no port")
        if tunnel.checksum not in CHECKSUMS[kind]:
            self.wrong((*where, "checksum"), f"should be {' or '.join(CHECKSUMS[kind])} for {tunnel.type}")
        return kind, tunnel.port or 0, settings.CHECKSUMS.index(tunnel.checksum)

    def daemon(self, raw: object, path: Path) -> None:
        """Read a daemon."""
        found = self.checked("daemon", raw, path)
        if found is not None:
            values = {**_values(found), "state": STATES[found.state]}
            self._assembly.daemon(Daemon(**values), path)


def _values(found: Any) -> dict[str, Any]:
    """The values of a part, whether `plain` or pydantic has read it."""
    return dict(vars(found))


def _steps(kind: type[Shape], found: Any) -> set[str]:
    """The keys in pydantic's location of a problem, which also contains type names."""
    from .shape import NESTED

    nested = [key for part in NESTED.values() for key in part.model_fields]
    return {*kind.model_fields, *nested, *([found["loc"][-1]] if found["type"] == "extra_forbidden" else [])}


def _shown(value: object) -> str:
    """A wrong value in a form that is safe to show."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    import json

    text = printable(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
