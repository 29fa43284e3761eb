"""The table of series: name, type, unit, meaning, and the source of each value.

A row is the only statement of its fact: the exposition, the manual, the rules' and the dashboard's tests read it.
"""

from __future__ import annotations

from ...record import Record

DIRECTOR, SERVICE, BACKEND = "director", "service", "backend"
COUNTER, GAUGE = "counter", "gauge"
NETNS = "netns"  # the label of every series if namespaces are named
SERVICE_LABELS = ("local_address", "local_port", "local_mark", "proto", "family")
BACKEND_LABELS = ("remote_address", "remote_port")
LABELS = {DIRECTOR: (), SERVICE: SERVICE_LABELS, BACKEND: SERVICE_LABELS + BACKEND_LABELS}
ONE = "one"  # the source of series that consist of labels only


class Series(Record):
    """A series of metrics about the director, each service or each backend.

    `source` names the figure that it exports. `labels` are those in addition to LABELS. A series that `adds` is summed
    over labels that aren't wanted; others are exported only if the remaining labels distinguish them. A `sparse` series
    is omitted if it is 0.
    """

    __slots__ = ()
    name: str = ""
    about: str = DIRECTOR
    source: str = ""
    kind: str = GAUGE
    unit: str = ""
    help: str = ""
    labels: tuple[str, ...] = ()
    adds: bool = True
    sparse: bool = False


def _counters(prefix: str, about: str, whose: str) -> tuple[Series, ...]:
    """The series of the counters of services or backends."""
    rows = (
        ("connections", "connections", "New connections that {} has received."),
        ("incoming_packets", "packets", "Packets from clients to {}."),
        ("outgoing_packets", "packets", "Packets from {} to clients through the director (masquerading only)."),
        ("incoming_bytes", "bytes", "Bytes from clients to {}."),
        ("outgoing_bytes", "bytes", "Bytes from {} to clients through the director (masquerading only)."),
    )
    return tuple(
        Series(
            name=f"{prefix}_{name}_total",
            about=about,
            source=source,
            kind=COUNTER,
            unit=unit,
            help=help.format(whose),
        )
        for (name, unit, help), source in zip(rows, COUNTED, strict=True)
    )


COUNTED = ("stats.connections", "stats.packets_in", "stats.packets_out", "stats.bytes_in", "stats.bytes_out")

