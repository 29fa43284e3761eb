"""ldirectord.cf as a table, held against what ldirectord 4.12 itself makes of it."""

from __future__ import annotations

import json
from _socket import inet_aton
from pathlib import Path

import pytest

from pyipvsadm.documents import ldirectord, rules_format
from pyipvsadm.documents.formats import Inputs
from pyipvsadm.table.assembly import Assembly

from .test_keepalived import settled, spelled

CASES = sorted((Path(__file__).parent / "keepalived-cases" / "ldirectord").glob("*.json"))


class Names:
    """Stands for the resolver and the services database."""

    def address(self, host):
        if host != "web.example":
            raise ValueError(host)
        return inet_aton("10.1.0.1")

    def port(self, service, protocol):
        if (service, protocol) != ("http", 6):
            raise ValueError(service)
        return 80


def read(text: str):
    assembly = Assembly()
    return assembly, ldirectord.read(text, assembly, Inputs(names=Names))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_whole_file_is_the_table_that_ldirectord_makes(case):
    assembly, _ = read(case.with_suffix(".cf").read_text())
    if json.loads(case.read_text()).get("expect") == "refused":
        assert [problem.place for problem in assembly.problems] == [4]
    else:
        assert assembly.problems == []
        assert spelled(assembly.table()) == settled(case.with_suffix(".rules").read_text().splitlines())


def block(head: str, *lines: str) -> str:
    return f"virtual={head}\n" + "".join(f"\t{line}\n" for line in lines)


ON, REAL = "checktype=on", "real=10.1.0.1:80 masq"
HTTP = "-t 10.0.0.1:80"
SERVICE, SERVER = f"-A {HTTP} -s wrr", f"-a {HTTP} -r 10.1.0.1:80 -m -w 1"


