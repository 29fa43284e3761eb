"""The shape of a document: pydantic checks it, and the shipped JSON Schema is generated from it.

    version: 1
    services:
      - service: 192.168.2.10:80/tcp
        scheduler: wlc
        persistence: 300
        servers:
          - {address: 10.2.0.2, port: 8080, forwarding: masquerade, weight: 1}
    timeouts: {tcp: 900, tcpfin: 120, udp: 300}
    daemons: []
    addresses: [192.168.2.10]

Services and servers are checked one by one, so that one mistake doesn't hide another: hence the lists that
pydantic skips. `show` writes `time`, `tables`, `counters`, `rates`, `connections` and `owner`; reading ignores them.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, SkipValidation, WithJsonSchema

from ..grammar.options import LONG
from ..grammar.values import DAYS_31, SCHEDULER_FLAGS
from ..model import Service
from ..table.assembly import KNOWN_ENGINES, KNOWN_SCHEDULERS
from .schema_reader import VERSION, address_in, group_in, mask_of, service_named, version_of, whole

NAME = r"^(fwmark:[0-9]+(/ipv6)?|([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]+(/[a-z0-9]+)?)$"
MASKS = [{"type": "string", "format": "ipv4"}, {"type": "integer", "minimum": 1, "maximum": 128}, {"type": "null"}]
TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
U31, U64 = 2**31 - 1, 2**64 - 1
SYNONYMS = {  # what other programs and people call a way of forwarding: our word, which is what is written
    **dict.fromkeys(("nat", "masq", "masquerading"), "masquerade"),
    **dict.fromkeys(("dr", "gate", "route"), "direct"),
    **dict.fromkeys(("tun", "ipip"), "tunnel"),
}


def address_or_none(text: Any) -> bytes | None:
    """The address in `text`, if there is any. Raises ValueError."""
    return None if text is None else address_in(text)


def _canonical(word: Any) -> Any:
    return SYNONYMS.get(word.lower(), word) if isinstance(word, str) else word


def _number(low: int, high: int, description: str) -> Any:
    return Field(ge=low, le=high, description=description)


def _help(option: str) -> str:
    """The help of `option` in the option table, without its default, which the schema states itself."""
    return str(LONG[option].help).partition(";")[0]


class Shape(BaseModel):
    """The base of all parts of a document: converts no values, and refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class Counts(Shape):
    """Counters since the last zeroing, or rates per second; of `show`, and not read."""

    connections: int = _number(0, U64, "connections")
    packets_in: int = _number(0, U64, "packets from clients")
    packets_out: int = _number(0, U64, "packets to clients")
    bytes_in: int = _number(0, U64, "bytes from clients")
    bytes_out: int = _number(0, U64, "bytes to clients")


class Connections(Shape):
    """The connections of a service or a server now; of `show`, and not read."""

    active: int = _number(0, U64, "established connections")
    inactive: int = _number(0, U64, "all other connections")
    persistent: int = _number(0, U64, "clients that persistence keeps on this server")


class TablesShape(Shape):
    """The hash tables of the kernel, and the threads that estimate rates; of `show`, and not read."""

    connections: int = _number(0, U64, "all connections")
    rows: int = _number(0, U64, "the rows of the table of connections")
    bits: int = _number(0, 64, "the same as a power of two")
    load_factor: int = _number(-64, 64, "how early that table grows, as a power of two")
    chains: dict[str, int] = Field(description="how many rows have so many connections; 7: and more")
    services: int = _number(0, U64, "all services")
    service_rows: int = _number(0, U64, "the rows of the table of services")
    threads: int = _number(0, U64, "the threads that estimate rates")
    most_threads: int = _number(0, U64, "how many threads there may be")
    estimators: int = _number(0, U64, "the services and servers that a thread can take")


