"""Objects of Kubernetes as a table: kube-proxy's own cases, harder ones, and what is wrong with a file."""

# ruff: noqa: E501  (a row stands in one piece)

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
import yaml

from pyipvsadm.documents import kubernetes
from pyipvsadm.documents.formats import BrokenError, Inputs
from pyipvsadm.documents.kubernetes.fields import packed
from pyipvsadm.table import assembly as tables
from pyipvsadm.table.notation import spelled, spelled_address, spelled_server
from pyipvsadm.table.settings import service_settings

from . import kube_proxy

CASES = [json.loads(line) for line in Path(__file__).with_name("kubernetes-cases.jsonl").read_text().splitlines()]
NODE, OWN = "north-1", "192.0.2.11"
SLICES = "discovery.k8s.io/v1"


def options(node=NODE, own=(OWN,), **others):
    return kubernetes.Options(node=node, node_addresses=tuple(map(packed, own)), **others)


def read(text, said=None):
    """What is found, and the assembly of the table."""
    assembly = tables.Assembly()
    text = text if isinstance(text, str) else json.dumps({"kind": "List", "apiVersion": "v1", "items": text})
    return kubernetes.read(text, assembly, Inputs(options=said or options())), assembly


def told(found, assembly):
    """The problems, each with its place."""
    return [
        f"{found.line(place)}: {tables.spelled_path(place)}{': ' if place else ''}{message}"
        for place, message, _ in assembly.problems
    ]


def services(assembly):
    return {
        spelled(service): sorted(spelled_server(server) for server in servers)
        for service, servers in assembly.table().services
    }


def kinds(found):
    """The kinds of notes, but that which every table has."""
    return [note.kind for note in found.notes if note.kind != "beside the table"]


# kube-proxy's own cases.


def played(case):
    """What a case makes, in its own words."""
    said = case["options"]
    settings = options(
        case["node"]["name"],
        case["node"]["addresses"],
        scheduler=said.get("scheduler"),
        node_port_addresses=tuple(said["nodePortAddresses"]) if "nodePortAddresses" in said else None,
        exclude_cidrs=tuple(said["excludeCIDRs"]) if "excludeCIDRs" in said else None,
    )
    for text in (
        json.dumps({"apiVersion": "v1", "items": case["objects"], "kind": "List"}, indent=4),
        "\n".join(map(json.dumps, case["objects"])),
        yaml.safe_dump_all(case["objects"]),
    ):
        found, assembly = read(text, settings)
        assert told(found, assembly) == []
        yield assembly


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_kube_proxy_s_own_cases(case):
    for assembly in played(case):
        made = [
            {
                "service": spelled(service),
                **{key: service_settings(service)[key] for key in ("scheduler", "persistence", "flags")},
                "servers": sorted(map(spelled_server, servers)),
            }
            for service, servers in assembly.table().services
        ]
        wanted = [{**one, "servers": sorted(one["servers"])} for one in case["services"]]
        assert sorted(made, key=str) == sorted(wanted, key=str)
        assert sorted(map(spelled_address, assembly.table().addresses)) == sorted(case["bound"])
        for _, servers in assembly.table().services:
            assert {(one.weight, one.forwarding, one.upper_threshold) for one in servers} <= {(1, 0, 0)}


# Harder ones. A Service is `shop`, at 10.96.4.10:80 and, of IPv6, [fd00::10]:80.


def service(name="shop", namespace="default", labels=None, status=None, port=None, **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "clusterIP": "10.96.4.10",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", **(port or {})}],
            **spec,
        },
        "status": {"loadBalancer": {"ingress": status}},
    }


def both(**spec):
    return service(ipFamilies=["IPv4", "IPv6"], clusterIPs=["10.96.4.10", "fd00::10"], **spec)


def endpoint(address, words="", node=NODE, zones=(), nodes=(), **more):
    """An endpoint: `words` are conditions, `!` before those that don't hold; those that aren't there aren't given."""
    conditions = {word.removeprefix("!"): not word.startswith("!") for word in words.split()}
    hints = {"forZones": [{"name": zone} for zone in zones], "forNodes": [{"name": one} for one in nodes]}
    return {
        "addresses": [address],
        "conditions": conditions,
        "nodeName": node,
        **({"hints": {key: value for key, value in hints.items() if value}} if zones or nodes else {}),
        **more,
    }


def slice_(*endpoints, name="", owner="shop", family="IPv4", labels=None, ports=None, namespace="default"):
    return {
        "apiVersion": SLICES,
        "kind": "EndpointSlice",
        "metadata": {
            "name": name or f"{owner}-1",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": owner, **(labels or {})},
        },
        "addressType": family,
        "endpoints": list(endpoints),
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}] if ports is None else ports,
    }


def node(name=NODE, zone="green", addresses=(("InternalIP", OWN),)):
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
        "status": {"addresses": [{"type": type, "address": address} for type, address in addresses]},
    }


def config(**said):
    text = yaml.safe_dump({"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", **said})
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "data": {"config.conf": text, "kubeconfig.conf": "x"},
    }


HERE, THERE, FAR = (
    endpoint("10.244.1.1"),
    endpoint("10.244.2.2", node="north-2"),
    endpoint("10.244.3.3", node="south-1"),
)
V4, V6, NODE_PORT = "10.96.4.10:80/tcp", "[fd00::10]:80/tcp", "192.0.2.11:30080/tcp"
WITH_NODE_PORT = {"nodePort": 30080}
ONE, TWO, THREE = "10.244.1.1:8080", "10.244.2.2:8080", "10.244.3.3:8080"


