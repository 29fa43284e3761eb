"""Pure: the addresses of the table, of this machine, and of the ledger -> what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...listing.order import in_order
from ...network.facts import Address
from ...table.differences import ADDED, REMOVED, WORDS
from ...table.notation import spelled, spelled_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from ...model import Service

PENDING = -1  # in place of the time
LINK_LOCAL = "fe80:"  # what the kernel gives a device that is up


@dataclass(frozen=True)
class Binding:
    """An address that this program bound: no other one has the same device and was `created` at the same time.

    One that is PENDING is about to be bound, or was when the run ended: then whatever is there counts as ours.
    """

    address: str
    device: str
    created: int


@dataclass(frozen=True)
class Vip:
    """An address that is virtual: services are of it, or it is on the device. `wrong` says what is wrong, in words.

    It is `local` if the kernel takes its packets for its own, which needn't be by one of its `interfaces`.
    """

    address: str
    local: bool
    interfaces: tuple[str, ...]
    ours: bool
    services: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A step: `address` is bound on the device or, unless it `adds`, taken away; without one, the device is made.

    A device stays once it was made: by then it may have addresses of others.
    """

    adds: bool
    device: str
    address: str = ""

    @property
    def inverse(self) -> Change:
        """What takes it back."""
        return Change(not self.adds, self.device, self.address)

    def data(self) -> dict[str, str]:
        """It, as JSON data."""
        kind = {"kind": "address", "address": self.address} if self.address else {"kind": "device"}
        return {"change": WORDS[ADDED if self.adds else REMOVED], **kind, "device": self.device}

    def line(self) -> str:
        """It, as `diff` would tell it."""
        if not self.address:
            return f"+ device {self.device}  dummy\n"
        sign = "+" if self.adds else "-"
        return f"{sign} {self.address}/{128 if ':' in self.address else 32}  on {self.device}\n"


def addresses_of(services: Iterable[Service]) -> dict[str, list[str]]:
    """The virtual addresses, in digits, each with the names of its services. Those of firewall marks have none."""
    found: dict[str, list[str]] = {}
    for service in in_order(services):
        if service.fwmark is None and service.address:
            found.setdefault(spelled_address(service.address), []).append(spelled(service))
    return found


def said_of(services: Iterable[Service], said: Collection[bytes] | None) -> list[str]:
    """The virtual addresses of `services`, in digits; if a document has `said` which are bound, only those of them."""
    found = addresses_of(services)
    return list(found) if said is None else [address for address in map(spelled_address, said) if address in found]


def marks_of(services: Iterable[Service]) -> list[str]:
    """The names of the services that have no address."""
    return [spelled(service) for service in in_order(services) if service.fwmark is not None]


def still_ours(bound: Iterable[Binding], addresses: Iterable[Address]) -> set[Binding]:
    """Those of `bound` that are there as they were bound, and not taken away and bound by another one since."""
    bound = set(bound)
    there = [Binding(one.address, one.device, one.created) for one in addresses]
    return {one for one in there if one in bound or replace(one, created=PENDING) in bound}


def judged(
    services: Sequence[Service],
    addresses: Sequence[Address],
    bound: Iterable[Binding],
    device: str,
    local_among: Callable[[Iterable[str]], Collection[str]],
) -> list[Vip]:
    """Every virtual address of the table, and then what else is on the device.

    `local_among` gives those of addresses whose packets the kernel takes for its own.
    """
    used = addresses_of(services)
    ours = {one.address for one in still_ours(bound, addresses)}
    more = (one.address for one in addresses if one.device == device and not one.address.startswith(LINK_LOCAL))
    virtual = dict.fromkeys([*used, *more])
    places: dict[str, list[Address]] = {}
    for one in addresses:
        places.setdefault(one.address, []).append(one)
    local = local_among(virtual)
    vips = []
    for address in virtual:
        there = places.get(address, [])
        is_local = address in local
        wrong = _wrong(there, is_local, address in used)
        interfaces = tuple(one.device for one in there)
        vips.append(Vip(address, is_local, interfaces, address in ours, tuple(used.get(address, ())), wrong))
    return vips


def _wrong(there: Collection[Address], local: bool, used: bool) -> tuple[str, ...]:
    rows = (
        ("missing", not there and not local),
        ("not local", bool(there) and not local),
        ("unused", not used),
        ("tentative", any(one.tentative for one in there)),
        ("dadfailed", any(one.duplicate for one in there)),
        ("duplicate", len(there) > 1),
    )
    return tuple(word for word, holds in rows if holds)


def to_bind(wanted: Iterable[str], addresses: Iterable[Address], device: str) -> tuple[list[Change], dict[str, str]]:
    """What binds those of `wanted` that no interface has; and those that are on another one, with its name."""
    there = {one.address: one.device for one in addresses}
    wanted = list(dict.fromkeys(wanted))
    changes = [Change(True, device, address) for address in wanted if address not in there]
    return changes, {address: there[address] for address in wanted if there.get(address, device) != device}


def to_unbind(
    kept: Collection[str], addresses: Iterable[Address], bound: Iterable[Binding], device: str
) -> list[Change]:
    """What takes away, of that which we bound on the device, all but `kept`."""
    ours = {one.address for one in still_ours(bound, addresses) if one.device == device}
    return [Change(False, device, address) for address in sorted(ours) if address not in kept]
