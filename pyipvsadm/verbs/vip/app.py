"""The typer application of `vip`: the arguments of its verbs, and nothing more."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ...namespaces import parted

DEVICE = "kube-ipvs0"  # kube-proxy's name for the dummy device of its addresses
Device = Annotated[str, typer.Option("--device", metavar="INTERFACE", help="The dummy device that has the addresses.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be changed, and change nothing.")]
Addresses = Annotated[list[str], typer.Argument(metavar="ADDRESS", help="In digits.", show_default=False)]

app = typer.Typer(add_completion=False)


def whole(words: list[str]) -> list[str]:
    """`words` with the `ls` that may be left out behind `vip`."""
    if words[0] != "vip":
        return words
    _, rest = parted(words[1:])
    if rest and (not rest[0].startswith("-") or rest[0] == "--help"):
        return words
    return ["vip", "ls", *words[1:]]


@app.callback()
def vips() -> None:
    """Have the virtual addresses on a dummy device, so that their packets get to IPVS.

    IPVS takes packets where the kernel takes them for its own, so each virtual address has to be one of the machine.
    It needn't be on an interface that packets come in by: kube-proxy has it on the device `kube-ipvs0`, and so has
    this. The device is made if it is missing, and may be down.

    What `vip` bound is written down in `/run/pyipvsadm`, for each network namespace; no other address is ever taken
    away, nor is another interface touched. Where kube-proxy runs, name another device: it clears its own of addresses
    that it doesn't know. Services by firewall mark have no address, and are skipped.
    """


@app.command(name="ls")
def vip_ls(
    context: typer.Context,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="How to tell.")] = "table",
    device: Device = DEVICE,
) -> None:
    """List every virtual address of the table and of the device. This is what `vip` does by itself.

    The state is `ok`, or what is wrong: `missing`, on no interface; `not local`, on one, but packets don't get in;
    `unused`, on the device without a service; `duplicate`, on two interfaces; and for IPv6 `tentative`, not usable
    yet, or `dadfailed`, as another machine has it.

    Exit status: 0 if all is right, 1 if something is wrong, 2 if that can't be told.
    """
    from .acting import ls

    raise typer.Exit(ls(context.obj, device, output))


@app.command(name="add")
def vip_add(context: typer.Context, addresses: Addresses, device: Device = DEVICE, dry_run: DryRun = False) -> None:
    """Bind addresses: as /32, or for IPv6 as /128, without a look for duplicates and with preferred lifetime 0.

    One that is on an interface already stays there, whoever bound it.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.
    """
    from .acting import add

    raise typer.Exit(add(context.obj, addresses, device, dry_run))


@app.command(name="rm")
def vip_rm(context: typer.Context, addresses: Addresses, device: Device = DEVICE, dry_run: DryRun = False) -> None:
    """Take addresses away that `vip` bound. If it didn't bind one of them, nothing is done.

    Exit status: 0 done; 1 refused, and nothing done; 2 wrong input.
    """
    from .acting import rm

    raise typer.Exit(rm(context.obj, addresses, device, dry_run))


@app.command(name="sync")
def vip_sync(context: typer.Context, device: Device = DEVICE, dry_run: DryRun = False) -> None:
    """Bind the addresses of all services, and take away what else `vip` bound on the device.

    An address of another interface stays where it is. If the kernel refuses one, all is taken back. To do it twice
    changes nothing.

    Exit status: 0 done, or nothing to do; 1 refused by the kernel, and taken back; 2 wrong input.
    """
    from .acting import sync

    raise typer.Exit(sync(context.obj, device, dry_run))