class PodShape(Shape):
    """The pod behind a server in a cluster; `show --names` writes it, and it is not read."""

    pod: str = Field(description="the pod, with its namespace; empty if none is named")
    node: str = Field(description="the node that it is on")
    ready: bool = Field(description="whether it takes traffic")
    serving: bool = Field(description="whether it could take traffic")
    terminating: bool = Field(description="whether it is about to end")


class OwnerShape(Shape):
    """The Service of a cluster that a service is of; of `show --names`, and not read."""

    namespace: str = Field(description="the namespace of the Service")
    name: str = Field(description="the name of the Service")
    port: str = Field(description="the name of its port, or the number and the protocol")
    type: str = Field(description="the type of the Service")
    address: str = Field(description="which of the Service's addresses this is")


class TunnelShape(Shape):
    """How a tunnel wraps its packets."""

    type: Literal["ipip", "gue", "gre"] = Field("ipip", description=_help("tun-type"))
    port: int | None = Field(None, ge=1, le=65535, description=_help("tun-port"))
    checksum: Literal["none", "csum", "remcsum"] = Field(
        "none", description="the checksums of a gue or gre tunnel; remcsum (remote checksum offload) is for gue only"
    )


class ServerShape(Shape):
    """A real server of a service."""

    address: Annotated[bytes, PlainValidator(address_in), WithJsonSchema({"type": "string"})] = Field(
        description="the server's address, in digits", examples=["10.2.0.2", "2001:db8::2"]
    )
    port: int | None = Field(None, ge=0, le=65535, description="the server's port; that of the service, if not given")
    forwarding: Annotated[Literal["masquerade", "tunnel", "direct", "local"], BeforeValidator(_canonical)] = Field(
        "direct", description="how packets reach the server: by NAT, through a tunnel, unchanged, or on this machine"
    )
    weight: int = Field(1, ge=0, le=U31, description="the share of connections that this server gets; 0 stops new ones")
    upper_threshold: int = Field(0, ge=0, le=U31, description="stop new connections at so many; 0: no threshold")
    lower_threshold: int = Field(0, ge=0, le=U31, description=_help("l-threshold"))
    tunnel: TunnelShape | None = Field(
        None, description="how the packets are encapsulated; goes with `forwarding: tunnel`"
    )
    owner: SkipValidation[PodShape | None] = None
    connections: SkipValidation[Connections | None] = None
    counters: SkipValidation[Counts | None] = None
    rates: SkipValidation[Counts | None] = None


class ServiceShape(Shape):
    """A virtual service, and its servers."""

    service: Annotated[Service, PlainValidator(service_named), WithJsonSchema({"type": "string", "pattern": NAME})] = (
        Field(
            description="the service, written as on the command line",
            examples=["192.168.2.10:80/tcp", "[2001:db8::1]:53/udp", "fwmark:7", "fwmark:7/ipv6"],
        )
    )
    family: str | None = Field(None, min_length=1, max_length=4)  # this and the next are the parts of `service`
    protocol: str | None = Field(None, min_length=1, max_length=4)
    address: Annotated[bytes | None, PlainValidator(address_or_none), WithJsonSchema(TEXT_OR_NULL)] = None
    port: int | None = Field(None, ge=0, le=65535)
    fwmark: int | None = Field(None, ge=1, le=2**32 - 1)
    scheduler: str = Field(
        "wlc", min_length=1, max_length=15, description="how servers are chosen", examples=list(KNOWN_SCHEDULERS)
    )
    persistence: int | None = Field(
        None, ge=1, le=DAYS_31, description="keep a client on its server for so many seconds; null: no persistence"
    )
    netmask: Annotated[str | int | None, PlainValidator(mask_of), WithJsonSchema({"anyOf": MASKS})] = Field(
        None,
        description="the clients that persistence treats as one: a netmask for IPv4, a prefix length for IPv6",
        examples=["255.255.255.0", 64],
    )
    engine: str | None = Field(
        None, min_length=1, max_length=16, description="the persistence engine", examples=list(KNOWN_ENGINES)
    )
    one_packet: bool = Field(False, description=_help("ops"))
    flags: list[Literal[tuple(SCHEDULER_FLAGS)]] = Field(  # type: ignore[valid-type]
        [], description="flags of the scheduler"
    )
    servers: list[SkipValidation[ServerShape]] = Field([], description="the real servers")
    owner: SkipValidation[OwnerShape | None] = None
    connections: SkipValidation[Connections | None] = None
    counters: SkipValidation[Counts | None] = None
    rates: SkipValidation[Counts | None] = None