def six(*endpoints):
    return slice_(*endpoints, name="shop-6", family="IPv6")


HARDER = {  # a name: the objects, and the services with their servers
    # Which Services and slices are seen.
    "a label of no value keeps a Service away": (
        [service(labels={"service.kubernetes.io/service-proxy-name": ""}), slice_(HERE)], {}),
    "and so does one of null": ([service(labels={"service.kubernetes.io/headless": None}), slice_(HERE)], {}),
    "a slice with such a label is nobody's": (
        [service(), slice_(HERE, labels={"service.kubernetes.io/headless": ""}), slice_(THERE, name="b")], {V4: [TWO]}),
    "all slices of it": ([service(), slice_(HERE, labels={"service.kubernetes.io/service-proxy-name": "x"})], {V4: []}),
    "a cluster IP of an empty text": ([service(clusterIP=""), slice_(HERE)], {}),
    "of null": ([service(clusterIP=None, type="LoadBalancer", status=[{"ip": "203.0.113.9"}]), slice_(HERE)], {}),
    "ExternalName with an address left over": ([service(type="ExternalName", externalName="x.example")], {}),
    "a slice without a Service's name": ([service(), slice_(HERE, owner="")], {V4: []}),
    # Families.
    "families say which addresses": (
        [service(ipFamilies=["IPv6", "IPv4"], clusterIPs=["fd00::10", "10.96.4.11"], clusterIP="fd00::10"), slice_(HERE)],
        {V6: [], "10.96.4.11:80/tcp": [ONE]}),
    "without families, clusterIP alone": (
        [service(clusterIPs=["10.96.4.10", "fd00::10"]), slice_(HERE), six(endpoint("fd00:244::1"))], {V4: [ONE]}),
    "with families, clusterIPs alone": ([service(ipFamilies=["IPv4"]), slice_(HERE)], {}),
    "more families than addresses": ([service(ipFamilies=["IPv4", "IPv6"], clusterIPs=["10.96.4.10"])], {V4: []}),
    "outer addresses of the other family are lost": (
        [service(externalIPs=["2001:db8::7", "198.51.100.7"], status=[{"ip": "2001:db8::8"}]), slice_(HERE)],
        {V4: [ONE], "198.51.100.7:80/tcp": [ONE]}),
    "a slice's family counts": ([service(), slice_(HERE, family="IPv6")], {V4: []}),
    "an IPv4 address in an IPv6 one is IPv4": (
        [service(clusterIP="::ffff:10.96.4.10"), slice_(endpoint("::ffff:10.244.1.1"))], {V4: [ONE]}),
    "zeros before numbers": ([service(clusterIP="010.096.004.010"), slice_(HERE)], {V4: [ONE]}),
    # Addresses and ports.
    "neither type nor annotations are asked": (
        [service(type="ClusterIP", port=WITH_NODE_PORT, status=[{"ip": "203.0.113.9"}], loadBalancerClass="x"), slice_(HERE)],
        {V4: [ONE], NODE_PORT: [ONE], "203.0.113.9:80/tcp": [ONE]}),
    "ingress by mode": (
        [service(status=[{"ip": "203.0.113.1", "ipMode": "VIP"}, {"ip": "203.0.113.2", "ipMode": "Proxy"},
                         {"ip": "203.0.113.3", "ipMode": None}, {"hostname": "x.example"}, {"ip": ""}])],
        {V4: [], "203.0.113.1:80/tcp": [], "203.0.113.3:80/tcp": []}),
    "an address given twice": (
        [service(externalIPs=["203.0.113.9"], status=[{"ip": "203.0.113.9"}]), slice_(HERE)],
        {V4: [ONE], "203.0.113.9:80/tcp": [ONE]}),
    "null where lists may be": (
        [service(externalIPs=None, ipFamilies=None, clusterIPs=None, ports=[{"port": 80, "nodePort": None, "name": None}])],
        {V4: []}),
    "no ports": ([service(ports=None), slice_(HERE)], {}),
    "slice ports match by name and protocol": (
        [service(ports=[{"name": "a", "port": 53, "protocol": "UDP"}, {"name": "a", "port": 53}, {"name": "b", "port": 54}]),
         slice_(HERE, ports=[{"name": "a", "port": 1, "protocol": "TCP"}, {"name": "c", "port": 54, "protocol": "TCP"}])],
        {"10.96.4.10:53/udp": [], "10.96.4.10:53/tcp": ["10.244.1.1:1"], "10.96.4.10:54/tcp": []}),
    "targetPort isn't read": ([service(port={"targetPort": 9}), slice_(HERE)], {V4: [ONE]}),
    "ports without a name or a number": (
        [service(ports=[{"port": 80}, {"port": 81, "name": "x"}]),
         slice_(HERE, ports=[{"port": 1}, {"name": None, "port": 2}, {"name": "", "port": None}, {"name": "x", "port": 0}])],
        {V4: [], "10.96.4.10:81/tcp": []}),
    "several numbers for one name": (
        [service(), slice_(HERE, ports=[{"name": "http", "port": 1}, {"name": "http", "port": 2}]),
         slice_(THERE, name="b", ports=[{"name": "http", "port": 3}])],
        {V4: ["10.244.1.1:1", "10.244.1.1:2", "10.244.2.2:3"]}),
    "the first of an endpoint's addresses": (
        [service(), slice_({**HERE, "addresses": ["10.244.1.1", "10.244.1.9"]}, {**HERE, "addresses": []},
                           {**HERE, "addresses": None})], {V4: [ONE]}),
    "an endpoint of the other family": ([service(), slice_(HERE, endpoint("fd00:244::1"))], {V4: [ONE]}),
    # One address twice.
    "one that terminates doesn't replace": (
        [service(), slice_(endpoint("10.244.1.1", "ready !terminating")),
         slice_(endpoint("10.244.1.1", "!ready serving terminating"), name="b")], {V4: [ONE]}),
    "and is replaced": (
        [service(), slice_(endpoint("10.244.1.1", "!ready serving terminating")),
         slice_(endpoint("10.244.1.1", "ready"), THERE, name="b")], {V4: [ONE, TWO]}),
    "even by one that isn't ready": (
        [service(), slice_(endpoint("10.244.1.1", "!ready serving terminating")),
         slice_(endpoint("10.244.1.1", "!ready !serving"), name="b")], {V4: []}),
    # Conditions.
    "null is ready": (
        [service(), slice_({**HERE, "conditions": {"ready": None, "serving": None, "terminating": None}},
                           {**THERE, "conditions": None})], {V4: [ONE, TWO]}),
    "ready wins over terminating": ([service(), slice_(endpoint("10.244.1.1", "ready terminating"))], {V4: [ONE]}),
    "ready wins over not serving": ([service(), slice_(endpoint("10.244.1.1", "ready !serving"))], {V4: [ONE]}),
    "serving alone isn't enough": (
        [service(), slice_(endpoint("10.244.1.1", "!ready serving !terminating"), endpoint("10.244.2.2", "!ready"))], {V4: []}),
    "terminating and serving, where none is ready": (
        [service(), slice_(endpoint("10.244.1.1", "!ready terminating"), endpoint("10.244.2.2", "!ready !serving terminating"))],
        {V4: [ONE]}),
    # Policies.
    "internal Local with none here has no server": ([service(internalTrafficPolicy="Local"), slice_(THERE)], {V4: []}),
    "but all of them if it is accessible from outside": (
        [service(internalTrafficPolicy="Local", port=WITH_NODE_PORT), slice_(THERE)], {V4: [TWO], NODE_PORT: [TWO]}),
    "by an external address": (
        [service(internalTrafficPolicy="Local", externalIPs=["198.51.100.7"]), slice_(THERE)],
        {V4: [TWO], "198.51.100.7:80/tcp": [TWO]}),
    "not by one of the other family": (
        [service(internalTrafficPolicy="Local", externalIPs=["2001:db8::7"]), slice_(THERE)], {V4: []}),
    "nor by an ingress of mode Proxy": (
        [service(internalTrafficPolicy="Local", status=[{"ip": "203.0.113.1", "ipMode": "Proxy"}]), slice_(THERE)], {V4: []}),
    "it is a port that is accessible": (
        [service(internalTrafficPolicy="Local", ports=[{"name": "http", "port": 80, "nodePort": 30080},
                                                       {"name": "x", "port": 81}]),
         slice_(THERE, ports=[{"name": "http", "port": 8080}, {"name": "x", "port": 8080}])],
        {V4: [TWO], NODE_PORT: [TWO], "10.96.4.10:81/tcp": []}),
    "external Local means nothing to a cluster IP": ([service(externalTrafficPolicy="Local"), slice_(HERE, THERE)], {V4: [ONE, TWO]}),
    "Local takes those that terminate here before others elsewhere": (
        [service(externalTrafficPolicy="Local", port=WITH_NODE_PORT),
         slice_(endpoint("10.244.1.1", "!ready serving terminating"), THERE)], {V4: [TWO], NODE_PORT: [ONE]}),
    "Local and hints": (
        [node(), service(externalTrafficPolicy="Local", port=WITH_NODE_PORT),
         slice_(endpoint("10.244.1.1", zones=["blue"]), endpoint("10.244.2.2", node="n", zones=["green"]))],
        {V4: [TWO], NODE_PORT: [ONE]}),
    "Local with none here is narrowed by hints as any other": (
        [node(), service(externalTrafficPolicy="Local", port=WITH_NODE_PORT),
         slice_(endpoint("10.244.3.3", node="n", zones=["blue"]), endpoint("10.244.2.2", node="n", zones=["green"]))],
        {V4: [TWO], NODE_PORT: [TWO]}),
    "an endpoint without a node is nowhere": (
        [service(internalTrafficPolicy="Local"), slice_({**HERE, "nodeName": None})], {V4: []}),
    # Hints.
    "hints of those that aren't ready aren't asked for": (
        [node(), service(), slice_(endpoint("10.244.1.1", zones=["green"]), endpoint("10.244.3.3", zones=["blue"]),
                                   endpoint("10.244.2.2", "!ready terminating"))], {V4: [ONE]}),
    "none for this zone": (
        [node(), service(), slice_(endpoint("10.244.1.1", zones=["red"]), endpoint("10.244.2.2", zones=["blue"]))],
        {V4: [ONE, TWO]}),
    "none for this node, but for its zone": (
        [node(), service(), slice_(endpoint("10.244.1.1", zones=["green"], nodes=["a"]),
                                   endpoint("10.244.2.2", zones=["blue"], nodes=["b"]))], {V4: [ONE]}),
    "one lacks a node, and each has a zone": (
        [node(), service(), slice_(endpoint("10.244.1.1", zones=["blue"], nodes=[NODE]),
                                   endpoint("10.244.2.2", zones=["green"]))], {V4: [TWO]}),
    "for a node, without its object": (
        [service(), slice_(endpoint("10.244.1.1", nodes=[NODE]), endpoint("10.244.2.2", nodes=["b"]))], {V4: [ONE]}),
    "for a zone, without the node's object": (
        [service(), slice_(endpoint("10.244.1.1", zones=["green"]), endpoint("10.244.2.2", zones=["blue"]))], {V4: [ONE, TWO]}),
    "another node's zone": (
        [node("other", "blue"), node(), service(),
         slice_(endpoint("10.244.1.1", zones=["green"]), endpoint("10.244.2.2", zones=["blue"]))], {V4: [ONE]}),
    "those that terminate aren't narrowed": (
        [node(), service(), slice_(endpoint("10.244.1.1", "!ready terminating", zones=["green"]),
                                   endpoint("10.244.2.2", "!ready terminating", zones=["blue"]))], {V4: [ONE, TWO]}),
    "a hint for several zones": (
        [node(), service(), slice_(endpoint("10.244.1.1", zones=["blue", "green"]), endpoint("10.244.2.2", zones=["blue"]))],
        {V4: [ONE]}),
    "empty hints are none": (
        [node(), service(), slice_({**HERE, "hints": {"forZones": []}}, endpoint("10.244.2.2", zones=["green"]))],
        {V4: [ONE, TWO]}),
}  # fmt: skip


