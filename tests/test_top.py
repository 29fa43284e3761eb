"""`top`, its pure parts: rates from counters, what came and went, keys, and what a screen shows."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from array import array

import pytest

from pyipvsadm.model import Server, Service, Stats
from pyipvsadm.verbs.top.columns import cut, figure
from pyipvsadm.verbs.top.keys import Change, Shown, State, decoded, press, settle
from pyipvsadm.verbs.top.rates import NOTHING, gained, measured
from pyipvsadm.verbs.top.sample import HISTORY, METRICS, follow
from pyipvsadm.verbs.top.screen_layout import layout, listed
from pyipvsadm.verbs.top.view import ASCII, Screen, frame, plain

VIP, SECOND = bytes((192, 168, 2, 10)), bytes((192, 168, 2, 11))
LONG = bytes.fromhex("20010db8001000200030004000500060")


def service(address=VIP, port=80, count=0, **fields):
    return Service(protocol=6, address=address, port=port, scheduler="rr", stats=counted(count), **fields)


def server(last=2, weight=1, count=0, **fields):
    return Server(address=bytes((10, 2, 0, last)), port=8080, weight=weight, stats=counted(count), **fields)


def counted(count):
    """Counters after `count` connections of 10 packets in, 8 out, 1000 bytes in and 50000 out."""
    return Stats.make((*(count * each for each in (1, 10, 8, 1000, 50000)), 0, 0, 0, 0, 0))


def followed(*tables, step=1.0):
    """The last sample, when each table is seen `step` seconds after the one before."""
    sample = None
    for number, table in enumerate(tables):
        sample = follow(sample, table, 100 + number * step)
    return sample


# The kernel adds up every 2 seconds what was counted: so many connections are told at each look. Between two
# looks it has done that not at all, once, or more often.
@pytest.mark.parametrize(("step", "told", "rates"), [
    (1, [0, 20, 20, 40, 40, 60], [None, 10, 10, 10, 10, 10]),  # 10 a second
    (1, [0, 0, 20, 20, 40], [None, None, 10, 10, 10]),
    (1, [0, 20, 20, 20, 40, 60], [None, 10, 10, 10, 10, 10]),  # a look that just missed, and one just not
    (1, [7, 7, 7, 7, 27, 27, 27, 27, 27], [None, None, 0, 0, 10, 10, 10, 0, 0]),  # a burst
    (0.5, [0, 0, 0, 20, 20, 20, 20, 40], [None, None, None, 10, 10, 10, 10, 10]),
    (2, [0, 20, 40, 40, 80, 100], [None, 10, 10, 10, 10, 10]),
    (2, [0, 20, 40, 40, 40, 40], [None, 10, 10, 10, 0, 0]),
    (5, [0, 40, 100, 100, 160], [None, 8, 12, 0, 12]),
    (1, [50, 70, 70, 0, 20, 20, 40], [None, 10, 10, 10, 10, 10, 10]),  # zeroed by -Z, which loses nothing
    (1, [0, 2, 2], [None, 1, 1]),
])  # fmt: skip
def test_rates_are_those_of_what_the_kernel_has_counted_meanwhile(step, told, rates):
    meter, found = None, []
    for number, count in enumerate(told):
        meter = measured(meter, counted(count)[:5], number * step, step)
        found.append(meter.rates and meter.rates[0])
    assert found == rates
    if rates[-1]:
        assert meter.rates == tuple(rates[-1] * each for each in (1, 10, 8, 1000, 50000))


def test_a_rate_is_one_of_the_time_that_has_passed():
    """Stopped with Ctrl-Z for a minute."""
    meter = measured(None, (0,) * 5, 0, 1)
    assert measured(meter, (600,) * 5, 60, 60).rates == (10,) * 5


@pytest.mark.parametrize(("old", "new", "more"), [
    ((1, 10, 8, 1000, 500), (3, 12, 8, 1001, 501), (2, 2, 0, 1, 1)),
    ((9, 90, 80, 9000, 500), (2, 12, 8, 1001, 501), (2, 12, 8, 1001, 501)),  # zeroed, or deleted and added anew
    ((9, 90, 80, 9000, 500), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
    ((9, 90, 80, 2**32 - 100, 500), (10, 99, 80, 900, 500), (1, 9, 0, 1000, 0)),  # of 32 bits, at their end
    ((9, 90, 80, 2**64 - 100, 500), (10, 99, 80, 900, 500), (1, 9, 0, 1000, 0)),
    ((3, 2000000, 80, 3 * 10**9, 500), (10, 100, 80, 50000, 600), (10, 100, 80, 50000, 600)),  # zeroed, then busy
    ((0, 5, 5, 2**63 + 1, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
])  # fmt: skip
def test_what_was_counted_between_two_looks(old, new, more):
    assert gained(old, new) == more


def marks(sample):
    return {
        row.name: (row.mark.kind, row.mark.was) if row.mark else None
        for group in sample.groups
        for row in (group.row, *group.servers)
    }


ONE, TWO = "10.2.0.2:8080", "10.2.0.3:8080"
FIRST, OTHER = "192.168.2.10:80/tcp", "192.168.2.11:80/tcp"
TABLE = [(service(), [server(2), server(3)])]


@pytest.mark.parametrize(("then", "marked"), [
    (TABLE, {FIRST: None, ONE: None, TWO: None}),
    ([(service(), [server(2, weight=3), server(3)])], {FIRST: None, ONE: ("weight", 1), TWO: None}),
    ([(service(), [server(3)])], {FIRST: None, ONE: ("gone", 0), TWO: None}),
    ([], {FIRST: ("gone", 0), ONE: ("gone", 0), TWO: ("gone", 0)}),
    ([*TABLE, (service(SECOND), [])], {FIRST: None, ONE: None, TWO: None, OTHER: ("came", 0)}),
    ([(service(), [server(1), server(2), server(3)])],
     {FIRST: None, "10.2.0.1:8080": ("came", 0), ONE: None, TWO: None}),
])  # fmt: skip
def test_changes_are_marked_for_five_seconds_and_forgotten(then, marked):
    assert marks(followed(TABLE, then)) == marked
    assert list(marks(followed(TABLE, then))) == list(marked)  # in the order of lists
    assert marks(followed(TABLE, *[then] * 5)) == marked
    assert marks(followed(TABLE, *[then] * 6)) == {
        name: None for name, mark in marked.items() if not mark or mark[0] != "gone"
    }


def test_what_comes_back_is_new():
    sample = followed(TABLE, [], TABLE)
    assert set(marks(sample).values()) == {("came", 0)}
    assert sample.groups[0].row.meter.rates is None
    assert set(marks(followed(TABLE, [], TABLE, TABLE, TABLE, TABLE, TABLE, TABLE)).values()) == {None}


def test_what_has_gone_counts_no_more():
    busy = [(service(count=20), [server(2, active=5), server(3, active=7)])]
    assert followed(busy, busy).totals[:4] == (1, 2, 2, 12)
    assert followed(busy, [(busy[0][0], busy[0][1][:1])]).totals[:4] == (1, 1, 1, 5)
    assert followed(busy, []).totals[:4] == (0, 0, 0, 0)


def test_totals_are_known_when_the_kernel_has_told_all():
    tables = [[(service(count=n), []), (service(SECOND, count=m), [])] for n, m in ((0, 0), (20, 0), (20, 40))]
    assert followed(*tables[:2]).totals.rates is None
    assert followed(*tables).totals.rates[0] == 30


@pytest.mark.parametrize(("count", "kept"), [(3, True), (4, False)])
def test_many_services_have_no_histories_so_that_memory_stays(count, kept, monkeypatch):
    monkeypatch.setattr("pyipvsadm.verbs.top.sample.REMEMBERED", 3)
    tables = [[(service(port=port, count=20 * now), []) for port in range(1, count + 1)] for now in range(9)]
    assert {bool(group.row.history) for group in followed(*tables).groups} == {kept}


def test_history_is_bounded_and_all_else_forgotten():
    sample = None
    for number in range(3 * HISTORY):
        table = [(service(count=20 * number), []), (service(SECOND, port=number), [server(number % 200)])]
        sample = follow(sample, table, number)
    assert len(sample.groups) <= 8
    assert {len(group.row.history) for group in sample.groups if group.row.name == FIRST} == {METRICS * HISTORY}
    assert len(sample.totals.history) == METRICS * HISTORY


def test_an_hour_takes_no_more_memory_than_its_first_minutes():
    """A table of which a service comes and goes all the time, watched each second."""
    sizes = array("q")  # which itself takes next to nothing
    sample, state = None, State()
    tracemalloc.start()
    try:
        for second in range(3600):
            table = [
                (service(count=50 * second), [server(2, second % 5, second), server(second % 250)]),
                (service(SECOND, second), [server(9, count=3 * second)]),
            ]
            sample = follow(sample, table, second)
            rows = listed(sample, state)
            keys = Shown([row.key for _, row in rows], 19, EVERY)
            state = settle(press(press(state, "down", keys), "enter", keys), keys, services(sample))
            if second % 60 == 0:
                frame(sample, rows, state, Screen())
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes[5:]) < 1.05 * max(sizes[:5])
    assert len(state.others) <= len(sample.groups)


def services(sample):
    return frozenset(group.row.key for group in sample.groups)


@pytest.mark.parametrize(("value", "width", "text"), [
    (0, 4, "0"), (0.0, 4, "0"), (7, 4, "7"), (0.5, 4, "0.5"), (5.0, 4, "5.0"), (1 / 60, 4, ".02"), (9.96, 4, "10"),
    (999.6, 4, "1000"), (9999, 4, "9999"), (9999.6, 4, "10K"), (12345, 4, "12K"), (12345, 5, "12345"),
    (999_950, 4, "1.0M"), (123_456_789, 4, "123M"), (123_456_789, 7, "123.5M"), (2**64, 4, "18E"),
    (2**63 / 2, 5, "4.6E"), (None, 4, "-"),
])  # fmt: skip
def test_figures_are_as_exact_as_there_is_room(value, width, text):
    assert figure(value, width) == text
    assert len(text) <= width


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (25, "[2001:db8::1]:8443/tcp"),
        (22, "[2001:db8::1]:8443/tcp"),
        (15, "[2001:d~443/tcp"),
        (1, "~"),
        (0, ""),
    ],
)
def test_a_long_name_loses_its_middle(width, text):
    assert cut("[2001:db8::1]:8443/tcp", width) == text


@pytest.mark.parametrize(("data", "keys", "rest"), [
    (b"q", ["q"], b""),
    (b"/80\r", ["/", "8", "0", "enter"], b""),
    (b"\x1b[A\x1bOB\x1b[5~\x1b[H", ["up", "down", "page up", "home"], b""),
    (b"j\x1b[", ["j"], b"\x1b["),
    (b"\x1b", [], b"\x1b"),
    (b"\x1bq", ["escape", "q"], b""),
    (b"\x1b[99;5~x", ["x"], b""),  # a key that we don't know
    (b"\x7f\x15\x0c", ["backspace", "clear", "redraw"], b""),
    ("ä\x00".encode(), ["ä"], b""),
    (b"\xff\xfe", [], b""),
])  # fmt: skip
def test_bytes_are_keys(data, keys, rest):
    assert decoded(data) == (keys, rest)


A, B = (2, 6, VIP, 80, None), (2, 6, SECOND, 80, None)
SHOWN = Shown([A, (*A, b"1", 1), (*A, b"2", 1), B], 2, ("name", "active", "new"))
EVERY = ("name", "active", "new")
MOVED = {"line": 0, "moved": True}
ON_SERVER = {"line": 1, "moved": True, "cursor": SHOWN.keys[1]}


@pytest.mark.parametrize(("keys", "changes"), [
    ("q", {"leaving": True}),
    ("? q", {"help": False, "leaving": True}),
    ("? x", {"help": False}),
    ("/ 8 0 enter", {"filter": "80"}),
    ("/ q p", {"filter": "qp", "typing": True}),
    ("/ 8 0 backspace", {"filter": "8", "typing": True}),
    ("/ backspace", {"typing": False}),
    ("/ 8 clear", {"typing": True}),
    ("/ 8 escape", {"filter": ""}),
    ("/ 8 enter escape", {"filter": ""}),
    ("/ up 8", {"filter": "8", "typing": True}),
    ("p", {"paused": True}),
    ("p p", {}),
    ("r", {"reverse": True}),
    ("right", {"sort": "name"}),
    ("left", {"sort": "active", "history": "active"}),
    ("left left left", {"sort": "new", "history": "new"}),
    ("left left", {"sort": "name", "history": "active"}),
    ("+", {"interval": 2.0}),
    ("+ + + + + + + +", {"interval": 60.0}),
    ("-", {"interval": 0.5}),
    ("- - - -", {"interval": 0.2}),
    ("down", {**MOVED, "line": 1, "cursor": SHOWN.keys[1]}),
    ("down down down down down", {**MOVED, "line": 3, "cursor": B}),
    ("end", {**MOVED, "line": 3, "cursor": B}),
    ("page_down", {**MOVED, "line": 2, "cursor": SHOWN.keys[2]}),
    ("end home", MOVED),
    ("end escape", {"line": -1, "cursor": None}),
    ("escape down", MOVED),
    ("up", MOVED),
    ("enter", {**MOVED, "others": frozenset({A})}),
    ("down enter", {**MOVED, "line": 1, "others": frozenset({A})}),
    ("enter enter", MOVED),
    ("f", {"folded": True}),
    ("down enter f", {**MOVED, "folded": True, "line": 1}),
    ("v", {"by_address": True}),
    ("v v", {}),
    ("d", {"said": "drain: move the cursor to a server first"}),
    ("u x", {}),
    ("down d", {**ON_SERVER, "asked": Change("drain", SHOWN.keys[1])}),
    ("down d y", {**ON_SERVER, "decided": Change("drain", SHOWN.keys[1])}),
    ("down u Y", {**ON_SERVER, "decided": Change("undrain", SHOWN.keys[1])}),
    *((f"down d {key}", ON_SERVER) for key in ("n", "q", "enter", "escape", "d", "up")),
    ("escape d", {"line": -1, "cursor": None, "said": "drain: move the cursor to a server first"}),
    ("x nonsense", {}),
])  # fmt: skip
def test_a_key_changes_the_state(keys, changes):
    state = State(cursor=A)
    for key in keys.split():
        state = press(state, key.replace("_", " "), SHOWN)
    assert state == State(**{"cursor": A, **changes})


@pytest.mark.parametrize(("before", "after"), [
    ({}, {"cursor": A}),
    ({"line": -1}, {"line": -1}),  # it was hidden
    ({"cursor": B, "line": 0}, {"cursor": A}),  # nobody has moved it: it stays at the top
    ({**MOVED, "cursor": B}, {**MOVED, "cursor": B, "line": 3, "top": 2}),  # its row has moved
    ({"cursor": (*A, b"9", 1), "line": 1}, {"cursor": SHOWN.keys[1], "line": 1}),  # its row has gone
    ({"cursor": (9,), "line": 9}, {"cursor": B, "line": 3, "top": 2}),
    ({"cursor": A, "line": 0, "top": 2}, {"cursor": A, "line": 0, "top": 0}),
    ({"others": frozenset({A, (1,)})}, {"others": frozenset({A}), "cursor": A}),  # nothing is kept of what has gone
])  # fmt: skip
def test_the_cursor_stays_on_its_row_and_on_the_screen(before, after):
    assert settle(State(**before), SHOWN, frozenset({A, B})) == State(**after)


def test_the_cursor_of_an_empty_list_is_none_and_comes_back():
    assert settle(settle(State(), Shown([], 2, EVERY), frozenset()), SHOWN, frozenset()).cursor == A
    assert settle(State(cursor=A, line=0), Shown([], 2, EVERY), frozenset()).cursor is None
    assert press(State(), "down", Shown()) == State()


def shown(sample, state, screen):
    rows = listed(sample, state)
    lines = frame(sample, rows, state, screen)
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def busy_tables():
    for count in (0, 20, 20):
        yield [
            (service(count=count), [server(2, 1, count // 2, active=3), server(3, 0, inactive=123456)]),
            (service(SECOND, 443), []),
            (Service(af=10, protocol=6, address=LONG, port=8443, scheduler="sh", stats=counted(count * 1000)),
             [server(9, 65535, count * 1000, active=70000)]),
        ]  # fmt: skip


BUSY = followed(*busy_tables(), list(busy_tables())[-1])


def test_a_narrow_screen_has_all_that_matters():
    assert shown(BUSY, State(), Screen(80, 12, clock="12:34:56")) == [
        "pyipvsadm top  3 services, 3 servers  every 1 s                         12:34:56",
        "                                      Connections    Packets/s  Bytes/s  History",
        "   Service / server             wt   act inact new/s▼  in  out   in  out new/s",
        "   total                     65536 70003  123K 10010 100K  80K  10M 500M      ██",
        " ▾ [2001:db8:10~60]:8443/tcp 65535 70000     0 10000 100K  80K  10M 500M     ███",
        "    10.2.0.9:8080            65535 70000     0 10000 100K  80K  10M 500M     ███",
        " ▾ 192.168.2.10:80/tcp           1     3  123K    10  100   80  10K 500K     ███",
        "    10.2.0.2:8080                1     3     0   5.0   50   40 5000 250K     ███",
        "    10.2.0.3:8080                0     0  123K     0    0    0    0    0 drained",
        "   192.168.2.11:443/tcp          0     0     0     0    0    0    0    0      ▁▁",
        "",
        "q quit  ? help  ←→ sort  / filter  ⏎ fold  f all  d drain  p pause  +- speed",
    ]


def test_a_wide_screen_has_room_for_more():
    lines = shown(BUSY, State(folded=True, sort="name"), Screen(160, 12, clock="12:34:56"))
    assert " ".join(lines[2].split()) == "Service / server▲ wt act inact pers new/s in out in out settings new/s"
    assert " ".join(lines[4].split()) == "▸ 192.168.2.10:80/tcp 1 3 123456 0 10 100 80 10000 500000 rr ███ max 10"
    assert "[2001:db8:10:20:30:40:50:60]:8443/tcp" in lines[6]
    assert {len(line) for line in lines[:1]} == {160}


@pytest.mark.parametrize("state", [
    State(), State(help=True), State(folded=True, paused=True), State(filter="ü" * 60, typing=True), State(filter="x"),
    State(cursor=A, line=0, sort="name", history="bytes_out"), State(by_address=True),
    State(by_address=True, folded=True), State(asked=Change("drain", (*A, b"1234", 1))), State(said="ü" * 600),
])  # fmt: skip
def test_every_screen_is_filled_and_never_overfull(state):
    for width, height in itertools.product((1, 10, 40, 60, 79, 80, 119, 120, 200, 500), (1, 3, 8, 9, 24, 60)):
        for signs in (Screen().signs, ASCII):
            lines = frame(BUSY, listed(BUSY, state), state, Screen(width, height, signs, "12:34:56"))
            assert len(lines) == height
            assert max(sum(len(text) for text, _ in line) for line in lines) <= width
            if signs is ASCII and "ü" not in state.filter + state.said:
                assert all(text.isascii() for line in lines for text, _ in line)


@pytest.mark.parametrize(("state", "names"), [
    ({"folded": True}, "8443/tcp 10:80/tcp 11:443/tcp"),
    ({"folded": True, "reverse": True}, "11:443/tcp 10:80/tcp 8443/tcp"),
    ({"folded": True, "sort": "name"}, "10:80/tcp 11:443/tcp 8443/tcp"),
    ({"folded": True, "sort": "name", "reverse": True}, "8443/tcp 11:443/tcp 10:80/tcp"),
    ({"folded": True, "sort": "inactive"}, "10:80/tcp 11:443/tcp 8443/tcp"),
    ({"filter": "2.10"}, "10:80/tcp 0.2:8080 0.3:8080"),
    ({"filter": "0.3:"}, "10:80/tcp 0.3:8080"),
    ({"filter": "DB8"}, "8443/tcp 0.9:8080"),
    ({"filter": "nothing"}, ""),
    ({"by_address": True, "sort": "name"},
     "2.10 10:80/tcp 0.2:8080 0.3:8080 2.11 11:443/tcp 2001:db8:10:20:30:40:50:60 8443/tcp 0.9:8080"),
    ({"by_address": True, "folded": True}, "60 2.10 2.11"),
    ({"by_address": True, "others": frozenset({(2, VIP)}), "filter": "0.3:"}, "2.10"),
    ({"by_address": True, "folded": True, "others": frozenset({(2, VIP)}), "filter": "0.3:"}, "2.10 10:80/tcp"),
    ({"sort": "weight", "reverse": True, "filter": "168.2.10"}, "10:80/tcp 0.3:8080 0.2:8080"),
    ({"folded": True, "others": frozenset({A}), "sort": "name"}, "10:80/tcp 0.2:8080 0.3:8080 11:443/tcp 8443/tcp"),
])  # fmt: skip
def test_rows_are_sorted_filtered_and_folded(state, names):
    found = [row.name for _, row in listed(BUSY, State(**state))]
    assert len(found) == len(names.split())
    assert all(name.endswith(end) for name, end in zip(found, names.split(), strict=True))


@pytest.mark.parametrize(("then", "line"), [
    ([(service(), [server(2), server(3, weight=0)])], "~   10.2.0.3:8080|was 1"),
    ([(service(), [server(2)])], "-   10.2.0.3:8080|gone"),
    ([(service(), [server(2), server(3), server(4)])], "+   10.2.0.4:8080|new"),
    ([], "-▾ 192.168.2.10:80/tcp|gone"),
])  # fmt: skip
def test_a_change_is_told_in_letters_too(then, line):
    lines = shown(followed(TABLE, then), State(), Screen())
    start, _, end = line.partition("|")
    assert [text for text in lines if text.startswith(start) and text.endswith(f" {end}")]


def test_the_screen_says_what_it_does_not_show():
    many = [(service(port=port), []) for port in range(1, 100)]
    lines = shown(followed(many), State(top=10), Screen())
    assert lines[1].startswith("   11-29 of 99 ")
    assert lines[4].split()[0] == "192.168.2.10:11/tcp"
    assert "every 0.5 s  filter: zz   PAUSED" in shown(BUSY, State(filter="zz", paused=True, interval=0.5), Screen())[0]
    assert shown(BUSY, State(filter="zz"), Screen())[4] == "   no name contains `zz`"
    assert shown(followed([]), State(), Screen())[4] == "   no services"
    assert all(len(line) < 80 for line in shown(BUSY, State(help=True), Screen()))


def test_an_address_has_the_sums_of_its_services():
    def table(count):
        return [
            (service(count=count), [server(2, 3, count, active=4)]),
            (service(port=443, count=2 * count), [server(3, 5, 2 * count, active=6)]),
            (Service(fwmark=7, stats=counted(0)), []),
            (Service(fwmark=8, stats=counted(0)), []),
        ]

    sample = followed(*map(table, (0, 20, 20)))
    lines = shown(sample, State(by_address=True, folded=True, sort="name"), Screen(120))
    cells = [line.split() for line in lines[4:6]]
    assert cells[0][:7] == ["▸", "192.168.2.10", "8", "10", "0", "0", "30"]
    assert cells[0][-1] == "██"
    assert cells[1][:2] == ["▸", "fwmark"]


def test_names_are_filtered_whatever_their_case():
    sample = follow(None, [(service(), [server(2)])], 0, lambda service, server: "Pod-A" if server else "Shop")
    assert len(listed(sample, State(filter="pod-a"))) == len(listed(sample, State(filter="POD"))) == 2


def test_the_row_of_the_cursor_is_reversed_but_for_its_history():
    state = State(cursor=BUSY.groups[0].row.key)
    lines = frame(BUSY, listed(BUSY, state), state, Screen())
    (line,) = [line for line in lines if "192.168.2.10:80/tcp" in "".join(text for text, _ in line)]
    *row, history = line
    assert all(style.endswith("reverse") for _, style in row)
    assert ("█" in history[0], history[1]) == (True, "cyan")


def test_a_question_and_an_answer_stand_on_the_last_line():
    asked = State(asked=Change("drain", (*A, bytes((10, 2, 0, 2)), 8080)))
    question = "drain 10.2.0.2:8080 in 192.168.2.10:80/tcp?  y: yes, any other key: no"
    for height in (4, 24):
        assert shown(BUSY, asked, Screen(80, height))[-1] == question
        assert shown(BUSY, asked.replace(warning="careful"), Screen(80, height))[-2:] == ["careful", question]
        assert shown(BUSY, State(said="no"), Screen(80, height))[-1] == "no"
        assert (
            shown(BUSY, State(said="10.2.0.2:8080 " * 10), Screen(70, height))[-2:]
            == ["10.2.0.2:8080 " * 4 + "10.2.0.2:8080"] * 2
        )


def test_rates_that_are_not_known_yet_are_no_zeroes():
    (line,) = [line for line in shown(followed(TABLE), State(), Screen()) if "10.2.0.2" in line]
    assert line.split() == ["10.2.0.2:8080", "1", "0", "0", "-", "-", "-", "-", "-"]


def test_plain_text_cuts_nothing():
    assert (
        "".join(plain(BUSY, None))
        == """\
                                                        Connections               Packets/s        Bytes/s
 Service / server                          wt      act    inact   pers   new/s      in     out      in     out
 total                                  65536    70003   123456      0   10010  100100   80080   10.0M  500.5M
 192.168.2.10:80/tcp                        1        3   123456      0      10     100      80   10000  500000
  10.2.0.2:8080                             1        3        0      0     5.0      50      40    5000  250000
  10.2.0.3:8080                             0        0   123456      0       0       0       0       0       0
 192.168.2.11:443/tcp                       0        0        0      0       0       0       0       0       0
 [2001:db8:10:20:30:40:50:60]:8443/tcp  65535    70000        0      0   10000  100000   80000   10.0M  500.0M
  10.2.0.9:8080                         65535    70000        0      0   10000  100000   80000   10.0M  500.0M
"""
    )


def test_layouts_give_up_what_matters_least():
    assert [len(layout(width, 19).columns) for width in (30, 50, 60, 80, 160)] == [2, 5, 7, 8, 9]
    assert layout(60, 19).history == 0
    assert NOTHING == (0.0,) * 5
