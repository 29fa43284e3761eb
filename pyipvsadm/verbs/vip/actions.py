"""The actions of `vip`: `ls`, `add`, `rm` and `sync`. Each reads, decides, acts and reports."""

from __future__ import annotations

from ...errors import IpvsadmError, UsageError
from ...grammar.shell import command
from ...network import DEVICE
from ...network.facts import Reading, is_loopback
from ...record import Record
from ...support.lock import WAIT, alone
from ...support.signals import Signals
from ...support.text_table import aligned
from ...table.notation import address_of, bare_address, spelled_address, unfit
from . import ledger
from .decisions import Change, judged, marks_of, still_ours, to_bind, to_unbind, virtual_addresses
from .other_machines import seen, servers_of
from .transaction import REFUSED, UnboundError, carry_out, device_there, looked_at, unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...model import Service, Table
    from ...network.facts import Address
    from ...support.outcome import Result
    from ...world import World
    from .decisions import Vip

WRONG = 1  # the exit status of `ls`
HEADS = ("Address", "Local", "Interface", "Bound by", "Services", "State")


class Wishes(Record):
    """The options of a command. `force` binds addresses that other machines have; `wait_lock` is in seconds."""

    __slots__ = ()
    device: str = DEVICE
    dry_run: bool = False
    force: bool = False
    wait_lock: float = WAIT
    json: bool = False


def ls(world: World, device: str, output: str) -> int:
    """Print every virtual address; return the exit status. Raises IpvsadmError."""
    services = _services(world)
    vips = _judged(services, device)
    skipped = marks_of(services)
    if output == "json":
        data = {"device": device, "addresses": [_data(vip) for vip in vips], "skipped": skipped}
        import json

        world.write(json.dumps(data, indent=2) + "\n")
    else:
        world.write(aligned([HEADS, *map(_row, vips)], numbers=(4,)))
        _tell_skipped(world, skipped)
    if any("missing" in vip.wrong for vip in vips):
        world.note(f"`{world.called} vip sync` binds what is missing")
    return WRONG if any(vip.wrong for vip in vips) else 0


def add(world: World, words: Sequence[str], wishes: Wishes) -> int:
    """Bind the addresses in `words`; return the exit status. Raises IpvsadmError."""
    wanted = _addresses(words)

    def changes() -> list[Change]:
        return binding(world.tell, wanted, wishes.device, lambda: _known_servers(world), wishes.force)

    return _change(world, wishes, changes)


def rm(world: World, words: Sequence[str], wishes: Wishes) -> int:
    """Remove the addresses in `words`; return the exit status. Raises IpvsadmError."""
    wanted = _addresses(words)
    return _change(world, wishes, lambda: _unbinding(wanted, wishes.device))


def sync(world: World, said: Table | None, wishes: Wishes) -> int:
    """Bind the addresses of the table `said`, or of the kernel's, and remove all others that `vip` bound.

    Returns the exit status. Raises IpvsadmError.
    """

    def changes() -> list[Change]:
        services = _services(world) if said is None else [service for service, _ in said.services]
        _tell_skipped(world, marks_of(services))
        addresses = said and said.addresses
        used = virtual_addresses(services) if addresses is None else list(map(spelled_address, addresses))

        def servers() -> set[bytes]:
            return servers_of(said.services) if said is not None else _servers(world, services)

        return binding(world.note, used, wishes.device, servers, wishes.force, routed=True) + to_unbind(
            used, looked_at(), ledger.load(), wishes.device
        )

    return _change(world, wishes, changes)


def _change(world: World, wishes: Wishes, decide: Callable[[], list[Change]]) -> int:
    """Make the changes that `decide` returns, or show them; return the exit status. Raises IpvsadmError."""
    device_there(wishes.device)
    if wishes.dry_run:
        changes = decide()
        lines = "".join(change.line() for change in changes)
        world.write(_result(changes, dry_run=True).text() if wishes.json else lines)
        return 0
    with alone(world, wishes.wait_lock), Signals():  # signals wait for the end, which is near
        changes = decide()
        try:
            carry_out(changes)
        except UnboundError as error:
            if wishes.json:
                world.write(error.told(_result(changes, complete=False)).text())
            raise
    if wishes.json:
        world.write(_result(changes).text())
    if not changes:
        world.note("nothing to do: all is as wanted")
    else:
        world.tell(summary(changes))
    return 0


def _result(changes: Iterable[Change], dry_run: bool = False, complete: bool = True) -> Result:
    """What programs are told of `changes`."""
    from ...support.outcome import Result, data_of  # much, which people have no use for

    return Result(changes=data_of(changes), dry_run=dry_run, complete=complete)


def summary(changes: Iterable[Change]) -> str:
    """A line that summarizes the changes."""
    adds = [change.adds for change in changes if change.address]
    counts = ((adds.count(True), "bound"), (adds.count(False), "taken away"))
    return f"done: {', '.join(f'{count} {word}' for count, word in counts if count)}"


