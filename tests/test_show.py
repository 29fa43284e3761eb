"""`show`: the table as data on stdout, in each of its shapes, and what goes wrong."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from pyipvsadm import cli
from pyipvsadm.documents.dialect import yaml_layout
from pyipvsadm.documents.dialect.json_layout import live_data
from pyipvsadm.documents.formats import FORMATS
from pyipvsadm.kernel import Kernel
from pyipvsadm.listing.order import as_added
from pyipvsadm.verbs.show import _table

from . import fakes, random_tables
from .ipvs import Ipvs
from .netlink import FAMILY, CannedSocket, done, error, message, nla, requests, server, service, small_kernel
from .properties import examples
from .table_text import text_of
from .terminal import ANSI, environment, seen

VIP, SECOND = bytes((192, 168, 2, 10)), bytes((192, 168, 2, 11))
ONE, TWO = bytes((10, 2, 0, 2)), bytes((10, 2, 0, 3))
SIX = bytes.fromhex("20010db8000000000000000000000001")
COUNTERS = tuple(range(2**32, 2**32 + 10))
SERVICES = [  # in no order
    (service(SECOND, 53, "wlc", protocol=17, flags=2 | 4), []),
    (
        service(VIP, 80, "sh", flags=2 | 1 | 16, timeout=300, netmask=b"\xff\xff\xff\0", counters=COUNTERS),
        [
            server(TWO, 8080, 0, weight=0, active=3, inactive=2**32 - 1, upper=9, lower=3, persistent=4),
            server(ONE, 80, 3, counters=COUNTERS),
        ],
    ),
]
ESRCH, EPERM, EMSGSIZE = 3, 1, 90


def kernel(services=SERVICES, refusals=None):
    """What a kernel with this table answers: timeouts and a daemon too, and one service alone."""
    refusals = refusals or {}
    plain = small_kernel(services)

    def play(data: bytes) -> list[bytes]:
        ((flags, sequence, command, attributes),) = requests(data)
        if command in refusals:
            return [error(sequence, refusals[command])]
        if command == 13:
            timeouts = b"".join(nla(4 + n, struct.pack("=I", value)) for n, value in enumerate((900, 120, 300)))
            return [message(sequence, 12, timeouts, 0)]
        if command == 11:
            daemon = nla(1, struct.pack("=I", 1)) + nla(2, b"eth0\0") + nla(3, struct.pack("=I", 7))
            return [message(sequence, 9, nla(3, daemon)), done(sequence)]
        if command == 4 and not flags & 0x300:
            found = [own for own, _ in services if attributes[4:44] in own]
            return [message(sequence, 1, found[0], 0)] if found else [error(sequence, ESRCH)]
        return plain(data)

    return play


def show(*words, play=None):
    return fakes.run(["show", *words], play or kernel(), program="pyipvsadm")


def test_plain_text_is_for_people_whose_stdout_is_no_terminal():
    ran = show()
    assert (ran.status, ran.stderr) == (0, "")
    assert (
        ran.stdout
        == """\
Service / server     Settings                                                   Weight  Active    Inactive
192.168.2.10:80/tcp  sh, persistence 300, netmask 255.255.255.0, flags sh-port
  10.2.0.2:80        direct                                                          1       0           0
  10.2.0.3:8080      masquerade, upper_threshold 9, lower_threshold 3                0       3  4294967295
192.168.2.11:53/udp  wlc, one_packet yes
timeouts: tcp 900 s, tcpfin 120 s, udp 300 s
master daemon: eth0, syncid 7
"""
    )


def test_a_brief_list_has_a_line_for_each_service():
    ran = show("--brief")
    assert (ran.status, ran.stderr) == (0, "")
    assert (
        ran.stdout
        == """\
