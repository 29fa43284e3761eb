"""The addresses that `vip` bound, for each network namespace, in a file that does not survive a reboot."""

from __future__ import annotations

from ...support import state
from ...table.notation import address_of
from .decisions import Binding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

VERB = "vip"  # the verb to which the state belongs


def load() -> set[Binding]:
    """The addresses that were bound in this namespace, which may be gone by now. Raises IpvsadmError."""
    try:
        return {_binding(**row) for row in state.load(VERB)}
    except (ValueError, TypeError) as error:
        raise state.unreadable(VERB, error) from error


def _binding(address: str, device: str, created: int) -> Binding:
    """The binding in a row of the file. Raises ValueError, TypeError."""
    if not isinstance(device, str) or type(created) is not int:
        raise TypeError("a device or a time is of the wrong kind")
    address_of(address)
    return Binding.make((address, device, created))


def store(bound: Iterable[Binding]) -> None:
    """Replace the record of this namespace by `bound`. Raises OSError."""
    state.store(VERB, sorted((one.asdict() for one in bound), key=lambda row: (row["device"], row["address"])))
