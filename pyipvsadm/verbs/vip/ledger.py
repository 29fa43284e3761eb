"""The addresses that `vip` bound, for each network namespace, in a file that does not survive a reboot."""

from __future__ import annotations

from _operator import itemgetter

from ...record import keep
from ...support import state
from ...table.notation import address_of
from .decisions import Binding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

VERB = "vip"  # the verb to which the state belongs
_read: dict[bytes, frozenset[Binding]] = {}  # what was read last, by the content of the file
_device_and_address = itemgetter(1, 0)


def load() -> frozenset[Binding]:
    """The addresses that were bound in this namespace, which may be gone by now. Raises IpvsadmError."""
    try:
        content = state.content(VERB)
        if content not in _read:
            keep(_read, content, frozenset(_binding(**row) for row in state.rows_in(content)), most=1)
        return _read[content]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise state.unreadable(VERB, error) from error


def _binding(address: str, device: str, created: int) -> Binding:
    """The binding in a row of the file. Raises ValueError, TypeError."""
    if not isinstance(device, str) or type(created) is not int:
        raise TypeError("a device or a time is of the wrong kind")
    address_of(address)
    return Binding.make((address, device, created))


def store(bound: Iterable[Binding]) -> None:
    """Replace the record of this namespace by `bound`. Raises OSError."""
    ordered = sorted(bound, key=_device_and_address)
    quoted = {device: _quoted(device) for device in {one.device for one in ordered}}
    state.store_texts(
        VERB,
        [
            f'{{"address": "{address}",\n"device": {quoted[device]},\n"created": {created}}}'
            for address, device, created in ordered
        ],
    )


def _quoted(device: str) -> str:
    from json import dumps

    return dumps(device)