Service              Scheduler  Servers  Weight  Active    Inactive
192.168.2.10:80/tcp  sh             1/2       1       3  4294967295
192.168.2.11:53/udp  wlc            0/0       0       0           0
"""
    )
    drawn = seen(["show", "--brief"], kernel()).text.splitlines()
    assert drawn[3].split() == ["192.168.2.11:53/udp", "wlc", "✗", "0/0", "0", "0", "0"]
    assert (show("--brief", "-o", "json").status, show("--brief", "-o", "json").stdout) == (2, "")


def test_json_tells_all_in_the_order_of_lists():
    ran = show("-o", "json")
    assert (ran.status, ran.stderr) == (0, "")
    data = json.loads(ran.stdout)
    assert [found["service"] for found in data["services"]] == ["192.168.2.10:80/tcp", "192.168.2.11:53/udp"]
    first = data["services"][0]
    assert [first[name] for name in ("family", "protocol", "address", "port")] == ["ipv4", "tcp", "192.168.2.10", 80]
    assert [found["address"] for found in first["servers"]] == ["10.2.0.2", "10.2.0.3"]
    assert first["counters"]["bytes_out"] == 2**32 + 4
    assert first["servers"][0]["rates"]["bytes_out"] == 2**32 + 9
    assert first["servers"][1]["connections"] == {"active": 3, "inactive": 2**32 - 1, "persistent": 4}
    assert (first["persistence"], first["netmask"], first["flags"]) == (300, "255.255.255.0", ["sh-port"])
    assert data["timeouts"] == {"tcp": 900, "tcpfin": 120, "udp": 300}
    assert [(found["state"], found["interface"], found["syncid"]) for found in data["daemons"]] == [
        ("master", "eth0", 7)
    ]


def test_ndjson_is_a_line_for_each_service():
    whole = json.loads(show("-o", "json").stdout)
    lines = [json.loads(line) for line in show("-o", "ndjson").stdout.splitlines()]
    assert all(0 <= line.pop("time") - whole["time"] < 60 for line in lines)
    assert lines == whole["services"]


def test_a_service_has_the_connections_of_its_servers():
    for found in json.loads(show("-o", "json").stdout)["services"]:
        for kind, count in found["connections"].items():
            assert count == sum(server["connections"][kind] for server in found["servers"])


def test_yaml_and_rules_are_settings():
    assert yaml.safe_load(show("-o", "yaml").stdout)["services"][1] == {
        "service": "192.168.2.11:53/udp", "scheduler": "wlc", "one_packet": True,
    }  # fmt: skip
    assert (
        show("-o", "rules").stdout
        == """\
