"""Plans: for any two tables, the steps between them, and what may be relied on at each of them."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pyipvsadm.documents import rules_format
from pyipvsadm.documents.formats import Inputs
from pyipvsadm.errors import UsageError
from pyipvsadm.kernel.wire import Encoder, codec, request
from pyipvsadm.model import BACKUP, MASTER, Command, Daemon, Server, Service, Table, Timeouts
from pyipvsadm.shapes import row_of, server_of
from pyipvsadm.table.assembly import Assembly
from pyipvsadm.table.differences import REMOVED, removals, sign_of, signs_of, steps_told
from pyipvsadm.table.differing_services import differing
from pyipvsadm.table.plan import Scope, make_plan
from pyipvsadm.table.steps import Plan, commands_of, requests_of

from .kernel_model import Model, canonical
from .random_tables import GUE, LOCAL, MASQUERADE, TUNNEL, packed, similar_tables

VIP, OTHER = packed("192.0.2.1"), packed("203.0.113.1")
A, B = packed("198.51.100.1"), packed("198.51.100.2")
WEB = Service(protocol=6, address=VIP, port=80, scheduler="rr")
ONE = Server(address=A, port=80, forwarding=MASQUERADE, weight=1)
TWO = Server(address=B, port=80, forwarding=MASQUERADE, weight=1)
MASTER_NOW = Daemon(state=MASTER, interface="lo", maxlen=1472, group=packed("224.0.0.81"), port=8848, ttl=1)
WISHES = st.fixed_dictionaries({"prune": st.booleans(), "keep_weights": st.booleans()})


def table(*services, **more):
    return Table(services=services, **more)


def commands(plan):
    return [[(step.command.verb, *filter(None, step.command[1:5])) for step in phase] for phase in plan.phases]


def usable(found):
    """The services that have a server of some weight."""
    return {service[:5] for service, its in found.services if any(server.weight for server in its)}


@given(similar_tables(), similar_tables(), WISHES)
@settings(max_examples=120, deadline=None)
def test_the_plan_for_what_a_document_says_needs_no_second_judgement(now, wanted, wishes):
    assembly = Assembly()
    rules_format.read("".join(rules_format.pieces(wanted)), assembly, Inputs())
    assume(not assembly.problems)
    said = assembly.table()
    assert make_plan(now, said, **wishes, assembled=True) == make_plan(now, said, **wishes)


@given(similar_tables(), similar_tables())
@settings(max_examples=120, deadline=None)
def test_the_plan_leads_from_the_one_table_to_the_other(now, wanted):
    model = Model(now)
    for step in make_plan(now, wanted).steps:
        assert model.carry_out(step.command), step
    assert canonical(model.table()) == canonical(wanted)
    assert make_plan(model.table(), wanted) == Plan()


@given(similar_tables())
@settings(max_examples=60, deadline=None)
def test_from_a_table_to_itself_there_is_nothing_to_do(found):
    shuffled = Table(
        services=tuple((service, its[::-1]) for service, its in found.services[::-1]),
        timeouts=found.timeouts,
        daemons=found.daemons,
    )
    assert make_plan(found, found) == make_plan(found, shuffled) == Plan()


def rows(groups):
    """Services with their servers as rows."""
    return [(service, [row_of(one) for one in its]) for service, its in groups]


def records(groups):
    """Services with their servers as records."""
    return tuple((service, tuple(map(server_of, its))) for service, its in groups)


@given(similar_tables(), similar_tables(), WISHES, st.booleans())
@settings(max_examples=120, deadline=None)
def test_what_is_alike_takes_no_step(now, wanted, wishes, reverse):
    if reverse:  # as the kernel lists servers
        now = now.replace(services=tuple((service, its[::-1]) for service, its in now.services))
    mine, its = map(records, differing(rows(now.services), rows(wanted.services)))
    few = make_plan(now.replace(services=mine), wanted.replace(services=its), **wishes)
    assert sorted(map(repr, few.steps)) == sorted(map(repr, make_plan(now, wanted, **wishes).steps))


@pytest.mark.parametrize(("scheduler", "servers", "count"), [
    ("rr", (TWO, ONE), 0), ("rr", (ONE, TWO), 0), ("rr", (ONE,), 1), ("rr", (ONE, TWO.replace(weight=2)), 1),
    ("sh", (TWO, ONE), 0), ("sh", (ONE, TWO), 1),  # the kernel lists the server that was added last first
])  # fmt: skip
def test_servers_in_another_order_are_alike_unless_the_scheduler_depends_on_it(scheduler, servers, count):
    web = WEB.replace(scheduler=scheduler)
    mine, its = differing(rows([(web, servers)]), rows([(web, (ONE, TWO))]))
    assert (len(mine), len(its)) == (count, count)


@given(similar_tables(), similar_tables(), WISHES, st.slices(5))
@settings(max_examples=120, deadline=None)
def test_steps_that_are_made_when_they_are_looked_at_are_the_same_steps(now, wanted, wishes, which):
    plan = make_plan(now, wanted, **wishes)
    for phase in plan.phases:
        steps = tuple(phase)
        assert len(phase) == len(steps) > 0
        assert phase == steps
        assert tuple(phase[which]) == steps[which]
        assert list(commands_of(phase)) == [step.command for step in steps]
        asked = [*requests_of(phase), *requests_of(phase)]  # the second time, all shapes are known
        assert Encoder(25).frames(7, asked) == [
            codec.frame(25, codec.NLM_F_REQUEST, number, *request(step.command))
            for number, step in enumerate((*steps, *steps), 7)
        ]
    assert list(plan.commands) == [step.command for step in plan.steps]
    assert sorted(signs_of(plan)) == sorted(map(sign_of, steps_told(plan.steps)))
    assert sorted(map(repr, removals(plan))) == sorted(
        repr(step) for step in steps_told(plan.steps) if sign_of(step) == REMOVED
    )


@given(similar_tables(), similar_tables(), WISHES)
@settings(max_examples=120, deadline=None)
def test_no_prefix_leaves_a_service_without_a_server_that_works_before_and_after(now, wanted, wishes):
    plan = make_plan(now, wanted, **wishes)
    model = Model(now)
    for step in plan.steps:
        model.carry_out(step.command)
    up = usable(now) & usable(model.table())
    model = Model(now)
    for step in plan.steps:
        model.carry_out(step.command)
        assert up <= usable(model.table()), step


@given(similar_tables(with_daemons=False), similar_tables(with_daemons=False), WISHES)
@settings(max_examples=60, deadline=None)
def test_inverses_lead_back_from_everywhere(now, wanted, wishes):
    steps = make_plan(now, wanted, **wishes).steps
    for length in range(len(steps) + 1):
        model = Model(now)
        for step in steps[:length]:
            assert model.carry_out(step.command)
        for step in reversed(steps[:length]):
            assert model.carry_out(step.inverse), step
        assert canonical(model.table()) == canonical(now)


@given(similar_tables(), similar_tables(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_steps_of_a_phase_work_in_any_order_and_without_each_other(now, wanted, chance):
    before = now
    for phase in make_plan(now, wanted).phases:
        some = [step for step in phase if chance.random() < 0.7]
        chance.shuffle(some)
        model = Model(before)
        for step in some:
            assert model.carry_out(step.command), step
        for step in reversed(some):
            assert model.carry_out(step.inverse), step
        assert canonical(model.table()) == canonical(before)
        for step in phase:
            model.carry_out(step.command)
        before = model.table()


@given(similar_tables(), similar_tables())
@settings(max_examples=60, deadline=None)
def test_what_can_be_edited_is_never_deleted_and_added(now, wanted):
    steps = make_plan(now, wanted).steps
    deleted = {step.target for step in steps if step.command.verb.startswith("delete")}
    added = {step.target for step in steps if step.command.verb.startswith("add")}
    assert not deleted & added
    for step in steps:
        if step.command.verb.startswith("edit"):
            assert step.changes
            assert all(change.old != change.new for change in step.changes)


@given(similar_tables(), similar_tables())
@settings(max_examples=60, deadline=None)
def test_without_pruning_nothing_is_deleted(now, wanted):
    model = Model(now)
    for step in make_plan(now, wanted, prune=False).steps:
        assert not step.command.verb.startswith("delete")
        model.carry_out(step.command)
    keys = {service[:5] for service, _ in model.table().services}
    assert keys == {service[:5] for service, _ in (*now.services, *wanted.services)}


@given(similar_tables(with_daemons=False), similar_tables(with_daemons=False))
@settings(max_examples=60, deadline=None)
def test_a_scope_leaves_the_rest_alone(now, wanted):
    scope = Scope(networks=((packed("192.0.2.0"), 31), (packed("2001:db8::"), 32)), marks=((2, 7),))
    plan = make_plan(now, wanted, only=scope)
    model = Model(now)
    for step in plan.steps:
        assert step.command.service
        assert model.carry_out(step.command)
    after = model.table()
    assert after.timeouts == now.timeouts
    for inside, other in ((True, wanted), (False, now)):
        expected = Table(services=tuple(entry for entry in other.services if scope.holds(entry[0]) == inside))
        found = Table(services=tuple(entry for entry in after.services if scope.holds(entry[0]) == inside))
        assert canonical(found)[0] == canonical(expected)[0]


def test_order_of_phases():
    new = WEB.replace(port=81)
    gone = WEB.replace(port=82)
    up, down, edited = (Server(address=A, port=port, weight=5) for port in (1, 2, 3))
    now = table((WEB, (ONE, up, down, edited)), (gone, (ONE,)), timeouts=Timeouts(tcp=900, tcpfin=120, udp=300))
    servers = (TWO, up.replace(weight=6), down.replace(weight=0), edited.replace(upper_threshold=9))
    wanted = table(
        (WEB.replace(scheduler="wlc"), servers), (new, (ONE,)), timeouts=Timeouts(tcp=1), daemons=(MASTER_NOW,)
    )
    assert commands(make_plan(now, wanted)) == [
        [("add-service", new)],
        [("add-server", new, ONE)],
        [("add-server", WEB, TWO)],
        [("edit-server", WEB, servers[1])],
        [("edit-service", WEB.replace(scheduler="wlc")), ("edit-server", WEB, servers[3])],
        [("edit-server", WEB, servers[2])],
        [("delete-server", WEB, ONE), ("delete-server", gone, ONE)],
        [("delete-service", gone)],
        [("set", Timeouts(tcp=1))],
        [("start-daemon", MASTER_NOW)],
    ]


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (WEB, WEB.replace(timeout=300)),  # which counts with persistence alone
        (WEB, WEB.replace(netmask=0xFFFFFFFF)),
        (WEB, WEB.replace(engine="")),
        (WEB.replace(scheduler="wlc"), WEB.replace(scheduler=None)),
        (Service(af=10, fwmark=7, scheduler="rr"), Service(af=10, fwmark=7, scheduler="rr", netmask=128)),
        (Service(fwmark=7, scheduler="rr"), Service(fwmark=7, scheduler="rr", protocol=0, port=0)),
    ],
)
def test_services_that_work_alike_are_alike(now, wanted):
    assert make_plan(table((now, ())), table((wanted, ()))) == Plan()


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (ONE, ONE.replace(tunnel_type=GUE, tunnel_port=6080, tunnel_flags=1)),  # which count with tunnels alone
        (ONE.replace(forwarding=TUNNEL), ONE.replace(forwarding=TUNNEL, tunnel_port=1, tunnel_flags=2)),
        (ONE.replace(active=3, inactive=4, persistent=5), ONE),
    ],
)
def test_servers_that_work_alike_are_alike(now, wanted):
    assert make_plan(table((WEB, (now,))), table((WEB, (wanted,)))) == Plan()


def test_local_is_not_direct():
    plan = make_plan(table((WEB, (ONE.replace(forwarding=LOCAL),))), table((WEB, (ONE.replace(forwarding=3),))))
    assert [[(change.field, change.old, change.new) for change in step.changes] for step in plan.steps] == [
        [("forwarding", 1, 3)]
    ]


def test_a_change_of_family_is_another_server():
    other = Server(address=packed("c633:6401::"), port=80, forwarding=TUNNEL)  # 198.51.100.1 and zeros
    plan = make_plan(table((WEB, (ONE,))), table((WEB, (other,))))
    assert [step.command.verb for step in plan.steps] == ["add-server", "delete-server"]


def test_kept_weights_are_those_of_servers_that_are_there():
    drained = table((WEB, (ONE.replace(weight=0),)))
    wanted = table((WEB, (ONE.replace(upper_threshold=5), TWO)))
    plan = make_plan(drained, wanted, keep_weights=True)
    assert commands(plan) == [
        [("add-server", WEB, TWO)],
        [("edit-server", WEB, ONE.replace(weight=0, upper_threshold=5))],
    ]
    assert make_plan(drained, table((WEB, (ONE,))), keep_weights=True) == Plan()


def test_an_edit_s_inverse_has_all_that_was_there():
    now = WEB.replace(timeout=77, netmask=0xFFFFFF00)
    (step,) = make_plan(table((now, ())), table((WEB, ()))).steps
    assert step.inverse == Command(verb="edit-service", service=now)


class TestDaemons:
    """One can't be edited: it is stopped and started."""

    @pytest.mark.parametrize(
        "wanted",
        [
            Daemon(state=MASTER, interface="lo"),
            Daemon(state=MASTER, interface="lo", maxlen=1472, port=8848, ttl=1),
            Daemon(state=MASTER, interface="lo", group=packed("224.0.0.81"), maxlen=0, port=0, ttl=0),
        ],
    )
    def test_what_is_left_to_the_kernel_is_no_change(self, wanted):
        assert make_plan(table(daemons=(MASTER_NOW,)), table(daemons=(wanted,))) == Plan()

    @pytest.mark.parametrize(
        ("state", "wanted", "running"), [(MASTER, 65535, 65507), (BACKUP, 100, 1024), (MASTER, 100, 100)]
    )
    def test_the_kernel_clips_lengths(self, state, wanted, running):
        now, then = MASTER_NOW.replace(state=state, maxlen=running), MASTER_NOW.replace(state=state, maxlen=wanted)
        assert make_plan(table(daemons=(now,)), table(daemons=(then,))) == Plan()

    def test_a_setting_that_left_the_file_leaves_the_kernel(self):
        now = MASTER_NOW.replace(port=9999)
        plan = make_plan(table(daemons=(now,)), table(daemons=(Daemon(state=MASTER, interface="lo"),)))
        assert [[step.command.verb for step in phase] for phase in plan.phases] == [["stop-daemon"], ["start-daemon"]]
        assert [(change.field, change.old, change.new) for change in plan.steps[1].changes] == [("port", 9999, 8848)]
        assert plan.steps[0].inverse == Command(verb="start-daemon", daemon=now)

    def test_not_mentioned_and_none(self):
        now = table(daemons=(MASTER_NOW,))
        assert make_plan(now, table()) == Plan()
        assert [step.command.verb for step in make_plan(now, table(daemons=())).steps] == ["stop-daemon"]
        assert make_plan(now, table(daemons=()), prune=False) == Plan()

    def test_what_an_old_kernel_does_not_tell_is_no_change(self):
        now = Daemon(state=MASTER, interface="lo", syncid=3)
        assert make_plan(table(daemons=(now,)), table(daemons=(MASTER_NOW.replace(syncid=3),))) == Plan()

    def test_they_stop_before_families_are_mixed(self):
        tunnel = Server(address=packed("2001:db8::1"), port=80, forwarding=TUNNEL)
        plan = make_plan(table((WEB, ()), daemons=(MASTER_NOW,)), table((WEB, (tunnel,)), daemons=()))
        assert [step.command.verb for step in plan.steps] == ["stop-daemon", "add-server"]


