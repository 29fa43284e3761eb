"""Pure: finds what keeps a drained server busy."""

from __future__ import annotations

from _socket import IPPROTO_TCP, IPPROTO_UDP

from ...model import FLAG_1, FLAG_2, PERSISTENT
from ...record import Record
from ...table.notation import counted, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .places import Place

CLOSED_LASTS = 120  # seconds that the kernel remembers a TCP connection in TIME_WAIT; no setting changes that
SETTING = "net.ipv4.vs.expire_quiescent_template"
NODEST = "net.ipv4.vs.expire_nodest_conn"
FALLBACK, PORT = FLAG_1, FLAG_2  # of the schedulers sh and mh
HASHING = ("sh", "mh", "dh")


class Machine(Record):
    """Values of the machine: kernel settings, None if they can't be read, and timeouts in seconds."""

    __slots__ = ()
    expire_quiescent_template: int | None = None
    expire_nodest_conn: int | None = None
    udp_timeout: int = 0

    def outlasted(self, seconds: float) -> bool:
        """Whether, `seconds` into the drain, the kernel has forgotten UDP flows that ended before it."""
        return bool(self.udp_timeout) and seconds > self.udp_timeout + 1


def reasons(places: Iterable[Place], machine: Machine) -> dict[str, str]:
    """The reasons why the server is busy in `places`, by kind, each in a line."""
    places = list(places)
    persistent = [place for place in places if place.server.persistent]
    udp = sum(place.server.inactive for place in places if place.service.protocol == IPPROTO_UDP)
    tcp = [place.server for place in places if place.service.protocol == IPPROTO_TCP]
    closed = sum(server.inactive for server in tcp)
    found = {}
    if persistent:
        found["persistence"] = _persistence(persistent, machine.expire_quiescent_template)
    if udp:
        lasts = f"for {machine.udp_timeout} s" if machine.udp_timeout else "for the UDP timeout"
        count = counted(udp, "connection")
        found["udp"] = f"UDP connections have no end: the kernel remembers {count} {lasts} after the last packet"
    if closed and not any(server.active for server in tcp):
        found["closed"] = (
            f"only TCP connections that are closed or not yet open are left ({closed}): the kernel"
            f" remembers them up to {CLOSED_LASTS} s, and `--until active` doesn't wait for them"
        )
    return found


def endless(places: Iterable[Place], machine: Machine, drain: str, removes: bool) -> str:
    """Says that UDP flows may never end, and how to move them; `drain` is the command that drains."""
    udp = sum(place.server.inactive for place in places if place.service.protocol == IPPROTO_UDP)
    if not udp:
        return ""
    if machine.expire_nodest_conn:
        how = "it is removed without waiting for them" if removes else f"`{drain} --remove` takes the server away then"
        then = f"{how}, and their next packet goes elsewhere, as {NODEST} is 1"
    else:
        how = f"`sysctl -w {NODEST}=1` and `{drain} --remove`"
        then = f"{how} take the server away after such a time, and their next packet goes elsewhere"
    count = counted(udp, "connection")
    return f"{count} of UDP went on for a whole timeout, {machine.udp_timeout} s, and may never end: {then}"


def _persistence(places: Sequence[Place], expire: int | None) -> str:
    """Says why persistent clients come back, or when the kernel forgets them."""
    count = sum(place.server.persistent for place in places)
    who = counted(count, "persistent client")
    lasts = max((place.service.timeout for place in places if place.service.flags & PERSISTENT), default=0)
    after = f"{lasts} s after their last connection" if lasts else "some time after their last connection"
    if expire:
        return f"{who} got here: the kernel sends them elsewhere when they come back, and forgets them {after}"
    unless = f"because {SETTING} is 0" if expire == 0 else f"unless {SETTING} is 1"
    return (
        f"{who} may come back, {unless}: `sysctl -w {SETTING}=1` sends them elsewhere; the kernel forgets them {after}"
    )


def refused_clients(places: Iterable[Place], program: str) -> list[str]:
    """A line for each service with clients that get no connection while the server is drained.

    A scheduler that hashes still finds a server of weight 0, and then gives up, unless it may fall back.
    Source: ip_vs_sh.c, ip_vs_mh.c, ip_vs_dh.c, the calls of is_unavailable.
    """
    found = {}
    for service in (place.service for place in places):
        scheduler = service.scheduler or ""
        if scheduler not in HASHING or (scheduler != "dh" and service.flags & FALLBACK):
            continue
        name = spelled(service)
        flags = f"{scheduler}-fallback" + (f",{scheduler}-port" if service.flags & PORT else "")
        way = (
            "another scheduler, or removing the server, sends them elsewhere"
            if scheduler == "dh"
            else f"`{program} set {name} -b {flags}` sends them elsewhere"
        )
        found[name] = f"{name} hashes ({scheduler}): clients whose hash leads here get no connection; {way}"
    return list(found.values())
