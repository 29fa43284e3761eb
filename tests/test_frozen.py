"""A frozen class behaves as a frozen dataclass of the same fields, for its users and for those of `dataclasses`."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from functools import cached_property

import pytest
from pydantic import TypeAdapter

from pyipvsadm.frozen import frozen, new, replaced


@dataclasses.dataclass(frozen=True)
class Dataclass:
    """A service."""

    name: str
    port: int = 80
    tags: dict[str, int] = dataclasses.field(default_factory=dict)

    @cached_property
    def told(self) -> str:
        """Its name and port."""
        return f"{self.name}:{self.port}"


@frozen
class Frozen:
    """A service."""

    name: str
    port: int = 80
    tags: dict[str, int] = new(default_factory=dict)

    @cached_property
    def told(self) -> str:
        """Its name and port."""
        return f"{self.name}:{self.port}"


BOTH = pytest.mark.parametrize("kind", [Dataclass, Frozen])


@BOTH
@pytest.mark.parametrize(("given", "named"), [
    (("a",), {}), (("a", 443), {}), (("a", 443, {"x": 1}), {}), ((), {"port": 1, "name": "a"}), (("a",), {"tags": {}}),
])  # fmt: skip
def test_fields_are_given_by_position_and_by_name(kind, given, named):
    made = kind(*given, **named)
    other = Dataclass(*given, **named)
    assert list(vars(made).items()) == list(vars(other).items())
    assert repr(made).replace("Frozen", "Dataclass") == repr(other)
    assert dataclasses.asdict(made) == dataclasses.asdict(other)
    assert [(one.name, one.type) for one in dataclasses.fields(made)] == [
        (one.name, one.type) for one in dataclasses.fields(other)
    ]


@BOTH
@pytest.mark.parametrize(("given", "named"), [
    ((), {}), ((), {"port": 1}), (("a",), {"zork": 1}), (("a",), {"name": "b"}), (("a", 1, {}, 4), {}),
])  # fmt: skip
def test_fields_that_are_missing_unknown_or_too_many_are_refused(kind, given, named):
    with pytest.raises(TypeError):
        kind(*given, **named)


@BOTH
def test_it_is_frozen(kind):
    made = kind("a")
    with pytest.raises(AttributeError):
        made.port = 1
    with pytest.raises(AttributeError):
        del made.port
    assert made.port == 80


@BOTH
def test_it_equals_what_has_the_same_fields(kind):
    made, other = kind("a", tags=()), kind("a", 80, ())
    assert made.told == "a:80"  # kept in the instance, and no field
    assert made == other
    assert hash(made) == hash(other)
    assert made != kind("b", tags=())
    assert made != ("a", 80, ())
    assert pickle.loads(pickle.dumps(made)) == made


@BOTH
def test_a_default_is_made_for_each(kind):
    assert kind("a").tags == {}
    assert kind("a").tags is not kind("a").tags


@pytest.mark.parametrize("copied", [replaced, dataclasses.replace])
def test_a_copy_has_the_changes(copied):
    made = Frozen("a", 443)
    assert made.told == "a:443"
    assert copied(made, port=1) == Frozen("a", 1)
    assert copied(made, port=1).told == "a:1"
    with pytest.raises(TypeError):
        copied(made, zork=1)


@BOTH
def test_pydantic_takes_it_for_a_dataclass(kind):
    adapter = TypeAdapter(kind)
    assert adapter.dump_json(kind("a")) == b'{"name":"a","port":80,"tags":{}}'
    assert adapter.validate_python({"name": "a", "tags": {"x": 1}}) == kind("a", tags={"x": 1})


def test_it_loads_no_dataclasses():
    program = "import sys; import pyipvsadm.network.facts; print('dataclasses' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
