"""The files of running managers: found by command lines, read in the root of each process, held against the table."""

from __future__ import annotations

import os

import pytest

from pyipvsadm.documents import rules_format
from pyipvsadm.documents.formats import Inputs
from pyipvsadm.names import Names
from pyipvsadm.support import managers
from pyipvsadm.table.assembly import Assembly
from pyipvsadm.verbs.doctor.collection.manager_files import PROGRAMS, manager_files

CONF = "virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.1.0.1 80 { }\n}\n"
CF = "virtual=10.0.0.2:80\n\treal=10.1.0.1:80 masq\n\tchecktype=on\n"
SERVICE = "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n"
OTHER = "-A -t 10.0.0.2:80 -s wrr\n-a -t 10.0.0.2:80 -r 10.1.0.1:80 -m -w 1\n"
ELSE = "-A -t 10.0.0.9:80 -s rr\n"


def machine(root, *processes):
    """A /proc with processes of these command lines, each with files of its own."""
    (root / "proc/self/ns").mkdir(parents=True)
    os.symlink("net:[1]", root / "proc/self/ns/net")
    for number, (line, files) in enumerate(processes, 70):
        process = root / f"proc/{number}"
        (process / "ns").mkdir(parents=True)
        os.symlink("net:[1]", process / "ns/net")
        words = line.split()
        (process / "comm").write_text(os.path.basename(words[2] if words[0] == "perl" else words[0]) + "\n")
        (process / "cmdline").write_text("".join(f"{word}\0" for word in words))
        os.symlink("/srv", process / "cwd")
        for name, text in files.items():
            (process / "root" / name).parent.mkdir(parents=True, exist_ok=True)
            (process / "root" / name).write_text(text)
    return str(root)


def found(tmp_path, table, *processes):
    assembly = Assembly()
    rules_format.read(table, assembly, Inputs())
    return manager_files(assembly.table(), Names, machine(tmp_path, *processes))


@pytest.mark.parametrize(("line", "path"), [
    ("keepalived", "etc/keepalived/keepalived.conf"),
    ("keepalived -D -f /etc/a.conf", "etc/a.conf"),
    ("/usr/sbin/keepalived --dont-fork -f/etc/a.conf", "etc/a.conf"),
    ("keepalived --use-file=/etc/a.conf -C -P", "etc/a.conf"),
    ("keepalived --use-file /etc/a.conf -i x", "etc/a.conf"),
    ("keepalived -nf a.conf", "srv/a.conf"),
    ("keepalived --no-such-option", "etc/keepalived/keepalived.conf"),
])  # fmt: skip
def test_the_file_of_a_keepalived(tmp_path, line, path):
    (file,) = found(tmp_path, SERVICE, (line, {path: CONF}))
    assert (file.program, file.path, file.count, file.unread) == ("keepalived", f"/{path}", 0, "")


@pytest.mark.parametrize(("line", "path"), [
    ("perl -w /usr/sbin/ldirectord start", "etc/ha.d/ldirectord.cf"),
    ("perl -w /usr/sbin/ldirectord -d web.cf start", "etc/ha.d/conf/web.cf"),
    ("perl -w /usr/sbin/ldirectord /etc/web.cf start", "etc/web.cf"),
])  # fmt: skip
def test_the_file_of_an_ldirectord(tmp_path, line, path):
    (file,) = found(tmp_path, OTHER, (line, {path: CF}))
    assert (file.program, file.path, file.count, file.unread) == ("ldirectord", f"/{path}", 0, "")


def test_processes_of_one_file_are_told_once_and_vrrp_alone_has_no_table(tmp_path):
    conf = {"etc/keepalived/keepalived.conf": CONF}
    assert len(found(tmp_path, SERVICE, *[("keepalived -D", conf)] * 3, ("keepalived --vrrp", conf))) == 1


def test_the_id_of_the_command_line_counts(tmp_path):
    text = CONF.replace(" real", "@one weight 3\n real")
    (file,) = found(tmp_path, SERVICE, ("keepalived -i one -f /a", {"a": text}))
    assert file.differences == (
        "~ 10.0.0.1:80/tcp 10.1.0.1:80  weight 1 -> 3  (keepalived doesn't correct a server that was there before it)",
    )


def test_what_another_manager_wants_is_no_difference(tmp_path):
    both = found(
        tmp_path, SERVICE + OTHER + ELSE, ("keepalived -f /a", {"a": CONF}), ("perl -w ldirectord /b start", {"b": CF})
    )
    assert [(file.count, file.differences[0][:17]) for file in both] == [(1, "- 10.0.0.9:80/tcp")] * 2


def test_while_one_file_is_unread_nothing_is_called_too_much(tmp_path):
    kept, lost = found(tmp_path, OTHER, ("keepalived -f /a", {"a": CONF}), ("perl -w ldirectord /b start", {}))
    assert (kept.count, kept.differences[0][:17]) == (2, "+ 10.0.0.1:80/tcp")
    assert (lost.path, lost.unread) == ("/b", "it can't be read")


def test_a_file_that_would_end_the_program_is_told_with_its_line(tmp_path):
    (file,) = found(tmp_path, SERVICE, ("keepalived -f /a", {"a": f"{CONF}virtual_server\n"}))
    assert file.unread.startswith("line 5: keepalived ends")


def test_files_are_looked_for_where_a_program_that_has_one_runs():
    assert PROGRAMS.keys() == managers.WITH_FILES
