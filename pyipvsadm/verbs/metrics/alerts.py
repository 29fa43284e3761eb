"""The table of alerting rules, and its form as a rules file for Prometheus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = "pyipvsadm"  # the `job_name` that Prometheus must use for our listener
CROWDED = 8  # connections per row of the hash table; a lookup compares half of them
SERVICE = (
    "{{ if $labels.local_mark }}mark {{ $labels.local_mark }}{{ else }}"
    "{{ $labels.local_address }}:{{ $labels.local_port }}/{{ $labels.proto }}{{ end }}"
)
SERVER = "{{ $labels.remote_address }}:{{ $labels.remote_port }}"


class Alert(Record):
    """An alert that fires when `expr` has had a result for the time `lasts`."""

    __slots__ = ()
    name: str = ""
    expr: str = ""
    lasts: str = "5m"
    severity: str = "warning"
    summary: str = ""
    description: str = ""


ALERTS = (
    Alert(
        name="IpvsServiceServesNobody",
        expr="ipvs_service_backends_available == 0",
        lasts="1m",
        severity="critical",
        summary=f"{SERVICE} on {{{{ $labels.instance }}}} serves nobody",
        description="It has no server that takes new connections: all are full, or of weight 0, or there is none."
        " `pyipvsadm show` lists them, `pyipvsadm doctor` looks for causes.",
    ),
    Alert(
        name="IpvsServerAtThreshold",
        expr="ipvs_backend_connections_active + ipvs_backend_connections_inactive >= ipvs_backend_upper_threshold",
        summary=f"{SERVER} of {SERVICE} on {{{{ $labels.instance }}}} is full",
        description="It has as many connections as its upper threshold allows, and gets no new ones."
        " `pyipvsadm set SERVICE SERVER -x N` sets another threshold.",
    ),
    Alert(
        name="IpvsServerForgotten",
        expr="ipvs_backend_drained > 0",
        lasts="1d",
        summary=f"{SERVER} of {SERVICE} on {{{{ $labels.instance }}}} has been drained for a day",
        description="`pyipvsadm undrain SERVER` gives it back the weight that it had.",
    ),
    Alert(
        name="IpvsConnectionTableCrowded",
        expr="sum without (local_address, local_port, local_mark, proto, family, remote_address, remote_port)"
        " (ipvs_backend_connections_active + ipvs_backend_connections_inactive)"
        f" > {CROWDED} * (ipvs_connection_table_size > 0)",
        lasts="10m",
        summary="The connection table of {{ $labels.instance }} is crowded",
        description=f"There are more than {CROWDED} connections for each row of the hash table, so each packet takes"
        " longer. Load ip_vs with a greater conn_tab_bits, or shorten the timeouts.",
    ),
    Alert(
        name="IpvsDirectorSendsNothing",
        expr=" and ".join(
            'sum without (local_address, local_port, local_mark, proto, family, remote_address, remote_port)'
            f' (rate(ipvs_backend_{way}_packets_total{{proto="TCP"}}[5m])'
            ' * on (job, instance, netns, local_address, local_port, proto, remote_address, remote_port)'
            ' group_left () ipvs_backend_info{forwarding="masquerade"}) ' + compared
            for way, compared in (("incoming", "> 0"), ("outgoing", "== 0"))
        ),
        severity="critical",
        summary="{{ $labels.instance }} gets packets for its servers, and sends none back",
        description="Of all that masquerades TCP nothing comes back through the director: the servers' route to the"
        " clients goes elsewhere, or a filter drops it. `pyipvsadm doctor` tells.",
    ),
    Alert(
        name="IpvsExporterDown",
        expr=f'up{{job="{JOB}"}} == 0 or ipvs_up == 0',
        severity="critical",
        summary="Nothing is known of the IPVS of {{ $labels.instance }}",
        description="`pyipvsadm metrics --listen` doesn't answer, or it lacks the privilege or the module to read the"
        " table; a comment at the end of what it tells says which.",
    ),
)  # fmt: skip


def rules() -> str:
    """ALERTS as YAML; texts are quoted as in JSON, which is valid YAML."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield f"# Alerts on what `pyipvsadm metrics --listen` tells. Its `job_name` in prometheus.yml is `{JOB}`.\n"
    yield "groups:\n  - name: ipvs\n    rules:\n"
    for alert in ALERTS:
        yield f"      - alert: {alert.name}\n"
        yield f"        expr: {json.dumps(alert.expr)}\n"
        yield f"        for: {alert.lasts}\n"
        yield f"        labels:\n          severity: {alert.severity}\n"
        yield "        annotations:\n"
        yield f"          summary: {json.dumps(alert.summary)}\n"
        yield f"          description: {json.dumps(alert.description)}\n"