@pytest.mark.parametrize("name", HARDER)
def test_harder_ones(name):
    objects, expected = HARDER[name]
    for order in (objects, objects[::-1]):
        found, assembly = read(order)
        assert told(found, assembly) == []
        assert services(assembly) == {name: sorted(servers) for name, servers in expected.items()}


@pytest.mark.parametrize("seed", range(20))
def test_random_clusters_are_read_as_the_rules_plainly_say(seed):
    filled = 0
    for number in range(seed * 20, seed * 20 + 20):
        objects = kube_proxy.cluster(Random(number))
        found, assembly = read(objects, options(kube_proxy.NODE, kube_proxy.OWN))
        assert told(found, assembly) == [], objects
        if "same address" in kinds(found):
            continue  # either Service may win
        made = {
            spelled(service): (service.timeout, sorted(map(spelled_server, servers)))
            for service, servers in assembly.table().services
        }
        assert made == kube_proxy.table(objects), objects
        filled += any(servers for _, servers in made.values())
    assert filled


PORTS = [service(port=WITH_NODE_PORT, externalIPs=["203.0.113.9"]), slice_(HERE)]
WHERE = {  # nodePortAddresses, the node's own addresses, where the NodePort is, what is bound
    "all": (None, (OWN, "169.254.1.1", "127.0.0.1", "fe80::1", "2001:db8::11"), {OWN, "169.254.1.1"}),
    "a network": (("192.0.2.0/25",), (OWN, "192.0.2.200"), {OWN}),
    "bits behind the prefix": (("192.0.2.99/25",), (OWN, "192.0.2.200"), {OWN}),
    "all moots others": (("198.51.100.0/24", "0.0.0.0/0"), (OWN, "127.0.0.1"), {OWN}),
    "a network of the other family": (("2001:db8::/64",), (OWN, "2001:db8::11"), {OWN}),
    "no match": (("198.51.100.0/24",), (OWN,), set()),
    "loopback": (("127.0.0.0/8",), (OWN, "127.0.0.1"), set()),
    "what is bound": (("10.96.0.0/12",), (OWN,), {"10.96.4.10"}),
    "and outer addresses": (("203.0.113.0/24", "192.0.2.0/24"), (OWN,), {OWN, "203.0.113.9"}),
    "but not by default": (("0.0.0.0/0",), (OWN,), {OWN}),
}


