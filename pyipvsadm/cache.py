"""What was made once of a value needn't be made again: of a big table, most is like what was there before."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Key = TypeVar("Key")
    Value = TypeVar("Value")

KEPT = 4096  # how much is kept, before all is forgotten


def keep(memory: dict[Key, Value], key: Key, value: Value) -> Value:
    """`value`, which `memory`, a plain dict since those are the fastest to look into, has for `key` from here on."""
    if len(memory) >= KEPT:
        memory.clear()
    memory[key] = value
    return value
