"""`frozen`: makes a class a frozen dataclass, without the time that `dataclasses` takes to load and to compile methods.

All classes share their methods. For those who load `dataclasses`, and so for pydantic, they are dataclasses.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    Kind = TypeVar("Kind")
    Made = TypeVar("Made")
else:
    from .record import dataclass_transform

NONE = object()  # the default of a field that has none


class _Factory:
    """Makes the default of a field anew for each instance."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def new(*, default_factory: Callable[[], Made]) -> Made:
    """The default of a field: what `default_factory` makes."""
    return _Factory(default_factory)  # type: ignore[return-value]


class _DataclassFields:
    """Turns the class into a dataclass in every respect, once somebody asks for the fields of a dataclass."""

    def __get__(self, one: object, cls: type[Any]) -> Any:
        from dataclasses import dataclass, field

        for name, default in cls.FIELDS.items():
            if isinstance(default, _Factory):
                setattr(cls, name, field(default_factory=default.make))
        del cls.__dataclass_fields__
        return dataclass(init=False, repr=False, eq=False)(cls).__dataclass_fields__


class _Frozen:
    """The methods of all frozen classes."""

    FIELDS: ClassVar[dict[str, Any]]

    def __init__(self, *given: Any, **named: Any) -> None:
        known = self.FIELDS
        if len(given) == len(known) and not named:
            vars(self).update(zip(known, given, strict=True))
            return
        values = {**dict(zip(known, given, strict=False)), **named}
        if len(values) < len(given) + len(named) or not values.keys() <= known.keys():
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(known)}, each once")
        own = vars(self)
        for name, default in known.items():
            own[name] = value = values.get(name, default)
            if value is NONE:
                raise TypeError(f"{type(self).__name__} lacks {name}")
            if type(value) is _Factory:
                own[name] = value.make()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        told = zip(self.FIELDS, _values(self), strict=True)
        return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in told)})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot change {name!r} of {type(self).__name__}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r} of {type(self).__name__}")


METHODS = ("__init__", "__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__")


def _values(one: Any) -> tuple[Any, ...]:
    return tuple(map(vars(one).__getitem__, one.FIELDS))


@dataclass_transform(frozen_default=True, field_specifiers=(new,))
def frozen(cls: type[Kind]) -> type[Kind]:
    """`cls` as a frozen dataclass: its fields are its annotations."""
    made: Any = cls
    made.FIELDS = {name: cls.__dict__.get(name, NONE) for name in cls.__dict__.get("__annotations__", ())}
    made.__dataclass_fields__ = _DataclassFields()
    for name in METHODS:
        setattr(made, name, _Frozen.__dict__[name])
    return cls


def replaced(one: Kind, **changes: Any) -> Kind:
    """A copy of `one`, which is of a frozen class, with `changes`."""
    own: Any = one
    return type(one)(**{**{name: vars(one)[name] for name in own.FIELDS}, **changes})