@pytest.mark.parametrize("name", WHERE)
def test_where_a_node_port_is(name):
    said, own, expected = WHERE[name]
    _, assembly = read(PORTS, options(own=own, node_port_addresses=said))
    assert {name.rpartition(":")[0] for name in services(assembly) if ":30080" in name} == expected
    assert set(map(spelled_address, assembly.table().addresses)) == {"10.96.4.10", "203.0.113.9"}


SIX = [both(port=WITH_NODE_PORT), slice_(HERE), six(endpoint("fd00:244::1"))]
OWN_6 = (OWN, "192.0.2.12", "2001:db8::11", "2001:db8::12", "fe80::1", "::1")
WHERE_6 = {
    "all": ((), [node()], {OWN, "192.0.2.12", "[2001:db8::11]", "[2001:db8::12]"}),
    "link-local by a network": (("fe80::/10",), [node()], {OWN, "192.0.2.12", "[fe80::1]"}),
    "loopback by a network": (("::1/128",), [node()], {OWN, "192.0.2.12"}),
    "bound": (("fd00::/16",), [node()], {OWN, "192.0.2.12", "[fd00::10]"}),
    "primary": (
        ("primary",),
        [node(addresses=(("Hostname", "x"), ("ExternalIP", "192.0.2.99"), ("InternalIP", "192.0.2.12"),
                         ("ExternalIP", "2001:db8::12"), ("InternalIP", OWN)))],
        {"192.0.2.12", "[2001:db8::12]"}),
    "primary, of one family": (("primary",), [node()], {OWN, "[2001:db8::11]", "[2001:db8::12]"}),
    "primary, without the node": (
        ("primary",), [node("other")], {OWN, "192.0.2.12", "[2001:db8::11]", "[2001:db8::12]"}),
    "primary, which the node lacks": (
        ("primary",), [node(addresses=(("InternalIP", "192.0.2.77"), ("InternalIP", "2001:db8::11")))], {"[2001:db8::11]"}),
    "primary, by the address that is bound": (
        None, [node(), config(nodePortAddresses=["primary"], bindAddress="192.0.2.12")],
        {"192.0.2.12", "[2001:db8::11]", "[2001:db8::12]"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WHERE_6)
def test_where_a_node_port_of_both_families_is(name):
    said, objects, expected = WHERE_6[name]
    _, assembly = read([*SIX, *objects], options(own=OWN_6, node_port_addresses=said))
    found = {name.rpartition(":")[0]: servers for name, servers in services(assembly).items() if ":30080" in name}
    assert set(found) == expected
    assert {len(servers) for servers in found.values()} == {1}


def test_what_is_bound():
    own = (OWN, "198.51.100.7", "10.96.4.10", "fe80::1")
    spec = {"externalIPs": ["198.51.100.7", "198.51.100.8"], "status": [{"ip": OWN}, {"ip": "203.0.113.9"}]}
    _, assembly = read([service(**spec)], options(own=own))
    assert list(map(spelled_address, assembly.table().addresses)) == ["10.96.4.10", "198.51.100.8", "203.0.113.9"]
    _, assembly = read([service(ports=[])])
    assert assembly.table().addresses == ()


def test_a_family_may_be_the_only_one():
    _, assembly = read(SIX, options(families=(2,)))
    assert set(services(assembly)) == {V4, NODE_PORT}
    _, assembly = read(SIX, options(families=(10,)))
    assert set(services(assembly)) == {V6}


# kube-proxy's own configuration, and what goes before it.


def test_the_configuration_is_read_and_options_go_before_it():
    said = config(
        mode="ipvs",
        hostnameOverride=" North-1 ",
        nodePortAddresses=["198.51.100.0/24"],
        ipvs={"scheduler": "mh", "excludeCIDRs": ["198.18.0.0/15"]},
    )
    objects = [
        *PORTS,
        service("b", clusterIP="10.96.4.11", internalTrafficPolicy="Local"),
        slice_(HERE, owner="b"),
        said,
    ]
    found, assembly = read(objects, kubernetes.Options(host="elsewhere", node_addresses=(packed(OWN),)))
    assert services(assembly)["10.96.4.11:80/tcp"] == [ONE]
    assert NODE_PORT not in services(assembly)
    assert {(one.scheduler, one.flags) for one, _ in assembly.table().services} == {("mh", 16)}
    assert found.left_alone.networks == ((packed("198.18.0.0"), 15),)
    assert kinds(found) == []
    found, assembly = read(
        objects, options("far", scheduler="sh", node_port_addresses=(), exclude_cidrs=("198.51.100.0/24",))
    )
    assert services(assembly)["10.96.4.11:80/tcp"] == []
    assert services(assembly)[NODE_PORT] == [ONE]
    assert {(one.scheduler, one.flags) for one, _ in assembly.table().services} == {("sh", 0)}
    assert found.left_alone.networks == ((packed("198.51.100.0"), 24),)


def test_a_configuration_may_stand_alone_or_be_in_another_mode():
    bare = yaml.safe_load(config(mode="nftables", ipvs=None, nodePortAddresses=None)["data"]["config.conf"])
    found, assembly = read([service(), bare, {**config(), "metadata": {"name": "x"}}])
    assert kinds(found) == ["mode", "no slices", "other kinds"]
    assert [one.scheduler for one, _ in assembly.table().services] == ["rr"]


def test_persistence():
    affinity = {"sessionAffinity": "ClientIP"}
    for spec, expected in [
        ({"sessionAffinity": "None", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}, None),
        (affinity, 10800),
        ({**affinity, "sessionAffinityConfig": None}, 10800),
        ({**affinity, "sessionAffinityConfig": {"clientIP": None}}, 10800),
        ({**affinity, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86400}}}, 86400),
    ]:
        _, assembly = read([both(**spec)])
        assert {service_settings(one)["persistence"] for one, _ in assembly.table().services} == {expected}
        assert {one.netmask for one, _ in assembly.table().services} == {None}


