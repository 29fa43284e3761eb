"""Who lacks the privilege sees what /proc shows to everybody; scripts get ipvsadm's refusal of its commands."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .namespaces import Namespace

BIN = Path(sys.executable).parent
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
ENVIRONMENT = {"PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin", "TERM": "dumb", "LANG": "C.UTF-8", "HOME": "/"}
RULES = b"""\
-A -t 192.168.2.10:80 -s wlc -p 300
-a -t 192.168.2.10:80 -r 192.168.10.11:8080 -m -w 3 -x 10
-a -t 192.168.2.10:80 -r 192.168.10.12:80 -g -w 0
-A -u [2001:db8::1]:53 -s rr -o
-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g
-A -f 7 -s sh
"""
LISTED = """\
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  192.168.2.10:80 wlc
  -> 192.168.10.11:8080           Masq    3      0          0
  -> 192.168.10.12:80             Route   0      0          0
UDP  [2001:db8::1]:53 rr
  -> [2001:db8::2]:53             Route   1      0          0
FWM  7 sh
"""
REFUSED = "Can't initialize ipvs: Permission denied (you must be root)\n"


@pytest.fixture(scope="module")
def run():
    """Runs a program without privilege, on a terminal or not, on a table of RULES: (status, stdout, stderr)."""
    namespace = Namespace()

    def ran(program, *words, terminal=False):
        line = [*UNPRIVILEGED, program, *words]
        if terminal:
            line = ["script", "-qec", shlex.join(line), "/dev/null"]
        done = subprocess.run(line, env=ENVIRONMENT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.replace("\r\n", "\n"), done.stderr

    with namespace.entered():
        subprocess.run(["pyipvsadm", "-R"], input=RULES, check=True, env=ENVIRONMENT)
        yield ran
    namespace.close()


@pytest.mark.parametrize("words", ["-Ln", "-L -t 192.168.2.10:80", "-Lcn", "-L --timeout", "-Ln --stats", "-Sn", "-C"])
def test_scripts_get_what_ipvsadm_says(run, words):
    assert run("pyipvsadm", *words.split()) == run("ipvsadm", *words.split())


def test_a_person_sees_the_list(run):
    status, seen, _ = run("pyipvsadm", "-Ln", terminal=True)
    listed = "".join(f"{line.rstrip()}\n" for line in seen.splitlines())
    assert (status, LISTED in listed) == (0, True)
    assert "without privilege, this is what /proc shows: no counters" in seen


@pytest.mark.parametrize("words", ["-Ln --stats", "-Ln --rate", "-Ln --thresholds", "-L --timeout", "-L --daemon",
                                   "-Sn", "-C", "show -o yaml", "show -o rules", "top"])  # fmt: skip
def test_what_is_not_public_is_refused_to_a_person_as_well(run, words):
    status, seen, _ = run("pyipvsadm", *words.split(), terminal=True)
    assert (status, REFUSED in seen or words == "top") == (2, True)


def test_connections_are_public(run):
    status, seen, _ = run("pyipvsadm", "-Lcn", terminal=True)
    assert (status, "IPVS connection entries\n" in seen or "no connections" in seen) == (0, True)


def test_programs_get_what_is_known_and_where_it_comes_from(run, tmp_path):
    status, text, stderr = run("pyipvsadm", "show", "-o", "json")
    data = json.loads(text)
    service, _, mark = data["services"]
    assert (status, stderr, data["source"], "timeouts" in data) == (0, "", "proc", False)
    assert set(service) == {
        *("service", "family", "protocol", "address", "port", "scheduler", "connections", "servers")
    }
    assert service["servers"][0] == {
        "address": "192.168.10.11", "port": 8080, "forwarding": "masquerade", "weight": 3,
        "connections": {"active": 0, "inactive": 0},
    }  # fmt: skip
    assert mark["service"] == "fwmark:7"
    lines = run("pyipvsadm", "show", "-o", "ndjson")[1].splitlines()
    assert [json.loads(line)["source"] for line in lines] == ["proc"] * 3
    path = tmp_path / "seen.json"
    path.write_text(text)
    status, _, stderr = run("pyipvsadm", "check", str(path))
    assert (status, "was written without privilege, and lacks settings" in stderr) == (2, True)


def test_a_sample_has_no_rates(run):
    status, text, _ = run("pyipvsadm", "top", "--once")
    row = next(line for line in text.splitlines() if "192.168.10.11:8080" in line)
    assert (status, row.split()[1:4], set(row.split()[5:])) == (0, ["3", "0", "0"], {"-"})
    sample = json.loads(run("pyipvsadm", "top", "--once", "-o", "ndjson")[1])
    assert sample["source"] == "proc"
    assert "rates" not in sample["services"][0]
    assert sample["total"]["connections"] == {"active": 0, "inactive": 0}


def test_a_service_that_is_not_there_is_told(run):
    status, _, stderr = run("pyipvsadm", "show", "192.168.2.10:81")
    assert (status, stderr.splitlines()[0]) == (1, "No such service: 192.168.2.10:81/tcp")
