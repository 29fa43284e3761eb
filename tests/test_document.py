"""A whole table in its three spellings: what is read, what is refused and where, what is written."""

# ruff: noqa: E501  (a message stands in one piece)

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import jsonschema
import pydantic
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyipvsadm import cli, documents
from pyipvsadm.documents import formats, schema_reader, shape
from pyipvsadm.errors import IpvsadmError
from pyipvsadm.model import Daemon, Server, Service, Stats, Table, Timeouts
from pyipvsadm.table import notation
from pyipvsadm.table.assembly import Assembly

from . import random_tables
from .fakes import NAMES, run
from .table_text import text_of

SCHEMA = json.loads(schema_reader.schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
VIP, SERVER = bytes((192, 168, 2, 10)), bytes((10, 2, 0, 2))


def read(text: str | bytes, name: str = "-", folder: Path | None = None) -> Table:
    """The table in `text`: on stdin, or in a file of this name."""
    content = text if isinstance(text, bytes) else text.encode()
    stdin = os.memfd_create("stdin")
    try:
        if folder is not None:
            name = str(folder / name)
            Path(name).write_bytes(content)
        else:
            os.write(stdin, content)
            os.lseek(stdin, 0, os.SEEK_SET)
        return documents.read(name, cli.World(stdin=stdin, names=NAMES)).table
    finally:
        os.close(stdin)


def problems(text: str | bytes, name: str = "-", folder: Path | None = None) -> list[str]:
    """What is told of a wrong file, without the name of its folder."""
    with pytest.raises(IpvsadmError) as caught:
        read(text, name, folder)
    assert caught.value.status == 2
    assert caught.value.hint or "can't be read" in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


# What is read.

FULL = """
version: 1
services:
  - service: 192.168.2.10:80          # /tcp may be left out
    scheduler: sh
    persistence: 300
    netmask: 255.255.255.0
    flags: [sh-port, flag-3]
    servers:
      - {address: 10.2.0.2}
      - {address: 10.2.0.2, port: 8080, forwarding: masquerade, weight: 0, upper_threshold: 9, lower_threshold: 3}
      - address: 2001:db8::2
        forwarding: tunnel
        tunnel: {type: gue, port: 6080, checksum: remcsum}
  - service: "fwmark:7/ipv6"
    netmask: 64
    engine: sip
    one_packet: yes please
timeouts: {tcp: 900}
daemons: []
"""


def test_what_is_missing_has_its_default():
    assert read(FULL.replace("yes please", "true")) == Table(
        services=(
            (
                Service(protocol=6, address=VIP, port=80, scheduler="sh", flags=1 | 16 | 32, timeout=300, netmask=0xFFFFFF00),
                (
                    Server(address=SERVER, port=80, forwarding=3, weight=1),
                    Server(address=SERVER, port=8080, forwarding=0, weight=0, upper_threshold=9, lower_threshold=3),
                    Server(
                        address=bytes.fromhex("20010db8000000000000000000000002"), port=80, forwarding=2,
                        tunnel_type=1, tunnel_port=6080, tunnel_flags=2,
                    ),
                ),
            ),
            (Service(af=10, fwmark=7, scheduler="wlc", flags=4, netmask=64, engine="sip"), ()),
        ),
        timeouts=Timeouts(tcp=900),
        daemons=(),
    )  # fmt: skip


def test_words_are_taken_for_nothing_but_themselves():
    assert problems(FULL) == [
        'stdin:18: services[1].one_packet: should be true or false, not "yes please"',
    ]


def test_what_a_file_does_not_mention_is_none():
    table = read("version: 1\nservices: []\n")
    assert (table.timeouts, table.daemons) == (None, None)
    assert read("version: 1\nservices: []\ndaemons: []\n").daemons == ()
    assert (read("").services, read("").daemons) == ((), None)
    assert read("--start-daemon backup\n").daemons == (Daemon(state=2, interface="eth0"),)


def test_rules_may_hold_names_comments_and_the_program_itself():
    table = read(
        b"# mine\n\nipvsadm -A -t vip.example:http\r\n-a -t 192.0.2.10:80 -r 10.2.0.2 -m\n--set 0 1 0\n--set 5 0 0"
    )
    assert table.services == (
        (
            Service(protocol=6, address=bytes((192, 0, 2, 10)), port=80, scheduler="wlc"),
            (Server(address=SERVER, port=80, forwarding=0),),
        ),
    )
    assert table.timeouts == Timeouts(tcp=5, tcpfin=1)


def test_a_last_line_without_an_end_counts_even_with_blanks():
    assert len(read("-A -t 192.0.2.1:80\n-A -t 192.0.2.1:81  ").services) == 2


@pytest.mark.parametrize(("name", "text"), [
    ("-", "-A -t 192.0.2.1:80"), ("-", "# c\n  -A -t 192.0.2.1:80"), ("-", "ipvsadm -A -t 192.0.2.1:80"),
    ("-", '{"version": 1, "services": [{"service": "192.0.2.1:80"}]}'),
    ("-", '\n\n{"version": 1, "services": [{"service": "192.0.2.1:80"}]}'),
    ("-", '\ufeff{"version": 1, "services": [{"service": "192.0.2.1:80"}]}'),
    ("-", "# c\nservices: [service: 192.0.2.1:80]\nversion: 1"), ("-", "---\nversion: 1\nservices: [service: 192.0.2.1:80]"),
    ("-", '"version": 1\nservices: [service: 192.0.2.1:80]'),
    ("x.yml", "version: 1\nservices: [service: 192.0.2.1:80]"), ("x.YAML", '{"version": 1, services: [service: 192.0.2.1:80]}'),
    ("x.json", '{"services": [{"service": "192.0.2.1:80"}], "version": 1}'), ("x.rules", "-A -t 192.0.2.1:80"),
    ("x.txt", "version: 1\nservices: [service: 192.0.2.1:80]"), ("ipvsadm", "-A -t 192.0.2.1:80"),
])  # fmt: skip
def test_the_format_is_found(tmp_path, name, text):
    table = read(text, name, None if name == "-" else tmp_path)
    assert [notation.spelled(service) for service, _ in table.services] == ["192.0.2.1:80/tcp"]


# What is refused, and where.

HEAD = "version: 1\nservices:\n- service: 192.168.2.10:80/tcp\n"  # three lines
SERVERS = HEAD + "  servers:\n"  # four

WRONG_DOCUMENTS = [
    (HEAD + "  wieght: 1\n  schedular: rr\n", [
        "stdin:4: services[0].wieght: unknown key; choose one of service, family, protocol, address, port, fwmark, scheduler, persistence, netmask, engine, one_packet,"
        " flags, servers, owner, connections, counters, rates",
        "stdin:5: services[0].schedular: unknown key; did you mean `scheduler`?"]),
    (SERVERS + "  - {address: 10.2.0.2, wieght: 1}\n  - {address: 10.2.0.2, weight: 2}\n", [
        "stdin:5: services[0].servers[0].wieght: unknown key; did you mean `weight`?",
        "stdin:6: services[0].servers[1]: the server 10.2.0.2:80 is there twice in its service (the first is at stdin:5)"]),
    (HEAD + "- service: 192.168.2.10:80\n", [
        "stdin:4: services[1]: the service 192.168.2.10:80/tcp is there twice; remove one of them (the first is at stdin:3)"]),
    (HEAD + "  scheduler: wcl\n  engine: sip2\n  persistence: 0\n", [
        "stdin:3: services[0]: `wcl` is not a known scheduler; did you mean `wlc`?",
        "stdin:3: services[0]: `sip2` is not a known persistence engine; did you mean `sip`?",
        "stdin:6: services[0].persistence: should be greater than or equal to 1, not 0"]),
    (HEAD + "  scheduler: 7\n", ["stdin:4: services[0].scheduler: should be text, not 7"]),
    (HEAD + "  scheduler: wlc\n  scheduler: rr\n", [
        "stdin:5: services[0].scheduler: this key is there twice (the first is at stdin:4)"]),
    (HEAD + "  flags: [sh-port, mh-prot]\n", [
        "stdin:4: services[0].flags[1]: should be sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2 or flag-3,"
        ' not "mh-prot"; did you mean `mh-port`?']),
    (HEAD + "  flags: [flag-1, sh-port]\n", [
        "stdin:4: services[0].flags[1]: `sh-port` doesn't go with `wlc`: it belongs to `-s sh`"]),
    (HEAD + "  netmask: 24\n- {service: 'fwmark:1/ipv6', netmask: 255.255.0.0}\n- {service: 'fwmark:1', netmask: 1.2.3}\n", [
        "stdin:4: services[0].netmask: should be a mask such as 255.255.255.0, not 24",
        'stdin:5: services[1].netmask: should be the length of a prefix, such as 64, not "255.255.0.0"',
        'stdin:6: services[2].netmask: should be a mask such as 255.255.255.0, not "1.2.3"']),
    (HEAD + "  netmask: 129\n", ["stdin:4: services[0].netmask: should be a mask such as 255.255.255.0, or the length of a prefix, from 1 to 128"]),
    (HEAD + "  one_packet: true\n- service: 192.0.2.1:0\n", [
        "stdin:3: services[0]: one-packet scheduling is for UDP, and 192.168.2.10:80/tcp isn't UDP",
        "stdin:5: services[1]: port 0 of 192.0.2.1:0/tcp means all ports, which requires persistence"]),
    (HEAD + "- service: 192.0.2.1:65536\n- service: www.example:80\n- service: 80\n- scheduler: foo\n- 7\n", [
        "stdin:4: services[1].service: `192.0.2.1:65536` is not a service: the port is a number from 0 to 65535;"
        " write 192.168.2.10:80/tcp, [2001:db8::1]:53/udp, fwmark:7 or fwmark:7/ipv6",
        "stdin:5: services[2].service: `www.example:80` is not a service: `www.example` is not an IPv4 address in digits;"
        " write 192.168.2.10:80/tcp, [2001:db8::1]:53/udp, fwmark:7 or fwmark:7/ipv6",
        "stdin:6: services[3].service: is not a service: write 192.168.2.10:80/tcp, [2001:db8::1]:53/udp, fwmark:7 or fwmark:7/ipv6",
        "stdin:7: services[4].service: is missing: the service, written as on the command line, such as 192.168.2.10:80/tcp",
        "stdin:7: services[4]: `foo` is not a known scheduler; did you mean `fo`?",
        "stdin:8: services[5]: should be a mapping of keys to values, not 7"]),
    (SERVERS + "  - {address: 10.2.0.2, port: 65536}\n  - {address: 10.2.0.3, weight: -1}\n  - {port: 8}\n", [
        "stdin:5: services[0].servers[0].port: should be less than or equal to 65535, not 65536",
        "stdin:6: services[0].servers[1].weight: should be greater than or equal to 0, not -1",
        "stdin:7: services[0].servers[2].address: is missing: the server's address, in digits, such as 10.2.0.2"]),
    (SERVERS + "  - {address: 10.2.0.2, weight: '3'}\n  - {address: 10.2.0.3, weight: 1.5}\n"
     "  - {address: 10.2.0.4, weight: true}\n  - {address: 10.2.0.5, weight: 010}\n  - {address: 10.2.0.6, weight: [1]}\n"
     f"  - {{address: 10.2.0.7, weight: {'9' * 5000}}}\n  - {{address: 10.2.0.8, weight: }}\n", [
        'stdin:5: services[0].servers[0].weight: should be a whole number, not "3"; without quotes: `3`',
        'stdin:6: services[0].servers[1].weight: should be a whole number, not "1.5"',
        "stdin:7: services[0].servers[2].weight: should be a whole number, not true",
        'stdin:8: services[0].servers[3].weight: should be a whole number, not "010"',
        "stdin:9: services[0].servers[4].weight: should be a whole number, not a list",
        f'stdin:10: services[0].servers[5].weight: should be a whole number, not "{"9" * 39}...',
        "stdin:11: services[0].servers[6].weight: should be a whole number, not null"]),
    (SERVERS + "  - {address: 2001:db8::1}\n  - {address: 2001:db8::1, forwarding: tunnel}\n  - {address: 10.2.0.2:80}\n", [
        "stdin:5: services[0].servers[0]: [2001:db8::1]:80 isn't of the address family of its service 192.168.2.10:80/tcp,"
        " which only a tunnel allows",
        "stdin:6: services[0].servers[1]: the server [2001:db8::1]:80 is there twice in its service (the first is at stdin:5)",
        "stdin:7: services[0].servers[2].address: has a port, which is a key of its own: `address: 10.2.0.2` and `port: 80`"]),
    (SERVERS + "  - {address: 0.0.0.0}\n  - {address: 239.1.1.1}\n  - {address: 255.255.255.255}\n"
     "  - {address: 'fe80::1', forwarding: tunnel}\n  - {address: 'ff02::1', forwarding: tunnel}\n"
     "  - {address: '::', forwarding: tunnel}\n  - {address: 254.1.1.1}\n  - {address: 'fec0::1', forwarding: tunnel}\n", [
        *(f"stdin:{line}: services[0].servers[{line - 5}]: {address} can't be the address of a server: it is not a unicast address"
          for line, address in enumerate(("0.0.0.0", "239.1.1.1", "255.255.255.255", "fe80::1", "ff02::1", "::"), 5))]),
    (SERVERS + "  - {address: 10.2.0.2, lower_threshold: 5}\n  - {address: 10.2.0.3, lower_threshold: 5, upper_threshold: 5}\n", [
        "stdin:5: services[0].servers[0]: the lower threshold, 5, exceeds the upper one, 0"]),
    (SERVERS + "  - {address: 10.2.0.2, forwarding: snat}\n  - {address: 10.2.0.3, forwarding: tunel}\n", [
        'stdin:5: services[0].servers[0].forwarding: should be masquerade, tunnel, direct or local, not "snat"',
        'stdin:6: services[0].servers[1].forwarding: should be masquerade, tunnel, direct or local, not "tunel"; did you mean `tunnel`?']),
    (SERVERS + "  - {address: 10.2.0.2, tunnel: {type: gre}}\n  - {address: 10.2.0.3, forwarding: tunnel, tunnel: {type: gue}}\n"
     "  - {address: 10.2.0.4, forwarding: tunnel, tunnel: {port: 3}}\n"
     "  - {address: 10.2.0.5, forwarding: tunnel, tunnel: {type: gre, checksum: remcsum}}\n"
     "  - {address: 10.2.0.6, forwarding: tunnel, tunnel: {type: gre, port: 3}}\n"
     "  - {address: 10.2.0.7, forwarding: tunnel, tunnel: {typ: gre}}\n"
     "  - {address: 10.2.0.8, forwarding: tunnel, tunnel: gre}\n", [
        "stdin:5: services[0].servers[0].tunnel: requires `forwarding: tunnel`, not direct",
        "stdin:6: services[0].servers[1].tunnel: a gue tunnel needs a port, such as `port: 6080`",
        "stdin:7: services[0].servers[2].tunnel.port: a tunnel of type ipip has no port",
        "stdin:8: services[0].servers[3].tunnel.checksum: should be none or csum for gre",
        "stdin:9: services[0].servers[4].tunnel.port: a tunnel of type gre has no port",
        "stdin:10: services[0].servers[5].tunnel.typ: unknown key; did you mean `type`?",
        'stdin:11: services[0].servers[6].tunnel: should be a mapping of keys to values, not "gre"']),
    ("version: 1\nservices:\n- servers:\n  - {address: 1.2.3, weight: x}\n", [
        "stdin:3: services[0].service: is missing: the service, written as on the command line, such as 192.168.2.10:80/tcp",
        "stdin:4: services[0].servers[0].address: `1.2.3` is not an IPv4 address in digits",
        'stdin:4: services[0].servers[0].weight: should be a whole number, not "x"']),
    ("version: 2\nservices: 3\ntimeout: {}\n", [
        "stdin:1: version: should be 1, the only supported version of this format", "stdin:2: services: should be a list, not 3",
        "stdin:3: timeout: unknown key; did you mean `timeouts`?"]),
    ("services: []\n", ["stdin:1: version: is missing: the version of this format, such as 1"]),
    ('{"version": true, "services": []}', [
        "stdin:1: version: should be 1, the only supported version of this format"]),
    ("version: 1\n", ["stdin:1: services: is missing: the virtual services"]),
    ("version: 1\nservices: []\ntimeouts: {tcp: 2678401, udp: x, fin: 3}\n", [
        "stdin:3: timeouts.tcp: should be less than or equal to 2678400, not 2678401",
        'stdin:3: timeouts.udp: should be a whole number, not "x"',
        "stdin:3: timeouts.fin: unknown key; did you mean `tcpfin`?"]),
    ("version: 1\nservices: []\ndaemons:\n- state: slave\n- {state: master, group: 10.0.0.1, syncid: 256}\n- {interface: eth0}\n"
     "- {state: backup}\n- {state: backup}\n", [
        'stdin:4: daemons[0].state: should be master or backup, not "slave"',
        "stdin:5: daemons[1].syncid: should be less than or equal to 255, not 256",
        "stdin:5: daemons[1].group: should be a multicast address, such as 224.0.0.81 or ff02::81",
        "stdin:6: daemons[2].state: is missing: whether the daemon sends connections or receives them",
        "stdin:8: daemons[4]: there can be one daemon of each state, and this one is the second (the first is at stdin:7)"]),
    ('{"version": 1,\n "services": [\n  {"service": "192.0.2.1:80",\n   "servers": [{"address": "10.0.0.1"},\n'
     '    {"address": "10.0.0.1"}, {"adress": "\\u001b[31m"}]}\n ],\n "version": 1}', [
        "stdin:5: services[0].servers[1]: the server 10.0.0.1:80 is there twice in its service (the first is at stdin:4)",
        "stdin:5: services[0].servers[2].address: is missing: the server's address, in digits, such as 10.2.0.2",
        "stdin:5: services[0].servers[2].adress: unknown key; did you mean `address`?",
        "stdin:7: version: this key is there twice (the first is at stdin:1)"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG_DOCUMENTS)
def test_a_document_s_problems_are_told_all_at_once_with_their_places(text, expected):
    assert problems(text) == expected


ONLY = "lines of `-A`, `-a`, `--set` and `--start-daemon`"


@pytest.mark.parametrize(("text", "expected"), [
    ("-A -t 192.0.2.1:80\n-C\n-D -t 192.0.2.1:80\n-L\n-h\n-R\n", [
        f"stdin:{line}: `{word}` does not describe a table: only {ONLY} do"
        for line, word in enumerate(("-C", "-D", "-L", "-h", "-R"), 2)]),
    ("-A -t 192.0.2.1:80\nfoo\n--zork\n-A --zork\n", [
        f"stdin:2: `foo` is not a rule: rules are {ONLY}, and comments begin with `#`",
        f"stdin:3: `--zork` is not a rule: rules are {ONLY}, and comments begin with `#`",
        "stdin:4: --zork: unknown option (`-h` shows the commands, and `-h TOPIC` their options)"]),
    ("-a -t 192.0.2.1:80 -r 10.0.0.1\n-A -t 192.0.2.1:80\n", [
        "stdin:1: the service 192.0.2.1:80/tcp is not defined yet: put its `-A` before this line"]),
    ("-A -t 192.0.2.1:80\n-A -t 192.0.2.1:http -s rr\n-A -u 192.0.2.1:80\n", [
        "stdin:2: the service 192.0.2.1:80/tcp is there twice; remove one of them (the first is at stdin:1)"]),
    ("-A -f 7\n-a -f 7 -r 10.0.0.1:80 -m\n-a -f 7 -r 10.0.0.1:80 -i\n-a -f 7 -6 -r [2001:db8::1]:80\n", [
        "stdin:3: the server 10.0.0.1:80 is there twice in its service (the first is at stdin:2)",
        "stdin:4: the service fwmark:7/ipv6 is not defined yet: put its `-A` before this line"]),
    ("-A -t 192.0.2.1:80 -s wcl\n-a -t 192.0.2.1:80 -r 224.0.0.1 -m\n-a -t 192.0.2.1:80 -r 10.0.0.1 -y 3\n"
     "-a -t 192.0.2.1:80 -r [2001:db8::1]:80 -m\n", [
        "stdin:1: `wcl` is not a known scheduler; did you mean `wlc`?",
        "stdin:2: 224.0.0.1 can't be the address of a server: it is not a unicast address",
        "stdin:3: the lower threshold, 3, exceeds the upper one, 0",
        "stdin:4: Different address family is allowed only for tunneling servers (use `-i`, or addresses of the same family)"]),
    ("--start-daemon master\n--start-daemon master\n--set 1 2\n", [
        "stdin:2: there can be one daemon of each state, and this one is the second (the first is at stdin:1)",
        "stdin:3: --set option requires 3 timeout values (write `--set TCP TCPFIN UDP`, in seconds)"]),
])  # fmt: skip
def test_the_problems_of_rules_are_told_all_at_once_with_their_lines(text, expected):
    assert problems(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("version: 1\nservices:\n\t- service: 1.2.3.4:80\n",
     "stdin:3: isn't YAML: found character that cannot start any token; indent YAML with blanks, not with tabs"),
    ("version: 1\nservices:\n- service: [2001:db8::1]:80/tcp\n  scheduler: rr\n",
     'stdin:3: isn\'t YAML: did not find expected key; put an IPv6 address in quotes: "[2001:db8::1]:80/tcp"'),
    ("version: 1\nservices: [\n", "stdin:3: isn't YAML: did not find expected node content"),
    ("version: !!int 1\nservices: []\n", "stdin:1: the tag tag:yaml.org,2002:int can't be read: leave it out"),
    ("version: 1\nservices: !!python/object/apply:os.system [id]\n",
     "stdin:2: the tag tag:yaml.org,2002:python/object/apply:os.system can't be read: leave it out"),
    ("version: 1\nservices: []\n---\nversion: 1\n", "stdin:4: there is a second document, but a table is a single one"),
    ("version: 1\nservices: *none\n", "stdin:2: the alias *none refers to an incomplete value"),
    ("version: 1\nservices: &a [*a]\n", "stdin:2: the alias *a refers to an incomplete value"),
    ("version: 1\n? [a]\n: 3\n", "stdin:2: a key must be a word, not a list or a mapping"),
    ("version: 1\nservices: " + "[" * 100_000, "stdin:2: is nested more than 32 levels deep"),
    ("version: 1\nservices: " + "{a: " * 100_000, "stdin:2: is nested more than 32 levels deep"),
    ("version: 1\nservices:\n" + "- " * 100_000, "stdin:3: is nested more than 32 levels deep"),
    ("version: 1\x01\n", "stdin:1: isn't YAML: control characters are not allowed"),
    ('{"version": 1,\n "services": [}', "stdin:2: isn't JSON: Expecting value, at column 15"),
    ('{"version": 1}\n{', "stdin:2: isn't JSON: Extra data, at column 1; a table is one document;"
     " lines as `show -o ndjson` prints them aren't read"),
    ('{"version": 1,\n "services":' + "[" * 100_000, "stdin:1: is nested more than 32 levels deep"),
    ('{"version": 1,\n "services":' + "9" * 5000 + "}", "stdin:2: a number is too long"),
    ("\n\nhello world\n",
     "stdin:3: `hello world` begins neither rules, nor JSON, nor YAML"),
    (b"-A -t 192.0.2.1:80\n# caf\xe9\n", "stdin:2: isn't UTF-8: the byte 0xe9"),
    (b"\x7fELF\2\1\1\0\0\0", "stdin: isn't text: it holds bytes of 0"),
])  # fmt: skip
def test_what_breaks_the_writing_itself_is_told_with_its_line(text, expected):
    assert problems(text) == [expected]


@pytest.mark.parametrize("text", [
    '{"version": 1,\n "services":\n %s}', '{"version": 1,\n "services": [],\n "a": %s}',
    '{"version": 1,\n "services": 1, "timeouts": {"tcp":\n %s}}',
])  # fmt: skip
@pytest.mark.parametrize("depth", [33, 500])
def test_json_that_is_too_deep_is_told_with_its_line(text, depth):
    assert problems(text % ("[" * depth + "]" * depth)) == ["stdin:3: is nested more than 32 levels deep"]


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("x.json", "", 'x.json:1: the file is empty: a table without services is `{"version": 1, "services": []}`'),
    ("x.json", "-A -t 192.0.2.1:80", "x.json:1: isn't JSON: Expecting value, at column 1;"
     " it looks like rules: `--from rules` reads it as such"),
    ("x.yaml", "", "x.yaml:1: the file is empty: a table without services is `version: 1` and `services: []`"),
    ("x.yaml", "- 3", "x.yaml:1: should be a mapping of keys to values, not a list"),
    ("x.rules", "version: 1\n", f"x.rules:1: `version:` is not a rule: rules are {ONLY}, and comments begin with `#`"),
])  # fmt: skip
def test_an_extension_tells_the_format(tmp_path, name, text, expected):
    assert problems(text, name, tmp_path) == [expected]


