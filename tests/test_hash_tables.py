"""What Linux 7.2 tells of its tables, as seen on 7.2.7 with 20,000 connections and with none, and who tells it on."""

from __future__ import annotations

import json

import jsonschema
import pytest

from pyipvsadm import documents, drawing
from pyipvsadm.documents import shape
from pyipvsadm.drawing.canvas import Canvas
from pyipvsadm.kernel import hash_tables
from pyipvsadm.kernel.hash_tables import HashTables, told
from pyipvsadm.model import Table
from pyipvsadm.verbs.doctor.collection.proc import status, table_bits
from pyipvsadm.verbs.doctor.snapshot_values import TableStatus
from pyipvsadm.verbs.top import view
from pyipvsadm.verbs.top.feed import Lines
from pyipvsadm.verbs.top.keys import State
from pyipvsadm.verbs.top.sample import follow
from pyipvsadm.world import World

from .test_show import show

FULL = """\
Conns:	20000
Conn buckets:	4096 (12 bits, lfactor -4)
Conn buckets empty:	0 (0%)
Conn buckets len-1:	2 (0%)
Conn buckets len-6:	281 (6%)
Conn buckets len-7:	3473 (84%)
Services:	1
Service buckets:	16 (4 bits, lfactor -3)
Service buckets empty:	15 (93%)
Service buckets len-1:	1 (100%)
Stats thread slots:	1 (max 4)
Stats chain max len:	3958
Stats thread ests:	9499200
"""
FRESH = """\
Conns:	0
Conn buckets:	0 (0 bits, lfactor 0)
Services:	0
Service buckets:	0 (0 bits, lfactor 0)
Stats thread slots:	1 (max 0)
Stats chain max len:	0
Stats thread ests:	0
"""


SENTENCES = [
    "connections: 20000 in 4096 rows, 3754 of which have 4 or more",
    "services: 1 in 16 rows",
    "rates: 1 of 4 threads, each for 9499200 services and servers",
]


@pytest.mark.parametrize(("text", "found"), [
    (FULL, HashTables(
        connections=20_000, rows=4096, bits=12, load_factor=-4, chains=((1, 2), (6, 281), (7, 3473)),
        services=1, service_rows=16, threads=1, most_threads=4, estimators=9_499_200)),
    (FRESH, HashTables(threads=1)),
    ("Something new:\t7 (of 9)\nConns:\t3\nno line\nConn buckets len-x:\t1\n", HashTables(connections=3)),
    ("", None), ("Conn buckets:\t4096\n", None),
])  # fmt: skip
def test_it_is_read(text, found):
    assert told(text) == found


def test_doctor_has_it_from_linux_7_2_on(tmp_path):
    assert (status(tmp_path), table_bits(tmp_path)) == (None, None)
    for path, text in (
        ("proc/thread-self/net/ip_vs_status", FULL),
        ("sys/module/ip_vs/parameters/conn_tab_bits", "12\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    seen = TableStatus(20_000, 4096, 12, -4, {1: 2, 6: 281, 7: 3473}, threads=4, estimators=9_499_200)
    assert (status(tmp_path), table_bits(tmp_path)) == (seen, 12)


@pytest.fixture(params=[(FULL, SENTENCES), (FRESH, []), (None, [])], ids=["full", "fresh", "before 7.2"])
def kernel_tells(request, monkeypatch, tmp_path):
    """A kernel that tells this; the sentences that are made of it."""
    text, sentences = request.param
    file = tmp_path / "ip_vs_status"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(hash_tables, "FILE", str(file))
    return sentences


def test_show_tells_it_below_the_table(kernel_tells):
    said = show().stdout.splitlines()
    assert said[said.index("master daemon: eth0, syncid 7") + 1 :] == kernel_tells
    assert not {*kernel_tells} & {*show("192.168.2.10:80").stdout.splitlines()}
    drawn = drawing.shown(Table(), Canvas(columns=80, ansi=False), rows=hash_tables.now())
    assert [one for one in drawn.splitlines() if one.startswith(("connections", "services:", "rates"))] == kernel_tells


def test_show_tells_programs_and_reading_passes_it_over(kernel_tells, tmp_path):
    text = show("-o", "json").stdout
    data = json.loads(text)
    assert ("tables" in data) == (hash_tables.now() is not None)
    if kernel_tells:
        assert data["tables"] == {
            "connections": 20_000, "rows": 4096, "bits": 12, "load_factor": -4, "chains": {"1": 2, "6": 281, "7": 3473},
            "services": 1, "service_rows": 16, "threads": 1, "most_threads": 4, "estimators": 9_499_200,
        }  # fmt: skip
    assert jsonschema.validate(data, json.loads(shape.schema())) is None
    without = json.dumps({key: value for key, value in data.items() if key != "tables"})
    whole, less = (tmp_path / name for name in ("whole.json", "less.json"))
    whole.write_text(text)
    less.write_text(without)
    world = World("pyipvsadm")
    assert documents.read(str(whole), world).table == documents.read(str(less), world).table
    assert "tables" not in show("-o", "json", "192.168.2.10:80").stdout
    assert "tables" not in show("-o", "ndjson").stdout
    assert "tables" not in show("-o", "yaml").stdout


def test_top_tells_of_connections_where_there_is_room_and_all_to_programs(kernel_tells):
    sample = follow(None, [], 100)._replace(tables=hash_tables.now())
    for width, shown in ((80, []), (160, kernel_tells[:1])):
        (title, *_) = view.frame(sample, [], State(), view.Screen(width, 24, clock="12:34:56"))
        text = "".join(part for part, _ in title)
        assert len(text) == width
        assert [one for one in SENTENCES if one in text] == shown
    assert [one[1:-1] for one in view.plain(sample, 80) if "connections:" in one] == kernel_tells[:1]
    data = json.loads("".join(Lines().of(sample, 0)))
    assert ("tables" in data) == bool(sample.tables)
    if kernel_tells:
        assert (data["tables"]["rows"], data["tables"]["chains"]["7"]) == (4096, 3473)
