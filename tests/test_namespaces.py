"""`--netns` in a line of words, and what is said where there is no such namespace."""

from __future__ import annotations

import os

import pytest

from pyipvsadm import cli, namespaces
from pyipvsadm.errors import UsageError
from pyipvsadm.verbs import netns

from .fakes import run


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Two folders of names, the second of which is Docker's."""
    both = str(tmp_path / "netns"), str(tmp_path / "docker")
    for folder in both:
        os.mkdir(folder)
    monkeypatch.setattr(namespaces, "FOLDERS", both)
    return both


def make(path):
    with open(path, "w"):
        pass


@pytest.mark.parametrize(("words", "netns", "rest"), [
    ("--netns blue -Ln", "blue", ["-Ln"]),
    ("--netns=blue show --netns=red", "blue", ["show", "--netns=red"]),
    ("--netns blue", "blue", []),
    ("--netns -Ln", "-Ln", []),
    ("--netnsx blue", None, ["--netnsx", "blue"]),
    ("-Ln --netns blue", None, ["-Ln", "--netns", "blue"]),
])  # fmt: skip
def test_words_that_begin_with_a_namespace(words, netns, rest):
    assert namespaces.parted(words.split()) == (netns, rest)


@pytest.mark.parametrize("words", [["--netns"], ["--netns="], ["--netns=", "-L"], ["--netns", "", "-L"]])
def test_the_namespace_has_to_be_named(words):
    with pytest.raises(UsageError, match="needs a namespace"):
        namespaces.parted(words)


def test_a_name_goes_before_a_process_and_the_first_folder_before_the_second(folders):
    first, second = folders
    assert namespaces.path_of("123") == "/proc/123/ns/net"
    assert namespaces.path_of("blue") == f"{first}/blue"
    assert namespaces.path_of("./123") == "./123"
    make(f"{second}/123")
    make(f"{second}/blue")
    assert namespaces.path_of("123") == f"{second}/123"
    make(f"{first}/blue")
    assert namespaces.path_of("blue") == f"{first}/blue"
    assert list(namespaces.names()) == [
        ("blue", f"{first}/blue"), ("123", f"{second}/123"), ("blue", f"{second}/blue"),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "message", "hint"), [
    ("nosuch", "there is no network namespace `nosuch`", "no namespace has a name; "),
    ("no/such", "there is no network namespace `no/such`", "no namespace has a name; "),
    ("/etc/passwd/x", "there is no network namespace `/etc/passwd/x`", "no namespace has a name; "),
    ("4194305", "there is neither a process 4194305 nor a network namespace of that name", "no namespace has a name; "),
    ("/etc/passwd", "`/etc/passwd` is not a network namespace", "give a name, a process id or a path; "),
    ("/etc", "`/etc` is not a network namespace", "give a name, "),
    ("/proc/self/ns/uts", "`/proc/self/ns/uts` is not a network namespace", "give a name, "),
    ("\x1b[31m/", "there is no network namespace `[31m/`", ""),
])  # fmt: skip
def test_what_cannot_be_entered(name, message, hint):
    ran = run(["--netns", name, "-Ln"], program="pyipvsadm")
    assert (ran.status, ran.message, ran.stdout) == (2, f"{message}\n", "")
    assert ran.hints[0].startswith(hint)
    assert run(["show", "--netns", name])[:3] == ran[:3]


def test_a_hint_names_what_there_is_but_not_too_much(folders):
    for number in range(9):
        make(f"{folders[0]}/n{number}")
    hint = run(["--netns", "x", "-Ln"]).hints[0]
    assert hint.startswith("there are `n0`, `n1`, `n2`, `n3`, `n4`, `n5`, `n6`, `n7` and 1 more; ")


def test_a_name_that_is_left_over_or_a_pipe(folders):
    make(f"{folders[0]}/left")
    os.mkfifo(f"{folders[0]}/pipe")
    for name in ("left", "pipe"):
        ran = run(["--netns", name, "-Ln"])
        assert ran.message == f"`{folders[0]}/{name}` is not a network namespace\n"
        assert ran.hints[0].startswith("the name may be stale, or bound in another mount namespace; ")


@pytest.mark.parametrize(("words", "message", "status"), [
    (["-Ln", "--netns", "blue"], "--netns: unknown option", 255),
    (["-A", "-t", "192.0.2.1:80", "--netns=blue"], "--netns=blue: unknown option", 255),
])  # fmt: skip
def test_behind_a_command_the_hint_says_where_it_goes(words, message, status):
    ran = run(words)
    assert (ran.status, ran.message) == (status, f"{message}\n")
    assert ran.hints == ["put `--netns X` before everything else, or after a verb"]


def test_a_namespace_is_named_once_and_a_sandbox_has_its_own(monkeypatch):
    monkeypatch.setattr(namespaces, "enter", lambda name: None)
    twice = run(["--netns", "a", "show", "--netns", "b"])
    assert (twice.status, twice.message) == (2, "`--netns` is given twice\n")
    ran = run(["--netns", "a", "sandbox"])
    assert (ran.status, ran.message) == (
        2, "`--netns` does not apply to `sandbox`, which has its own network namespaces\n",
    )  # fmt: skip
    ran = run(["sandbox", "--netns", "a"])
    assert ran.status == 2
    assert ran.message == "--netns: unknown option\n"


def test_how_to_call_it_again():
    world = cli.World("/usr/sbin/pyipvsadm")
    assert world.called == "pyipvsadm"
    world.netns = "a b"
    assert world.called == "pyipvsadm --netns 'a b'"


def test_a_namespace_has_all_its_names_and_what_hides_another_is_told_by_its_path(folders):
    """A file of this namespace stands in for a name's, which takes privilege to make."""
    for path in (f"{folders[0]}/blue", f"{folders[1]}/blue", f"{folders[1]}/red"):
        os.symlink("/proc/self/ns/net", path)
    make(f"{folders[0]}/left")
    (here,) = [one for one in netns.search().namespaces if one.here]
    assert here.names == ["blue", f"{folders[1]}/blue", "red"]
    assert here.called == "blue"
    assert not [one for one in netns.search().namespaces if "left" in one.names]
