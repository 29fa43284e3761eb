"""Binds and unbinds addresses, records what it bound, and rolls back on failure."""

from __future__ import annotations

import os
import time
from _operator import itemgetter
from errno import EACCES, EEXIST, EPERM
from itertools import groupby, islice

from ...errors import IpvsadmError, UsageError
from ...model import printable
from ...network.addresses import BATCH, Changing
from ...network.facts import Reading
from ...support import state
from . import ledger
from .decisions import PENDING, Binding, Change, still_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...network.facts import Address, Link
    from ...support.outcome import Result

REFUSED = 1
_kind = itemgetter(0, 1)  # whether a change adds, and its device
LONGEST = 15  # characters of a device's name
PATIENCE, PAUSE = 2.0, 0.01  # seconds to wait until IPv6 addresses are local, and between two tests
HINTS = {
    EPERM: "that takes CAP_NET_ADMIN: use sudo",
    EACCES: "IPv6 is off there, by `net.ipv6.conf.all.disable_ipv6` or that of the device",
    EEXIST: "somebody else did that at the same time: try again",
}


def looked_at() -> tuple[Address, ...]:
    """The addresses of this network namespace. Raises IpvsadmError."""
    try:
        with Reading() as director:
            return director.addresses()
    except OSError as error:
        raise unreadable(error) from error


def device_there(name: str) -> bool:
    """Whether the dummy device `name` exists. Raises UsageError for another kind of device, or an impossible name."""
    odd = name in ("", ".", "..") or "/" in name or " " in name or not name.isprintable()
    if odd or len(os.fsencode(name)) > LONGEST:
        raise UsageError(
            f"`{printable(name)}` can't be the name of a device",
            hint=f"it has {LONGEST} letters at most, no blank and no `/`",
        )
    found = next((link for link in _links() if link.name == name), None)
    if found and found.kind != "dummy":
        raise UsageError(f"`{name}` is no dummy device", hint="name a dummy device, or a device to create")
    return found is not None


def _links() -> tuple[Link, ...]:
    try:
        with Reading() as director:
            return director.links()
    except OSError as error:
        raise unreadable(error) from error


def unreadable(error: OSError) -> IpvsadmError:
    """The error if rtnetlink doesn't answer."""
    return IpvsadmError(f"the addresses of this machine can't be read: {error.strerror}")


def carry_out(changes: Sequence[Change]) -> None:
    """Make all `changes` or none; record first what they bind. Raises IpvsadmError. Call it only when `alone`."""
    ours = still_ours(ledger.load(), looked_at())
    pending = [Binding.make((address, device, PENDING)) for adds, device, address in changes if adds and address]
    try:
        ledger.store([*ours, *pending])
    except OSError as error:
        raise state.unwritable(error) from error
    try:
        run = _Run({(one.address, one.device) for one in ours})
    except OSError as error:
        raise unreadable(error) from error
    try:
        run.make(changes)
    finally:
        try:
            ledger.store(run.ours())
        except OSError:  # the earlier record contains these, and some that may be gone
            pass
        run.close()
    # last, since the kernel makes them local while we record them
    _settle([address for adds, _, address in changes if adds and ":" in address])


def _settle(addresses: Sequence[str]) -> None:
    """Wait until the kernel delivers the packets of IPv6 `addresses` here, a moment after it has taken them."""
    until = time.monotonic() + PATIENCE
    try:
        with Reading() as director:
            while addresses and director.local_among(addresses) != set(addresses) and time.monotonic() < until:
                time.sleep(PAUSE)
    except OSError:
        pass


class _Run:
    """One run of changes; `bound` are our addresses, each with its device."""

    def __init__(self, bound: set[tuple[str, str]]) -> None:
        self._bound = bound
        self._director = Changing()

    def make(self, changes: Sequence[Change]) -> None:
        """Make all `changes` or none. Raises IpvsadmError."""
        done: list[Change] = []
        for device in [change for change in changes if not change.address]:
            try:
                self._director.make_dummy(device.device)
            except OSError as error:
                raise UnboundError(device, error.errno or 0, 0, []) from error
        for batch, index in _batches(changes):
            errors = self._make(batch, index)
            done += [change for change, error in zip(batch, errors, strict=True) if not error]
            failed = next((one for one in zip(batch, errors, strict=True) if one[1]), None)
            if failed:
                raise UnboundError(*failed, len(done), self._take_back(done))

    def _take_back(self, done: list[Change]) -> list[Change]:
        """Undo the changes `done`; return those that couldn't be undone."""
        left: list[Change] = []
        for batch, index in _batches(done[::-1]):
            errors = self._make([change.inverse for change in batch], index)
            left += [change for change, error in zip(batch, errors, strict=True) if error]
        return left

    def _make(self, batch: Sequence[Change], index: int) -> list[int]:
        """Make changes of the same kind to the device with this `index`; return an errno for each, 0 on success."""
        adds, device = batch[0].adds, batch[0].device
        errors = self._director.change(adds, [change.address for change in batch], index)
        changed = [(one.address, device) for one, error in zip(batch, errors, strict=True) if not error]
        (self._bound.update if adds else self._bound.difference_update)(changed)
        return errors

    def ours(self) -> list[Binding]:
        """Our addresses that exist now."""
        try:
            with Reading() as director:
                return [Binding.make(one) for one in director.created() if one[:2] in self._bound]
        except OSError as error:
            raise unreadable(error) from error

    def close(self) -> None:
        """Close the socket."""
        self._director.close()


def _batches(changes: Iterable[Change]) -> Iterator[tuple[list[Change], int]]:
    """The changes in batches of consecutive ones of the same kind, each with the index of its device, 0 for none."""
    addresses = (change for change in changes if change.address)
    for (_, device), alike in groupby(addresses, _kind):
        index = next((link.index for link in _links() if link.name == device), 0)
        while batch := list(islice(alike, BATCH)):
            yield batch, index


class UnboundError(IpvsadmError):
    """The kernel refused `change`; of the changes `done` before, those `left` couldn't be undone."""

    def __init__(self, change: Change, error: int, done: int, left: Sequence[Change]) -> None:
        verb = "bound" if change.adds else "taken away"
        what = f"{change.address} can't be {verb} on" if change.address else "there can't be the device"
        self.why = os.strerror(error)
        rest = "".join(f"not taken back: {one.line()}" for one in left)
        super().__init__(
            f"{what} {change.device}: {self.why}\n{rest or 'no address was changed'}".rstrip(),
            hint=HINTS.get(error, ""),
            status=REFUSED,
        )
        self.change, self.taken_back, self.left = change, done - len(left), tuple(left)

    def told(self, result: Result) -> Result:
        """`result` with the refused change."""
        from ...support.outcome import data_of

        return result.replace(
            refused=({**self.change.data(), "why": self.why},),
            taken_back=result.taken_back + self.taken_back,
            remains=data_of(one.inverse for one in self.left),
        )
