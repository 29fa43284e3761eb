"""kube-proxy's rules once more, written plainly from its facts: a second reader for random clusters.

Nothing is shared with what it checks: objects are dicts, addresses text, and each rule is looked up anew for each port.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

NODE, ZONE = "north-1", "green"
OWN = ("192.0.2.11", "127.0.0.1", "169.254.7.7", "2001:db8::11", "::1", "fe80::5")
HIDDEN = ("service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless")

Objects = list[dict[str, Any]]
Table = dict[str, tuple[int, list[str]]]  # by service: seconds of persistence, servers


def cluster(random: Random) -> Objects:
    """Objects of a cluster: Services and slices of all kinds, of which several share names and addresses."""
    services = [_service(random, number) for number in range(random.randint(1, 3))]
    slices = [_slice(random, f"s{number}") for number in range(random.randint(0, 5))]
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": {"topology.kubernetes.io/zone": ZONE}},
    }
    return [*services, *slices, *([node] if random.random() < 0.8 else [])]


def _service(random: Random, number: int) -> dict[str, Any]:
    families = random.choice((["IPv4"], ["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"], None))
    addresses = [
        f"10.96.0.{number + 1}" if family == "IPv4" else f"fd00::{number + 1}" for family in families or ("IPv4",)
    ]
    ports = [
        {"name": name, "port": 80 + index, "protocol": random.choice(("TCP", "UDP", "SCTP"))}
        for index, name in enumerate(random.sample(("a", "b", "c"), random.randint(1, 2)))
    ]
    for index, port in enumerate(ports):
        if random.random() < 0.3:
            port["nodePort"] = 30000 + 10 * number + index
        if random.random() < 0.2:
            del port["protocol"]
        if random.random() < 0.2:
            port["appProtocol"] = "http"
    if len(ports) == 1 and random.random() < 0.4:
        del ports[0]["name"]
    spec: dict[str, Any] = {"clusterIP": addresses[0], "clusterIPs": addresses, "ports": ports}
    if families:
        spec["ipFamilies"] = families
    if random.random() < 0.1:
        spec["clusterIP"] = random.choice(("None", ""))
    if random.random() < 0.05:
        spec["type"] = "ExternalName"
    for policy in ("internalTrafficPolicy", "externalTrafficPolicy"):
        if random.random() < 0.6:
            spec[policy] = random.choice(("Local", "Cluster"))
    if random.random() < 0.3:
        spec["sessionAffinity"] = random.choice(("ClientIP", "None"))
        if random.random() < 0.5:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": random.choice((1, 60, 86400))}}
    if random.random() < 0.3:
        spec["externalIPs"] = random.sample((f"198.51.100.{number + 1}", "2001:db8:1::1", "192.0.2.11"), 2)[
            : 2 - number
        ]
    if random.random() < 0.2:
        spec["publishNotReadyAddresses"] = True
        spec["trafficDistribution"] = "PreferClose"
    found: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "spec": spec}
    found["metadata"] = {"namespace": "shop", "name": f"n{number}"}
    if random.random() < 0.08:
        found["metadata"]["labels"] = {random.choice(HIDDEN): ""}
    if random.random() < 0.3:
        entries = ({"ip": f"203.0.113.{number + 1}"}, {"ip": f"203.0.113.{number + 11}", "ipMode": "Proxy"})
        more = ({"hostname": "x.example"}, {"ip": f"2001:db8:2::{number + 1}", "ipMode": "VIP"})
        found["status"] = {"loadBalancer": {"ingress": random.sample((*entries, *more), random.randint(1, 3))}}
    return found


def _slice(random: Random, name: str) -> dict[str, Any]:
    family = random.choice(("IPv4", "IPv4", "IPv4", "IPv6", "FQDN"))
    ports: list[dict[str, Any]] = [
        {"name": name, "port": random.choice((8080, 9090)), "protocol": protocol}
        for name in ("a", "b", "c", "")
        for protocol in ("TCP", "UDP", "SCTP")
        if random.random() < 0.7
    ]
    if ports and random.random() < 0.1:
        ports[0]["port"] = random.choice((None, 0))
    if ports and random.random() < 0.1:
        del ports[0]["name"]
    labels = {"kubernetes.io/service-name": f"n{random.choice((0, 0, 0, 1, 2))}"}
    if random.random() < 0.08:
        labels[random.choice(HIDDEN)] = "x"
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": random.choice(("shop",) * 9 + ("other",)), "name": name, "labels": labels},
        "addressType": family,
        "ports": ports,
        "endpoints": [
            _endpoint(random, family, f"{int(name[1:]) + 1}{index}") for index in range(random.randint(0, 4))
        ],
    }


def _endpoint(random: Random, family: str, number: str) -> dict[str, Any]:
    address = {"IPv4": f"10.244.0.{number}", "IPv6": f"fd00:244::{number}", "FQDN": "x.example"}[family]
    found: dict[str, Any] = {"addresses": [address, *random.choice(((), ("10.244.9.9",)))]}
    names = ("ready", "serving", "terminating")
    conditions = {name: random.choice((True, True, False, None)) for name in names if random.random() < 0.7}
    if conditions or random.random() < 0.5:
        found["conditions"] = conditions
    if random.random() < 0.85:
        found["nodeName"] = random.choice((NODE, "north-2", "south-1"))
    if random.random() < 0.6:
        found["hints"] = {"forZones": [{"name": random.choice((ZONE, ZONE, "blue"))}]}
        if random.random() < 0.4:
            found["hints"]["forNodes"] = [{"name": random.choice((NODE, NODE, "north-2"))}]
    return found


def table(objects: Objects) -> Table:
    """The table that kube-proxy makes of `objects` on the node."""
    found: Table = {}
    zone = ZONE if any(one["kind"] == "Node" for one in objects) else ""
    for service in objects:
        if service["kind"] == "Service" and not _hidden(service) and _serves(service["spec"]):
            for family in (4, 6):
                _add(found, service, family, objects, zone)
    return found


def _hidden(one: dict[str, Any]) -> bool:
    return any(label in one["metadata"].get("labels", {}) for label in HIDDEN)


def _serves(spec: dict[str, Any]) -> bool:
    return spec["clusterIP"] not in ("", "None") and spec.get("type") != "ExternalName"


def _add(found: Table, service: dict[str, Any], family: int, objects: Objects, zone: str) -> None:
    spec = service["spec"]
    pairs = zip(spec.get("ipFamilies", ()), spec["clusterIPs"], strict=True) if "ipFamilies" in spec else ()
    own = [address for name, address in pairs if name == f"IPv{family}"]
    if "ipFamilies" not in spec and ip_address(spec["clusterIP"]).version == family:
        own = [spec["clusterIP"]]
    if not own:
        return
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", ())
    outer = [
        *spec.get("externalIPs", ()),
        *(one["ip"] for one in ingress if "ip" in one and one.get("ipMode") != "Proxy"),
    ]
    outer = [address for address in outer if ip_address(address).version == family]
    seconds = 0
    if spec.get("sessionAffinity") == "ClientIP":
        seconds = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds", 10800)
    for port in spec["ports"]:
        protocol = port.get("protocol", "TCP").lower()
        ends = _endpoints(service, port, family, objects)
        everywhere = _hinted(_usable(ends), zone)
        here = _usable({key: one for key, one in ends.items() if one.get("nodeName") == NODE})
        if spec.get("internalTrafficPolicy") == "Local" and not (outer or port.get("nodePort")):
            everywhere = {}
        inside, outside = (
            (here or everywhere) if spec.get(policy) == "Local" else everywhere
            for policy in ("internalTrafficPolicy", "externalTrafficPolicy")
        )
        found[_named(own[0], port["port"], protocol)] = seconds, sorted(inside)
        for address in outer:
            found[_named(address, port["port"], protocol)] = seconds, sorted(outside)
        for address in OWN if port.get("nodePort") else ():
            where = ip_address(address)
            if where.version == family and not where.is_loopback and where not in ip_network("fe80::/10"):
                found[_named(address, port["nodePort"], protocol)] = seconds, sorted(outside)


def _named(address: str, port: int, protocol: str) -> str:
    return f"[{address}]:{port}/{protocol}" if ":" in address else f"{address}:{port}/{protocol}"


def _endpoints(
    service: dict[str, Any], port: dict[str, Any], family: int, objects: Objects
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in objects:
        if one["kind"] != "EndpointSlice" or _hidden(one) or one["addressType"] != f"IPv{family}":
            continue
        metadata = one["metadata"]
        owner = metadata["namespace"], metadata["labels"]["kubernetes.io/service-name"]
        if owner != (service["metadata"]["namespace"], service["metadata"]["name"]):
            continue
        for there in one["ports"]:
            fits = there.get("name") == port.get("name", "") and there["protocol"] == port.get("protocol", "TCP")
            if fits and there["port"]:
                for end in one["endpoints"]:
                    address = end["addresses"][0]
                    found[f"[{address}]:{there['port']}" if family == 6 else f"{address}:{there['port']}"] = end
    return found


def _is(end: dict[str, Any], name: str, default: bool) -> bool:
    value = end.get("conditions", {}).get(name)
    return default if value is None else value


def _usable(ends: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    ready = {key: one for key, one in ends.items() if _is(one, "ready", True)}
    return ready or {
        key: one for key, one in ends.items() if _is(one, "serving", True) and _is(one, "terminating", False)
    }


def _hinted(ends: dict[str, dict[str, Any]], zone: str) -> dict[str, dict[str, Any]]:
    if not all(_is(one, "ready", True) for one in ends.values()):
        return ends
    for key, name in (("forNodes", NODE), ("forZones", zone)):
        hints = {at: [hint["name"] for hint in one.get("hints", {}).get(key, ())] for at, one in ends.items()}
        if all(hints.values()) and any(name in names for names in hints.values()):
            return {at: ends[at] for at, names in hints.items() if name in names}
    return ends