class TimeoutsShape(Shape):
    """After how many seconds idle connections are forgotten; 0 leaves one as it is."""

    tcp: int = Field(0, ge=0, le=DAYS_31, description="of TCP")
    tcpfin: int = Field(0, ge=0, le=DAYS_31, description="of TCP after a FIN")
    udp: int = Field(0, ge=0, le=DAYS_31, description="of UDP")


class DaemonShape(Shape):
    """A synchronisation daemon. What is null, the kernel chooses."""

    state: Literal["master", "backup"] = Field(description="whether the daemon sends connections or receives them")
    interface: str = Field(
        "eth0", min_length=1, max_length=15, description="the interface on which it sends or listens"
    )
    syncid: int = Field(0, ge=0, le=255, description="the sync id of its messages")
    maxlen: int | None = Field(None, ge=1, le=65507, description="the maximum length of a message, in bytes")
    group: Annotated[bytes | None, PlainValidator(group_in), WithJsonSchema({"type": ["string", "null"]})] = Field(
        None, description="the multicast group", examples=["224.0.0.81", "ff02::81"]
    )
    port: int | None = Field(None, ge=1, le=65535, description=_help("mcast-port"))
    ttl: int | None = Field(None, ge=1, le=255, description=_help("mcast-ttl"))


class DocumentShape(Shape):
    """A whole table of IPVS."""

    version: Annotated[int, PlainValidator(version_of), WithJsonSchema({"const": VERSION})] = Field(
        description="the version of this format", examples=[VERSION]
    )
    time: SkipValidation[float | None] = Field(
        None, description="when `show` read the table, in seconds since 1970; not read"
    )
    tables: SkipValidation[TablesShape | None] = Field(
        None, description="how the kernel keeps connections and services, from Linux 7.2 on; not read"
    )
    source: Annotated[None, PlainValidator(whole), WithJsonSchema({"type": ["string", "null"]})] = Field(
        None, description="`proc` if `show` had no privilege: then settings are missing, and the document isn't read"
    )
    services: list[SkipValidation[ServiceShape]] = Field(description="the virtual services")
    timeouts: TimeoutsShape | None = Field(None, description="the timeouts; a file without them changes none")
    daemons: list[SkipValidation[DaemonShape]] | None = Field(
        None, description="the daemons that run; a file without them changes none, an empty list stops all"
    )
    addresses: list[Annotated[SkipValidation[bytes], WithJsonSchema({"type": "string"})]] | None = Field(
        None,
        description="the addresses that `vip sync` and `apply --vips` bind; those of the services, if not given",
        examples=[["192.168.2.10", "2001:db8::1"]],
    )


PARTS: dict[str, type[Shape]] = {
    "document": DocumentShape,
    "service": ServiceShape,
    "server": ServerShape,
    "daemon": DaemonShape,
}
NESTED: dict[str, type[Shape]] = {"timeouts": TimeoutsShape, "tunnel": TunnelShape}


def schema() -> str:
    """The JSON Schema of documents; `make generated` writes it to `schema.json`."""
    made = DocumentShape.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pyipvsadm:table:{VERSION}",
        "title": "A table of IPVS, as pyipvsadm reads and writes it",
    }
    return json.dumps({**head, **_untitled(made)}, indent=2) + "\n"


def _untitled(node: Any) -> Any:
    """`node` without pydantic's titles, which only repeat the names."""
    if isinstance(node, list):
        return [_untitled(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _untitled(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