def test_many_problems_are_not_all_shown():
    told = problems("-C\n" * 250)
    assert told[0].startswith("stdin:1:")
    assert len(told) == 101
    assert told[-1] == "and 150 more"


def test_what_is_told_holds_nothing_that_moves_a_terminal():
    assert "\x1b" not in "".join(problems("-A -t \x1b[2J\n-A -f 1 -s \x1b]0;x\x07\n"))


# Files that aren't one.


def refusal(path: Path, stdin: int = 0) -> IpvsadmError:
    with pytest.raises(IpvsadmError) as caught:
        documents.read(str(path), cli.World(stdin=stdin, names=NAMES))
    assert caught.value.status == 2
    return caught.value


def test_files_that_cannot_be_read(tmp_path):
    missing = refusal(tmp_path / "missing")
    assert str(missing) == f"{tmp_path}/missing: no such file"
    assert missing.hint == "name a file, or `-` for stdin"
    assert str(refusal(tmp_path)) == f"{tmp_path}: is a directory"
    assert "can't be read" in str(refusal(tmp_path / "a\0b"))
    assert "can't be read: Too many levels" in str(refusal(loop(tmp_path)))


def loop(folder: Path) -> Path:
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read(tmp_path):
    (tmp_path / "secret").touch(mode=0)
    assert str(refusal(tmp_path / "secret")) == f"{tmp_path}/secret: can't be read: Permission denied"


