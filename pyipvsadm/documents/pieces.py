"""Plain data -> the pieces of a table, with all that is wrong in them."""

from __future__ import annotations

import json
from _socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from ..errors import UsageError
from ..grammar.values import STATES, TUNNELS, scheduler_flags
from ..model import GRE, GUE, IPIP, ONE_PACKET, PERSISTENT, Daemon, Server, Service, Timeouts, printable
from ..table import settings
from ..table.notation import parts, service_of
from . import shape

if TYPE_CHECKING:
    from ..table.assembly import Assembly, Entry
    from .tree import Path

    Some = TypeVar("Some", bound=shape.Shape)

PARTS = ("family", "protocol", "address", "port", "fwmark")
KEYS = 1000  # of one mapping, of which more aren't looked at
NAME = 16  # characters, which no name of a scheduler or an engine has
SHOWN = 40  # characters of a wrong value
WHOLE = 0xFFFFFFFF, 128  # the netmask that takes in all of an address, of IPv4 and of IPv6
NESTED: dict[str, type[shape.Shape]] = {"timeouts": shape.TimeoutsShape, "tunnel": shape.TunnelShape}
CHECKSUMS = {IPIP: ("none",), GUE: settings.CHECKSUMS, GRE: settings.CHECKSUMS[:2]}


def read(data: object, assembly: Assembly) -> None:
    """Give what `data` says to `assembly`; places are paths."""
    reading = Reading(assembly)
    document = reading.checked(shape.DocumentShape, data, ())
    if not isinstance(data, dict):
        return
    for index, raw in enumerate(_list(data.get("services"))):
        reading.service(raw, ("services", index))
    if document is not None and document.timeouts is not None:
        assembly.timeouts(Timeouts(**document.timeouts.model_dump()))
    if isinstance(data.get("daemons"), list):
        assembly.all_daemons()
    for index, raw in enumerate(_list(data.get("daemons"))):
        reading.daemon(raw, ("daemons", index))
    if document is not None and document.addresses is not None:
        assembly.all_addresses()
        for index, address in enumerate(document.addresses):
            assembly.address(address, ("addresses", index))


