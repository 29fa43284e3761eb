"""Reads Kubernetes objects as the table that kube-proxy's IPVS mode makes of them on one node.

`objects` finds them in a text, `inventory` keeps those that count, as `cluster` has them, `proxy` says how kube-proxy
runs, `choice` which endpoints it takes, and `translation` makes the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...table.assembly import EnoughError
from ..owners import Owners
from ..remarks import Findings, Note
from .fields import network, packed
from .inventory import Gathering
from .proxy import PRIMARY, Options, proxy
from .reasons import expected, why
from .translation import MOST, TooLargeError, Translation

if TYPE_CHECKING:
    from ...table.assembly import Assembly
    from ..formats import Inputs
    from .proxy import Proxy

BESIDE = (
    "kube-proxy makes rules of iptables and sets of ipset as well (KUBE-*: masquerading, source ranges, health checks),"
    " and sets net.ipv4.vs.conntrack, expire_nodest_conn and expire_quiescent_template, and net.ipv4.ip_forward, to 1"
)
RIVAL = "where kube-proxy runs, it undoes this within its next sync: it is for nodes without one"

__all__ = ["PRIMARY", "Options", "network", "packed", "read"]


def read(text: str, assembly: Assembly, inputs: Inputs) -> Findings:
    """Add the table that kube-proxy makes of the objects in `text` to `assembly`; places are paths of keys.

    Raises BrokenError if the text can't be parsed.
    """
    options = inputs.options if isinstance(inputs.options, Options) else Options()
    found = Gathering(assembly.wrong)
    try:
        found.gather(text)
        return _translated(found, proxy(options, found.config, found.nodes), assembly)
    except TooLargeError:
        assembly.wrong((), f"makes more than {MOST} services and servers, which no table holds")
    except EnoughError:
        pass
    return Findings(line=found.line)


def _translated(found: Gathering, proxy: Proxy, assembly: Assembly) -> Findings:
    """Add the table to `assembly`, unless the scheduler is unknown, which would be an error for each service."""
    table = Translation(found, proxy)
    before = len(assembly.problems)
    assembly.scheduler(proxy.scheduler, ())
    if len(assembly.problems) == before:
        table.make()
        table.give(assembly)
    services = {key: one.owner for key, one in table.made.items()}
    owners = Owners(services=services, addresses={one.service.address or b"": one.owner for one in table.made.values()})
    return Findings(
        line=found.line,
        notes=(*found.notes, *_notes(found, proxy, table)),
        owners=owners,
        left_alone=proxy.excluded,
        rival=RIVAL,
        expected=lambda now, wanted: expected(now, wanted, owners, proxy.excluded),
        why=lambda step: why(step, owners),
    )


def _notes(found: Gathering, proxy: Proxy, made: Translation) -> list[Note]:
    """The notes about the node, and about everything that a table can't hold."""
    notes = []
    if found.nodes and proxy.node not in found.nodes:
        message = f"there is no Node {proxy.node} here, and so no zone that hints could be for: is the name right?"
        notes.append(Note(kind="node", message=message))
    if made.made:
        notes.append(Note(kind="beside the table", message=BESIDE))
    return notes
