"""Calls of SaltStack's `lvs` module, each result as a line of JSON: run by a Python that has salt, for test_salt.py.

The program is the `ipvsadm` that is found on the path.
"""

from __future__ import annotations

import json

import salt.modules.cmdmod as commands
import salt.modules.lvs as lvs

VIP, SECOND, SIX = "192.168.2.10:80", "192.168.2.11:53", "[2001:db8::10]:443"
ONE, TWO = "192.168.10.11:8080", "192.168.10.12:8080"
CALLS = (
    ("list_",),
    ("get_rules",),
    ("zero",),
    ("add_service", "tcp", VIP),
    ("add_service", "tcp", VIP),  # it exists
    ("add_service", "tcp", VIP, "rr"),
    ("add_service", "udp", SECOND, "sh"),
    ("add_service", "fwmark", "7", "wrr"),
    ("add_service", "tcp", SIX, "lc"),
    ("add_service", "tcp", "192.168.2.12:80", "none-such"),
    ("add_service", "tcp", "192.168.2.12", "rr"),
    ("add_service", "tcp", "192.168.2.300:80", "rr"),
    ("add_service", "tcp", "no-such-host.invalid:80", "rr"),
    ("add_service", "udp", "192.168.2.12:no-such-port", "rr"),
    ("add_service", "fwmark", "0", "rr"),
    ("add_service", "fwmark", "x", "rr"),
    ("edit_service", "tcp", VIP, "wlc"),
    ("edit_service", "tcp", VIP, "none-such"),
    ("edit_service", "tcp", "192.168.2.99:80", "rr"),
    ("edit_service", "fwmark", "7"),
    ("add_server", "tcp", VIP, ONE),
    ("add_server", "tcp", VIP, ONE, "nat", 1),
    ("add_server", "tcp", VIP, TWO, "nat", 5),
    ("add_server", "tcp", VIP, "192.168.10.13", "tunnel", 2),
    ("add_server", "tcp", VIP, "192.168.10.14:8080", "dr", -1),
    ("add_server", "tcp", VIP, "192.168.10.14:8080", "nat", "many"),
    ("add_server", "tcp", "192.168.2.99:80", ONE, "nat", 1),
    ("add_server", "udp", SECOND, "192.168.10.11:53", "nat", 1),
    ("add_server", "fwmark", "7", "192.168.10.11", "dr", 3),
    ("add_server", "tcp", SIX, "[2001:db8::11]:443", "nat", 1),
    ("add_server", "tcp", SIX, ONE, "nat", 1),
    ("list_",),
    ("list_", "tcp", VIP),
    ("list_", "fwmark", "7"),
    ("list_", "tcp", "192.168.2.99:80"),
    ("get_rules",),
    ("check_service", "tcp", VIP),
    ("check_service", "tcp", "192.168.2.99:80"),
    ("check_server", "tcp", VIP, TWO),
    ("check_server", "tcp", VIP, "192.168.10.99:8080"),
    ("edit_server", "tcp", VIP, TWO, "nat", 9),
    ("edit_server", "tcp", VIP, TWO, "dr"),
    ("edit_server", "tcp", VIP, "192.168.10.99:8080", "nat", 9),
    ("zero", "tcp", VIP),
    ("zero", "tcp", "192.168.2.99:80"),
    ("delete_server", "tcp", VIP, TWO),
    ("delete_server", "tcp", VIP, TWO),
    ("delete_server", "tcp", "192.168.2.99:80", TWO),
    ("delete_service", "fwmark", "7"),
    ("delete_service", "fwmark", "7"),
    ("delete_service", "tcp", "192.168.2.99"),
    ("get_rules",),
    ("clear",),
    ("clear",),
    ("list_",),
)

if __name__ == "__main__":
    lvs.__salt__ = {"cmd.run_all": commands._run_all_quiet, "cmd.run": commands._run_quiet}
    for name, *words in CALLS:
        print(json.dumps([name, words, getattr(lvs, name)(*words)]), flush=True)
