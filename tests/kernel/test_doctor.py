"""What doctor finds is what ails, and what it advises mends it: seen by traffic before, meanwhile and afterwards."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import re
import subprocess
import threading
from functools import cache
from pathlib import Path

import pytest

from pyipvsadm import cli
from pyipvsadm.kernel import Kernel
from pyipvsadm.model import Command

from . import places
from .ailments import AILMENTS, AS_SERVER, AS_TUNNEL, HEALTHY, VIP, tcp
from .namespaces import CLONE_NEWNET, Namespace, libc
from .notes import NOTES, REFUSED

CLONE_NEWUSER = 0x10000000  # linux/sched.h
WORDS = {"ADDRESS": "10.1.0.101", "PORT": "80", "SERVER": "10.2.1.2:80 -m"}  # for what doctor can't know
BAD = ("failure", "warning")
STATUS = {"failure": 2, "warning": 1, "note": 0}
REAL = {"direct": AS_SERVER, "tunnel": AS_TUNNEL}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The healthy places by name, each built once, and anew after a test that left it ill."""
    programs = tmp_path_factory.mktemp("programs")
    for name in ("iptables", "ip6tables"):  # the kernel of the sandbox knows their legacy alone
        (programs / name).symlink_to(f"/usr/sbin/{name}-legacy")
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{programs}:{before}:/usr/sbin:/sbin"
    made = {}
    yield lambda name: made.get(name) or made.setdefault(name, places.PLACES[name]()), made
    for one in made.values():
        one.close()
    os.environ["PATH"] = before


@cache
def has_iptables():
    """Whether this kernel has the older iptables: Debian's user-mode Linux has lost it with 7.2."""
    return not subprocess.run(["iptables-legacy", "-S"], capture_output=True).returncode


def skip_without_iptables(*acts):
    if not has_iptables() and any("iptables" in one for one in acts if isinstance(one, str)):
        pytest.skip("this kernel has no iptables")


def doctor(where, name="director", options="--watch 0"):
    """The exit status, and all findings."""
    status, out, err = where.pyipvsadm(name, f"doctor {options} -o json")
    assert err == ""
    return status, json.loads(out)["findings"]


def bad(findings):
    return [one for one in findings if one["severity"] in BAD]


@pytest.mark.parametrize("name", places.PLACES)
def test_doctor_is_silent_of_the_healthy(place, name):
    where = place[0](name)
    assert where.requests()
    status, findings = doctor(where)
    assert (status, bad(findings)) == (0, [])
    assert not [one for one in findings if one["severity"] == "unknown" and "watched" not in one["subject"]]
    if name in REAL:
        assert (doctor(where, "server1", REAL[name])[0]) == 0


@pytest.mark.parametrize(("name", "acts", "request_", "after"), HEALTHY, ids=[row[0] for row in HEALTHY])
def test_doctor_is_silent_of_healthy_traffic(place, name, acts, request_, after):
    """A healthy director of each mode, with traffic while doctor watches: no failure, and no warning."""
    skip_without_iptables(*acts)
    where = place[0](name.partition(":")[0])
    act(where, acts)
    assert where.requests(number=6, **request_)
    ended = threading.Event()

    def send():
        while not ended.wait(0.05):
            where.request(patience=2, **request_)

    client = threading.Thread(target=send)
    client.start()
    try:
        status, findings = doctor(where, options="--watch 2.7")
    finally:
        ended.set()
        client.join()
    assert (status, bad(findings)) == (0, [])
    assert where.requests(**request_)
    act(where, after)


def as_nobody():
    os.setgroups([])
    os.setuid(65534)


def in_a_container():
    os.setuid(65534)
    assert libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def without_ipv6():
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")


STRANGERS = [(as_nobody, {"G2"}), (in_a_container, {"G2"}), (without_ipv6, set())]


