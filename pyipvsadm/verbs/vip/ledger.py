"""The addresses that `vip` bound, for each network namespace, in a file that does not survive a reboot."""

from __future__ import annotations

from ...support import state
from ...table.notation import address_of
from .decisions import Binding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

VERB = "vip"  # whose state it is


def load() -> set[Binding]:
    """What was bound in this namespace; perhaps it isn't there any more. Raises IpvsadmError."""
    try:
        return {_binding(**row) for row in state.load(VERB)}
    except (ValueError, TypeError) as error:
        raise state.unreadable(VERB, error) from error


def _binding(address: str, device: str, created: int) -> Binding:
    """A row of the file. Raises ValueError, TypeError."""
    if not isinstance(device, str) or type(created) is not int:
        raise TypeError("a device or a time is of the wrong kind")
    address_of(address)
    return Binding(address, device, created)


def store(bound: Iterable[Binding]) -> None:
    """Say what is bound in this namespace from now on. Raises OSError."""
    state.store(VERB, sorted((vars(one) for one in bound), key=lambda row: (row["device"], row["address"])))
