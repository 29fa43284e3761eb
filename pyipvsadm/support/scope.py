"""The services that a verb may change: the values of `--only`."""

from __future__ import annotations

from ..table.notation import MARK, network_of, service_of
from ..table.plan import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def scope_of(words: Iterable[str] | None) -> Scope | None:
    """The networks and marks that `words` name; None, which means everything, without words. Raises UsageError."""
    words = list(words or ())
    marks = [service_of(word) for word in words if word.startswith(MARK)]
    networks = tuple(network_of(word) for word in words if not word.startswith(MARK))
    if not words:
        return None
    return Scope(networks=networks, marks=tuple((service.af, service.fwmark or 0) for service in marks))
