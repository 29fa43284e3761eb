"""The services in which the kernel's table differs from a wanted one: found without records, and so quickly."""

from __future__ import annotations

from _operator import eq, itemgetter

from ..model import Server
from ..shapes import SETTINGS, row_of
from .comparison import BY_ORDER, service_changes, service_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..kernel import Kernel
    from ..model import Service
    from ..shapes import Groups, Row

FIELDS = Server.FIELDS[SETTINGS]


def differing_rows(kernel: Kernel, wanted: Groups) -> tuple[Groups, Groups]:
    """What `differing` finds in the table of `kernel`, as it was at one moment, and in `wanted`. Raises OSError."""

    def rows(services: list[Service]) -> Iterator[tuple[Service, Sequence[Row]]]:
        for service, its in kernel.with_told_servers(services, FIELDS, itemgetter(SETTINGS), steady=True):
            yield service, [row_of(one) for one in its] if type(its) is list else its

    return kernel.at_one_moment(lambda services: differing(rows(services), wanted))


def differing(now: Iterable[tuple[Service, Sequence[Row]]], wanted: Groups) -> tuple[Groups, Groups]:
    """The services of both, without those that are alike: a plan from the one to the other has the same steps.

    If a scheduler depends on the order of servers, services whose servers are in another order differ.
    """
    others = {service_key(group[0]): group for group in wanted}
    found = []
    for service, rows in now:
        key = service_key(service)
        other, its = others.get(key, (None, ()))
        if other and not service_changes(service, other) and _are_alike(rows, its, service.scheduler == BY_ORDER):
            del others[key]
        else:
            found.append((service, rows))
    return found, list(others.values())


def _are_alike(now: Sequence[Row], wanted: Sequence[Row], ordered: bool) -> bool:
    """Whether two services have the same servers, which the kernel lists in reverse order."""
    if len(now) != len(wanted):
        return False
    return all(map(eq, now, reversed(wanted))) or (not ordered and set(now) == set(wanted))
