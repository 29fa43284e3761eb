"""Objects of Kubernetes against a real kernel: made by `apply`, compared by `diff`, named by `show` and `top`."""

# ruff: noqa: E501  (a line of output stands in one piece)

from __future__ import annotations

import json

import pytest

from pyipvsadm.support import state

from ..test_kubernetes import CASES, HERE, OWN, THERE, WITH_NODE_PORT, config, endpoint, service, slice_
from .test_vip import addresses, ip

FORMATS = ("json", "yaml", "rules")
OPTIONS = {"scheduler": "--scheduler", "nodePortAddresses": "--node-port-addresses", "excludeCIDRs": "--exclude-cidrs"}
NODE = ["--node", "north-1", "--node-address", OWN]


@pytest.fixture
def ours(director, tmp_path, monkeypatch):
    """Our program, in a namespace with the node's address."""
    monkeypatch.setattr(state, "FOLDER", str(tmp_path / "run"))
    made = director("pyipvsadm")
    ip(made, "link add eth0 type dummy", f"addr add {OWN}/24 dev eth0", "link set eth0 up", "link set lo up")
    return made


def text(*objects):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def words(case):
    """The options that say what a case says of its node."""
    said = ["--node", case["node"]["name"], *(f"--node-address={one}" for one in case["node"]["addresses"])]
    for name, value in case["options"].items():
        said += [f"{OPTIONS[name]}={one}" for one in ([value] if isinstance(value, str) else value)]
    return said


def test_the_table_of_each_case_is_made_and_then_there_is_no_difference_in_any_format(ours):
    for case in CASES:
        objects, said = text(*case["objects"]), words(case)
        applied = ours(["apply", "--yes", *said, "-"], objects)
        assert applied.returncode == 0, (case["id"], applied.stderr)
        assert ours(["diff", *said, "-"], objects)[:2] == (0, ""), case["id"]
        assert len(ours.table().services) == len(case["services"]), case["id"]
        for format in FORMATS:
            converted = ours(["convert", "-o", format, *said, "-"], objects)
            assert converted.returncode == 0, case["id"]
            assert ours("diff -", converted.stdout) == (0, "", ""), (case["id"], format)
            assert ours("apply --yes -", converted.stdout)[:2] == (0, ""), (case["id"], format)


def test_what_is_bound_is_what_the_objects_say(ours):
    objects = text(service(externalIPs=["198.51.100.7", OWN], port=WITH_NODE_PORT), slice_(HERE))
    assert ours(["apply", "--vips", *NODE, "-"], objects).returncode == 0
    assert addresses(ours).keys() == {"10.96.4.10", "198.51.100.7"}
    fewer = ours(["convert", *NODE, "-"], text(service(), slice_(HERE))).stdout
    assert "\naddresses: [10.96.4.10]\n" in fewer
    assert ours("vip sync -", fewer) == (0, "", "done: 1 taken away\n")
    assert addresses(ours).keys() == {"10.96.4.10"}
    more = fewer.replace("addresses: [10.96.4.10]", "addresses: [10.96.4.10, 203.0.113.1, 192.0.2.11]")
    assert ours("vip sync --dry-run -", more).stdout == "+ 203.0.113.1/32  on kube-ipvs0\n"


GONE = endpoint("10.244.9.9", "!ready serving terminating")
BUSY = endpoint("10.244.8.8", "!ready !serving")
TABLE = """\
-A -t 10.96.4.10:80 -s rr
-a -t 10.96.4.10:80 -r 10.244.1.1:8080 -m -w 1
-a -t 10.96.4.10:80 -r 10.244.9.9:8080 -m -w 0
-a -t 10.96.4.10:80 -r 10.244.7.7:8080 -m -w 0
-a -t 10.96.4.10:80 -r 10.244.8.8:8080 -m -w 1
-a -t 10.96.4.10:80 -r 10.244.6.6:8080 -m -w 1
-A -t 10.96.4.10:81 -s rr
-a -t 10.96.4.10:81 -r 10.244.6.6:8080 -m -w 0
-A -t 198.18.0.1:80 -s wlc
-A -t 198.51.100.1:80 -s wlc
"""


