"""Virtual addresses on the dummy device: bound, looked after, and never one of somebody else's."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from pyipvsadm.kernel import Kernel
from pyipvsadm.namespaces import HERE
from pyipvsadm.support import state
from pyipvsadm.table import journal
from pyipvsadm.table.journal import Outcome
from pyipvsadm.table.notation import spelled_address
from pyipvsadm.verbs.vip import ledger, server_addresses
from pyipvsadm.verbs.vip.other_machines import servers_of

DEVICE = "kube-ipvs0"
RULES = """\
-A -t 192.0.2.10:80 -s rr
-A -u 192.0.2.10:53 -s rr
-A -t [2001:db8::10]:80 -s rr
-A -t 10.9.0.1:80 -s rr
-A -f 7 -s rr
"""
SKIPPED = "skipped, since a firewall mark has no address: fwmark:7\n"


@pytest.fixture
def ours(director, tmp_path, monkeypatch):
    """Our program, in a namespace with an interface `eth0`, and a table of which nothing is bound."""
    monkeypatch.setattr(state, "FOLDER", str(tmp_path / "run"))
    made = director("pyipvsadm")
    ip(made, "link add eth0 type dummy", "addr add 10.9.0.1/24 dev eth0", "link set eth0 up", "link set lo up")
    assert made("-R", RULES) == (0, "", "")
    return made


def ip(director, *lines):
    with director.namespace.entered():
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def addresses(director, device=DEVICE):
    """The addresses of `device` as `ip` tells them, by their text."""
    with director.namespace.entered():
        told = subprocess.run(["ip", "-json", "addr", "show"], stdout=subprocess.PIPE, check=True).stdout
    for link in json.loads(told):
        if link["ifname"] == device:
            return {one["local"]: one for one in link["addr_info"] if one["scope"] != "link"}
    return None


def is_local(director, address):
    with director.namespace.entered():
        told = subprocess.run(["ip", "route", "get", address], capture_output=True, text=True).stdout
    return told.startswith("local ")


def test_sync_binds_exactly_what_the_table_has_and_twice_changes_nothing(ours):
    assert not is_local(ours, "192.0.2.10")
    dry = ours("vip sync --dry-run")
    assert dry.stdout == f"+ device {DEVICE}  dummy\n+ 192.0.2.10/32  on {DEVICE}\n+ 2001:db8::10/128  on {DEVICE}\n"
    assert addresses(ours) is None
    assert ours("vip sync") == (0, "", f"{SKIPPED}done: 2 bound\n")
    bound = addresses(ours)
    assert bound.keys() == {"192.0.2.10", "2001:db8::10"}
    assert bound["192.0.2.10"]["prefixlen"] == 32
    six = bound["2001:db8::10"]
    assert (six["prefixlen"], six["nodad"], six["preferred_life_time"]) == (128, True, 0)
    assert six["valid_life_time"] == 2**32 - 1
    assert not six.get("tentative")
    assert is_local(ours, "192.0.2.10")
    assert is_local(ours, "2001:db8::10")
    assert ours("vip sync") == (0, "", SKIPPED)
    assert addresses(ours) == bound
    for line in ("-D -t 192.0.2.10:80", "-D -t [2001:db8::10]:80"):
        assert ours(line).returncode == 0
    assert ours("vip sync").stderr.endswith("done: 1 taken away\n")
    assert addresses(ours).keys() == {"192.0.2.10"}  # of which there is a service still


def test_what_another_bound_stays_and_is_not_ours_to_remove(ours):
    ip(ours, f"link add {DEVICE} type dummy", f"addr add 192.0.2.99/32 dev {DEVICE}")
    ip(ours, f"addr add 192.0.2.10/32 dev {DEVICE}")
    assert ours("vip sync").stderr.endswith("done: 1 bound\n")
    assert ours("-C").returncode == 0
    assert ours("vip sync").stderr == "done: 1 taken away\n"
    assert addresses(ours).keys() == {"192.0.2.10", "192.0.2.99"}
    assert "10.9.0.1" in addresses(ours, "eth0")
    for address, device in (("192.0.2.99", DEVICE), ("10.9.0.1", "eth0")):
        answer = ours(f"vip rm {address}")
        assert answer.returncode == 1
        assert answer.problem == f"{address} on {device} wasn't bound by `vip`: it is left alone"
    assert ours("vip rm 192.0.2.77").problem == "192.0.2.77 is not bound"
    assert addresses(ours).keys() == {"192.0.2.10", "192.0.2.99"}


def test_add_and_rm(ours):
    assert ours("vip add 192.0.2.20 2001:db8::20 192.0.2.20") == (0, "", "done: 2 bound\n")
    assert ours("vip add 192.0.2.20 10.9.0.1") == (0, "", "10.9.0.1 is an address of eth0 already, and stays there\n")
    assert ours("vip rm 192.0.2.20 192.0.2.99").returncode == 1
    assert addresses(ours).keys() == {"192.0.2.20", "2001:db8::20"}
    assert ours("vip rm --dry-run 192.0.2.20").stdout == f"- 192.0.2.20/32  on {DEVICE}\n"
    assert ours("vip rm 192.0.2.20 2001:db8::20") == (0, "", "done: 2 taken away\n")
    assert addresses(ours) == {}
    assert ours("vip rm 192.0.2.20").returncode == 1


def test_an_address_that_was_taken_away_and_bound_by_another_is_theirs(ours):
    assert ours("vip add 192.0.2.20").returncode == 0
    ip(ours, f"addr del 192.0.2.20/32 dev {DEVICE}", f"addr add 192.0.2.20/32 dev {DEVICE}")
    answer = ours("vip rm 192.0.2.20")
    assert answer.returncode == 1
    assert "192.0.2.20" in addresses(ours)


def test_the_account_of_a_namespace_that_is_gone_binds_nobody(ours, director):
    """The number of a namespace is used again; here, its file is."""
    assert ours("vip add 192.0.2.20").returncode == 0
    with ours.namespace.entered():
        left = state.path(ledger.VERB)
    other = director("pyipvsadm")
    ip(other, f"link add {DEVICE} type dummy", f"addr add 192.0.2.20/32 dev {DEVICE}")
    with other.namespace.entered():
        os.rename(left, state.path(ledger.VERB))
    assert other("vip rm 192.0.2.20").returncode == 1
    assert "192.0.2.20" in addresses(other)


def test_ls_tells_what_is_wrong(ours):
    assert ours("vip").returncode == 1
    assert ours("vip sync").returncode == 0
    assert ours("vip").returncode == 0
    ip(ours, f"addr add 192.0.2.99/32 dev {DEVICE}", "addr add 192.0.2.10/32 dev eth0")
    ip(ours, f"addr del 2001:db8::10/128 dev {DEVICE}")
    status, table, told = ours("vip ls")
    assert (status, told) == (1, SKIPPED)
    rows = [[cell.strip() for cell in line.split("  ") if cell] for line in table.splitlines()]
    assert rows == [
        ["Address", "Local", "Interface", "Bound by", "Services", "State"],  # in the order of ipvsadm's lists
        ["192.0.2.10", "yes", f"eth0, {DEVICE}", "pyipvsadm", "2", "duplicate"],
        ["10.9.0.1", "yes", "eth0", "others", "1", "ok"],
        ["2001:db8::10", "no", "1", "missing"],
        ["192.0.2.99", "yes", DEVICE, "others", "0", "unused"],
    ]
    data = json.loads(ours("vip -o json").stdout)
    assert data["skipped"] == ["fwmark:7"]
    assert [(one["address"], one["wrong"]) for one in data["addresses"]] == [
        ("192.0.2.10", ["duplicate"]), ("10.9.0.1", []), ("2001:db8::10", ["missing"]), ("192.0.2.99", ["unused"]),
    ]  # fmt: skip


def test_addresses_of_ipv6_are_local_when_sync_says_that_they_are_bound(ours):
    """The kernel delivers their packets a moment later than it takes them."""
    for number in range(10):
        rules = "".join(f"-A -t [2001:db8::{number}:{one:x}]:80\n" for one in range(10))
        assert (ours("-C").returncode, ours("-R", rules).returncode) == (0, 0)
        assert ours("vip sync").returncode == 0
        assert [row["wrong"] for row in json.loads(ours("vip -o json").stdout)["addresses"]] == [[]] * 10


def test_an_address_of_ipv6_that_is_not_usable_yet(ours):
    ip(ours, "link add veth0 type veth peer name veth1", "link set veth0 up", "link set veth1 up")
    with ours.namespace.entered(), open("/proc/sys/net/ipv6/conf/veth0/dad_transmits", "w") as setting:
        setting.write("1000")  # seconds that the kernel looks for another one with that address
    ip(ours, "addr add 2001:db8::10/128 dev veth0")
    assert re.search(r"2001:db8::10 .*tentative", ours("vip").stdout)


def test_what_the_kernel_refuses_is_taken_back(ours):
    assert ours("vip add 192.0.2.20").returncode == 0
    with ours.namespace.entered(), open(f"/proc/sys/net/ipv6/conf/{DEVICE}/disable_ipv6", "w") as setting:
        setting.write("1")
    answer = ours("vip sync")
    assert answer.returncode == 1
    assert f"2001:db8::10 can't be bound on {DEVICE}: Permission denied\nno address was changed\n" in answer.stderr
    assert "IPv6 is off" in answer.stderr
    assert addresses(ours).keys() == {"192.0.2.20"}
    assert ours("vip rm 192.0.2.20").returncode == 0  # still ours


def test_each_namespace_has_an_account_of_its_own(ours, director):
    other = director("pyipvsadm")
    ip(other, "link set lo up")
    path = other.namespace.path()
    assert ours(f"--netns {path} vip add 192.0.2.20") == (0, "", "done: 1 bound\n")
    assert addresses(ours) is None
    assert "192.0.2.20" in addresses(other)
    assert ours("vip rm 192.0.2.20").problem == "192.0.2.20 is not bound"
    assert ours(f"vip rm --netns {path} 192.0.2.20") == (0, "", "done: 1 taken away\n")


ONE = "-A -t 192.0.2.30:80 -s rr\n-a -t 192.0.2.30:80 -r 198.51.100.1:80 -m\n"


def test_apply_binds_first_and_takes_away_last(ours, monkeypatch):
    assert ours("vip sync").returncode == 0
    dry = ours("apply --vips --dry-run -", ONE).stdout.splitlines()
    assert (dry[0], dry[-2:]) == (
        f"+ 192.0.2.30/32  on {DEVICE}",
        [f"- 192.0.2.10/32  on {DEVICE}", f"- 2001:db8::10/128  on {DEVICE}"],
    )
    seen = []
    carry_out = journal.carry_out

    def watched(*words, **more):
        seen.append(set(addresses(ours)))
        outcome = carry_out(*words, **more)
        seen.append(set(addresses(ours)))
        return outcome

    monkeypatch.setattr(journal, "carry_out", watched)
    answer = ours("apply --vips --yes -", ONE)
    assert answer == (0, "", "done: 2 added, 5 removed\naddresses: 1 bound, 2 taken away\n")
    assert seen == [{"192.0.2.10", "192.0.2.30", "2001:db8::10"}] * 2
    assert addresses(ours).keys() == {"192.0.2.30"}
    assert ours("apply --vips --yes -", ONE) == (0, "", "")
    assert ours("apply --vips --no-prune -", RULES).returncode == 0
    assert addresses(ours).keys() == {"192.0.2.10", "192.0.2.30", "2001:db8::10"}


def test_apply_leaves_addresses_alone_unless_asked(ours):
    assert ours("apply --yes -", ONE).returncode == 0
    assert addresses(ours) is None


def test_where_the_table_is_taken_back_so_are_the_addresses(ours, monkeypatch):
    before = ours.table()
    monkeypatch.setattr(journal, "carry_out", lambda *words, **more: Outcome(stopped=15))
    answer = ours("apply --vips --yes -", ONE)
    assert answer.returncode == 143
    assert "the table is as it was before\n" in answer.stderr
    assert ours.table() == before
    assert addresses(ours) == {}


def test_where_addresses_cannot_be_bound_the_table_is_not_touched(ours):
    ip(ours, f"link add {DEVICE} type dummy")
    with ours.namespace.entered(), open(f"/proc/sys/net/ipv6/conf/{DEVICE}/disable_ipv6", "w") as setting:
        setting.write("1")
    before = ours.table()
    answer = ours("apply --vips --yes -", ONE + "-A -t [2001:db8::30]:80 -s rr\n")
    assert answer.returncode == 1
    assert ours.table() == before
    assert addresses(ours) == {}


def address(change, text):
    return {"change": change, "kind": "address", "address": text, "device": DEVICE}


def told(answer):
    return json.loads(answer.stdout)


def test_programs_are_told_what_was_bound(ours):
    made = {"change": "add", "kind": "device", "device": DEVICE}
    bound = [address("add", "192.0.2.10"), address("add", "2001:db8::10")]
    dry = told(ours("vip sync -o json --dry-run"))
    assert dry == {"changed": True, "dry_run": True, "changes": [made, *bound]}
    done = {"refused": [], "taken_back": 0, "remains": [], "reordered": []}
    assert told(ours("vip sync -o json")) == {"changed": True, "changes": [made, *bound], **done}
    assert told(ours("vip sync -o json")) == {"changed": False, "changes": [], **done}
    assert told(ours("vip add 192.0.2.20 -o json"))["changes"] == [address("add", "192.0.2.20")]
    assert told(ours("vip rm 192.0.2.20 -o json"))["changes"] == [address("remove", "192.0.2.20")]


@pytest.mark.parametrize("words", ["vip add 192.0.2.30 2001:db8::30", "apply --vips --yes --detailed-exitcode -"])
def test_programs_are_told_what_was_refused(ours, words):
    ip(ours, f"link add {DEVICE} type dummy")
    with ours.namespace.entered(), open(f"/proc/sys/net/ipv6/conf/{DEVICE}/disable_ipv6", "w") as setting:
        setting.write("1")
    answer = ours(f"{words} -o json", ONE + "-A -t [2001:db8::30]:80 -s rr\n")
    data = told(answer)
    assert (answer.returncode, data["changed"], data["taken_back"], data["remains"]) == (1, False, 1, [])
    (refused,) = data["refused"]
    assert {**refused, "why": ""} == {**address("add", "2001:db8::30"), "why": ""}
    assert refused["why"]


def test_programs_are_told_of_table_and_addresses_together(ours):
    assert ours("vip sync").returncode == 0
    words = "apply --vips --yes -o json --detailed-exitcode -"
    dry, done, again = (ours(line, ONE) for line in (f"{words} --dry-run", words, words))
    assert [one.returncode for one in (dry, done, again)] == [2, 2, 0]
    assert told(dry) == {"changed": True, "dry_run": True, "changes": told(done)["changes"]}
    kinds = [(one["change"], one["kind"]) for one in told(done)["changes"]]
    assert (kinds[0], kinds[-2:]) == (("add", "address"), [("remove", "address")] * 2)
    assert kinds.count(("remove", "service")) == 5
    assert (told(again)["changed"], told(again)["changes"]) == (False, [])


def test_whoever_looked_is_where_they_were(ours):
    before = os.readlink(HERE)
    assert ours("vip sync").returncode == 0
    assert os.readlink(HERE) == before


TAKEN = [  # an address that another machine has: how that is known, and what is said of it
    ("10.9.0.77", "route add 10.50.0.0/16 via 10.9.0.77", "the next hop of a route"),
    ("10.9.0.77", "route add 10.50.0.0/16 nexthop via 10.9.0.78 nexthop via 10.9.0.77", "the next hop of a route"),
    ("10.9.0.77", "neigh add 10.9.0.77 lladdr 02:00:00:00:00:07 nud stale dev eth0", "a neighbour that answered"),
    ("10.9.0.77", "", "a server of the table"),
    ("2001:db8:9::77", "route add 2001:db8:50::/64 via 2001:db8:9::77", "the next hop of a route"),
]


@pytest.mark.parametrize(("address", "line", "who"), TAKEN)
def test_what_another_machine_has_is_not_bound_unless_forced(ours, address, line, who):
    """To bind a router's or a server's address cuts that machine off."""
    ip(ours, "addr add 2001:db8:9::1/64 dev eth0 nodad", *([line] if line else []))
    if not line:
        assert ours(f"-a -t 192.0.2.10:80 -r {address}:80 -m")[0] == 0
    told = f"{address} is {who}\nnothing was done: to bind that here would cut the other machine off\n"
    hint = "hint: name another address; `--force` binds it anyway\n"
    assert ours(f"vip add {address}") == (1, "", told + hint)
    assert not is_local(ours, address)
    name = f"[{address}]:443" if ":" in address else f"{address}:443"
    assert ours(f"-A -t {name} -s rr")[0] == 0
    assert ours("vip sync")[0] == 1
    assert (addresses(ours) or {}) == {}
    assert ours(["apply", "-", "--vips", "--yes"], f"-A -t {name} -s wrr\n")[0] == 1
    assert ours(f"vip add {address} --force")[0] == 0
    assert is_local(ours, address)
    assert ours("vip sync")[0] == 0


MORE = """\
-A -t 192.0.2.11:80 -s wlc -p 60
-A -u [2001:db8::11]:53 -s sh -b sh-port
-A -f 8 -6 -s rr
-a -t 192.0.2.10:80 -r 10.9.0.77:80 -m
-a -t 192.0.2.10:80 -r 10.9.0.78:8080 -m -w 0
-a -t 192.0.2.11:80 -r 10.9.0.78:80 -g
-a -u [2001:db8::11]:53 -r [2001:db8:9::77]:53 -m
-a -f 8 -6 -r 2001:db8:9::78 -i
-a -f 7 -r 10.9.0.79 -i
"""
SERVERS = {"10.9.0.77", "10.9.0.78", "10.9.0.79", "2001:db8:9::77", "2001:db8:9::78"}


@pytest.mark.parametrize("lacking", [None, "file", "services"])
def test_the_servers_that_proc_lists_are_those_of_the_table(ours, monkeypatch, lacking):
    """If there is no list, or one of other services, each service is asked for."""
    assert ours("-R", MORE) == (0, "", "")
    with ours.namespace.entered():
        kernel = Kernel.open()
        services = kernel.services()
        if lacking == "file":
            monkeypatch.setattr(server_addresses, "TABLE", "/proc/none")
        elif not lacking:
            monkeypatch.setattr(Kernel, "shared", None)
        asked = services[:-1] if lacking == "services" else services
        found = server_addresses.server_addresses(asked, kernel)
        expected = servers_of((one, kernel.servers(one)) for one in asked)
    assert found == expected
    assert lacking or set(map(spelled_address, found)) == SERVERS


def test_sync_leaves_alone_what_a_route_makes_local(ours):
    ip(ours, "route add local 192.0.2.0/24 dev lo")
    assert ours("vip sync")[0] == 0
    assert set(addresses(ours)) == {"2001:db8::10"}
    assert ours("-C")[0] == 0


@pytest.mark.parametrize(("address", "device", "hint"), [
    ("127.0.0.1", "lo", "it is the machine's loopback address"),
    ("::1", "lo", "it is the machine's loopback address"),
    ("10.9.0.1", "eth0", "it is the interface's own address, by which other machines know this one"),
    ("10.9.0.9", "odd;id", "if it is meant, `ip address del 10.9.0.9/32 dev 'odd;id'`"),
])  # fmt: skip
def test_what_others_bound_is_left_alone_with_a_hint_that_harms_nobody(ours, address, device, hint):
    ip(ours, 'link add "odd;id" type dummy', 'addr add 10.9.0.9/32 dev "odd;id"')
    told = f"{address} on {device} wasn't bound by `vip`: it is left alone\nhint: {hint}\n"
    assert ours(f"vip rm {address}") == (1, "", told)
