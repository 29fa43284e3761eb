"""What is wrong with virtual addresses, and what is to be done about them, from tables and addresses made up here."""

from __future__ import annotations

from _socket import AF_INET6, inet_pton

import pytest

from pyipvsadm.errors import IpvsadmError
from pyipvsadm.model import Service, Table
from pyipvsadm.network.facts import IFA_F_DADFAILED, IFA_F_TENTATIVE, Address
from pyipvsadm.support import lock
from pyipvsadm.support import state as memory
from pyipvsadm.support.right_line import whole
from pyipvsadm.table.plan import make_plan
from pyipvsadm.verbs.vip import ledger
from pyipvsadm.verbs.vip.decisions import (
    Binding,
    Change,
    addresses_of,
    judged,
    marks_of,
    still_ours,
    to_bind,
    to_unbind,
)
from pyipvsadm.verbs.vip.with_apply import services_after
from pyipvsadm.world import World

from .fakes import run

DEVICE = "kube-ipvs0"
SIX = "2001:db8::1"


def service(address, port=80):
    family = AF_INET6 if ":" in address else 2
    return Service(af=family, protocol=6, address=inet_pton(family, address), port=port, scheduler="rr")


def on(address, device=DEVICE, created=7, flags=0):
    return Address(address, 128 if ":" in address else 32, device, flags, created=created)


def state(services, addresses, local=()):
    """What is wrong with each address, in their order."""
    found = judged(services, addresses, [], DEVICE, {*local, *(one.address for one in addresses)}.intersection)
    return {vip.address: vip.wrong for vip in found}


@pytest.mark.parametrize(("services", "addresses", "local", "expected"), [
    (["10.0.0.1"], [on("10.0.0.1")], [], {"10.0.0.1": ()}),
    (["10.0.0.1"], [on("10.0.0.1", "eth0")], [], {"10.0.0.1": ()}),
    (["10.0.0.1"], [], [], {"10.0.0.1": ("missing",)}),
    (["10.0.0.1"], [], ["10.0.0.1"], {"10.0.0.1": ()}),  # by a route of the table `local`
    ([], [on("10.0.0.1")], [], {"10.0.0.1": ("unused",)}),
    ([], [on("10.0.0.1", "eth0")], [], {}),
    ([], [on("fe80::1")], [], {}),
    (["10.0.0.1"], [on("10.0.0.1"), on("10.0.0.1", "eth0")], [], {"10.0.0.1": ("duplicate",)}),
    ([SIX], [on(SIX, flags=IFA_F_TENTATIVE)], [], {SIX: ("tentative",)}),
    ([SIX], [on(SIX, flags=IFA_F_DADFAILED | IFA_F_TENTATIVE)], [], {SIX: ("dadfailed",)}),
    ([], [on(SIX), on(SIX, "eth0")], [], {SIX: ("unused", "duplicate")}),
])  # fmt: skip
def test_what_is_wrong(services, addresses, local, expected):
    assert state(list(map(service, services)), addresses, local) == expected


def test_an_address_that_is_there_and_gets_no_packets():
    (vip,) = judged([service(SIX)], [on(SIX)], [], DEVICE, lambda addresses: set())
    assert (vip.local, vip.wrong) == (False, ("not local",))


def test_services_are_named_and_those_of_marks_have_no_address():
    services = [service("10.0.0.1"), service("10.0.0.1", 443), Service(fwmark=7), Service(af=AF_INET6, fwmark=8)]
    assert addresses_of(services) == {"10.0.0.1": ["10.0.0.1:80/tcp", "10.0.0.1:443/tcp"]}
    assert marks_of(services) == ["fwmark:7", "fwmark:8/ipv6"]


@pytest.mark.parametrize("there", [
    [],
    [on("10.0.0.1", created=8)],  # taken away, and bound by another one
    [on("10.0.0.1", "eth0")],
    [on("10.0.0.2")],
])  # fmt: skip
def test_what_is_not_there_as_we_bound_it_is_not_ours(there):
    bound = {Binding.make(("10.0.0.1", DEVICE, 7))}
    assert still_ours(bound, there) == set()
    assert to_unbind([], there, bound, DEVICE) == []


