"""The table of checks, from the rows of each module. A row's function takes a snapshot and yields findings. Pure."""

from __future__ import annotations

from . import (
    balance,
    capacity,
    direct_routing,
    ground,
    ingress,
    marks,
    masquerading,
    real_server,
    replies,
    sanity,
    tunnels,
    virtual_addresses,
)

_ALL = (
    *ground.CHECKS,
    *capacity.CHECKS,
    *virtual_addresses.CHECKS,
    *ingress.CHECKS,
    *marks.CHECKS,
    *masquerading.CHECKS,
    *replies.CHECKS,
    *direct_routing.CHECKS,
    *tunnels.CHECKS,
    *sanity.CHECKS,
    *balance.CHECKS,
    *real_server.CHECKS,
)
LETTERS = "GVNDTS"  # the ground, virtual addresses, NAT, direct routing, tunnels, the service table
CHECKS = tuple(sorted(_ALL, key=lambda row: (LETTERS.index(row.code[0]), int(row.code[1:]))))
