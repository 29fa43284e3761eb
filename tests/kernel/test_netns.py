"""`--netns`: tables in two named namespaces, kept apart; and `netns`, which finds them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyipvsadm.namespaces import HERE

from .directors import InProcess, Process
from .namespaces import Namespace
from .network import CLIENT, VIP, Network

NAMES = ("blue", "4194304")  # the latter could be that of a process
CLASSIC = ("-A -t 192.0.2.1:{port} -s rr", "-a -t 192.0.2.1:{port} -r 198.51.100.1:80 -m")


@pytest.fixture(scope="module")
def named():
    """Both namespaces, with `lo` up, and a table in each; the ports of their services are 1 and 2."""
    ours = InProcess()
    for port, name in enumerate(NAMES, 1):
        subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        for line in CLASSIC:
            assert ours(f"--netns {name} {line.format(port=port)}") == (0, "", "")
    yield ours
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", name], check=True)
    ours.namespace.close()


def rules(port):
    return f"-A -t 192.0.2.1:{port} -s rr\n-a -t 192.0.2.1:{port} -r 198.51.100.1:80 -m -w 1\n"


def test_by_name_process_and_path_before_and_behind(named):
    assert named("-Sn") == (0, "", "")
    process = subprocess.Popen(["ip", "netns", "exec", "blue", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(b"ready\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ready\n"  # and so it is inside
    for where in ("blue", str(process.pid), f"/proc/{process.pid}/ns/net", "/run/netns/blue", "/run/../run/netns/blue"):
        assert named(f"--netns {where} -Sn") == (0, rules(1), ""), where
        assert named(f"--netns={where} show -o rules").stdout.startswith(rules(1)), where
        assert named(f"show -o rules --netns {where}").stdout.startswith(rules(1)), where
    process.communicate()
    assert named(f"--netns {NAMES[1]} -Sn") == (0, rules(2), "")
    assert named("-Sn") == (0, "", "")


def test_whoever_enters_does_so_alone(named):
    before = os.readlink(HERE)
    assert named("--netns blue -Ln").returncode == 0
    assert os.readlink(HERE) == before


@pytest.mark.parametrize("program", ["pyipvsadm", "ipvsadm"])
def test_links_and_scripts_take_it_too(named, program, tmp_path):
    installed = Path(sys.executable).parent / "pyipvsadm"
    for name in (program, f"{program}-save", f"{program}-restore"):
        (tmp_path / name).symlink_to(installed)
    save, restore = (Process([str(tmp_path / f"{program}-{name}")], called=name) for name in ("save", "restore"))
    one = Process([str(tmp_path / program)], called=program)
    saved = save(f"--netns {NAMES[1]} -n")
    assert saved == (0, rules(2), "")
    assert restore("--netns=blue", saved.stdout) == (0, "", "")
    assert one("--netns blue -Sn") == (0, rules(2), "")
    assert restore("--netns blue", rules(1)) == (0, "", "")


def test_verbs_that_change_the_table(named, tmp_path):
    file = tmp_path / "table"
    file.write_text(rules(1))
    assert named(f"diff {file} --netns blue") == (0, "", "")
    assert named(f"--netns {NAMES[1]} diff {file}").returncode == 1
    assert named("set 192.0.2.1:1 198.51.100.1:80 -w 7 --netns blue") == (0, "", "")
    assert "-w 7" in named("--netns blue -Sn").stdout
    assert named(f"--netns=blue apply {file}").stderr == "done: 1 edited\n"
    assert named("--netns blue -Sn").stdout == rules(1)


def test_connections_and_settings_are_those_of_the_namespace():
    """Both are read from /proc, which shows each thread its own namespace."""
    network = Network()
    ours = InProcess()
    inside = InProcess(network.director)
    try:
        for line in (f"-A -t {VIP}:80 -s rr", f"-a -t {VIP}:80 -r 10.2.1.2:80 -m"):
            assert inside(line) == (0, "", "")
        network.listen("10.2.1.2", 80)
        network.connect(VIP, 80)
        path = network.director.path()
        assert ours("-Lnc").stdout.count("\n") == 2
        listed = ours(f"--netns {path} -Lnc").stdout
        assert listed.count("\n") == 3
        assert f"{CLIENT}:" in listed
        assert ours("-Lnc").stdout.count("\n") == 2  # nothing of it is kept
        in_a_process = Process([sys.executable, "-m", "pyipvsadm"], called=sys.executable)
        assert in_a_process(f"--netns {path} -Lnc").stdout.count("\n") == 3
        in_a_process.namespace.close()
    finally:
        network.close()
        ours.namespace.close()


def test_netns_lists_who_holds_services(named):
    status, table, told = named("netns")
    rows = [line.split() for line in table.splitlines()]
    assert (status, told) == (0, "")
    assert rows[0] == ["Namespace", "Services", "Inode", "Process"]
    for name in NAMES:
        assert [name, "1", str(os.stat(f"/run/netns/{name}").st_ino)] in rows
    data = json.loads(named("--netns blue netns -o json").stdout)
    found = {one["netns"]: one for one in data["namespaces"]}
    assert found["blue"]["here"]
    assert [found[name]["services"] for name in NAMES] == [1, 1]
    assert not found[NAMES[1]]["here"]
    assert all(one["services"] for one in data["namespaces"])


def test_a_namespace_that_only_a_process_is_in_is_found(named):
    nameless = Namespace()
    other = InProcess(nameless)
    assert other("-A -f 1") == other("-A -f 2") == (0, "", "")
    with nameless.entered():
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        rows = [line.split() for line in named("netns").stdout.splitlines()]
        assert [str(process.pid), "2"] in [row[:2] for row in rows]
        assert named(f"--netns {process.pid} -Sn").stdout == "-A -f 1 -s wlc\n-A -f 2 -s wlc\n"
    finally:
        process.communicate()
        nameless.close()


def test_what_may_not_be_entered_is_unknown_and_never_none(named):
    drop = ["/usr/bin/setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    ours = Process([*drop, sys.executable, "-m", "pyipvsadm"], called="setpriv", namespace=named.namespace)
    answer = ours("--netns blue -Ln")
    assert answer.returncode == 2
    assert answer.problem == "the network namespace `blue` can't be entered: Operation not permitted"
    assert "CAP_SYS_ADMIN" in answer.stderr
    status, table, _ = ours("netns")
    assert status == 1
    assert ["blue", "unknown"] in [line.split()[:2] for line in table.splitlines()]
    assert ours("show").returncode == 0  # our own needs no entering


def test_completion_offers_names_and_what_is_inside(named):
    assert "blue\t/run/netns/blue\n" in named("__complete --netns b").stdout
    assert named("__complete --netns blue -D -t 192").stdout == "words\n192.0.2.1:1\trr\n"
    assert named(f"__complete show --netns={NAMES[1]} 192").stdout == "words\n192.0.2.1:2/tcp\trr\n"
    assert named("__complete -D -t 192").stdout == "words\n"
