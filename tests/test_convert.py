"""`convert`, and how each verb reads a file of another format: `--from`, `--notes`, a format's own options."""

# ruff: noqa: E501  (a row stands in one piece)

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pyipvsadm.documents import formats

from .fakes import run
from .netlink import server, small_kernel
from .netlink import service as service_
from .terminal import environment
from .test_kubernetes import CASES, HERE, OWN, WITH_NODE_PORT, endpoint, service, slice_

NODE = ["--node", "north-1", "--node-address", OWN]
RULES = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1\n"
CLUSTER = json.dumps([service(port=WITH_NODE_PORT), slice_(HERE)])


def said(*words, text=CLUSTER):
    return run(list(words), stdin=text.encode())


@pytest.mark.parametrize("output", ["rules", "json", "yaml"])
def test_all_that_is_read_is_written_in_all_of_our_formats(output):
    """And what is written is the same table again."""
    for text, words in ((RULES, ()), (said("convert", "-o", "json", "-", text=RULES).stdout, ()), (CLUSTER, NODE)):
        first = said("convert", "-o", output, *words, "-", text=text)
        assert first.status == 0
        again = said("convert", "-o", output, "-", text=first.stdout)
        assert (again.status, again.stdout) == (0, first.stdout)
        back = said("convert", "-o", "rules", "-", text=first.stdout)
        assert back.stdout == said("convert", "-o", "rules", *words, "-", text=text).stdout


def test_yaml_is_what_is_written_if_nothing_else_is_asked_for():
    assert yaml.safe_load(said("convert", "-", text=RULES).stdout)["services"][0]["service"] == "192.0.2.1:80/tcp"


def test_addresses_go_with_the_table():
    for output, load in (("json", json.loads), ("yaml", yaml.safe_load)):
        assert load(said("convert", "-o", output, *NODE, "-").stdout)["addresses"] == ["10.96.4.10"]
        assert "addresses" not in load(said("convert", "-o", output, "-", text=RULES).stdout)
    rules = said("convert", "-o", "rules", *NODE, "-")
    assert "note: rules cannot express the addresses to bind" in rules.stderr


@pytest.mark.parametrize(("listed", "problem"), [
    ('["192.0.2.1", "192.0.2.1"]', "stdin:1: addresses[1]: 192.0.2.1 is there twice (the first is at stdin:1)"),
    ('["224.0.0.1"]', "stdin:1: addresses[0]: 224.0.0.1 can't be the address of one machine"),
    ('["192.0.2.1/32"]', "stdin:1: addresses[0]: `192.0.2.1/32` is not an IPv4 address in digits; leave out the prefix length:"
     " write `192.0.2.1`"),
    ("[7]", "stdin:1: addresses[0]: should be an address in digits, without a port"),
    ("7", "stdin:1: addresses: should be a list, not 7"),
])  # fmt: skip
def test_wrong_addresses(listed, problem):
    ran = said("check", "-", text=f'{{"version": 1, "services": [], "addresses": {listed}}}')
    assert (ran.status, ran.stderr.splitlines()[0]) == (2, problem)


def test_no_addresses_are_none():
    text = '{"version": 1, "services": [], "addresses": []}'
    assert json.loads(said("convert", "-o", "json", "-", text=text).stdout)["addresses"] == []
    assert "addresses: []\n" in said("convert", "-", text=text).stdout


# Which format it is.


@pytest.mark.parametrize("name", ["-", "x.json", "x.yaml", "x.rules", "x"])
def test_objects_are_known_by_their_content(tmp_path, name):
    for text in (
        CLUSTER,
        yaml.safe_dump_all(json.loads(CLUSTER)),
        json.dumps({"kind": "List", "items": [], "apiVersion": "v1"}),
    ):
        (tmp_path / "x").parent.joinpath(name if name != "-" else "y").write_text(text)
        path = "-" if name == "-" else str(tmp_path / name)
        assert said("check", *NODE, path, text=text).status == 0, text


