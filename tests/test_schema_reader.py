"""The fast reader of documents reads valid parts as pydantic does, and leaves everything else to pydantic."""

from __future__ import annotations

import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyipvsadm.documents import schema_reader, shape
from pyipvsadm.documents.tree.json_tree import from_json

from . import random_tables
from .properties import examples
from .table_text import text_of

SCHEMA = json.loads(schema_reader.schema())
PLAIN = schema_reader.Plain(SCHEMA)
VALUES = (
    None, True, False, 0, 1, 2, 15, 128, 129, 65535, 65536, 2**31 - 1, 2**31, -1, 1.0, "", "rr", "wlc", "a" * 15,
    "a" * 16, "a" * 17, "é", "\ud800", "10.2.0.2", "10.2.0.999", "2001:db8::1", "255.255.255.0", "192.0.2.1:80/tcp",
    "fwmark:7", "224.0.0.81", "direct", "tunnel", "masquerade", "ipip", "gue", "csum", "master", "backup", "eth0", [],
    {}, ["sh-port"], ["flag-1", "flag-1"], ["zork"], [1], ["10.2.0.2"], [None], {"type": "gue", "port": 6080},
    {"type": "ipip", "zork": 1}, {"tcp": 900}, {"tcp": "900"}, {"tcp": 900, "udp": None}, {"active": 1},
)  # fmt: skip
KEYS = sorted({key for part in shape.PARTS.values() for key in part.model_fields} | {"zork", "type"})
RIGHT = {
    "document": {"version": 1, "services": []},
    "service": {"service": "192.0.2.1:80/tcp"},
    "server": {"address": "10.2.0.2"},
    "daemon": {"state": "master"},
}


def values(found):
    """The values of a part, and of the parts within, by name."""
    inner = {name: values(value) if hasattr(value, "__dict__") else value for name, value in vars(found).items()}
    return {name: value for name, value in inner.items() if name not in schema_reader.PASSED}


@pytest.mark.parametrize("kind", shape.PARTS)
def test_it_is_read_as_pydantic_reads_it_or_not_at_all(kind):
    keys = some.sampled_from([*shape.PARTS[kind].model_fields] * 3 + KEYS)
    changes = some.dictionaries(keys, some.sampled_from(VALUES), max_size=3)

    @given(changes, some.booleans())
    @examples(300)
    def agree(changed, whole):
        raw = {**(RIGHT[kind] if whole else {}), **changed}
        found = PLAIN.read(kind, raw)
        try:
            expected = shape.PARTS[kind].model_validate(raw)
        except pydantic.ValidationError:
            assert found is None
        else:
            assert found is None or values(found) == values(expected)

    agree()


@given(random_tables.any_tables())
@examples(50)
def test_what_we_write_is_plain(table):
    data = json.loads(text_of(table, "json"))
    parts = [("document", data), *(("daemon", one) for one in data.get("daemons") or ())]
    for service in data["services"]:
        parts += [("service", service), *(("server", one) for one in service["servers"])]
    assert [kind for kind, raw in parts if PLAIN.read(kind, raw) is None] == []


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_no_mapping_or_lacks_a_key_is_not_plain(kind):
    assert PLAIN.read(kind, RIGHT[kind]) is not None
    assert [PLAIN.read(kind, raw) for raw in ({}, [], None, "a", 1)] == [None] * 5


@pytest.mark.parametrize(("text", "data"), [
    ('{"weight": 1, "counters": {"connections": 1}, "rates": {}}', {"weight": 1, "counters": None, "rates": None}),
    ('{"counters": 1, "rates": {}}', {"counters": 1, "rates": None}),
    ('{"weight": {"packets_in": 1}}', {"weight": {"packets_in": 1}}),
])  # fmt: skip
def test_what_show_adds_and_nobody_reads_is_not_kept(text, data):
    assert from_json(text).data == data
