"""Plans on a real kernel: any table to any other, refusals at every step, and kills at any moment."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings

from pyipvsadm.kernel import Kernel
from pyipvsadm.model import Daemon, Server, Service, Table, Timeouts
from pyipvsadm.table import journal
from pyipvsadm.table.plan import make_plan
from pyipvsadm.table.steps import Plan

from ..kernel_model import canonical
from ..random_tables import IPV6, packed, similar_tables
from . import rawtable
from .namespaces import Namespace

STEPS = 60
SIZE = 120  # services of the tables between which processes are killed


@pytest.fixture(scope="module")
def namespace():
    found = Namespace()
    yield found
    with opened(found) as kernel:
        become(kernel, Table(daemons=()))  # which would keep the namespace alive
    found.close()


@contextmanager
def opened(namespace):
    """IPVS of `namespace`."""
    with namespace.entered():
        yield Kernel.open()


def become(kernel, wanted):
    """Make the table `wanted`, by a plan."""
    now = kernel.table()
    outcome = journal.carry_out(make_plan(now, wanted), kernel, now)
    assert outcome.complete, outcome


def raw():
    """The kernel's own account, whatever order it has its servers in."""
    found = rawtable.read()
    return found._replace(services=tuple((service, sorted(its)) for service, its in found.services))


@given(similar_tables(), similar_tables())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_becomes_any_other(namespace, first, second):
    with opened(namespace) as kernel:
        become(kernel, first)
        assert canonical(kernel.table()) == canonical(first)
        become(kernel, second)
        assert canonical(kernel.table()) == canonical(second)
        assert make_plan(kernel.table(), second) == Plan()
        assert make_plan(second, kernel.table()) == Plan()


def sixty_steps():
    """Two tables with as many steps between them, of each kind some."""
    vip = packed("192.0.2.1")

    def service(port, **more):
        return Service(**{"protocol": 6, "address": vip, "port": port, "scheduler": "rr", **more})

    def server(number, **more):
        return Server(**{"address": packed(f"198.51.100.{number}"), "port": 80, "forwarding": 0, "weight": 2, **more})

    kept, gone, new = (range(first, first + 6) for first in (1, 11, 21))
    now = [(service(port), tuple(server(n) for n in (1, 2, 3, 4))) for port in kept]
    now += [(service(port, flags=1, timeout=300), (server(1),)) for port in gone]
    changed = (server(1, weight=5), server(2, weight=0, upper_threshold=9), server(3, forwarding=3), server(5))
    wanted = [(service(port, scheduler="wlc" if port < 5 else "rr"), changed) for port in kept]
    wanted += [(service(port, protocol=17), (server(1),)) for port in new[:5]]
    wanted.append((Service(af=IPV6, fwmark=5, scheduler="sh", flags=16), ()))
    before = Table(
        services=tuple(now),
        timeouts=Timeouts(tcp=900, tcpfin=120, udp=300),
        daemons=(Daemon(state=2, interface="lo", port=9999),),
    )
    after = Table(
        services=tuple(wanted), timeouts=Timeouts(tcp=10, tcpfin=20, udp=30), daemons=(Daemon(state=1, interface="lo"),)
    )
    return before, after


def poisoned(step):
    """`step` as one that the kernel refuses."""
    command = step.command
    thresholds = {"upper_threshold": 1, "lower_threshold": 2}
    change = {
        "add-service": lambda: {"service": command.service.replace(scheduler="nosuch")},
        "edit-service": lambda: {"service": command.service.replace(engine="nosuch")},
        "delete-service": lambda: {"service": command.service.replace(port=65000)},
        "add-server": lambda: {"server": command.server.replace(**thresholds)},
        "edit-server": lambda: {"server": command.server.replace(**thresholds)},
        "delete-server": lambda: {"server": command.server.replace(port=65000)},
        "set": lambda: {"timeouts": command.timeouts.replace(tcp=2**32 - 1)},
        "start-daemon": lambda: {"daemon": command.daemon.replace(interface="nosuch")},
        "stop-daemon": lambda: {"daemon": command.daemon.replace(state=1)},
    }[command.verb]()
    return step.replace(command=command.replace(**change))


def test_whichever_of_sixty_steps_is_refused_the_table_is_as_before(namespace):
    before, after = sixty_steps()
    with opened(namespace) as kernel:
        become(kernel, before)
        now, expected = kernel.table(), raw()
        plan = make_plan(now, after)
        verbs = {step.command.verb for step in plan.steps}
        assert (len(plan.steps), len(verbs)) == (STEPS, 9), (len(plan.steps), verbs)
        for number in range(STEPS):
            count = iter(range(STEPS))
            bad = Plan(phases=tuple(
                tuple(poisoned(step) if next(count) == number else step for step in phase) for phase in plan.phases
            ))  # fmt: skip
            outcome = journal.carry_out(bad, kernel, now)
            assert [step for step, _ in outcome.refused] == [bad.steps[number]]
            assert outcome.remains == ()
            assert raw() == expected, bad.steps[number]
        assert journal.carry_out(plan, kernel, now).complete
        assert make_plan(kernel.table(), after) == Plan()
        assert make_plan(now, after) == plan


