"""A dashboard for Grafana: an overview, a service, a server. A row for each panel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...record import Record

if TYPE_CHECKING:
    from typing import Any

    Data = dict[str, Any]

TITLE, UID = "IPVS director", "pyipvsadm"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH, HEIGHT = 24, 8  # of Grafana's grid; of a panel
DIRECTOR = 'instance=~"$instance"'
SERVICE = f'{DIRECTOR}, local_address=~"$address", local_port=~"$port", local_mark=~"$mark"'
SERVER = f'{SERVICE}, remote_address=~"$server"'
ADDRESS = "{{local_address}}:{{local_port}}{{local_mark}}/{{proto}}"
REMOTE = "{{remote_address}}:{{remote_port}}"


class Panel(Record):
    """A panel: its queries, each with a legend, and how it is shown."""

    __slots__ = ()
    title: str = ""
    asks: tuple[tuple[str, str], ...] = ()
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8


def _both(of: str, where: str, kind: str, by: str, legend: str) -> tuple[tuple[str, str], ...]:
    """The queries for incoming and outgoing rates, each with its legend."""
    return tuple(
        (f"sum by ({by}) (rate({of}_{way}_{kind}_total{{{where}}}[$__rate_interval]))", f"{legend} {word}")
        for way, word in (("incoming", "in"), ("outgoing", "out"))
    )


def _rate(name: str, where: str, by: str) -> str:
    return f"sum by ({by}) (rate({name}{{{where}}}[$__rate_interval]))"


NAMED = "local_address, local_port, local_mark, proto"
HOST = "remote_address, remote_port"
PARTS: dict[str, tuple[Panel, ...]] = {
    "Overview": (
        Panel(title="Readable", kind="stat", width=4, asks=((f"min(ipvs_up{{{DIRECTOR}}})", ""),)),
        Panel(title="Services", kind="stat", width=4, asks=((f"count(ipvs_service_info{{{DIRECTOR}}})", ""),)),
        Panel(title="Servers", kind="stat", width=4, asks=((f"sum(ipvs_service_backends{{{DIRECTOR}}})", ""),)),
        Panel(
            title="Services that serve nobody",
            kind="stat",
            width=4,
            asks=((f"sum(ipvs_service_backends_available{{{DIRECTOR}}} == bool 0)", ""),),
        ),
        Panel(title="Drained servers", kind="stat", width=4, asks=((f"sum(ipvs_backend_drained{{{DIRECTOR}}})", ""),)),
        Panel(
            title="Connections for each row of the table",
            kind="stat",
            width=4,
            asks=(
                (
                    f"(sum(ipvs_backend_connections_active{{{DIRECTOR}}})"
                    f" + sum(ipvs_backend_connections_inactive{{{DIRECTOR}}}))"
                    f" / sum(ipvs_connection_table_size{{{DIRECTOR}}})",
                    "",
                ),
            ),
        ),
        Panel(
            title="New connections",
            unit="cps",
            asks=((_rate("ipvs_service_connections_total", DIRECTOR, "instance"), "{{instance}}"),),
        ),
        Panel(title="Packets", unit="pps", asks=_both("ipvs_service", DIRECTOR, "packets", "instance", "{{instance}}")),
        Panel(title="Bytes", unit="Bps", asks=_both("ipvs_service", DIRECTOR, "bytes", "instance", "{{instance}}")),
    ),
    "Service": (
        Panel(
            title="New connections",
            unit="cps",
            asks=((_rate("ipvs_service_connections_total", SERVICE, NAMED), ADDRESS),),
        ),
        Panel(title="Bytes", unit="Bps", asks=_both("ipvs_service", SERVICE, "bytes", NAMED, ADDRESS)),
        Panel(
            title="Servers that take connections",
            asks=(
                (f"ipvs_service_backends_available{{{SERVICE}}}", f"{ADDRESS} available"),
                (f"ipvs_service_backends{{{SERVICE}}}", f"{ADDRESS} all"),
            ),
        ),
    ),
    "Server": (
        Panel(
            title="New connections",
            unit="cps",
            asks=((_rate("ipvs_backend_connections_total", SERVER, HOST), REMOTE),),
        ),
        Panel(title="Bytes", unit="Bps", asks=_both("ipvs_backend", SERVER, "bytes", HOST, REMOTE)),
        Panel(
            title="Connections",
            asks=tuple(
                (f"sum by ({HOST}) (ipvs_backend_connections_{state}{{{SERVER}}})", f"{REMOTE} {state}")
                for state in ("active", "inactive", "persistent")
            ),
        ),
        Panel(title="Weight", asks=((f"max by ({HOST}) (ipvs_backend_weight{{{SERVER}}})", REMOTE),)),
    ),
}
VARIABLES = (  # name, title, and the query for its values, which are those of a label
    ("instance", "Director", "label_values(ipvs_up, instance)"),
    ("address", "Address", f"label_values(ipvs_service_info{{{DIRECTOR}}}, local_address)"),
    ("port", "Port", f'label_values(ipvs_service_info{{{DIRECTOR}, local_address=~"$address"}}, local_port)'),
    ("mark", "Mark", f"label_values(ipvs_service_info{{{DIRECTOR}}}, local_mark)"),
    ("server", "Server", f"label_values(ipvs_backend_info{{{SERVICE}}}, remote_address)"),
)


def dashboard() -> str:
    """The dashboard as JSON, as Grafana imports it."""
    source: Data = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    return (
        json.dumps(
            {
                "uid": UID,
                "title": TITLE,
                "tags": ["ipvs"],
                "schemaVersion": 38,
                "refresh": "30s",
                "time": {"from": "now-1h", "to": "now"},
                "templating": {"list": [source, *(_variable(*row) for row in VARIABLES)]},
                "panels": _panels(),
            },
            indent=2,
        )
        + "\n"
    )


def _variable(name: str, label: str, query: str) -> Data:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "sort": 1,
    }


def _panels() -> list[Data]:
    """A row with a title for each part, and its panels below, from left to right."""
    made: list[Data] = []
    left, top = 0, 0
    for title, panels in PARTS.items():
        place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        row = {"id": len(made) + 1, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}
        made.append(row)
        left, top = 0, top + 1
        for panel in panels:
            if left + panel.width > WIDTH:
                left, top = 0, top + HEIGHT
            made.append(_panel(panel, len(made) + 1, {"x": left, "y": top, "w": panel.width, "h": HEIGHT}))
            left += panel.width
        top += HEIGHT
    return made


def _panel(panel: Panel, number: int, place: Data) -> Data:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
        for index, (expr, legend) in enumerate(panel.asks)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }
