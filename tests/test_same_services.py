"""`diff` leaves out, unread, what the kernel has in the same words; it says the same as where all is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyipvsadm import documents
from pyipvsadm.documents import json_yaml, rules_format, same_services

from .fakes import run
from .netlink import nla, server, service, small_kernel
from .properties import examples
from .test_spans import tables

WRITTEN = ["-Sn", "-Sn --nosort", "show -o rules", "show -o json", "show -o yaml"]
EDITS = {  # by the first letter of a file
    "-": (("-w 1", "-w 7"), ("-s rr", "-s sh"), (" -m", " -g"), ("-a", "-a ")),
    "{": (
        ('"weight": 1', '"weight": 7'), ('"rr"', '"sh"'), ("},", "}"), ("}", "},"), ('"active": 0', '"active": 5'),
        ('"active": 0', '"active": 05'), ("[", "[{"), ("]}", "]"), ('"port": 80, "for', '"port": 81, "for'),
        ('"services"', '"tables"'), ('", "connections"', ', "connections"'), (": {", ":  {"), (", ", ",\n"),
    ),
    "v": (
        ("weight: 1", "weight: 7"), ("rr", "sh"), ("  - service", "- service"), ("    ", "  "),
        ("services:", "tables:"), (": ", ":  "), ("{", "{ "), ("    servers:", "timeouts: {}"),
        ("    scheduler: rr", "tables:"),
    ),
}  # fmt: skip
STRANGE = {
    "-": ("# a comment\n", "--set 1 2 3\n"),
    "{": ("  ],\n", '  "tables": [\n'),
    "v": ("# a comment\n", "tables:\n"),
}
WHOLE = b"\xff\xff\xff\xff"
VIP, REAL = b"\x0a\0\0\x05", b"\x0a\0\0\x09"


@st.composite
def alike(draw):
    """Services and servers whose lines have most words in common, and some mean another thing by them."""
    chance = draw(st.randoms(use_true_random=False))
    method, masks = chance.choice(((0,), (0, 1, 3), (2, 3))), chance.choice(((WHOLE,), (WHOLE, b"\xff\xff\xff\0")))

    wrong = draw(st.integers(0, 5)) == 5  # some of what no document may say

    def real():
        return server(
            chance.choice((REAL, b"\x0a\0\0\x02", b"\xff\0\0\1", b"\xff" * 4 if wrong else REAL)),
            chance.choice((80, 80, 443, 0)),
            chance.choice(method),
            chance.choice((1, 1, 7)),
            extra=chance.choice((b"", nla(13, b"\2"))),
        )

    found = []
    for number in range(1, chance.randint(2, 20)):
        flags = chance.choice((2, 2, 3, 6))
        own = service(
            bytes((10, 0, 0, number)),
            chance.choice((80, 443, 0 if wrong or flags & 1 else 80)),
            chance.choice(("rr", "sh", "zork" if wrong else "rr")),
            17 if flags & 4 and not wrong else chance.choice((6, 17)),
            flags,
            300 if flags & 1 else 0,
            chance.choice(masks),
            fwmark=chance.choice((0, 0, 0, number)),
        )
        its = {one[8:12]: one for one in (real() for _ in range(chance.randint(0, 4)))}
        found.append((own, list(its.values())))
    return found


def diff(play, text: str, whole: bool):
    """What `diff` says of `text`; reads the `whole` document if so wished."""
    with pytest.MonkeyPatch.context() as patch:
        if whole:
            patch.setattr(rules_format, "_compared", lambda *_: None)
        patch.setattr(rules_format, "SOME", 0)
        patch.setattr(documents, "LARGE", 1 << 30 if whole else 0)
        return run(["diff", "-"], play, stdin=text.encode())[:3]


def changed(text: str, chance) -> str:
    """`text` with some of its lines removed, repeated, moved or edited."""
    lines = text.splitlines(keepends=True)
    for _ in range(chance.randint(0, 3) if lines else 0):
        at = chance.randrange(len(lines))
        change = chance.choice(("remove", "repeat", "move", "edit", "comment", "strange"))
        line = lines[at] if change in ("repeat", "edit", "comment", "strange") else lines.pop(at)
        if change == "edit":
            lines[at] = line.replace(*chance.choice(EDITS[text[0]]), chance.choice((1, -1)))
        elif change in ("repeat", "move"):
            lines.insert(chance.randint(0, len(lines)), line)
        elif change != "remove":
            lines.insert(at, STRANGE[text[0]][change == "strange"])
        if not lines:
            break
    return "".join(lines)


@examples(400)
@given(
    table=tables() | alike(),
    written=st.sampled_from(WRITTEN),
    kept=st.sampled_from([same_services.KEPT, 2]),
    chance=st.randoms(use_true_random=False),
)
def test_diff_says_the_same_whether_a_document_is_read_or_not(table, written, kept, chance):
    play = small_kernel(table)
    text = changed(run(written.split(), play).stdout, chance)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(same_services, "KEPT", kept)
        assert diff(play, text, whole=False) == diff(play, text, whole=True)


@pytest.mark.parametrize("number", [4, 6], ids=["before", "behind"])
@pytest.mark.parametrize(("who", "real", "told"), [  # what save says in the words of another service
    ({}, {"method": 1}, "forwarding local -> direct"),
    ({}, {"port": 81}, "+ 10.0.0.{}:80/tcp 255.0.0.1:80"),
    ({"netmask": b"\xff\xff\xff\0"}, {}, "netmask 255.255.255.0 -> none"),
    ({}, {"address": b"\xff" * 4}, "255.255.255.255 can't be the address of a server"),
], ids=["local", "the port of a route", "a netmask without persistence", "an address"])  # fmt: skip
def test_what_rules_cannot_say_is_not_taken_for_the_same(number, who, real, told):
    plain = {"address": b"\xff\0\0\1", "port": 80, "method": 3}
    usual, strange = (
        (service(bytes((10, 0, 0, last)), 80, **own), [server(**{**plain, **its})])
        for last, own, its in ((5, {}, {}), (number, who, real))
    )
    play = small_kernel([usual, strange])
    found = diff(play, run(["-Sn"], play).stdout, whole=False)
    assert found[0] > 0
    assert told.format(number) in found[1] + found[2]


def test_an_unchanged_service_is_not_read(monkeypatch):
    services = [(service(VIP, 80 + n), [server(REAL, n + 1, weight=n % 2)]) for n in range(100)]
    play = small_kernel(services)
    rules = run(["-Sn"], play).stdout
    lines = []
    monkeypatch.setattr(rules_format, "_lines", lambda found, *_, read=rules_format._lines: read(
        (lines.append(line) or line for line in found), *_
    ))  # fmt: skip
    assert diff(play, rules, whole=False) == (0, "", "")
    assert len([line for line in lines if line]) <= 8
    assert diff(play, rules.replace(":80 ", ":880 ", 2), whole=False)[0] == 1


def busy(number: int) -> dict[str, object]:
    return {"active": number, "inactive": 2 * number, "counters": tuple(range(number, number + 10))}


@pytest.mark.parametrize(("written", "loaded"), [("show -o json", 0), ("show -o json", 7), ("show -o yaml", 7)])
def test_an_unchanged_item_is_not_read(monkeypatch, written, loaded):
    """Settings decide, and no counters: those of the kernel are others by now."""

    def table(load):
        return [
            (service(VIP, 80 + n, counters=(load,) * 10), [server(REAL, n + 1, weight=n % 2, **busy(load))])
            for n in range(100)
        ]

    text = run(written.split(), small_kernel(table(loaded))).stdout
    read = []
    monkeypatch.setattr(json_yaml.pieces, "read", lambda data, *more, real=json_yaml.pieces.read: (
        read.extend(data.get("services", ())) or real(data, *more)
    ))  # fmt: skip
    play = small_kernel(table(3))
    assert diff(play, text, whole=False) == (0, "", "")
    assert len(read) <= 12
    for old, new in (("weight: 1", "weight: 5"), ('"weight": 1', '"weight": 5')):
        text = text.replace(old, new, 1)
    told = diff(play, text, whole=False)
    assert (told[0], told[1].count("\n")) == (1, 1)
    assert "weight 1 -> 5" in told[1]


@pytest.mark.parametrize(("written", "between"), [("show -o json", ",\n"), ("show -o yaml", "")])
@pytest.mark.parametrize("at", [0, 40])
def test_an_item_that_is_there_twice_is_refused(written, between, at):
    services = [(service(VIP, 80 + n), [server(REAL, n + 1)]) for n in range(50)]
    text = run(written.split(), small_kernel(services)).stdout
    start = between + ('    {"service"' if between else "  - service:")
    head, *items = text.split(start)
    items.insert(3, items[at])
    status, out, told = diff(small_kernel(services), start.join((head, *items)), whole=False)
    assert (status, out) == (2, "")
    assert "is there twice" in told
