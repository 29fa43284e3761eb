"""Tables as documents, on a real kernel: what it holds is written, read back, and put into another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings

from pyipvsadm import cli, documents
from pyipvsadm.kernel import Kernel
from pyipvsadm.model import Command, Table

from .. import random_tables
from ..table_text import text_of
from . import rawtable
from .directors import ipvsadm
from .namespaces import Namespace

FORMATS = ("json", "yaml", "rules")
FEW = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def read(text: str) -> Table:
    """The table in `text`."""
    stdin = os.memfd_create("stdin")
    try:
        os.write(stdin, text.encode())
        os.lseek(stdin, 0, os.SEEK_SET)
        return documents.read("-", cli.World(stdin=stdin)).table
    finally:
        os.close(stdin)


def fill(kernel: Kernel, table: Table) -> None:
    """Put the services of `table` into an empty kernel, which takes them all."""
    commands = []
    for service, servers in table.services:
        commands.append(Command(verb="add-service", service=service))
        commands += [Command(verb="add-server", service=service, server=server) for server in servers]
    assert list(kernel.submit(commands)) == []


def settled(table: Table) -> Table:
    """`table` as a set of settings: in one order, without counters."""
    services = (
        (service.replace(stats=None), tuple(sorted(server.replace(stats=None) for server in servers)))
        for service, servers in table.services
    )
    return table.replace(services=tuple(sorted(services, key=lambda entry: entry[0].key)))


def without_servers_order(table: rawtable.Table):
    return sorted((service, sorted(servers)) for service, servers in table.services)


@FEW
@given(random_tables.any_tables(beside=False))
def test_what_a_kernel_holds_reads_back_equal_in_every_spelling(table):
    with closing(Namespace()) as namespace, namespace.entered():
        kernel = Kernel.open()
        fill(kernel, table)
        held = kernel.table(stats=True)
        assert settled(held).services == settled(table).services
        for format in FORMATS:
            again = read(text_of(held, format))
            assert settled(again).services == settled(held).services, format
            assert again.timeouts == held.timeouts
            assert again.daemons == (None if format == "rules" else ())


@FEW
@given(random_tables.any_tables(beside=False))
def test_ipvsadm_makes_the_same_table_of_our_rules(table):
    with closing(Namespace()) as ours, closing(Namespace()) as theirs:
        with ours.entered():
            kernel = Kernel.open()
            fill(kernel, table)
            rules = text_of(kernel.table(), "rules")
            wanted = rawtable.read()
        restore = ipvsadm(theirs)
        assert restore("-R", rules) == (0, "", "")
        found = restore.table()
        assert without_servers_order(found) == without_servers_order(wanted)
        assert found.timeouts == wanted.timeouts


def saved(table: Table) -> Table:
    """`table` without what ipvsadm saves not at all, or wrongly."""
    return Table(
        services=tuple(
            (
                service.replace(netmask=service.netmask if service.flags & 1 else None, flags=service.flags & ~32),
                tuple(server.replace(upper_threshold=0, lower_threshold=0) for server in servers),
            )
            for service, servers in table.services
            if (service.fwmark or 0) < 2**31
        )
    )


@FEW
@given(random_tables.any_tables(beside=False).map(saved))
def test_what_ipvsadm_saves_is_read(table):
    with closing(Namespace()) as namespace:
        with namespace.entered():
            fill(Kernel.open(), table)
        rules = ipvsadm(namespace)("-Sn").stdout
        assert settled(read(rules)).services == settled(table).services


SAMPLE = """\
-A -t 192.0.2.1:80 -s wlc -p 300 -M 255.255.255.0
-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3 -x 10 -y 5
-A -u [2001:db8::1]:53 -s sh -b sh-port -M 64
-a -u [2001:db8::1]:53 -r 10.0.0.2:53 -i --tun-type gue --tun-port 6080 --tun-csum
-A -f 7 -6 -s mh
--set 800 100 200
--start-daemon master --mcast-interface lo --syncid 7
"""


@pytest.mark.parametrize("format", FORMATS)
def test_what_show_prints_is_what_apply_makes_elsewhere(director, format):
    here, there = director("pyipvsadm"), director("pyipvsadm")
    mixed, _, daemon = SAMPLE.partition("--start-daemon")
    plain = mixed.replace("-r 10.0.0.2:53 -i", "-r [2001:db8::2]:53 -i")  # the kernel mixes no families beside daemons
    assert here("-R", f"{plain}--start-daemon{daemon}") == (0, "", "")
    shown = here(["show", "-o", format])
    assert (shown.returncode, shown.stderr) == (0, "")
    applied = there(["apply", "-", "--yes"], shown.stdout)
    assert applied.returncode == 0, applied.stderr
    assert without_servers_order(there.table()) == without_servers_order(here.table())
    assert there.table()[1:] == here.table()[1:]
    assert there(["diff", "-"], shown.stdout) == (0, "", "")


def test_counters_of_a_live_table_are_shown(director):
    ours = director("pyipvsadm")
    assert ours("-R", SAMPLE.partition("--start-daemon")[0]) == (0, "", "")
    data = json.loads(ours(["show", "-o", "json", "192.0.2.1:80"]).stdout)
    (service,) = data["services"]
    assert set(service["counters"].values()) == set(service["rates"].values()) == {0}
    assert service["servers"][0]["connections"] == {"active": 0, "inactive": 0, "persistent": 0}
    lines = [json.loads(line) for line in ours(["show", "-o", "ndjson"]).stdout.splitlines()]
    assert [line["service"] for line in lines] == ["192.0.2.1:80/tcp", "[2001:db8::1]:53/udp", "fwmark:7/ipv6"]
    assert ours(["show", "192.0.2.9:80"])[:2] == (1, "")


def test_a_pipe_that_closes_early_is_quiet(director):
    ours = director("pyipvsadm")
    rules = "".join(f"-A -t 192.0.{n >> 8}.{n & 255}:80\n" for n in range(2000))
    assert ours("-R", rules) == (0, "", "")
    with ours.namespace.entered():
        line = f"{sys.executable} -m pyipvsadm show -o json | head -c 10"
        ran = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ('{\n  "time"', "")
