"""A document of rules whose second half another process reads is read as by one process, and so are its problems."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm import documents
from pyipvsadm.documents import rules_format
from pyipvsadm.documents.dialect import second_half
from pyipvsadm.documents.formats import Inputs
from pyipvsadm.table.assembly import Assembly

from .fakes import run
from .netlink import small_kernel
from .properties import examples
from .test_same_services import WRITTEN, alike, changed
from .test_spans import tables

TAIL = "--set 900 120 300\n--start-daemon master --mcast-interface lo\n"
MANY = "".join(
    f"-A -t 192.0.2.{n}:80 -s rr\n"
    + "".join(f"-a -t 192.0.2.{n}:80 -r 198.51.100.{m}:80 -m -w {m}\n" for m in range(4))
    for n in range(1, 20)
)
HALF = MANY.index("\n-A ", len(MANY) * second_half.OURS // 100) + 1


def content(rules: str, shared: bool) -> tuple:
    """What is read: services and servers with their places, the rest of the table, and all problems."""
    assembly = Assembly()
    rules_format.read(rules, assembly, Inputs(is_shared=shared))
    entries = [(one.service, one.place, one.rows, one.seen) for one in assembly.entries]
    problems = [(one.place, str(one.message), one.other) for one in assembly.problems]
    return entries, assembly.rest(), problems


@pytest.fixture
def children(monkeypatch):
    """The processes that were started, where there are two processors."""
    started = []
    monkeypatch.setattr(os, "fork", lambda fork=os.fork: started.append(fork()) or started[-1])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return started


@examples(150)
@given(
    table=tables() | alike(),
    written=st.sampled_from(WRITTEN),
    ours=st.sampled_from([0, 30, 52, 80]),
    chance=st.randoms(use_true_random=False),
)
def test_two_processes_read_what_one_reads(children, monkeypatch, table, written, ours, chance):
    monkeypatch.setattr(second_half, "OURS", ours)
    rules = changed(run(written.split(), small_kernel(table)).stdout, chance)
    assert content(rules, shared=True) == content(rules, shared=False)


@pytest.mark.parametrize(("rules", "processes"), [
    (MANY, 1), (MANY.rstrip("\n"), 1), (f"# a comment\n\n{MANY}\n# another\n", 1), (MANY + TAIL, 1),
    (TAIL + MANY, 1), (MANY[:HALF] + TAIL + MANY[HALF:], 1),
    (MANY + MANY, 1),  # each service twice, one in each half
    (MANY + MANY[:HALF].splitlines()[1] + "\n", 1),  # a server in the second half, of a service in the first one
    (MANY.replace("-s rr", "-s zork"), 1), (MANY.replace("192.0.2.19:80 -r 198", "192.0.2.19:80 -r 300"), 1),
    (f"-A zork\n{MANY}", 1), (f"{MANY}-A zork\n", 1), (f"{MANY}-a zork\n", 1), ("\n-a" + MANY, 1),
    ("-A zork\n" * 1500 + MANY, 1), (MANY + "-A zork\n" * 1500, 0),  # more problems than are looked for
    (MANY[:HALF], 1), (TAIL, 0), ("", 0), ("-A -t 192.0.2.1:80\n", 0),
])  # fmt: skip
def test_wherever_something_stands(children, rules, processes):
    assert content(rules, shared=True) == content(rules, shared=False)
    assert len(children) == processes
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)  # none is left


def fails(*_):
    raise OSError("no process")


@pytest.mark.parametrize(("name", "instead"), [("fork", fails), ("sched_getaffinity", lambda _: {0})])
def test_without_a_second_process_or_processor_it_is_read_here(monkeypatch, name, instead):
    monkeypatch.setattr(os, name, instead)
    assert content(MANY + TAIL, shared=True) == content(MANY + TAIL, shared=False)


@pytest.mark.parametrize("rules", [MANY, MANY.replace("-m -w 3", "-m -w x")])
def test_apply_and_no_other_verb_shares_the_reading(children, monkeypatch, rules):
    monkeypatch.setattr(documents, "LARGE", 0)
    file = rules.encode()
    assert run(["check", "-"], small_kernel([]), stdin=file)
    assert not children
    shared = run(["apply", "--dry-run", "-"], small_kernel([]), stdin=file)[:3]
    assert len(children) == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert run(["apply", "--dry-run", "-"], small_kernel([]), stdin=file)[:3] == shared
