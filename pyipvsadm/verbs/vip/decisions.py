"""Compares the addresses of the table, of this machine and of the ledger; decides what to change. Pure."""

from __future__ import annotations

from ...listing.order import services_in_order
from ...network.facts import Address
from ...record import Record
from ...table.notation import spelled, spelled_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from ...model import Service

PENDING = -1  # instead of a time
LINK_LOCAL = "fe80:"  # an address that the kernel gives a device


class Binding(Record):
    """An address that `vip` bound; the device and the time at which it was `created` identify it.

    If that time is PENDING, it is about to be bound, or was when a run was cut off: then any such address counts as
    ours.
    """

    __slots__ = ()
    address: str = ""
    device: str = ""
    created: int = PENDING


class Vip(Record):
    """A virtual address: one with services, or on the device. `wrong` says what is wrong with it; empty if nothing is.

    It is `local` if the kernel delivers its packets locally, because of one of its `interfaces` or of a route.
    """

    __slots__ = ()
    address: str = ""
    local: bool = False
    interfaces: tuple[str, ...] = ()
    ours: bool = False
    services: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


class Change(Record):
    """A step: it binds `address` on the device, or removes it if `adds` is false; without address, it makes the device.

    A device that was made is never removed, since others may have bound addresses to it meanwhile.
    """

    __slots__ = ()
    adds: bool = True
    device: str = ""
    address: str = ""

    @classmethod
    def of(cls, adds: bool, device: str, address: str = "") -> Change:
        """The change with these fields: many are made."""
        return cls.make((adds, device, address))

    @property
    def inverse(self) -> Change:
        """The change that undoes this one."""
        return Change.of(not self.adds, self.device, self.address)

    def data(self) -> dict[str, str]:
        """This change as JSON data."""
        from ...table.differences import ADDED, REMOVED, WORDS

        kind = {"kind": "address", "address": self.address} if self.address else {"kind": "device"}
        return {"change": WORDS[ADDED if self.adds else REMOVED], **kind, "device": self.device}

    def line(self) -> str:
        """This change as a line in the style of `diff`."""
        if not self.address:
            return f"+ device {self.device}  dummy\n"
        sign = "+" if self.adds else "-"
        return f"{sign} {self.address}/{128 if ':' in self.address else 32}  on {self.device}\n"


def addresses_of(services: Iterable[Service]) -> dict[str, list[str]]:
    """The virtual addresses, in digits, with the names of their services. Services of firewall marks have none."""
    found: dict[str, list[str]] = {}
    for service in services_in_order(services):
        if service.fwmark is None and service.address:
            found.setdefault(spelled_address(service.address), []).append(spelled(service))
    return found


def virtual_addresses(services: Iterable[Service]) -> list[str]:
    """The addresses of `addresses_of`, without the names: fast."""
    found = (service.address for service in services_in_order(services) if service.fwmark is None)
    return [spelled_address(address) for address in dict.fromkeys(found) if address]


def said_of(services: Iterable[Service], said: Collection[bytes] | None) -> list[str]:
    """The virtual addresses of `services`, in digits; only those in `said`, if a document lists addresses."""
    found = virtual_addresses(services)
    if said is None:
        return found
    known = set(found)
    return [address for address in map(spelled_address, said) if address in known]


def marks_of(services: Iterable[Service]) -> list[str]:
    """The names of the services that have no address."""
    return [spelled(service) for service in services_in_order(one for one in services if one.fwmark is not None)]


def still_ours(bound: Iterable[Binding], addresses: Iterable[Address]) -> set[Binding]:
    """The `bound` addresses that still exist, and were not removed and bound again by others."""
    bound = set(bound)
    ours = {(one.address, one.device) for one in bound}
    there = [
        Binding.make((one.address, one.device, one.created)) for one in addresses if (one.address, one.device) in ours
    ]
    return {one for one in there if one in bound or Binding.make((one.address, one.device, PENDING)) in bound}


def judged(
    services: Sequence[Service],
    addresses: Sequence[Address],
    bound: Iterable[Binding],
    device: str,
    local_among: Callable[[Iterable[str]], Collection[str]],
) -> list[Vip]:
    """Every virtual address of the table, followed by the other addresses on the device.

    `local_among` returns those addresses whose packets the kernel delivers locally.
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
        names = tuple(used.get(address, ()))
        vips.append(Vip.make((address, is_local, interfaces, address in ours, names, wrong)))
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
    """The changes that bind `wanted` addresses that no interface has; and the interface of each on another one."""
    there = {one.address: one.device for one in addresses}
    wanted = list(dict.fromkeys(wanted))
    changes = [Change.of(True, device, address) for address in wanted if address not in there]
    return changes, {address: there[address] for address in wanted if there.get(address, device) != device}


def to_unbind(
    kept: Collection[str], addresses: Iterable[Address], bound: Iterable[Binding], device: str
) -> list[Change]:
    """The changes that remove all addresses that we bound on the device, except `kept`."""
    ours = {one.address for one in still_ours(bound, addresses) if one.device == device}
    return [Change.of(False, device, address) for address in sorted(ours) if address not in kept]
