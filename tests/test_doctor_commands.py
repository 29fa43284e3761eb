"""The commands that doctor prints: each is one that a shell and the program that it names understand."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest

from pyipvsadm.grammar import parse
from pyipvsadm.names import Names
from pyipvsadm.network.facts import Address, Link, Neighbour
from pyipvsadm.network.routes import Route
from pyipvsadm.support.application import application
from pyipvsadm.support.right_line import whole
from pyipvsadm.support.verb import function_of
from pyipvsadm.verbs import set as set_verb
from pyipvsadm.verbs.doctor.firewall import iptables, nft, remedies
from pyipvsadm.verbs.doctor.firewall.chains import Chain
from pyipvsadm.verbs.doctor.snapshot_values import Arrival, Connection, Tunnel
from pyipvsadm.verbs.doctor.verdict import judge

from .kernel.ailments import AILMENTS
from .kernel.notes import ELSEWHERE, NOTES, UNFOLLOWED
from .test_doctor_checks import (
    HEALTHY,
    MARKED,
    ONE,
    REAL,
    REAL_ROWS,
    ROWS,
    SERVICE,
    SIX,
    TWO,
    UDP,
    UP,
    VIP,
    VIP6,
    server,
    table,
)

PLACEHOLDERS = {"ADDRESS": "192.0.2.99", "PORT": "80", "SERVER": "10.2.0.9:80"}
PROGRAMS = {"pyipvsadm", "ip", "sysctl", "iptables", "ip6tables", "ethtool", "modprobe", "nmcli", "networkctl", "ss",
            "sudo", "echo"}  # fmt: skip
SIX_MARKED = replace(MARKED, service="fwmark:7/ipv6")
SCTP = replace(SERVICE, service=f"{VIP}:3868/sctp")
SERVICES = (SERVICE, UDP, SCTP, SIX, MARKED, SIX_MARKED)


def each_kind(*servers, **settings):
    """Services of each kind, each with those of the servers that are of its family."""
    found = []
    for of in SERVICES:
        own = [one for one in servers if (":" in one.address) == (of in (SIX, SIX_MARKED))]
        found.append(replace(of, servers=tuple(own), **settings))
    return table(*found)


TWO6 = "2001:db8:2::2"
KINDS = [  # each check that names a service in a command meets services of all kinds
    ("S1", each_kind()),
    ("S1", each_kind(server(weight=0), server(TWO6, weight=0))),
    ("D3", each_kind(server(VIP, 80, "masquerade"), server(VIP6, 80, "masquerade"))),
    ("D2", each_kind(server(port=8080), server(TWO6, 8080))),
    ("D1", each_kind(server("10.9.0.2"))),
    ("D4", {**each_kind(server()), "neighbours": (Neighbour(ONE, "eth1", "failed"),)}),
    ("S7", each_kind(server(upper_threshold=5, lower_threshold=6), server(TWO6, upper_threshold=5, lower_threshold=6))),
    ("T3", each_kind(server(forwarding="tunnel", tunnel=Tunnel("gue", 0)))),
    ("S8", each_kind(server(weight=0), server(TWO), scheduler="sh")),
]


def commands(snapshot):
    return [(one.check, command) for one in judge(snapshot).findings for command in one.commands]


def understood(words):
    """Parse a command of ours as the program would. Raises what it would tell."""
    if words[0].startswith("-"):
        parse(words, Names())
    elif words[0] == "set":
        set_verb._check_roles(*set_verb._read(words[1:])[1:], len(set_verb._read(words[1:])[0]) > 1)
    else:
        function = function_of(words[0])
        application([function])
        import typer

        group = typer.main.get_command(application([function]))
        command, rest = group.commands[words[0]], whole(words)[1:]
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context(words[0], list(rest))


def check(command):
    six = "[" in command or " -6" in command
    command = command.replace("SERVER", "[2001:db8:2::9]:80") if six else command
    line = re.sub(r"\b(ADDRESS|PORT|SERVER)\b", lambda found: PLACEHOLDERS[found[0]], command)
    words = shlex.split(line)
    assert words[0] in PROGRAMS, command
    if words[0] == "sudo":
        words = words[1:]
    if words[0] == "pyipvsadm":
        rest = words[1:]
        understood(rest[2:] if rest[0] == "--netns" else rest)
    elif words[0].startswith("ip") and words[0].endswith("tables"):
        how = next(index for index, word in enumerate(words) if word in ("-A", "-I"))
        (chain,) = iptables.chains(f"*x\n:{words[how + 1]} - [0:0]\n-A {shlex.join(words[how + 1 :])}\n", "x", "ip")
        assert chain.rules[0].action, command
        assert not chain.rules[0].opaque, command


ALL = [replace(HEALTHY, **changes) for _, _, changes in ROWS]
ALL += [replace(HEALTHY, **changes) for _, changes in KINDS]
ALL += [replace(REAL, **changes) for _, _, changes in REAL_ROWS]


def test_every_command_is_understood():
    found = [command for snapshot in ALL for _, command in commands(snapshot)]
    assert len(set(found)) > 60
    for command in dict.fromkeys(found):
        check(command)


def test_the_commands_of_each_check_are_followed_on_a_kernel():
    """Where its situation is brought about and traffic is seen to pass, or a reason says why that can't be."""
    followed = {one.check for one in (*AILMENTS, *NOTES)} | ELSEWHERE | {"G3"}
    assert not followed & set(UNFOLLOWED)
    assert {check for snapshot in ALL for check, _ in commands(snapshot)} <= followed | set(UNFOLLOWED)