def binding(
    tell: Callable[[str], None],
    wanted: Iterable[str],
    device: str,
    servers: Callable[[], Iterable[bytes]],
    force: bool,
    routed: bool = False,
) -> list[Change]:
    """The changes that bind those `wanted` addresses that no interface has; the device is created if it is missing.

    `tell` gets a message about each address on another interface. An address of another machine, such as one of the
    `servers`, is refused, unless `force` is given; `servers` is called only if there is something to bind. With
    `routed`, an address that a route makes local is left alone. Raises IpvsadmError.
    """
    changes, elsewhere = to_bind(wanted, looked_at(), device)
    for address, interface in elsewhere.items():
        tell(f"{address} is an address of {interface} already, and stays there")
    try:
        with Reading() as director:
            if routed:
                local = director.local_by_routes(change.address for change in changes)
                for address in sorted(local):
                    tell(f"{address} is local by a route, and is left alone")
                changes = [change for change in changes if change.address not in local]
            if changes and not force:
                seen(director, servers()).refuse(change.address for change in changes)
    except OSError as error:
        raise unreadable(error) from error
    return [Change.of(True, device), *changes] if changes and not device_there(device) else changes


def _unbinding(wanted: Sequence[str], device: str) -> list[Change]:
    """The changes that remove the `wanted` addresses. Raises IpvsadmError if `vip` didn't bind one of them."""
    addresses = looked_at()
    ours = {(one.address, one.device) for one in still_ours(ledger.load(), addresses)}
    for address in wanted:
        interfaces = [one.device for one in addresses if one.address == address]
        if (address, device) in ours:
            continue
        if not interfaces:
            raise IpvsadmError(f"{address} is not bound", hint="`pyipvsadm vip ls` lists what is", status=REFUSED)
        there = device if device in interfaces else interfaces[0]
        hint = _by_hand(next(one for one in addresses if one.address == address and one.device == there))
        if (address, there) in ours:
            hint = f"it is ours on another device: `{command('--device', there)}`"
        raise IpvsadmError(f"{address} on {there} wasn't bound by `vip`: it is left alone", hint, REFUSED)
    return [Change.of(False, device, address) for address in wanted]


def _by_hand(one: Address) -> str:
    """A hint that tells how to remove an address that others bound, or that it shouldn't be removed."""
    if is_loopback(one.address):
        return "it is the machine's loopback address"
    if one.prefix != (128 if ":" in one.address else 32):
        return "it is the interface's own address, by which other machines know this one"
    return f"if it is meant, `{command('ip', 'address', 'del', f'{one.address}/{one.prefix}', 'dev', one.device)}`"


def _known_servers(world: World) -> set[bytes]:
    """The packed addresses of the servers in the kernel's table; none if there is no table."""
    try:
        return servers_of(world.reach(load=False).table().services)
    except (OSError, IpvsadmError):
        return set()


def _services(world: World) -> list[Service]:
    """The services of the kernel's table. Raises IpvsadmError."""
    try:
        return world.kernel.services(steady=True)
    except OSError as error:
        raise _unlisted(error) from error


def _servers(world: World, services: Sequence[Service]) -> set[bytes]:
    """The packed addresses of the servers of the kernel's `services`. Raises IpvsadmError."""
    from .server_addresses import server_addresses

    try:
        return server_addresses(services, world.kernel)
    except OSError as error:
        raise _unlisted(error) from error


def _unlisted(error: OSError) -> IpvsadmError:
    """The error if the table can't be read."""
    from ...classic.commands import refused

    return refused("list", error.errno or 0)


def _judged(services: Sequence[Service], device: str) -> list[Vip]:
    bound = ledger.load()
    try:
        with Reading() as director:
            return judged(services, director.addresses(), bound, device, director.local_among)
    except OSError as error:
        raise unreadable(error) from error


def _addresses(words: Sequence[str]) -> list[str]:
    """The addresses in `words`, each once. Raises UsageError."""
    found = []
    for word in words:
        try:
            packed = address_of(word)
        except ValueError as error:
            host = bare_address(word.removesuffix("/tcp").removesuffix("/udp"))
            alone = f"`vip` takes an address alone, such as `{host}`: " if host else ""
            raise UsageError(
                str(error), hint=f"{alone}write 192.168.2.10 or 2001:db8::10, without a length or a port"
            ) from None
        if unfit(packed):
            raise UsageError(f"`{word}` can't be the address of one machine", hint="write a unicast address")
        found.append(spelled_address(packed))
    return list(dict.fromkeys(found))


def _row(vip: Vip) -> tuple[str, ...]:
    by = "" if not vip.interfaces else "pyipvsadm" if vip.ours else "others"
    interfaces = ", ".join(vip.interfaces)
    local = "yes" if vip.local else "no"
    return vip.address, local, interfaces, by, str(len(vip.services)), ", ".join(vip.wrong) or "ok"


def _data(vip: Vip) -> dict[str, object]:
    data = vip.asdict()
    data["bound_by_us"] = data.pop("ours")
    return data


def _tell_skipped(world: World, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        world.tell(f"skipped, since a firewall mark has no address: {', '.join(names[:3])}{more}")