def _list(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else []


class Reading:
    """Reads the parts of one document."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def wrong(self, path: Path, message: str) -> None:
        """Take note of a problem."""
        self._assembly.wrong(path, message)

    def checked(self, kind: type[Some], raw: object, path: Path) -> Some | None:
        """`raw` as a `kind`, if it is one, unknown keys aside; if not, that is a problem."""
        if isinstance(raw, dict) and len(raw) > KEYS:
            self.wrong(path, f"there are {len(raw)} keys here, where {len(kind.model_fields)} are known")
            return None
        try:
            return kind.model_validate(raw)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        for found in problems:
            self._take(found, kind, path)
        unknown = [found for found in problems if found["type"] == "extra_forbidden" and len(found["loc"]) == 1]
        if isinstance(raw, dict) and len(unknown) == len(problems):
            return self.checked(kind, {key: value for key, value in raw.items() if key in kind.model_fields}, path)
        return None

    def _take(self, found: Any, kind: type[shape.Shape], path: Path) -> None:
        """Take note of what pydantic has found."""
        where = (*path, *(step for step in found["loc"] if isinstance(step, int) or step in _steps(kind, found)))
        self.wrong(where, self._message(found, kind))

    def _message(self, found: Any, kind: type[shape.Shape]) -> str:
        """What is wrong, in our words where pydantic's don't say how to go on."""
        what, loc = found["type"], found["loc"]
        if what == "extra_forbidden":
            known = NESTED[loc[0]].model_fields if loc[1:] else kind.model_fields
            return f"unknown key{self._assembly.suggestion(str(loc[-1]), known)}"
        if what == "missing":
            field = kind.model_fields[loc[-1]]
            return f"is missing: {field.description}" + (f", such as {field.examples[0]}" if field.examples else "")
        if what in ("model_type", "model_attributes_type"):
            return f"should be a mapping of keys to values, not {_shown(found['input'])}"
        if what == "value_error":
            return str(found["msg"]).removeprefix("Value error, ")
        if what == "literal_error":
            expected = found["ctx"]["expected"].replace("'", "")
            names = expected.replace(" or ", ", ").split(", ")
            near = self._assembly.suggestion(found["input"], names) if isinstance(found["input"], str) else ""
            return f"should be {expected}, not {_shown(found['input'])}{near if 'did you mean' in near else ''}"
        return f"{found['msg'].replace('Input should', 'should')}, not {_shown(found['input'])}"

    def service(self, raw: Any, path: Path) -> None:
        """Read a service and its servers, even if one of them is wrong."""
        assembly = self._assembly
        found = self.checked(shape.ServiceShape, raw, path)
        if found is not None:
            entry: Entry | None = assembly.service(self._settled(found, path), path)
        else:
            entry = self._broken(raw, path)
        servers = raw.get("servers") if isinstance(raw, dict) else None
        for index, server in enumerate(_list(servers)):
            self._server(server, entry, (*path, "servers", index))

    def _broken(self, raw: object, path: Path) -> Entry | None:
        """Judge what there is of a service that isn't all right."""
        if not isinstance(raw, dict):
            return None
        for key, judge in (("scheduler", self._assembly.scheduler), ("engine", self._assembly.engine)):
            if isinstance(raw.get(key), str) and 0 < len(raw[key]) < NAME:
                judge(raw[key], path)
        try:
            return self._assembly.claim(service_of(str(raw.get("service"))), path)
        except UsageError:
            return None

    def _settled(self, found: shape.ServiceShape, path: Path) -> Service:
        """The service that `found` says."""
        service = found.service
        its = parts(service)
        for name in PARTS:
            given = getattr(found, name)
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
        """The netmask, which is written by the family of its service."""
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
        """Read a server of the service in `entry`, or only judge it if that isn't known."""
        found = self.checked(shape.ServerShape, raw, path)
        if found is None:
            return
        tunnel = self._tunnel(found, path)
        if entry is None:
            return
        port = (entry.service.port or 0) if found.port is None else found.port
        server = Server(
            address=found.address,
            port=port,
            forwarding=settings.FORWARDING.index(found.forwarding),
            weight=found.weight,
            upper_threshold=found.upper_threshold,
            lower_threshold=found.lower_threshold,
            **tunnel,
        )
        self._assembly.server(entry, server, path)

    def _tunnel(self, found: shape.ServerShape, path: Path) -> dict[str, Any]:
        """What `found` says of its tunnel, as fields of a server."""
        tunnel = found.tunnel
        if tunnel is None:
            return {}
        where = (*path, "tunnel")
        kind = TUNNELS[tunnel.type]
        if found.forwarding != "tunnel":
            self.wrong(where, f"goes with `forwarding: tunnel`, not with {found.forwarding}")
        if kind == GUE and tunnel.port is None:
            self.wrong(where, "a gue tunnel takes a port: `port: 6080`")
        if kind != GUE and tunnel.port is not None:
            self.wrong((*where, "port"), f"a tunnel of type {tunnel.type} has no port")
        if tunnel.checksum not in CHECKSUMS[kind]:
            self.wrong((*where, "checksum"), f"should be {' or '.join(CHECKSUMS[kind])} for {tunnel.type}")
        return {
            "tunnel_type": kind,
            "tunnel_port": tunnel.port or 0,
            "tunnel_flags": settings.CHECKSUMS.index(tunnel.checksum),
        }

    def daemon(self, raw: object, path: Path) -> None:
        """Read a daemon."""
        found = self.checked(shape.DaemonShape, raw, path)
        if found is not None:
            values = {**found.model_dump(), "state": STATES[found.state]}
            self._assembly.daemon(Daemon(**values), path)


def _steps(kind: type[shape.Shape], found: Any) -> set[str]:
    """The keys among what pydantic calls the place of a problem, which holds names of types too."""
    nested = [key for part in NESTED.values() for key in part.model_fields]
    return {*kind.model_fields, *nested, *([found["loc"][-1]] if found["type"] == "extra_forbidden" else [])}


def _shown(value: object) -> str:
    """A wrong value as it may be shown."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = printable(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
