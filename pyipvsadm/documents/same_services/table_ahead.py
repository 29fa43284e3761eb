"""The kernel's table, read by a second process while this one reads a document that is to be compared with it."""

from __future__ import annotations

from _operator import itemgetter

from ...errors import IpvsadmError
from ...kernel.parallel import begun_with
from ...model import Server, Service
from ...shapes import SETTINGS, row_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ...kernel import Kernel
    from ...shapes import Groups

FIELDS = Server.FIELDS[SETTINGS]


class Ahead:
    """Begins to read the table of `kernel` if a second process can; leaving the context ends that process."""

    def __init__(self, kernel: Callable[[], Kernel]) -> None:
        try:
            self._child = begun_with(kernel(), _rows)
        except IpvsadmError:
            self._child = None  # told where the table is compared, if the document is valid

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child:
            self._child.end()

    def groups(self) -> Groups | None:
        """All services, as they were at one moment, each with its servers in the kernel's order; None if none came."""
        found: Any = self._child.values() if self._child else None
        return None if found is None else [(Service.make(service), rows) for service, rows in found]


def _rows(kernel: Kernel) -> Iterator[tuple[tuple[object, ...], list[Any]]]:
    def read(services: list[Service]) -> list[tuple[Service, Any]]:
        return list(kernel.with_told_servers(services, FIELDS, itemgetter(SETTINGS), steady=True))

    for service, its in kernel.at_one_moment(read):
        yield tuple(service), [row_of(one) for one in its] if type(its) is list else its
