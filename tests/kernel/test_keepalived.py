"""keepalived and ldirectord themselves: the table that each makes at its start is the one that we read in its file."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pyipvsadm.documents import keepalived, ldirectord
from pyipvsadm.documents.formats import Inputs
from pyipvsadm.kernel import Kernel
from pyipvsadm.names import Names
from pyipvsadm.table.assembly import Assembly
from pyipvsadm.table.differences import differences
from pyipvsadm.table.plan import make_plan
from pyipvsadm.verbs.doctor.collection.manager_files import manager_files

from .namespaces import Namespace
from .programs import EQUAL, PROGRAMS, compared, keepalived_command, spelled, told

SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"
SEEDS = range(100, 118)  # of them some that we once read otherwise
PATIENCE = 120  # seconds: Perl takes many to start here, on a machine that is busy
LOOK_EVERY = 0.5

KEEPALIVED = {
    "addresses": """\
virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo wrr
    lb_kind DR
    persistence_timeout 50
    persistence_granularity 255.255.255.0
    real_server 10.1.0.1 8080 { weight 3 }
    lb_kind TUN type gue port 6080 csum
    real_server fd00:1::1 80 {
        weight abc
        uthreshold 100
        lthreshold 50
    }
    real_server 10.1.0.3 80 { lvs_method NAT }
}
virtual_server fd00::1 443 {
    lb_algo sh
    sh-port
    sh-fallback
    real_server fd00:1::1 8443 { }
    real_server 10.1.0.1 8443 { }
}
virtual_server 10.0.0.2 {
    protocol sctp
    ops
    real_server 10.1.0.1 { }
}
""",
    "marks and groups": """\
$NET=10.1.0
virtual_server_group WEB {
    10.0.1.1-3 80
    10.0.1.8/30 81
    fwmark 7
}
virtual_server group WEB {
    protocol TCP
    persistence_timeout 60
    persistence_granularity 255.255.0.0
    ~SEQ(K, 1, 2) real_server ${NET}.$K 80 { weight $K }
    real_server ${NET}.9 99 { lvs_method DR
    }
}
virtual_server fwmark 9 {
    lb_kind TUN
    real_server fd00:1::1 80 { }
}
virtual_server fwmark 10 {
    ip_family inet6
    real_server 10.1.0.1 80 { }
    real_server fd00:1::1 80 { }
}
""",
    "checks": """\
virtual_server 10.0.0.1 80 {
    protocol TCP
    delay_loop 6000
    alpha
    sorry_server 10.1.0.9 80
    real_server 10.1.0.1 80 {
        TCP_CHECK { connect_port 8001 }
    }
}
virtual_server 10.0.0.2 80 {
    protocol TCP
    delay_loop 6000
    inhibit_on_failure
    alpha
    quorum 3
    hysteresis 1
    sorry_server 10.1.0.9
    sorry_server_lvs_method DR
    real_server 10.1.0.1 80 {
        TCP_CHECK { connect_port 8001 }
    }
    real_server 10.1.0.2 80 { weight 4 }
    real_server 10.1.0.3 80 {
        inhibit_on_failure no
        PING_CHECK { }
    }
}
virtual_server 10.0.0.3 80 {
    protocol TCP
    sorry_server 10.1.0.9 80
    real_server 10.1.0.1 80 { weight 0 }
}
""",
    "what is wrong": """\
virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo RR
    lb_kind dr
    nat_mask 255.255.255.0
    weight 0
    persistence_timeout 0
    real_server 10.1.0.1 80-90 { weight 5x }
    real_server 10.1.0.1 80 { weight 9 }
    real_server localhost 80 { }
    real_server 10.1.0.2 80 { lthreshold 5
    }
    FOO {
        lb_algo rr
    }
    real_server 10.1.0.3 80 { }
}
virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo wrr
    real_server 10.1.0.4 81 { weight 4 }
}
virtual_server 10.0.0.2 80 {
    protocol TCP
    lb_algo twos
    real_server 10.1.0.4 81 { }
}
}
virtual_server 10.0.0.3 80 {
    real_server 10.1.0.4 81 { }
""",
    "lines": """\
# a comment { with braces
global_defs {
    router_id "a { b" ! here
    lvs_timeouts tcp 100
}
vrrp_instance V {
    virtual_ipaddress {
        10.0.0.1
    }
}
$SERVER= \\
    real_server 10.1.0.${N} 80 { \\
        weight ${N} \\
    }
@sandbox $KIND=DR
@^sandbox $KIND=NAT
~LST({A, W}, {1, 4}, {2, 5}) virtual_server 10.0.0.${A} 80 { real_server 10.1.0.1 80 { weight ${W} } }
virtual_server 10.0.0.3 80
{
    protocol "TCP"
    lb_kind $KIND
    $N=1
    $SERVER
    $N=2
    $SERVER
    @other real_server 10.1.0.7 80 { }
    real_server 10.1.0.8 80 { weight $N }
    real_server ${UNKNOWN} 80 {
    }
}
""",
}
ON = "\tchecktype=on\n"
LDIRECTORD = {
    "addresses": f"""\
virtual=10.0.0.1:80
\treal=10.1.0.1:8080 masq 3
\treal=10.1.0.2:8080 gate
{ON}virtual=10.0.0.1:53
\treal=10.1.0.1:53 masq
\tscheduler="rr"
{ON}""",
    "persistence": f"""\
# a comment
virtual = 10.0.0.1:80 # here
    real = 10.1.0.1->10.1.0.3:80 ipip 0
    persistent = 300
    netmask = 255.255.255.0
{ON}virtual=10.0.0.1:81
\treal=10.1.0.1 masq
\tnetmask=255.255.255.0
{ON}""",
    "IPv6": f"""\
virtual6=[fd00::1]:80
\treal6=[fd00:1::1]:81 masq
\tpersistent=60
\tnetmask=64
{ON}virtual6=8
\treal6=[fd00:1::1]:80 gate
{ON}""",
    "marks": f"""\
virtual=5
\treal=10.1.0.1:80 gate
\treal=10.1.0.2:80 masq 7
\tprotocol=fwm
{ON}virtual=10.0.0.1
\treal=10.1.0.1:80 masq
{ON}""",
    "fallback": f"""\
fallback=127.0.0.1:8080 masq
virtual=10.0.0.1:80
\tscheduler=wlc
{ON}virtual=10.0.0.1:81
\treal=10.1.0.1:80 masq
{ON}virtual=10.0.0.1:82
\treal=10.1.0.1:80 masq
\tchecktype=off
virtual=10.0.0.1:83
\treal=10.1.0.1:80 masq
\tscheduler=nonesuch
{ON}""",
}


def held(namespace: Namespace) -> list[str]:
    with namespace.entered():
        return spelled(Kernel.open().table())


def ours(read: Callable[..., object], text: str, options: object = None) -> list[str]:
    assembly = Assembly()
    read(text, assembly, Inputs(options=options))
    assert assembly.problems == []
    return spelled(assembly.table())


@contextmanager
def running(command: list[str], log: Path, before: str = "") -> Iterator[Namespace]:
    """`command` at work in a namespace of its own, which is handed out; some rules may be there `before`."""
    namespace = Namespace()
    if before:
        with namespace.entered():
            subprocess.run(["ipvsadm", "-R"], input=before.encode(), check=True)
    with log.open("w") as stream:
        with namespace.entered():
            environment = {**os.environ, "PATH": SYSTEM}
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, env=environment
            )
        try:
            yield namespace
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            namespace.close()


def settle(namespace: Namespace, wanted: list[str], patience: float = PATIENCE) -> list[str]:
    """The kernel's table as soon as it is the one wanted, and otherwise after all patience."""
    end = time.monotonic() + patience
    while (found := held(namespace)) != wanted and time.monotonic() < end:
        time.sleep(LOOK_EVERY)
    return found


def program(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(name, path=SYSTEM), reason=f"install {name} (Debian's package)")


@program("keepalived")
@pytest.mark.parametrize("name", KEEPALIVED)
def test_keepalived_starts_with_the_table_that_is_read(tmp_path, name):
    file = tmp_path / "keepalived.conf"
    file.write_text(KEEPALIVED[name])
    wanted = ours(keepalived.read, file.read_text(), keepalived.Options(id="sandbox"))
    with running(keepalived_command(file), tmp_path / "log") as namespace:
        assert settle(namespace, wanted) == wanted, (tmp_path / "log").read_text()
        time.sleep(LOOK_EVERY)
        assert held(namespace) == wanted


@program("ldirectord")
@pytest.mark.parametrize("name", LDIRECTORD)
def test_ldirectord_starts_with_the_table_that_is_read(tmp_path, name):
    file = tmp_path / f"{len(name)}.cf"
    file.write_text(LDIRECTORD[name])
    wanted = ours(ldirectord.read, file.read_text())
    with running(["ldirectord", "-d", str(file), "start"], tmp_path / "log") as namespace:
        assert settle(namespace, wanted) == wanted, (tmp_path / "log").read_text()[-4000:]


RELOADS = {  # what was there before, the file at the start, that of the reload, and what `diff` says then
    "thresholds alone": (
        "",
        "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.1.0.1 80 {\n uthreshold 100\n }\n}\n",
        "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.1.0.1 80 {\n uthreshold 200\n }\n}\n",
        ["~ 10.0.0.1:80/tcp 10.1.0.1:80  upper_threshold 100 -> 200  (a reload doesn't apply thresholds that have"
         " changed alone)"],
    ),
    "an entry out of a group": (
        "",
        "virtual_server_group G {\n 10.0.0.1 80\n 10.0.0.2 80\n}\n"
        "virtual_server group G {\n protocol TCP\n real_server 10.1.0.1 80 { }\n}\n",
        "virtual_server_group G {\n 10.0.0.1 80\n}\n"
        "virtual_server group G {\n protocol TCP\n real_server 10.1.0.1 80 { }\n}\n",
        ["- 10.0.0.2:80/tcp  wlc  (not in the file: another's, or what a reload of a group has left behind)"],
    ),
    "what was there before": (
        "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -g -w 7\n-a -t 10.0.0.1:80 -r 10.1.0.9:80 -m\n",
        "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.1.0.1 80 { }\n}\n",
        "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.1.0.1 80 { }\n}\n! the same\n",
        ["~ 10.0.0.1:80/tcp  scheduler rr -> wlc  (keepalived doesn't correct a service that was there before it)",
         "~ 10.0.0.1:80/tcp 10.1.0.1:80  forwarding direct -> masquerade, weight 7 -> 1  (keepalived doesn't correct a"
         " server that was there before it)",
         "- 10.0.0.1:80/tcp 10.1.0.9:80  masquerade, weight 1  (not in the file: keepalived leaves servers of others"
         " alone)"],
    ),
    "what it does apply": (
        "",
        "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.1.0.1 80 { }\n}\n",
        "virtual_server 10.0.0.1 80 {\n protocol TCP\n lb_algo rr\n real_server 10.1.0.2 80 {\n weight 3\n }\n}\n",
        [],
    ),
}  # fmt: skip


REMOVES_GROUPS_SINCE = (2, 3)  # keepalived's own version: "an entry out of a group" takes its service along


def keepalived_version() -> tuple[int, ...]:
    """The first two numbers of keepalived's version."""
    said = subprocess.run(["keepalived", "--version"], capture_output=True, text=True, check=True).stderr
    return tuple(map(int, re.findall(r"Keepalived v(\d+)\.(\d+)", said)[0]))


@program("keepalived")
@pytest.mark.parametrize("name", RELOADS)
def test_diff_names_what_a_reload_leaves_as_it_was(tmp_path, name):
    before, first, second, wanted = RELOADS[name]
    if name == "an entry out of a group" and keepalived_version() >= REMOVES_GROUPS_SINCE:
        wanted = []
    file = tmp_path / "keepalived.conf"
    file.write_text(first)
    with running(keepalived_command(file), tmp_path / "log", before) as namespace:
        settle(namespace, ours(keepalived.read, first), 8)
        file.write_text(second)
        os.kill(int((tmp_path / "p.pid").read_text()), signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while (found := diff(namespace, second)) != wanted and time.monotonic() < end:
            time.sleep(LOOK_EVERY)
        time.sleep(2)
        assert (found, diff(namespace, second)) == (wanted, wanted), (tmp_path / "log").read_text()


@program("keepalived")
def test_doctor_finds_the_file_of_a_keepalived_that_runs(tmp_path):
    file = tmp_path / "keepalived.conf"
    file.write_text(KEEPALIVED["addresses"])
    with running(keepalived_command(file), tmp_path / "log") as namespace:
        settle(namespace, ours(keepalived.read, file.read_text()))
        with namespace.entered():
            (found,) = manager_files(Kernel.open().table(), Names)
            assert (found.program, found.path, found.count, found.unread) == ("keepalived", str(file), 0, "")
            subprocess.run(["ipvsadm", "-E", "-t", "10.0.0.1:80", "-s", "rr"], check=True)
            (found,) = manager_files(Kernel.open().table(), Names)
            assert found.differences[0].startswith("~ 10.0.0.1:80/tcp  scheduler rr -> wrr")


def diff(namespace: Namespace, text: str) -> list[str]:
    """The lines that `diff` has of a keepalived.conf."""
    assembly = Assembly()
    found = keepalived.read(text, assembly, Inputs())
    with namespace.entered():
        now = found.expected(Kernel.open().table(), assembly.table()).table
    return [one.line().strip() for one in differences(make_plan(now, assembly.table()).steps, found.why, now)]


@program("keepalived")
def test_keepalived_makes_what_is_read_in_random_files(tmp_path):
    found = [
        told(run, verdict) for run, verdict in compared(PROGRAMS["keepalived"], SEEDS, tmp_path) if verdict != EQUAL
    ]
    assert found == []
