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

    ByKey = dict[tuple[object, ...], tuple[Service, Sequence[Row]]]

FIELDS = Server.FIELDS[SETTINGS]


def differing_rows(kernel: Kernel, wanted: Groups) -> tuple[Groups, Groups]:
    """What `differing` finds in the table of `kernel`, as it was at one moment, and in `wanted`. Raises OSError."""

    by_key = _by_key(wanted)

    def found(services: list[Service], kernel: Kernel) -> Iterator[Sequence[Row] | None]:
        for service, its in kernel.with_told_servers(services, FIELDS, itemgetter(SETTINGS), steady=True):
            rows = [row_of(one) for one in its] if type(its) is list else its
            yield None if _is_in(by_key, service, rows) else rows

    def read(services: list[Service]) -> tuple[Groups, Groups]:
        return _differing(zip(services, kernel.shared(services, found), strict=True), by_key)

    return kernel.at_one_moment(read)


def differing(now: Groups, wanted: Groups) -> tuple[Groups, Groups]:
    """The services of both, without those that are alike: a plan from the one to the other has the same steps.

    If a scheduler depends on the order of servers, services whose servers are in another order differ.
    """
    by_key = _by_key(wanted)
    return _differing(((one, None if _is_in(by_key, one, rows) else rows) for one, rows in now), by_key)


def _differing(now: Iterable[tuple[Service, Sequence[Row] | None]], wanted: ByKey) -> tuple[Groups, Groups]:
    """What `differing` finds, given the servers of those services `now` that aren't in `wanted`; others have None."""
    others, found = wanted.copy(), []
    for service, rows in now:
        if rows is None:
            others.pop(service_key(service), None)
        else:
            found.append((service, rows))
    return found, list(others.values())


def _by_key(groups: Groups) -> ByKey:
    return {service_key(group[0]): group for group in groups}


def _is_in(wanted: ByKey, service: Service, rows: Sequence[Row]) -> bool:
    """Whether `wanted` has a service with these servers."""
    other, its = wanted.get(service_key(service), (None, ()))
    return (
        other is not None
        and not service_changes(service, other)
        and _are_alike(rows, its, service.scheduler == BY_ORDER)
    )


def _are_alike(now: Sequence[Row], wanted: Sequence[Row], ordered: bool) -> bool:
    """Whether two services have the same servers, which the kernel lists in reverse order."""
    if len(now) != len(wanted):
        return False
    return all(map(eq, now, reversed(wanted))) or (not ordered and set(now) == set(wanted))
