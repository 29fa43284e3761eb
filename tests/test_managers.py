"""Programs that manage the table by themselves: how they are found, and who is told of them."""

from __future__ import annotations

import os

import pytest

from pyipvsadm.support.managers import managers, warning


def machine(root, *processes):
    """A /proc with processes of these names, each perhaps of another network namespace, or a script of Perl's."""
    (root / "proc/self/ns").mkdir(parents=True)
    os.symlink("net:[1]", root / "proc/self/ns/net")
    for number, (name, space, cmdline) in enumerate(processes, 70):
        (root / f"proc/{number}/ns").mkdir(parents=True)
        (root / f"proc/{number}/comm").write_text(f"{name}\n")
        (root / f"proc/{number}/cmdline").write_text(cmdline)
        os.symlink(f"net:[{space}]", root / f"proc/{number}/ns/net")
    return str(root)


@pytest.mark.parametrize(("processes", "found"), [
    ([], ()),
    ([("bash", 1, "")], ()),
    *(([(name, 1, "")], (called,)) for name, called in (
        ("keepalived", "keepalived"), ("kube-proxy", "kube-proxy"), ("kube-router", "kube-router"),
        ("kube-vip", "kube-vip"), ("lvscare", "lvscare"), ("k3s-server", "k3s"), ("k3s-agent", "k3s"),
        ("rke2", "rke2"), ("kubelite", "kubelite"), ("seesaw_engine", "seesaw"), ("seesaw_ncc", "seesaw"),
        ("ldirectord", "ldirectord"), ("dockerd", "dockerd"),
    )),
    ([("perl", 1, "/usr/bin/perl\0-w\0/usr/sbin/ldirectord\0start\0")], ("ldirectord",)),
    ([("perl", 1, "perl\0-e\x00")], ()),
    ([("keepalived", 2, "")], ()),  # of another network namespace, and so of another table
    ([("dockerd", 2, "")], ("dockerd",)),  # which manages those of others
    ([("keepalived", 1, ""), ("keepalived", 1, ""), ("kube-proxy", 1, "")], ("keepalived", "kube-proxy")),
])  # fmt: skip
def test_managers_are_found(tmp_path, processes, found):
    assert managers(machine(tmp_path, *processes)) == found


def test_a_machine_without_processes_has_none(tmp_path):
    assert managers(str(tmp_path)) == ()


@pytest.mark.parametrize(("processes", "told"), [
    ([], ""),
    ([("dockerd", 1, "")], ""),  # which leaves this table alone
    ([("keepalived", 1, "")], "keepalived runs here and manages this table, and may undo the change"),
    ([("keepalived", 1, ""), ("kube-proxy", 1, "")],
     "keepalived and kube-proxy run here and manage this table, and may undo the change"),
])  # fmt: skip
def test_the_warning_names_them(tmp_path, processes, told):
    assert warning(machine(tmp_path, *processes)) == told
