"""The alerting rules and the dashboard: Prometheus' own judges, and series that there are."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from pyipvsadm.verbs.metrics.alerts import ALERTS, rules
from pyipvsadm.verbs.metrics.dashboard import HEIGHT, WIDTH, dashboard
from pyipvsadm.verbs.metrics.series import OWN

from .exposition import needs_promtool, promtool
from .fakes import run

JOB = 'job="pyipvsadm",instance="lb1"'
SERVICE = f'{JOB},local_address="10.9.0.1",local_port="80",local_mark="",proto="TCP",family="ipv4"'
SERVER = f'{SERVICE},remote_address="10.9.1.1",remote_port="80"'
OTHER = f'{SERVICE},remote_address="10.9.1.2",remote_port="80"'
INFO = f'ipvs_backend_info{{{SERVER},forwarding="%s",tunnel=""}}'
IN, OUT = f"ipvs_backend_incoming_packets_total{{{SERVER}}}", f"ipvs_backend_outgoing_packets_total{{{SERVER}}}"
ACTIVE, INACTIVE = f"ipvs_backend_connections_active{{{SERVER}}}", f"ipvs_backend_connections_inactive{{{SERVER}}}"
OTHERS = (f"ipvs_backend_connections_active{{{OTHER}}}", f"ipvs_backend_connections_inactive{{{OTHER}}}")
UPPER, SIZE = f"ipvs_backend_upper_threshold{{{SERVER}}}", f"ipvs_connection_table_size{{{JOB}}}"
AVAILABLE, DRAINED = f"ipvs_service_backends_available{{{SERVICE}}}", f"ipvs_backend_drained{{{SERVER}}}"
DIRECTOR = {"job": "pyipvsadm", "instance": "lb1"}
SERVICE_LABELS, SERVER_LABELS = (
    {**DIRECTOR, **dict(re.findall(r'(\w+)="([^"]+)"', text)), "severity": severity}
    for text, severity in ((SERVICE, "critical"), (SERVER, "warning"))
)
CASES = [  # alert, minutes after which it is looked at, series and their figures by the minute, the labels if it fires
    ("IpvsServiceServesNobody", 5, {AVAILABLE: "2 0x10"}, SERVICE_LABELS),
    ("IpvsServiceServesNobody", 5, {AVAILABLE: "0 0 1x10"}, None),
    ("IpvsServerAtThreshold", 10, {ACTIVE: "7x20", INACTIVE: "3x20", UPPER: "10x20"}, SERVER_LABELS),
    ("IpvsServerAtThreshold", 10, {ACTIVE: "7x20", INACTIVE: "2x20", UPPER: "10x20"}, None),
    ("IpvsServerAtThreshold", 10, {ACTIVE: "7x20", INACTIVE: "3x20"}, None),  # of no threshold
    ("IpvsServerForgotten", 1500, {DRAINED: "1x1600"}, SERVER_LABELS),
    ("IpvsServerForgotten", 1500, {DRAINED: "1x700 0 1x1600"}, None),
    ("IpvsConnectionTableCrowded", 20,
     {ACTIVE: "5x30", INACTIVE: "30x30", OTHERS[0]: "0x30", OTHERS[1]: "1x30", SIZE: "4x30"},
     {**DIRECTOR, "severity": "warning"}),
    ("IpvsConnectionTableCrowded", 20, {ACTIVE: "2x30", INACTIVE: "30x30", SIZE: "4x30"}, None),
    ("IpvsConnectionTableCrowded", 20, {ACTIVE: "1x30", INACTIVE: "30x30", SIZE: "0x30"}, None),  # not yet made
    ("IpvsDirectorSendsNothing", 20, {IN: "0+60x30", OUT: "0x30", INFO % "masquerade": "1x30"},
     {**DIRECTOR, "severity": "critical"}),
    ("IpvsDirectorSendsNothing", 20, {IN: "0+60x30", OUT: "0+1x30", INFO % "masquerade": "1x30"}, None),
    ("IpvsDirectorSendsNothing", 20, {IN: "0+60x30", OUT: "0x30", INFO % "direct": "1x30"}, None),
    ("IpvsDirectorSendsNothing", 20, {IN: "5x30", OUT: "0x30", INFO % "masquerade": "1x30"}, None),
    ("IpvsExporterDown", 10, {f"up{{{JOB}}}": "0x20"}, {**DIRECTOR, "severity": "critical"}),
    ("IpvsExporterDown", 10, {f"ipvs_up{{{JOB}}}": "0x20"}, {**DIRECTOR, "severity": "critical"}),
    ("IpvsExporterDown", 10, {f"up{{{JOB}}}": "1x20", f"ipvs_up{{{JOB}}}": "1x20"}, None),
    ("IpvsExporterDown", 10, {'up{job="node",instance="lb1"}': "0x20"}, None),
]  # fmt: skip

SUMMARIES = {
    "IpvsServiceServesNobody": "10.9.0.1:80/TCP on lb1 serves nobody",
    "IpvsServerAtThreshold": "10.9.1.1:80 of 10.9.0.1:80/TCP on lb1 is full",
    "IpvsServerForgotten": "10.9.1.1:80 of 10.9.0.1:80/TCP on lb1 has been drained for a day",
    "IpvsConnectionTableCrowded": "The connection table of lb1 is crowded",
    "IpvsDirectorSendsNothing": "lb1 gets packets for its servers, and sends none back",
    "IpvsExporterDown": "Nothing is known of the IPVS of lb1",
}


def printed(word):
    ran = run(["metrics", word])
    assert (ran.status, ran.stderr) == (0, "")
    return ran.stdout


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent():
    assert {(alert.name, fires) for alert in ALERTS for fires in (True, False)} == {
        (name, labels is not None) for name, _, _, labels in CASES
    }


@needs_promtool
def test_promtool_takes_the_rules(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text(printed("--rules"))
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", str(path))


@needs_promtool
def test_each_alert_fires_when_it_should_and_only_then(tmp_path):
    (tmp_path / "rules.yml").write_text(rules())
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": one, "values": values} for one, values in series.items()],
            "alert_rule_test": [
                {
                    "alertname": name,
                    "eval_time": f"{minutes}m",
                    "exp_alerts": [{"exp_labels": labels, "exp_annotations": annotations(name)}] if labels else [],
                }
            ],
        }
        for name, minutes, series, labels in CASES
    ]
    path = tmp_path / "test.yml"
    path.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}))
    assert "SUCCESS" in promtool("test", "rules", str(path))


def annotations(name):
    """What the alert says of the service, the server and the director of CASES."""
    return {"summary": SUMMARIES[name], "description": next(one for one in ALERTS if one.name == name).description}


def asked():
    """All that the dashboard asks, with something in the place of Grafana's variables."""
    for panel in json.loads(dashboard())["panels"]:
        for target in panel.get("targets", ()):
            yield re.sub(r"\$\w+", "5m", target["expr"])