@pytest.mark.parametrize(("text", "wanted"), [
    (block("10.0.0.1:53", REAL, ON), ["-A -u 10.0.0.1:53 -s wrr", "-a -u 10.0.0.1:53 -r 10.1.0.1:80 -m -w 1"]),
    (block("10.0.0.1:http", "real=web.example:http masq 4", ON), [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -m -w 4"]),
    (block("10.0.0.1", REAL, ON), ["-A -f 10 -s wrr", "-a -f 10 -r 10.1.0.1:80 -m -w 1"]),  # a mark, by its reading
    (block("10.0.0.1 : 80", REAL, ON), ["-A -f 10 -s wrr", "-a -f 10 -r 10.1.0.1:80 -m -w 1"]),
    (f"virtual=10.0.0.1:80\n  \t{REAL}\n\t {ON}\n", [SERVICE, SERVER]),
    (block("5", REAL, ON), ["-A -f 5 -s wrr", "-a -f 5 -r 10.1.0.1:80 -m -w 1"]),
    (block("5", "real=10.1.0.1 gate", ON), ["-A -f 5 -s wrr", "-a -f 5 -r 10.1.0.1:0 -g -w 1"]),
    (block("5", "real=10.1.0.1:80 gate", ON), ["-A -f 5 -s wrr", "-a -f 5 -r 10.1.0.1:80 -g -w 1"]),
    (block("10.0.0.1:80", "real=10.1.0.1 masq", ON), [SERVICE, f"-a {HTTP} -r 10.1.0.1:0 -m -w 1"]),
    (block("10.0.0.1:80", REAL, ON, 'scheduler="rr"'), [f"-A {HTTP} -s rr", SERVER]),
    (block("10.0.0.1:80", REAL, ON, "netmask=255.255.255.0"), [SERVICE, SERVER]),
    (block("10.0.0.1:80", REAL, ON, "ops=yes"), [SERVICE, SERVER]),
    (block("10.0.0.1:80", REAL, ON, "persistent=0"), []),
    (block("0", REAL, ON), []),
    (block("10.0.0.1:0", REAL, ON), []),
    (block("10.0.0.1:80", REAL, ON, "scheduler=foo"), []),
    (block("10.0.0.1:80", REAL, "checktype=off"), [SERVICE]),
    (block("10.0.0.1:80", REAL, "checktype=off", "fallback=127.0.0.1:8080 masq"),
     [SERVICE, f"-a {HTTP} -r 127.0.0.1:8080 -m -w 1"]),
    (block("10.0.0.1:80", "real=10.1.0.1:80 masq 5", "checktype=off", "quiescent=yes", "fallback=127.0.0.1:80"),
     [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -m -w 0", f"-a {HTTP} -r 127.0.0.1:80 -g -w 1"]),
    ("quiescent=yes\n" + block("10.0.0.1:80", REAL, "checktype=off"), [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -m -w 0"]),
    ("fallback=127.0.0.1:8080 masq\n" + block("10.0.0.1:80"), [SERVICE, f"-a {HTTP} -r 127.0.0.1:8080 -m -w 1"]),
    ("# nothing\n", []),
    (block("10.0.0.1:80", "real=10.1.0.1:81 gate 5", "real=10.1.0.2:80 gate 5", "quiescent=yes", ON),
     [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -g -w 0", f"-a {HTTP} -r 10.1.0.2:80 -g -w 5"]),
    (block("10.0.0.1:80", "real=10.1.0.1 ipip 5", "real=10.1.0.2 masq 5", "quiescent=yes", ON),
     [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -i -w 0 --tun-type ipip", f"-a {HTTP} -r 10.1.0.2:0 -m -w 5"]),
    (block("3", "real=10.1.0.1:81 gate 5", "quiescent=yes", ON), ["-A -f 3 -s wrr", "-a -f 3 -r 10.1.0.1:81 -g -w 5"]),
    (block("10.0.0.1:80", "real=10.1.0.1:http masq", "protocol=udp", ON),
     ["-A -u 10.0.0.1:80 -s wrr", "-a -u 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1"]),
    (block("10.0.0.1:80", REAL, f"{REAL} 5", ON), [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -m -w 5"]),  # edited
    (block("10.0.0.1:80", "real=10.1.0.1:81 gate 5", "real=10.1.0.1:82 ipip 0", ON),
     [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -g -w 5"]),
    (block("10.0.0.1:80", "real=10.1.0.1:80 gate", "real=10.1.0.1:81 gate 0", ON),
     [SERVICE, f"-a {HTTP} -r 10.1.0.1:80 -g -w 1"]),
    (block("10.0.0.1:80", "real=10.1.0.1:81 masq", "real=10.1.0.1:81 gate 300", ON),
     [SERVICE, f"-a {HTTP} -r 10.1.0.1:81 -m -w 1"]),
    *((block("10.0.0.1:80", REAL, line, ON), [SERVICE, SERVER]) for line in (
        "checkinterval=9 # here", "fallback=127.0.0.1:80 gate # here", "fallback=127.0.0.1:80 # here", "ops=no",
        "scheduler=wrr #here", "scheduler=wrr#here", 'request="/" # here', 'request="/#"', "protocol=tcp # here",
    )),
    (block("10.0.0.1:80 # here", f"{REAL}#here", f"{ON} # here"), [SERVICE, SERVER]),
    (block("10.0.0.1:80", REAL, ON) + block("10.0.0.1:80", REAL, "protocol=udp", ON),
     [SERVICE, "-A -u 10.0.0.1:80 -s wrr", SERVER, "-a -u 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1"]),
])  # fmt: skip
def test_a_small_file_is_the_table_that_ldirectord_makes(text, wanted):
    assembly, _ = read(text)
    assert assembly.problems == []
    assert spelled(assembly.table()) == wanted


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (block("10.0.0.1:80", REAL, "foo=bar"), 3),
        ("foo=bar\n", 1),
        ("checktype=on\n", 1),
        ("virtual=10.0.0.1:80\nreal=10.1.0.1:80 masq\n", 2),
        ("virtual=10.0.0.1:80\n   real=10.1.0.1:80 masq\n", 2),
        ("virtual 10.0.0.1:80\n", 1),
        (block("10.0.0.1:80", "real=10.1.0.1:80 nat"), 2),
        (block("10.0.0.1:80", "real=10.1.0.1:80 masq x"), 2),
        (block("10.0.0.1:80", "real=10.1.0.1:80 masq -1"), 2),
        (block("10.0.0.1:80", "real=10.1.0.300:80 masq"), 2),
        (block("10.0.0.300:80", REAL), 1),
        (block("10.0.0.1:80", "real=10.1.0.8->10.1.0.6:80 masq"), 2),
        (block("10.0.0.1:80", REAL, "checktype=foo"), 3),
        (block("10.0.0.1:80", REAL, "protocol=fwm"), 3),
        (block("3", REAL, "protocol=tcp"), 3),
        (block("10.0.0.1:80", REAL, "persistent=x"), 3),
        (block("10.0.0.1:80", REAL, "netmask=24", "persistent=5"), 3),
        (block("10.0.0.1:80", REAL, "fallback=127.0.0.1:80 foo"), 3),
        ("virtual6=[fd00::1]:80\n\treal=10.1.0.1:80 masq\n", 2),
        ("virtual=[fd00::1]:80\n\treal6=[fd00:1::1]:80 masq\n", 2),
        (block("10.0.0.1:80", REAL, "protocol=sctp"), 3),
        (block("10.0.0.1:80", REAL, "CHECKTYPE=on"), 3),
        (block("10.0.0.1:80", 'real="10.1.0.1:80" masq'), 2),
        ("quiescent=foo\n", 1),
        ("checkinterval=x\n", 1),
        (block("10.0.0.1:80", "real=10.1.0.1:80 Masq", ON), 2),
        (block("10.0.0.1:80", REAL, "ops=no # here"), 3),
        (block("10.0.0.1:80", REAL, "quiescent=yes # here"), 3),
        (block("10.0.0.1:80", REAL, "netmask=255.255.255.0 # here"), 3),
        (block("10.0.0.1:80", REAL, "netmask=255.255.255.0 "), 3),
        (block("10.0.0.1:80", REAL) + block("10.0.0.1:80", REAL), 3),
        (block("10.0.0.1:80", REAL, "scheduler=foo") + block("10.0.0.1:80", REAL), 4),
        ("virtual6=fd00::1:80\n\treal6=[fd00:1::1]:80 masq\n", 1),
    ],
)
def test_where_ldirectord_ends_the_file_is_refused_with_the_line(text, line):
    assembly, _ = read(text)
    assert [problem.place for problem in assembly.problems] == [line]


def test_what_surprises_is_told():
    _, found = read(block("10.0.0.1", REAL) + block("10.0.0.2:80", REAL, "fallbackcommand=/bin/x", "scheduler=foo"))
    kinds = {note.kind: note.place for note in found.notes}
    assert kinds == {
        "read otherwise": 1,
        "health check": 3,
        "scheduler": 1,
        "script": 5,
        "missing from the table": 3,
    }


def test_a_table_is_its_own_rules_again():
    assembly, _ = read(block("10.0.0.1:80", REAL, ON, "persistent=60", "netmask=255.255.255.0"))
    again = Assembly()
    rules_format.read("".join(rules_format.pieces(assembly.table())), again, Inputs())
    assert again.table() == assembly.table()


@pytest.mark.parametrize(("kernel", "states"), [
    (SERVER, []),
    ("", [("checked out", "10.1.0.1:80")]),
    (f"-a {HTTP} -r 127.0.0.1:80 -g -w 1", [("sorry server in", "10.1.0.1:80"), ("sorry server in", "127.0.0.1:80")]),
])  # fmt: skip
def test_what_checks_have_done_is_a_state(kernel, states):
    assembly, found = read(block("10.0.0.1:80", REAL, "fallback=127.0.0.1"))
    now = Assembly()
    rules_format.read(f"{SERVICE}\n{kernel}\n", now, Inputs())
    there = found.expected(now.table(), assembly.table())
    assert [(state.word, state.server) for state in there.states] == states
    assert spelled(there.table) == spelled(assembly.table())