OWN = (
    Series(
        name="ipvs_up",
        source="up",
        help="1 if the kernel's table was read; 0 if only what /proc shows was read.",
    ),
    Series(name="ipvs_module_loaded", source="loaded", help="1 if the kernel has IPVS, built in or as a module."),
    Series(name="ipvs_info", source="version", help="The version of the kernel's IPVS.", labels=("version",)),
    Series(
        name="ipvs_connection_table_size",
        source="size",
        unit="rows",
        help="Rows of the hash table of connections.",
    ),
    Series(
        name="ipvs_connection_table_buckets",
        source="buckets",
        unit="buckets",
        help="Buckets of the hash table of connections, if the kernel lets it grow (Linux 7).",
    ),
    Series(
        name="ipvs_connection_table_connections",
        source="connections",
        unit="connections",
        help="Connections in the hash table, if the kernel reports them (Linux 7).",
    ),
    Series(
        name="ipvs_connection_table_longest_chain",
        source="chain",
        unit="connections",
        help="Connections in the fullest bucket of the hash table, if the kernel reports them (Linux 7).",
    ),
    Series(
        name="ipvs_timeout_seconds",
        source="timeouts",
        unit="seconds",
        help="How long the kernel remembers an idle connection.",
        labels=("kind",),
    ),
    Series(
        name="ipvs_sync_daemon_info",
        source="daemons",
        help="A running synchronisation daemon.",
        labels=("state", "interface", "syncid"),
    ),
    Series(
        name="ipvs_scrape_duration_seconds",
        source="seconds",
        unit="seconds",
        help="How long it took to read these series from the kernel.",
    ),
    Series(
        name="ipvs_service_info",
        about=SERVICE,
        source=ONE,
        help="The settings of a service: its scheduler, flags (ops among them) and persistence engine.",
        labels=("scheduler", "flags", "engine"),
        adds=False,
    ),
    Series(
        name="ipvs_service_persistence_seconds",
        about=SERVICE,
        source="persistence",
        unit="seconds",
        help="How long a client stays with its server; only for persistent services.",
        adds=False,
        sparse=True,
    ),
    Series(
        name="ipvs_service_backends", about=SERVICE, source="backends", unit="backends", help="Servers of a service."
    ),
    Series(
        name="ipvs_service_backends_available",
        about=SERVICE,
        source="available",
        unit="backends",
        help="Servers of a service that get new connections: those that have a weight above 0 and are not full.",
    ),
    *_counters("ipvs_service", SERVICE, "a service"),
    Series(
        name="ipvs_backend_info",
        about=BACKEND,
        source=ONE,
        help="The settings of a server: how packets are forwarded, and the type of its tunnel.",
        labels=("forwarding", "tunnel"),
        adds=False,
    ),
    Series(
        name="ipvs_backend_weight",
        about=BACKEND,
        source="weight",
        help="The weight of a server; 0 drains it.",
        adds=False,
    ),
    Series(
        name="ipvs_backend_connections_active",
        about=BACKEND,
        source="active",
        unit="connections",
        help="Established connections.",
    ),
    Series(
        name="ipvs_backend_connections_inactive",
        about=BACKEND,
        source="inactive",
        unit="connections",
        help="Connections in any other state, and all UDP connections.",
    ),
    Series(
        name="ipvs_backend_connections_persistent",
        about=BACKEND,
        source="persistent",
        unit="connections",
        help="Entries that keep clients on this server by persistence.",
    ),
    Series(
        name="ipvs_backend_upper_threshold",
        about=BACKEND,
        source="upper_threshold",
        unit="connections",
        help="With so many connections, a server gets no new ones; only if it is set.",
        adds=False,
        sparse=True,
    ),
    Series(
        name="ipvs_backend_lower_threshold",
        about=BACKEND,
        source="lower_threshold",
        unit="connections",
        help="Below so many connections, a full server gets new ones again; only if it is set.",
        adds=False,
        sparse=True,
    ),
    Series(
        name="ipvs_backend_drained",
        about=BACKEND,
        source="drained",
        help="1 if the verb drain set the weight to 0 and undrain has not restored it yet; 0 otherwise.",
    ),
    *_counters("ipvs_backend", BACKEND, "a server"),
)

_TOTALS = tuple(  # counters of the whole network namespace, with node_exporter's words
    Series(
        name=f"node_ipvs_{name}_total", source=f"totals.{source}", kind=COUNTER, unit=unit, help=f"The total {help}."
    )
    for name, source, unit, help in (
        ("connections", "connections", "connections", "number of connections made"),
        ("incoming_packets", "packets_in", "packets", "number of incoming packets"),
        ("outgoing_packets", "packets_out", "packets", "number of outgoing packets"),
        ("incoming_bytes", "bytes_in", "bytes", "amount of incoming data"),
        ("outgoing_bytes", "bytes_out", "bytes", "amount of outgoing data"),
    )
)
_CURRENT = tuple(
    Series(
        name=f"node_ipvs_backend_{name}",
        about=BACKEND,
        source=source,
        unit=unit,
        help=f"The current {help} by local and remote address.",
        adds=source != "weight",
    )
    for name, source, unit, help in (
        ("connections_active", "active", "connections", "active connections"),
        ("connections_inactive", "inactive", "connections", "inactive connections"),
        ("weight", "weight", "", "backend weight"),
    )
)
COMPATIBLE = {"node_exporter": (*_TOTALS, *_CURRENT)}  # by the program whose names and labels they use
COMPATIBLE_LABELS = frozenset(LABELS[BACKEND]) - {"family"}
