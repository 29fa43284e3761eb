"""JSON and YAML as `show` lays them out are read by lines, as the plain reader reads them, or left to that."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from pyipvsadm.documents import json_yaml
from pyipvsadm.documents.dialect.json_layout import live_data
from pyipvsadm.documents.dialect.json_lines import LIVE, JsonRows
from pyipvsadm.documents.dialect.yaml_lines import YamlRows
from pyipvsadm.documents.formats import FORMATS, BrokenError
from pyipvsadm.documents.schema_reader import Plain, schema
from pyipvsadm.documents.source import Source, lines_of
from pyipvsadm.documents.tree.json_tree import from_json
from pyipvsadm.documents.tree.yaml_tree import from_yaml
from pyipvsadm.documents.writers import counted
from pyipvsadm.model import Server, Service, Stats, Table
from pyipvsadm.table.assembly import Assembly, EnoughError
from pyipvsadm.table.settings import CONNECTIONS

from . import fakes, random_tables
from .properties import examples
from .table_text import text_of

PLAIN = Plain(json.loads(schema()))
ROWS = {"json": JsonRows, "yaml": YamlRows}
TREES = {"json": from_json, "yaml": from_yaml}
NUMBERS = some.one_of(some.sampled_from((0, 1, 2**32, 2**64 - 1)), some.integers(0, 10**6))


def by_lines(text, format):
    """The table in `text` and the lines of its parts, read by lines; None if it is left to the plain reader."""
    assembly = Assembly()
    if not json_yaml.are_read(ROWS[format](assembly, PLAIN), lines_of(text), assembly):
        assert (assembly.entries, assembly.problems, assembly.table()) == ([], [], Table())
        return None
    return assembly.table(), [(entry.place, entry.places) for entry in assembly.entries]


def plainly(text, format):
    """The table in `text` and the lines of its parts, read by the plain reader; None if it has problems."""
    assembly = Assembly()
    try:
        findings = json_yaml.read_tree(TREES[format](text), assembly)
    except (BrokenError, EnoughError):
        return None
    if assembly.problems:
        return None
    return assembly.table(), [
        (findings.line(entry.place), list(map(findings.line, entry.places))) for entry in assembly.entries
    ]


@some.composite
def live_tables(draw):
    """A table with counters and connections, as it is read from a kernel."""
    table = draw(random_tables.any_tables())
    numbers = some.lists(NUMBERS, min_size=10, max_size=10).map(Stats.make)
    counts = some.fixed_dictionaries(dict.fromkeys(CONNECTIONS, NUMBERS))
    return table.replace(
        services=tuple(
            (one.replace(stats=draw(numbers)), tuple(s.replace(stats=draw(numbers), **draw(counts)) for s in its))
            for one, its in table.services
        )
    )


@pytest.mark.parametrize("format", ROWS)
@given(random_tables.any_tables())
@examples(80)
def test_what_we_write_is_read_by_lines(format, table):
    text = text_of(table, format)
    assert by_lines(text, format) == plainly(text, format) != None  # noqa: E711


@given(live_tables())
@examples(80)
def test_what_show_writes_is_read_by_lines(table):
    text = "".join(FORMATS["json"].pieces(table, None, live_data(1700000000.125)))
    assert by_lines(text, "json") == plainly(text, "json") != None  # noqa: E711


def test_what_is_live_is_said_as_the_writer_says_it():
    stats = Stats.make(range(3, 13))
    data = counted(stats, dict(zip(CONNECTIONS, range(3), strict=True)))
    assert LIVE % tuple(range(13)) == f", {json.dumps(data)[1:-1]}"


@given(some.text(alphabet="a\n\ufeffé", max_size=12), some.lists(some.integers(1, 4)))
@examples(200)
def test_lines_are_the_same_whatever_pieces_they_arrive_in(text, sizes):
    content, pieces = text.encode(), []
    for size in sizes:
        pieces, content = [*pieces, content[:size]], content[size:]
    lines = text.removeprefix("\ufeff").split("\n")
    assume(text != "\ufeff")  # has no line, or an empty one: neither is a document
    assert list(Source(pieces=lambda: [*pieces, content]).lines()) == (lines if lines[-1] else lines[:-1])


@pytest.mark.parametrize("format", ROWS)
def test_what_is_read_by_lines_and_what_is_not_come_from_any_kind_of_file(format, tmp_path):
    for text in (text_of(TABLE, format), text_of(TABLE, format).replace("rr", "rx")):
        path = tmp_path / f"table.{format}"
        path.write_text(text)
        regular = fakes.run(["check", str(path)], program="pyipvsadm")
        piped = fakes.run(["check", "-"], stdin=text.encode(), program="pyipvsadm")
        assert (regular.status, regular.stdout.replace(str(path), "-")) == (
            piped.status,
            piped.stdout.replace("stdin", "-"),
        )
        assert regular.message.replace(str(path), "stdin") == piped.message
        assert ("known scheduler" in piped.message) == (piped.status != 0) == ("rx" in text)


PIECES = (
    "{", "}", "[", "]", ", ", ",", ": ", ":", "-", " ", "  - ", "    ", "\n", '"', "'", "#", "0", "1", "null", "true",
    "a", "address", "servers:\n", "10.2.0.2", "fwmark:7", "192.0.2.1:80/tcp", "\t", "\r", "é", "\\u0031", "1.5", "NaN",
    '"port": 80, ', '"weight": 1, ', '"service": "fwmark:7", ', '"services": [],\n', "services: []\n", "port: 80, ",
    "  ],\n", "    ]},\n", '"servers": [],', "      - {address: 10.2.0.3, port: 80}\n", "    scheduler: rr\n",
)  # fmt: skip
CHANGES = some.lists(some.tuples(some.floats(0, 1), some.integers(0, 4), some.sampled_from(PIECES)), max_size=3)


def changed(text, changes):
    """`text` with pieces put in, in place of some letters."""
    for where, gone, piece in changes:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + gone :]
    return text


@pytest.mark.parametrize("format", ROWS)
@given(random_tables.any_tables(), CHANGES)
@examples(400)
def test_what_is_changed_somewhere_is_read_alike_or_left(format, table, changes):
    text = changed(text_of(table, format), changes)
    assert by_lines(text, format) in (None, plainly(text, format))


@given(live_tables(), CHANGES)
@examples(400)
def test_live_json_that_is_changed_somewhere_is_read_alike_or_left(table, changes):
    text = changed("".join(FORMATS["json"].pieces(table, None, live_data(1.5))), changes)
    assert by_lines(text, "json") in (None, plainly(text, "json"))


SERVICE = Service(protocol=6, address=bytes((192, 0, 2, 1)), port=80, scheduler="rr")
SERVERS = tuple(Server(address=bytes((10, 0, 0, n)), port=80, weight=n) for n in (1, 2))
TABLE = Table(services=((SERVICE, SERVERS),))
JSON, YAML = (text_of(TABLE, format) for format in ROWS)
WHOLE = "".join(FORMATS["json"].pieces(TABLE, None, live_data(1.5)))


@pytest.mark.parametrize(("format", "text", "old", "new"), [
    ("json", JSON, '"port": 80, "scheduler"', '"port": 81, "scheduler"'),
    ("json", JSON, '"family": "ipv4", ', ""),
    ("json", JSON, '"weight": 1', '"weight": 01'),
    ("json", JSON, '"weight": 1', '"weight": 1, "weight": 1'),
    ("json", JSON, '"weight": 1', '"weight": 1, "address": "10.0.0.3"'),
    ("json", JSON, '"scheduler": "rr"', '"scheduler": "rr", "port": 80'),
    ("json", JSON, '"scheduler": "rr"', '"scheduler": "rx"'),
    ("json", JSON, "10.0.0.2", "10.0.0.1"),
    ("json", JSON, "10.0.0.2", "224.0.0.1"),
    ("json", JSON, "}\n    ]}", "},\n    ]}"),
    ("json", JSON, "    ]}\n", "    ]},\n"),
    ("json", JSON, "}\n    ]}", "\n    ]}"),
    ("json", JSON, "}\n    ]}", "},,\n    ]}"),
    ("json", JSON, '\n  "services"', '\n  "services": [],\n  "services"'),
    ("json", JSON, "10.0.0.2", "\\u0031" + "0.0.0.2"),
    ("json", WHOLE, '"active": 0', '"active": 00'),
    ("json", WHOLE, '"active": 0', '"active": '),
    ("json", WHOLE, '"active": 0', '"active": ' + "1" * 5000),
    ("yaml", YAML, "weight: 1}", "weight: 1, weight: 1}"),
    ("yaml", YAML, "10.0.0.2", "10.0.0.1"),
    ("yaml", YAML, "10.0.0.1,", "2001:db8::1,"),
    ("yaml", YAML, "192.0.2.1:80", "[2001:db8::1]:80"),
    ("yaml", YAML, "scheduler: rr", "scheduler: rr # comment"),
    ("yaml", YAML, "port: 80, ", ""),
    ("yaml", YAML, "      - {address: 10.0.0.1", "      -  {address: 10.0.0.1"),
    ("yaml", "version: 1\nservices:\n", "", ""),
    ("yaml", "version: 1\nservices:\n  - service: fwmark:7\n    scheduler: rr\n    servers:\n", "", ""),
])  # fmt: skip
def test_what_is_not_of_the_dialect_or_wrong_is_left(format, text, old, new):
    assert old in text
    assert by_lines(text.replace(old, new, 1), format) is None