def test_what_is_bound_and_what_is_taken_away():
    addresses = [on("10.0.0.1"), on("10.0.0.2"), on("10.0.0.3"), on("10.0.0.4", "eth0"), on("10.0.0.6", "dummy1")]
    bound = {Binding.make(row) for row in (("10.0.0.1", DEVICE, 7), ("10.0.0.2", DEVICE, 7), ("10.0.0.6", "dummy1", 7))}
    wanted = ["10.0.0.1", "10.0.0.4", "10.0.0.5", "10.0.0.5"]
    assert to_bind(wanted, addresses, DEVICE) == ([Change.of(True, DEVICE, "10.0.0.5")], {"10.0.0.4": "eth0"})
    assert to_unbind(wanted, addresses, bound, DEVICE) == [Change.of(False, DEVICE, "10.0.0.2")]


def test_how_changes_are_told():
    changes = [Change.of(True, "d0"), Change.of(True, "d0", "10.0.0.1"), Change.of(False, "d0", SIX)]
    assert "".join(change.line() for change in changes) == (
        f"+ device d0  dummy\n+ 10.0.0.1/32  on d0\n- {SIX}/128  on d0\n"
    )
    assert changes[1].inverse == Change.of(False, "d0", "10.0.0.1")


def test_the_services_behind_a_plan():
    one, two, three = (service(f"10.0.0.{number}") for number in (1, 2, 3))
    before = Table(services=((one, ()), (two, ())))
    wanted = Table(services=((two, ()), (three, ())))
    assert addresses_of(services_after(before, make_plan(before, wanted))).keys() == {"10.0.0.2", "10.0.0.3"}
    kept = make_plan(before, wanted, prune=False)
    assert addresses_of(services_after(before, kept)).keys() == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}


def test_the_account_is_kept_and_an_empty_one_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "FOLDER", str(tmp_path / "run"))
    assert ledger.load() == set()
    bound = {Binding.make(("10.0.0.1", DEVICE, 7)), Binding.make((SIX, DEVICE, 8))}
    with lock.alone(World()):
        ledger.store(bound)
    assert ledger.load() == bound
    ledger.store([])
    ledger.store([])
    assert [path.name for path in (tmp_path / "run").iterdir()] == [memory.file_name("table", "lock")]


@pytest.mark.parametrize("content", ["", "[{", "{}x", '[{"address": "10.0.0.1"}]', "[1]", "7", "\udcff"])
def test_an_account_that_is_no_account(content, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "FOLDER", str(tmp_path))
    with open(memory.path(ledger.VERB), "w", errors="surrogateescape") as file:
        file.write(content)
    with pytest.raises(IpvsadmError, match="the record of `vip`, can't be read"):
        ledger.load()


@pytest.mark.parametrize(("line", "expected"), [
    ("vip", "vip ls"),
    ("vip -o json", "vip ls -o json"),
    ("vip --netns x", "vip ls --netns x"),
    ("vip --netns x add 10.0.0.1", None),
    ("vip --netns=x", "vip ls --netns=x"),
    ("vip add 10.0.0.1", None),
    ("vip lst", None),
    ("vip --help", None),
    ("show", None),
])  # fmt: skip
def test_ls_may_be_left_out(line, expected):
    assert whole(line.split()) == (expected or line).split()


@pytest.mark.parametrize(("words", "message"), [
    ("add 10.0.0.1/24", "`10.0.0.1/24` is not an IPv4 address in digits"),
    ("add 10.0.0.1 vip.example", "`vip.example` is not an IPv4 address in digits"),
    ("rm ::x", "`::x` is not an IPv6 address in digits"),
    ("add 224.0.0.1", "`224.0.0.1` can't be the address of one machine"),
    ("add 0.0.0.0", "`0.0.0.0` can't be the address of one machine"),
    ("add ff02::1", "`ff02::1` can't be the address of one machine"),
    ("add 10.0.0.1 --device a/b", "`a/b` can't be the name of a device"),
    ("add 10.0.0.1 --device=", "`` can't be the name of a device"),
    ("rm 10.0.0.1 --device a-name-of-16-let", "`a-name-of-16-let` can't be the name of a device"),
    ("add 10.0.0.1 --device lo", "`lo` is no dummy device"),
])  # fmt: skip
def test_wrong_words(words, message):
    ran = run(["vip", *words.split()])
    assert (ran.status, ran.message, ran.stdout) == (2, f"{message}\n", "")
    assert len(ran.hints) == 1
