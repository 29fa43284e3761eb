"""Two processes print a long list together; the output is the same as that of one process."""

from __future__ import annotations

import os
import time

import pytest

from pyipvsadm.classic.commands import MANY
from pyipvsadm.classic.commands import _made as made
from pyipvsadm.model import Service

MANY_SERVICES = [Service(protocol=6, address=number.to_bytes(4, "big"), port=80) for number in range(MANY)]
FEW = MANY_SERVICES[:-1]


def numbers(some, kernel):
    """A line for each service, with who made it: the process and the kernel."""
    for service in some:
        yield f"{int.from_bytes(service.address, 'big')} {os.getpid()} {kernel}\n"


def lines(services, make=numbers, second=lambda: "second"):
    return [line.split() for line in "".join(made(services, make, "first", second)).splitlines()]


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

    pieces = made(MANY_SERVICES, make, "first", lambda: "second")
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

    pieces = made(MANY_SERVICES, make, "first", lambda: "second")
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

    assert "".join(made(MANY_SERVICES, make, "first", lambda: "second")) == "\udcff\n" * 2
