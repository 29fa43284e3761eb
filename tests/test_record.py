"""What every value promises: defaults, no unknown fields, no change once it's made."""

from __future__ import annotations

import copy
import pickle

import pytest

from pyipvsadm.model import Command, Daemon, Info, Listing, Server, Service, Stats, Timeouts
from pyipvsadm.record import Record


class Point(Record):
    """A record for these tests."""

    __slots__ = ()
    x: int = 0
    y: int | None = None
    name: str = "here"


class Twin(Record):
    """Another with the same fields."""

    __slots__ = ()
    x: int = 0
    y: int | None = None
    name: str = "here"


SAMPLES = [
    Point(),
    Point(x=3, y=4, name="there"),
    Stats(connections=2**64 - 1),
    Service(protocol=6, address=b"\n\0\0\1", port=80, scheduler="rr", stats=Stats(bytes_in=5)),
    Server(address=bytes(16), port=1, weight=0),
    Command(verb="add-server", service=Service(fwmark=1), server=Server(address=b"abcd"), notes=("one", "two")),
    Daemon(state=2, group=b"\xe0\0\0\1"),
    Listing(numeric=True),
    Info(version=0x010201, size=4096),
]


def test_what_is_not_given_has_its_default():
    assert (Point().x, Point().y, Point().name) == (0, None, "here")
    assert (Point(y=4).x, Point(y=4).y, Point(y=4).name) == (0, 4, "here")


@pytest.mark.parametrize("given", [{"z": 1}, {"x": 1, "y": 2, "z": 3}, {"X": 1}, {"x": 1, "y": 2, "name": "", "z": 0}])
def test_an_unknown_field_is_refused(given):
    with pytest.raises(TypeError, match=r"Point has no field [zX]$"):
        Point(**given)
    with pytest.raises(TypeError, match="no field"):
        Point().replace(**given)


def test_fields_are_given_by_name_alone():
    with pytest.raises(TypeError):
        Point(1)


def test_replace_makes_another_and_leaves_the_first():
    first = Point(x=1, y=2)
    assert first.replace(y=5) == Point(x=1, y=5)
    assert first == Point(x=1, y=2)
    assert first.replace() == first
    assert type(first.replace(x=0)) is Point


def test_equal_are_those_of_one_type_with_equal_fields():
    assert Point(x=1) == Point(x=1)
    assert hash(Point(x=1)) == hash(Point(x=1))
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Twin(x=1)
    assert Twin(x=1) != Point(x=1)
    assert not Point(x=1) == Twin(x=1)  # noqa: SIM201
    assert Point(x=1) != (1, None, "here")
    assert Point(x=1) != (1, None, "here")
    assert Timeouts(tcp=1, tcpfin=2) != Info(version=1, size=2)
    assert len({Point(x=1), Point(x=1), Twin(x=1)}) == 2


def test_a_record_in_a_record_counts():
    assert Service(stats=Stats(bytes_in=1)) != Service(stats=Stats(bytes_in=2))
    assert Service(stats=Stats(bytes_in=1)) == Service(stats=Stats(bytes_in=1))


@pytest.mark.parametrize("name", ["x", "y", "z", "FIELDS"])
def test_a_value_never_changes(name):
    value = Point(x=1)
    with pytest.raises(AttributeError):
        setattr(value, name, 2)
    with pytest.raises(AttributeError):
        delattr(value, name)
    assert value == Point(x=1)


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_copies_and_pickles_are_equal(value):
    assert copy.copy(value) == value
    assert copy.deepcopy(value) == value
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(value, protocol))
        assert back == value
        assert type(back) is type(value)


@pytest.mark.parametrize(("value", "text"), [
    (Point(), "Point()"),
    (Point(x=1), "Point(x=1)"),
    (Point(x=1, name="it's"), '''Point(x=1, name="it's")'''),
    (Point(y=0), "Point(y=0)"),
    (Service(fwmark=5, flags=1), "Service(fwmark=5, flags=1)"),
    (Command(verb="zero", service=Service(fwmark=1)), "Command(verb='zero', service=Service(fwmark=1))"),
])  # fmt: skip
def test_a_repr_tells_what_differs_from_the_default_and_reads_back(value, text):
    assert repr(value) == text
    assert eval(text) == value


def test_fields_by_name_in_their_order():
    assert list(Point(x=1).asdict().items()) == [("x", 1), ("y", None), ("name", "here")]
    assert Point(**Point(x=1, y=2).asdict()) == Point(x=1, y=2)
    assert Point.make((1, 2, "there")) == Point(x=1, y=2, name="there")


def test_what_sorts_is_the_key():
    """Keys compare as the kernel's words do, whatever the families."""
    services = [
        Service(protocol=6, address=b"\n\0\0\1", port=80),
        Service(protocol=6, address=b"\n\0\0\1", port=443),
        Service(protocol=6, address=b"\n\0\0\2", port=1),
        Service(protocol=17, address=b"\0\0\0\0", port=0),
        Service(af=10, protocol=6, address=bytes(16), port=0),
        Service(af=10, protocol=6, address=bytes(15) + b"\1", port=0),
        Service(af=10, protocol=6, address=b"\1" + bytes(15), port=0),
        Service(fwmark=1),
        Service(af=10, fwmark=1),
        Service(fwmark=2**32 - 1),
    ]
    keys = [service.key for service in services]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_the_family_of_a_server_is_that_of_its_address():
    assert Server(address=bytes(4)).af == 2
    assert Server(address=bytes(16)).af == 10
