"""Two processes share the work on many services; the result is the same as that of one process."""

from __future__ import annotations

import os
import time
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm import documents, kernel
from pyipvsadm.documents import rules_format
from pyipvsadm.kernel import MANY, Kernel
from pyipvsadm.kernel.parallel import in_turn
from pyipvsadm.model import Service
from pyipvsadm.table.notation import spelled_address
from pyipvsadm.table.settings import server_settings
from pyipvsadm.verbs.doctor.collection import live_services
from pyipvsadm.verbs.doctor.snapshot import Snapshot
from pyipvsadm.verbs.doctor.snapshot_values import Connections, Counters
from pyipvsadm.verbs.doctor.verdict import judge

from .fakes import FAMILY, CannedSocket, run
from .netlink import requests, server, service, small_kernel
from .properties import examples
from .test_doctor_checks import HEALTHY
from .test_doctor_speed import CHAINS, director, unbound
from .test_spans import tables

MANY_SERVICES = [Service(protocol=6, address=number.to_bytes(4, "big"), port=80) for number in range(MANY)]
FEW = MANY_SERVICES[:-1]


class First(Kernel):
    """A kernel that a `second` process may reach too."""

    def __init__(self, second=lambda: "second"):
        self.second = second

    def __str__(self):
        return "first"


def made(services, make, second):
    return First(second).shared(services, make)


def numbers(some, kernel):
    """A line for each service, with who made it: the process and the kernel."""
    for one in some:
        yield f"{int.from_bytes(one.address, 'big')} {os.getpid()} {kernel}\n"


def lines(services, make=numbers, second=lambda: "second"):
    return [line.split() for line in "".join(made(services, make, second)).splitlines()]


def test_all_are_made_in_their_order_by_two_processes():
    found = lines(MANY_SERVICES)
    assert [int(number) for number, *_ in found] == list(range(MANY))
    here = str(os.getpid())
    assert {(pid == here, kernel) for _, pid, kernel in found} == {(True, "first"), (False, "second")}


@pytest.mark.parametrize(("services", "second"), [(FEW, lambda: "second"), (MANY_SERVICES, None), ([], None)])
def test_few_are_made_here(services, second):
    found = lines(services, second=second)
    assert [int(number) for number, *_ in found] == list(range(len(services)))
    assert {kernel for *_, kernel in found} <= {"first"}


def fails(*_):
    raise OSError("no way to the kernel")


def test_what_the_child_fails_at_is_done_here(capfd):
    found = lines(MANY_SERVICES, second=fails)
    assert [int(number) for number, *_ in found] == list(range(MANY))
    assert {kernel for *_, kernel in found} == {"first"}
    assert capfd.readouterr().err == ""


def test_without_a_process_more_it_is_done_here(monkeypatch):
    monkeypatch.setattr(os, "fork", fails)
    assert {kernel for *_, kernel in lines(MANY_SERVICES)} == {"first"}


def test_what_fails_here_too_is_told():
    def make(some, kernel):
        if some[0] != MANY_SERVICES[0]:
            raise OSError("gone")
        yield "first half"

    pieces = made(MANY_SERVICES, make, lambda: "second")
    assert next(pieces) == "first half"
    with pytest.raises(OSError, match="gone"):
        next(pieces)


def test_no_process_is_left_where_nobody_wants_the_rest(monkeypatch):
    children = []
    monkeypatch.setattr(os, "fork", lambda fork=os.fork: children.append(fork()) or children[-1])

    def make(some, kernel):
        yield str(os.getpid())
        if kernel == "second":
            time.sleep(1000)

    pieces = made(MANY_SERVICES, make, lambda: "second")
    next(pieces)
    begin = time.monotonic()
    pieces.close()
    assert time.monotonic() - begin < 10
    (child,) = children
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


def test_bytes_that_are_no_text_come_through():
    def make(some, kernel):
        return ["\udcff\n"]

    assert "".join(made(MANY_SERVICES, make, lambda: "second")) == "\udcff\n" * 2


def changing(dumps):
    """A kernel with TABLES[0] up to that number of dumps of services, and with TABLES[1] after them."""
    plays, asked = [small_kernel(table, piece=50) for table in TABLES], []

    def play(data):
        asked.extend(command for _, _, command, _ in requests(data) if command == 4)
        return plays[len(asked) > dumps](data)

    return play


TABLES = [
    [(service(bytes((10, 0, n >> 8, n & 255)), 80), [server(b"\n\1\0\1", 80)]) for n in range(MANY + more)]
    for more in (0, 1)
]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(("dumps", "saved"), [(1, 1), (2, 0)])
def test_services_are_saved_that_two_dumps_tell_of(monkeypatch, processes, dumps, saved):
    """The second dump comes before anything is printed, though a second process is at work meanwhile."""
    children = []
    monkeypatch.setattr(os, "fork", lambda fork=os.fork: children.append(fork()) or children[-1])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(processes))
    monkeypatch.setattr(Kernel, "second", property(lambda _: lambda: Kernel(CannedSocket(changing(-1)), FAMILY)))
    status, stdout, stderr, _ = run(["-Sn"], changing(dumps))
    assert (status, stderr) == (0, "")
    assert len(stdout.splitlines()) == 2 * len(TABLES[saved])
    assert len(children) == (processes > 1) * (2 if saved else 1)  # as many as there were readings
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


def pairs_of_two(number):
    time.sleep(0.001)  # so that each gets some
    return number * 2, os.getpid()


@pytest.mark.parametrize("count", [0, 1, 60, 255])
def test_two_processes_take_turns(count):
    found = in_turn(count, pairs_of_two)
    assert [number for number, _ in found] == [2 * number for number in range(count)]
    assert count < 60 or len({process for _, process in found}) == 2