# Whose a service and a server is.


def test_owners():
    target = {"targetRef": {"kind": "Pod", "namespace": "shop", "name": "api-1"}}
    found, _ = read(
        [
            service("api", "shop", type="LoadBalancer", port=WITH_NODE_PORT, status=[{"ip": "203.0.113.9"}]),
            slice_(endpoint("10.244.1.1", **target), endpoint("10.244.2.2", "!ready terminating", node="n"),
                   owner="api", namespace="shop"),
        ]
    )  # fmt: skip
    owners = {spelled_address(key[2]): owner for key, owner in found.owners.services.items()}
    assert {name: (owner.title, owner.type, owner.address) for name, owner in owners.items()} == {
        "10.96.4.10": ("shop/api:http", "LoadBalancer", "cluster IP"),
        "203.0.113.9": ("shop/api:http", "LoadBalancer", "load balancer"),
        OWN: ("shop/api:http", "LoadBalancer", "node port"),
    }
    pods = {spelled_address(key[0]): tuple(pod) for key, pod in owners[OWN].pods.items()}
    assert pods == {
        "10.244.1.1": ("shop/api-1", NODE, True, True, False),
        "10.244.2.2": ("", "n", False, True, True),
    }
    found, _ = read([service(ports=[{"port": 80}])])
    assert [owner.title for owner in found.owners.services.values()] == ["default/shop:80/tcp"]


# Notes.

