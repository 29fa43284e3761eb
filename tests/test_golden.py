"""Requests of every operation as bytes: what ipvsadm 1.31 sends, captured from it, and what we make of the same line.

We leave out what the kernel doesn't look at: of a service that is only named, all but its key, and
of a server that is removed likewise. All else is equal, to the last byte and in the same order. The
test `tests/kernel/test_bytes.py` holds these bytes against a living ipvsadm.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from pyipvsadm.grammar import parse
from pyipvsadm.kernel.wire import request

# fmt: off
GOLDEN = [  # the line, the command's number, its attributes: the header of a nested one, and those within
    ("-A -t 192.168.2.10:80 -s rr", 1, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0700060072720000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
    """),
    ("-A -u 192.168.2.10:53 -o", 1, """
        54000180 0600010002000000 0600020011000000 14000300c0a8020a000000000000000000000000 0600040000350000
        08000600776c6300 0c00070004000000ffffffff 0800080000000000 08000900ffffffff
    """),
    ("-A --sctp-service 192.168.2.10:3868 -s wlc", 1, """
        54000180 0600010002000000 0600020084000000 14000300c0a8020a000000000000000000000000 060004000f1c0000
        08000600776c6300 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
    """),
    ("-A -t [2001:db8::1]:80 -s sh -b sh-fallback,sh-port", 1, """
        54000180 060001000a000000 0600020006000000 1400030020010db8000000000000000000000001 0600040000500000
        0700060073680000 0c00070018000000ffffffff 0800080000000000 0800090080000000
    """),
    ("-A -t 192.168.2.10:443 -p 300 -M 255.255.255.0", 1, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040001bb0000
        08000600776c6300 0c00070001000000ffffffff 080008002c010000 08000900ffffff00
    """),
    ("-A -t [2001:db8::1]:443 -p -M 64", 1, """
        54000180 060001000a000000 0600020006000000 1400030020010db8000000000000000000000001 0600040001bb0000
        08000600776c6300 0c00070001000000ffffffff 0800080068010000 0800090040000000
    """),
    ("-A -u 192.168.2.10:5060 -p 60 --pe sip", 1, """
        5c000180 0600010002000000 0600020011000000 14000300c0a8020a000000000000000000000000 0600040013c40000
        08000600776c6300 08000b0073697000 0c00070001000000ffffffff 080008003c000000 08000900ffffffff
    """),
    ("-A -f 4294967295 -s mh -b flag-3", 1, """
        38000180 0600010002000000 08000500ffffffff 070006006d680000 0c00070020000000ffffffff 0800080000000000
        08000900ffffffff
    """),
    ("-A -f 5 -6 -s lc", 1, """
        38000180 060001000a000000 0800050005000000 070006006c630000 0c00070000000000ffffffff 0800080000000000
        0800090080000000
    """),
    ("-E -t 192.168.2.10:80 -s wrr -p", 2, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0800060077727200 0c00070001000000ffffffff 0800080068010000 08000900ffffffff
    """),
    ("-a -t 192.168.2.10:80 -r 192.168.10.11:8080 -m", 5, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
        60000280 06000b0002000000 14000100c0a80a0b000000000000000000000000 060002001f900000 0800030000000000
        0800040001000000 05000d0000000000 06000e0000000000 06000f0000000000 0800050000000000 0800060000000000
    """),
    ("-a -t 192.168.2.10:80 -r 192.168.11.12 -g -w 3 -x 100 -y 50", 5, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
        60000280 06000b0002000000 14000100c0a80b0c000000000000000000000000 0600020000500000 0800030003000000
        0800040003000000 05000d0000000000 06000e0000000000 06000f0000000000 0800050064000000 0800060032000000
    """),
    ("-a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -i", 5, """
        54000180 060001000a000000 0600020006000000 1400030020010db8000000000000000000000001 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 0800090080000000
        60000280 06000b000a000000 1400010020010db8000000000000000000000002 0600020000500000 0800030002000000
        0800040001000000 05000d0000000000 06000e0000000000 06000f0000000000 0800050000000000 0800060000000000
    """),
    ("-a -t 192.168.2.10:80 -r [2001:db8::2]:80 -i --tun-type gue --tun-port 6080 --tun-remcsum", 5, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
        60000280 06000b000a000000 1400010020010db8000000000000000000000002 0600020000500000 0800030002000000
        0800040001000000 05000d0001000000 06000e0017c00000 06000f0002000000 0800050000000000 0800060000000000
    """),
    ("-a -f 5 -6 -r 10.0.0.9 -i --tun-type gre --tun-csum", 5, """
        38000180 060001000a000000 0800050005000000 0500060000000000 0c00070000000000ffffffff 0800080000000000
        0800090080000000
        60000280 06000b0002000000 140001000a000009000000000000000000000000 0600020000000000 0800030002000000
        0800040001000000 05000d0002000000 06000e0000000000 06000f0001000000 0800050000000000 0800060000000000
    """),
    ("-e -t 192.168.2.10:80 -r 192.168.10.11:8080 -m -w 0", 6, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
        60000280 06000b0002000000 14000100c0a80a0b000000000000000000000000 060002001f900000 0800030000000000
        0800040000000000 05000d0000000000 06000e0000000000 06000f0000000000 0800050000000000 0800060000000000
    """),
    ("-d -t 192.168.2.10:80 -r 192.168.10.11:8080", 7, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
        60000280 06000b0002000000 14000100c0a80a0b000000000000000000000000 060002001f900000 0800030003000000
        0800040001000000 05000d0000000000 06000e0000000000 06000f0000000000 0800050000000000 0800060000000000
    """),
    ("-d -t 192.168.2.10:80 -r [2001:db8::2]:80", 7, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
        60000280 06000b000a000000 1400010020010db8000000000000000000000002 0600020000500000 0800030003000000
        0800040001000000 05000d0000000000 06000e0000000000 06000f0000000000 0800050000000000 0800060000000000
    """),
    ("-Z", 16, ""),
    ("-Z -t 192.168.2.10:80", 16, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
    """),
    ("-Z -f 5 -6", 16, """
        38000180 060001000a000000 0800050005000000 0500060000000000 0c00070000000000ffffffff 0800080000000000
        0800090080000000
    """),
    ("-D -t 192.168.2.10:80", 3, """
        54000180 0600010002000000 0600020006000000 14000300c0a8020a000000000000000000000000 0600040000500000
        0500060000000000 0c00070000000000ffffffff 0800080000000000 08000900ffffffff
    """),
    ("-D -f 4294967295", 3, """
        38000180 0600010002000000 08000500ffffffff 0500060000000000 0c00070000000000ffffffff 0800080000000000
        08000900ffffffff
    """),
    ("-C", 17, ""),
    ("--set 900 120 300", 12, """
        0800040084030000 0800050078000000 080006002c010000
    """),
    ("--set 0 0 5", 12, """
        0800040000000000 0800050000000000 0800060005000000
    """),
    ("--start-daemon master --mcast-interface lo", 9, """
        1c000380 0800010001000000 070002006c6f0000 0800030000000000
    """),
    ("--start-daemon backup --mcast-interface lo --syncid 7 --sync-maxlen 1400 --mcast-group ff02::81"
     " --mcast-port 9000 --mcast-ttl 9", 9, """
        48000380 0800010002000000 070002006c6f0000 0800030007000000 0600040078050000 0600070028230000
        0500080009000000 14000600ff020000000000000000000000000081
    """),
    ("--stop-daemon backup", 10, """
        1c000380 0800010002000000 0500020000000000 0800030000000000
    """),
    ("--stop-daemon master --syncid 7", 10, """
        1c000380 0800010001000000 0500020000000000 0800030007000000
    """),
]
# fmt: on

SERVICE, DEST = 1, 2
NESTED = 0x8000
SERVICE_KEY = (1, 2, 3, 4, 5)  # family, protocol, address, port, mark
DEST_KEY = (1, 2, 11)  # address, port, family
WHOLE_SERVICE, WHOLE_DEST = (1, 2), (5, 6)  # the commands that take all of it: add and edit


def attributes(data: bytes) -> list[tuple[int, bytes]]:
    """The attributes in `data`, by struct alone."""
    found = []
    while data:
        length, number = struct.unpack_from("=HH", data)
        found.append((number, data[4:length]))
        data = data[length + (-length & 3) :]
    return found


def joined(found: list[tuple[int, bytes]]) -> bytes:
    """Attributes as bytes."""
    return b"".join(
        struct.pack("=HH", len(body) + 4, number) + body + b"\0" * (-len(body) % 4) for number, body in found
    )


def needed(number: int, data: bytes) -> bytes:
    """Of a request of ipvsadm's, what the kernel looks at."""
    kept = []
    for kind, body in attributes(data):
        if kind == SERVICE | NESTED and number not in WHOLE_SERVICE:
            body = joined([one for one in attributes(body) if one[0] in SERVICE_KEY])
        if kind == DEST | NESTED and number not in WHOLE_DEST:
            body = joined([one for one in attributes(body) if one[0] in DEST_KEY])
        kept.append((kind, body))
    return joined(kept)


@pytest.mark.parametrize(("line", "number", "captured"), GOLDEN, ids=[line for line, _, _ in GOLDEN])
def test_a_line_becomes_the_request_that_ipvsadm_makes_of_it(line, number, captured):
    data = bytes.fromhex(captured)
    assert joined(attributes(data)) == data
    assert request(parse(line.split(), names=None)) == (number, needed(number, data))


def test_every_operation_is_there():
    assert {number for _, number, _ in GOLDEN} == {1, 2, 3, 5, 6, 7, 9, 10, 12, 16, 17}


def decoded(line: str) -> Any:
    """Our request for `line`, as pyroute2 reads it."""
    number, data = request(parse(line.split(), names=None))
    ipvs = pytest.importorskip("pyroute2.netlink.generic.ipvs", reason="pyroute2 reads IPVS from 0.8 on")
    message = ipvs.ipvsmsg(struct.pack("=IHHIIBBH", 20 + len(data), 28, 1, 1, 0, number, 1, 0) + data)
    message.decode()
    assert message["cmd"] == number
    return message


def test_another_reader_finds_the_same_service():
    service = decoded("-A -u 192.0.2.1:5060 -s sh -b sh-port -p 77 -M 255.255.255.0 --pe sip -o").get("service")
    assert {name.removeprefix("IPVS_SVC_ATTR_"): value for name, value in service["attrs"]} == {
        "AF": socket.AF_INET,
        "PROTOCOL": socket.IPPROTO_UDP,
        "ADDR": "192.0.2.1",
        "PORT": 5060,
        "SCHED_NAME": "sh",
        "PE_NAME": "sip",
        "FLAGS": {"flags": 1 | 4 | 16, "mask": 0xFFFFFFFF},
        "TIMEOUT": 77,
        "NETMASK": "255.255.255.0",
    }


def test_another_reader_finds_the_same_server():
    line = "-e -f 9 -6 -r [2001:db8::7]:8080 -i -w 3 -x 10 -y 5 --tun-type gue --tun-port 6080 --tun-csum"
    message = decoded(line)
    assert message.get("service").get("fwmark") == 9
    assert message.get("service").get("af") == socket.AF_INET6
    found = {name.removeprefix("IPVS_DEST_ATTR_"): value for name, value in message.get("dest")["attrs"]}
    assert socket.ntohs(found.pop("TUN_PORT")) == 6080  # which pyroute2 takes for one in the machine's order
    assert found == {
        "ADDR_FAMILY": socket.AF_INET6,
        "ADDR": "2001:db8::7",
        "PORT": 8080,
        "FWD_METHOD": 2,
        "WEIGHT": 3,
        "TUN_TYPE": 1,
        "TUN_FLAGS": 1,
        "U_THRESH": 10,
        "L_THRESH": 5,
    }
