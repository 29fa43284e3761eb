"""YAML is read by its lines, or by its bare events, as it is with all that goes with it, or left to that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyipvsadm.documents.formats import BrokenError
from pyipvsadm.documents.tree import DEPTH, NOTHING, Builder, quick_yaml, written_yaml
from pyipvsadm.documents.tree.yaml_tree import resolved, yaml_events

from . import random_tables
from .properties import examples
from .table_text import text_of

ALIKE = "version: 1\nservices:\n  - service: 192.0.2.1:80/tcp\n    scheduler: rr\n    servers:\n"
OTHERS = (  # not of the dialect, or read otherwise by YAML than its look says
    "version: 1\nservices:\n", "version: 1\n\nservices: []\n", "# no\nversion: 1\n", "version: 01\n", "version: -1\n",
    "version: 1\nversion: 1\n", "services: [a,b]\n", "services: {a: 1, a: 2}\n", "services: {null: 1}\n", "a: 'b'\n",
    "a: b c\n", "a: *b\n", "a: &b 1\n", "a: !b 1\n", "a: |\n", 'a: "\\n"\n', "a:  1\n", "a: 1 \n", "a: 1 # b\n",
    "a: \t1\n", "a: 12345678901234567890123\n", "a: [[[[[[[[[[1]]]]]]]]]]\n", "a: é\n", "  - a: 1\n", "a: 1\n---\n",
    "a: 1\r\n", ALIKE, ALIKE + "    - {address: 10.2.0.2}\n",
    ALIKE + "      - {address: 10.2.0.2, address: 10.2.0.3}\n",
    ALIKE + "      - {null: 10.2.0.2, port: 80}\n", ALIKE + "      - {address: 10.2.0.2, port: 80, port: 81}\n",
    ALIKE + "      - {address: 10.2.0.2, port: 80} \n", ALIKE + "      - [1]\n", "",
)  # fmt: skip


def by_libyaml(text):
    """The data of `text`, or None where that is wrong."""
    import yaml

    try:
        built = Builder().all(yaml_events(text))
    except (BrokenError, yaml.YAMLError):
        return None
    return None if built.problems else built.data


def quick(text):
    """The data of `text` by its bare events; NOTHING if it's left."""
    return quick_yaml.data_of(text, resolved, DEPTH, NOTHING)


def agree(text):
    """Check that who reads `text` reads it as libyaml does."""
    if (found := written_yaml.data_of(text)) is not None:
        assert found == by_libyaml(text)
    if (found := quick(text)) is not NOTHING:
        assert found == by_libyaml(text)


@pytest.mark.parametrize("text", [
    "# a comment\na: [b, 'c', 1]\nd: {e: null, \"f\": ~}\n", "- 1\n- [2, {}]\n", "a:\n", "word\n",
])  # fmt: skip
def test_data_is_read_by_bare_events(text):
    assert quick(text) == by_libyaml(text) is not None


@pytest.mark.parametrize("text", [
    "a: &b 1\n", "a: [&b 1, *b]\n", "a: !c 1\n", "a: 1\na: 2\n", "1: a\n", "? [a]\n: b\n", "a: 1\n---\nb: 1\n", "a: [",
    "", "[" * (DEPTH + 1) + "]" * (DEPTH + 1),
])  # fmt: skip
def test_more_than_data_is_left(text):
    assert quick(text) is NOTHING


@given(random_tables.any_tables())
@examples(80)
def test_what_we_write_is_of_the_dialect(table):
    text = text_of(table, "yaml")
    assert written_yaml.data_of(text) == by_libyaml(text) is not None


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_not_of_the_dialect_is_left_to_libyaml(text):
    assert written_yaml.data_of(text) is None


PIECES = (
    "{", "}", "[", "]", ", ", ": ", ":", "-", " ", "  - ", "    ", "\n", '"', "'", "#", "0", "1", "null", "~", "True",
    "a", "address", "servers:\n", "10.2.0.2", "fwmark:7", "192.0.2.1:80/tcp", "\t", "\r", "é", "&a ", "*a", "!", "|",
    "%", "no",
)  # fmt: skip
CHANGES = some.tuples(some.floats(0, 1), some.integers(0, 4), some.sampled_from(PIECES))


@given(random_tables.any_tables(), some.lists(CHANGES, max_size=3))
@examples(400)
def test_what_is_changed_somewhere_is_read_alike_or_left(table, changes):
    text = text_of(table, "yaml")
    for where, gone, piece in changes:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + gone :]
    agree(text)


@given(some.lists(some.sampled_from(PIECES), max_size=6).map("".join))
@examples(800)
def test_any_value_is_read_alike_or_left(value):
    text = f"a: {value}\nservices:\n  - b: 1\n"
    agree(text)
