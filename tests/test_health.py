"""Who gets no new connections, as ip_vs_conn.c has it, and which services serve nobody."""

from __future__ import annotations

import pytest

from pyipvsadm.listing.health import state, trouble
from pyipvsadm.model import Server

OPEN, DRAINED, FULL, MAYBE = (
    Server(weight=1),
    Server(weight=0),
    Server(upper_threshold=10, active=6, inactive=4),
    Server(upper_threshold=10, lower_threshold=5, active=5),
)


@pytest.mark.parametrize(("server", "expected"), [
    (OPEN, ""),
    (DRAINED, "drained"),
    (DRAINED.replace(upper_threshold=1, active=5), "drained"),
    (Server(active=10**9), ""),
    (FULL, "full"),
    (FULL.replace(inactive=3), "full?"),
    (Server(upper_threshold=10, active=11), "full"),
    (Server(upper_threshold=100, active=75), "full?"),  # three quarters: not below them
    (Server(upper_threshold=100, active=74), ""),
    (MAYBE, "full?"),
    (MAYBE.replace(active=4), ""),
    (MAYBE.replace(active=10), "full"),
    (Server(lower_threshold=5, active=7), ""),
])  # fmt: skip
def test_a_server_s_state_in_a_word(server, expected):
    assert state(server) == expected


@pytest.mark.parametrize(("servers", "expected"), [
    ([], "serves nobody: it has no server"),
    ([OPEN], ""),
    ([OPEN, DRAINED, FULL], ""),
    ([DRAINED], "serves nobody: its server is drained"),
    ([DRAINED, DRAINED], "serves nobody: all servers are drained"),
    ([FULL, FULL], "serves nobody: all servers are full"),
    ([FULL, DRAINED], "serves nobody: all servers are drained or full"),
    ([MAYBE, DRAINED], "may serve nobody: all servers are drained or perhaps full"),
])  # fmt: skip
def test_a_service_that_serves_nobody_says_why(servers, expected):
    assert trouble(servers) == expected