@pytest.mark.clock
def test_a_large_file_is_not_read(tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    before = time.monotonic()
    assert str(refusal(large)) == f"{large}: is larger than 512 MiB, the limit for a table"
    assert str(refusal(Path("/dev/zero"))) == "/dev/zero: isn't text: it holds bytes of 0"
    assert time.monotonic() - before < 1


def test_a_stream_without_end_is_left(monkeypatch):
    monkeypatch.setitem(formats.FORMATS, "rules", formats.FORMATS["rules"].replace(limit=1 << 20))
    with subprocess.Popen(["yes", "--", "-A -t 192.0.2.1:80"], stdout=subprocess.PIPE) as endless:
        assert str(refusal(Path("-"), endless.stdout.fileno())) == "stdin: is larger than 1 MiB, the limit for a table"


def test_packed_files_are_known(tmp_path):
    (tmp_path / "x").write_bytes(b"\x1f\x8b\x08\x00\x00")
    assert refusal(tmp_path / "x").hint == "unpack it, with `gunzip`"


# Aliases.


def test_aliases_stand_for_what_they_name():
    table = read(
        "version: 1\nservices:\n- {service: 192.0.2.1:80, servers: &all [{address: 10.0.0.1}, &two {address: 10.0.0.2}]}\n"
        "- {service: 192.0.2.2:80, servers: *all}\n- {service: 192.0.2.3:80, servers: [*two]}\n"
    )
    assert [len(servers) for _, servers in table.services] == [2, 2, 1]


def test_what_aliases_stand_for_has_a_bound():
    laughs = ["version: 1", "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    before = time.monotonic()
    assert problems("\n".join(laughs)) == ["stdin:7: aliases expand to more than 500000 values: use fewer"]
    assert time.monotonic() - before < 20


def test_keys_without_number_are_not_told_one_by_one():
    assert problems(json.dumps({f"k{n}": n for n in range(2000)})) == [
        "stdin:1: there are 2000 keys here, but only 8 are known"
    ]


# What is written.


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(random_tables.any_tables())
def test_every_spelling_reads_back_equal(table):
    for format in ("json", "yaml"):
        assert read(text_of(table, format)) == table, format
    rules = table if table.daemons else table.replace(daemons=None)  # rules can't say that there are none
    assert read(text_of(rules, "rules")) == rules


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(random_tables.any_tables())
def test_what_is_written_holds_to_the_schema(table):
    VALIDATOR.validate(json.loads(text_of(table, "json")))
    VALIDATOR.validate(yaml.safe_load(text_of(table, "yaml")))


def test_a_local_server_is_told_by_documents_alone():
    table = Table(
        services=(
            (
                Service(protocol=6, address=VIP, port=80, scheduler="rr"),
                (Server(address=SERVER, port=80, forwarding=1),),
            ),
        )
    )
    assert read(text_of(table, "json")) == read(text_of(table, "yaml")) == table
    assert text_of(table, "rules") == "-A -t 192.168.2.10:80 -s rr\n-a -t 192.168.2.10:80 -r 10.2.0.2:80 -g -w 1\n"


def test_yaml_is_for_people():
    table = read(FULL.replace("yes please", "true"))
    assert (
        text_of(table, "yaml")
        == """\
version: 1
services:
  - service: 192.168.2.10:80/tcp
    scheduler: sh
    persistence: 300
    netmask: 255.255.255.0
    flags: [sh-port, flag-3]
    servers:
      - {address: 10.2.0.2, port: 80, forwarding: direct, weight: 1}
      - {address: 10.2.0.2, port: 8080, forwarding: masquerade, weight: 0, upper_threshold: 9, lower_threshold: 3}
      - {address: "2001:db8::2", port: 80, forwarding: tunnel, weight: 1, tunnel: {type: gue, port: 6080, checksum: remcsum}}
  - service: fwmark:7/ipv6
    scheduler: wlc
    netmask: 64
    engine: sip
    one_packet: true
timeouts: {tcp: 900, tcpfin: 0, udp: 0}
daemons: []
"""
    )


COUNTED = Table(
    services=(
        (
            Service(protocol=17, address=VIP, port=53, scheduler="rr", stats=Stats.make(range(2**64 - 10, 2**64))),
            (Server(address=SERVER, port=53, active=1, inactive=2, persistent=3, stats=Stats.make(range(10))),),
        ),
    )
)


def test_json_tells_what_the_kernel_counts_and_is_read_without_it():
    data = json.loads(text_of(COUNTED, "json"))
    VALIDATOR.validate(data)
    (service,) = data["services"]
    assert service["counters"] == {
        "connections": 2**64 - 10, "packets_in": 2**64 - 9, "packets_out": 2**64 - 8, "bytes_in": 2**64 - 7, "bytes_out": 2**64 - 6,
    }  # fmt: skip
    assert service["rates"]["connections"] == 2**64 - 5
    (server,) = service["servers"]
    assert server["connections"] == {"active": 1, "inactive": 2, "persistent": 3}
    assert server["rates"] == {"connections": 5, "packets_in": 6, "packets_out": 7, "bytes_in": 8, "bytes_out": 9}
    ((kept, (kept_server,)),) = read(json.dumps(data)).services
    assert kept == COUNTED.services[0][0].replace(stats=None)
    assert kept_server == Server(address=SERVER, port=53)


def test_yaml_and_rules_leave_counters_out():
    for format in ("yaml", "rules"):
        assert "counters" not in text_of(COUNTED, format)


@pytest.mark.skipif(
    pydantic.VERSION < "2.11", reason="pydantic 2.10 reads by these shapes, but writes no schema of them"
)
def test_the_schema_that_ships_is_current():
    assert schema_reader.schema() == shape.schema(), "run `make generated`"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"].endswith(f":{schema_reader.VERSION}")


# Cost.


def test_reading_rules_loads_nothing_slow():
    script = "import sys; from pyipvsadm import cli; from pyipvsadm import documents; documents.read('-', cli.World()).table; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], input=b"-A -t 192.0.2.1:80\n", capture_output=True, check=True)
    assert not {"pydantic", "yaml", "typer", "rich", "json"} & set(ran.stdout.decode().split())


def test_lines_of_problems_in_long_json_are_found_in_time():
    table = {
        "version": 1,
        "services": [{"service": f"10.{n >> 8}.{n & 255}.1:80", "scheduler": "rrr"} for n in range(5000)],
    }
    before = time.monotonic()
    told = problems(json.dumps(table, indent=1))
    assert told[0] == "stdin:4: services[0]: `rrr` is not a known scheduler; did you mean `rr` or `wrr`?"
    assert time.monotonic() - before < 10


# Whatever comes.

KEYS = sorted(
    {key for part in (shape.DocumentShape, shape.ServiceShape, shape.ServerShape) for key in part.model_fields}
)
odd = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(("192.0.2.1:80", "rr")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=3)), inner, max_size=5),
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), odd, max_size=6))
def test_no_document_raises_anything_else(data):
    with suppress(IpvsadmError):
        read(json.dumps({"version": 1, "services": [], **data}))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_no_damage_to_a_file_raises_anything_else(data):
    table = read(FULL.replace("yes please", "true"))
    text = text_of(table, data.draw(st.sampled_from(("json", "yaml", "rules")))).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 10))
        patch = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from((b"{", b"]", b"\n", b"\t", b"*a", b"&a ", b"- ")))
        )
        text = text[:at] + patch + text[at + cut :]
    with suppress(IpvsadmError):
        read(text)