@pytest.mark.parametrize("lacking", [("fork", fails), ("sched_getaffinity", lambda _: {0})])
def test_what_nobody_else_takes_is_made_here(monkeypatch, lacking):
    monkeypatch.setattr(os, *lacking)
    assert in_turn(60, pairs_of_two) == [(2 * number, os.getpid()) for number in range(60)]


def test_what_the_child_fails_at_in_its_turn_is_made_here():
    here = os.getpid()

    def make(number):
        time.sleep(0.001)
        if os.getpid() != here:
            raise OSError("no memory")
        return number

    assert in_turn(60, make) == list(range(60))


def test_what_fails_in_turn_is_told():
    with pytest.raises(OSError, match="gone"):
        in_turn(60, mock.Mock(side_effect=OSError("gone")))


DIRECTORS = {
    "healthy": HEALTHY,
    "unbound": unbound(60),
    "unseen": Snapshot(),
    **{chains: director(60, chains) for chains in CHAINS},
}


@pytest.mark.parametrize("snapshot", DIRECTORS.values(), ids=DIRECTORS)
def test_two_processes_judge_as_one(snapshot):
    assert judge(snapshot, each=in_turn) == judge(snapshot)


SHARED = ["-Ln", "-Ln --stats", "-Sn", "-Ln --nosort", "show -o json", "show -o ndjson", "show -o yaml"]
COMPARED = ["-Sn", "show -o json", "show -o yaml"]


@pytest.fixture
def in_two_processes(monkeypatch):
    """Makes two processes share any number of services, and returns how many processes were started."""
    children = []
    monkeypatch.setattr(os, "fork", lambda fork=os.fork: children.append(fork()) or children[-1])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(kernel, "MANY", 1)
    monkeypatch.setattr(rules_format, "SOME", 0)

    def on_two(words, play, **more):
        monkeypatch.setattr(Kernel, "second", property(lambda _: lambda: Kernel(CannedSocket(play), FAMILY)))
        children.clear()
        found = run(words.split(), play, **more)[:3]
        monkeypatch.setattr(Kernel, "second", None)
        return found, len(children)

    return on_two


@pytest.mark.parametrize("words", SHARED)
@examples(20)
@given(table=tables())
def test_two_processes_print_the_same_as_one(in_two_processes, words, table):
    play = small_kernel(table)
    with mock.patch("pyipvsadm.verbs.show.time", return_value=1e9):
        alone = run(words.split(), play)[:3]
        assert in_two_processes(words, play) == (alone, 1 if table else 0)


@pytest.mark.parametrize("processes", [1, 2])
@examples(30)
@given(table=tables())
def test_doctor_reads_the_same_values_as_are_in_records(monkeypatch, table, processes):
    play = small_kernel(table)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processes)))
    monkeypatch.setattr(kernel, "MANY", 1)
    reached = Kernel(CannedSocket(play), FAMILY)
    reached.second = lambda: Kernel(CannedSocket(play), FAMILY)
    records = Kernel(CannedSocket(play), FAMILY).table(stats=True).services
    rows = live_services.read(reached)
    assert [(one, list(its)) for one, its in rows] == [(one, list(map(live_services.row, its))) for one, its in records]
    assert [live_services.records(its) for _, its in rows] == [
        tuple(one.replace(stats=None) for one in servers) for _, servers in records
    ]
    for one, (key, servers) in zip(live_services.services_of(rows), records, strict=True):
        assert (one.key, one.counters) == (key, Counters(*key.stats[:5]))
        for shown, own in zip(one.servers, servers, strict=True):
            settings = {name: getattr(shown, name) for name in ("forwarding", "weight", "upper_threshold")}
            assert settings.items() <= server_settings(own).items()
            assert (shown.address, shown.port) == (spelled_address(own.address), own.port)
            assert shown.counters == Counters(*own.stats[:5])
            assert shown.connections == Connections(own.active, own.inactive, own.persistent)


@examples(30)
@given(table=tables())
def test_two_processes_read_the_same_counters_as_one(monkeypatch, table):
    play = small_kernel(table)
    alone = Kernel(CannedSocket(play), FAMILY).table(stats=True)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(kernel, "MANY", 1)
    both = Kernel(CannedSocket(play), FAMILY)
    both.second = lambda: Kernel(CannedSocket(play), FAMILY)
    found = both.table(stats=True)
    assert found == alone
    assert [type(server.stats) for _, servers in found.services for server in servers] == [
        type(server.stats) for _, servers in alone.services for server in servers
    ]


@pytest.mark.parametrize("words", ["diff -", "apply --dry-run -"])
@pytest.mark.parametrize("written", COMPARED)
@examples(30)
@given(tables=st.tuples(tables(), tables()), changed=st.booleans())
def test_two_processes_find_the_same_differences_as_one(in_two_processes, words, written, tables, changed):
    table, other = tables
    file = run(written.split(), small_kernel(table)).stdout.encode()
    play = small_kernel(table + other if changed else table)
    alone = run(words.split(), play, stdin=file)[:3]
    assert in_two_processes(words, play, stdin=file)[0] == alone


@pytest.mark.parametrize("written", COMPARED[1:])
@examples(40)
@given(tables=st.tuples(tables(), tables()), changed=st.booleans(), broken=st.booleans())
def test_a_table_that_is_read_ahead_has_the_same_differences(
    in_two_processes, monkeypatch, written, tables, changed, broken
):
    table, other = tables
    monkeypatch.setattr(documents, "LARGE", 0)
    file = run(written.split(), small_kernel(table)).stdout.encode() + b"]" * broken
    play = small_kernel(table + other if changed else table)
    alone = run(["diff", "-"], play, stdin=file)[:3]
    found, children = in_two_processes("diff -", play, stdin=file)
    assert found == alone
    assert children >= 1
