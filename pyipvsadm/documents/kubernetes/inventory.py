"""Collects the objects of a text: keeps those that the table depends on by name, and counts the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...model import printable
from ..formats import BrokenError
from ..remarks import Note
from . import cluster, proxy
from .fields import Part, shown
from .objects import LIST, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...table.assembly import Place
    from .cluster import KubeService, Node, Slice
    from .fields import Path, Wrong

    Name = tuple[str, str]

CORE, SLICES, PROXY = "", "discovery.k8s.io", "kubeproxy.config.k8s.io"
VERSIONS = {  # by the group and kind of an object that is read: its version, and how to ask kubectl for it
    (CORE, "Service"): ("v1", "services"),
    (SLICES, "EndpointSlice"): ("discovery.k8s.io/v1", "endpointslices.v1.discovery.k8s.io"),
    (CORE, "Node"): ("v1", "nodes"),
    (CORE, "ConfigMap"): ("v1", "configmap/kube-proxy -n kube-system"),
    (PROXY, "KubeProxyConfiguration"): ("kubeproxy.config.k8s.io/v1alpha1", "configmap/kube-proxy -n kube-system"),
}
ASK = "kubectl get services,endpointslices,nodes -A -o json"
CONFIG_MAP, CONFIG = "kube-proxy", "config.conf"
OTHERS = 5  # how many other kinds a note names
REMARKS = (  # fields of a Service that a table can't hold: the kind of note, the key in its spec, the reason
    ("source ranges", "loadBalancerSourceRanges", "loadBalancerSourceRanges are for a firewall, not for IPVS"),
    ("health check", "healthCheckNodePort", "kube-proxy itself answers at healthCheckNodePort: it isn't in the table"),
)
NAMELESS = "slice port"
APP = "app protocol"


class Gathering:
    """The objects of a cluster on which a table depends, and notes about them. `wrong` takes problems."""

    def __init__(self, wrong: Wrong) -> None:
        self.services: dict[Name, KubeService] = {}
        self.slices: dict[Name, list[Slice]] = {}
        self.nodes: dict[str, Node] = {}
        self.config = proxy.Config()
        self.notes: list[Note] = []
        self._lines: dict[Path, int] = {}
        self._wrong = wrong
        self._counted: Counter[str] = Counter()  # by kind
        self._others: Counter[str] = Counter()
        self._slices: dict[Name, tuple[Name, Slice | None]] = {}  # by their own names
        self._endpoints: Path | None = None  # the first Endpoints object, a kind that EndpointSlice has replaced

    def note(self, kind: str, place: Path, message: str) -> None:
        """Add a note about something that isn't in the table, or that may surprise."""
        self.notes.append(Note(kind=kind, place=place, message=message))

    def line(self, place: Place) -> int:
        """The number of the line where the object that contains `place` begins."""
        path = place if isinstance(place, tuple) else ()
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def gather(self, text: str) -> None:
        """Add all objects of `text`. Raises BrokenError if it can't be parsed any further."""
        for path, line, data in objects(text):
            self._lines[path] = line
            if data.__class__ is not dict:
                raise BrokenError(line, f"is no object of Kubernetes, but {shown(data)}: try `{ASK}`")
            self._take(Part(data, path, self._wrong))
        for owner, one in self._slices.values():
            if one is not None:
                self.slices.setdefault(owner, []).append(one)
        self._tell()

    def _take(self, item: Part) -> None:
        """Add an object, or count it if no table depends on its kind."""
        kind, version = printable(item.text("kind")), printable(item.text("apiVersion"))
        group = version.rpartition("/")[0]
        wanted, ask = VERSIONS.get((group, kind), ("", ""))
        if not kind:
            self._wrong(item.path, f"has no kind, and so is no object of Kubernetes: try `{ASK}`")
        elif wanted == version:
            self._counted[kind] += 1
            READERS[kind](self, item)
        elif wanted:
            what = f"`apiVersion: {version}`" if version else "no apiVersion"
            self._wrong(item.path, f"{kind} with {what} isn't read: ask for {wanted}, as with `kubectl get {ask}`")
        elif (group, kind) == (CORE, "Endpoints"):
            self._endpoints = self._endpoints or item.path
            self._others[kind] += 1
        elif not (kind.endswith(LIST) and not item.has("items")):
            self._others[kind] += 1

    def _service(self, item: Part) -> None:
        name = self._name(item)
        if name is None:
            return
        if not cluster.is_seen(item.part("metadata").labels("labels")):
            self.note("other proxy", item.path, f"{'/'.join(name)} has a label that keeps kube-proxy away from it")
            return
        self._first(self.services, name, item)
        found = cluster.service(item)
        if found is None:
            self.services.pop(name, None)
            return
        self.services[name] = found
        spec = item.part("spec")
        for kind, key, message in REMARKS:
            if spec.has_more(key):
                self.note(kind, (*item.path, "spec", key), f"{found.title}: {message}")
        if any(port.get("appProtocol") for port in spec.looked_at("ports")):
            self.note(APP, item.path, f"{found.title}: appProtocol changes nothing here")
        if not spec.has_more("ports"):
            self.note("no ports", item.path, f"{found.title} has no ports, and so makes no virtual service")

    def _slice(self, item: Part) -> None:
        name = self._name(item)
        labels = item.part("metadata").labels("labels")
        if name is None or not cluster.is_seen(labels):
            return
        owner = labels.get(cluster.SERVICE_NAME, "")
        if not owner:
            self.note("no owner", item.path, f"{'/'.join(name)} has no label {cluster.SERVICE_NAME}: it is nobody's")
            return
        self._first(self._slices, name, item)
        self._slices[name] = (name[0], printable(owner)), cluster.slice_of(item)
        if any(port.get("name") is None or not port.get("port") for port in item.looked_at("ports")):
            message = f"{'/'.join(name)}: kube-proxy passes over ports without a name, or without a number"
            self.note(NAMELESS, item.path, message)

    def _node(self, item: Part) -> None:
        if (name := self._name(item)) is not None:
            self.nodes[name[1]] = cluster.node(item)

    def _config_map(self, item: Part) -> None:
        name = self._name(item)
        if name is None or name[1] != CONFIG_MAP:
            self._others["ConfigMap"] += 1
            return
        text = item.part("data").text(CONFIG)
        place = (*item.path, "data", CONFIG)
        if not text:
            self._wrong(place, "should be the configuration of kube-proxy, and is missing")
        try:
            for found in objects(text):
                if found.data.__class__ is dict and found.data.get("kind") == "KubeProxyConfiguration":
                    self._take(Part(found.data, place, self._wrong))
        except BrokenError as error:
            self._wrong(place, f"line {error.line}: {error}")

    def _configuration(self, item: Part) -> None:
        self.config = proxy.config(item)
        if self.config.mode != proxy.MODE:
            self.note("mode", item.path, f"kube-proxy's mode is {self.config.mode}, in which it makes no table of IPVS")

    def _name(self, item: Part) -> Name | None:
        """The namespace and the name of an object; None if it has no name, which is reported."""
        name = cluster.named(item)
        if not name[1]:
            self._wrong(item.path, "has no `metadata.name`")
            return None
        return name

    def _first(self, known: dict[Name, Any], name: Name, item: Part) -> None:
        """Add a note if an object of this name is `known` already."""
        if name in known:
            self.note("twice", item.path, f"{'/'.join(name)} is there twice: this one counts")

    def _tell(self) -> None:
        """Add notes about objects of other kinds, and about missing ones."""
        if self._endpoints is not None:
            missing = not self._counted["EndpointSlice"]
            (self._wrong if missing else self._passed)(
                self._endpoints, f"kube-proxy doesn't read Endpoints: ask for endpointslices, as with `{ASK}`"
            )
        elif self.services and not self._counted["EndpointSlice"]:
            self.note("no slices", (), f"there is no EndpointSlice, and so no server: were they asked for? `{ASK}`")
        if not self._counted and not self._others:
            self.note("empty", (), "there is no object here")
        if self._others:
            kinds = [f"{number} {kind}" for kind, number in self._others.most_common(OTHERS)]
            more = [] if len(self._others) <= OTHERS else ["..."]
            self.note("other kinds", (), f"passed over, since no table depends on them: {', '.join(kinds + more)}")

    def _passed(self, place: Path, message: str) -> None:
        self.note("endpoints", place, message)


READERS: dict[str, Callable[[Gathering, Part], None]] = {
    "Service": Gathering._service,
    "EndpointSlice": Gathering._slice,
    "Node": Gathering._node,
    "ConfigMap": Gathering._config_map,
    "KubeProxyConfiguration": Gathering._configuration,
}