def test_yaml_without_its_library_in_c_is_read_alike(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert len(read(FULL.replace("yes please", "true")).services) == 2
    assert problems("version: 1\nservices: " + "[" * 1000) == ["stdin:2: is nested more than 32 levels deep"]
    assert problems("version: 1\x01\n")[0].startswith("stdin:1: isn't YAML: ")
    assert problems("version: 1\nservices: [\n")[0].startswith("stdin:3: isn't YAML: ")


MANY = 30_000  # far more problems than are any help


@pytest.mark.parametrize("content", [
    "-A zork\n" * MANY,
    "-a -t 192.0.2.1:80 -r 10.0.0.1:80\n" * MANY,
    json.dumps({"version": 1, "services": [{"x": 1}] * MANY}),
    json.dumps({"version": 1, "services": [{"service": "192.0.2.1:80", "servers": [1] * MANY}]}),
    json.dumps({"version": 1, "services": [], "addresses": ["x"] * MANY}),
    '{"version": 1, "services": [], ' + '"a": 1, ' * MANY + '"b": 2}',
    "version: 1\nservices:\n" + "- {x: 1}\n" * MANY,
], ids=["words", "no service", "services", "servers", "addresses", "a key", "yaml"])  # fmt: skip
def test_after_1000_problems_the_reader_stops(tmp_path, monkeypatch, content):
    taken = []
    wrong = Assembly.wrong
    monkeypatch.setattr(Assembly, "wrong", lambda *given: (taken.append(1), wrong(*given)))
    path = tmp_path / "table"
    path.write_text(content)
    ran = run(["check", str(path)])
    assert (ran.status, len(taken)) == (2, 1000)
    assert ran.message.endswith("and 900 more; after 1000 nothing more was read\n")


@pytest.mark.parametrize(
    "write", [json.dumps, lambda table: yaml.dump(table, Dumper=yaml.CSafeDumper)], ids=["json", "yaml"]
)
def test_a_long_document_of_mistakes_takes_no_longer_than_one_without(tmp_path, write):
    took = []
    for scheduler in ("rr", 5, None):  # right, wrong, and right but for what is wrong in the end
        services = [{"service": f"10.{n >> 8}.{n & 255}.1:80", "scheduler": scheduler or "rr"} for n in range(20_000)]
        services += [] if scheduler else [{"service": "x"}]
        path = tmp_path / "table"
        path.write_text(write({"version": 1, "services": services}))
        before = time.process_time()
        assert run(["check", str(path)]).status == (0 if scheduler == "rr" else 2)
        took.append(time.process_time() - before)
    assert max(took) < 3 * took[0] + 1, took


def test_too_many_flags_are_not_looked_at(tmp_path):
    path = tmp_path / "table.json"
    path.write_text(json.dumps({"version": 1, "services": [{"service": "192.0.2.1:80", "flags": ["x"] * MANY}]}))
    assert "there are 30000 flags here" in run(["check", str(path)]).message
