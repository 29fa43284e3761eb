"""`where` of clients that the kernel remembers, against where it sends their next packet: what is odd about that."""

from __future__ import annotations

import json
import struct
from random import Random
from typing import NamedTuple

import pytest

from pyipvsadm.model import DIRECT, PERSISTENT, Command, Service
from pyipvsadm.prediction.clients import Client
from pyipvsadm.table.notation import spelled, spelled_server

from .directors import InProcess
from .packets import TCP, UDP, clients, sender
from .test_prediction import PORT, VIP, VIP6, carry_out, fill, servers, service
from .test_where import words_of

NETWORKS = 8
FLAGS = {"acknowledge": 16, "finish": 17, "reset": 4}  # of a TCP header
KEPT = {"flags": PERSISTENT, "timeout": 300}
NET, NET6 = {**KEPT, "netmask": 0xFFFFFF00}, {**KEPT, "netmask": 64}
SAME, ELSEWHERE = "the same client and port", "the same client and port, to another port"
PORTS, NEIGHBOURS = "another port", "a neighbour"


def sip(call: int) -> bytes:
    """A datagram behind its ports, about this call."""
    text = f"OPTIONS sip:a@10.8.0.1 SIP/2.0\r\nCall-ID: {call}@client\r\n\r\n".encode()
    return struct.pack(">HH", 8 + len(text), 0) + text


def later(flags: int) -> bytes:
    """A TCP header behind its ports, of a connection that is there."""
    return struct.pack(">IIBBHHH", 2, 1, 5 << 4, flags, 1000, 0, 0)


class Row(NamedTuple):
    """What happens between the first packets and the question, who asks, and every reason that `where` gives."""

    service: Service
    steps: tuple[str, ...] = ()
    asks: str = NEIGHBOURS
    sysctls: tuple[str, ...] = ()
    says: tuple[str, ...] = ("persistence",)
    certain: bool = True  # of some
    body: bytes = b""


QUIESCENT, NODEST = "expire_quiescent_template", "expire_nodest_conn"
ROWS = {
    "/24": Row(service("sh", **NET)),
    "/24 of rr": Row(service("rr", **NET)),
    "ipv6 /64": Row(service("sh", six=True, **NET6)),
    "ipv6 /64 of rr": Row(service("rr", six=True, **NET6)),
    "a mark": Row(service("rr", fwmark=7, **NET)),
    "a mark, ipv6": Row(service("sh", six=True, fwmark=7, **NET6)),
    "a mark, the same port": Row(service("rr", fwmark=7, **NET), ("drain",), SAME, says=("connection",)),
    "a mark, to another port": Row(service("rr", fwmark=7, **NET), ("drain",), ELSEWHERE, says=("connection",)),
    "a mark, to another port, quiescent": Row(
        service("rr", fwmark=7, **NET), ("drain all", "undrain"), ELSEWHERE, (QUIESCENT,), ("connection",)
    ),
    "a mark, to another port, not persistent": Row(
        service("rr", fwmark=7), (), ELSEWHERE, says=("connection",), certain=False
    ),
    "all ports": Row(service("rr", **NET).replace(port=0), ("drain",), ELSEWHERE, says=("connection",)),
    "removed": Row(service("sh", **NET), ("remove",), says=("persistence", "hash")),
    "removed, the same port": Row(service("sh", **NET), ("remove",), SAME, says=("connection",)),
    "removed, the same port, nodest": Row(service("sh", **NET), ("remove",), SAME, (NODEST,), ("hash", "connection")),
    "removed, nodest": Row(service("sh", **NET), ("remove",), PORTS, (NODEST,), ("persistence", "hash")),
    "removed and back": Row(service("sh", **NET), ("remove", "back")),
    "removed and back, the same port": Row(service("sh", **NET), ("remove", "back"), SAME, says=("connection",)),
    "removed, a mark": Row(service("mh", fwmark=7, **NET), ("remove",), says=("persistence", "hash")),
    "weight 0": Row(service("sh", **NET), ("drain",)),
    "weight 0, quiescent": Row(service("sh", **NET), ("drain",), sysctls=(QUIESCENT,), says=("persistence", "hash")),
    "weight 0, quiescent, the same port": Row(
        service("sh", **NET), ("drain",), SAME, (QUIESCENT, NODEST), says=("connection",)
    ),
    "weight 0, quiescent, ipv6": Row(
        service("mh", six=True, **NET6), ("drain",), sysctls=(QUIESCENT,), says=("persistence", "hash", "dropped")
    ),
    "weight 0, quiescent, a mark": Row(
        service("wlc", fwmark=7, **NET), ("drain",), sysctls=(QUIESCENT,), says=("persistence", "least")
    ),
    "weight 0 and back, quiescent": Row(service("sh", **NET), ("drain", "undrain"), sysctls=(QUIESCENT,)),
    "all of weight 0": Row(service("rr", **NET), ("drain all",)),
    "all of weight 0, quiescent": Row(service("rr", **NET), ("drain all",), sysctls=(QUIESCENT,), says=("dropped",)),
    "tcp, the same port": Row(service("sh", protocol=TCP, **NET), (), SAME, says=("connection",)),
    "tcp, weight 0, the same port": Row(service("sh", protocol=TCP, **NET), ("drain",), SAME, says=("connection",)),
    "tcp, weight 0, the same port, nodest": Row(
        service("sh", protocol=TCP, **NET), ("drain",), SAME, (NODEST,), says=("connection",)
    ),
    "tcp, weight 0, the same port, not persistent, nodest": Row(
        service("sh", protocol=TCP), ("drain",), SAME, (NODEST,), says=("connection",)
    ),
    "tcp, established": Row(service("sh", protocol=TCP), ("acknowledge", "drain"), SAME, says=("connection",)),
    "tcp, ended": Row(
        service("sh", protocol=TCP), ("acknowledge", "finish", "drain all"), SAME, says=("connection",), certain=False
    ),
    "tcp, reset": Row(
        service("sh", protocol=TCP), ("acknowledge", "reset", "drain all"), SAME, says=("connection",), certain=False
    ),
    "another mask": Row(service("sh", **NET), ("mask",), says=("hash",)),
    "no longer persistent": Row(service("sh", **NET), ("not persistent",), says=("hash",)),
    "sip": Row(service("sh", **KEPT).replace(engine="sip"), (), says=("unknown",), certain=False, body=sip(1)),
    "sip, the same port": Row(service("sh", **KEPT).replace(engine="sip"), (), SAME, says=("connection",), body=sip(4)),
    "sip, weight 0": Row(
        service("rr", **KEPT).replace(engine="sip"),
        ("drain all",),
        PORTS,
        says=("unknown",),
        certain=False,
        body=sip(2),
    ),
    "sip, since": Row(service("sh", **KEPT), ("sip",), PORTS, says=("unknown",), certain=False),
    "sip, no longer": Row(service("sh", **KEPT).replace(engine="sip"), ("no sip",), PORTS, says=("hash",), body=sip(3)),
}


