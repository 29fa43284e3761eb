"""The arguments of `vip` and of its verbs."""

from __future__ import annotations

from ...documents import AS_IT_IS
from ...network import DEVICE
from ...support.documents import read_document
from ...support.lock import WAIT
from ...support.verb import verb
from . import actions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated, Literal

    import typer

    from ...documents import Asked
    from ...support.arguments import Addresses, BindTaken, Device, DryRun, WaitLock
    from ...world import World


def ls(
    world: World,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="Output format.")] = "table",
    device: Device = None,
) -> int:
    """List every virtual address of the table and of the device. This is what `vip` does by itself.

    The state is `ok`, or what is wrong: `missing`, on no interface; `not local`, on one, but packets don't get in;
    `unused`, on the device without a service; `duplicate`, on two interfaces; and for IPv6 `tentative`, not usable
    yet, or `dadfailed`, as another machine has it.

    Exit status: 0 if all is right, 1 if something is wrong, 2 if that can't be told.
    """
    return actions.ls(world, DEVICE if device is None else device, output)


def add(
    world: World,
    addresses: Addresses,
    device: Device = None,
    dry_run: DryRun = False,
    force: BindTaken = False,
    wait_lock: WaitLock = WAIT,
) -> int:
    """Bind addresses: as /32, or for IPv6 as /128, without a look for duplicates and with preferred lifetime 0.

    One that is on an interface already stays there, whoever bound it. One that another machine has, as far as routes,
    the table and the neighbours tell, is refused: to bind it would cut that machine off.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.
    """
    return actions.add(world, addresses, DEVICE if device is None else device, dry_run, force, wait_lock)


def rm(
    world: World, addresses: Addresses, device: Device = None, dry_run: DryRun = False, wait_lock: WaitLock = WAIT
) -> int:
    """Take addresses away that `vip` bound. If it didn't bind one of them, nothing is done.

    Exit status: 0 done; 1 refused, and nothing done; 2 wrong input.
    """
    return actions.rm(world, addresses, DEVICE if device is None else device, dry_run, wait_lock)


def sync(
    world: World,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="Bind what this table says, rather than the kernel's.")
    ] = None,
    device: Device = None,
    dry_run: DryRun = False,
    force: BindTaken = False,
    wait_lock: WaitLock = WAIT,
    asked: Asked = AS_IT_IS,
) -> int:
    """Bind the addresses of all services, and take away what else `vip` bound on the device.

    With FILE, those are its `addresses` or, if it doesn't say any, the addresses of its services.

    An address of another interface stays where it is, and one that a route makes local is left alone. One that
    another machine has is refused, as by `vip add`. If the kernel refuses one, all is taken back. To do it twice
    changes nothing.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.
    """
    table = None if file is None else read_document(world, file, asked).table
    return actions.sync(world, table, DEVICE if device is None else device, dry_run, force, wait_lock)


@verb(rank=100, verbs=(ls, add, rm, sync), default="ls")
def vip(world: World) -> int:
    """Have the virtual addresses on a dummy device, so that their packets get to IPVS.

    IPVS takes packets where the kernel takes them for its own, so each virtual address has to be one of the machine.
    It needn't be on an interface that packets come in by: kube-proxy has it on the device `kube-ipvs0`, and so has
    this. The device is made if it is missing, and may be down.

    What `vip` bound is written down in `/run/pyipvsadm`, for each network namespace; no other address is ever taken
    away, nor is another interface touched. Where kube-proxy runs, name another device: it clears its own of addresses
    that it doesn't know. Services by firewall mark have no address, and are skipped.
    """
    return ls(world)