@pytest.mark.parametrize(("become", "checks"), STRANGERS)
def test_who_can_t_see_much_says_so(become, checks):
    """In a process, and a network, of its own."""
    namespace = Namespace()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    look = ["pyipvsadm", "doctor", "--watch", "0", "-o", "json"]
    with namespace.entered():  # which loads what a stranger may not be able to read
        cli.main(look, cli.World("x", stdout=nowhere, stderr=nowhere))
    os.close(nowhere)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            with namespace.entered():
                become()
                cli.main(look, cli.World("x", stdout=writing, stderr=writing))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    namespace.close()
    findings = json.loads(told)["findings"]
    assert {one["check"] for one in findings if one["severity"] == "failure"} == checks
    unknown = " ".join(one["check"] for one in findings if one["severity"] == "unknown")
    assert ("V1" in unknown and "S1" in unknown) == bool(checks)


@pytest.mark.parametrize("ailment", [*AILMENTS, *NOTES], ids=lambda one: f"{one.check}-{one.place}".replace(" ", "-"))
def test_what_ails_is_found_and_mended(place, ailment):
    skip_without_iptables(*ailment.acts, *ailment.also)
    if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < ailment.since:
        pytest.skip("this kernel is too old")
    get, made = place
    where = get(ailment.place)
    try:
        through(where, ailment)
    except BaseException:
        libc.personality(0)  # which a row may have changed
        made.pop(ailment.place).close()
        raise


def test_where_the_services_are_is_shown(place):
    """G3, whose command names a process of the other namespace: a shell of the director."""
    where = place[0]("nat")
    where.run("director", ["true"])
    status, findings = doctor(where, "switch")
    commands = [one["commands"][0] for one in findings if one["check"] == "G3"]
    shown = [where.pyipvsadm("switch", command.removeprefix("pyipvsadm ")) for command in commands]
    assert (status, {one[0] for one in shown}) == (0, {0})
    assert any(f"{VIP}:80" in one[1] for one in shown)


@pytest.mark.parametrize("check", REFUSED)
def test_the_kernel_itself_refuses_what_a_check_is_about(place, check):
    with place[0]("tunnel").namespaces["director"].entered():
        command = Command(verb="add-server", service=tcp(VIP, 80), server=REFUSED[check])
        ((_, number),) = Kernel.open().submit([command])
    assert number in (errno.EINVAL, errno.ERANGE)


def through(where, ailment):
    act(where, ailment.acts)
    if ailment.passes is not None:
        assert where.requests(ailment.passes, **ailment.request) == ailment.passes
    status, findings = looked(where, ailment)
    found = [one for one in findings if one["severity"] == ailment.severity]
    if ailment.severity == "note":  # there may be others
        found = [one for one in found if one["check"] == ailment.check]
    assert {one["check"] for one in found} == {ailment.check}, findings
    assert status == STATUS[ailment.severity], findings
    if ailment.severity != "failure":
        assert {one["severity"] for one in bad(findings)} <= {ailment.severity}
    for one in found:
        assert one["why"]
        mend(where, ailment.mended_in, one["commands"])
    act(where, ailment.also)
    assert ailment.passes is None or where.requests(**ailment.request)
    status, findings = looked(where, ailment)
    assert (status, bad(findings)) == (0, [])
    assert ailment.check not in {one["check"] for one in findings if one["severity"] == ailment.severity}
    act(where, ailment.after)


def looked(where, ailment):
    """What doctor says; while it watches, clients go on trying."""
    if ailment.options == "--watch 0" or "real-server" in ailment.options:
        return doctor(where, ailment.looks, ailment.options)
    ended = threading.Event()

    def send():
        while not ended.wait(0.03):
            where.knock(ailment.request.get("source", ""))

    client = threading.Thread(target=send)
    client.start()
    try:
        return doctor(where, ailment.looks, ailment.options)
    finally:
        ended.set()
        client.join()


def act(where, acts):
    for one in acts:
        if callable(one):
            one(where)
            continue
        name, _, line = one.partition(": ") if re.match(r"\w+: ", one) else ("director", "", one)
        for other in ("client", "switch"):
            line = line.replace(f"{{{other}}}", where.path(other))
        where.run(name, [line])


def mend(where, name, commands):
    for command in commands:
        for word, value in WORDS.items():
            command = re.sub(rf"\b{word}\b", value, command)
        skip_without_iptables(command)
        where.run(name, [command])
