"""Schedulers that compare the numbers of connections, or only weights.

Source: ip_vs_lc.c, ip_vs_wlc.c, ip_vs_sed.c, ip_vs_nq.c, ip_vs_fo.c, ip_vs_ovf.c.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Server

    Load = Callable[[Server], tuple[int, int]]

BY_WEIGHT = ("fo",)  # schedulers that ignore connections
ACTIVE = 256  # inactive connections that count as much as one active connection


def least(scheduler: str, servers: Sequence[Server], usable: Sequence[int]) -> int | None:
    """The index of the server that gets the next connection, of those in `usable`, the first of equals; or None."""
    if scheduler == "nq":
        idle = [index for index in usable if not servers[index].active]
        if idle:
            return idle[0]
    if scheduler == "ovf":
        usable = [index for index in usable if servers[index].active <= servers[index].weight]
    load = LEAST[scheduler]
    best = None
    for index in usable:
        if best is None or _is_less(load(servers[index]), load(servers[best])):
            best = index
    return best


def _is_less(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one fraction (numerator, denominator) is less than the other, compared exactly."""
    return one[0] * other[1] < other[0] * one[1]


def _connections(server: Server) -> int:
    return server.active * ACTIVE + server.inactive


LEAST: dict[str, Load] = {  # by scheduler: the load to minimize, as numerator and denominator
    "lc": lambda server: (_connections(server), 1),
    "wlc": lambda server: (_connections(server), server.weight),
    "sed": lambda server: (server.active + 1, server.weight),
    "nq": lambda server: (server.active + 1, server.weight),
    "fo": lambda server: (-server.weight, 1),
    "ovf": lambda server: (-server.weight, 1),
}