NOTES = {
    "two Services at one address": (
        [service(externalIPs=["198.51.100.7"]), service("b", clusterIP="10.96.4.11", externalIPs=["198.51.100.7"]),
         slice_(HERE)],
        ["same address"], "default/shop:http and default/b:http both claim 198.51.100.7:80/tcp: either may win"),
    "Local with none here": (
        [service(externalTrafficPolicy="Local", port=WITH_NODE_PORT), slice_(THERE)],
        ["local policy"], "default/shop has the policy Local, and no endpoint on north-1: those elsewhere serve"),
    "Local inside with none here": (
        [service(internalTrafficPolicy="Local"), slice_(THERE)],
        ["local policy"], "default/shop has the policy Local, and no endpoint on north-1: its cluster IP has no server"),
    "source ranges": (
        [service(loadBalancerSourceRanges=["192.0.2.0/24"]), slice_()],
        ["source ranges"], "default/shop: loadBalancerSourceRanges are for a firewall, not for IPVS"),
    "health checks": (
        [service(healthCheckNodePort=32000), service("b", healthCheckNodePort=0, loadBalancerSourceRanges=[]), slice_()],
        ["health check", "same address"], "default/shop: kube-proxy itself answers at healthCheckNodePort: it isn't in the table"),
    "appProtocol": ([service(port={"appProtocol": "x"}), slice_()], ["app protocol"], "default/shop: appProtocol changes nothing here"),
    "no ports": ([service(ports=[]), slice_()], ["no ports"], "default/shop has no ports, and so makes no virtual service"),
    "another proxy's": (
        [service(labels={"service.kubernetes.io/service-proxy-name": "x"}), slice_()],
        ["other proxy"], "default/shop has a label that keeps kube-proxy away from it"),
    "the other family": (
        [service(clusterIP="fd00::10", externalIPs=["198.51.100.7"]), slice_()],
        ["other family"], "default/shop: an address of a family of which it has no cluster IP serves nothing"),
    "twice": ([service(), service(), slice_()], ["twice"], "default/shop is there twice: this one counts"),
    "no slices": (
        [service()], ["no slices"],
        "there is no EndpointSlice, and so no server: were they asked for?"
        " `kubectl get services,endpointslices,nodes -A -o json`"),
    "nobody's slice": (
        [slice_(owner="")], ["no owner"], "default/-1 has no label kubernetes.io/service-name: it is nobody's"),
    "a port without a number": (
        [slice_(ports=[{"name": "x", "port": None}])],
        ["slice port"], "default/shop-1: kube-proxy passes over ports without a name, or without a number"),
    "a node that isn't there": (
        [node("other"), slice_()], ["node"],
        "there is no Node north-1 here, and so no zone that hints could be for: is the name right?"),
    "other kinds": (
        [slice_(), *[{"kind": kind, "apiVersion": "x/v1", "metadata": {"name": "x"}} for kind in "aabcdefg"]],
        ["other kinds"], "passed over, since no table depends on them: 2 a, 1 b, 1 c, 1 d, 1 e, ..."),
    "a Service of others": (
        [slice_(), {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "x"}}],
        ["other kinds"], "passed over, since no table depends on them: 1 Service"),
    "Endpoints beside slices": (
        [slice_(), {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "x"}}],
        ["endpoints", "other kinds"],
        "kube-proxy doesn't read Endpoints: ask for endpointslices, as with"
        " `kubectl get services,endpointslices,nodes -A -o json`"),
    "nothing": ([], ["empty"], "there is no object here"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTES)
def test_notes(name):
    objects, expected, message = NOTES[name]
    found, assembly = read(objects)
    assert told(found, assembly) == []
    assert kinds(found) == expected
    assert found.notes[0].message == message


# How objects come.

ALL = [service(), slice_(HERE)]
LIST = {"apiVersion": "v1", "items": ALL, "kind": "List", "metadata": {"resourceVersion": ""}}


def bare(one):
    return {key: value for key, value in one.items() if key not in ("kind", "apiVersion")}


def raw(one, kind_first=True):
    """As the API itself lists: items without their kind."""
    head = {"kind": f"{one['kind']}List", "apiVersion": one["apiVersion"]}
    items = {"metadata": {}, "items": [bare(one)]}
    return json.dumps({**head, **items} if kind_first else {**items, **head})


FORMS = {
    "a list": json.dumps(LIST),
    "with blanks": f"\n\n {json.dumps(LIST, indent=4)}\n\n",
    "single ones": "".join(map(json.dumps, ALL)),
    "a line each": "\n".join(map(json.dumps, ALL)),
    "lists, one behind the other": "\n".join(json.dumps({**LIST, "items": [one]}) for one in ALL),
    "a bare array": json.dumps(ALL),
    "lists in a list": json.dumps({**LIST, "items": [{**LIST, "items": [one]} for one in ALL]}),
    "as the API lists": "".join(map(raw, ALL)),
    "with the kind behind": "".join(raw(one, kind_first=False) for one in ALL),
    "YAML": yaml.safe_dump(LIST),
    "YAML in parts": yaml.safe_dump_all(ALL),
    "YAML of an array": yaml.safe_dump(ALL),
    "YAML with empty parts": f"---\n---\n{yaml.safe_dump_all(ALL)}\n---\n# end\n",
    "YAML without kinds": yaml.safe_dump_all([json.loads(raw(one)) for one in ALL]),
    "JSON, then YAML": f"{json.dumps(ALL[0])}\n---\n{yaml.safe_dump(ALL[1])}",
    "JSON in a stream of YAML": "\n---\n".join(json.dumps(one, indent=1) for one in ALL),
    "YAML, then JSON": f"{yaml.safe_dump(ALL[0])}---\n{json.dumps(ALL[1])}",
    "empty lists beside": json.dumps({**LIST, "items": []}) + json.dumps({**LIST, "items": None}) + json.dumps(LIST),
}


