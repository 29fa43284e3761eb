"""The owners of a table's services and servers in a cluster."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model import Server, Service
    from ..table.settings import Settings

    ServiceKey = tuple[object, ...]
    ServerKey = tuple[bytes, int]


class Pod(Record):
    """The endpoint behind a server: a pod, named with its namespace, its node, and its conditions."""

    __slots__ = ()
    name: str = ""
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False

    @property
    def condition(self) -> str:
        """The pod's conditions in words."""
        words = (("ready", self.ready), ("serving", self.serving and not self.ready), ("terminating", self.terminating))
        return ", ".join(word for word, holds in words if holds) or "not ready"


class Owner(Record):
    """The owner of a service: the cluster's Service, its port by name or number, and which of its addresses this is.

    `pods` are all pods in its slices, whether they are servers here or not.
    """

    __slots__ = ()
    namespace: str = ""
    name: str = ""
    port: str = ""
    type: str = ""
    address: str = ""
    pods: Mapping[ServerKey, Pod] = {}

    @property
    def title(self) -> str:
        """The Service in its usual notation: `shop/api:http`."""
        return f"{self.namespace}/{self.name}:{self.port}"


class Owners(Record):
    """The owners of services, by service key, and one owner by each address."""

    __slots__ = ()
    services: Mapping[ServiceKey, Owner] = {}
    addresses: Mapping[bytes, Owner] = {}

    def told(self, service: Service, server: Server | None = None) -> str:
        """The owner of `service`, or the pod behind its `server`, in words; empty if unknown."""
        owner = self.services.get(service[:5])
        if owner is None:
            return ""
        if server is None:
            return f"{owner.title} ({owner.type}, {owner.address})"
        pod = owner.pods.get((server.address, server.port))
        if pod is None:
            return "in no EndpointSlice"
        place = " ".join(filter(None, (pod.name, pod.node and f"on {pod.node}")))
        return ", ".join(filter(None, (place, pod.condition)))

    def brief(self, service: Service, server: Server | None = None) -> str:
        """The name only: of the Service, or of the pod behind `server`."""
        owner = self.services.get(service[:5])
        if owner is None or server is None:
            return owner.title if owner else ""
        pod = owner.pods.get((server.address, server.port))
        return pod.name if pod else ""

    def data(self, service: Service, server: Server | None = None) -> Settings:
        """The same as JSON data, in one key; empty if unknown."""
        owner = self.services.get(service[:5])
        if owner is None:
            return {}
        if server is None:
            return {"owner": {key: value for key, value in owner.asdict().items() if key != "pods"}}
        pod = owner.pods.get((server.address, server.port))
        return {"owner": None if pod is None else {"pod": pod.name, **dict(zip(pod.FIELDS[1:], pod[1:], strict=True))}}


NOBODY = Owners()