-A -t 192.168.2.10:80 -s sh -p 300 -M 255.255.255.0 -b sh-port
-a -t 192.168.2.10:80 -r 10.2.0.2:80 -g -w 1
-a -t 192.168.2.10:80 -r 10.2.0.3:8080 -m -w 0 -x 9 -y 3
-A -u 192.168.2.11:53 -s wlc -o
--set 900 120 300
--start-daemon master --mcast-interface eth0 --syncid 7
"""
    )


@pytest.mark.parametrize("format", ["json", "ndjson", "yaml"])
@given(random_tables.any_tables(), some.integers(0, 2**32 - 1))
@examples(60)
def test_the_texts_of_a_kernel_are_those_of_the_plain_writer(format, table, count):
    ipvs = Ipvs()
    ipvs.counts = lambda dest: (count, len(dest), 0)
    assert fakes.run(["-R"], ipvs.play, text_of(table, "rules").encode()).status == 0
    same_text(format, ipvs.play, len(table.services))


@pytest.mark.parametrize("format", ["json", "ndjson", "yaml"])
def test_counters_are_those_of_the_plain_writer(format):
    same_text(format, kernel(), len(SERVICES))


@given(
    some.text().filter(str.isprintable)
    | some.text("yno-_.:/0123456789")
    | some.sampled_from(["null", "No", "~", "1e3", "0x1f", "1:20", "fwmark:7/", "10.0.0.1:", "2001:db8::1", "-"])
)
@examples(400)
def test_yaml_reads_every_text_back_as_it_was(text):
    assert yaml.safe_load(yaml_layout.scalar([text, text])) == [text, text]


@pytest.mark.parametrize("text", ["rr", "sh-port", "10.0.0.1", "10.0.0.1:80/tcp", "fwmark:7", "fwmark:7/ipv6"])
def test_yaml_needs_no_quotes_for_words_and_names(text):
    assert yaml_layout.scalar(text) == text


def same_text(format, play, count):
    """Check that both writers say the same of the kernel that `play` stands for, with this many services."""
    asked, row = Kernel(CannedSocket(play), FAMILY), FORMATS[format]
    plain = _table(asked, (), True, as_added)
    assert len(plain.services) == count
    assert "".join(row.live(asked, live_data(1.5))) == "".join(row.pieces(plain, None, live_data(1.5)))


@pytest.mark.parametrize("output", ["json", "yaml", "rules"])
def test_what_is_shown_can_be_checked(output):
    ran = fakes.run(["check", "-"], stdin=show("-o", output).stdout.encode())
    assert (ran.status, ran.stdout, ran.stderr) == (0, "stdin: right: 2 services, 2 servers\n", "")


def test_an_empty_table_is_data_too():
    empty = kernel([])
    assert json.loads(show("-o", "json", play=empty).stdout)["services"] == []
    assert yaml.safe_load(show("-o", "yaml", play=empty).stdout)["services"] == []
    assert show("-o", "ndjson", play=empty).stdout == ""
    assert show(play=empty).stdout.startswith("Service / server  Settings  Weight  Active  Inactive\ntimeouts: ")


def test_services_can_be_named():
    ran = show("192.168.2.11:53/udp", "192.168.2.11:53/udp", "192.168.2.10:80", "-o", "yaml")
    data = yaml.safe_load(ran.stdout)
    assert [found["service"] for found in data["services"]] == ["192.168.2.10:80/tcp", "192.168.2.11:53/udp"]
    assert data.keys() == {"version", "services"}


@pytest.mark.parametrize(("words", "status", "message", "hint"), [
    (["192.168.2.11:53"], 1, "No such service: 192.168.2.11:53/tcp\n",
     "there is `192.168.2.11:53/udp`; `pyipvsadm show` lists the services"),
    (["192.168.2.10:80", "fwmark:7/ipv6", "-o", "json"], 1, "No such service: fwmark:7/ipv6\n", None),
    (["192.168.2.99"], 2, "no service has the address 192.168.2.99\n", None),
])  # fmt: skip
def test_what_is_not_there_leaves_stdout_empty(words, status, message, hint):
    ran = show(*words)
    assert (ran.status, ran.stdout, ran.message) == (status, "", message)
    assert ran.hints
    assert hint in (None, *ran.hints)


@pytest.mark.parametrize(("errno", "status", "message"), [
    (EPERM, 2, "Can't initialize ipvs: Permission denied (you must be root)"),
    (EMSGSIZE, 1, "Module is wrong version"),
])  # fmt: skip
def test_a_kernel_that_refuses(errno, status, message):
    ran = show("-o", "json", play=kernel(refusals={4: errno}))
    assert (ran.status, ran.stdout) == (status, "")
    assert ran.stderr.startswith(message)


def test_a_wrong_option_is_told_on_stderr():
    ran = subprocess.run([sys.executable, "-m", "pyipvsadm", "show", "-o", "foo"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines()[0] == "--output: `foo` is not one of table, json, yaml, ndjson, rules"


def test_a_reader_that_goes_away_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    world = cli.World("pyipvsadm", stdout=writing, kernel=Kernel(CannedSocket(kernel()), FAMILY))
    assert cli.main(["pyipvsadm", "show", "-o", "json"], world) == 141
    os.close(writing)


# On a terminal.


def test_a_terminal_gets_a_drawing_that_fits():
    ran = seen(["show"], kernel())
    assert ANSI.search(ran.raw)
    assert max(map(len, ran.text.splitlines())) <= 80
    for word in (
        "192.168.2.10:80/tcp",
        "10.2.0.3:8080",
        "4.29G",
        "masquerade",
        "thresholds: upper 9, lower 3",
        "2 min",
    ):
        assert word in ran.text
    (row,) = [line for line in ran.text.splitlines() if "10.2.0.2:80" in line]
    assert row.split() == ["10.2.0.2:80", "direct", "1", "0", "0%", "0"]


@pytest.mark.parametrize(
    ("words", "variables"),
    [(["--plain"], {}), ([], {"PYIPVSADM_STYLE": "plain"}), ([], {"TERM": "dumb"}), (["-o", "yaml"], {})],
)
def test_a_drawing_can_be_declined(words, variables):
    assert seen(["show", *words], kernel(), **variables).raw == show(*words).stdout


def test_a_pipe_can_have_the_drawing():
    with environment(PYIPVSADM_STYLE="rich", LANG="C.UTF-8"):
        drawn = show().stdout
        plain = show("--plain").stdout
    assert plain == show().stdout != drawn
    assert drawn == seen(["show"], kernel()).text


def test_a_long_table_is_not_drawn():
    many = [service(bytes((10, 0, n // 250, n % 250)), 80) for n in range(2001)]
    ran = seen(["show"], kernel([(one, []) for one in many]))
    assert not ANSI.search(ran.raw)
    assert ran.text.count("/tcp") == 2001
    assert ran.text.splitlines()[-1].startswith("hint: lists of more than 2000 rows aren't drawn")
