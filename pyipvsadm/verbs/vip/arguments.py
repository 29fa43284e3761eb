"""The arguments of `vip` and of its verbs."""

from __future__ import annotations

from ...network import DEVICE
from ...support.lock import WAIT
from ...support.verb import verb
from . import actions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...documents import Asked
    from ...model import Table
    from ...support.arguments import Addresses, BindTaken, Device, DryRun, Told, WaitLock
    from ...world import World


def ls(
    world: World,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="Output format.")] = "table",
    device: Device = None,
) -> int:
    """List the virtual addresses of the table and of the device. `vip` alone does the same.

    The state is `ok` or one of these: `missing`, on no interface; `not local`, bound, but its packets are not
    delivered here; `unused`, on the device, but without a service; `duplicate`, on two interfaces; and for IPv6
    `tentative`, not usable yet, or `dadfailed`, in use by another machine.

    Exit status: 0 all are ok; 1 some are not; 2 unknown.
    """
    return actions.ls(world, DEVICE if device is None else device, output)


def add(
    world: World,
    addresses: Addresses,
    device: Device = None,
    dry_run: DryRun = False,
    force: BindTaken = False,
    wait_lock: WaitLock = WAIT,
    output: Told = "text",
) -> int:
    """Bind addresses as /32, or /128 for IPv6, without duplicate address detection.

    IPv6 addresses get the preferred lifetime 0, so the machine never uses them as a source. An address that is already
    on an interface stays there. An address that belongs to another machine, as routes, the table or neighbours show,
    is refused: binding it would cut off that machine.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and undone; 2 wrong input.
    """
    return actions.add(world, addresses, _wishes(device, dry_run, force, wait_lock, output))


def rm(
    world: World,
    addresses: Addresses,
    device: Device = None,
    dry_run: DryRun = False,
    wait_lock: WaitLock = WAIT,
    output: Told = "text",
) -> int:
    """Remove addresses that `vip` bound. If `vip` did not bind one of them, nothing is removed.

    Exit status: 0 done; 1 refused, and nothing done; 2 wrong input.
    """
    return actions.rm(world, addresses, _wishes(device, dry_run, False, wait_lock, output))


def sync(
    world: World,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="Bind the addresses of this table instead of the kernel's.")
    ] = None,
    device: Device = None,
    dry_run: DryRun = False,
    force: BindTaken = False,
    wait_lock: WaitLock = WAIT,
    output: Told = "text",
    asked: Asked | None = None,
) -> int:
    """Bind the addresses of all services, and remove the other addresses that `vip` bound.

    With FILE, its key `addresses` is used, or else the addresses of its services.

    An address on another interface stays there, and an address that a route makes local is left alone. An address that
    belongs to another machine is refused, as by `vip add`. If the kernel refuses one, everything is undone. Running it
    twice changes nothing.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and undone; 2 wrong input.
    """
    said = None if file is None else _table_in(file, world, asked)
    return actions.sync(world, said, _wishes(device, dry_run, force, wait_lock, output))


def _table_in(file: str, world: World, asked: Asked | None) -> Table:
    from ...documents import AS_IT_IS  # documents load slowly, and most calls read none
    from ...support.document_input import read_document

    return read_document(world, file, asked or AS_IT_IS).table


def _wishes(device: str | None, dry_run: bool, force: bool, wait_lock: float, output: str) -> actions.Wishes:
    return actions.Wishes(
        device=DEVICE if device is None else device,
        dry_run=dry_run,
        force=force,
        wait_lock=wait_lock,
        json=output == "json",
    )


@verb(rank=100, verbs=(ls, add, rm, sync), default="ls")
def vip(world: World) -> int:
    """Bind the virtual addresses to a dummy device, so that their packets reach IPVS.

    IPVS handles packets that the kernel delivers locally, so each virtual address must belong to the machine. It need
    not be on the interface that receives the packets: kube-proxy binds it to the device `kube-ipvs0`, and so does
    `vip`. The device is created if it is missing, and may be down.

    `vip` records what it bound in `/run/pyipvsadm`, for each network namespace. It removes no other address, and
    touches no other interface. If kube-proxy runs, name another device: kube-proxy removes unknown addresses from its
    own. Services by firewall mark have no address, and are skipped.
    """
    return ls(world)
