"""What was made once of a value needn't be made again: of a big table, most is like what was there before."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

KEPT = 4096  # how much is kept, before all is forgotten


class Memo(dict):  # type: ignore[type-arg]
    """`memo[key]` is `make(key)`, made when first asked for. Raises what `make` raises."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make

    def __missing__(self, key: Any) -> Any:
        if len(self) >= KEPT:
            self.clear()
        made = self[key] = self._make(key)
        return made
