"""Which servers get no new connections, and which services have no usable server, judged from one reading."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model import Server

DRAINED, FULL, MAYBE_FULL = "drained", "full", "full?"
WORDS = ((DRAINED, DRAINED), (FULL, FULL), (MAYBE_FULL, "perhaps full"))
MAYBE_FULL_MEANS = "closed if it was full and has not been below its lower threshold (or 3/4 of the upper one) since"


def state(server: Server) -> str:
    """A word for why `server` gets no new connections; empty if it gets them.

    The kernel closes a server that reaches its upper threshold, and reopens it below the lower one or, without
    one, below three quarters of the upper. It doesn't report which state holds, so in between that is unknown.
    Source: ip_vs_bind_dest and ip_vs_unbind_dest in ip_vs_conn.c.
    """
    if not server.weight:
        return DRAINED
    upper, lower = server.upper_threshold, server.lower_threshold
    if not upper:
        return ""
    connections = server.active + server.inactive
    if connections >= upper:
        return FULL
    still_closed = connections >= lower if lower else connections * 4 >= upper * 3
    return MAYBE_FULL if still_closed else ""


def trouble(servers: Sequence[Server]) -> str:
    """Why a service with these `servers` accepts no connections, in words; empty if it accepts them."""
    states = set(map(state, servers))
    if not states:
        return "serves nobody: it has no server"
    if "" in states:
        return ""
    who = "its server is" if len(servers) == 1 else "all servers are"
    words = " or ".join(words for word, words in WORDS if word in states)
    return f"{'may serve' if MAYBE_FULL in states else 'serves'} nobody: {who} {words}"