@pytest.mark.parametrize("form", FORMS)
def test_how_objects_come(form):
    found, assembly = read(FORMS[form])
    assert told(found, assembly) == []
    assert services(assembly) == {V4: [ONE]}
    assert kinds(found) == []


# What is wrong.

BETA = "discovery.k8s.io/v1beta1"
WRONG = {
    "an older slice": (
        json.dumps([{**slice_(HERE), "apiVersion": BETA}], indent=1),
        ["2: [0]: EndpointSlice with `apiVersion: discovery.k8s.io/v1beta1` isn't read: ask for discovery.k8s.io/v1, as with"
         " `kubectl get endpointslices.v1.discovery.k8s.io`"]),
    "no version": (
        json.dumps([{**service(), "apiVersion": None}]),
        ["1: [0]: Service with no apiVersion isn't read: ask for v1, as with `kubectl get services`"]),
    "Endpoints alone": (
        json.dumps([service(), {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "x"}}]),
        ["1: [1]: kube-proxy doesn't read Endpoints: ask for endpointslices, as with"
         " `kubectl get services,endpointslices,nodes -A -o json`"]),
    "no kind": (
        "{}", ["1: has no kind, and so is no object of Kubernetes: try `kubectl get services,endpointslices,nodes -A -o json`"]),
    "no name": (json.dumps([{**service(), "metadata": None}]), ["1: [0]: has no `metadata.name`"]),
    "no spec": (json.dumps([{**service(), "spec": None}]), []),
    "wrong types": (
        "\n" + yaml.safe_dump({**service(ports=[{"port": "80"}, 7, {"port": True}, {"port": 80.0}, {}, {"port": 1, "name": 7}]),
                               "metadata": [], "status": 1}),
        ["2: metadata: should be a mapping of keys to values, not a list",
         "2: has no `metadata.name`"]),
    "wrong ports": (
        json.dumps(service(ports=[{"port": "80"}, 7, {"port": True}, {"port": 80.5}, {}, {"port": 1, "name": 7}, {"port": 0},
                                  {"port": 1, "protocol": "ICMP"}, {"port": 1, "nodePort": 65536}])),
        ['1: spec.ports[0].port: should be a number from 1 to 65535, not "80"',
         "1: spec.ports[2].port: should be a number from 1 to 65535, not true",
         "1: spec.ports[3].port: should be a number from 1 to 65535, not 80.5",
         "1: spec.ports[4]: should have a `port`, a number from 1 to 65535",
         "1: spec.ports[5].name: should be text, not 7",
         "1: spec.ports[6].port: should be a number from 1 to 65535, not 0",
         '1: spec.ports[7].protocol: should be TCP, UDP, SCTP, not "ICMP"',
         "1: spec.ports[8].nodePort: should be a number from 0 to 65535, not 65536",
         "1: spec.ports[1]: should be a mapping of keys to values, not 7"]),
    "wrong addresses": (
        json.dumps(service(clusterIP="10.96.4", externalIPs=["x" * 100, 7, "1.2.3.4/24"], status=[{"ip": "1.2.3.4.5"}])),
        ['1: spec.clusterIP: should be an address in digits, not "10.96.4"',
         "1: spec.externalIPs[1]: should be text, not 7",
         f'1: spec.externalIPs[0]: should be an address in digits, not "{"x" * 59}...',
         '1: spec.externalIPs[2]: should be an address in digits, not "1.2.3.4/24"',
         '1: status.loadBalancer.ingress[0].ip: should be an address in digits, not "1.2.3.4.5"']),
    "a family that its address isn't of": (
        json.dumps(service(ipFamilies=["IPv6", "IPv5"], clusterIPs=["10.96.4.10", "1.2.3.4"])),
        ['1: spec.clusterIPs[0]: should be an IPv6 address, as ipFamilies says, not "10.96.4.10"',
         '1: spec.ipFamilies[1]: should be IPv4 or IPv6, not "IPv5"']),
    "an unknown kind of addresses": (
        json.dumps(slice_(family="IP")), ['1: addressType: should be IPv4, IPv6 or FQDN, not "IP"']),
    "wrong endpoints": (
        json.dumps(slice_({"addresses": "10.244.1.1"}, {"addresses": ["x"]}, {**HERE, "conditions": {"ready": "yes"}}, None)),
        ["1: endpoints[0].addresses: should be a list, not \"10.244.1.1\"",
         '1: endpoints[1].addresses[0]: should be an address in digits, not "x"',
         '1: endpoints[2].conditions.ready: should be true or false, not "yes"',
         "1: endpoints[3]: should be a mapping of keys to values, not null"]),
    "no address for a server": (
        json.dumps([service(), slice_(endpoint("224.0.0.1"))]),
        ["1: [1].endpoints[0]: 224.0.0.1 can't be the address of a server: it is not a unicast address"]),
    "a scheduler that nobody has": (
        json.dumps([*ALL, config(ipvs={"scheduler": "zork"})]),
        ["1: `zork` is not a known scheduler"]),
    "a configuration that isn't one": (
        json.dumps([{**config(), "data": {"config.conf": "a: [b"}}, {**config(), "data": None}]),
        ["1: [0].data.config.conf: line 2: isn't YAML: did not find expected ',' or ']'",
         "1: [1].data.config.conf: should be the configuration of kube-proxy, and is missing"]),
    "wrong networks": (
        json.dumps([config(nodePortAddresses=["primary", "192.0.2.0"], ipvs={"excludeCIDRs": ["192.0.2.0/33"]})]),
        ['1: [0].data.config.conf.nodePortAddresses[0]: should be an address in digits, not "primary"',
         '1: [0].data.config.conf.nodePortAddresses[1]: should be a CIDR such as 192.0.2.0/24, not "192.0.2.0"',
         '1: [0].data.config.conf.ipvs.excludeCIDRs[0]: should be a CIDR such as 192.0.2.0/24, not "192.0.2.0/33"']),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong(name):
    text, expected = WRONG[name]
    found, assembly = read(text)
    messages = told(found, assembly)
    assert [message.partition("; choose one of")[0] for message in sorted(messages)] == sorted(expected)