def test_timeouts_of_zero_are_left():
    now = table(timeouts=Timeouts(tcp=900, tcpfin=120, udp=300))
    plan = make_plan(now, table(timeouts=Timeouts(udp=10)))
    assert plan.steps[0].command == Command(verb="set", timeouts=Timeouts(udp=10))
    assert plan.steps[0].inverse == Command(verb="set", timeouts=Timeouts(udp=300))
    assert make_plan(now, table(timeouts=Timeouts())) == make_plan(now, table()) == Plan()


@pytest.mark.parametrize(
    "wanted",
    [
        table((WEB, ()), (WEB.replace(scheduler="lc"), ())),
        table((WEB, (ONE, ONE.replace(weight=3)))),
        table(daemons=(MASTER_NOW, MASTER_NOW.replace(syncid=2))),
    ],
)
def test_twice_is_refused(wanted):
    with pytest.raises(UsageError) as raised:
        make_plan(Table(), wanted)
    assert "twice" in str(raised.value)
    assert raised.value.hint


def test_a_scope_of_nothing_holds_nothing():
    assert not Scope().holds(WEB)
    assert Scope(networks=((b"\0\0\0\0", 0),)).holds(WEB)
    assert not Scope(networks=((b"\0\0\0\0", 0),)).holds(Service(af=10, protocol=6, address=bytes(16), port=1))


def test_in_a_large_table_one_weight_is_one_step():
    chance = random.Random(1)
    entries = [
        (WEB.replace(address=bytes((10, 0, n >> 8, n & 255))), tuple(ONE.replace(port=n) for n in range(1, 5)))
        for n in range(1000)
    ]
    shuffled = entries.copy()
    chance.shuffle(shuffled)
    now, wanted = Table(services=tuple(entries)), Table(services=tuple((s, its[::-1]) for s, its in shuffled))
    assert make_plan(now, wanted) == Plan()
    service, its = shuffled[7]
    shuffled[7] = service, (*its[1:], its[0].replace(weight=9))
    assert len(make_plan(now, Table(services=tuple(shuffled))).steps) == 1
    plan = make_plan(now, Table())
    assert len({step.target for step in plan.steps}) == 5000
    assert list(itertools.chain(*plan.phases)) == list(plan.steps)
