"""The checks, each a pure function of a snapshot; the tables say which belong to which kind of machine."""

from __future__ import annotations

from . import address, direct, ground, nat, real_server, table, tunnel

DIRECTOR = (*ground.CHECKS, *address.CHECKS, *nat.CHECKS, *direct.CHECKS, *tunnel.CHECKS, *table.CHECKS)
REAL_SERVER = real_server.CHECKS
EXPLAINED = {  # a check that only sees what others see the cause of: by which findings it is told already
    "V1": {"G5"},
    "V9": {"V1"},
    "N7": {"N3"},
    "N4": {"N1", "N2", "N3", "N6", "N9", "V9", "D4"},
    "S10": {"V1", "V4", "V8", "V9", "G8", "G11", "S1"},
    "D1": {"G5"},
    "D4": {"D1"},
}