BROKEN = {
    "cut off": (json.dumps(LIST, indent=1)[:-150], "the text ends within an object: it was cut off"),
    "cut off in a word": ('{"kind": "Li', "the text ends within an object: it was cut off"),
    "no comma": ('{"kind": "List" "items": []}', "isn't JSON: a comma or `}` should stand, at column 17"),
    "no colon": ('{"kind" "List"}', "isn't JSON: a key and a colon should stand, at column 9"),
    "no value": ('{"kind":\n }', "isn't JSON: Expecting value, at column 2"),
    "a number": ("[1, 2]", "is no object of Kubernetes, but 1: try `kubectl get services,endpointslices,nodes -A -o json`"),
    "a word": ("hello", 'is no object of Kubernetes, but "hello": try `kubectl get services,endpointslices,nodes -A -o json`'),
    "YAML that isn't": (
        "a: b: c",
        "isn't YAML: mapping values are not allowed in this context: "
        "a second `:` in a line, or a line that is indented deeper than its neighbours",
    ),
    "a tag": ("kind: !!python/name:x y", "the tag tag:yaml.org,2002:python/name:x can't be read: leave it out"),
    "nested": ("kind: " + "[" * 200 + "]" * 200, "is nested more than 100 deep, which no object is"),
    "nested JSON": ('{"kind": ' + "[" * 100_000, "is nested too deep for an object"),
    "many keys": (json.dumps({f"k{number}": 1 for number in range(2000)}), "has more than 1000 keys, which no object has"),
    "many keys of YAML": ("".join(f"k{number}: 1\n" for number in range(2000)), "has more than 1000 keys, which no object has"),
    "a long number": ('{"kind": ' + "1" * 5000 + "}", "isn't JSON of Kubernetes: a number is too long"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read(name):
    text, expected = BROKEN[name]
    with pytest.raises(BrokenError) as caught:
        read(text)
    assert str(caught.value) == expected


def test_the_line_of_what_cannot_be_read():
    for text, line in [
        (json.dumps(LIST, indent=1).replace('"items"', '"items'), 3),
        (f"{json.dumps(LIST)}\n---\na: b: c\n", 3),
        ('{\n"kind": "x",\n"a" 1}', 3),
    ]:
        with pytest.raises(BrokenError) as caught:
            read(text)
        assert caught.value.line == line


JUNK = (None, 0, -1, 1.5, True, "", "x", "None", [], [None], [[]], ["x"], {}, {"name": None}, {"x": [1]})


def places(value, path=()):
    """All places within `value`, of which those in lists count once."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def changed(value, path, new):
    """`value` with `new` at `path`."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def test_junk_is_told_wherever_it_stands():
    """Each value of a cluster becomes anything else: that is a problem, a note, or as good as missing."""
    whole = [service(status=[{"ip": "203.0.113.9"}], port=WITH_NODE_PORT, externalIPs=["198.51.100.7"],
                     ipFamilies=["IPv4"], clusterIPs=["10.96.4.10"], sessionAffinity="ClientIP",
                     sessionAffinityConfig={"clientIP": {"timeoutSeconds": 5}}, internalTrafficPolicy="Local"),
             slice_(endpoint("10.244.1.1", "ready", zones=["green"], nodes=[NODE], targetRef={"name": "x"})), node(),
             yaml.safe_load(config(ipvs={"scheduler": "rr", "excludeCIDRs": ["192.0.2.0/24"]}, bindAddress="::",
                                   nodePortAddresses=["0.0.0.0/0"])["data"]["config.conf"]), config()]  # fmt: skip
    heard = 0
    for index, one in enumerate(whole):
        for path in places(one):
            for junk in JUNK:
                objects = changed(whole, (index,), changed(one, path, junk))
                try:
                    found, assembly = read(objects)
                except BrokenError:
                    heard += 1
                    continue
                heard += bool(told(found, assembly) or kinds(found))
    assert heard > 500


def test_problems_end():
    found, assembly = read([service(ports=[{"port": 0}] * 5000)])
    assert len(told(found, assembly)) == 1000


def test_a_table_is_bounded():
    ports = [{"name": f"p{number}", "port": number, "nodePort": number} for number in range(1, 60001)]
    found, assembly = read([service(ports=ports)], options(own=[f"192.0.2.{number}" for number in range(1, 100)]))
    assert told(found, assembly) == ["1: makes more than 2000000 services and servers, which no table holds"]
    outer = [f"198.51.{number >> 8}.{number & 255}" for number in range(1000)]
    _, assembly = read([service(ports=ports[:3000], externalIPs=outer)])
    assert len(assembly.problems) == 1
    numbers = [{"name": "http", "port": number} for number in range(1, 30001)]
    endpoints = [endpoint(f"10.244.{number >> 8}.{number & 255}") for number in range(200)]
    _, assembly = read([service(), slice_(*endpoints, ports=numbers)])
    assert len(assembly.problems) == 1


def test_names_are_printable():
    found, _ = read([service("a\x1b[31m\u202e", "b\n", ports=[{"name": "c\t", "port": 80}])])
    assert [owner.title for owner in found.owners.services.values()] == ["b/a[31m:c"]