@needs_promtool
def test_prometheus_understands_what_the_dashboard_asks(tmp_path):
    recorded = [{"record": f"x:{number}", "expr": expr} for number, expr in enumerate(asked())]
    path = tmp_path / "asked.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": recorded}]}))
    assert f"{len(recorded)} rules found" in promtool("check", "rules", str(path))


def test_rules_and_dashboard_ask_for_series_that_there_are():
    told = rules() + printed("--dashboard")
    labels = {"remote_address", "remote_port", "local_address", "local_port", "local_mark"}
    assert set(re.findall(r"\bipvs_\w+", told)) - labels <= {row.name for row in OWN}


def test_panels_stand_beside_each_other():
    data = json.loads(printed("--dashboard"))
    taken = set()
    for panel in data["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert place["x"] + place["w"] <= WIDTH
        assert place["h"] in (1, HEIGHT)
        taken |= cells
    assert len({panel["id"] for panel in data["panels"]}) == len(data["panels"])
    rows = [panel for panel in data["panels"] if panel["type"] == "row"]
    assert [(row["title"], row["panels"]) for row in rows] == [("Overview", []), ("Service", []), ("Server", [])]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_says_what_to_do(alert):
    assert alert.summary
    assert alert.description.endswith(".")
    assert alert.severity in ("warning", "critical")
