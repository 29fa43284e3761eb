"""A small cache for values that repeat across a large table."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Key = TypeVar("Key")
    Value = TypeVar("Value")

KEPT = 4096  # entries; when there are as many, the cache is emptied


def keep(memory: dict[Key, Value], key: Key, value: Value, most: int = KEPT) -> Value:
    """Store `value` in `memory` under `key`, and return it. A plain dict is the fastest to look up."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value
    return value
