"""What both programs say to the kernel, heard by its monitor: the golden bytes are ipvsadm's, and ours are enough."""

from __future__ import annotations

import time

import pytest

from ..test_golden import GOLDEN, needed
from .capture import Request, monitor
from .directors import InProcess, ipvsadm, stop_daemons

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
GET_SERVICE, GET_DEST, GET_DAEMON, GET_CONFIG = 4, 8, 11, 13


def test_the_golden_bytes_are_what_both_send(director):
    """All lines of the golden table, in its order, one after the other on one table each."""
    theirs, ours = director("ipvsadm"), director("pyipvsadm")
    with monitor(theirs.namespace) as heard_of_theirs, monitor(ours.namespace) as heard_of_ours:
        for line, number, golden in GOLDEN:
            data = bytes.fromhex(golden)
            assert theirs(line).returncode == 0, line
            assert heard_of_theirs() == [Request(REQUEST | ACK, number, data)], line
            assert ours(line).returncode == 0, line
            assert heard_of_ours() == [Request(REQUEST | ACK, number, needed(number, data))], line
            assert ours.table() == theirs.table(), line
            heard_of_theirs(), heard_of_ours()
            if "-daemon" in line:
                time.sleep(0.05)  # the kernel is at work on it: the comparison waits for that
    for one in (ours, theirs):
        stop_daemons(one.namespace)


SERVICES = ("-A -t 192.168.2.10:80", "-A -f 5 -6")
KEYS = {  # family, protocol, address and port; family and mark
    SERVICES[0]: "30000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000",
    SERVICES[1]: "14000180 060001000a000000 0800050005000000",
}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-Ln", [(DUMP, GET_SERVICE, None), (DUMP, GET_DEST, SERVICES[0]), (DUMP, GET_DEST, SERVICES[1])]),
        ("-Sn", [(DUMP, GET_SERVICE, None), (DUMP, GET_DEST, SERVICES[0]), (DUMP, GET_DEST, SERVICES[1])]),
        ("-Ln -t 192.168.2.10:80", [(0, GET_SERVICE, SERVICES[0]), (DUMP, GET_DEST, SERVICES[0])]),
        ("-Ln -f 5 -6", [(0, GET_SERVICE, SERVICES[1]), (DUMP, GET_DEST, SERVICES[1])]),
        ("-L --timeout", [(0, GET_CONFIG, None)]),
        ("-L --daemon", [(DUMP, GET_DAEMON, None)]),
        ("-Lnc", []),
    ],
)
def test_listings_ask_what_ipvsadm_asks(director, line, expected):
    """But for the acknowledgements that it wants of everything, which a question needs none of."""
    theirs = director("ipvsadm")
    ours = InProcess(theirs.namespace)
    for service in SERVICES:
        assert theirs(service) == (0, "", "")
    with monitor(theirs.namespace) as heard:
        theirs(line)
        asked_by_theirs = heard()
        ours(line)
        asked_by_ours = heard()
    wanted = [
        Request(REQUEST | flags, command, bytes.fromhex(KEYS[service]) if service else b"")
        for flags, command, service in expected
    ]
    assert asked_by_ours == wanted
    assert [
        Request(one.flags & ~ACK, one.command, needed(one.command, one.attributes)) for one in asked_by_theirs
    ] == wanted


def test_a_restore_shares_writes(director):
    """The kernel hears the same requests, of which only the last asks for an acknowledgement."""
    theirs, ours = director("ipvsadm"), director("pyipvsadm")
    rules = [line for line, *_ in GOLDEN if line[:2] in ("-A", "-a", "-e", "-d")]
    stdin = "".join(f"{rule}\n" for rule in rules)
    with monitor(theirs.namespace) as heard:
        assert theirs("-R", stdin).returncode == 0
        one = heard()
    with monitor(ours.namespace) as heard:
        assert ours("-R", stdin).returncode == 0
        other = heard()
    assert len(one) == len(rules)
    assert [request.flags for request in other] == [REQUEST] * (len(rules) - 1) + [REQUEST | ACK]
    assert [(r.command, needed(r.command, r.attributes)) for r in one] == [(r.command, r.attributes) for r in other]
    assert ours.table() == theirs.table()


def test_the_monitor_hears_ipvsadm(director):
    theirs = ipvsadm(director("ipvsadm").namespace)
    with monitor(theirs.namespace) as heard:
        theirs("-C")
        theirs("zork")
        assert heard() == [Request(REQUEST | ACK, 17, b"")]