@pytest.mark.parametrize(("code", "changes"), KINDS, ids=[f"{row[0]}-{n}" for n, row in enumerate(KINDS)])
def test_a_command_is_there_for_services_of_every_kind(code, changes):
    assert [command for check, command in commands(replace(HEALTHY, **changes)) if check == code]


EVIL = "d;id\x1b[1m"  # what the kernel takes for the name of a device
FORGED = "eth0\n    $ rm -rf /"


def renamed(text):
    """A snapshot whose devices and rules have names that nobody should meet in a shell, or on a terminal."""
    drop = f'*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m comment --comment "{text}" -j DROP\n'
    return replace(
        HEALTHY,
        **table(
            replace(SERVICE, scheduler=text, servers=(server(), server(ONE, 8080), server(TWO, weight=0))),
            replace(SERVICE, service=f"{VIP}:81/tcp", scheduler="sh", flags=(text,),
                    servers=(server(weight=0), server(TWO))),
        ),
        links=(Link(2, text, "", UP, 1500), Link(3, "eth1", "", UP, 1500)),
        addresses=(Address("192.0.2.1", 24, text), Address(VIP, 24, text)),
        routes={**HEALTHY.routes, VIP: Route("unicast", text), ONE: Route("unicast", text)},
        neighbours=(Neighbour(ONE, text, "failed"),),
        large_receive=(text,),
        managed={text: "NetworkManager"},
        managers=(text, text + text),
        arrivals=(Arrival(text, "198.51.100.7", SERVICE.service, 9),),
        connections=(Connection("tcp", "198.51.100.7", VIP, 80, ONE, 80, text),),
        firewall=replace(HEALTHY.firewall, chains=iptables.chains(drop.replace("\n    $", " $"), "iptables", "ip")),
        elsewhere={text: 3},
    )  # fmt: skip


@pytest.mark.parametrize("text", [EVIL, FORGED, "$(reboot)", "`id`", "a b", "\u202egpj", "'", "&"])
def test_foreign_names_are_neither_raw_nor_words_of_a_shell(text):
    from pyipvsadm.verbs.doctor import report

    snapshot = renamed(text)
    verdict = judge(snapshot)
    assert verdict.findings
    for one in verdict.findings:
        for command in one.commands:
            assert shlex.split(command)[0] in PROGRAMS
            assert not [part for part in (";", "$(", "`", "&") if part in re.sub(r"'[^']*'", "", command)], command
    wanted = {command for one in verdict.findings for command in one.commands}
    for shown in (report.as_text(verdict, None), report.as_text(verdict, 60)):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
        assert all(line.isprintable() for line in plain.splitlines())
        for line in plain.splitlines():
            if line.startswith("    $ "):
                assert any("".join(filter(str.isprintable, one)) == line[6:].rstrip() for one in wanted), line
    assert json.loads(report.as_json(verdict))


@pytest.mark.parametrize("chain", [
    Chain("nft", "inet", "f", "input", "input"), Chain("iptables-legacy", "ip", "mangle", "PREROUTING", "prerouting"),
    Chain("ip6tables", "ip6", "filter", "INPUT", "input"),
], ids=lambda one: one.program)  # fmt: skip
@pytest.mark.parametrize("packet", [
    {"family": "ip", "target": "192.0.2.10", "protocol": "6", "port": "80"},
    {"family": "ip", "source": "10.2.0.2", "protocol": "17", "source_port": "53"},
    {"family": "ip", "target": "10.2.0.2", "protocol": "4"},
    {"family": "ip"},
])  # fmt: skip
def test_remedies_are_one_line_each(chain, packet):
    for made in (remedies.accept, remedies.refuse):
        words = shlex.split(made(chain, packet))
        assert words[0] == chain.program
        assert words[-1] in ("accept", "reject", "ACCEPT", "REJECT")
    assert "7" in shlex.split(remedies.mark(chain, packet, 7))


def test_nothing_of_nft_s_decoder_is_told():
    with pytest.raises(ValueError, match=r"^what nft printed isn't JSON$"):
        nft.chains("")
