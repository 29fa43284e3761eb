"""`check`: is a file right? Alone, and with a trial in a kernel of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pyipvsadm import documents
from pyipvsadm.errors import IpvsadmError
from pyipvsadm.grammar import mistakes
from pyipvsadm.model import Server, Service, Timeouts
from pyipvsadm.table.assembly import Assembly
from pyipvsadm.verbs.check import trial

from . import fakes

RULES = b"-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1 -m\n"


def check(*words, stdin=b"", job=None):
    return fakes.run(["check", *words], stdin=stdin, program="pyipvsadm", job=job)


def test_a_right_file_is_counted(tmp_path):
    path = tmp_path / "table"
    path.write_bytes(RULES)
    assert check(str(path))[:3] == (0, f"{path}: right: 1 service, 1 server\n", "")
    assert check("-", stdin=RULES * 0)[:3] == (0, "stdin: right: 0 services, 0 servers\n", "")


def test_a_wrong_one_is_told_on_stderr(tmp_path):
    path = tmp_path / "table.yaml"
    path.write_text("version: 1\nservices:\n- service: 192.0.2.1:80\n  shceduler: rr\n")
    ran = check(str(path))
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.message == f"{path}:4: services[0].shceduler: unknown key; did you mean `scheduler`?\n"
    assert ran.hints == ["nothing was changed: correct the file first"], "it doesn't advise to do what was done"
    advice = f"nothing was changed: correct the file first; `pyipvsadm check {path}` checks the file again"
    assert fakes.run(["diff", str(path)]).hints == [advice]


def test_a_missing_one_too():
    assert check("/nowhere/at/all")[:2] == (2, "")


@pytest.mark.parametrize(("address", "alone"), [("10.0.0.2/32", "10.0.0.2"), ("2001:db8::2/128", "2001:db8::2")])
def test_an_address_with_a_length_is_written_without(tmp_path, address, alone):
    path = tmp_path / "table.yaml"
    text = "version: 1\nservices:\n- service: '[2001:db8::1]:80'\n  servers:\n  - {{address: '{}'}}\n"
    path.write_text(text.format(address))
    told = f"{path}:5: services[0].servers[0].address: `{address}` is not an IPv"
    ran = check(str(path))
    assert ran.message.startswith(told)
    assert ran.message.endswith(f" address in digits; leave out the prefix length: write `{alone}`\n")


def test_suggestions_are_looked_for_only_where_they_are_shown(monkeypatch):
    looked = []
    monkeypatch.setattr(mistakes, "mistaken", lambda words, ports: looked.append(words) or "")
    lines = "".join(f"-A -t 192.0.2.1:{70000 + number}\n" for number in range(documents.SHOWN + 50))
    ran = check("-", stdin=lines.encode())
    assert ran.message.endswith("and 50 more\n")
    assert len(looked) == documents.SHOWN


def test_the_schema_can_be_had():
    ran = check("--schema")
    assert (ran.status, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["$id"] == "urn:pyipvsadm:table:1"


def test_words_that_are_missing_are_told():
    ran = subprocess.run([sys.executable, "-m", "pyipvsadm", "check"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "FILE" in ran.stderr


# The trial.

SERVICE = Service(protocol=6, address=bytes((192, 0, 2, 1)), port=80, scheduler="rr")
UNKNOWN = SERVICE.replace(port=81, scheduler="fine")
SERVERS = Server(address=bytes((10, 0, 0, 1)), port=80), Server(address=bytes((239, 0, 0, 1)), port=80)


def refused() -> documents.Document:
    """A document that only a kernel refuses, of five lines; and its timeouts."""
    assembly = Assembly()
    for service, first, servers in ((SERVICE, 1, SERVERS), (UNKNOWN, 4, SERVERS[:1])):
        entry = assembly.claim(service, first)
        for line, server in enumerate(servers, first + 1):
            assembly.server(entry, server, line)
    assembly.timeouts(Timeouts(tcp=1))
    return documents.Document(assembly=assembly, name="x")


@pytest.mark.boot
def test_what_a_kernel_refuses_is_told_with_its_place():
    told = [line.partition(" (")[0] for line in trial.refusals(refused())]
    assert told == [
        "x:3: Invalid operation.  Possibly wrong module version, address not unicast, ...",
        "x:4: Scheduler or persistence engine not found",
        "x:5: Service not defined",
    ]


@pytest.mark.boot
def test_a_trial_that_all_goes_well_in(tmp_path):
    path = tmp_path / "table"
    path.write_bytes(RULES + b"--start-daemon master --mcast-interface none0\n")
    ran = check(str(path), "--trial")
    assert ran[:3] == (0, f"{path}: right: 1 service, 1 server, and a kernel accepts it\n", "")


@pytest.mark.boot
def test_a_refusal_is_status_1(tmp_path, monkeypatch):
    modules = tmp_path / "modules"
    for name in ("ip_vs_fine", "ip_vs_ftp", "ip_vs_pe_new", "other"):
        (modules / name).mkdir(parents=True)
    monkeypatch.setattr(documents, "MODULES", str(modules))  # of a kernel that has a scheduler more
    path = tmp_path / "table.yaml"
    path.write_text("version: 1\nservices:\n- {service: 192.0.2.1:80, scheduler: fine}\n")
    ran = check(str(path), "--trial")
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.message.startswith(f"{path}:3: Scheduler or persistence engine not found (")
    assert ran.hints == ["the kernel of a sandbox refused this; the running kernel was not asked"]


def test_modules_of_the_kernel_tell_more_names(tmp_path, monkeypatch):
    for name in ("ip_vs_fine", "ip_vs_ftp", "ip_vs_pe_new"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(documents, "MODULES", str(tmp_path))
    assert check("-", stdin=b"-A -t 192.0.2.1:80 -s fine --pe new\n").status == 0
    assert check("-", stdin=b"-A -t 192.0.2.1:80 -s ftp\n").status == 2
    assert check("-", stdin=b"-A -t 192.0.2.1:80 -s pe_new\n").status == 2


def test_a_trial_that_cannot_be_held(monkeypatch):
    def nowhere(*_, **__):
        return subprocess.CompletedProcess([], 2, b"", b"no kernel here\nhint: install one\n")

    monkeypatch.setattr(subprocess, "run", nowhere)
    with pytest.raises(IpvsadmError, match=r"(?s)the trial could not run:\nno kernel here") as caught:
        trial.refusals(refused())
    assert caught.value.status == 2


def test_a_trial_that_takes_too_long(monkeypatch):
    def slow(*_, **__):
        raise subprocess.TimeoutExpired("sandbox", 1)

    monkeypatch.setattr(subprocess, "run", slow)
    with pytest.raises(IpvsadmError, match="took longer"):
        trial.refusals(refused())


def test_a_file_with_an_odd_name(tmp_path):
    path = tmp_path / "a\x1b[31m\udcff"
    try:
        Path(path).write_bytes(b"-C\n")
    except (OSError, UnicodeError):
        pytest.skip("such names aren't to be had here")
    ran = check(str(path))
    assert ran.status == 2
    assert "\x1b" not in ran.stderr