def test_why_something_differs_is_told_and_what_drains_is_no_difference(ours):
    objects = text(
        service(port=WITH_NODE_PORT),
        slice_(HERE, THERE, GONE, BUSY),
        config(ipvs={"excludeCIDRs": ["198.18.0.0/15"]}, mode="ipvs"),
    )
    assert ours("-R", TABLE) == (0, "", "")
    found = ours(["diff", *NODE, "-"], objects)
    assert found.returncode == 1
    expected = """\
+ 10.96.4.10:80/tcp 10.244.2.2:8080  masquerade, weight 1  (default/shop:http: ready, missing in the kernel)
- 10.96.4.10:80/tcp 10.244.8.8:8080  masquerade, weight 1  (default/shop:http: not ready)
- 10.96.4.10:80/tcp 10.244.6.6:8080  masquerade, weight 1  (default/shop:http: not in any EndpointSlice)
- 10.96.4.10:81/tcp  rr  (default/shop: has no port 81/tcp)
- 10.96.4.10:81/tcp 10.244.6.6:8080  masquerade, weight 0  (default/shop: has no port 81/tcp)
- 198.51.100.1:80/tcp  wlc  (no Service has it)
+ 192.0.2.11:30080/tcp  rr  (default/shop:http: missing in the kernel)
+ 192.0.2.11:30080/tcp 10.244.1.1:8080  masquerade, weight 1  (default/shop:http: ready, missing in the kernel)
+ 192.0.2.11:30080/tcp 10.244.2.2:8080  masquerade, weight 1  (default/shop:http: ready, missing in the kernel)
= 10.96.4.10:80/tcp 10.244.9.9:8080  draining: 0 active and 0 inactive connections, default/shop:http: terminating
= 10.96.4.10:80/tcp 10.244.7.7:8080  draining: 0 active and 0 inactive connections, default/shop:http: not in any EndpointSlice
"""
    assert sorted(found.stdout.splitlines()) == sorted(expected.splitlines())
    data = json.loads(ours(["diff", "-o", "json", *NODE, "-"], objects).stdout)
    assert data["changes"][0]["why"].startswith("default/shop")
    assert {one["word"] for one in data["states"]} == {"draining"}
    assert ours(["apply", "--yes", *NODE, "-"], objects).returncode == 0
    assert ours(["diff", *NODE, "-"], objects)[:2] == (0, "")
    assert ours("-Ln -t 198.18.0.1:80").returncode == 0


def test_only_what_drains_is_no_difference_unless_it_counts(ours):
    objects = text(service(), slice_(HERE))
    assert ours(["apply", "--yes", *NODE, "-"], objects).returncode == 0
    assert ours("-a -t 10.96.4.10:80 -r 10.244.7.7:8080 -m -w 0").returncode == 0
    found = ours(["diff", *NODE, "-"], objects)
    assert (found.returncode, found.stdout[:1]) == (0, "=")
    assert ours(["diff", "--strict", *NODE, "-"], objects).returncode == 1
    assert ours(["diff", "--only", "192.0.2.0/24", *NODE, "-"], objects)[:2] == (0, "")
    assert ours("-e -t 10.96.4.10:80 -r 10.244.1.1:8080 -m -w 0").returncode == 0
    drained = ours(["diff", *NODE, "-"], objects)
    assert drained.returncode == 1
    assert "weight 0 -> 1  (default/shop:http: ready, drained in the kernel)" in drained.stdout


def test_apply_says_that_kube_proxy_would_undo_it(ours):
    applied = ours(["apply", "--yes", *NODE, "-"], text(service(), slice_(HERE)))
    assert "note: where kube-proxy runs, it undoes this" in applied.stderr


def test_names_of_services_and_servers(ours, tmp_path):
    pod = {"targetRef": {"kind": "Pod", "namespace": "default", "name": "shop-1"}}
    path = tmp_path / "cluster.json"
    path.write_text(text(service(type="NodePort"), slice_(endpoint("10.244.1.1", **pod), GONE)))
    assert ours("-R", TABLE) == (0, "", "")
    shown = ours(["show", "--plain", "--names", str(path), *NODE]).stdout.splitlines()
    owners = {line.split()[0]: line for line in shown}
    assert shown[0].endswith("Owner")
    assert owners["10.96.4.10:80/tcp"].endswith("default/shop:http (NodePort, cluster IP)")
    assert owners["10.244.1.1:8080"].endswith("default/shop-1 on north-1, ready")
    assert owners["10.244.9.9:8080"].endswith("on north-1, serving, terminating")
    assert owners["10.244.7.7:8080"].endswith("in no EndpointSlice")
    one = ours(["show", "10.96.4.10:80", "--names", "-", "-o", "json", *NODE], path.read_text())
    (found,) = json.loads(one.stdout)["services"]
    assert found["owner"] == {
        "namespace": "default", "name": "shop", "port": "http", "type": "NodePort", "address": "cluster IP",
    }  # fmt: skip
    servers = {server["address"]: server["owner"] for server in found["servers"]}
    assert servers["10.244.1.1"] == {
        "pod": "default/shop-1", "node": "north-1", "ready": True, "serving": True, "terminating": False,
    }  # fmt: skip
    assert servers["10.244.7.7"] is None
    assert ours("check -", one.stdout)[:2] == (0, "stdin: right: 1 service, 5 servers\n")
    once = ours(["top", "--once", "--interval", "0.2", "--names", str(path), *NODE]).stdout
    assert "10.96.4.10:80/tcp default/shop:http" in once
    assert "10.244.1.1:8080 default/shop-1" in once
    line = json.loads(ours(["top", "--once", "-o", "ndjson", "--interval", "0.2", "--names", str(path), *NODE]).stdout)
    owners = {one["service"]: one.get("owner") for one in line["services"]}
    assert owners["10.96.4.10:80/tcp"]["name"] == "shop"
    assert owners["198.51.100.1:80/tcp"] is None