def edits(step, one, its, went):
    """The commands of a step, which are about the servers that most clients went to."""
    often = sorted(its, key=lambda server: -sum(end[0] == server.address for end in went))
    some = often[:1]
    if step in SETTINGS:
        return [Command(verb="edit-service", service=one.replace(**SETTINGS[step]))]
    verb, servers, changes = EDITS[step]
    return [
        Command(verb=verb, service=one, server=server.replace(**changes))
        for server in (often if servers == "all" else some)
    ]


EDITS = {
    "remove": ("delete-server", "one", {}),
    "back": ("add-server", "one", {}),
    "drain": ("edit-server", "one", {"weight": 0}),
    "undrain": ("edit-server", "one", {"weight": 2}),
    "drain all": ("edit-server", "all", {"weight": 0}),
}
SETTINGS = {
    "mask": {"netmask": 0xFFFFFFFF},
    "not persistent": {"flags": 0, "timeout": 0, "netmask": 0xFFFFFFFF},
    "sip": {"engine": "sip"},
    "no sip": {"engine": ""},
}


@pytest.mark.parametrize("name", ROWS)
def test_where_tells_where_the_next_packet_goes(name):
    """Each client is asked for right before its packet; none is wrong that is said to be certain."""
    row = ROWS[name]
    one = row.service
    six, protocol = len(one.address or VIP) == 16 or one.af == 10, one.protocol or UDP
    address = one.address or (VIP6 if six else VIP)
    firsts = clients(Random(name), NETWORKS, six)
    its = [server.replace(forwarding=DIRECT) for server in servers(1, 1, 1, six=six)]  # whose answers aren't seen
    with sender() as network:
        ours = InProcess(network.namespace)
        for sysctl in row.sysctls:
            with network.namespace.entered(), open(f"/proc/sys/net/ipv4/vs/{sysctl}", "w") as setting:
                setting.write("1")
        network.mark(one.fwmark or 0)
        fill(network.kernel, one, its)
        for client in firsts:
            assert network.send(client, address, PORT, protocol, row.body)
        went = list(network.chosen().values())
        for step in row.steps:
            if step in FLAGS:
                for client in firsts:
                    assert network.send(client, address, PORT, protocol, later(FLAGS[step]))
            else:
                carry_out(network.kernel, *edits(step, one, its, went))
        pairs = []
        for client in firsts:
            asked = ASKS[row.asks](client)
            told = json.loads(ours(["where", spelled(one), *words_of([asked]), "-o", "json"]).stdout)[0]
            port = PORT + (row.asks == ELSEWHERE)
            sent = network.send(asked, address, port, protocol, row.body)
            end = network.chosen(port).get((asked.address, asked.port)) if sent else None
            ends = (server for server in its if end and server.address == end[0])  # a mark keeps ports as they are
            pairs.append((told, next(map(spelled_server, ends), None)))
    assert [(told, end) for told, end in pairs if told["certain"] and told["server"] != end] == []
    assert {told["why"] for told, _ in pairs} == {*row.says}
    assert any(told["certain"] for told, _ in pairs) == row.certain


ASKS = {
    SAME: lambda client: client,
    ELSEWHERE: lambda client: client,
    PORTS: lambda client: client.replace(port=client.port - 1),
    NEIGHBOURS: lambda client: Client(address=client.address[:-1] + bytes((client.address[-1] ^ 1,)), port=client.port),
}