def test_a_format_may_be_named(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(RULES)
    assert said("check", str(path)).status == 2
    assert said("check", "--from", "rules", str(path)).stdout == f"{path}: right: 1 service, 1 server\n"
    assert said("check", "--from", "kubernetes", str(path)).status == 2
    assert said("check", "--from", "zork", str(path)).status == 2


def test_a_file_of_kubernetes_may_be_larger(monkeypatch):
    for name in ("json", "kubernetes"):
        monkeypatch.setitem(formats.FORMATS, name, formats.FORMATS[name].replace(limit=1 << 20))
    large = json.dumps([json.loads(CLUSTER)] * 3000)
    ran = said("check", *NODE, "-", text=large)
    assert (ran.status, ran.stderr.splitlines()[0]) == (2, "stdin: is larger than 1 MiB, the limit for a table")
    assert ran.hints == ["it was taken for kubernetes; `--from` names another format"]


# Options of its own.

WRONG_OPTIONS = {
    "an address": (["--node-address", "here"], 'should be an address in digits, not "here"'),
    "a network": (["--node-port-addresses", "192.0.2.1"], 'should be a CIDR such as 192.0.2.0/24, not "192.0.2.1"'),
    "primary and more": (["--node-port-addresses", "primary,192.0.2.0/24"], 'should be an address in digits, not "primary"'),
    "excluded": (["--exclude-cidrs", "192.0.2.0/33"], 'should be a CIDR such as 192.0.2.0/24, not "192.0.2.0/33"'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_OPTIONS)
def test_wrong_options(name):
    words, message = WRONG_OPTIONS[name]
    ran = said("check", *words, "-")
    assert (ran.status, ran.stderr.splitlines()[0]) == (2, message)


def test_options_are_for_objects_alone():
    ran = said("check", "--node", "x", "-", text=RULES)
    assert (ran.status, ran.stderr.splitlines()[0]) == (2, "options for Kubernetes, but the file is not one of its")


def test_options_say_how_kube_proxy_runs():
    words = ["--scheduler", "mh", "--ip-family", "IPv4", "--node-port-addresses", "198.51.100.0/24,203.0.113.0/24"]
    rules = said("convert", "-o", "rules", *NODE, *words, "-").stdout
    assert rules == ("-A -t 10.96.4.10:80 -s mh -b mh-port\n-a -t 10.96.4.10:80 -r 10.244.1.1:8080 -m -w 1\n")
    everywhere = said("convert", "-o", "rules", "--node-address", "192.0.2.1,192.0.2.2", "-").stdout
    assert {f"-A -t 192.0.2.{last}:30080 -s rr" for last in (1, 2)} <= set(everywhere.splitlines())
    assert said("convert", "-o", "rules", "--ip-family", "ipv6", *NODE, "-").stdout == ""


def test_without_options_the_node_is_this_machine():
    rules = said("convert", "-o", "rules", "-")
    assert rules.status == 0
    assert "-A -t 10.96.4.10:80 -s rr\n" in rules.stdout
    assert "-t 127.0.0.1:30080" not in rules.stdout


# Notes.


def test_notes_are_told_once_by_kind_and_all_of_them_if_asked_for():
    many = [
        service(f"s{number}", clusterIP=f"10.96.4.{number}", loadBalancerSourceRanges=["192.0.2.0/24"])
        for number in range(1, 4)
    ]
    text = json.dumps([*many, slice_(endpoint("10.244.1.1"))], indent=1)
    ran = said("check", *NODE, "-", text=text)
    assert (ran.status, ran.stdout) == (0, "stdin: right: 3 services, 0 servers\n")
    assert ran.stderr == (
        "note: stdin:2: default/s1: loadBalancerSourceRanges are for a firewall, not for IPVS"
        " (and 2 more of this kind, which `--notes` lists)\n"
    )
    every = said("check", "--notes", *NODE, "-", text=text).stderr.splitlines()
    assert len(every) == 4
    assert every[-1].startswith("note: kube-proxy makes rules of iptables")
    assert "default/s2" in every[1]


def test_problems_are_told_with_line_and_path():
    text = json.dumps([service(ports=[{"port": 0}])], indent=1)
    ran = said("check", "-", text=text)
    assert ran.status == 2
    assert ran.stderr.splitlines()[0] == "stdin:2: [0].spec.ports[0].port: should be a number from 1 to 65535, not 0"
    assert said("check", "-", text=text[:-20]).stderr.startswith(
        "stdin:20: the text ends within an object: it was cut off\n"
    )


def test_names_are_of_kubernetes_alone(tmp_path):
    path = tmp_path / "x.rules"
    path.write_text(RULES)
    ran = said("show", "--names", str(path))
    assert (ran.status, ran.stderr.splitlines()[0]) == (2, f"{path}: the format `rules` names no owners")
    assert said("show", "--notes").status == 2


def test_names_are_drawn_too(tmp_path):
    path = tmp_path / "cluster.json"
    path.write_text(
        json.dumps([service(), slice_(endpoint("10.244.1.1", targetRef={"name": "shop-1", "namespace": "x"}))])
    )
    table = [(service_(bytes((10, 96, 4, 10)), 80, "rr"), [server(bytes((10, 244, 1, 1)), 8080)])]
    with environment(PYIPVSADM_STYLE="rich"):
        drawn = run(["show", "--names", str(path), *NODE], small_kernel(table)).stdout
    assert "\n  default/shop:http (ClusterIP, cluster IP)\n" in drawn
    assert "\n    x/shop-1 on north-1, ready\n" in drawn


def test_every_case_is_converted(tmp_path):
    for case in CASES:
        path = Path(tmp_path / "x.json")
        path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": case["objects"]}))
        ran = said("convert", "-o", "json", "--node", case["node"]["name"], "--node-address",
                   ",".join(case["node"]["addresses"]), str(path))  # fmt: skip
        data = json.loads(ran.stdout)
        assert sorted(data["addresses"]) == sorted(case["bound"])