RULES = "".join(
    f"-A -t 192.0.2.1:{port} -s rr\n-a -t 192.0.2.1:{port} -r 198.51.100.1:80 -m -w {port % 3}\n"
    for port in range(1, 31)
)


HASHED = "-A -t 192.0.2.1:80 -s sh\n" + "".join(
    f"-a -t 192.0.2.1:80 -r 198.51.100.{number}:80 -m\n" for number in (1, 2, 3)
)


@pytest.mark.parametrize(("leaves", "told"), [
    (2, "except for the order of the servers of 192.0.2.1:80/tcp: sh may send clients to other servers"),
    (3, ""),  # the kernel puts it first again, where it was
])  # fmt: skip
def test_the_order_that_a_roll_back_cannot_restore_is_told(director, leaves, told):
    ours = director("pyipvsadm")
    assert ours("apply --yes -", HASHED)[0] == 0
    without = HASHED.replace(f"-a -t 192.0.2.1:80 -r 198.51.100.{leaves}:80 -m\n", "")
    answer = ours("apply -", f"{without}--start-daemon master --mcast-interface nosuch0\n")
    expected = "and undone: the table is as it was before" + (f", {told}" if told else "")
    assert (answer.returncode, answer.stderr.splitlines()[1].partition(" made ")[2]) == (1, expected)
    numbers = re.findall(r"-r 198\.51\.100\.(\d)", ours("-Sn --nosort").stdout)
    assert (sorted(numbers), numbers == ["1", "2", "3"]) == (["1", "2", "3"], not told)


def test_a_refusal_through_the_program(director):
    """A tunnel to another family, of which no check of a file can know that a daemon forbids it."""
    ours = director("pyipvsadm")
    assert ours("apply -", RULES)[0] == 0
    assert ours("--start-daemon master --mcast-interface lo").returncode == 0
    before = ours.table()
    mixed = "-a -t 192.0.2.1:30 -r [2001:db8::1]:80 -i\n"
    more = "-A -t 192.0.2.9:80 -s rr\n-a -t 192.0.2.9:80 -r 198.51.100.1:80 -m\n"
    answer = ours("apply -", RULES.replace("-w 2", "-w 7") + mixed + more)
    assert ours.table() == before
    assert ours("--stop-daemon master").returncode == 0
    assert answer.returncode == 1, answer
    assert "change 3 of 13, `-a -t 192.0.2.1:30 -r '[2001:db8::1]:30' -i -w 1 --tun-type ipip`" in answer.stderr
    assert "the table is as it was before\n" in answer.stderr


def large(weight):
    """A table of which each server has a weight by `weight`, and a few services are there for one of them alone."""
    return Table(
        services=tuple(
            (
                Service(protocol=6, address=packed("192.0.2.1"), port=port, scheduler="rr"),
                tuple(
                    Server(address=packed(f"198.51.100.{n}"), port=port, forwarding=0, weight=weight + n)
                    for n in (1, 2, weight + 3)
                ),
            )
            for port in range(1 + weight * 20, SIZE + weight * 20)
        )
    )


def kill_and_converge(namespace, times):
    """Kill a process that changes a table, so often, at random points; the next one always finishes."""
    chance = random.Random(5)
    ends = [large(1), large(2)]
    with opened(namespace) as kernel:
        become(kernel, ends[0])
        began = time.monotonic()
        become(kernel, ends[1])
        duration = time.monotonic() - began
        halfway = 0
        for number in range(times):
            wanted = ends[number % 2]
            now = kernel.table()
            _kill_at(now, wanted, chance.uniform(0, duration))
            between = kernel.table()
            halfway += canonical(between) not in (canonical(now), canonical(wanted))
            become(kernel, wanted)
            assert canonical(kernel.table())[0] == canonical(wanted)[0]
    return halfway


def _kill_at(now, wanted, seconds):
    """Let a child change the table from `now` to `wanted`, and kill it after so long."""
    ready, start = os.pipe()
    child = os.fork()
    if not child:
        try:
            plan, kernel = make_plan(now, wanted), Kernel.open()
            os.write(start, b".")
            journal.carry_out(plan, kernel, now)
        finally:
            os._exit(0)
    os.read(ready, 1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(start)


def test_after_a_kill_the_next_apply_converges(namespace):
    assert kill_and_converge(namespace, 10)


@pytest.mark.long
def test_after_two_hundred_kills_too(namespace):
    assert kill_and_converge(namespace, 200) > 20
