"""`Record`: the base of all values that travel between the layers; `keep`: a small cache for those that repeat."""

from __future__ import annotations

from _collections import _tuplegetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

    Key = TypeVar("Key")
    Value = TypeVar("Value")
else:

    def dataclass_transform(**_):
        """A substitute for typing's, whose import alone takes as long as a command."""
        return lambda cls: cls


KEPT = 4096  # entries of a cache; when there are as many, it is emptied


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record(tuple):  # type: ignore[type-arg]
    """An immutable value with named, typed fields, each with a default.

    The fields are the annotations of the class body, in their order. A record is a tuple
    underneath: `make` builds one from values alone, at the speed of a tuple, which reading a
    large table needs.
    """

    __slots__ = ()
    if TYPE_CHECKING:
        FIELDS: ClassVar[tuple[str, ...]]
        DEFAULTS: ClassVar[dict[str, object]]

    def __init_subclass__(cls) -> None:
        own = cls.__dict__
        cls.FIELDS = fields = tuple(own.get("__annotations__", ()))
        cls.DEFAULTS = {field: own[field] for field in fields}
        for index, field in enumerate(fields):
            setattr(cls, field, _tuplegetter(index, None))

    def __new__(cls, **given: Any) -> Self:
        values = {**cls.DEFAULTS, **given}
        if len(values) > len(cls.FIELDS):
            unknown = ", ".join(sorted(given.keys() - cls.DEFAULTS.keys()))
            raise TypeError(f"{cls.__name__} has no field {unknown}")
        return tuple.__new__(cls, values.values())

    @classmethod
    def make(cls, values: Iterable[object]) -> Self:
        """A record with `values` for all of its fields, in their order, unchecked."""
        return tuple.__new__(cls, values)

    def replace(self, **changes: Any) -> Self:
        """A copy with `changes`."""
        return type(self)(**{**self.asdict(), **changes})

    def asdict(self) -> dict[str, Any]:
        """The fields by name, in their order."""
        return dict(zip(self.FIELDS, self, strict=True))

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        return (), self.asdict()  # so that a record can be copied and pickled

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __repr__(self) -> str:
        told = (
            f"{field}={value!r}"
            for (field, default), value in zip(self.DEFAULTS.items(), self, strict=True)
            if value != default
        )
        return f"{type(self).__name__}({', '.join(told)})"


def keep(memory: dict[Key, Value], key: Key, value: Value, most: int = KEPT) -> Value:
    """Store `value` in `memory` under `key`, and return it. A plain dict is the fastest to look up."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
    return value
